/** Arithmetic on {@link Scalar}s, 64 and 32 bits: what is known of the result. */
import { BPF_ADD, BPF_AND, BPF_ARSH, BPF_LSH, BPF_MUL, BPF_NEG, BPF_OR, BPF_RSH, BPF_SUB, BPF_XOR } from "../isa/index.js";
import { Memo } from "./memo.js";
import { Draft, S32_MAX, S32_MIN, S64_MAX, S64_MIN, U32_MAX, UNKNOWN, ZERO, constant, isConst32, max, min } from "./scalar.js";
import type { Scalar } from "./scalar.js";
import { LOW32, U64_MAX, s64, tnumAdd, tnumAnd, tnumArsh, tnumCast, tnumLsh, tnumMul, tnumOr, tnumRange, tnumRsh, tnumSub, tnumSubreg, tnumXor, u64 } from "./tnum.js";

const results = new Memo<Scalar>(8192);

/** `dst op src`; `op` is the operation's code in the instruction (`BPF_ADD`, …). */
export function alu(op: number, is64: boolean, dst: Scalar, src: Scalar): Scalar {
  if (is64 && dst.isConst && src.isConst) {
    if (op === BPF_ADD) return constant(dst.value + src.value);
    if (op === BPF_SUB) return constant(dst.value - src.value);
  }
  const which = op * 2 + (is64 ? 1 : 0);
  return results.get(which, dst.key, src.key) ?? results.set(which, dst.key, src.key, compute(op, is64, dst, src));
}

function compute(op: number, is64: boolean, dst: Scalar, src: Scalar): Scalar {
  if (!isComputable(op, is64, src)) return UNKNOWN;
  const d = Draft.of(dst);
  switch (op) {
    case BPF_ADD:
      add(d, src);
      break;
    case BPF_SUB:
      subtract(d, src);
      break;
    case BPF_NEG: {
      const zero = Draft.of(ZERO);
      subtract(zero, dst);
      return finish(zero, is64);
    }
    case BPF_MUL:
      multiply(d, src);
      break;
    case BPF_AND:
      and(d, src);
      break;
    case BPF_OR:
      or(d, src);
      break;
    case BPF_XOR:
      xor(d, src);
      break;
    case BPF_LSH:
      if (is64) shiftLeft64(d, src);
      else shiftLeft32(d, src);
      break;
    case BPF_RSH:
      if (is64) shiftRight64(d, src);
      else shiftRight32(d, src);
      break;
    case BPF_ARSH:
      if (is64) shiftArithmetic64(d, src);
      else shiftArithmetic32(d, src);
      break;
    default:
      return UNKNOWN;
  }
  return finish(d, is64);
}

function finish(d: Draft, is64: boolean): Scalar {
  if (!is64) zeroExtend(d);
  return d.sync().done();
}

/** Results are tracked for these; shifts only by a known amount that is not too large. */
function isComputable(op: number, is64: boolean, src: Scalar): boolean {
  switch (op) {
    case BPF_ADD:
    case BPF_SUB:
    case BPF_AND:
    case BPF_XOR:
    case BPF_OR:
    case BPF_MUL:
    case BPF_NEG:
      return true;
    case BPF_LSH:
    case BPF_RSH:
    case BPF_ARSH:
      return (is64 ? src.isConst : isConst32(src) && src.u32min === src.u32max) && src.umax < (is64 ? 64n : 32n);
    default:
      return false;
  }
}

/** The whole from a 32-bit result: the upper half is 0. */
export function zeroExtend(d: Draft): void {
  d.bits = tnumSubreg(d.bits);
  d.umin = BigInt(d.u32min);
  d.umax = BigInt(d.u32max);
  if (d.s32min >= 0 && d.s32max >= 0) {
    d.smin = BigInt(d.s32min);
    d.smax = BigInt(d.s32max);
  } else {
    d.smin = 0n;
    d.smax = BigInt(U32_MAX);
  }
}

function fits64(x: bigint): boolean {
  return x >= S64_MIN && x <= S64_MAX;
}

function fits32(x: number): boolean {
  return x >= S32_MIN && x <= S32_MAX;
}

/** Signed bounds, given up where either does not fit. */
function signed64(d: Draft, low: bigint, high: bigint): void {
  const fit = fits64(low) && fits64(high);
  d.smin = fit ? low : S64_MIN;
  d.smax = fit ? high : S64_MAX;
}

function signed32(d: Draft, low: number, high: number): void {
  const fit = fits32(low) && fits32(high);
  d.s32min = fit ? low : S32_MIN;
  d.s32max = fit ? high : S32_MAX;
}

/** Unsigned bounds of a sum or difference: where all wrap or none does, they hold; where only some do, nothing is known. */
function unsigned64(d: Draft, low: bigint, high: bigint): void {
  const wrapsAlike = (low < 0n) === (high < 0n) && low > U64_MAX === high > U64_MAX;
  d.umin = wrapsAlike ? u64(low) : 0n;
  d.umax = wrapsAlike ? u64(high) : U64_MAX;
}

function unsigned32(d: Draft, low: number, high: number): void {
  const wrapsAlike = low < 0 === high < 0 && low > U32_MAX === high > U32_MAX;
  d.u32min = wrapsAlike ? low >>> 0 : 0;
  d.u32max = wrapsAlike ? high >>> 0 : U32_MAX;
}

/** Adds in place, without making bounds agree. */
export function add(d: Draft, src: Scalar): void {
  signed32(d, d.s32min + src.s32min, d.s32max + src.s32max);
  unsigned32(d, d.u32min + src.u32min, d.u32max + src.u32max);
  signed64(d, d.smin + src.smin, d.smax + src.smax);
  unsigned64(d, d.umin + src.umin, d.umax + src.umax);
  d.bits = tnumAdd(d.bits, src.bits);
}

function subtract(d: Draft, src: Scalar): void {
  signed32(d, d.s32min - src.s32max, d.s32max - src.s32min);
  unsigned32(d, d.u32min - src.u32max, d.u32max - src.u32min);
  signed64(d, d.smin - src.smax, d.smax - src.smin);
  unsigned64(d, d.umin - src.umax, d.umax - src.umin);
  d.bits = tnumSub(d.bits, src.bits);
}

function multiply(d: Draft, src: Scalar): void {
  d.bits = tnumMul(d.bits, src.bits);
  const low32 = [BigInt(d.s32min) * BigInt(src.s32min), BigInt(d.s32min) * BigInt(src.s32max), BigInt(d.s32max) * BigInt(src.s32min), BigInt(d.s32max) * BigInt(src.s32max)];
  const umax32 = BigInt(d.u32max) * BigInt(src.u32max);
  d.u32min = umax32 <= LOW32 ? Number(BigInt(d.u32min) * BigInt(src.u32min)) : 0;
  d.u32max = umax32 <= LOW32 ? Number(umax32) : U32_MAX;
  const fit32 = low32.every((product) => product >= BigInt(S32_MIN) && product <= BigInt(S32_MAX));
  d.s32min = fit32 ? Number(low32.reduce(min)) : S32_MIN;
  d.s32max = fit32 ? Number(low32.reduce(max)) : S32_MAX;
  const products = [d.smin * src.smin, d.smin * src.smax, d.smax * src.smin, d.smax * src.smax];
  const umax = d.umax * src.umax;
  d.umin = umax <= U64_MAX ? d.umin * src.umin : 0n;
  d.umax = umax <= U64_MAX ? umax : U64_MAX;
  const fit = products.every(fits64);
  d.smin = fit ? products.reduce(min) : S64_MIN;
  d.smax = fit ? products.reduce(max) : S64_MAX;
}

/** Known lower half: bounds of it are that number. True where it was so. */
function known32(d: Draft, src: Scalar, dstWasKnown: boolean): boolean {
  if (!dstWasKnown || !isConst32(src)) return false;
  const low = Number(d.bits.value & LOW32);
  d.s32min = d.s32max = low | 0;
  d.u32min = d.u32max = low;
  return true;
}

/** Signed bounds from unsigned ones, where those do not cross the sign. */
function signedFromUnsigned32(d: Draft): void {
  const keep = (d.u32min | 0) <= (d.u32max | 0);
  d.s32min = keep ? d.u32min | 0 : S32_MIN;
  d.s32max = keep ? d.u32max | 0 : S32_MAX;
}

function signedFromUnsigned64(d: Draft): void {
  const keep = s64(d.umin) <= s64(d.umax);
  d.smin = keep ? s64(d.umin) : S64_MIN;
  d.smax = keep ? s64(d.umax) : S64_MAX;
}

/** The bitwise operations: bits first, then unsigned bounds of each width from them. */
function bitwise(d: Draft, src: Scalar, bits: Draft["bits"], bounds32: () => void, bounds64: () => void): void {
  const wasKnown32 = (d.bits.mask & LOW32) === 0n;
  const wasKnown = d.bits.mask === 0n;
  d.bits = bits;
  if (!known32(d, src, wasKnown32)) {
    bounds32();
    signedFromUnsigned32(d);
  }
  if (wasKnown && src.isConst) {
    d.setConst(d.bits.value);
    return;
  }
  bounds64();
  signedFromUnsigned64(d);
  d.boundsFromBits();
}

function lowBits(d: Draft): { value: number; any: number } {
  const value = Number(d.bits.value & LOW32);
  return { value, any: (value | Number(d.bits.mask & LOW32)) >>> 0 };
}

function and(d: Draft, src: Scalar): void {
  bitwise(
    d,
    src,
    tnumAnd(d.bits, src.bits),
    () => {
      d.u32min = lowBits(d).value;
      d.u32max = Math.min(d.u32max, src.u32max);
    },
    () => {
      d.umin = d.bits.value;
      d.umax = min(d.umax, src.umax);
    },
  );
}

function or(d: Draft, src: Scalar): void {
  bitwise(
    d,
    src,
    tnumOr(d.bits, src.bits),
    () => {
      d.u32min = Math.max(d.u32min, src.u32min);
      d.u32max = lowBits(d).any;
    },
    () => {
      d.umin = max(d.umin, src.umin);
      d.umax = d.bits.value | d.bits.mask;
    },
  );
}

function xor(d: Draft, src: Scalar): void {
  bitwise(
    d,
    src,
    tnumXor(d.bits, src.bits),
    () => {
      const { value, any } = lowBits(d);
      d.u32min = value;
      d.u32max = any;
    },
    () => {
      d.umin = d.bits.value;
      d.umax = d.bits.value | d.bits.mask;
    },
  );
}

function boundsLeft32(d: Draft, low: number, high: number): void {
  d.s32min = S32_MIN;
  d.s32max = S32_MAX;
  if (high > 31 || d.u32max > 2 ** (31 - high)) {
    d.u32min = 0;
    d.u32max = U32_MAX;
  } else {
    d.u32min = (d.u32min << low) >>> 0;
    d.u32max = (d.u32max << high) >>> 0;
  }
}

function shiftLeft32(d: Draft, src: Scalar): void {
  boundsLeft32(d, src.u32min, src.u32max);
  d.bits = tnumSubreg(tnumLsh(tnumSubreg(d.bits), src.u32min));
  d.unbound64();
  d.bounds32FromBits();
}

function shiftLeft64(d: Draft, src: Scalar): void {
  const low = Number(src.umin);
  const high = Number(src.umax);
  if (low === 32 && high === 32) {
    d.smax = BigInt(d.s32max) << 32n;
    d.smin = BigInt(d.s32min) << 32n;
  } else {
    d.smax = S64_MAX;
    d.smin = S64_MIN;
  }
  if (d.umax > 1n << BigInt(63 - high)) {
    d.umin = 0n;
    d.umax = U64_MAX;
  } else {
    d.umin = u64(d.umin << src.umin);
    d.umax = u64(d.umax << src.umax);
  }
  boundsLeft32(d, low, high);
  d.bits = tnumLsh(d.bits, low);
  d.boundsFromBits();
}

function shiftRight32(d: Draft, src: Scalar): void {
  d.s32min = S32_MIN;
  d.s32max = S32_MAX;
  d.bits = tnumRsh(tnumSubreg(d.bits), src.u32min);
  d.u32min >>>= src.u32max;
  d.u32max >>>= src.u32min;
  d.unbound64();
  d.bounds32FromBits();
}

function shiftRight64(d: Draft, src: Scalar): void {
  d.smin = S64_MIN;
  d.smax = S64_MAX;
  d.bits = tnumRsh(d.bits, Number(src.umin));
  d.umin >>= src.umax;
  d.umax >>= src.umin;
  d.unbound32();
  d.boundsFromBits();
}

function shiftArithmetic32(d: Draft, src: Scalar): void {
  d.s32min >>= src.u32min;
  d.s32max >>= src.u32min;
  d.bits = tnumArsh(tnumSubreg(d.bits), src.u32min, 32);
  d.u32min = 0;
  d.u32max = U32_MAX;
  d.unbound64();
  d.bounds32FromBits();
}

function shiftArithmetic64(d: Draft, src: Scalar): void {
  d.smin >>= src.umin;
  d.smax >>= src.umin;
  d.bits = tnumArsh(d.bits, Number(src.umin), 64);
  d.umin = 0n;
  d.umax = U64_MAX;
  d.unbound32();
  d.boundsFromBits();
}

/** Results of what has one operand: 1 to 4 for cuts to as many bytes, bits (or bits + 1) for byte orders. */
const conversions = new Memo<Scalar>(1024);

/** The lower `size` bytes, zero-extended: what a load of that size gives. */
export function truncate(a: Scalar, size: number): Scalar {
  return conversions.get(size, a.key, 0) ?? conversions.set(size, a.key, 0, cut(a, size));
}

function cut(a: Scalar, size: number): Scalar {
  const d = Draft.of(a);
  const mask = (1n << BigInt(size * 8)) - 1n;
  d.bits = tnumCast(d.bits, size);
  if ((d.umin & (U64_MAX ^ mask)) === (d.umax & (U64_MAX ^ mask))) {
    d.umin &= mask;
    d.umax &= mask;
  } else {
    d.umin = 0n;
    d.umax = mask;
  }
  d.smin = d.umin;
  d.smax = d.umax;
  if (size < 4) d.unbound32();
  return d.sync().done();
}

/** Byte order: the lower `bits` (16, 32, 64) reversed by bytes (or only kept), zero-extended. */
export function swap(a: Scalar, bits: number, reverse: boolean): Scalar {
  const which = bits + (reverse ? 1 : 0);
  return conversions.get(which, a.key, 0) ?? conversions.set(which, a.key, 0, swapped(a, bits, reverse));
}

function swapped(a: Scalar, bits: number, reverse: boolean): Scalar {
  const d = Draft.of(a);
  if (reverse) {
    d.bits = { value: reversed(a.bits.value, bits), mask: reversed(a.bits.mask, bits) };
    // Bounds say nothing about swapped bytes.
    d.unbound64();
    d.unbound32();
  }
  return bits === 64 ? d.sync().done() : truncate(d.sync().done(), bits / 8);
}

function reversed(value: bigint, bits: number): bigint {
  let out = 0n;
  for (let at = 0; at < bits; at += 8) out = (out << 8n) | ((value >> BigInt(at)) & 0xffn);
  return out;
}

/** A 32-bit move: the lower half, zero-extended. */
export function moveLow(a: Scalar): Scalar {
  const d = Draft.of(a);
  zeroExtend(d);
  return d.sync().done();
}

/** The lower `size` bytes, sign-extended to 64 bits. */
export function signExtend64(a: Scalar, size: number): Scalar {
  const bits = size * 8;
  if (a.isConst) return constant(BigInt.asIntN(bits, a.value));
  const d = Draft.of(a);
  if (u64(a.smax) >> BigInt(bits) === u64(a.smin) >> BigInt(bits)) {
    const x = BigInt.asIntN(bits, a.smax);
    const y = BigInt.asIntN(bits, a.smin);
    const low = min(x, y);
    const high = max(x, y);
    if (low >= 0n === high >= 0n) {
      d.smin = low;
      d.smax = high;
      d.s32min = Number(low);
      d.s32max = Number(high);
      d.umin = u64(low);
      d.umax = u64(high);
      d.u32min = Number(low) >>> 0;
      d.u32max = Number(high) >>> 0;
      d.bits = tnumRange(d.umin, d.umax);
      return d.done();
    }
  }
  const wide = new Draft();
  wide.smin = -(1n << BigInt(bits - 1));
  wide.smax = (1n << BigInt(bits - 1)) - 1n;
  wide.s32min = Number(wide.smin);
  wide.s32max = Number(wide.smax);
  return wide.done();
}

/** The lower `size` bytes, sign-extended to 32 bits, the upper half 0. */
export function signExtend32(a: Scalar, size: number): Scalar {
  const bits = size * 8;
  const d = Draft.of(a);
  if (a.isConst) d.setConst(BigInt.asUintN(32, BigInt.asIntN(bits, a.value)));
  else {
    const shift = 32 - bits;
    const x = (a.s32max << shift) >> shift;
    const y = (a.s32min << shift) >> shift;
    const low = Math.min(x, y);
    const high = Math.max(x, y);
    if (a.s32max >>> bits === a.s32min >>> bits && low >= 0 === high >= 0) {
      d.s32min = low;
      d.s32max = high;
      d.u32min = low >>> 0;
      d.u32max = high >>> 0;
      d.bits = tnumSubreg(tnumRange(u64(BigInt(low)), u64(BigInt(high))));
    } else {
      d.s32min = -(2 ** (bits - 1));
      d.s32max = 2 ** (bits - 1) - 1;
      d.u32min = 0;
      d.u32max = U32_MAX;
      d.bits = { value: 0n, mask: LOW32 };
    }
  }
  zeroExtend(d);
  return d.sync().done();
}
