import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatIpv4, formatMac, parseIpv4 } from "./address.js";
import { packet } from "./builder.js";
import { verifyChecksums, fillChecksums } from "./checksums.js";
import { dissect } from "./dissect.js";
import { EthernetView } from "./ethernet.js";
import { fragmentIpv4, fragmentIpv6 } from "./fragment.js";
import { Ipv4View } from "./ipv4.js";
import { Ipv6FragmentView } from "./ipv6-fragment.js";
import { TcpView } from "./tcp.js";
import { hasTshark, runTshark } from "./testing/tshark.js";
import { SAMPLES } from "./testing/samples.js";
import { UdpView } from "./udp.js";
import { BuildError } from "./view.js";
import { VlanView } from "./vlan.js";

const V4 = { src: "10.0.0.1", dst: "192.0.2.7" };
const V6 = { src: "2001:db8::1", dst: "2001:db8::2" };

describe.each(SAMPLES)("built packet: %s", (_name, builder, protocols) => {
  const frame = builder.build();

  it("dissects into the layers that it was built of", () => {
    const found = dissect(frame);
    expect(found.headers.map((view) => view.protocol).join(" ")).toBe(protocols);
    expect(found.cut).toBeUndefined();
    expect(found.end).toBe(frame.length);
  });

  it("has only good checksums", () => {
    const states = verifyChecksums(frame).map(({ protocol, state }) => `${protocol} ${state}`);
    expect(states.filter((state) => !/ (?:good|absent)$/.test(state))).toEqual([]);
    const checked = protocols.match(/\b(?:ipv4|udp|tcp|icmp|icmpv6|gre)\b/g)?.length ?? 0;
    expect(states).toHaveLength(checked);
  });

  it("keeps its layers when padded, and loses them one by one when cut", () => {
    const padded = builder.build({ minLength: frame.length + 7 });
    expect(dissect(padded).end).toBe(protocols.endsWith("arp") ? padded.length : frame.length);
    for (let cut = 0; cut < Math.min(frame.length, 200); cut++) {
      const found = dissect(frame.subarray(0, cut));
      expect(protocols.startsWith(found.headers.map((view) => view.protocol).join(" "))).toBe(true);
      for (const view of found.headers) expect(view.payloadOffset).toBeLessThanOrEqual(cut);
      for (const { state, protocol } of verifyChecksums(frame.subarray(0, cut))) {
        if (protocol !== "ipv4") expect(["unknown", "absent"]).toContain(state);
      }
    }
  });

  it("gets its checksums back from fillChecksums", () => {
    const spoilt = frame.slice();
    for (const view of dissect(spoilt).headers) {
      if (view.protocol === "ipv4" || view.protocol === "udp" || view.protocol === "tcp" || view.protocol === "icmp" || view.protocol === "icmpv6") view.checksum = 0x5555;
    }
    fillChecksums(spoilt);
    expect(spoilt).toEqual(frame);
  });
});

describe("any single bit flip", () => {
  it.each([
    ["ipv4", packet().eth().ipv4({ ...V4, options: new Uint8Array(8) }).udp().payload(8)],
    ["tcp", packet().eth().ipv4(V4).tcp({ options: { mss: 1460 } }).payload(9)],
    ["udp", packet().eth().ipv6(V6).udp({}).payload(9)],
    ["icmp", packet().eth().ipv4(V4).icmp().payload(9)],
    ["icmpv6", packet().eth().ipv6(V6).icmpv6().payload(9)],
    ["gre", packet().eth().ipv4(V4).gre({ checksum: true, type: 0x88b5 }).payload(9)],
  ])("breaks the checksum of %s", (protocol, builder) => {
    const frame = builder.build();
    const good = dissect(frame);
    const index = good.headers.findIndex((view) => view.protocol === protocol);
    const view = good.headers[index];
    const ip = good.headers[1];
    const pseudo = ip.protocol === "ipv4" || ip.protocol === "ipv6" ? ip.pseudoHeader : undefined;
    const state = (): string => {
      if (view.protocol === "ipv4" || view.protocol === "icmp" || view.protocol === "gre") return view.checksumState;
      if (pseudo !== undefined && (view.protocol === "tcp" || view.protocol === "udp" || view.protocol === "icmpv6")) return view.checksumState(pseudo);
      return "unknown";
    };
    expect(state()).toBe("good");
    const end = protocol === "ipv4" ? view.payloadOffset : view.end;
    const ranges: [number, number][] = [[view.offset, end]];
    if (pseudo !== undefined && ["tcp", "udp", "icmpv6"].includes(protocol)) ranges.push([pseudo.srcAt, pseudo.dstAt + (pseudo.version === 4 ? 4 : 16)]);
    for (const [start, stop] of ranges) {
      for (let bit = start * 8; bit < stop * 8; bit++) {
        frame[bit >> 3] ^= 1 << (bit & 7);
        expect(state(), `bit ${bit}`).not.toBe("good");
        frame[bit >> 3] ^= 1 << (bit & 7);
      }
    }
    expect(state()).toBe("good");
  });
});

describe("round trip", () => {
  it("reads back what was built", () => {
    const u16 = fc.nat(0xffff);
    const u32 = fc.nat(0xffffffff);
    const mac = fc.uint8Array({ minLength: 6, maxLength: 6 });
    const ip = fc.uint8Array({ minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(
        fc.record({ src: mac, dst: mac }),
        fc.record({ id: fc.nat(4095), priority: fc.nat(7), dropEligible: fc.boolean() }),
        fc.record({ src: ip, dst: ip, ttl: fc.nat(255), tos: fc.nat(255), id: u16, dontFragment: fc.boolean() }),
        fc.record({ srcPort: u16, dstPort: u16, sequence: u32, acknowledgement: u32, flags: fc.nat(255), window: u16, urgent: u16 }),
        fc.uint8Array({ maxLength: 100 }),
        (eth, vlan, ipv4, tcp, data) => {
          const frame = packet().eth(eth).vlan(vlan).ipv4(ipv4).tcp(tcp).payload(data).build();
          expect(new EthernetView(frame)).toMatchObject({ ...eth, type: 0x8100 });
          expect(new VlanView(frame, 14)).toMatchObject({ ...vlan, type: 0x0800 });
          expect(new Ipv4View(frame, 18)).toMatchObject({ ...ipv4, totalLength: 40 + data.length, nextProtocol: 6, checksumState: "good" });
          const view = new TcpView(frame, 38);
          expect(view).toMatchObject(tcp);
          expect(view.payload).toEqual(data);
          expect(verifyChecksums(frame).every(({ state }) => state === "good")).toBe(true);
        },
      ),
    );
  });

  it("sets what it gets", () => {
    const frame = packet().eth().ipv4(V4).udp().payload(4).build();
    const eth = new EthernetView(frame);
    eth.src = "aa:bb:cc:dd:ee:ff";
    expect(formatMac(eth.src)).toBe("aa:bb:cc:dd:ee:ff");
    const ip = new Ipv4View(frame, 14);
    ip.dst = parseIpv4("203.0.113.9");
    ip.fragmentOffset = 4096;
    ip.moreFragments = true;
    ip.dontFragment = true;
    expect([formatIpv4(ip.dst), ip.fragmentOffset, ip.moreFragments, ip.dontFragment, ip.isFragment]).toEqual(["203.0.113.9", 4096, true, true, true]);
    ip.moreFragments = false;
    ip.fragmentOffset = 0;
    expect([ip.isFragment, ip.dontFragment]).toEqual([false, true]);
  });
});

describe("forging", () => {
  it("writes wrong lengths as they are given", () => {
    const frame = packet().eth().ipv4({ ...V4, totalLength: 9999 }).udp({ length: 3 }).payload(20).build();
    expect(new Ipv4View(frame, 14).totalLength).toBe(9999);
    expect(new Ipv4View(frame, 14).checksumState).toBe("good");
    expect(new UdpView(frame, 34).length).toBe(3);
  });

  it("writes wrong checksums where it is told, and nowhere else", () => {
    const frame = packet().eth().ipv4({ ...V4, checksum: "wrong" }).ipv4(V4).tcp({ checksum: "wrong" }).build();
    expect(verifyChecksums(frame).map(({ state }) => state)).toEqual(["bad", "good", "bad"]);
  });

  it("leaves out a checksum of 0 in UDP", () => {
    const frame = packet().eth().ipv4(V4).udp({ checksum: 0 }).payload(9).build();
    expect(verifyChecksums(frame).map(({ state }) => state)).toEqual(["good", "absent"]);
  });

  it("sends 0xffff for a UDP checksum that comes out as 0 (RFC 768)", () => {
    const zero = Array.from({ length: 0x10000 }, (_, i) => i).find((i) => {
      const frame = packet().eth().ipv4(V4).udp().payload(Uint8Array.of(i >> 8, i)).build();
      return new UdpView(frame, 34).checksum === 0xffff;
    });
    expect(zero).toBeDefined();
  });

  it("refuses what it cannot write, naming layer and field", () => {
    expect(() => packet().eth().vlan({ id: 4096 }).build()).toThrow(new BuildError("vlan", "id is 4096; give an integer from 0 to 4095"));
    expect(() => packet().eth().udp({}).build()).toThrow("ethernet: no EtherType names udp");
    expect(() => packet().eth().ipv4(V4).udp().payload(70_000).build()).toThrow("ipv4: totalLength is 70028");
    expect(() => packet().ip({ src: "10.0.0.1", dst: "::1" })).toThrow("different families");
  });
});

describe("fragments", () => {
  const whole4 = packet().eth().vlan().ipv4({ ...V4, id: 7 }).udp().payload(3000).build();
  const whole6 = packet().eth().ipv6(V6).udp().payload(3000).build();

  it("of IPv4 join to the datagram", () => {
    const parts = fragmentIpv4(whole4, 1500);
    expect(parts).toHaveLength(3);
    const joined = new Uint8Array(3008);
    for (const part of parts) {
      const ip = new Ipv4View(part, 18);
      expect(ip.checksumState).toBe("good");
      expect(ip.totalLength).toBe(part.length - 18);
      joined.set(ip.payload, ip.fragmentOffset);
      expect(ip.moreFragments).toBe(part !== parts.at(-1));
    }
    expect(joined).toEqual(whole4.subarray(38));
  });

  it("of IPv6 join to the datagram", () => {
    const parts = fragmentIpv6(whole6, 1280, 99);
    const joined = new Uint8Array(3008);
    for (const part of parts) {
      const view = new Ipv6FragmentView(part, 54);
      expect(view.id).toBe(99);
      expect(part.length).toBeLessThanOrEqual(14 + 1280);
      joined.set(view.payload, view.fragmentOffset);
    }
    expect(joined).toEqual(whole6.subarray(54));
  });

  it("have transport checksums that cannot be judged", () => {
    const [first] = fragmentIpv4(whole4, 1500);
    expect(verifyChecksums(first).map(({ state }) => state)).toEqual(["good", "unknown"]);
  });
});

describe.skipIf(!hasTshark)("tshark", () => {
  it("finds nothing to complain of in built packets", () => {
    const frames = SAMPLES.map(([, builder]) => builder.build());
    frames.push(...fragmentIpv4(packet().eth().ipv4({ ...V4, id: 7 }).udp({ srcPort: 40001, dstPort: 40002 }).payload(3000).build(), 1500));
    frames.push(...fragmentIpv6(packet().eth().ipv6(V6).udp({ srcPort: 40001, dstPort: 40002 }).payload(3000).build(), 1280));
    const seen = runTshark(frames);
    expect(seen).toHaveLength(frames.length);
    const complaints = seen.flatMap(({ complaints }, i) => complaints.map((text) => `${SAMPLES[i]?.[0] ?? "fragment"}: ${text}`));
    expect(complaints).toEqual([]);
  });

  it("sees the forged ones", () => {
    const wrong = [packet().eth().ipv4({ ...V4, checksum: "wrong" }).udp(), packet().eth().ipv4(V4).tcp({ checksum: "wrong" }), packet().eth().ipv6(V6).udp({ checksum: "wrong" })];
    for (const { complaints } of runTshark(wrong.map((builder) => builder.build()))) expect(complaints.join()).toMatch(/[Bb]ad checksum/);
  });
});
