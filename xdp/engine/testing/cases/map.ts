/** Map helpers through programs: results, errors, per-CPU values, global data. What maps do by themselves has tests of its own (xdp/maps). */
import { FAULT_READ, FAULT_WRITE } from "../../../abi.js";
import { EPILOGUE, counting, prologue, withU64 } from "../case.js";
import type { CaseMap, EngineCase } from "../case.js";

/** Key at r10 - 4, value at r10 - 16; r0 = the helper's result. */
const LOOKUP = "r1 = map[m] ll\n r2 = r10\n r2 += -4\n call bpf_map_lookup_elem";
const DELETE = "r1 = map[m] ll\n r2 = r10\n r2 += -4\n call bpf_map_delete_elem";
const update = (flags: number): string => `r1 = map[m] ll\n r2 = r10\n r2 += -4\n r3 = r10\n r3 += -16\n r4 = ${flags}\n call bpf_map_update_elem`;
const key = (value: number): string => `*(u32 *)(r10 -4) = ${value}`;
const value = (value: number): string => `*(u64 *)(r10 -16) = ${value}`;
/** r0 = the value at r0, or -1. */
const DEREFERENCE = "if r0 == 0 goto none\n r0 = *(u64 *)(r0 +0)\n exit\n none: r0 = -1\n exit";

const ARRAY: CaseMap = { name: "m", type: "BPF_MAP_TYPE_ARRAY", entries: 4, before: [["02000000", "2a00000000000000"]] };
const HASH: CaseMap = { name: "m", type: "BPF_MAP_TYPE_HASH", entries: 4, before: [["02000000", "2a00000000000000"]] };
const MAPS = [
  ["array", ARRAY],
  ["hash", HASH],
  ["LRU hash", { ...HASH, type: "BPF_MAP_TYPE_LRU_HASH", entries: 1024 }],
] as const;

const MINUS = (errno: number): number => -errno >>> 0;

export const MAP_CASES: readonly EngineCase[] = [
  ...MAPS.flatMap(([name, map]): EngineCase[] => [
    { description: `${name}: lookup of what is there`, asm: `${key(2)}\n ${LOOKUP}\n ${DEREFERENCE}`, maps: [map], ret: 42 },
    { description: `${name}: lookup of what is not there`, asm: `${key(9)}\n ${LOOKUP}\n ${DEREFERENCE}`, maps: [map], ret: 0xffff_ffff },
    {
      description: `${name}: writing through the pointer`,
      asm: `${key(2)}\n ${LOOKUP}\n if r0 == 0 goto none\n r1 = *(u64 *)(r0 +0)\n r1 += 1\n *(u64 *)(r0 +0) = r1\n *(u8 *)(r0 +7) = 1\n none: r0 = 2\n exit`,
      maps: [{ ...map, after: [["02000000", "2c00000000000001"]] }],
      packets: [{ ret: 2 }, { ret: 2 }],
    },
    { description: `${name}: update of what is there`, asm: `${key(2)}\n ${value(7)}\n ${update(0)}\n exit`, maps: [{ ...map, after: [["02000000", "0700000000000000"]] }], ret: 0 },
    { description: `${name}: BPF_EXIST on what is there`, asm: `${key(2)}\n ${value(7)}\n ${update(2)}\n exit`, maps: [{ ...map, after: [["02000000", "0700000000000000"]] }], ret: 0 },
    { description: `${name}: BPF_NOEXIST on what is there`, asm: `${key(2)}\n ${value(7)}\n ${update(1)}\n exit`, maps: [{ ...map, after: [["02000000", "2a00000000000000"]] }], ret: MINUS(17) },
    { description: `${name}: update with unknown flags`, asm: `${key(2)}\n ${value(7)}\n ${update(64)}\n exit`, maps: [map], ret: MINUS(22) },
  ]),
  { description: "array: delete", asm: `${key(2)}\n ${DELETE}\n exit`, maps: [ARRAY], ret: MINUS(22) },
  { description: "array: update beyond the end", asm: `${key(4)}\n ${value(7)}\n ${update(0)}\n exit`, maps: [ARRAY], ret: MINUS(7) },
  { description: "hash: a new key", asm: `${key(3)}\n ${value(7)}\n ${update(0)}\n exit`, maps: [{ ...HASH, after: [["02000000", "2a00000000000000"], ["03000000", "0700000000000000"]] }], ret: 0 },
  { description: "hash: BPF_EXIST on what is not there", asm: `${key(3)}\n ${value(7)}\n ${update(2)}\n exit`, maps: [HASH], ret: MINUS(2) },
  { description: "hash: delete, then lookup", asm: `${key(2)}\n ${DELETE}\n r6 = r0\n ${LOOKUP}\n if r0 != 0 goto there\n r0 = r6\n exit\n there: r0 = 99\n exit`, maps: [{ ...HASH, after: [] }], ret: 0 },
  { description: "hash: delete of what is not there", asm: `${key(3)}\n ${DELETE}\n exit`, maps: [HASH], ret: MINUS(2) },
  {
    description: "hash: full",
    asm: `${key(0)}\n ${value(0)}\n r6 = 10\n more: *(u32 *)(r10 -4) = r6\n ${update(0)}\n if r0 != 0 goto end\n r6 += 1\n if r6 < 20 goto more\n end: r0 += r6\n exit`,
    maps: [{ ...HASH, before: [] }],
    ret: 14 - 7,
  },
  {
    description: "LPM trie: the longest prefix",
    asm: "*(u32 *)(r10 -8) = 32\n *(u32 *)(r10 -4) = 0x0501a8c0\n r1 = map[m] ll\n r2 = r10\n r2 += -8\n call bpf_map_lookup_elem\n if r0 == 0 goto none\n r0 = *(u64 *)(r0 +0)\n exit\n none: r0 = 99\n exit",
    maps: [{
      name: "m", type: "BPF_MAP_TYPE_LPM_TRIE", key: 8, flags: 1,
      before: [["10000000 c0a80000", "0100000000000000"], ["18000000 c0a80100", "0200000000000000"], ["20000000 c0a80106", "0300000000000000"]],
    }],
    ret: 2,
  },
  {
    description: "per-CPU array: each CPU has its own",
    kernel: false,
    asm: `${key(0)}\n ${LOOKUP}\n if r0 == 0 goto none\n r1 = *(u64 *)(r0 +0)\n r1 += 1\n *(u64 *)(r0 +0) = r1\n r0 = r1\n exit\n none: r0 = 99\n exit`,
    cpus: 3,
    maps: [{ name: "m", type: "BPF_MAP_TYPE_PERCPU_ARRAY", entries: 2, after: [["00000000", "0300000000000000 0000000000000000 0200000000000000"]] }],
    packets: [{ cpu: 0, ret: 1 }, { cpu: 2, ret: 1 }, { cpu: 0, ret: 2 }, { cpu: 2, ret: 2 }, { cpu: 0, ret: 3 }],
  },
  {
    description: "per-CPU hash: bpf_map_lookup_percpu_elem looks at another CPU",
    kernel: false,
    asm: `${key(5)}\n r1 = map[m] ll\n r2 = r10\n r2 += -4\n r3 = 1\n call bpf_map_lookup_percpu_elem\n ${DEREFERENCE}`,
    cpus: 2,
    maps: [{ name: "m", type: "BPF_MAP_TYPE_PERCPU_HASH", before: [["05000000", "0100000000000000 1700000000000000"]] }],
    packets: [{ cpu: 0, ret: 0x17 }],
  },
  {
    description: "bpf_map_lookup_percpu_elem of a CPU that does not exist",
    kernel: false,
    asm: `${key(0)}\n r1 = map[m] ll\n r2 = r10\n r2 += -4\n r3 = 2\n call bpf_map_lookup_percpu_elem\n ${DEREFERENCE}`,
    cpus: 2,
    maps: [{ name: "m", type: "BPF_MAP_TYPE_PERCPU_ARRAY" }],
    ret: 0xffff_ffff,
  },
  {
    description: "key and value in the packet",
    asm: `${prologue(40)}
      r1 = map[m] ll
      r2 = r6
      r2 += 16
      r3 = r6
      r3 += 24
      r4 = 0
      call bpf_map_update_elem
      ${EPILOGUE}`,
    maps: [{ name: "m", type: "BPF_MAP_TYPE_HASH", after: [["10111213", "18191a1b1c1d1e1f"]] }],
    packets: [{ in: counting(40), ret: 2 }],
  },
  {
    description: "a value as the key of the next lookup",
    asm: `${key(1)}\n ${LOOKUP}\n if r0 == 0 goto none\n r2 = r0\n r1 = map[m] ll\n call bpf_map_lookup_elem\n ${DEREFERENCE}`,
    maps: [{ ...ARRAY, before: [["01000000", "0300000000000000"], ["03000000", "4d00000000000000"]] }],
    ret: 0x4d,
  },
  {
    description: "global data: read, changed, kept",
    asm: "r1 = map[.data][0]+8 ll\n r0 = *(u64 *)(r1 +0)\n r2 = r0\n r2 += 1\n *(u64 *)(r1 +0) = r2\n r3 = map[.data][0]+0 ll\n r3 = *(u64 *)(r3 +0)\n r0 += r3\n exit",
    maps: [{ name: ".data", type: "BPF_MAP_TYPE_ARRAY", entries: 1, value: 16, initial: "6400000000000000 0500000000000000", after: [["00000000", "6400000000000000 0700000000000000"]] }],
    packets: [{ ret: 105 }, { ret: 106 }],
  },
  {
    description: "read-only data cannot be written",
    asm: "r1 = map[.rodata][0]+0 ll\n r0 = *(u64 *)(r1 +0)\n *(u64 *)(r1 +0) = 1\n exit",
    kernel: false,
    maps: [{ name: ".rodata", type: "BPF_MAP_TYPE_ARRAY", entries: 1, flags: 128, initial: "0500000000000000", after: [["00000000", "0500000000000000"]] }],
    packets: [{ fault: { code: FAULT_WRITE, insn: 3 } }],
  },
  {
    description: "one byte behind a value",
    asm: `${key(2)}\n ${LOOKUP}\n if r0 == 0 goto none\n r0 = *(u8 *)(r0 +5)\n none: exit`,
    kernel: false,
    maps: [{ ...ARRAY, value: 5, before: [] }],
    packets: [{ fault: { code: FAULT_READ, insn: 7 } }],
  },
  {
    description: "a hash value across its end",
    asm: `${key(2)}\n ${LOOKUP}\n if r0 == 0 goto none\n *(u64 *)(r0 +1) = 0\n none: exit`,
    kernel: false,
    maps: [{ ...HASH, after: [["02000000", "2a00000000000000"]] }],
    packets: [{ fault: { code: FAULT_WRITE, insn: 7 } }],
  },
  {
    description: "the first and the last byte of a value of many bytes",
    asm: `${key(1)}\n ${LOOKUP}\n if r0 == 0 goto none\n r1 = *(u8 *)(r0 +0)\n r2 = *(u8 *)(r0 +99)\n r1 <<= 8\n r0 = r1\n r0 |= r2\n none: exit`,
    maps: [{ name: "m", type: "BPF_MAP_TYPE_ARRAY", value: 100, before: [["01000000", `07${"00".repeat(98)}09`]] }],
    ret: 0x709,
  },
  {
    description: "results of two maps stay apart",
    asm: `${prologue(40)}
      ${key(1)}
      ${LOOKUP}
      if r0 == 0 goto out
      r8 = r0
      r1 = map[n] ll
      r2 = r10
      r2 += -4
      call bpf_map_lookup_elem
      if r0 == 0 goto out
      r1 = *(u64 *)(r8 +0)
      r2 = *(u64 *)(r0 +0)
      *(u64 *)(r6 +16) = r1
      *(u64 *)(r6 +24) = r2
      ${EPILOGUE}`,
    maps: [{ ...ARRAY, before: [["01000000", "0300000000000000"]] }, { name: "n", type: "BPF_MAP_TYPE_HASH", before: [["01000000", "0400000000000000"]] }],
    packets: [{ in: counting(40), ret: 2, data: withU64(counting(40), [16, 3n], [24, 4n]) }],
  },
];
