/** What some objects of the corpus want from whoever runs them: what their own user-space programs set before they load, frames and map entries. */
import { possibleCpus } from "../../xdp/engine/kernel/index.js";
import { nameOf } from "../../xdp/isa/index.js";
import type { BtfSpec, MapSpec, ObjectSpec, ProgramSpec } from "../../xdp/object/index.js";
import type { PacketBuilder } from "../../traffic/packet/builder.js";
import { packet } from "../../traffic/packet/builder.js";
import { varied } from "../differential/frames.js";
import { concat, endpointsOf, u32, u64 } from "../differential/seeds.js";
import { AS_XDP } from "./versions.js";
import type { Entry } from "./setup.js";

/** By object, without version and suffix. */
interface Case {
  /** Bytes for global variables, from an offset on where it is not the start. */
  readonly globals?: readonly { readonly name: string; readonly offset?: number; readonly bytes: Uint8Array }[];
  /** Of maps that leave it to their program. */
  readonly maxEntries?: number;
  /** Maps of maps, and the map of the object that is like those in them, or a shape. */
  readonly inner?: Readonly<Record<string, string | MapSpec["inner"]>>;
  /** More frames. */
  readonly frames?: () => readonly Uint8Array[];
  /** More map entries, for frames. */
  readonly entries?: (frames: readonly Uint8Array[]) => readonly Entry[];
}

const TESTER = "::ffff:10.10.0.1";
const DUT = "::ffff:10.10.0.2";
const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 10, 0];
const INT_HASH = { name: "inner", type: "BPF_MAP_TYPE_HASH", typeId: 1, keySize: 4, valueSize: 4, maxEntries: 2, flags: 0, keyTypeId: 0, valueTypeId: 0 };

const ping = (type: number, sequence: number): Uint8Array => packet().eth().ipv4({ src: "10.0.0.1", dst: "10.0.0.2" }).icmp({ type, sequence }).payload(56).build();
/** 0xaa where a program is told to look, in the first four bytes. */
const marked = (offset: number): Uint8Array => {
  const frame = new Uint8Array(9000).fill(7);
  frame.set(u32(offset));
  if (offset < 9000) frame[offset] = 0xaa;
  if (offset + 15 < 9000) frame[offset + 15] = 0xaa;
  return frame;
};

const TCP_FLAGS = [0x02, 0x10, 0x12, 0x04, 0xc2, 0x18, 0x06];
/** First and later packets of connections to sockets that listen, and to one that does not. */
const handshakes = (): PacketBuilder[] =>
  TCP_FLAGS.flatMap((flags) =>
    [80, 443, 22, 81].flatMap((dstPort) => {
      const tcp = { srcPort: 40000, dstPort, sequence: 1000, acknowledgement: 7, flags };
      const options = { mss: 1400, sackPermitted: true, windowScale: 7, timestamps: { value: 77, echo: 0x61 } };
      const v4 = packet().eth().ipv4({ src: "10.0.0.2", dst: "10.0.0.1", dontFragment: true });
      const v6 = packet().eth().ipv6({ src: "2001:db8::1", dst: "2001:db8::7" });
      return [v4, v6].flatMap((start) => [start.tcp(tcp), start.tcp({ ...tcp, options }), start.tcp({ ...tcp, options, checksum: 1 })]);
    }),
  );

const CHAIN = 2 ** 31;

const CASES: Readonly<Record<string, Case>> = {
  "xdp-dispatcher": {
    // Ten programs, of which the eighth ends the chain.
    globals: [{ name: "conf", offset: 2, bytes: Uint8Array.of(10, 0, ...Array.from({ length: 10 }, (_, i) => [...u32(i === 7 ? 4 : CHAIN)]).flat()) }],
  },
  xdp_features: {
    globals: [
      { name: "tester_addr", bytes: Uint8Array.of(...MAPPED, 1) },
      { name: "dut_addr", bytes: Uint8Array.of(...MAPPED, 2) },
    ],
    frames: () =>
      [0, 2].flatMap((command) =>
        [
          packet().eth().ipv4({ src: "10.10.0.1", dst: "10.10.0.2" }).udp({ srcPort: 1, dstPort: 12346 }),
          packet().eth().ipv4({ src: "10.10.0.2", dst: "10.10.0.1" }).udp({ srcPort: 12346, dstPort: 1 }),
          packet().eth().ipv4({ src: "10.10.0.1", dst: "10.10.0.2" }).tcp({ srcPort: 1, dstPort: 12346 }),
          packet().eth().ipv6({ src: TESTER, dst: DUT }).udp({ srcPort: 1, dstPort: 12346 }),
          packet().eth().ipv6({ src: DUT, dst: TESTER }).udp({ srcPort: 12346, dstPort: 1 }),
          packet().eth().ipv6({ src: DUT, dst: TESTER }).tcp({ srcPort: 12346, dstPort: 1 }),
        ].flatMap((start) => [start.build(), start.payload(Uint8Array.of(0, command, 0, 0)).build()]),
      ),
  },
  xdping_kern: {
    frames: () => [0, 8].flatMap((type) => [1, 2, 3, 3, 3].map((sequence) => ping(type, sequence))),
    // start, sequence, count
    entries: () => [{ map: "ping_map", key: Uint8Array.of(10, 0, 0, 1), value: concat(u64(1), Uint8Array.of(0, 3, 4, 0, 0, 0, 0, 0), new Uint8Array(80)) }],
  },
  test_xdp_adjust_tail_shrink: { frames: () => [0, 1, 2, 3].map((first) => new Uint8Array(9000).fill(first)).concat(new Uint8Array(54), new Uint8Array(74)) },
  test_xdp_adjust_tail_grow: { frames: () => [53, 54, 64, 74, 128, 9000, 9001].map((length) => new Uint8Array(length).fill(length)) },
  test_xdp_update_frags: { frames: () => [16, 3500, 3510, 3520, 7600, 7610, 7616, 8980, 8984, 8990, 2 ** 32 - 8].map(marked) },
  test_xdp_vlan: { frames: () => [0, 3, 7].map((priority) => packet().eth().vlan({ id: 4011, priority }).ipv4({ src: "10.0.0.1", dst: "10.0.0.2" }).udp().payload(20).build()) },
  vrf_socket_lookup: { globals: [{ name: "test_xdp", bytes: Uint8Array.of(1) }, { name: "tcp_skc", bytes: Uint8Array.of(1) }] },
  test_tcp_check_syncookie_kern: { frames: () => handshakes().map((start) => start.build()) },
  xdp_synproxy_kern: {
    frames: () => handshakes().flatMap((start) => [start.build(), start.payload(5).build()]),
    entries: () => [...[80, 443, 22].map((port, i) => ({ map: "allowed_ports", key: u32(i), value: Uint8Array.of(port, port >> 8) })), { map: "values", key: u32(0), value: u64(0) }],
  },
  xdpwall: {
    frames: () =>
      ["10.0.0.1", "10.0.0.9", "192.0.2.7"].flatMap((src) => {
        const gue = packet().eth().ipv6({ src: "2001:db8::1", dst: "2001:db8::2" }).udp({ dstPort: 6666 });
        const inside = packet().eth().ipv4({ src, dst: "10.0.0.2", tos: 0 }).tcp({ dstPort: 80, flags: 2 });
        return [gue.build(), gue.payload(inside.build().subarray(14)).build(), gue.payload(Uint8Array.of(0x60, ...new Uint8Array(5), 6, 1, ...new Uint8Array(60))).build()];
      }),
  },
  test_xdp_noinline: {
    // Addresses without a family, with and without a port.
    entries: (frames) =>
      frames.slice(0, 600).flatMap((frame, i) => {
        const { ipv4, ipv6, ports } = endpointsOf(frame);
        const address = ipv6[1] ?? ipv4[1];
        if (address === undefined || ports.length === 0) return [];
        const key = concat(address, new Uint8Array(16 - address.length), i % 3 === 0 ? u32(0).subarray(0, 2) : ports[1], new Uint8Array(2), Uint8Array.of(frame[ipv6.length > 0 ? 20 : 23]), new Uint8Array(3));
        return [{ map: "vip_map", key, value: concat(u32(i & 0xff), u32(i % 12)) }];
      }),
  },
  xdp_router_ipv4_linked: { maxEntries: possibleCpus() },
  test_map_in_map: { inner: { mim_array: INT_HASH, mim_hash: INT_HASH } },
  ...Object.fromEntries(["loader-el", "loader-clang-7-el", "loader-clang-9-el", "loader-clang-14-el"].map((name) => [name, { inner: { array_of_hash_map: "hash_map" } }])),
};

/** Frames for programs that were not written for XDP: there are many, and most look at no frame. */
const FEW = 250;
/** Programs that go round millions of times a frame. */
const LONG = /^iters\/iter_err_too_permissive[23]$/;
const VERY_FEW = 4;

/** Long frames, whose lengths lie around the ends of fragments. */
const JUMBO = [3519, 3520, 3521, 3536, 4096, 7615, 7616, 7617, 11712, 11713, 16000].map((length) => Uint8Array.from({ length }, (_, i) => (i * 7) >> 3));

/** Every frame that a program is run on. */
export function framesFor(name: string, version: string, program: ProgramSpec): readonly Uint8Array[] {
  // may_goto ends a loop when the packet's time is up, and not before.
  const long = LONG.test(`${name}/${program.name}`) || program.insns.some((insn) => nameOf(insn) === "may_goto");
  if (version === AS_XDP) return varied.slice(0, long ? VERY_FEW : FEW);
  return [...varied, ...(program.frags ? JUMBO : []), ...(CASES[name]?.frames?.() ?? [])];
}

export function entriesFor(name: string, object: ObjectSpec, frames: readonly Uint8Array[]): readonly Entry[] {
  return (CASES[name]?.entries?.(frames) ?? []).filter(({ map }) => object.maps.some((other) => other.name === map));
}

/** The object as its own user-space program has it when it loads. */
export function configured(name: string, object: ObjectSpec): ObjectSpec {
  const setting = CASES[name];
  if (setting?.globals === undefined && setting?.maxEntries === undefined && setting?.inner === undefined) return object;
  const maps = object.maps.map((map) => {
    const template = setting.inner?.[map.name];
    const inner = typeof template === "string" ? object.maps.find((other) => other.name === template) : template;
    return { ...map, ...(inner === undefined ? {} : { inner }), maxEntries: map.maxEntries || (setting.maxEntries ?? 0), ...withGlobals(map, object.btf, setting.globals ?? []) };
  });
  return { ...object, maps };
}

function withGlobals(map: MapSpec, btf: BtfSpec | undefined, globals: NonNullable<Case["globals"]>): { initial?: string } {
  if (map.initial === undefined) return {};
  const bytes = Buffer.from(map.initial, "base64");
  for (const type of btf?.types ?? []) {
    if (type.kind !== "datasec" || type.name !== map.dataSection) continue;
    for (const { type: id, offset } of type.vars) {
      const variable = btf?.types[id];
      for (const { name, offset: inside = 0, bytes: value } of globals) {
        if (variable?.kind === "var" && variable.name === name) bytes.set(value, offset + inside);
      }
    }
  }
  return { initial: bytes.toString("base64") };
}
