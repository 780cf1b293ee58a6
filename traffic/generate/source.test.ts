import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { formatIp, parseIp } from "../packet/address.js";
import { verifyChecksums } from "../packet/checksums.js";
import { dissect } from "../packet/dissect.js";
import { packet } from "../packet/builder.js";
import { parsePrefix, prefixContains } from "../packet/prefix.js";
import { hasTshark, runTshark } from "../packet/testing/tshark.js";
import { Trace } from "../trace.js";
import { amplification } from "./amplification.js";
import { bursts, constantRate, poisson } from "./arrivals.js";
import { cutTo, inVlan } from "./encapsulate.js";
import { synFlood, udpFlood } from "./flood.js";
import { vipTraffic, zipfFlows } from "./flows.js";
import { dnsAnswers, dnsQueries, httpClients, httpsClients, quicClients } from "./legitimate.js";
import { arpRequests, garbage, icmpNoise, mixTraffic } from "./noise.js";
import { Random } from "./random.js";
import { IMIX } from "./sizes.js";
import { mapPackets, mergeSources, packetsUntil, repeatFrames, stream, takePackets } from "./source.js";
import type { Source, Traffic } from "./source.js";
import { FlowTemplate } from "./template.js";
import { fillTrace, traceOf } from "./trace.js";

const FROM = ["198.51.100.0/24", "2001:db8:5::/48"];
const TO = ["192.0.2.10", "2001:db8::10"];

/** Random bytes on random ports, which a dissector may take for anything: only checksums are judged. */
const RANDOM_CONTENT = /^(?!.*checksum)/i;
/** Random bytes where ciphertext would be. */
const NO_CIPHERTEXT = /Decryption failed|decryption context/;

/** Name, traffic, digest of the first 300 frames with seed 1, complaints of tshark that are expected. */
const KINDS: readonly (readonly [string, Traffic, string, RegExp?])[] = [
  ["udp flood", udpFlood({ from: FROM, to: TO, size: { min: 60, max: 1514 } }), "94634c542c65", RANDOM_CONTENT],
  ["udp flood of one size", udpFlood({ from: "198.51.100.7", to: "192.0.2.10", dstPort: 80, size: 60 }), "2d0772b279ba"],
  ["syn flood", synFlood({ from: FROM, to: TO, dstPort: 443 }), "a185b0bf37da"],
  ["imix", udpFlood({ from: FROM, to: TO, size: IMIX }), "1f89d478ad5c", RANDOM_CONTENT],
  ["dns amplification", amplification({ service: "dns", from: FROM, to: TO }), "20923adc6709"],
  ["ntp amplification", amplification({ service: "ntp", from: FROM, to: TO }), "f984f62fbc58"],
  ["memcached amplification", amplification({ service: "memcached", from: FROM, to: TO }), "e1d53d953dc2"],
  ["ssdp amplification", amplification({ service: "ssdp", from: FROM, to: TO }), "675dae5901c1"],
  ["cldap amplification", amplification({ service: "cldap", from: FROM, to: TO }), "e8bcae81dcae"],
  ["zipf flows", zipfFlows({ flows: 1000, skew: 1.1, from: FROM, to: TO, size: IMIX }), "62cbd38356b9", RANDOM_CONTENT],
  ["zipf tcp flows", zipfFlows({ flows: 50, from: FROM, to: TO, protocol: "tcp", size: 200 }), "ee38956fe1ff", RANDOM_CONTENT],
  ["vip traffic", vipTraffic({ flows: 100, clients: FROM, vips: [{ address: TO[0], port: 443, weight: 3 }, { address: TO[1], port: 53, protocol: "udp" }] }), "2f13ba286708", RANDOM_CONTENT],
  ["dns answers", dnsAnswers({ from: FROM, to: TO }), "bf5fe8ada269"],
  ["dns queries", dnsQueries({ from: FROM, to: TO }), "f5e611b3582b"],
  ["http clients", httpClients({ from: FROM, to: TO }), "a16d2f7c65c3"],
  ["https clients", httpsClients({ from: FROM, to: TO, concurrent: 8 }), "e1e610a98c2c"],
  ["quic clients", quicClients({ from: FROM, to: TO, concurrent: 4 }), "9a5d663c0ab1", NO_CIPHERTEXT],
  ["arp requests", arpRequests("10.0.0.0/24"), "621e1ff793c4"],
  ["icmp noise", icmpNoise({ from: FROM, to: TO }), "0cfb47244da7"],
];

function openFrames(traffic: Traffic, count: number, seed = 1): Uint8Array[] {
  const next = traffic(new Random(seed));
  return Array.from({ length: count }, () => next());
}

function digest(frames: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const frame of frames) hash.update(`${frame.length}:`).update(frame);
  return hash.digest("hex").slice(0, 12);
}

describe.each(KINDS.map(([name, traffic, expected, tolerated]) => ({ name, traffic, expected, tolerated })))("$name", ({ traffic, expected, tolerated }) => {
  const frames = openFrames(traffic, 300);

  it("gives the same bytes for the same seed, on every machine", () => {
    expect(digest(openFrames(traffic, 300))).toBe(digest(frames));
    expect(digest(openFrames(traffic, 300, 2))).not.toBe(digest(frames));
    expect(digest(frames)).toBe(expected);
  });

  it("is well formed, with good checksums, between the given addresses", () => {
    for (const frame of frames) {
      expect(frame.length).toBeGreaterThanOrEqual(60);
      expect(frame.length).toBeLessThanOrEqual(1514);
      const found = dissect(frame);
      expect(found.cut).toBeUndefined();
      expect(verifyChecksums(frame).filter(({ state }) => state === "bad")).toEqual([]);
      for (const view of found.headers) {
        if (view.protocol !== "ipv4" && view.protocol !== "ipv6") continue;
        expect(FROM.some((prefix) => prefixContains(parsePrefix(prefix), view.src))).toBe(true);
        expect(TO).toContain(formatIp(view.dst));
      }
    }
  });

  it.skipIf(!hasTshark)("gives tshark nothing to complain of", () => {
    const complaints = runTshark(frames.slice(0, 100)).flatMap(({ complaints }, i) => complaints.map((text) => `${i}: ${text}`));
    const unexpected = complaints.filter((text) => tolerated?.test(text) !== true);
    expect(unexpected).toEqual([]);
  });
});

describe("flow templates", () => {
  it("stamp what the builder would have built", () => {
    const random = new Random(1);
    for (let i = 0; i < 2000; i++) {
      const family = random.oneIn(2) ? 4 : 16;
      const protocol = random.oneIn(2) ? "udp" : "tcp";
      // Short payloads of few values make sums of zero likely, where one's complement is delicate.
      const payload = random.oneIn(2) ? new Uint8Array(random.below(4)) : random.bytes(random.below(50));
      const sparse = random.oneIn(3);
      const flow = {
        src: sparse ? new Uint8Array(family) : random.bytes(family),
        dst: random.bytes(family),
        srcPort: random.below(0x10000),
        dstPort: random.below(0x10000),
        sequence: protocol === "tcp" ? random.u32() : undefined,
      };
      const ip = packet().eth().ip(flow);
      const built = (protocol === "udp" ? ip.udp(flow) : ip.tcp({ ...flow, flags: 2 })).payload(payload).build({ minLength: 60 });
      expect(new FlowTemplate({ family, protocol, payload, tcpFlags: 2 }).stamp(flow)).toEqual(built);
    }
  });

  it("write 0xffff for a UDP checksum of 0", () => {
    const template = new FlowTemplate({ family: 4, protocol: "udp", payload: new Uint8Array(0) });
    const flow = { src: parseIp("10.0.0.1"), dst: parseIp("10.0.0.2"), dstPort: 0 };
    const built = Array.from({ length: 0x10000 }, (_, srcPort) => template.stamp({ ...flow, srcPort }));
    const checksums = built.map((frame) => (frame[40] << 8) | frame[41]);
    expect(checksums).toContain(0xffff);
    expect(checksums).not.toContain(0);
  });
});

describe("streams", () => {
  const traffic = udpFlood({ from: "10.0.0.0/8", to: "192.0.2.1" });
  const of = (label: string, pps: number, more: object = {}): Source => stream({ label, seed: 1, traffic, arrivals: constantRate(pps), ...more });

  it("arrive at a constant rate, within their time", () => {
    const packets = [...of("a", 1e6, { startNs: 500, endNs: 10_500 })];
    expect(packets.map(({ timeNs }) => timeNs)).toEqual([1500, 2500, 3500, 4500, 5500, 6500, 7500, 8500, 9500]);
    expect([...of("a", 1e6, { count: 3, iface: 2 })].map(({ iface, label }) => `${label}${iface}`)).toEqual(["a2", "a2", "a2"]);
  });

  it("arrive at their average rate as a Poisson process and in bursts", () => {
    for (const arrivals of [poisson(1e6), bursts({ pps: 1e6, size: 16, peakPps: 20e6 })]) {
      const packets = [...stream({ label: "p", seed: 3, traffic, arrivals, endNs: 20e6 })];
      expect(Math.abs(packets.length - 20_000)).toBeLessThan(1000);
      expect(packets.every(({ timeNs }, i) => Number.isInteger(timeNs) && (i === 0 || timeNs >= packets[i - 1].timeNs))).toBe(true);
    }
    expect(() => poisson(0)).toThrow("0 packets a second is no rate");
    expect(() => bursts({ pps: 10, size: 4, peakPps: 5 })).toThrow("below pps");
  });

  it("give the same again when iterated again, and their own bytes by label", () => {
    const source = of("a", 1e6, { count: 20 });
    expect([...source]).toEqual([...source]);
    expect([...of("b", 1e6, { count: 20 })].map(({ frame }) => frame)).not.toEqual([...source].map(({ frame }) => frame));
  });

  it("merge by time, the first argument first at equal times", () => {
    const merged = [...mergeSources(of("slow", 1e5, { endNs: 50_001 }), of("fast", 2e5, { endNs: 50_001 }), of("none", 1, { count: 0 }))];
    expect(merged.map(({ label, timeNs }) => `${label} ${timeNs / 1000}`)).toEqual(
      ["fast 5", "slow 10", "fast 10", "fast 15", "slow 20", "fast 20", "fast 25", "slow 30", "fast 30", "fast 35", "slow 40", "fast 40", "fast 45", "slow 50", "fast 50"],
    );
  });

  it("are limited and changed without being drained", () => {
    const endless = of("a", 1e6);
    expect([...takePackets(endless, 5)]).toHaveLength(5);
    expect([...takePackets(endless, 0)]).toEqual([]);
    expect([...packetsUntil(endless, 4000)].map(({ timeNs }) => timeNs)).toEqual([1000, 2000, 3000]);
    const shifted = mapPackets(endless, (packet) => ({ ...packet, timeNs: packet.timeNs + 7 }));
    expect([...takePackets(shifted, 2)].map(({ timeNs }) => timeNs)).toEqual([1007, 2007]);
  });

  it("fill a trace, with a label for every packet", () => {
    const { trace, labels } = traceOf(mergeSources(of("a", 1e6, { count: 2000 }), of("b", 5e5, { count: 1000, iface: 1 })));
    expect([trace.count, labels.names, labels.of.length]).toEqual([3000, ["a", "b"], 3000]);
    expect([...labels.of].every((label, i) => label === trace.iface[i])).toBe(true);
    const [first] = of("a", 1e6, { count: 1 });
    expect(trace.frame(0)).toEqual(first.frame);
    expect(trace.time[0]).toBe(first.timeNs);
  });

  it("never lose a packet to a full trace", () => {
    expect(() => fillTrace(of("a", 1e6), Trace.allocate(1 << 20, 10))).toThrow("full after 10 packets");
    expect(() => fillTrace(of("a", 1e6), Trace.allocate(100, 10))).toThrow("full after 1 packets and 64 bytes");
  });
});

describe("traffic decorators", () => {
  const base = udpFlood({ from: "10.0.0.1", to: "10.0.0.2", size: 100 });

  it("tag", () => {
    const qinq = inVlan(inVlan(base, { id: 7, priority: 3 }), { id: 9, tpid: 0x88a8 });
    const [frame] = openFrames(qinq, 1);
    expect(frame).toHaveLength(108);
    const found = dissect(frame);
    expect(found.headers.map((view) => (view.protocol === "vlan" ? `vlan ${view.id}/${view.priority}` : view.protocol))).toEqual(["ethernet", "vlan 9/0", "vlan 7/3", "ipv4", "udp"]);
    expect(verifyChecksums(frame).map(({ state }) => state)).toEqual(["good", "good"]);
    const [plain] = openFrames(base, 1);
    expect([...frame.slice(0, 12), ...frame.slice(20)]).toEqual([...plain]);
  });

  it("cut", () => {
    expect(openFrames(cutTo(base, 64), 2).map(({ length }) => length)).toEqual([64, 64]);
    expect(openFrames(cutTo(base, 640), 1)[0]).toHaveLength(100);
  });

  it("mix by weight, and repeat given frames", () => {
    const mixed = openFrames(mixTraffic([3, repeatFrames([Uint8Array.of(1), Uint8Array.of(2)])], [1, repeatFrames([Uint8Array.of(3)])]), 4000);
    const threes = mixed.filter(([byte]) => byte === 3).length;
    expect(Math.abs(threes - 1000)).toBeLessThan(100);
    expect(mixed.filter(([byte]) => byte !== 3).slice(0, 4).map(([byte]) => byte)).toEqual([1, 2, 1, 2]);
    expect(() => repeatFrames([])).toThrow("at least one frame");
  });

  it("garbage has the sizes that it is told", () => {
    const lengths = openFrames(garbage({ size: { min: 14, max: 20 } }), 200).map(({ length }) => length);
    expect([Math.min(...lengths), Math.max(...lengths)]).toEqual([14, 20]);
  });
});

describe("kinds of traffic", () => {
  it("imix has its frame sizes 7 : 4 : 1", () => {
    const lengths = openFrames(udpFlood({ from: "10.0.0.1", to: "10.0.0.2", size: IMIX }), 12_000).map(({ length }) => length);
    for (const [size, expected] of [[60, 7000], [590, 4000], [1514, 1000]]) {
      expect(Math.abs(lengths.filter((length) => length === size).length - expected)).toBeLessThan(300);
    }
  });

  it("amplification comes from the service's port, DNS in fragments where it is large", () => {
    const frames = openFrames(amplification({ service: "dns", from: "198.51.100.0/24", to: "192.0.2.10" }), 200);
    const ports = new Set(frames.flatMap((frame) => dissect(frame).headers.flatMap((view) => (view.protocol === "udp" ? [view.srcPort] : []))));
    expect([...ports]).toEqual([53]);
    expect(frames.some((frame) => dissect(frame).headers.some((view) => view.protocol === "ipv4" && view.fragmentOffset > 0))).toBe(true);
  });

  it("zipf flows: the first flow has its share, and a flow keeps its tuple", () => {
    const frames = openFrames(zipfFlows({ flows: 100, skew: 1, from: "10.0.0.0/8", to: "192.0.2.1", size: 60 }), 10_000);
    const counts = new Map<string, number>();
    for (const frame of frames) counts.set(frame.subarray(26, 38).join(), (counts.get(frame.subarray(26, 38).join()) ?? 0) + 1);
    const sorted = [...counts.values()].toSorted((a, b) => b - a);
    expect(counts.size).toBe(100);
    const harmonic = Array.from({ length: 100 }, (_, i) => 1 / (i + 1)).reduce((sum, share) => sum + share, 0);
    expect(Math.abs(sorted[0] - 10_000 / harmonic)).toBeLessThan(200);
  });

  it("a TCP flow begins with SYN and its sequence numbers go on", () => {
    const seen = new Map<number, number>();
    for (const frame of openFrames(zipfFlows({ flows: 20, from: "10.0.0.0/8", to: "192.0.2.1", protocol: "tcp", size: 154 }), 500)) {
      const tcp = dissect(frame).headers[2];
      if (tcp.protocol !== "tcp") throw new Error("not TCP");
      expect(tcp.flags === 2).toBe(!seen.has(tcp.srcPort));
      expect(tcp.sequence).toBe(seen.get(tcp.srcPort) ?? 0);
      seen.set(tcp.srcPort, tcp.sequence + (tcp.flags === 2 ? 1 : 100));
    }
    expect(seen.size).toBeGreaterThan(10);
  });

  it("refuses what cannot be", () => {
    expect(() => udpFlood({ from: "10.0.0.0/8", to: "::1" })).toThrow("no address family in common");
    expect(() => udpFlood({ from: [], to: "::1" })).toThrow("at least one address");
    expect(() => udpFlood({ from: "10.0.0.1/8", to: "10.0.0.1" })).toThrow("did you mean 10.0.0.0/8?");
    expect(() => udpFlood({ from: "10.0.0.1", to: "10.0.0.1", size: 5 })).toThrow("a frame of 5 bytes");
    expect(() => zipfFlows({ flows: 0, from: "10.0.0.1", to: "10.0.0.1" })).toThrow("0 flows");
    expect(() => arpRequests("::/64")).toThrow("IPv4");
  });
});
