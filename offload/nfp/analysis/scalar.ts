/** Numbers that a register can hold: bounds of 64 bits, unsigned, and where they are few the numbers themselves. */

export interface Scalar {
  readonly kind: "scalar";
  readonly min: bigint;
  readonly max: bigint;
  /** Computed from constants alone: on each path it is one number. */
  readonly constant: boolean;
  /** Remainders modulo 4 that it is known to have on some path, a bit each; 0 where none is known. */
  readonly residues: number;
  /** All numbers that it can be, ascending, where they are at most {@link FEW}. */
  readonly known?: readonly bigint[];
}

export const MAX64 = 0xffff_ffff_ffff_ffffn;
const MAX32 = 0xffff_ffffn;
const FEW = 8;

export const UNKNOWN: Scalar = { kind: "scalar", min: 0n, max: MAX64, constant: false, residues: 0 };
/** Not known here, but a constant on each path. */
export const SOME_CONSTANT: Scalar = { ...UNKNOWN, constant: true };

export function constant(value: bigint): Scalar {
  const number = BigInt.asUintN(64, value);
  return { kind: "scalar", min: number, max: number, constant: true, residues: residueOf(number), known: [number] };
}

export function between(min: bigint, max: bigint, isConstant = false, residues = 0): Scalar {
  if (min === max) return { ...constant(min), constant: isConstant };
  return { kind: "scalar", min, max, constant: isConstant, residues };
}

function residueOf(value: bigint): number {
  return 1 << Number(value & 3n);
}

/** Whether it is known to have more than one remainder modulo 4. */
export function isRagged({ residues }: Scalar): boolean {
  return (residues & (residues - 1)) !== 0;
}

export function unsignedOf(bytes: number): Scalar {
  return between(0n, (1n << BigInt(bytes * 8)) - 1n);
}

export function isExactly({ min, max }: Scalar, value: bigint): boolean {
  return min === value && max === value;
}

/** Its lower 32 bits. */
export function low32(a: Scalar): Scalar {
  if (a.max <= MAX32) return a;
  if (a.known !== undefined) return few(a.known.map((value) => BigInt.asUintN(32, value)), a.constant);
  return between(0n, MAX32, a.constant, a.residues);
}

function few(values: Iterable<bigint>, isConstant: boolean): Scalar {
  const known = [...new Set(values)].toSorted((a, b) => (a < b ? -1 : 1));
  const all: Scalar = { kind: "scalar", min: known[0], max: known[known.length - 1], constant: isConstant, residues: known.reduce((bits, value) => bits | residueOf(value), 0) };
  return known.length <= FEW ? { ...all, known } : all;
}

/** What holds of both. */
export function joinScalars(a: Scalar, b: Scalar): Scalar {
  const isConstant = a.constant && b.constant;
  if (a.known !== undefined && b.known !== undefined) return few([...a.known, ...b.known], isConstant);
  return { kind: "scalar", min: a.min < b.min ? a.min : b.min, max: a.max > b.max ? a.max : b.max, constant: isConstant, residues: a.residues | b.residues };
}

const STEPS = [0xffn, 0xffffn, MAX32, MAX64];

/** `next` with bounds that cannot grow again and again: for loops. */
export function widen(old: Scalar, next: Scalar): Scalar {
  const min = next.min < old.min ? 0n : next.min;
  const max = next.max > old.max ? (STEPS.find((step) => step >= next.max) ?? MAX64) : next.max;
  return { kind: "scalar", min, max, constant: next.constant, residues: next.residues };
}

export function sameScalar(a: Scalar, b: Scalar): boolean {
  if (a.min !== b.min || a.max !== b.max || a.constant !== b.constant || a.residues !== b.residues || a.known?.length !== b.known?.length) return false;
  return a.known === undefined || a.known.every((value, i) => value === b.known?.[i]);
}

/** The part of it that lies in bounds; undefined where none does. */
export function narrow(a: Scalar, min: bigint, max: bigint): Scalar | undefined {
  if (a.known !== undefined) {
    const left = a.known.filter((value) => value >= min && value <= max);
    return left.length === 0 ? undefined : few(left, a.constant);
  }
  const low = a.min > min ? a.min : min;
  const high = a.max < max ? a.max : max;
  return low > high ? undefined : between(low, high, a.constant, a.residues);
}

/** It without one number; undefined where that was all. */
export function without(a: Scalar, value: bigint): Scalar | undefined {
  if (a.known !== undefined) {
    const left = a.known.filter((one) => one !== value);
    return left.length === 0 ? undefined : few(left, a.constant);
  }
  if (a.min === value) return narrow(a, value + 1n, a.max);
  return a.max === value ? narrow(a, a.min, value - 1n) : a;
}

export type Operation = "add" | "sub" | "mul" | "div" | "mod" | "and" | "or" | "xor" | "lsh" | "rsh" | "arsh";

/** Result of an operation of 64 or 32 bits. Operands of 32 bits are cut first. */
export function operate(operation: Operation, left: Scalar, right: Scalar, wide: boolean): Scalar {
  const a = wide ? left : low32(left);
  const b = wide ? right : low32(right);
  const isConstant = a.constant && b.constant;
  if (a.known !== undefined && b.known !== undefined && a.known.length * b.known.length <= FEW * FEW) {
    const values: bigint[] = [];
    for (const x of a.known) for (const y of b.known) values.push(compute(operation, x, y, wide));
    return few(values, isConstant);
  }
  const most = wide ? MAX64 : MAX32;
  const [min, max] = bounds(operation, a, b, wide);
  const residues = residuesOf(operation, a, b, wide);
  return min < 0n || max > most || min > max ? between(0n, most, isConstant, residues) : between(min, max, isConstant, residues);
}

/** Remainders of the result, where one operand has one: what two of them give together is not known. */
function residuesOf(operation: Operation, a: Scalar, b: Scalar, wide: boolean): number {
  if (!["add", "sub", "mul", "and", "or", "xor", "lsh"].includes(operation)) return 0;
  if (operation === "lsh") return b.min === b.max ? (b.min >= 2n ? residueOf(0n) : mapped(a.residues, (r) => compute("lsh", r, b.min, wide))) : 0;
  // A mask or a factor that is a multiple of 4 makes the result one, whatever the other operand is.
  if ((operation === "and" || operation === "mul") && (a.residues === 1 || b.residues === 1)) return 1;
  if (b.residues !== 0 && !isRagged(b)) return mapped(a.residues, (r) => compute(operation, r, BigInt(Math.log2(b.residues)), wide));
  if (a.residues !== 0 && !isRagged(a)) return mapped(b.residues, (r) => compute(operation, BigInt(Math.log2(a.residues)), r, wide));
  return 0;
}

function mapped(residues: number, of: (residue: bigint) => bigint): number {
  let out = 0;
  for (let r = 0; r < 4; r++) if ((residues & (1 << r)) !== 0) out |= residueOf(of(BigInt(r)));
  return out;
}

function compute(operation: Operation, a: bigint, b: bigint, wide: boolean): bigint {
  const bits = wide ? 64 : 32;
  const distance = b & BigInt(bits - 1);
  const cut = (value: bigint): bigint => BigInt.asUintN(bits, value);
  switch (operation) {
    case "add":
      return cut(a + b);
    case "sub":
      return cut(a - b);
    case "mul":
      return cut(a * b);
    case "div":
      return b === 0n ? 0n : a / b;
    case "mod":
      return b === 0n ? a : a % b;
    case "and":
      return a & b;
    case "or":
      return a | b;
    case "xor":
      return a ^ b;
    case "lsh":
      return cut(a << distance);
    case "rsh":
      return a >> distance;
    case "arsh":
      return cut(BigInt.asIntN(bits, a) >> distance);
  }
}

const NONE: readonly [bigint, bigint] = [0n, -1n];

/** Bounds of the result; outside of the number's range where it can wrap. */
function bounds(operation: Operation, a: Scalar, b: Scalar, wide: boolean): readonly [bigint, bigint] {
  const bits = BigInt(wide ? 64 : 32);
  switch (operation) {
    case "add":
      return [a.min + b.min, a.max + b.max];
    case "sub":
      return [a.min - b.max, a.max - b.min];
    case "mul":
      return [a.min * b.min, a.max * b.max];
    case "div":
      return [0n, b.min > 0n ? a.max / b.min : a.max];
    case "mod":
      return [0n, b.min > 0n && b.max - 1n < a.max ? b.max - 1n : a.max];
    case "and":
      return [0n, a.max < b.max ? a.max : b.max];
    case "or":
      return [a.min > b.min ? a.min : b.min, ones(a.max | b.max)];
    case "xor":
      return [0n, ones(a.max | b.max)];
    case "lsh":
      return b.max < bits ? [a.min << b.min, a.max << b.max] : NONE;
    case "rsh":
      return b.max < bits ? [a.min >> b.max, a.max >> b.min] : [0n, a.max];
    case "arsh":
      return a.max < 1n << (bits - 1n) && b.max < bits ? [a.min >> b.max, a.max >> b.min] : NONE;
  }
}

/** All bits set up to the highest of `value`. */
function ones(value: bigint): bigint {
  return value === 0n ? 0n : (1n << BigInt(value.toString(2).length)) - 1n;
}
