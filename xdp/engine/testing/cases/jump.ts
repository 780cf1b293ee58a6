/** Jumps: every condition, width and source, over edge values; loops; gotol. */
import { EPILOGUE, counting, prologue, withU64 } from "../case.js";
import type { CasePacket, EngineCase } from "../case.js";
import { IMMEDIATES, OPERANDS, pairs, u64 } from "../operands.js";

type Width = 32 | 64;

interface Condition {
  readonly symbol: string;
  readonly signed?: boolean;
  readonly holds: (a: bigint, b: bigint) => boolean;
}

const CONDITIONS: readonly Condition[] = [
  { symbol: "==", holds: (a, b) => a === b },
  { symbol: "!=", holds: (a, b) => a !== b },
  { symbol: "&", holds: (a, b) => (a & b) !== 0n },
  { symbol: ">", holds: (a, b) => a > b },
  { symbol: ">=", holds: (a, b) => a >= b },
  { symbol: "<", holds: (a, b) => a < b },
  { symbol: "<=", holds: (a, b) => a <= b },
  { symbol: "s>", signed: true, holds: (a, b) => a > b },
  { symbol: "s>=", signed: true, holds: (a, b) => a >= b },
  { symbol: "s<", signed: true, holds: (a, b) => a < b },
  { symbol: "s<=", signed: true, holds: (a, b) => a <= b },
];

function holds({ holds, signed }: Condition, a: bigint, b: bigint, width: Width): boolean {
  const as = signed ? BigInt.asIntN : BigInt.asUintN;
  return holds(as(width, a), as(width, b));
}

const reg = (n: number, width: Width): string => `${width === 64 ? "r" : "w"}${n}`;
const WIDTHS: readonly Width[] = [64, 32];

function registerCase(condition: Condition, width: Width): EngineCase {
  return {
    description: `if ${reg(8, width)} ${condition.symbol} ${reg(3, width)}`,
    asm: `${prologue(40)}
      r8 = *(u64 *)(r6 +16)
      r3 = *(u64 *)(r6 +24)
      r4 = 1
      if ${reg(8, width)} ${condition.symbol} ${reg(3, width)} goto taken
      r4 = 0
    taken:
      *(u64 *)(r6 +32) = r4
      ${EPILOGUE}`,
    packets: pairs().map(([a, b]): CasePacket => {
      const frame = withU64(counting(40), [16, a], [24, b]);
      return { in: frame, ret: 2, data: withU64(frame, [32, holds(condition, a, b, width) ? 1n : 0n]) };
    }),
  };
}

/** A register compared with itself. */
function sameCase(condition: Condition, width: Width): EngineCase {
  return {
    description: `if ${reg(8, width)} ${condition.symbol} ${reg(8, width)}, the same register`,
    asm: `${prologue(40)}
      r8 = *(u64 *)(r6 +16)
      r4 = 1
      if ${reg(8, width)} ${condition.symbol} ${reg(8, width)} goto taken
      r4 = 0
    taken:
      *(u64 *)(r6 +32) = r4
      ${EPILOGUE}`,
    packets: OPERANDS.map((a): CasePacket => {
      const frame = withU64(counting(40), [16, a]);
      return { in: frame, ret: 2, data: withU64(frame, [32, holds(condition, a, a, width) ? 1n : 0n]) };
    }),
  };
}

/** A packet whose first byte says where a program jumps. */
function choosing(byte: number): Uint8Array {
  const frame = counting(34);
  frame[0] = byte;
  return frame;
}

/** `distance` instructions between a jump and where it leads, forward and back. */
function farCase(description: string, forward: string, back: string, distance: number): EngineCase {
  return {
    description,
    asm: `
      r6 = *(u32 *)(r1 +0)
      r7 = *(u32 *)(r1 +4)
      r2 = r6
      r2 += 34
      r0 = 0
      if r2 <= r7 goto whole
      exit
    whole:
      r8 = *(u8 *)(r6 +0)
      goto start
    back:
      r0 += 1000000
      exit
    start:
      if r8 == 7 goto jump
      goto near
    jump:
      ${forward}
    near:
      r0 += 7
      ${"r1 = r8\n".repeat(distance)}
    far:
      r0 += 500000
      ${back}
    out:
      exit`,
    packets: [{ in: choosing(0), ret: 500_007, data: "same" }, { in: choosing(7), ret: 500_000, data: "same" }, { in: choosing(9), ret: 1_500_007, data: "same" }],
  };
}

function immediateCase(condition: Condition, width: Width): EngineCase {
  const length = 24 + IMMEDIATES.length * 8;
  return {
    description: `if ${reg(8, width)} ${condition.symbol} imm`,
    asm: `${prologue(length)}
      ${IMMEDIATES.map((imm, i) => `r8 = *(u64 *)(r6 +16)\n r4 = 1\n if ${reg(8, width)} ${condition.symbol} ${imm} goto taken${i}\n r4 = 0\n taken${i}: *(u64 *)(r6 +${24 + i * 8}) = r4`).join("\n")}
      ${EPILOGUE}`,
    packets: OPERANDS.map((a): CasePacket => {
      const frame = withU64(counting(length), [16, a]);
      return { in: frame, ret: 2, data: withU64(frame, ...IMMEDIATES.map((imm, i) => [24 + i * 8, holds(condition, a, u64(imm), width) ? 1n : 0n] as const)) };
    }),
  };
}

export const JUMP_CASES: readonly EngineCase[] = [
  ...WIDTHS.flatMap((width) => CONDITIONS.flatMap((condition) => [registerCase(condition, width), immediateCase(condition, width), sameCase(condition, width)])),
  farCase("gotol beyond what 16 bits reach, forward and back", "gotol far", "if r8 != 9 goto out\n gotol back", 33_000),
  farCase("goto and conditional jumps as far as 16 bits reach", "goto far", "if r8 == 9 goto back", 32_750),
  { description: "goto forward and back", asm: "r0 = 1\n goto a\n b: r0 += 10\n goto end\n a: r0 += 100\n goto b\n end: exit", ret: 111 },
  { description: "gotol forward and back", asm: "r0 = 1\n gotol a\n b: r0 += 10\n goto end\n a: r0 += 100\n gotol b\n end: exit", ret: 111 },
  { description: "goto +0", asm: "r0 = 7\n goto +0\n if r0 == 7 goto +0\n exit", ret: 7 },
  { description: "a counted loop", asm: "r0 = 0\n r1 = 10\n loop: r0 += r1\n r1 -= 1\n if r1 != 0 goto loop\n exit", ret: 55 },
  {
    description: "loops in loops, with a jump out of the inner one",
    asm: `
      r0 = 0
      r1 = 0
    outer:
      r2 = 0
    inner:
      r0 += 1
      r2 += 1
      if r2 > r1 goto next
      if r2 < 5 goto inner
    next:
      r1 += 1
      if r1 < 8 goto outer
      exit`,
    ret: 1 + 2 + 3 + 4 + 5 + 5 + 5 + 5,
  },
  {
    description: "a loop with two entries (irreducible)",
    asm: `
      r6 = *(u32 *)(r1 +16)
      r0 = 0
      r2 = 4
      if r6 == 0 goto second
    first:
      r0 += 1
    second:
      r0 += 16
      r2 -= 1
      if r2 != 0 goto first
      exit`,
    ret: 4 * 16 + 3,
  },
  {
    description: "many ways meet: a chain of tests as switch statements make it",
    asm: `${prologue(34)}
      r8 = *(u8 *)(r6 +12)
      r0 = 1
      if r8 == 0 goto out
      r0 = 2
      if r8 == 1 goto out
      if r8 s< 5 goto low
      r0 = 9
      if r8 > 100 goto out
      r0 = 3
      goto out
    low:
      r0 = 4
      if r8 != 2 goto out
      r0 = 5
    out:
      exit`,
    packets: [[0, 1], [1, 2], [2, 5], [3, 4], [5, 3], [100, 3], [101, 9]].map(([byte, ret]) => {
      const frame = counting(34);
      frame[12] = byte as number;
      return { in: frame, ret: ret as number, data: "same" as const };
    }),
  },
];
