/** Comparisons of {@link Scalar}s: which way a conditional jump goes, and what each way tells of both sides. */
import { BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JLE, BPF_JLT, BPF_JNE, BPF_JSET, BPF_JSGE, BPF_JSGT, BPF_JSLE, BPF_JSLT } from "../isa/index.js";
import { Memo } from "./memo.js";
import { Draft, isConst32, max, min } from "./scalar.js";
import type { Scalar } from "./scalar.js";
import { LOW32, U64_MAX, s64, tnumAnd, tnumConst, tnumIntersect, tnumOr, tnumOverlap, tnumSubreg, tnumWithSubreg, u64 } from "./tnum.js";

/** The jump that is taken where the operands change places. */
export const FLIPPED: Readonly<Record<number, number>> = {
  [BPF_JEQ]: BPF_JEQ, [BPF_JNE]: BPF_JNE, [BPF_JSET]: BPF_JSET,
  [BPF_JGE]: BPF_JLE, [BPF_JGT]: BPF_JLT, [BPF_JLE]: BPF_JGE, [BPF_JLT]: BPF_JGT,
  [BPF_JSGE]: BPF_JSLE, [BPF_JSGT]: BPF_JSLT, [BPF_JSLE]: BPF_JSGE, [BPF_JSLT]: BPF_JSGT,
};

/** "No bit of the mask is set", which no jump asks for: what JSET says where it is not taken. */
const NOT_JSET = 0x48;

/** The jump that is taken exactly where this one is not. */
const REVERSED: Readonly<Record<number, number>> = {
  [BPF_JEQ]: BPF_JNE, [BPF_JNE]: BPF_JEQ, [BPF_JSET]: NOT_JSET,
  [BPF_JGE]: BPF_JLT, [BPF_JGT]: BPF_JLE, [BPF_JLE]: BPF_JGT, [BPF_JLT]: BPF_JGE,
  [BPF_JSGE]: BPF_JSLT, [BPF_JSGT]: BPF_JSLE, [BPF_JSLE]: BPF_JSGT, [BPF_JSLT]: BPF_JSGE,
};

/** What a comparison tells. */
export interface Comparison {
  /** true or false where only one way is possible. */
  readonly taken: boolean | undefined;
  /** Left and right side where the jump is taken; where it falls through. */
  readonly takenLeft: Scalar;
  readonly takenRight: Scalar;
  readonly elseLeft: Scalar;
  readonly elseRight: Scalar;
}

const results = new Memo<Comparison>(4096);

/** Compares two numbers by the operation `op` (`BPF_JEQ`, …) of a jump. */
export function compare(op: number, is32: boolean, left: Scalar, right: Scalar): Comparison {
  if (left.isConst && right.isConst) return { taken: is32 ? taken32(op, left, right) : taken64(op, left, right), takenLeft: left, takenRight: right, elseLeft: left, elseRight: right };
  const which = op * 2 + (is32 ? 1 : 0);
  return results.get(which, left.key, right.key) ?? results.set(which, left.key, right.key, decide(op, is32, left, right));
}

function decide(op: number, is32: boolean, left: Scalar, right: Scalar): Comparison {
  const taken = is32 ? taken32(op, left, right) : taken64(op, left, right);
  if (taken !== undefined) return { taken, takenLeft: left, takenRight: right, elseLeft: left, elseRight: right };
  const [takenLeft, takenRight] = refine(op, is32, left, right);
  const [elseLeft, elseRight] = refine(REVERSED[op] ?? 0, is32, left, right);
  return { taken, takenLeft, takenRight, elseLeft, elseRight };
}

/** Ordered comparison of intervals `[amin, amax] op [bmin, bmax]`, of any kind of number. */
function ordered<T extends bigint | number>(op: "gt" | "ge", amin: T, amax: T, bmin: T, bmax: T): boolean | undefined {
  if (op === "gt") return amin > bmax ? true : amax <= bmin ? false : undefined;
  return amin >= bmax ? true : amax < bmin ? false : undefined;
}

function not(taken: boolean | undefined): boolean | undefined {
  return taken === undefined ? undefined : !taken;
}

function taken64(op: number, a: Scalar, b: Scalar): boolean | undefined {
  switch (op) {
    case BPF_JEQ:
      return equal64(a, b);
    case BPF_JNE:
      return not(equal64(a, b));
    case BPF_JSET:
      return bitsSet(a.bits, b.bits);
    case BPF_JGT:
      return ordered("gt", a.umin, a.umax, b.umin, b.umax);
    case BPF_JSGT:
      return ordered("gt", a.smin, a.smax, b.smin, b.smax);
    case BPF_JGE:
      return ordered("ge", a.umin, a.umax, b.umin, b.umax);
    case BPF_JSGE:
      return ordered("ge", a.smin, a.smax, b.smin, b.smax);
    case BPF_JLT:
      return not(ordered("ge", a.umin, a.umax, b.umin, b.umax));
    case BPF_JSLT:
      return not(ordered("ge", a.smin, a.smax, b.smin, b.smax));
    case BPF_JLE:
      return not(ordered("gt", a.umin, a.umax, b.umin, b.umax));
    case BPF_JSLE:
      return not(ordered("gt", a.smin, a.smax, b.smin, b.smax));
    default:
      return undefined;
  }
}

function taken32(op: number, a: Scalar, b: Scalar): boolean | undefined {
  switch (op) {
    case BPF_JEQ:
      return equal32(a, b);
    case BPF_JNE:
      return not(equal32(a, b));
    case BPF_JSET:
      return bitsSet(tnumSubreg(a.bits), tnumSubreg(b.bits));
    case BPF_JGT:
      return ordered("gt", a.u32min, a.u32max, b.u32min, b.u32max);
    case BPF_JSGT:
      return ordered("gt", a.s32min, a.s32max, b.s32min, b.s32max);
    case BPF_JGE:
      return ordered("ge", a.u32min, a.u32max, b.u32min, b.u32max);
    case BPF_JSGE:
      return ordered("ge", a.s32min, a.s32max, b.s32min, b.s32max);
    case BPF_JLT:
      return not(ordered("ge", a.u32min, a.u32max, b.u32min, b.u32max));
    case BPF_JSLT:
      return not(ordered("ge", a.s32min, a.s32max, b.s32min, b.s32max));
    case BPF_JLE:
      return not(ordered("gt", a.u32min, a.u32max, b.u32min, b.u32max));
    case BPF_JSLE:
      return not(ordered("gt", a.s32min, a.s32max, b.s32min, b.s32max));
    default:
      return undefined;
  }
}

function disjoint32(a: Scalar, b: Scalar): boolean {
  return a.u32min > b.u32max || a.u32max < b.u32min || a.s32min > b.s32max || a.s32max < b.s32min;
}

function equal64(a: Scalar, b: Scalar): boolean | undefined {
  if (a.isConst && b.isConst) return a.value === b.value;
  if (!tnumOverlap(a.bits, b.bits) || a.umin > b.umax || a.umax < b.umin || a.smin > b.smax || a.smax < b.smin || disjoint32(a, b)) return false;
  return undefined;
}

function equal32(a: Scalar, b: Scalar): boolean | undefined {
  const x = tnumSubreg(a.bits);
  const y = tnumSubreg(b.bits);
  if (x.mask === 0n && y.mask === 0n) return x.value === y.value;
  return !tnumOverlap(x, y) || disjoint32(a, b) ? false : undefined;
}

/** Is a bit of the mask set, where either side is a known mask? */
function bitsSet(a: Scalar["bits"], b: Scalar["bits"]): boolean | undefined {
  const [bits, mask] = b.mask === 0n ? [a, b.value] : [b, a.value];
  if (b.mask !== 0n && a.mask !== 0n) return undefined;
  if ((bits.value & mask) !== 0n) return true;
  return ((bits.value | bits.mask) & mask) === 0n ? false : undefined;
}

/** Both sides, given that `left op right` holds. */
function refine(op: number, is32: boolean, left: Scalar, right: Scalar): readonly [Scalar, Scalar] {
  const a = Draft.of(left);
  const b = Draft.of(right);
  switch (op) {
    case BPF_JGE:
    case BPF_JGT:
    case BPF_JSGE:
    case BPF_JSGT:
      narrow(FLIPPED[op] ?? 0, is32, b, a);
      break;
    default:
      narrow(op, is32, a, b);
  }
  return [a.sync().done(), b.sync().done()];
}

function narrow(op: number, is32: boolean, a: Draft, b: Draft): void {
  switch (op) {
    case BPF_JEQ:
      if (is32) equalLow(a, b);
      else equalWhole(a, b);
      return;
    case BPF_JNE:
    case BPF_JSET:
    case NOT_JSET: {
      const [bits, mask] = known(b, is32) ? [a, b] : [b, a];
      if (!known(mask, is32)) return;
      const value = is32 ? mask.bits.value & LOW32 : mask.bits.value;
      if (op === BPF_JNE) exclude(bits, value, is32);
      else if (op === BPF_JSET) setBit(bits, value, is32);
      else clearBits(bits, value, is32);
      return;
    }
    case BPF_JLE:
      if (is32) {
        a.u32max = Math.min(a.u32max, b.u32max);
        b.u32min = Math.max(a.u32min, b.u32min);
      } else {
        a.umax = min(a.umax, b.umax);
        b.umin = max(a.umin, b.umin);
      }
      return;
    case BPF_JLT:
      if (is32) {
        a.u32max = Math.min(a.u32max, b.u32max - 1);
        b.u32min = Math.max(a.u32min + 1, b.u32min);
      } else {
        a.umax = min(a.umax, b.umax - 1n);
        b.umin = max(a.umin + 1n, b.umin);
      }
      return;
    case BPF_JSLE:
      if (is32) {
        a.s32max = Math.min(a.s32max, b.s32max);
        b.s32min = Math.max(a.s32min, b.s32min);
      } else {
        a.smax = min(a.smax, b.smax);
        b.smin = max(a.smin, b.smin);
      }
      return;
    case BPF_JSLT:
      if (is32) {
        a.s32max = Math.min(a.s32max, b.s32max - 1);
        b.s32min = Math.max(a.s32min + 1, b.s32min);
      } else {
        a.smax = min(a.smax, b.smax - 1n);
        b.smin = max(a.smin + 1n, b.smin);
      }
      return;
    default:
  }
}

function known(d: Draft, is32: boolean): boolean {
  return is32 ? (d.bits.mask & LOW32) === 0n : d.bits.mask === 0n;
}

function equalWhole(a: Draft, b: Draft): void {
  a.umin = b.umin = max(a.umin, b.umin);
  a.umax = b.umax = min(a.umax, b.umax);
  a.smin = b.smin = max(a.smin, b.smin);
  a.smax = b.smax = min(a.smax, b.smax);
  a.bits = b.bits = tnumIntersect(a.bits, b.bits);
}

function equalLow(a: Draft, b: Draft): void {
  a.u32min = b.u32min = Math.max(a.u32min, b.u32min);
  a.u32max = b.u32max = Math.min(a.u32max, b.u32max);
  a.s32min = b.s32min = Math.max(a.s32min, b.s32min);
  a.s32max = b.s32max = Math.min(a.s32max, b.s32max);
  const low = tnumIntersect(tnumSubreg(a.bits), tnumSubreg(b.bits));
  a.bits = tnumWithSubreg(a.bits, low);
  b.bits = tnumWithSubreg(b.bits, low);
}

/** Not this number: a bound that is it moves by one. */
function exclude(d: Draft, value: bigint, is32: boolean): void {
  if (is32) {
    const unsigned = Number(value);
    const signed = unsigned | 0;
    if (d.u32min === unsigned) d.u32min++;
    if (d.u32max === unsigned) d.u32max--;
    if (d.s32min === signed) d.s32min++;
    if (d.s32max === signed) d.s32max--;
  } else {
    const signed = s64(value);
    if (d.umin === value) d.umin++;
    if (d.umax === value) d.umax--;
    if (d.smin === signed) d.smin++;
    if (d.smax === signed) d.smax--;
  }
}

/** One of the bits is set: of one bit, that is knowledge. */
function setBit(d: Draft, mask: bigint, is32: boolean): void {
  if (mask === 0n || (mask & (mask - 1n)) !== 0n) return;
  d.bits = is32 ? tnumWithSubreg(d.bits, tnumOr(tnumSubreg(d.bits), tnumConst(mask))) : tnumOr(d.bits, tnumConst(mask));
}

/** None of the bits is set. Bounds are taken anew from the bits. */
function clearBits(d: Draft, mask: bigint, is32: boolean): void {
  d.unbound64();
  d.unbound32();
  const rest = { value: u64(U64_MAX ^ mask), mask: 0n };
  d.bits = is32 ? tnumWithSubreg(d.bits, tnumAnd(tnumSubreg(d.bits), rest)) : tnumAnd(d.bits, rest);
}

/** Is the lower half, or the whole, known? */
export function isKnown(a: Scalar, is32: boolean): boolean {
  return is32 ? isConst32(a) : a.isConst;
}
