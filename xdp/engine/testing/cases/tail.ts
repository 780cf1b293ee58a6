/** Tail calls. */
import { FAULT_READ } from "../../../abi.js";
import { EPILOGUE, counting, prologue } from "../case.js";
import type { EngineCase } from "../case.js";

const jumpTo = (index: number | string): string => `r2 = map[jump] ll\n r3 = ${index}\n call bpf_tail_call`;

export const TAIL_CASES: readonly EngineCase[] = [
  {
    description: "into another program",
    asm: `r0 = 1\n ${jumpTo(3)}\n r0 = 2\n exit`,
    programs: { other: "r0 = *(u32 *)(r1 +4)\n r2 = *(u32 *)(r1 +0)\n r0 -= r2\n exit" },
    maps: [{ name: "jump", type: "BPF_MAP_TYPE_PROG_ARRAY", value: 4, programs: { 3: "other" } }],
    packets: [{ ret: 64 }],
  },
  {
    description: "an empty entry falls through",
    asm: `${jumpTo(1)}\n r0 = 55\n exit`,
    programs: { other: "r0 = 1\n exit" },
    maps: [{ name: "jump", type: "BPF_MAP_TYPE_PROG_ARRAY", value: 4, programs: { 3: "other" } }],
    ret: 55,
  },
  {
    description: "an index beyond the array falls through",
    asm: `${jumpTo(8)}\n r0 = 55\n exit`,
    programs: { other: "r0 = 1\n exit" },
    maps: [{ name: "jump", type: "BPF_MAP_TYPE_PROG_ARRAY", value: 4, entries: 8, programs: { 3: "other" } }],
    ret: 55,
  },
  {
    description: "the index counts with its low 32 bits",
    asm: "r2 = map[jump] ll\n r3 = 0x500000003 ll\n call bpf_tail_call\n r0 = 2\n exit",
    programs: { other: "r0 = 77\n exit" },
    maps: [{ name: "jump", type: "BPF_MAP_TYPE_PROG_ARRAY", value: 4, programs: { 3: "other" } }],
    ret: 77,
  },
  {
    description: "33 calls at most: 34 programs run",
    asm: `${prologue(34)}
      r8 = *(u8 *)(r6 +14)
      r8 += 1
      *(u8 *)(r6 +14) = r8
      r1 = r9
      ${jumpTo(0)}
      r1 = r9
      r6 = *(u32 *)(r1 +0)
      r7 = *(u32 *)(r1 +4)
      r2 = r6
      r2 += 34
      r0 = 0
      if r2 > r7 goto out
      r0 = *(u8 *)(r6 +14)
    out:
      exit`,
    maps: [{ name: "jump", type: "BPF_MAP_TYPE_PROG_ARRAY", value: 4, programs: { 0: "main" } }],
    packets: [{ in: new Uint8Array(40), ret: 34 }, { in: new Uint8Array(40), ret: 34 }],
  },
  {
    description: "calls that fall through are not counted",
    asm: `
      r6 = r1
      r7 = 40
    again:
      r1 = r6
      ${jumpTo(5)}
      r7 -= 1
      if r7 != 0 goto again
      r1 = r6
      ${jumpTo(3)}
      r0 = 1
      exit`,
    programs: { other: "r0 = 77\n exit" },
    maps: [{ name: "jump", type: "BPF_MAP_TYPE_PROG_ARRAY", value: 4, programs: { 3: "other" } }],
    ret: 77,
  },
  {
    description: "from a function: the target returns to that function's caller",
    // Kernels want BTF for it.
    kernel: false,
    asm: `
      r6 = 100
      call leaf
      r0 += r6
      exit
    leaf:
      ${jumpTo(2)}
      r0 = 1
      exit`,
    programs: { other: "r6 = 5\n r7 = 6\n r0 = 11\n exit" },
    maps: [{ name: "jump", type: "BPF_MAP_TYPE_PROG_ARRAY", value: 4, programs: { 2: "other" } }],
    ret: 111,
  },
  {
    description: "the packet as the first program left it, and both see one map",
    asm: `${prologue(40)}
      *(u8 *)(r6 +14) = 99
      r1 = r9
      r2 = -8
      call bpf_xdp_adjust_head
      *(u32 *)(r10 -4) = 0
      *(u64 *)(r10 -16) = 5
      r1 = map[values] ll
      r2 = r10
      r2 += -4
      r3 = r10
      r3 += -16
      r4 = 0
      call bpf_map_update_elem
      r1 = r9
      ${jumpTo(0)}
      ${EPILOGUE}`,
    programs: {
      other: `
        r6 = r1
        *(u32 *)(r10 -4) = 0
        r1 = map[values] ll
        r2 = r10
        r2 += -4
        call bpf_map_lookup_elem
        r7 = 0
        if r0 == 0 goto none
        r7 = *(u64 *)(r0 +0)
      none:
        r0 = *(u32 *)(r6 +4)
        r1 = *(u32 *)(r6 +0)
        r0 -= r1
        r0 += r7
        exit`,
    },
    maps: [
      { name: "jump", type: "BPF_MAP_TYPE_PROG_ARRAY", value: 4, programs: { 0: "other" } },
      { name: "values", type: "BPF_MAP_TYPE_ARRAY", after: [["00000000", "0500000000000000"]] },
    ],
    packets: [{ in: counting(64), ret: 64 + 8 + 5 }],
  },
  {
    description: "a fault in the target is told with its program",
    asm: `${jumpTo(0)}\n r0 = 1\n exit`,
    programs: { other: "r1 = 0\n r0 = *(u8 *)(r1 +0)\n exit" },
    maps: [{ name: "jump", type: "BPF_MAP_TYPE_PROG_ARRAY", value: 4, programs: { 0: "other" } }],
    kernel: false,
    packets: [{ fault: { code: FAULT_READ, insn: 1, program: 1, address: 0n } }],
  },
];
