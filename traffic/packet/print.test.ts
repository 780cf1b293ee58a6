import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { packet } from "./builder.js";
import { fragmentIpv4 } from "./fragment.js";
import { printPacket } from "./print.js";
import { SAMPLES } from "./testing/samples.js";
import { hasTcpdump, runTcpdump } from "./testing/tshark.js";

const V4 = { src: "10.0.0.1", dst: "192.0.2.7" };
const V6 = { src: "2001:db8::1", dst: "2001:db8::2" };
const frame = (): ReturnType<typeof packet> => packet().eth();

describe("printPacket", () => {
  it.each([
    ["IP 10.0.0.1.53 > 192.0.2.7.4242: UDP, length 512", frame().ipv4(V4).udp({ srcPort: 53, dstPort: 4242 }).payload(512)],
    ["vlan 5, p 3, vlan 6, p 0, DEI, IP6 2001:db8::1.1 > 2001:db8::2.2: UDP, length 1", frame().vlan({ id: 5, priority: 3 }).vlan({ id: 6, dropEligible: true }).ipv6(V6).udp({ srcPort: 1, dstPort: 2 }).payload(1)],
    ["IP 10.0.0.1.49152 > 192.0.2.7.4789: VXLAN, vni 9: IP 10.0.0.1.1 > 192.0.2.7.2: UDP, length 3", frame().ipv4(V4).udp().vxlan({ vni: 9 }).eth().ipv4(V4).udp({ srcPort: 1, dstPort: 2 }).payload(3)],
    ["IP 10.0.0.1 > 192.0.2.7: GREv0, key=0x1, length 52: IP6 2001:db8::1 > 2001:db8::2: [|udp]", frame().ipv4(V4).gre({ key: 1 }).ipv6({ ...V6, nextHeader: 17 }).payload(4)],
    ["IP 10.0.0.1 > 192.0.2.7: IP 10.0.0.1.1 > 192.0.2.7.2: UDP, length 3", frame().ipv4(V4).ipv4(V4).udp({ srcPort: 1, dstPort: 2 }).payload(3)],
    ["IP 10.0.0.1 > 192.0.2.7: ip-proto-253, length 7", frame().ipv4(V4).payload(7)],
    ["ethertype 0x88b5, length 14", frame()],
  ])("%s", (line, builder) => {
    expect(printPacket(builder.build())).toBe(line);
  });

  it("marks the header that the frame breaks off in", () => {
    const whole = packet().eth().vlan().ipv4(V4).tcp().build();
    expect([4, 16, 30, 40].map((cut) => printPacket(whole.subarray(0, cut)))).toEqual([
      "[|ether]",
      "[|vlan]",
      "vlan 1, p 0, [|ipv4]",
      "vlan 1, p 0, IP 10.0.0.1 > 192.0.2.7: [|tcp]",
    ]);
  });

  it("prints fragments", () => {
    const parts = fragmentIpv4(packet().eth().ipv4({ ...V4, id: 7 }).udp().payload(2000).build(), 1500);
    expect(parts.map(printPacket)).toEqual([
      "IP frag (7:0|1480+) 10.0.0.1.49152 > 192.0.2.7.9: UDP, length 2000",
      "IP 10.0.0.1 > 192.0.2.7: frag (7:1480|528)",
    ]);
  });

  it("gives one line for any bytes", () => {
    fc.assert(
      fc.property(fc.nat(SAMPLES.length - 1), fc.array(fc.tuple(fc.nat(120), fc.nat(255))), fc.nat(200), (sample, changes, cut) => {
        const bytes = SAMPLES[sample][1].build({ cutTo: cut });
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        expect(printPacket(bytes)).toMatch(/^[^\n]+$/);
      }),
      { numRuns: 1000 },
    );
  });

  it.skipIf(!hasTcpdump)("agrees with tcpdump where it prints the same facts", () => {
    const ports = { srcPort: 40001, dstPort: 40002 };
    const frames = [
      packet().eth().ipv4(V4).udp(ports).payload(512),
      packet().eth().ipv6(V6).udp(ports).payload(5),
      packet().eth().ipv4(V4).tcp({ ...ports, flags: 2, sequence: 7, options: { mss: 1460, sackPermitted: true, timestamps: { value: 1, echo: 0 } } }),
      packet().eth().ipv4(V4).tcp({ ...ports, flags: 0x18, sequence: 7, acknowledgement: 8 }).payload(10),
      packet().eth().ipv6(V6).tcp({ ...ports, flags: 0x11, sequence: 7, acknowledgement: 8 }),
      packet().eth().ipv4(V4).icmp({ id: 3, sequence: 4 }).payload(56),
      packet().eth().ipv6(V6).icmpv6({ id: 3, sequence: 4 }).payload(56),
      packet().eth().arp({ senderIp: "10.0.0.1", targetIp: "10.0.0.2" }),
      packet().eth().arp({ operation: 2, senderMac: "02:00:00:00:00:07", senderIp: "10.0.0.1" }),
      packet().eth().ipv4(V4).ipv4(V4).udp(ports).payload(5),
    ].map((builder) => builder.build());
    expect(frames.map(printPacket)).toEqual(runTcpdump(frames).map((line) => line.replace(/nop,|,nop|,eol/g, "")));
  });
});
