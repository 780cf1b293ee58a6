/** Helpers that answer from the host's network: sockets, connections, MTUs, SYN cookies. What a bare kernel answers, and a scenario's. */
import type { NetworkSpec } from "../../../helpers/index.js";
import type { EngineCase } from "../case.js";
import { probeCase, stackPointer, storeBytes } from "../probe.js";
import type { Probe } from "../probe.js";

const EINVAL = -22;
const ENOENT = -2;
const EPROTO = -71;
const ENODEV = -19;
const EACCES = -13;
const EAFNOSUPPORT = -97;
const EPROTONOSUPPORT = -93;
const ENONET = -64;

const NETWORK: NetworkSpec = {
  interfaces: [
    { ifindex: 1, name: "port0", mac: "02:00:00:00:00:01", mtu: 1500, forwarding: true },
    { ifindex: 2, name: "port1", mac: "02:00:00:00:00:02", mtu: 9000, forwarding: true },
  ],
  routes: [],
  neighbours: [],
  sockets: [
    { protocol: "tcp", address: "0.0.0.0", port: 80, mark: 1, syncookies: 2 },
    { protocol: "tcp", address: "10.0.0.1", port: 80, mark: 2, priority: 7 },
    { protocol: "tcp", address: "10.0.0.1", port: 80, peer: { address: "10.0.0.9", port: 1234 }, mark: 3 },
    { protocol: "udp", address: "::", port: 53, mark: 4 },
    { protocol: "udp", address: "::", port: 54, v6only: true, mark: 5 },
    { protocol: "tcp", address: "2001:db8::1", port: 443, mark: 6 },
  ],
  conntrack: [
    { protocol: "udp", source: { address: "10.0.0.9", port: 1000 }, destination: { address: "10.0.0.1", port: 53 }, mark: 99 },
    { protocol: "tcp", source: { address: "2001:db8::9", port: 1000 }, destination: { address: "2001:db8::1", port: 443 }, status: 8 },
  ],
};

const ip = (text: string): string => text.split(".").map((part) => Number(part).toString(16).padStart(2, "0")).join("");
const port = (number: number): string => number.toString(16).padStart(4, "0");
const tuple4 = (from: string, sport: number, to: string, dport: number): string => ip(from) + ip(to) + port(sport) + port(dport);
const V6_9 = `20010db8${"0".repeat(22)}09`;
const V6_1 = `20010db8${"0".repeat(22)}01`;
const tuple6 = (from: string, sport: number, to: string, dport: number): string => from + to + port(sport) + port(dport);

/** Mark of the socket that a lookup finds, -1 where there is none. */
function socket(helper: "bpf_sk_lookup_tcp" | "bpf_skc_lookup_tcp" | "bpf_sk_lookup_udp", tuple: string, gives: number, options: { size?: number; netns?: number | string; flags?: number; field?: number } = {}): Probe {
  const { size = tuple.length / 2, netns = -1, flags = 0, field = 16 } = options;
  // A struct sock_common has the family for all to see, and no mark.
  const load = helper === "bpf_skc_lookup_tcp" ? 4 : field;
  return {
    asm: `${storeBytes(tuple.padEnd(80, "0"), -64)}\nr1 = r6\n${stackPointer(2, -64)}\nr3 = ${size}\nr4 = ${netns}\nr5 = ${flags}\ncall ${helper}\nif r0 == 0 goto @none\nr7 = *(u32 *)(r0 +${load})\nr1 = r0\ncall bpf_sk_release\nr0 = r7\ngoto @done\n@none: r0 = -1\n@done: r0 = r0`,
    gives,
  };
}

const OPTS = (netns: number, protocol: number, rest = "00".repeat(6)): string => `${Buffer.from(Int32Array.of(netns, 0).buffer).toString("hex")}${protocol.toString(16).padStart(2, "0")}00${rest}`;

/** What a connection's lookup gives: the error, or where one is found its mark. */
function connection(tuple: string, opts: string, gives: number, options: { size?: number; optsSize?: number } = {}): Probe[] {
  const { size = tuple.length / 2, optsSize = opts.length / 2 } = options;
  return [{
    asm: `${storeBytes(tuple.padEnd(80, "0"), -64)}\n${storeBytes(opts.padEnd(32, "0"), -24)}\nr1 = r6\n${stackPointer(2, -64)}\nr3 = ${size}\n${stackPointer(4, -24)}\nr5 = ${optsSize}\ncall bpf_xdp_ct_lookup\nif r0 == 0 goto @none\nr1 = r0\nr7 = *(u32 *)(r0 +168)\ncall bpf_ct_release\nr0 = r7\ngoto @done\n@none: r0 = *(u32 *)(r10 -20)\n@done: r0 = r0`,
    gives,
  }];
}

/** The error of bpf_xdp_get_xfrm_state. */
function xfrm(netns: number, size: number, gives: number): Probe {
  return {
    asm: `*(u32 *)(r10 -48) = 0\n*(u32 *)(r10 -44) = ${netns}\n*(u16 *)(r10 -14) = 2\nr1 = r6\n${stackPointer(2, -48)}\nr3 = ${size}\ncall bpf_xdp_get_xfrm_state\nif r0 == 0 goto @none\nr1 = r0\ncall bpf_xdp_xfrm_state_release\n@none: r0 = *(u32 *)(r10 -48)`,
    gives,
  };
}

/** bpf_check_mtu, and the MTU that it says. */
function mtu(ifindex: number, length: number, difference: number, gives: number, says: number, flags = 0): Probe[] {
  return [{ asm: `*(u32 *)(r10 -8) = ${length}\nr1 = r6\nr2 = ${ifindex}\n${stackPointer(3, -8)}\nr4 = ${difference}\nr5 = ${flags}\ncall bpf_check_mtu`, gives }, { asm: "r0 = *(u32 *)(r10 -8)", gives: says }];
}

const IPV4 = "4500002800010000400600000a0000090a000001";
const IPV6 = `6000000000140640${V6_9}${V6_1}`;
/** A TCP header: ports 1234 and 80, the sequence, flags, options in words. */
const tcp = (flags: number, options = "", sequence = 1000, acknowledged = 0): string =>
  `04d20050${sequence.toString(16).padStart(8, "0")}${(acknowledged >>> 0).toString(16).padStart(8, "0")}${((5 + options.length / 8) * 16).toString(16).padStart(2, "0")}${flags.toString(16).padStart(2, "0")}ffff00000000${options}`;
const MSS_1400 = "02040578";

/** bpf_tcp_raw_gen_syncookie: the MSS (the high half), or the error. */
function generate(six: boolean, th: string, gives: number, length = th.length / 2): Probe {
  const family = six ? "ipv6" : "ipv4";
  return {
    asm: `${storeBytes(six ? IPV6 : IPV4, -128)}\n${storeBytes(th.padEnd(128, "0"), -80)}\n${stackPointer(1, -128)}\n${stackPointer(2, -80)}\nr3 = ${length}\ncall bpf_tcp_raw_gen_syncookie_${family}\nif r0 s< 0 goto @failed\n*(u64 *)(r10 -8) = r0\nr0 >>= 32\n@failed: r0 = r0`,
    gives,
  };
}

/** bpf_tcp_raw_check_syncookie of an ACK that acknowledges the last cookie + 1 + `off`. */
function check(six: boolean, gives: number, off = 0): Probe {
  const family = six ? "ipv6" : "ipv4";
  return {
    asm: `${storeBytes(six ? IPV6 : IPV4, -128)}\n${storeBytes(tcp(16, "", 1001), -80)}\nr1 = *(u32 *)(r10 -8)\nr1 += ${1 + off}\nr1 = be32 r1\n*(u32 *)(r10 -72) = r1\n${stackPointer(1, -128)}\n${stackPointer(2, -80)}\ncall bpf_tcp_raw_check_syncookie_${family}`,
    gives,
  };
}

/** bpf_tcp_gen_syncookie or _check_syncookie on the listening socket that takes cookies. */
function onSocket(helper: "gen" | "check", ipHeader: string, th: string, gives: number, options: { ipSize?: number; size?: number; tuple?: string } = {}): Probe {
  const { ipSize = ipHeader.length / 2, size = th.length / 2, tuple = tuple4("10.0.0.9", 5, "10.0.0.2", 80) } = options;
  return {
    asm: `${storeBytes(tuple.padEnd(80, "0"), -64)}\nr1 = r6\n${stackPointer(2, -64)}\nr3 = ${tuple.length / 2}\nr4 = -1\nr5 = 0\ncall bpf_sk_lookup_tcp\nr7 = -99\nif r0 == 0 goto @none\nr8 = r0\n${storeBytes(ipHeader.padEnd(80, "0"), -128)}\n${storeBytes(th.padEnd(80, "0"), -80)}\nr1 = r8\n${stackPointer(2, -128)}\nr3 = ${ipSize}\n${stackPointer(4, -80)}\nr5 = ${size}\ncall bpf_tcp_${helper}_syncookie\nr7 = r0\nif r7 s< 0 goto @let\nr7 >>= 32\n@let: r1 = r8\ncall bpf_sk_release\n@none: r0 = r7`,
    gives,
  };
}

const HERE = tuple4("10.0.0.9", 1234, "10.0.0.1", 80);

export const NETWORK_CASES: readonly EngineCase[] = [
  probeCase("socket lookups that find nothing", [
    socket("bpf_sk_lookup_tcp", HERE, -1),
    socket("bpf_sk_lookup_udp", HERE, -1),
    socket("bpf_skc_lookup_tcp", HERE, -1),
    socket("bpf_sk_lookup_tcp", HERE, -1, { size: 11 }),
    socket("bpf_sk_lookup_tcp", HERE, -1, { size: 13 }),
    socket("bpf_sk_lookup_tcp", HERE, -1, { size: 1 }),
    socket("bpf_sk_lookup_tcp", HERE, -1, { size: 0 }),
    socket("bpf_sk_lookup_udp", HERE, -1, { size: 0 }),
    socket("bpf_skc_lookup_tcp", HERE, -1, { size: 0 }),
    socket("bpf_sk_lookup_tcp", HERE, -1, { flags: 1 }),
    socket("bpf_sk_lookup_tcp", HERE, -1, { netns: 12345 }),
    socket("bpf_sk_lookup_tcp", tuple6(V6_9, 1, V6_1, 2), -1),
  ]),
  probeCase("sockets of a scenario", [
    socket("bpf_sk_lookup_tcp", HERE, 3),
    socket("bpf_sk_lookup_tcp", HERE, 1, { field: 72 }),
    socket("bpf_sk_lookup_tcp", tuple4("10.0.0.8", 1234, "10.0.0.1", 80), 7, { field: 20 }),
    socket("bpf_sk_lookup_tcp", tuple4("10.0.0.8", 1234, "10.0.0.1", 80), 2),
    socket("bpf_sk_lookup_tcp", tuple4("10.0.0.8", 1234, "10.0.0.1", 80), 10, { field: 72 }),
    socket("bpf_sk_lookup_tcp", tuple4("10.0.0.8", 1234, "10.0.0.2", 80), 1),
    socket("bpf_sk_lookup_tcp", tuple4("10.0.0.8", 1234, "10.0.0.2", 81), -1),
    socket("bpf_skc_lookup_tcp", tuple4("10.0.0.8", 1234, "10.0.0.2", 80), 2),
    socket("bpf_sk_lookup_udp", tuple4("10.0.0.8", 1234, "10.0.0.2", 80), -1),
    socket("bpf_sk_lookup_udp", tuple4("10.0.0.8", 1234, "10.0.0.2", 53), 4),
    socket("bpf_sk_lookup_udp", tuple4("10.0.0.8", 1234, "10.0.0.2", 54), -1),
    socket("bpf_sk_lookup_udp", tuple6(V6_9, 1234, V6_1, 54), 5),
    socket("bpf_sk_lookup_tcp", tuple6(V6_9, 1234, V6_1, 443), 6),
    socket("bpf_sk_lookup_tcp", tuple6(V6_9, 1234, V6_9, 443), -1),
    socket("bpf_sk_lookup_tcp", tuple6(V6_9, 1234, V6_1, 443), 443, { field: 44 }),
    socket("bpf_sk_lookup_tcp", HERE, 0xd204, { field: 48 }),
    socket("bpf_sk_lookup_tcp", HERE, -1, { netns: 0 }),
    socket("bpf_sk_lookup_tcp", HERE, -1, { flags: 1 }),
  ], { network: NETWORK, kernel: false }),
  probeCase("connection lookups that find nothing", [
    ...connection(HERE, OPTS(-1, 6), ENOENT),
    ...connection(HERE, OPTS(-1, 17), ENOENT),
    ...connection(HERE, OPTS(-1, 6).slice(0, 24), ENOENT),
    ...connection(HERE, OPTS(-1, 1), EPROTO),
    ...connection(HERE, OPTS(-2, 6), EINVAL),
    ...connection(HERE, OPTS(12345, 6), ENONET),
    ...connection(HERE, OPTS(-1, 6, "000000010000"), EINVAL),
    ...connection(HERE, OPTS(-1, 6, "0100").slice(0, 24), EINVAL),
    ...connection(HERE, OPTS(-1, 6), EINVAL, { optsSize: 8 }),
    ...connection(HERE, OPTS(-1, 6), EAFNOSUPPORT, { size: 11 }),
    ...connection(HERE, OPTS(-1, 6), EAFNOSUPPORT, { size: 1 }),
    ...connection(tuple6(V6_9, 1, V6_1, 2), OPTS(-1, 6), ENOENT),
  ]),
  probeCase("security associations, of which there are none", [xfrm(-1, 36, ENOENT), xfrm(-2, 36, EINVAL), xfrm(12345, 36, ENONET), xfrm(-1, 35, EINVAL), xfrm(-1, 4, EINVAL), xfrm(-1, 3, 0)]),
  probeCase("connections of a scenario", [
    ...connection(tuple4("10.0.0.9", 1000, "10.0.0.1", 53), OPTS(-1, 17), 99),
    { asm: "r0 = *(u8 *)(r10 -15)", gives: 0 },
    ...connection(tuple4("10.0.0.1", 53, "10.0.0.9", 1000), OPTS(-1, 17), 99),
    { asm: "r0 = *(u8 *)(r10 -15)", gives: 1 },
    ...connection(tuple4("10.0.0.1", 53, "10.0.0.9", 1000), OPTS(-1, 6), ENOENT),
    ...connection(tuple6(V6_9, 1000, V6_1, 443), OPTS(-1, 6), 0),
  ], { network: NETWORK, kernel: false }),
  probeCase("bpf_check_mtu of the loopback", [
    ...mtu(0, 0, 0, 0, 65536),
    ...mtu(1, 65536, 0, 0, 65536),
    ...mtu(1, 65537, 0, 1, 65536),
    ...mtu(1, 65536, 1, 1, 65536),
    ...mtu(1, 65537, -1, 0, 65536),
    ...mtu(1, 0, 70000, 1, 65536),
    ...mtu(1, 0, -70000, 0, 65536),
    ...mtu(12345, 77, 0, ENODEV, 77),
    ...mtu(1, 77, 0, EINVAL, 77, 1),
    ...mtu(12345, 77, 0, EINVAL, 77, 1),
  ], { network: { interfaces: [{ ifindex: 1, name: "lo", mac: "00:00:00:00:00:00", mtu: 65536, forwarding: false }], routes: [], neighbours: [] } }),
  probeCase("bpf_check_mtu of a scenario's interfaces", [
    ...mtu(0, 0, 0, 0, 1500),
    ...mtu(0, 0, 1450, 0, 1500),
    ...mtu(0, 0, 1451, 1, 1500),
    ...mtu(2, 0, 8950, 0, 9000),
    ...mtu(2, 9001, 0, 1, 9000),
    ...mtu(3, 0, 0, ENODEV, 0),
  ], { network: NETWORK, kernel: false }),
  ...[false, true].map((six) =>
    probeCase(`SYN cookies of IPv${six ? 6 : 4}`, [
      generate(six, tcp(2), six ? 1220 : 536),
      check(six, 0),
      check(six, EACCES, 1 << 20),
      check(six, EACCES, -(1 << 20)),
      generate(six, tcp(2, MSS_1400), six ? 1220 : 1300),
      check(six, 0),
      generate(six, tcp(2, "020405b4"), 1440 + (six ? 0 : 20)),
      check(six, 0),
      generate(six, tcp(2, "02042328"), six ? 8940 : 1460),
      generate(six, tcp(2, "01010101"), six ? 1220 : 536),
      generate(six, tcp(2, `01${MSS_1400}010101`), six ? 1220 : 1300),
      generate(six, tcp(2, `${MSS_1400}02040200`), six ? 1220 : 536),
      generate(six, tcp(2, "02030578"), six ? 1220 : 536),
      generate(six, tcp(2, "00000000"), six ? 1220 : 536),
      generate(six, tcp(2), EINVAL, 16),
      generate(six, tcp(2), EINVAL, 0),
      generate(six, tcp(2), EINVAL, 24),
      generate(six, tcp(2, MSS_1400), EINVAL, 20),
    ]),
  ),
  probeCase("SYN cookies of a scenario's socket", [
    onSocket("gen", IPV4, tcp(2, MSS_1400), 1300),
    onSocket("gen", IPV4, tcp(2), 536),
    onSocket("gen", IPV4, tcp(18), EINVAL),
    onSocket("gen", IPV4, tcp(16), EINVAL),
    onSocket("gen", IPV4, tcp(2), EINVAL, { ipSize: 16 }),
    onSocket("gen", IPV4, tcp(2), EINVAL, { size: 24 }),
    onSocket("gen", IPV6, tcp(2), EINVAL),
    onSocket("gen", `50${IPV4.slice(2)}`, tcp(2), EPROTONOSUPPORT),
    // This one sends cookies when its queue is full, and it never is; the connected one never.
    onSocket("gen", IPV4, tcp(2), ENOENT, { tuple: tuple4("10.0.0.8", 5, "10.0.0.1", 80) }),
    onSocket("gen", IPV4, tcp(2), EINVAL, { tuple: HERE }),
    onSocket("check", IPV4, tcp(16, "", 1, 5), ENOENT),
    onSocket("check", IPV4, tcp(2), ENOENT),
    onSocket("check", IPV4, tcp(20), ENOENT),
    onSocket("check", IPV4, tcp(16), EINVAL, { ipSize: 16 }),
    onSocket("check", IPV4, tcp(16), EINVAL, { size: 16 }),
    onSocket("check", IPV4, tcp(16), EINVAL, { tuple: HERE }),
  ], { network: NETWORK, kernel: false }),
];
