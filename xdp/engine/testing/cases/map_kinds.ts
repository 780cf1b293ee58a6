/** Map types beyond values by key, through programs: maps of maps, queues, stacks, bloom filters, ring buffers, perf event arrays. */
import { FAULT_ARGUMENT, FAULT_READ, FAULT_WRITE } from "../../../abi.js";
import { EPILOGUE, counting, prologue, withU64 } from "../case.js";
import type { CaseMap, EngineCase } from "../case.js";
import { stackPointer, storeBytes } from "../probe.js";

const MINUS = (errno: number): number => -errno >>> 0;
const ENOENT = 2;
const E2BIG = 7;
const EAGAIN = 11;
const EFAULT = 14;
const EEXIST = 17;
const EINVAL = 22;

const key = (value: number): string => `*(u32 *)(r10 -4) = ${value}`;
/** Looks key r10 - 4 up in `map`. */
const lookup = (map: string): string => `r1 = map[${map}] ll\n r2 = r10\n r2 += -4\n call bpf_map_lookup_elem`;
/** Looks the key at r10 - 8 up in the map at r0. */
const INSIDE = "r1 = r0\n r2 = r10\n r2 += -8\n call bpf_map_lookup_elem";
const DEREFERENCE = "if r0 == 0 goto none\n r0 = *(u64 *)(r0 +0)\n exit\n none: r0 = -1\n exit";

const ARRAY = (name: string, value: string): CaseMap => ({ name, type: "BPF_MAP_TYPE_ARRAY", entries: 4, before: [["02000000", value]] });
const HASH = (name: string, value: string): CaseMap => ({ name, type: "BPF_MAP_TYPE_HASH", entries: 4, before: [["02000000", value]] });
const A = "2a00000000000000";
const B = "4d00000000000000";

const MAPS_OF_MAPS = [
  ["array of arrays", "BPF_MAP_TYPE_ARRAY_OF_MAPS", ARRAY],
  ["array of hashes", "BPF_MAP_TYPE_ARRAY_OF_MAPS", HASH],
  ["hash of arrays", "BPF_MAP_TYPE_HASH_OF_MAPS", ARRAY],
  ["hash of hashes", "BPF_MAP_TYPE_HASH_OF_MAPS", HASH],
] as const;

const MAP_OF_MAPS_CASES = MAPS_OF_MAPS.flatMap(([name, type, inner]): EngineCase[] => {
  const outer: CaseMap = { name: "outer", type, value: 4, entries: 4, inner: inner("template", A), put: { 1: "a", 3: "b" } };
  const maps = [outer, inner("a", A), inner("b", B)];
  const read = (outside: number, inside: number): string => `${key(outside)}\n *(u32 *)(r10 -8) = ${inside}\n ${lookup("outer")}\n if r0 == 0 goto none\n ${INSIDE}\n ${DEREFERENCE}`;
  return [
    { description: `${name}: the first inner map`, asm: read(1, 2), maps, ret: 0x2a },
    { description: `${name}: the second inner map`, asm: read(3, 2), maps, ret: 0x4d },
    { description: `${name}: no inner map`, asm: read(2, 2), maps, ret: 0xffff_ffff },
    { description: `${name}: a key beyond the end`, asm: read(4, 2), maps, ret: 0xffff_ffff },
    { description: `${name}: a key that the inner map does not have`, asm: read(1, 9), maps, ret: 0xffff_ffff },
    {
      description: `${name}: update, BPF_NOEXIST and delete inside`,
      asm: `${prologue(48)}
        ${key(3)}
        ${lookup("outer")}
        if r0 == 0 goto out
        r8 = r0
        *(u32 *)(r10 -8) = 2
        *(u64 *)(r10 -16) = 99
        r1 = r8
        r2 = r10
        r2 += -8
        r3 = r10
        r3 += -16
        r4 = 0
        call bpf_map_update_elem
        *(u64 *)(r6 +16) = r0
        r1 = r8
        r2 = r10
        r2 += -8
        r3 = r10
        r3 += -16
        r4 = 1
        call bpf_map_update_elem
        *(u64 *)(r6 +24) = r0
        *(u32 *)(r10 -8) = 1
        r1 = r8
        r2 = r10
        r2 += -8
        call bpf_map_delete_elem
        *(u64 *)(r6 +32) = r0
        ${EPILOGUE}`,
      maps: [outer, { ...inner("a", A), after: [["02000000", A]] }, { ...inner("b", B), after: [["02000000", "6300000000000000"]] }],
      packets: [{ in: counting(48), ret: 2, data: withU64(counting(48), [16, 0n], [24, -BigInt(EEXIST)], [32, -BigInt(inner === ARRAY ? EINVAL : ENOENT)]) }],
    },
    {
      description: `${name}: inner maps by the packet`,
      asm: `${prologue(40)}
        r1 = *(u8 *)(r6 +20)
        *(u32 *)(r10 -4) = r1
        *(u32 *)(r10 -8) = 2
        ${lookup("outer")}
        if r0 == 0 goto out
        ${INSIDE}
        if r0 == 0 goto out
        r1 = 1
        lock *(u64 *)(r0 +0) += r1
        ${EPILOGUE}`,
      maps: [outer, { ...inner("a", A), after: [["02000000", "2c00000000000000"]] }, { ...inner("b", B), after: [["02000000", "4e00000000000000"]] }],
      packets: [1, 3, 2, 1].map((index) => ({ in: counting(40).with(20, index) })),
    },
  ];
});

const QUEUE: CaseMap = { name: "q", type: "BPF_MAP_TYPE_QUEUE", key: 0, value: 8, entries: 3 };
const STACK: CaseMap = { ...QUEUE, type: "BPF_MAP_TYPE_STACK" };
const push = (value: number, flags = 0): string => `*(u64 *)(r10 -8) = ${value}\n r1 = map[q] ll\n r2 = r10\n r2 += -8\n r3 = ${flags}\n call bpf_map_push_elem`;
const take = (how: "pop" | "peek"): string => `*(u64 *)(r10 -8) = 12345\n r1 = map[q] ll\n r2 = r10\n r2 += -8\n call bpf_map_${how}_elem`;
/** Stores the result of the call at packet + `at`, and what is at r10 - 8 behind it. */
const note = (at: number): string => `*(u64 *)(r6 +${at}) = r0\n r1 = *(u64 *)(r10 -8)\n *(u64 *)(r6 +${at + 8}) = r1`;

const QUEUE_CASES: readonly EngineCase[] = [
  ...([["queue", QUEUE, 7n, 8n], ["stack", STACK, 8n, 7n]] as const).map(([name, map, first, second]): EngineCase => ({
    description: `${name}: push, peek, pop, empty`,
    asm: `${prologue(96)}\n ${push(7)}\n ${push(8)}\n ${take("peek")}\n ${note(16)}\n ${take("pop")}\n ${note(32)}\n ${take("pop")}\n ${note(48)}\n ${take("pop")}\n ${note(64)}\n ${take("peek")}\n ${note(80)}\n ${EPILOGUE}`,
    maps: [map],
    packets: [{ in: counting(96), ret: 2, data: withU64(counting(96), [16, 0n], [24, first], [32, 0n], [40, first], [48, 0n], [56, second], [64, -BigInt(ENOENT)], [72, 0n], [80, -BigInt(ENOENT)], [88, 0n]) }],
  })),
  ...([["queue", QUEUE, 2n], ["stack", STACK, 4n]] as const).map(([name, map, next]): EngineCase => ({
    description: `${name}: full, and BPF_EXIST makes room`,
    asm: `${prologue(64)}\n ${push(1)}\n ${push(2)}\n ${push(3)}\n ${push(4)}\n ${note(16)}\n ${push(4, 2)}\n ${note(32)}\n ${take("pop")}\n ${note(48)}\n ${EPILOGUE}`,
    maps: [map],
    packets: [{ in: counting(64), ret: 2, data: withU64(counting(64), [16, -BigInt(E2BIG)], [24, 4n], [32, 0n], [40, 4n], [48, 0n], [56, next]) }],
  })),
  { description: "queue: BPF_NOEXIST", asm: `${push(1, 1)}\n exit`, maps: [QUEUE], ret: MINUS(EINVAL) },
  { description: "stack: unknown flags", asm: `${push(1, 4)}\n exit`, maps: [STACK], ret: MINUS(EINVAL) },
  { description: "queue: from one packet to the next", asm: `${push(5)}\n ${take("pop")}\n r0 = *(u64 *)(r10 -8)\n r6 = r0\n r6 += 1\n *(u64 *)(r10 -8) = r6\n r1 = map[q] ll\n r2 = r10\n r2 += -8\n r3 = 0\n call bpf_map_push_elem\n r0 = r6\n exit`, maps: [QUEUE], packets: [{ ret: 6 }, { ret: 7 }, { ret: 6 }, { ret: 8 }] },
];

const BLOOM: CaseMap = { name: "q", type: "BPF_MAP_TYPE_BLOOM_FILTER", key: 0, value: 8, entries: 100, flags: 64, extra: 3 };
const BLOOM_CASES: readonly EngineCase[] = [
  { description: "bloom filter: what was pushed", asm: `${push(7)}\n r1 = map[q] ll\n r2 = r10\n r2 += -8\n call bpf_map_peek_elem\n exit`, maps: [BLOOM], ret: 0 },
  { description: "bloom filter: what was not", asm: `${push(7)}\n ${take("peek")}\n exit`, maps: [BLOOM], ret: MINUS(ENOENT) },
  { description: "bloom filter: flags", asm: `${push(7, 2)}\n exit`, maps: [BLOOM], ret: MINUS(EINVAL) },
];

const RING: CaseMap = { name: "r", type: "BPF_MAP_TYPE_RINGBUF", key: 0, value: 0, entries: 4096 };
const query = (what: number): string => `r1 = map[r] ll\n r2 = ${what}\n call bpf_ringbuf_query`;
const output = (size: number, flags = 0): string => `r1 = map[r] ll\n r2 = r10\n r2 += -504\n r3 = ${size}\n r4 = ${flags}\n call bpf_ringbuf_output`;
const reserve = (size: number, flags = 0): string => `r1 = map[r] ll\n r2 = ${size}\n r3 = ${flags}\n call bpf_ringbuf_reserve`;
/** 504 bytes of stack from r10 - 504. */
const FILL = Array.from({ length: 63 }, (_, i) => `*(u64 *)(r10 -${8 * (i + 1)}) = ${i}`).join("\n ");
const end = (how: "submit" | "discard", flags = 0): string => `r1 = r0\n r2 = ${flags}\n call bpf_ringbuf_${how}`;

const RINGBUF_CASES: readonly EngineCase[] = [
  { description: "ring buffer: output counts in AVAIL_DATA", asm: `${FILL}\n ${output(20)}\n r6 = r0\n ${output(8, 1)}\n r6 += r0\n ${output(0, 2)}\n r6 += r0\n ${query(0)}\n r0 += r6\n exit`, maps: [RING], packets: [{ ret: 32 + 16 + 8 }, { ret: 112 }] },
  { description: "ring buffer: unknown flags", asm: `${FILL}\n ${output(20, 4)}\n exit`, maps: [RING], ret: MINUS(EINVAL) },
  { description: "ring buffer: both wakeup flags", asm: `${FILL}\n ${output(20, 3)}\n exit`, maps: [RING], ret: 0 },
  ...[0, 1, 2, 3, 4, 99].map((what): EngineCase => ({ description: `ring buffer: query ${what}`, asm: `${FILL}\n ${output(10)}\n ${query(what)}\n exit`, maps: [RING], ret: [24, 4096, 0, 24][what] ?? 0 })),
  {
    description: "ring buffer: full after what fits",
    asm: `${FILL}\n r6 = 0\n r7 = 0\n more: ${output(504)}\n if r0 != 0 goto stop\n r6 += 1\n stop: r8 = r0\n r7 += 1\n if r7 < 10 goto more\n r8 <<= 8\n r0 = r6\n r0 += r8\n exit`,
    maps: [RING],
    packets: [{ ret: (7 - EAGAIN * 256) >>> 0 }, { ret: (-EAGAIN * 256) >>> 0 }],
  },
  { description: "ring buffer: a record larger than the ring", asm: `${reserve(4096)}\n if r0 == 0 goto none\n ${end("discard")}\n r0 = 1\n exit\n none: r0 = 77\n exit`, maps: [RING], ret: 77 },
  { description: "ring buffer: a record as large as the ring", asm: `${reserve(4088)}\n if r0 == 0 goto none\n ${end("discard")}\n r0 = 1\n exit\n none: r0 = 77\n exit`, maps: [RING], ret: 77 },
  { description: "ring buffer: the largest record", asm: `${reserve(4080)}\n if r0 == 0 goto none\n *(u64 *)(r0 +4072) = 1\n ${end("submit")}\n ${query(0)}\n exit\n none: r0 = 77\n exit`, maps: [RING], packets: [{ ret: 4088 }, { ret: 77 }] },
  { description: "ring buffer: reserve with flags", asm: `${reserve(8, 1)}\n if r0 == 0 goto none\n ${end("discard")}\n r0 = 1\n exit\n none: r0 = 77\n exit`, maps: [RING], ret: 77 },
  {
    description: "ring buffer: reserved, written, read, submitted",
    asm: `${reserve(24)}\n if r0 == 0 goto none\n *(u64 *)(r0 +0) = 5\n *(u32 *)(r0 +20) = 6\n *(u8 *)(r0 +8) = 7\n r6 = *(u64 *)(r0 +0)\n r7 = *(u32 *)(r0 +20)\n r6 += r7\n r7 = *(u8 *)(r0 +8)\n r6 += r7\n ${end("submit")}\n ${query(3)}\n r0 += r6\n exit\n none: r0 = 77\n exit`,
    maps: [RING],
    packets: [{ ret: 32 + 18 }, { ret: 64 + 18 }],
  },
  {
    description: "ring buffer: two records at a time, ended out of order",
    asm: `${reserve(8)}\n if r0 == 0 goto none\n r6 = r0\n ${reserve(16)}\n if r0 == 0 goto one\n r7 = r0\n *(u64 *)(r6 +0) = 3\n *(u64 *)(r7 +8) = 4\n r8 = *(u64 *)(r6 +0)\n r1 = *(u64 *)(r7 +8)\n r8 += r1\n r1 = r7\n r2 = 0\n call bpf_ringbuf_discard\n r1 = r6\n r2 = 0\n call bpf_ringbuf_submit\n ${query(3)}\n r0 += r8\n exit\n one: r1 = r6\n r2 = 0\n call bpf_ringbuf_discard\n none: r0 = 77\n exit`,
    maps: [RING],
    packets: [{ ret: 40 + 7 }, { ret: 80 + 7 }],
  },
  {
    description: "ring buffer: a record as the value of an update",
    asm: `${reserve(8)}\n if r0 == 0 goto none\n r6 = r0\n *(u64 *)(r6 +0) = 9\n *(u32 *)(r10 -4) = 1\n r1 = map[m] ll\n r2 = r10\n r2 += -4\n r3 = r6\n r4 = 0\n call bpf_map_update_elem\n r1 = r6\n r2 = 0\n call bpf_ringbuf_submit\n none: r0 = 2\n exit`,
    maps: [RING, { name: "m", type: "BPF_MAP_TYPE_HASH", after: [["01000000", "0900000000000000"]] }],
    ret: 2,
  },
  { description: "ring buffer: a write behind the record", kernel: false, asm: `${reserve(8)}\n if r0 == 0 goto none\n *(u64 *)(r0 +4) = 1\n none: r0 = 2\n exit`, maps: [RING], packets: [{ fault: { code: FAULT_WRITE, insn: 6 } }] },
  { description: "ring buffer: a read of the record's header", kernel: false, asm: `${reserve(8)}\n if r0 == 0 goto none\n r0 = *(u64 *)(r0 -8)\n none: exit`, maps: [RING], packets: [{ fault: { code: FAULT_READ, insn: 6 } }] },
  { description: "ring buffer: a write to a record that was submitted", kernel: false, asm: `${reserve(8)}\n r6 = r0\n ${end("submit")}\n *(u64 *)(r6 +0) = 1\n exit`, maps: [RING], packets: [{ fault: { code: FAULT_WRITE, insn: 9 } }] },
  { description: "ring buffer: submitted twice", kernel: false, asm: `${reserve(8)}\n r6 = r0\n ${end("submit")}\n r1 = r6\n r2 = 0\n call bpf_ringbuf_submit\n exit`, maps: [RING], packets: [{ fault: { code: FAULT_ARGUMENT, insn: 11 } }] },
  { description: "ring buffer: the middle of a record submitted", kernel: false, asm: `${reserve(16)}\n r0 += 8\n ${end("submit")}\n exit`, maps: [RING], packets: [{ fault: { code: FAULT_ARGUMENT, insn: 8 } }] },
];

const EVENTS: CaseMap = { name: "e", type: "BPF_MAP_TYPE_PERF_EVENT_ARRAY", value: 4, entries: 2 };
const event = (flags: string, size = 8): string => `r6 = r1\n *(u64 *)(r10 -8) = 1\n r2 = map[e] ll\n r3 = ${flags}\n r4 = r10\n r4 += -8\n r5 = ${size}\n call bpf_perf_event_output\n exit`;

const PERF_CASES: readonly EngineCase[] = [
  { description: "perf event array: nobody reads", asm: event("0xffffffff ll"), maps: [EVENTS], ret: MINUS(ENOENT) },
  { description: "perf event array: nobody reads entry 1", asm: event("1"), maps: [EVENTS], ret: MINUS(ENOENT) },
  { description: "perf event array: an entry beyond the end", asm: event("2"), maps: [EVENTS], ret: MINUS(E2BIG) },
  { description: "perf event array: unknown flags", asm: event("0x10000000000000 ll"), maps: [EVENTS], ret: MINUS(EINVAL) },
  { description: "perf event array: more of the packet than there is", asm: event("0x41ffffffff ll"), maps: [EVENTS], packets: [{ in: counting(64), ret: MINUS(EFAULT) }] },
  { description: "perf event array: all of the packet", asm: event("0x40ffffffff ll"), maps: [EVENTS], packets: [{ in: counting(64), ret: MINUS(ENOENT) }] },
  { description: "perf event array: flags before length", asm: event("0x1000ffff00000005 ll"), maps: [EVENTS], ret: MINUS(EINVAL) },
  { description: "perf event array: length before entry", asm: event("0xffff00000005 ll"), maps: [EVENTS], ret: MINUS(EFAULT) },
];

const ACCESS_CASES: readonly EngineCase[] = [
  { description: "write-only for programs: a write", asm: `${key(2)}\n ${lookup("m")}\n if r0 == 0 goto none\n *(u64 *)(r0 +0) = 5\n none: r0 = 2\n exit`, maps: [{ ...ARRAY("m", A), flags: 256, after: [["02000000", "0500000000000000"]] }], ret: 2 },
  { description: "write-only for programs: a read", kernel: false, asm: `${key(2)}\n ${lookup("m")}\n if r0 == 0 goto none\n r0 = *(u64 *)(r0 +0)\n none: exit`, maps: [{ ...ARRAY("m", A), flags: 256 }], packets: [{ fault: { code: FAULT_READ, insn: 7 } }] },
  { description: "write-only for programs: an update", asm: `${key(2)}\n *(u64 *)(r10 -16) = 6\n r1 = map[m] ll\n r2 = r10\n r2 += -4\n r3 = r10\n r3 += -16\n r4 = 0\n call bpf_map_update_elem\n exit`, maps: [{ ...HASH("m", A), flags: 256, after: [["02000000", "0600000000000000"]] }], ret: 0 },
  { description: "read-only for programs: a read of a hash", asm: `${key(2)}\n ${lookup("m")}\n ${DEREFERENCE}`, maps: [{ ...HASH("m", A), flags: 128 }], ret: 0x2a },
];

/** Finds the socket 10.0.0.9:1234 -> 10.0.0.1:80; r8 holds it. */
const FIND = `${storeBytes("0a0000090a00000104d20050", -64)}\n r1 = r6\n ${stackPointer(2, -64)}\n r3 = 12\n r4 = -1\n r5 = 0\n call bpf_sk_lookup_tcp\n if r0 == 0 goto none\n r8 = r0`;
const keep = (flags: number, index = 1): string => `${key(index)}\n r1 = map[s] ll\n r2 = r10\n r2 += -4\n r3 = r8\n r4 = ${flags}\n call bpf_map_update_elem`;
const forget = `${key(1)}\n r1 = map[s] ll\n r2 = r10\n r2 += -4\n call bpf_map_delete_elem`;
/** Releases r8 and returns r7. */
const RELEASE = "r1 = r8\n call bpf_sk_release\n r0 = r7\n exit\n none: r0 = 1000\n exit";
const NETWORK: NonNullable<EngineCase["network"]> = {
  interfaces: [{ ifindex: 1, name: "port0", mac: "02:00:00:00:00:01", mtu: 1500, forwarding: true }],
  routes: [],
  neighbours: [],
  sockets: [{ protocol: "tcp", address: "10.0.0.1", port: 80, peer: { address: "10.0.0.9", port: 1234 }, mark: 3 }],
};

const SOCKET_CASES = ([["sockmap", "BPF_MAP_TYPE_SOCKMAP"], ["sockhash", "BPF_MAP_TYPE_SOCKHASH"]] as const).flatMap(([name, type]): EngineCase[] => {
  const map: CaseMap = { name: "s", type, entries: 2 };
  const scenario = { maps: [map], network: NETWORK, kernel: false };
  return [
    { description: `${name}: empty`, asm: `${key(1)}\n ${lookup("s")}\n if r0 == 0 goto none\n r1 = r0\n call bpf_sk_release\n r0 = 1\n exit\n none: r0 = 77\n exit`, maps: [map], ret: 77 },
    { description: `${name}: delete what is not there`, asm: `${forget}\n exit`, maps: [map], ret: MINUS(type === "BPF_MAP_TYPE_SOCKMAP" ? EINVAL : ENOENT) },
    {
      description: `${name}: a socket that is put in comes out`,
      asm: `r6 = r1\n ${FIND}\n ${keep(0)}\n r7 = r0\n ${lookup("s")}\n if r0 == 0 goto gone\n r1 = *(u32 *)(r0 +16)\n r7 += r1\n r1 = r0\n call bpf_sk_release\n gone: ${RELEASE}`,
      ...scenario,
      packets: [{ ret: 3 }, { ret: 3 }],
    },
    { description: `${name}: BPF_NOEXIST on what is there`, asm: `r6 = r1\n ${FIND}\n ${keep(0)}\n ${keep(1)}\n r7 = r0\n ${RELEASE}`, ...scenario, ret: MINUS(EEXIST) },
    { description: `${name}: BPF_EXIST on what is not`, asm: `r6 = r1\n ${FIND}\n ${keep(2)}\n r7 = r0\n ${RELEASE}`, ...scenario, ret: MINUS(ENOENT) },
    { description: `${name}: deleted`, asm: `r6 = r1\n ${FIND}\n ${keep(0)}\n ${forget}\n r7 = r0\n ${lookup("s")}\n if r0 == 0 goto gone\n r1 = r0\n call bpf_sk_release\n r7 = 5\n gone: ${RELEASE}`, ...scenario, ret: 0 },
  ];
});

const drain = (flags: number): string => `r1 = map[u] ll\n r2 = subprog[sample]\n r3 = 0\n r4 = ${flags}\n call bpf_user_ringbuf_drain\n exit\n sample: r0 = 0\n exit`;
const USER_RING: CaseMap = { name: "u", type: "BPF_MAP_TYPE_USER_RINGBUF", key: 0, value: 0, entries: 4096 };
const USER_RINGBUF_CASES: readonly EngineCase[] = [0, 1, 2, 3].map((flags): EngineCase => ({ description: `user ring buffer: nothing written, flags ${flags}`, asm: drain(flags), maps: [USER_RING], ret: 0 }));
const BAD_DRAIN: EngineCase = { description: "user ring buffer: unknown flags", asm: drain(4), maps: [USER_RING], ret: MINUS(EINVAL) };

export const MAP_KIND_CASES: readonly EngineCase[] = [...MAP_OF_MAPS_CASES, ...QUEUE_CASES, ...BLOOM_CASES, ...RINGBUF_CASES, ...PERF_CASES, ...SOCKET_CASES, ...USER_RINGBUF_CASES, BAD_DRAIN, ...ACCESS_CASES];
