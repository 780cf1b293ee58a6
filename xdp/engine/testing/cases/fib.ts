/** bpf_fib_lookup: the answers of net/core/filter.c over a small network. */
import type { NetworkSpec } from "../../../helpers/index.js";
import { parseIp } from "../../../helpers/address.js";
import { hex, prologue } from "../case.js";
import type { EngineCase } from "../case.js";

export const NETWORK: NetworkSpec = {
  interfaces: [
    { ifindex: 11, name: "port0", mac: "02:00:00:00:00:01", mtu: 1500, forwarding: true },
    { ifindex: 12, name: "port1", mac: "02:00:00:00:00:02", mtu: 1400, forwarding: true },
    { ifindex: 13, name: "port2", mac: "02:00:00:00:00:03", mtu: 1500, forwarding: false },
  ],
  routes: [
    { prefix: "10.1.0.0/16", ifindex: 11, type: "unicast" },
    { prefix: "10.2.0.0/16", ifindex: 12, type: "unicast", src: "10.2.0.1" },
    { prefix: "10.2.3.0/24", via: "10.1.0.9", ifindex: 11, type: "unicast", metric: 20 },
    { prefix: "10.2.3.0/24", via: "10.2.0.9", ifindex: 12, type: "unicast", metric: 10 },
    { prefix: "10.2.0.1/32", ifindex: 12, type: "local" },
    { prefix: "10.66.0.0/16", ifindex: 0, type: "blackhole" },
    { prefix: "10.67.0.0/16", ifindex: 0, type: "unreachable" },
    { prefix: "10.68.0.0/16", ifindex: 0, type: "prohibit" },
    { prefix: "10.70.0.0/16", via: "2001:db8:2::9", ifindex: 12, type: "unicast" },
    { prefix: "10.80.0.0/16", via: "10.1.0.9", ifindex: 11, type: "unicast", mtu: 1200 },
    { prefix: "192.0.2.0/24", via: "10.2.0.9", ifindex: 12, type: "unicast", table: 100 },
    { prefix: "2001:db8:1::/48", ifindex: 11, type: "unicast" },
    { prefix: "2001:db8:2::/48", ifindex: 12, type: "unicast", src: "2001:db8:2::1" },
    { prefix: "2001:db8:3::/48", via: "2001:db8:2::9", ifindex: 12, type: "unicast", metric: 55 },
    { prefix: "2001:db8:66::/48", ifindex: 0, type: "blackhole" },
  ],
  neighbours: [
    { address: "10.1.0.9", mac: "0a:00:00:00:01:09", ifindex: 11 },
    { address: "10.1.0.20", mac: "0a:00:00:00:01:14", ifindex: 11 },
    { address: "10.2.0.9", mac: "0a:00:00:00:02:09", ifindex: 12 },
    { address: "2001:db8:2::9", mac: "0a:00:00:06:02:09", ifindex: 12 },
    { address: "2001:db8:1::5", mac: "0a:00:00:06:01:05", ifindex: 11 },
  ],
};

const AF_INET = 2;
const AF_INET6 = 10;
const DIRECT = 1;
const OUTPUT = 2;
const SKIP_NEIGH = 4;
const TBID = 8;
const SRC = 16;

export interface FibParams {
  readonly family?: number;
  readonly totLen?: number;
  readonly ifindex?: number;
  readonly metric?: number;
  readonly src?: string;
  readonly dst?: string;
  readonly tbid?: number;
  /** Both, 12 bytes of hex. */
  readonly smac?: string;
  readonly dmac?: string;
}

/** struct bpf_fib_lookup. */
export function fibBytes({ family = AF_INET, totLen = 0, ifindex = 11, metric = 0, src = "0.0.0.0", dst = "0.0.0.0", tbid = 0, smac = "000000000000", dmac = "000000000000" }: FibParams): Uint8Array {
  const bytes = new Uint8Array(64);
  const view = new DataView(bytes.buffer);
  bytes[0] = family;
  view.setUint16(6, totLen, true);
  view.setUint32(8, ifindex, true);
  view.setUint32(12, metric, true);
  bytes.set(parseIp(src), 16);
  bytes.set(parseIp(dst), 32);
  view.setUint32(48, tbid, true);
  bytes.set(hex(smac), 52);
  bytes.set(hex(dmac), 58);
  return bytes;
}

/** Looks up what stands in the packet, 64 bytes from 16 on, and leaves the answer there. */
export function fibProgram(flags: number, length = 64): string {
  const words = Array.from({ length: 8 }, (_, i) => i * 8);
  return `${prologue(80)}
    ${words.map((at) => `r3 = *(u64 *)(r6 +${16 + at})\n *(u64 *)(r10 ${at - 64}) = r3`).join("\n")}
    r1 = r9
    r2 = r10
    r2 += -64
    r3 = ${length}
    r4 = ${flags}
    call bpf_fib_lookup
    ${words.map((at) => `r3 = *(u64 *)(r10 ${at - 64})\n *(u64 *)(r6 +${16 + at}) = r3`).join("\n")}
  out:
    exit`;
}

/** One lookup: what is asked, what is answered (what is not named stays as asked). */
export interface FibCase {
  readonly description: string;
  readonly flags?: number;
  readonly ask: FibParams;
  readonly ret: number;
  readonly answer?: FibParams;
}

/** In all of these the network is {@link NETWORK}; a test holds them to the running kernel, with the same network built there. */
export const FIB_LOOKUPS: readonly FibCase[] = [
  { description: "a connected network", ask: { dst: "10.1.0.20" }, ret: 0, answer: { totLen: 1500, ifindex: 11, smac: "020000000001", dmac: "0a0000000114" } },
  { description: "the longest prefix, and of two routes the lower metric", ask: { dst: "10.2.3.4" }, ret: 0, answer: { totLen: 1400, ifindex: 12, metric: 10, dst: "10.2.0.9", smac: "020000000002", dmac: "0a0000000209" } },
  { description: "no route", ask: { dst: "172.16.0.1" }, ret: 4 },
  { description: "an address of this host", ask: { dst: "10.2.0.1" }, ret: 4 },
  { description: "a blackhole", ask: { dst: "10.66.1.1" }, ret: 1 },
  { description: "an unreachable network", ask: { dst: "10.67.1.1" }, ret: 2 },
  { description: "a prohibited network", ask: { dst: "10.68.1.1" }, ret: 3 },
  { description: "no neighbour", ask: { dst: "10.1.0.99" }, ret: 7, answer: { ifindex: 11 } },
  { description: "no neighbour asked for", flags: SKIP_NEIGH, ask: { dst: "10.1.0.99" }, ret: 0, answer: { totLen: 1500 } },
  { description: "an interface that does not forward", ask: { ifindex: 13, dst: "10.1.0.20" }, ret: 5 },
  { description: "an interface that is not there", ask: { ifindex: 99, dst: "10.1.0.20" }, ret: -19 },
  { description: "a packet too long for the interface", ask: { totLen: 1401, dst: "10.2.3.4" }, ret: 8, answer: { totLen: 1400 } },
  { description: "a packet that just fits", ask: { totLen: 1400, dst: "10.2.3.4" }, ret: 0, answer: { totLen: 1400, ifindex: 12, metric: 10, dst: "10.2.0.9", smac: "020000000002", dmac: "0a0000000209" } },
  { description: "a route with an MTU of its own", ask: { totLen: 1201, dst: "10.80.0.1" }, ret: 8, answer: { totLen: 1200 } },
  { description: "an IPv6 next hop", ask: { dst: "10.70.0.1" }, ret: 0, answer: { family: AF_INET6, totLen: 1400, ifindex: 12, dst: "2001:db8:2::9", smac: "020000000002", dmac: "0a0000060209" } },
  { description: "the route's source address", flags: SRC, ask: { dst: "10.2.3.4" }, ret: 0, answer: { totLen: 1400, ifindex: 12, metric: 10, src: "10.2.0.1", dst: "10.2.0.9", smac: "020000000002", dmac: "0a0000000209" } },
  { description: "only through the given interface", flags: OUTPUT, ask: { ifindex: 11, dst: "10.2.3.4" }, ret: 0, answer: { totLen: 1500, ifindex: 11, metric: 20, dst: "10.1.0.9", smac: "020000000001", dmac: "0a0000000109" } },
  { description: "another table", flags: DIRECT | TBID, ask: { dst: "192.0.2.7", tbid: 100 }, ret: 0, answer: { totLen: 1400, ifindex: 12, dst: "10.2.0.9", smac: "020000000002", dmac: "0a0000000209" } },
  { description: "a table that is not there", flags: DIRECT | TBID, ask: { dst: "192.0.2.7", tbid: 101 }, ret: 4, answer: { tbid: 0 } },
  { description: "the main table alone", flags: DIRECT, ask: { dst: "192.0.2.7" }, ret: 4 },
  { description: "flags that do not exist", flags: 0x40, ask: { dst: "10.1.0.20" }, ret: -22 },
  { description: "a family that does not exist", ask: { family: 7, dst: "10.1.0.20" }, ret: -97 },
  { description: "IPv6: a connected network", ask: { family: AF_INET6, src: "2001:db8:9::1", dst: "2001:db8:1::5" }, ret: 0, answer: { totLen: 1500, metric: 1024, ifindex: 11, smac: "020000000001", dmac: "0a0000060105" } },
  { description: "IPv6: a gateway, and a metric of its own", ask: { family: AF_INET6, src: "2001:db8:9::1", dst: "2001:db8:3::5" }, ret: 0, answer: { totLen: 1400, metric: 55, ifindex: 12, dst: "2001:db8:2::9", smac: "020000000002", dmac: "0a0000060209" } },
  { description: "IPv6: no route", ask: { family: AF_INET6, src: "2001:db8:9::1", dst: "2001:db8:ffff::5" }, ret: 4 },
  { description: "IPv6: a blackhole", ask: { family: AF_INET6, src: "2001:db8:9::1", dst: "2001:db8:66::5" }, ret: 1 },
  { description: "IPv6: link-local addresses are not forwarded", ask: { family: AF_INET6, src: "2001:db8:9::1", dst: "fe80::1" }, ret: 4 },
  { description: "IPv6: multicast is not forwarded", ask: { family: AF_INET6, src: "2001:db8:9::1", dst: "ff02::1" }, ret: 4 },
  { description: "IPv6: from loopback", ask: { family: AF_INET6, src: "::1", dst: "2001:db8:1::5" }, ret: 4 },
  { description: "IPv6: no neighbour", ask: { family: AF_INET6, src: "2001:db8:9::1", dst: "2001:db8:1::99" }, ret: 7, answer: { metric: 1024, ifindex: 11 } },
  { description: "IPv6: too long", ask: { family: AF_INET6, totLen: 1401, src: "2001:db8:9::1", dst: "2001:db8:3::5" }, ret: 8, answer: { totLen: 1400 } },
  { description: "IPv6: the route's source address", flags: SRC | SKIP_NEIGH, ask: { family: AF_INET6, src: "2001:db8:9::1", dst: "2001:db8:2::77" }, ret: 0, answer: { totLen: 1400, metric: 1024, ifindex: 12, src: "2001:db8:2::1" } },
];

/** A packet with the parameters where {@link fibProgram} looks for them. */
function fibPacket(params: FibParams): Uint8Array {
  return Uint8Array.from([...new Uint8Array(16), ...fibBytes(params)]);
}

/** A packet with the question, and as it is with the answer: after a success the VLAN fields, where the table number stood, are 0. */
export function fibPackets({ ask, answer, ret }: FibCase): { readonly in: Uint8Array; readonly out: Uint8Array } {
  return { in: fibPacket(ask), out: fibPacket({ ...ask, ...answer, ...(ret === 0 ? { tbid: 0 } : {}) }) };
}

export const FIB_CASES: readonly EngineCase[] = [
  ...FIB_LOOKUPS.map((lookup): EngineCase => {
    const { in: frame, out } = fibPackets(lookup);
    return { description: lookup.description, kernel: false, network: NETWORK, asm: fibProgram(lookup.flags ?? 0), packets: [{ in: frame, ret: lookup.ret >>> 0, data: out }] };
  }),
  { description: "parameters that are too short", kernel: false, network: NETWORK, asm: fibProgram(0, 60), packets: [{ in: new Uint8Array(80), ret: -22 >>> 0 }] },
  { description: "a host without a network does not forward", kernel: false, asm: fibProgram(0), packets: [{ in: fibPackets(FIB_LOOKUPS[0] as FibCase).in, ret: 5 }] },
];
