/**
 * What is known of a 64-bit number: bits (tnum) and bounds, signed and unsigned, of the whole and of its lower half.
 * A {@link Scalar} never changes and exists once for each content, as far as possible: comparing references is the fast
 * path, and results of operations can be remembered by {@link Scalar.key}. A {@link Draft} is what operations compute in.
 */
import { LOW32, TNUM_UNKNOWN, U64_MAX, s64, tnumIn, tnumIntersect, tnumNext, tnumRange, tnumSubreg, u64 } from "./tnum.js";
import type { Tnum } from "./tnum.js";

export const S64_MIN = -(2n ** 63n);
export const S64_MAX = 2n ** 63n - 1n;
export const S32_MIN = -0x8000_0000;
export const S32_MAX = 0x7fff_ffff;
export const U32_MAX = 0xffff_ffff;
const S31_MAX = 0x7fff_ffffn;

/** Facts that were found to contradict each other; the caller says what to do about it. */
export const RANGE_VIOLATION = "range bounds violation";

export class Scalar {
  /** Distinguishes contents; equal contents may, rarely, have several. */
  declare readonly key: number;
  declare readonly bits: Tnum;
  declare readonly smin: bigint;
  declare readonly smax: bigint;
  declare readonly umin: bigint;
  declare readonly umax: bigint;
  declare readonly s32min: number;
  declare readonly s32max: number;
  declare readonly u32min: number;
  declare readonly u32max: number;
  /** The number is known. */
  declare readonly isConst: boolean;
  /** The register that holds just this number, kept by whoever makes registers. */
  declare register: object | undefined;
  constructor(key: number, from: Draft) {
    this.key = key;
    this.bits = from.bits;
    this.smin = from.smin;
    this.smax = from.smax;
    this.umin = from.umin;
    this.umax = from.umax;
    this.s32min = from.s32min;
    this.s32max = from.s32max;
    this.u32min = from.u32min;
    this.u32max = from.u32max;
    this.isConst = from.bits.mask === 0n;
    this.register = undefined;
  }

  /** The known number, unsigned; meaningful where {@link isConst}. */
  get value(): bigint {
    return this.bits.value;
  }
}

type Known = Pick<Scalar, "bits" | "smin" | "smax" | "umin" | "umax" | "s32min" | "s32max" | "u32min" | "u32max">;

const ANYTHING: Known = { bits: TNUM_UNKNOWN, smin: S64_MIN, smax: S64_MAX, umin: 0n, umax: U64_MAX, s32min: S32_MIN, s32max: S32_MAX, u32min: 0, u32max: U32_MAX };

/** A scalar in the making. */
export class Draft {
  declare bits: Tnum;
  declare smin: bigint;
  declare smax: bigint;
  declare umin: bigint;
  declare umax: bigint;
  declare s32min: number;
  declare s32max: number;
  declare u32min: number;
  declare u32max: number;
  /** With what is known of a scalar; of none: any number. */
  constructor(from: Known = ANYTHING) {
    this.bits = from.bits;
    this.smin = from.smin;
    this.smax = from.smax;
    this.umin = from.umin;
    this.umax = from.umax;
    this.s32min = from.s32min;
    this.s32max = from.s32max;
    this.u32min = from.u32min;
    this.u32max = from.u32max;
  }

  static of(scalar: Scalar): Draft {
    return new Draft(scalar);
  }

  setConst(value: bigint): this {
    const bits = u64(value);
    this.bits = { value: bits, mask: 0n };
    this.smin = this.smax = s64(bits);
    this.umin = this.umax = bits;
    const low = Number(bits & LOW32);
    this.s32min = this.s32max = low | 0;
    this.u32min = this.u32max = low;
    return this;
  }

  unbound64(): void {
    this.smin = S64_MIN;
    this.smax = S64_MAX;
    this.umin = 0n;
    this.umax = U64_MAX;
  }

  unbound32(): void {
    this.s32min = S32_MIN;
    this.s32max = S32_MAX;
    this.u32min = 0;
    this.u32max = U32_MAX;
  }

  /** Bounds of both widths from the known bits. */
  boundsFromBits(): void {
    this.bounds32FromBits();
    const { value, mask } = this.bits;
    const sign = mask >> 63n !== 0n;
    this.smin = max(this.smin, s64(sign ? value | (1n << 63n) : value));
    this.smax = min(this.smax, s64(value | (mask & (U64_MAX >> 1n))));
    this.umin = max(this.umin, value);
    this.umax = min(this.umax, value | mask);
    if (mask !== 0n && mask !== U64_MAX) this.onlyMember();
  }

  /** Where only one number is both in the bounds and allowed by the bits, it is that. */
  private onlyMember(): void {
    const { bits, umin, umax } = this;
    const next = tnumNext(bits, umin);
    if ((umin & (U64_MAX ^ bits.mask)) === bits.value) {
      if (next > umax) this.setConst(umin);
    } else if (next === (bits.value | bits.mask) || (next <= umax && tnumNext(bits, next) > umax)) this.setConst(next);
  }

  bounds32FromBits(): void {
    const value = Number(this.bits.value & LOW32);
    const mask = Number(this.bits.mask & LOW32);
    this.s32min = Math.max(this.s32min, value | (mask & S32_MIN));
    this.s32max = Math.min(this.s32max, value | (mask & S32_MAX));
    this.u32min = Math.max(this.u32min, value);
    this.u32max = Math.min(this.u32max, (value | mask) >>> 0);
  }

  /** Makes all that is known agree: bits, bounds, halves, each improved by the others. */
  sync(): this {
    return this.syncSmall() ? this : this.syncFully();
  }

  /**
   * What {@link syncFully} comes to where the bits allow 31 of them at most: all four kinds of bounds are then the same two
   * numbers, for which plain arithmetic is enough. False, with nothing changed, for other numbers and for contradictions.
   */
  private syncSmall(): boolean {
    const { bits } = this;
    if (bits.mask > S31_MAX || bits.value > S31_MAX) return false;
    const value = Number(bits.value);
    const mask = Number(bits.mask);
    let low = Math.max(value, Number(this.umin), Number(this.smin), this.u32min, this.s32min);
    let high = Math.min(value | mask, Number(this.umax), Number(this.smax), this.u32max, this.s32max);
    if (low > high) return false;
    // As the bounds of the whole alone tell, before the others are asked.
    const first = onlyMember(value, mask, Math.max(value, Number(this.umin)), Math.min(value | mask, Number(this.umax)));
    if (first >= 0) {
      if (first < low || first > high) return false;
      low = high = first;
    }
    const differing = low ^ high;
    const open = differing === 0 ? 0 : 0xffff_ffff >>> Math.clz32(differing);
    if (((low ^ value) & ~mask & ~open) !== 0) return false;
    let newMask = mask & open;
    let newValue = (value | (low & ~open)) & ~newMask;
    let newLow = Math.max(low, newValue);
    let newHigh = Math.min(high, newValue | newMask);
    if (newLow > newHigh) return false;
    const only = onlyMember(newValue, newMask, newLow, newHigh);
    if (only >= 0) {
      newLow = newHigh = newValue = only;
      newMask = 0;
    }
    if (newValue !== value || newMask !== mask) this.bits = { value: BigInt(newValue), mask: BigInt(newMask) };
    const min = BigInt(newLow);
    const max = newLow === newHigh ? min : BigInt(newHigh);
    this.smin = this.umin = min;
    this.smax = this.umax = max;
    this.s32min = this.u32min = newLow;
    this.s32max = this.u32max = newHigh;
    return true;
  }

  /** {@link sync} for any number. */
  syncFully(): this {
    this.boundsFromBits();
    for (let round = 0; round < 3; round++) {
      const { smin, smax, umin, umax, s32min, s32max, u32min, u32max } = this;
      this.deduce();
      if (s32min === this.s32min && s32max === this.s32max && u32min === this.u32min && u32max === this.u32max && umin === this.umin && umax === this.umax && smin === this.smin && smax === this.smax) break;
    }
    const whole = tnumIntersect(this.bits, tnumRange(this.umin, this.umax));
    const half = tnumIntersect(tnumSubreg(whole), tnumRange(BigInt(this.u32min), BigInt(this.u32max)));
    this.bits = { value: ((whole.value >> 32n) << 32n) | half.value, mask: ((whole.mask >> 32n) << 32n) | half.mask };
    this.boundsFromBits();
    return this;
  }

  private deduce(): void {
    this.deduce32();
    this.deduce64();
    this.deduceMixed();
  }

  /** Bounds of the lower half, where the upper half is the same throughout, or crosses once around 0. */
  private deduce32(): void {
    const uminLow = Number(this.umin & LOW32);
    const umaxLow = Number(this.umax & LOW32);
    const sminLow = Number(BigInt.asUintN(32, this.smin));
    const smaxLow = Number(BigInt.asUintN(32, this.smax));
    const uminHigh = Number(this.umin >> 32n);
    const umaxHigh = Number(this.umax >> 32n);
    const sminHigh = Number(this.smin >> 32n);
    const smaxHigh = Number(this.smax >> 32n);
    if (uminHigh === umaxHigh) {
      this.narrowU32(uminLow, umaxLow);
      if ((uminLow | 0) <= (umaxLow | 0)) this.narrowS32(uminLow | 0, umaxLow | 0);
    }
    if (sminHigh === smaxHigh) {
      if (sminLow <= smaxLow) this.narrowU32(sminLow, smaxLow);
      if ((sminLow | 0) <= (smaxLow | 0)) this.narrowS32(sminLow | 0, smaxLow | 0);
    }
    if ((uminHigh + 1) >>> 0 === umaxHigh && (uminLow | 0) < 0 && (umaxLow | 0) >= 0) this.narrowS32(uminLow | 0, umaxLow | 0);
    if ((sminHigh + 1) >>> 0 === smaxHigh >>> 0 && (sminLow | 0) < 0 && (smaxLow | 0) >= 0) this.narrowS32(sminLow | 0, smaxLow | 0);
    if ((this.u32min | 0) <= (this.u32max | 0)) this.narrowS32(this.u32min | 0, this.u32max | 0);
    if (this.s32min >>> 0 <= this.s32max >>> 0) this.narrowU32(this.s32min >>> 0, this.s32max >>> 0);
    else if (this.u32max < this.s32min >>> 0) {
      // Only what is not negative remains.
      this.s32min = this.u32min | 0;
      this.u32max = Math.min(this.u32max, this.s32max >>> 0);
    } else if (this.s32max >>> 0 < this.u32min) {
      this.s32max = this.u32max | 0;
      this.u32min = Math.max(this.u32min, this.s32min >>> 0);
    }
  }

  private deduce64(): void {
    if (s64(this.umin) <= s64(this.umax)) {
      this.smin = max(this.smin, s64(this.umin));
      this.smax = min(this.smax, s64(this.umax));
    }
    const smin = u64(this.smin);
    const smax = u64(this.smax);
    if (smin <= smax) {
      this.umin = max(this.umin, smin);
      this.umax = min(this.umax, smax);
    } else if (this.umax < smin) {
      this.smin = s64(this.umin);
      this.umax = min(this.umax, smax);
    } else if (smax < this.umin) {
      this.smax = s64(this.umax);
      this.umin = max(this.umin, smin);
    }
  }

  /** Bounds of the whole from those of the lower half. */
  private deduceMixed(): void {
    this.spread(BigInt(this.u32min), BigInt(this.u32max));
    if (this.s32min >>> 0 <= this.s32max >>> 0) this.spread(BigInt(this.s32min >>> 0), BigInt(this.s32max >>> 0));
    if (this.s32min >= 0 && this.smin >= BigInt(S32_MIN) && this.smax <= BigInt(S32_MAX)) {
      this.smin = this.umin = BigInt(this.s32min);
      this.smax = this.umax = BigInt(this.s32max);
      this.bits = tnumIntersect(this.bits, tnumRange(u64(this.smin), u64(this.smax)));
    }
  }

  private spread(low: bigint, high: bigint): void {
    this.umin = max(this.umin, ((this.umin >> 32n) << 32n) | low);
    this.umax = min(this.umax, ((this.umax >> 32n) << 32n) | high);
    this.smin = max(this.smin, ((this.smin >> 32n) << 32n) | low);
    this.smax = min(this.smax, ((this.smax >> 32n) << 32n) | high);
  }

  narrowU32(low: number, high: number): void {
    if (low > this.u32min) this.u32min = low;
    if (high < this.u32max) this.u32max = high;
  }

  narrowS32(low: number, high: number): void {
    if (low > this.s32min) this.s32min = low;
    if (high < this.s32max) this.s32max = high;
  }

  /** What contradicts itself, in the kernel's words; undefined where all agrees. */
  problem(): string | undefined {
    if (this.umin > this.umax || this.smin > this.smax || this.u32min > this.u32max || this.s32min > this.s32max) return RANGE_VIOLATION;
    const { value, mask } = this.bits;
    if (mask === 0n && (this.umin !== value || this.umax !== value || this.smin !== s64(value) || this.smax !== s64(value))) return "const tnum out of sync with range bounds";
    if ((mask & LOW32) === 0n) {
      const low = Number(value & LOW32);
      if (this.u32min !== low || this.u32max !== low || this.s32min !== (low | 0) || this.s32max !== (low | 0)) return "const subreg tnum out of sync with range bounds";
    }
    return undefined;
  }

  /** The scalar; contradicting bounds are given up, as the kernel does. */
  done(): Scalar {
    if (this.problem() !== undefined) {
      this.unbound64();
      this.unbound32();
    }
    return intern(this);
  }
}

/** {@link tnumNext} for 31 bits. */
function nextMember(value: number, mask: number, z: number): number {
  const most = value | mask;
  if (z >= most) return most;
  if (z < value) return value;
  const like = value | (z & mask);
  const below = like === z ? 0 : 0xffff_ffff >>> Math.clz32(like ^ z);
  return like > z ? (z & ~below) | (value & below) : value | (((like | ~mask | below) + 1) & mask);
}

/** The only number of 31 bits in bounds that the bits allow, as the kernel finds it; -1 where there are more, or none is found. */
function onlyMember(value: number, mask: number, low: number, high: number): number {
  if (mask === 0) return -1;
  const next = nextMember(value, mask, low);
  if ((low & ~mask) === value) return next > high ? low : -1;
  return next === (value | mask) || (next <= high && nextMember(value, mask, next) > high) ? next : -1;
}

export function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

export function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

let nextKey = 1;
/** Known numbers, by some of their bits. */
const CONSTANTS = 8192;
const constants: (Scalar | undefined)[] = Array.from({ length: CONSTANTS }, () => undefined);
/** Ranges, by a hash of their content; the last one stays. */
const RANGES = 16384;
const ranges: (Scalar | undefined)[] = Array.from({ length: RANGES }, () => undefined);

/** The scalar with the draft's content. */
export function intern(draft: Draft): Scalar {
  const { value, mask } = draft.bits;
  if (mask === 0n && draft.umin === value && draft.umax === value) return constant(value);
  if (mask === U64_MAX && draft.umax === U64_MAX && draft.umin === 0n && draft.smin === S64_MIN && draft.smax === S64_MAX && draft.u32min === 0 && draft.u32max === U32_MAX && draft.s32min === S32_MIN && draft.s32max === S32_MAX) return UNKNOWN;
  const place = placeOf(draft);
  const first = ranges[place];
  if (first !== undefined && hasContent(first, draft)) return first;
  return (ranges[place] = new Scalar(nextKey++, draft));
}

/** Bounds of the lower half tell most ranges apart; those that need more than 32 bits are told apart by their bounds too. */
function placeOf({ bits, umin, umax, smax, s32min, s32max, u32min, u32max }: Draft): number {
  let mixed = Math.imul(u32min, 0x9e37_79b1) ^ Math.imul(u32max, 0x85eb_ca6b) ^ Math.imul(s32min, 11) ^ Math.imul(s32max, 13) ^ Math.imul(Number(BigInt.asUintN(32, bits.mask)), 3);
  if (umax > 0xffff_ffffn) mixed ^= Math.imul(hash(umin), 5) ^ Math.imul(hash(umax), 7) ^ Math.imul(hash(smax), 17) ^ Math.imul(hash(bits.mask), 19);
  return (mixed ^ (mixed >>> 16)) & (RANGES - 1);
}

/** 32 bits that depend on all 64. */
function hash(x: bigint): number {
  return Number(BigInt.asIntN(32, x)) ^ Math.imul(Number(BigInt.asIntN(32, x >> 32n)), 0x9e37_79b1);
}

function hasContent(a: Scalar, b: Draft): boolean {
  return (
    a.s32min === b.s32min && a.s32max === b.s32max && a.u32min === b.u32min && a.u32max === b.u32max && a.umin === b.umin && a.umax === b.umax && a.smin === b.smin && a.smax === b.smax &&
    a.bits.value === b.bits.value && a.bits.mask === b.bits.mask
  );
}

/** A known number, given as any of its 64-bit forms. */
export function constant(value: bigint): Scalar {
  const bits = u64(value);
  if (bits === 0n) return ZERO;
  const low = Number(BigInt.asIntN(32, bits));
  const place = (low ^ (low >> 12)) & (CONSTANTS - 1);
  const known = constants[place];
  if (known !== undefined && known.bits.value === bits) return known;
  return (constants[place] = new Scalar(nextKey++, new Draft().setConst(bits)));
}

export const UNKNOWN: Scalar = new Scalar(nextKey++, new Draft());
export const ZERO: Scalar = new Scalar(nextKey++, new Draft().setConst(0n));

/** Same content? */
export function sameScalar(a: Scalar, b: Scalar): boolean {
  return (
    a === b ||
    (a.bits.value === b.bits.value && a.bits.mask === b.bits.mask && a.smin === b.smin && a.smax === b.smax && a.umin === b.umin && a.umax === b.umax &&
      a.s32min === b.s32min && a.s32max === b.s32max && a.u32min === b.u32min && a.u32max === b.u32max)
  );
}

/** Does `a` allow everything that `b` allows? */
export function covers(a: Scalar, b: Scalar): boolean {
  if (a === b || a === UNKNOWN) return true;
  return (
    a.s32min <= b.s32min && a.s32max >= b.s32max && a.u32min <= b.u32min && a.u32max >= b.u32max &&
    a.umin <= b.umin && a.umax >= b.umax && a.smin <= b.smin && a.smax >= b.smax && tnumIn(a.bits, b.bits)
  );
}

/** The lower half is known. */
export function isConst32(a: Scalar): boolean {
  return a.isConst || (a.bits.mask & LOW32) === 0n;
}
