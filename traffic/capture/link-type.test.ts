import { describe, expect, it } from "vitest";
import { openCapture } from "./open.js";
import { classic } from "./testing/capture-bytes.js";
import { collect } from "./testing/collect.js";
import { temporaryDirectory } from "./testing/temporary.js";

const dir = temporaryDirectory();
const IPV4 = "450000140000";
const IPV6 = "600000000000";
/** Destination and source that a synthetic header has. */
const MADE = "020000000001020000000002";

async function read(linkType: number, ...packets: string[]) {
  const data = packets.map((hex) => ({ data: Buffer.from(hex, "hex") }));
  const reader = await openCapture(dir.put("l.pcap", classic({ linkType, packets: data })));
  const got = await collect(reader);
  reader.close();
  return got.packets;
}

describe("link types", () => {
  const cases: [name: string, linkType: number, packet: string, frame: string][] = [
    ["raw IP, version 4", 101, IPV4, `${MADE}0800${IPV4}`],
    ["raw IP, version 6", 101, IPV6, `${MADE}86dd${IPV6}`],
    ["raw IP of neither version", 101, "ff00", `${MADE}ffffff00`],
    ["raw IP, empty", 101, "", `${MADE}ffff`],
    ["DLT_RAW", 12, IPV4, `${MADE}0800${IPV4}`],
    ["OpenBSD's DLT_RAW", 14, IPV6, `${MADE}86dd${IPV6}`],
    ["IPv4", 228, IPV4, `${MADE}0800${IPV4}`],
    ["IPv6", 229, IPV6, `${MADE}86dd${IPV6}`],
    ["loopback, little-endian AF_INET", 0, `02000000${IPV4}`, `${MADE}0800${IPV4}`],
    ["loopback, big-endian AF_INET", 0, `00000002${IPV4}`, `${MADE}0800${IPV4}`],
    ["loopback, macOS's AF_INET6", 0, `1e000000${IPV6}`, `${MADE}86dd${IPV6}`],
    ["loopback, FreeBSD's AF_INET6", 0, `0000001c${IPV6}`, `${MADE}86dd${IPV6}`],
    ["loopback, another family", 0, `07000000${IPV6}`, `${MADE}ffff${IPV6}`],
    ["loopback, no family", 0, `12345678${IPV6}`, `${MADE}ffff${IPV6}`],
    ["OpenBSD's loopback", 108, `00000018${IPV6}`, `${MADE}86dd${IPV6}`],
    ["loopback cut in its header", 108, "0000", `${MADE}ffff`],
    ["cooked, with a source", 113, `00000001000600aabbccddee00000800${IPV4}`, `02000000000100aabbccddee0800${IPV4}`],
    ["cooked, broadcast", 113, `00010001000600aabbccddee00000806aa`, `ffffffffffff00aabbccddee0806aa`],
    ["cooked, without a source", 113, `0004fffe0000000000000000000086dd${IPV6}`, `${MADE}86dd${IPV6}`],
    ["cooked, 802.2", 113, `00000001000600aabbccddee00000004424203`, `02000000000100aabbccddee0003424203`],
    ["cooked, netlink", 113, `00000338000000000000000000000800aabb`, `${MADE}ffffaabb`],
    ["cooked, CAN", 113, `0000011800000000000000000000000caabb`, `${MADE}ffffaabb`],
    ["cooked cut in its header", 113, `0000000100`, `${MADE}ffff`],
    ["cooked v2", 276, `0800000000000002000100060aabbccddeef0000${IPV4}`, `0200000000010aabbccddeef0800${IPV4}`],
    ["cooked v2, broadcast without a source", 276, `86dd0000000000020304010000000000000000006000`, `ffffffffffff02000000000286dd6000`],
    ["cooked v2 cut in its header", 276, `08000000`, `${MADE}ffff`],
  ];
  for (const [name, linkType, packet, frame] of cases) {
    it(name, async () => {
      // A packet on either side shows that nothing beyond the packet is overwritten.
      const [before, got, after] = await read(linkType, packet, packet, packet);
      expect([before.hex, got.hex, after.hex]).toEqual([frame, frame, frame]);
      expect(got.original).toBe(frame.length / 2);
    });
  }

  it("counts the synthetic header in the original length", async () => {
    const packets = [{ data: Buffer.from(IPV4, "hex"), original: 1500 }];
    const reader = await openCapture(dir.put("o.pcap", classic({ linkType: 101, packets })));
    expect((await collect(reader)).packets[0].original).toBe(1514);
    reader.close();
  });

  it("keeps an original length that is absurd within the column", async () => {
    const packets = [{ data: Buffer.from(IPV4, "hex"), original: 0xffff_ffff }];
    const reader = await openCapture(dir.put("o.pcap", classic({ linkType: 101, packets })));
    expect((await collect(reader)).packets[0].original).toBe(0xffff_ffff);
    reader.close();
  });

  it("refuses others by number and name", async () => {
    await expect(read(127)).rejects.toThrow(/link type 127 \(IEEE802_11_RADIOTAP\).*byte 20/);
    await expect(read(9)).rejects.toThrow(/link type 9 \(PPP\)/);
    await expect(read(4242)).rejects.toThrow(/link type 4242 \(unknown\)/);
  });
});
