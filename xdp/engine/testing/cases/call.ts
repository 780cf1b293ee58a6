/** Calls between functions of a program. */
import { FAULT_FRAMES, FAULT_READ } from "../../../abi.js";
import type { EngineCase } from "../case.js";

/** main calls f1, which calls f2, and so on: `depth` functions in all. */
function chain(depth: number): string {
  const functions = Array.from({ length: depth - 1 }, (_, i) => `f${i + 1}:\n r6 = ${i + 1}\n *(u64 *)(r10 -8) = r1\n ${i + 2 < depth ? `call f${i + 2}` : "r0 = r1"}\n r2 = *(u64 *)(r10 -8)\n r0 += r2\n r0 += r6\n exit`);
  return `r6 = 100\n r1 = 1000\n call f1\n r0 += r6\n exit\n${functions.join("\n")}`;
}

export const CALL_CASES: readonly EngineCase[] = [
  { description: "a call back to a function in front", asm: "r1 = 5\n call second\n exit\n first: r0 = r1\n r0 *= 3\n exit\n second: r6 = r1\n call first\n r0 += r6\n exit", ret: 20 },
  { description: "arguments in, result out", asm: "r1 = 1\n r2 = 20\n r3 = 300\n r4 = 4000\n r5 = 50000\n call sum\n exit\n sum: r0 = r1\n r0 += r2\n r0 += r3\n r0 += r4\n r0 += r5\n exit", ret: 54321 },
  {
    description: "r6 to r9 come back, r10 too",
    asm: `
      r6 = 1
      r7 = 2
      r8 = 4
      r9 = 8
      *(u64 *)(r10 -8) = 16
      call other
      r0 += r6
      r0 += r7
      r0 += r8
      r0 += r9
      r1 = *(u64 *)(r10 -8)
      r0 += r1
      exit
    other:
      r6 = 100
      r7 = 100
      r8 = 100
      r9 = 100
      *(u64 *)(r10 -8) = 100
      r0 = 32
      exit`,
    ret: 63,
  },
  {
    description: "a pointer to the caller's stack",
    asm: `
      *(u64 *)(r10 -8) = 5
      r1 = r10
      r1 += -8
      call twice
      r0 = *(u64 *)(r10 -8)
      exit
    twice:
      r2 = *(u64 *)(r1 +0)
      r2 *= 2
      *(u64 *)(r1 +0) = r2
      *(u64 *)(r10 -8) = 77
      r0 = 0
      exit`,
    ret: 10,
  },
  {
    description: "a packet pointer as argument",
    asm: `
      r6 = r1
      r1 = *(u32 *)(r6 +0)
      r2 = *(u32 *)(r6 +4)
      call third
      exit
    third:
      r0 = 0
      r3 = r1
      r3 += 14
      if r3 > r2 goto short
      r0 = *(u8 *)(r1 +2)
    short:
      exit`,
    ret: 2,
  },
  {
    description: "one function from several places",
    asm: "r1 = 3\n call square\n r6 = r0\n r1 = 4\n call square\n r0 += r6\n exit\n square: r0 = r1\n r0 *= r1\n exit",
    ret: 25,
  },
  { description: "a function with a loop, called in a loop", asm: "r6 = 5\n r7 = 0\n more: r1 = r6\n call sum\n r7 += r0\n r6 -= 1\n if r6 != 0 goto more\n r0 = r7\n exit\n sum: r0 = 0\n again: r0 += r1\n r1 -= 1\n if r1 != 0 goto again\n exit", ret: 35 },
  { description: "8 functions deep", asm: chain(8), ret: 1000 + 7 * 1000 + 28 + 100 },
  { description: "9 functions deep", asm: chain(9), kernel: false, packets: [{ fault: { code: FAULT_FRAMES, insn: 5 + 6 * 7 + 2 } }] },
  { description: "recursion ends in a fault", asm: "call self\n exit\n self: call self\n exit", kernel: false, packets: [{ fault: { code: FAULT_FRAMES, insn: 2 } }, { fault: { code: FAULT_FRAMES, insn: 2 } }] },
  { description: "a helper keeps r6 to r9", asm: "r6 = 1\n r7 = 2\n r8 = 4\n r9 = 8\n call bpf_get_prandom_u32\n r0 = r6\n r0 += r7\n r0 += r8\n r0 += r9\n exit", ret: 15 },
  { description: "exit in the middle of a function", asm: "r1 = 5\n call f\n r6 = r0\n r1 = 50\n call f\n r0 += r6\n exit\n f: r0 = 1\n if r1 > 9 goto big\n exit\n big: r0 = 2\n exit", ret: 3 },
  {
    description: "the stack below the innermost frame is out of reach",
    asm: "r1 = r10\n call leaf\n exit\n leaf: r0 = *(u64 *)(r10 -520)\n exit",
    kernel: false,
    packets: [{ fault: { code: FAULT_READ, insn: 3 } }],
  },
  {
    description: "a frame that was left is out of reach",
    asm: "call leaf\n r1 = r0\n r0 = *(u64 *)(r1 +0)\n exit\n leaf: r0 = r10\n r0 += -8\n *(u64 *)(r0 +0) = 1\n exit",
    kernel: false,
    packets: [{ fault: { code: FAULT_READ, insn: 2 } }],
  },
];
