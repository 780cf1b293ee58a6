/**
 * Tristate numbers: 64 bits of which each is known to be 0, known to be 1, or unknown. `value` holds the known ones, `mask`
 * the unknown bits, both unsigned; a bit is never in both. (Vishwanathan et al., "Sound, precise, and fast abstract
 * interpretation with tristate numbers", CGO 2022.)
 */

export interface Tnum {
  readonly value: bigint;
  readonly mask: bigint;
}

export const U64_MAX = 0xffff_ffff_ffff_ffffn;
export const LOW32 = 0xffff_ffffn;
const HIGH32 = U64_MAX ^ LOW32;

export const TNUM_UNKNOWN: Tnum = { value: 0n, mask: U64_MAX };

export function u64(x: bigint): bigint {
  return BigInt.asUintN(64, x);
}

export function s64(x: bigint): bigint {
  return BigInt.asIntN(64, x);
}

export function tnum(value: bigint, mask: bigint): Tnum {
  return { value, mask };
}

export function tnumConst(value: bigint): Tnum {
  return { value: u64(value), mask: 0n };
}

/** The best that says "between `min` and `max`", both unsigned: what is above the highest differing bit is known. */
export function tnumRange(min: bigint, max: bigint): Tnum {
  const differing = min ^ max;
  if (differing === 0n) return { value: min, mask: 0n };
  const bits = bitLength(differing);
  if (bits > 63) return TNUM_UNKNOWN;
  const delta = (1n << BigInt(bits)) - 1n;
  return { value: min & (U64_MAX ^ delta), mask: delta };
}

/** Bits that an unsigned number needs; 0 for 0. */
export function bitLength(x: bigint): number {
  if (x === 0n) return 0;
  const high = Number(x >> 32n);
  return high === 0 ? 32 - Math.clz32(Number(x)) : 64 - Math.clz32(high);
}

export function tnumAdd(a: Tnum, b: Tnum): Tnum {
  const values = a.value + b.value;
  const carries = (a.mask + b.mask + values) ^ values;
  const mask = u64(carries | a.mask | b.mask);
  return { value: u64(values) & (U64_MAX ^ mask), mask };
}

export function tnumSub(a: Tnum, b: Tnum): Tnum {
  const difference = u64(a.value - b.value);
  const borrows = u64(difference + a.mask) ^ u64(difference - b.mask);
  const mask = borrows | a.mask | b.mask;
  return { value: difference & (U64_MAX ^ mask), mask };
}

export function tnumAnd(a: Tnum, b: Tnum): Tnum {
  const value = a.value & b.value;
  return { value, mask: (a.value | a.mask) & (b.value | b.mask) & (U64_MAX ^ value) };
}

export function tnumOr(a: Tnum, b: Tnum): Tnum {
  const value = a.value | b.value;
  return { value, mask: (a.mask | b.mask) & (U64_MAX ^ value) };
}

export function tnumXor(a: Tnum, b: Tnum): Tnum {
  const mask = a.mask | b.mask;
  return { value: (a.value ^ b.value) & (U64_MAX ^ mask), mask };
}

/** What holds of both: a bit that differs becomes unknown. */
export function tnumUnion(a: Tnum, b: Tnum): Tnum {
  const mask = (a.value ^ b.value) | a.mask | b.mask;
  return { value: a.value & b.value & (U64_MAX ^ mask), mask };
}

/** Shift and add; where a bit of `a` is unknown, both outcomes are joined. */
export function tnumMul(a: Tnum, b: Tnum): Tnum {
  if (a.mask === 0n && b.mask === 0n) return tnumConst(a.value * b.value);
  let { value, mask } = a;
  let shifted = b;
  let sum: Tnum = { value: 0n, mask: 0n };
  while ((value | mask) !== 0n) {
    if ((value & 1n) !== 0n) sum = tnumAdd(sum, shifted);
    else if ((mask & 1n) !== 0n) sum = tnumUnion(sum, tnumAdd(sum, shifted));
    value >>= 1n;
    mask >>= 1n;
    shifted = tnumLsh(shifted, 1);
  }
  return sum;
}

export function tnumLsh(a: Tnum, shift: number): Tnum {
  const by = BigInt(shift);
  return { value: u64(a.value << by), mask: u64(a.mask << by) };
}

export function tnumRsh(a: Tnum, shift: number): Tnum {
  const by = BigInt(shift);
  return { value: a.value >> by, mask: a.mask >> by };
}

/** Arithmetic shift of the lower `bits` (32 or 64); of 32, the upper half is 0. */
export function tnumArsh(a: Tnum, shift: number, bits: 32 | 64): Tnum {
  const by = BigInt(shift);
  return { value: BigInt.asUintN(bits, BigInt.asIntN(bits, a.value) >> by), mask: BigInt.asUintN(bits, BigInt.asIntN(bits, a.mask) >> by) };
}

/** What two facts say together; where they contradict, the bit counts as 1. */
export function tnumIntersect(a: Tnum, b: Tnum): Tnum {
  const mask = a.mask & b.mask;
  return { value: (a.value | b.value) & (U64_MAX ^ mask), mask };
}

/** Can both be the same number? */
export function tnumOverlap(a: Tnum, b: Tnum): boolean {
  const known = (U64_MAX ^ a.mask) & (U64_MAX ^ b.mask);
  return (a.value & known) === (b.value & known);
}

/** Does `a` cover everything that `b` covers? */
export function tnumIn(a: Tnum, b: Tnum): boolean {
  if (a.mask === U64_MAX) return true;
  const known = U64_MAX ^ a.mask;
  return (b.mask & known) === 0n && a.value === (b.value & known);
}

export function tnumSubreg(a: Tnum): Tnum {
  return { value: a.value & LOW32, mask: a.mask & LOW32 };
}

/** `a` with the lower half of `low`. */
export function tnumWithSubreg(a: Tnum, low: Tnum): Tnum {
  return { value: (a.value & HIGH32) | (low.value & LOW32), mask: (a.mask & HIGH32) | (low.mask & LOW32) };
}

/** The lower `bytes` bytes. */
export function tnumCast(a: Tnum, bytes: number): Tnum {
  return { value: BigInt.asUintN(bytes * 8, a.value), mask: BigInt.asUintN(bytes * 8, a.mask) };
}

/** The smallest member above `z`; the largest member where none is. */
export function tnumNext({ value, mask }: Tnum, z: bigint): bigint {
  const most = value | mask;
  if (z >= most) return most;
  if (z < value) return value;
  const like = value | (z & mask);
  if (like > z) {
    // The highest difference is a bit that is 1 in every member: as `z` above it, least below.
    const below = (1n << BigInt(bitLength(like ^ z))) - 1n;
    return (z & (U64_MAX ^ below)) | (value & below);
  }
  // One more in the unknown bits above the highest difference, least below.
  const below = (1n << BigInt(bitLength(like ^ z))) - 1n;
  return value | (u64((like | (U64_MAX ^ mask) | below) + 1n) & mask);
}

export function tnumAligned(a: Tnum, size: number): boolean {
  return ((a.value | a.mask) & BigInt(size - 1)) === 0n;
}
