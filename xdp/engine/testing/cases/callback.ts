/** Helpers that call functions of the program: bpf_loop and bpf_for_each_map_elem. */
import { FAULT_ARGUMENT, FAULT_FRAMES, FAULT_FUEL, FAULT_READ, FAULT_WRITE } from "../../../abi.js";
import { counting } from "../case.js";
import type { EngineCase } from "../case.js";

const EINVAL = -22 >>> 0;
const E2BIG = -7 >>> 0;

/** A loop that adds each index to a sum on the caller's stack and stops with 1 at `stop`; the result is the sum * 1000 + what bpf_loop gave. */
function loop(loops: string, stop: number): string {
  return `
      *(u64 *)(r10 -8) = 0
      r1 = ${loops}
      r2 = subprog[body]
      r3 = r10
      r3 += -8
      r4 = 0
      call bpf_loop
      r1 = *(u64 *)(r10 -8)
      r1 *= 1000
      r0 += r1
      exit
    body:
      r3 = *(u64 *)(r2 +0)
      r3 += r1
      *(u64 *)(r2 +0) = r3
      r0 = 0
      if r1 != ${stop} goto on
      r0 = 1
    on:
      exit`;
}

function loopCall(first: string, flags: string): string {
  return `r1 = ${first}\n r2 = subprog[body]\n r3 = 0\n r4 = ${flags}\n call bpf_loop\n exit\n body: r0 = 0\n exit`;
}

/** Sums the values, with 1 added to each in place, and returns sum + 1000 * what the helper gave. */
function forEach(map: string, size: "u32" | "u64", body = ""): string {
  return `
      *(u64 *)(r10 -8) = 0
      r1 = map[${map}]
      r2 = subprog[body]
      r3 = r10
      r3 += -8
      r4 = 0
      call bpf_for_each_map_elem
      r0 *= 1000
      r1 = *(u64 *)(r10 -8)
      r0 += r1
      exit
    body:
      r5 = *(${size} *)(r3 +0)
      r0 = *(u64 *)(r4 +0)
      r0 += r5
      *(u64 *)(r4 +0) = r0
      r5 += 1
      *(${size} *)(r3 +0) = r5
      ${body}
      r0 = 0
      exit`;
}

const HASH_SEEDS = [
  ["01000000", "0a00000000000000"],
  ["02000000", "1400000000000000"],
  ["03000000", "1e00000000000000"],
  ["04000000", "2800000000000000"],
  ["05000000", "3200000000000000"],
] as const;
const HASH_AFTER = [
  ["01000000", "0b00000000000000"],
  ["02000000", "1500000000000000"],
  ["03000000", "1f00000000000000"],
  ["04000000", "2900000000000000"],
  ["05000000", "3300000000000000"],
] as const;

export const CALLBACK_CASES: readonly EngineCase[] = [
  { description: "bpf_loop calls with 0 to n - 1 and gives n", asm: loop("10", -1), ret: 45_010 },
  { description: "bpf_loop stops where the function gives 1", asm: loop("10", 4), ret: 10_005 },
  { description: "bpf_loop of nothing", asm: loop("0", -1), ret: 0 },
  { description: "bpf_loop of one", asm: loop("1", 0), ret: 1 },
  { description: "bpf_loop looks at 64 bits of the number, as the kernel does where it inlines the call", asm: loop("4294967299 ll", -1), ret: E2BIG },
  { description: "bpf_loop of 8388608", asm: loopCall("8388608", "0"), ret: 8_388_608 },
  { description: "bpf_loop of 8388609", asm: loopCall("8388609", "0"), ret: E2BIG },
  { description: "bpf_loop of -1", asm: loopCall("-1", "0"), ret: E2BIG },
  { description: "bpf_loop with flags", asm: loopCall("3", "1"), ret: EINVAL },
  { description: "bpf_loop with a flag in the high half", asm: loopCall("3", "4294967296 ll"), ret: EINVAL },
  { description: "flags are looked at before the number", asm: loopCall("8388609", "1"), ret: EINVAL },
  {
    description: "bpf_loop keeps r6 to r9 and the stack",
    asm: "r6 = 1\n r7 = 2\n r8 = 4\n r9 = 8\n *(u64 *)(r10 -16) = 16\n r1 = 3\n r2 = subprog[body]\n r3 = 0\n r4 = 0\n call bpf_loop\n r0 += r6\n r0 += r7\n r0 += r8\n r0 += r9\n r1 = *(u64 *)(r10 -16)\n r0 += r1\n exit\n body: r6 = 100\n r7 = 100\n r8 = 100\n r9 = 100\n *(u64 *)(r10 -16) = 100\n r0 = 0\n exit",
    ret: 34,
  },
  {
    description: "loops in loops",
    asm: `
      *(u64 *)(r10 -8) = 0
      r1 = 5
      r2 = subprog[outer]
      r3 = r10
      r3 += -8
      r4 = 0
      call bpf_loop
      r0 = *(u64 *)(r10 -8)
      exit
    outer:
      r3 = r2
      r1 += 1
      r2 = subprog[inner]
      r4 = 0
      call bpf_loop
      r0 = 0
      exit
    inner:
      r3 = *(u64 *)(r2 +0)
      r3 += 1
      *(u64 *)(r2 +0) = r3
      r0 = 0
      exit`,
    ret: 15,
  },
  {
    description: "a loop in a called function, whose function calls another",
    asm: `
      r1 = 4
      call twice
      exit
    twice:
      *(u64 *)(r10 -8) = 0
      r2 = subprog[body]
      r3 = r10
      r3 += -8
      r4 = 0
      call bpf_loop
      r0 = *(u64 *)(r10 -8)
      exit
    body:
      r6 = r2
      call square
      r1 = *(u64 *)(r6 +0)
      r1 += r0
      *(u64 *)(r6 +0) = r1
      r0 = 0
      exit
    square:
      r0 = r1
      r0 *= r1
      exit`,
    ret: 14,
  },
  {
    description: "one of two functions, chosen as the packet is",
    asm: `
      r5 = *(u32 *)(r1 +0)
      r6 = *(u32 *)(r1 +4)
      r6 -= r5
      *(u64 *)(r10 -8) = 0
      r3 = r10
      r3 += -8
      r1 = 3
      r4 = 0
      if r6 s> 64 goto long
      r2 = subprog[one]
      call bpf_loop
      goto done
    long:
      r2 = subprog[ten]
      call bpf_loop
    done:
      r0 = *(u64 *)(r10 -8)
      exit
    one:
      r1 = *(u64 *)(r2 +0)
      r1 += 1
      *(u64 *)(r2 +0) = r1
      r0 = 0
      exit
    ten:
      r1 = *(u64 *)(r2 +0)
      r1 += 10
      *(u64 *)(r2 +0) = r1
      r0 = 0
      exit`,
    packets: [{ ret: 3 }, { in: counting(65), ret: 30 }, { ret: 3 }],
  },
  {
    description: "a function of a loop moves the packet",
    asm: `
      r6 = r1
      *(u64 *)(r10 -8) = r1
      r1 = 3
      r2 = subprog[pull]
      r3 = r10
      r3 += -8
      r4 = 0
      call bpf_loop
      r0 = 0
      r2 = *(u32 *)(r6 +0)
      r3 = *(u32 *)(r6 +4)
      r4 = r2
      r4 += 14
      if r4 > r3 goto out
      r0 = *(u8 *)(r2 +0)
    out:
      exit
    pull:
      r1 = *(u64 *)(r2 +0)
      r2 = 4
      call bpf_xdp_adjust_head
      r0 = 0
      exit`,
    packets: [{ ret: 12, data: counting(64).slice(12) }, { in: counting(24), ret: 8, data: counting(24).slice(8) }],
  },
  { description: "a function that is not one", asm: "r1 = 3\n r2 = 7\n r3 = 0\n r4 = 0\n call bpf_loop\n exit", kernel: false, packets: [{ fault: { code: FAULT_ARGUMENT, insn: 4, address: 7n } }] },
  {
    description: "a fault in a function ends the packet, and the next one starts anew",
    asm: "r6 = *(u32 *)(r1 +0)\n r1 = 3\n r2 = subprog[body]\n r3 = r6\n r4 = 0\n call bpf_loop\n exit\n body: r0 = 0\n r2 += r1\n r0 = *(u8 *)(r2 +62)\n r0 &= 0\n exit",
    kernel: false,
    packets: [{ fault: { code: FAULT_READ, insn: 10 } }, { in: counting(65), ret: 3 }, { fault: { code: FAULT_READ, insn: 10 } }],
  },
  { description: "a loop in itself uses the frames up", asm: "r1 = 2\n r2 = subprog[body]\n r3 = 0\n r4 = 0\n call bpf_loop\n exit\n body: r1 = 2\n r2 = subprog[body]\n r3 = 0\n r4 = 0\n call bpf_loop\n r0 = 0\n exit", kernel: false, packets: [{ fault: { code: FAULT_FRAMES, insn: 12 } }, { fault: { code: FAULT_FRAMES, insn: 12 } }] },
  {
    description: "calls of loops count as jumps back",
    asm: "r1 = 8388608\n r2 = subprog[outer]\n r3 = 0\n r4 = 0\n call bpf_loop\n exit\n outer: r1 = 8388608\n r2 = subprog[inner]\n r3 = 0\n r4 = 0\n call bpf_loop\n r0 = 0\n exit\n inner: r0 = 0\n exit",
    kernel: false,
    packets: [{ fault: { code: FAULT_FUEL, insn: 12 } }],
  },
  { description: "every entry of an array", maps: [{ name: "a", type: "BPF_MAP_TYPE_ARRAY", value: 4, entries: 3, before: [["00000000", "05000000"], ["02000000", "07000000"]], after: [["00000000", "06000000"], ["01000000", "01000000"], ["02000000", "08000000"]] }], asm: forEach("a", "u32"), ret: 3012 },
  { description: "this CPU's values of a per-CPU array", maps: [{ name: "a", type: "BPF_MAP_TYPE_PERCPU_ARRAY", entries: 4 }], asm: forEach("a", "u64"), packets: [{ ret: 4000 }, { ret: 4004 }] },
  { description: "every entry of a hash", maps: [{ name: "h", type: "BPF_MAP_TYPE_HASH", before: HASH_SEEDS, after: HASH_AFTER }], asm: forEach("h", "u64"), packets: [{ ret: 5150 }] },
  { description: "every entry of an LRU hash", maps: [{ name: "h", type: "BPF_MAP_TYPE_LRU_HASH", before: HASH_SEEDS, after: HASH_AFTER }], asm: forEach("h", "u64"), ret: 5150 },
  { description: "an empty hash", maps: [{ name: "h", type: "BPF_MAP_TYPE_HASH" }], asm: forEach("h", "u64"), ret: 0 },
  ...(["PERCPU_HASH", "LRU_PERCPU_HASH"] as const).map((type): EngineCase => ({
    description: `this CPU's values of every entry of a ${type}`,
    maps: [{ name: "h", type: `BPF_MAP_TYPE_${type}` }],
    asm: `*(u32 *)(r10 -12) = 1\n *(u64 *)(r10 -24) = 30\n r1 = map[h]\n r2 = r10\n r2 += -12\n r3 = r10\n r3 += -24\n r4 = 0\n call bpf_map_update_elem\n *(u32 *)(r10 -12) = 2\n r1 = map[h]\n r2 = r10\n r2 += -12\n r3 = r10\n r3 += -24\n r4 = 0\n call bpf_map_update_elem\n${forEach("h", "u64")}`,
    ret: 2060,
  })),
  {
    description: "the function deletes each entry that it is called with",
    maps: [{ name: "h", type: "BPF_MAP_TYPE_HASH", before: HASH_SEEDS, after: [] }],
    asm: forEach("h", "u64", "r1 = map[h]\n call bpf_map_delete_elem"),
    packets: [{ ret: 5150 }, { ret: 0 }],
  },
  {
    description: "the key can be read, and stops the walk",
    maps: [{ name: "a", type: "BPF_MAP_TYPE_ARRAY", entries: 8 }],
    asm: "r1 = map[a]\n r2 = subprog[body]\n r3 = 0\n r4 = 0\n call bpf_for_each_map_elem\n exit\n body: r1 = *(u32 *)(r2 +0)\n r0 = 0\n if r1 != 4 goto out\n r0 = 1\n out: exit",
    ret: 5,
  },
  { description: "the walk of a map takes no flags", maps: [{ name: "a", type: "BPF_MAP_TYPE_ARRAY" }], asm: "r1 = map[a]\n r2 = subprog[body]\n r3 = 0\n r4 = 1\n call bpf_for_each_map_elem\n exit\n body: r0 = 0\n exit", ret: EINVAL },
  {
    description: "the key cannot be written",
    maps: [{ name: "a", type: "BPF_MAP_TYPE_ARRAY", entries: 8 }],
    asm: "r1 = map[a]\n r2 = subprog[body]\n r3 = 0\n r4 = 0\n call bpf_for_each_map_elem\n exit\n body: *(u32 *)(r2 +0) = 1\n r0 = 0\n exit",
    kernel: false,
    packets: [{ fault: { code: FAULT_WRITE, insn: 8 } }],
  },
  {
    description: "the key of a walk that has ended cannot be read",
    maps: [{ name: "a", type: "BPF_MAP_TYPE_ARRAY", entries: 8 }],
    asm: "r1 = map[a]\n r2 = subprog[body]\n r3 = r10\n r3 += -8\n r4 = 0\n call bpf_for_each_map_elem\n r1 = *(u64 *)(r10 -8)\n r0 = *(u32 *)(r1 +0)\n exit\n body: *(u64 *)(r4 +0) = r2\n r0 = 0\n exit",
    kernel: false,
    packets: [{ fault: { code: FAULT_READ, insn: 9 } }],
  },
];
