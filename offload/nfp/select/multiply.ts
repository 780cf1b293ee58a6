/** Multiplication in steps, and division by constants as multiplication with a reciprocal: the card has neither as one instruction. */
import { BPF_X } from "../../../xdp/index.js";
import { UNRESTRICTED } from "../code.js";
import type { Code } from "../code.js";
import type { Select } from "./context.js";

const U16 = 0xffffn;
const U32 = 0xffff_ffffn;

export const selectMultiply: Select = ({ code, meta, program }) => {
  const { op, dst, src, imm } = meta.insn;
  let factor = BigInt(imm >>> 0);
  if ((op & BPF_X) !== 0) factor = program.facts.range(meta.slot, src).max;
  else code.operand(imm, UNRESTRICTED);
  if (factor > U16 || program.facts.range(meta.slot, dst).max > U16) steps32(code);
  else code.plain("mul_step", 4);
  return true;
};

/** With both halves of the product, or the upper one cleared. */
function steps32(code: Code): void {
  code.plain("mul_step", 7);
}

/** By a register only where it is one constant. */
export const selectDivide: Select = ({ code, meta, program }) => {
  const { op, src, imm } = meta.insn;
  const divisor = (op & BPF_X) === 0 ? BigInt(imm) : program.facts.range(meta.slot, src).min;
  if (divisor <= 0n) return false;
  if (divisor > U32) {
    code.immed(0);
    return true;
  }
  if (divisor > 1n << 31n) {
    // The quotient is 0 or 1: a comparison.
    code.operand(Number(divisor), UNRESTRICTED);
    code.alu();
    code.immed(0);
    code.alu();
    return true;
  }
  let before = 0;
  let reciprocal = reciprocalOf(divisor, 32);
  const power = divisor === 1n << BigInt(ceilLog2(divisor));
  if (reciprocal.wide && divisor % 2n === 0n) {
    while (((divisor >> BigInt(before)) & 1n) === 0n) before++;
    reciprocal = reciprocalOf(divisor >> BigInt(before), 32 - before);
  }
  code.operand(Number(reciprocal.magic), UNRESTRICTED);
  if (power) code.plain("shf");
  else if (reciprocal.wide) {
    steps32(code);
    code.alu();
    code.plain("shf");
    code.alu();
    code.plain("shf");
  } else {
    if (before > 0) code.plain("shf");
    steps32(code);
    code.plain("shf");
  }
  return true;
};

function ceilLog2(value: bigint): number {
  return value <= 1n ? 0 : (value - 1n).toString(2).length;
}

/**
 * The multiplier that stands for a division of numbers below 2^precision (Granlund and Montgomery 1994, figure 6.2): its low
 * 32 bits, and whether it needs a 33rd.
 */
function reciprocalOf(divisor: bigint, precision: number): { magic: bigint; wide: boolean } {
  let shift = ceilLog2(divisor);
  const top = 1n << BigInt(32 + shift);
  let low = top / divisor;
  let high = (top + (1n << BigInt(32 + shift - precision))) / divisor;
  while (shift > 0 && low >> 1n < high >> 1n) {
    low >>= 1n;
    high >>= 1n;
    shift--;
  }
  return { magic: high & U32, wide: high > U32 };
}
