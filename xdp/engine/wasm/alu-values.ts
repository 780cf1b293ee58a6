/** Arithmetic on what is known of registers: the transfer function of the ALU instructions. */
import { BPF_ADD, BPF_AND, BPF_ARSH, BPF_DIV, BPF_LSH, BPF_MOD, BPF_MUL, BPF_OR, BPF_RSH, BPF_SUB, BPF_XOR } from "../../isa/alu.js";
import { LIMIT, U32, U32_MAX, UNKNOWN, constant, constantOf, hintOf, isU32, packet, packetEnd, scalar, stack, unknown } from "./value.js";
import type { Value } from "./value.js";

/** Largest step that a packet pointer makes at once and is still tracked. */
const LONGEST_STEP = 65535;

/** `pointer + amount`; `fresh` is the id that a packet pointer of new variable offset gets. */
function move(pointer: Value, amount: Value, fresh: number): Value {
  if (amount.kind !== "scalar") return unknown(hintOf(pointer));
  const { min, max } = amount;
  switch (pointer.kind) {
    case "ctx":
      return min === max && Math.abs(min) < LONGEST_STEP ? { kind: "ctx", off: pointer.off + min } : UNKNOWN;
    case "stack":
      return stack(pointer.min + min, pointer.max + max);
    case "packet":
      if (min === max) return packet(pointer.id, pointer.off + min);
      return max - min <= LONGEST_STEP ? packet(fresh, pointer.off + min) : unknown("packet");
    case "packetEnd":
      return min === max ? packetEnd(pointer.off + min) : unknown("packet");
    case "value":
      if (min === 0 && max === 0) return pointer;
      if (pointer.nullable || Math.abs(min) > U32_MAX || Math.abs(max) > U32_MAX) return unknown("value");
      return { ...pointer, min: pointer.min + min, max: pointer.max + max };
    default:
      return unknown(hintOf(pointer));
  }
}

const isPointer = (value: Value): boolean => value.kind !== "scalar" && (value.kind !== "unknown" || value.hint !== "none");

function negated(value: Value): Value {
  return value.kind === "scalar" ? scalar(-value.max, -value.min) : UNKNOWN;
}

/** Smallest 2^n - 1 that is not below `value`. */
function mask(value: number): number {
  let bits = 1;
  while (bits <= value) bits *= 2;
  return bits - 1;
}

/** Result of a 64-bit operation (`operation`: high four bits of the opcode; unsigned division). */
export function alu64(operation: number, a: Value, b: Value, fresh: number): Value {
  if (operation === BPF_ADD) {
    if (isPointer(a)) return move(a, b, fresh);
    if (isPointer(b)) return move(b, a, fresh);
  }
  if (operation === BPF_SUB) {
    if (a.kind === "packet" && b.kind === "packet" && a.id === b.id) return constant(a.off - b.off);
    if (isPointer(a) && !isPointer(b)) return move(a, negated(b), fresh);
  }
  if (operation === BPF_AND) return and(a, b);
  const left = a.kind === "scalar" ? a : undefined;
  const right = b.kind === "scalar" ? b : undefined;
  const by = constantOf(b);
  const nonNegative = left !== undefined && left.min >= 0;
  switch (operation) {
    case BPF_ADD:
      return left && right ? scalar(left.min + right.min, left.max + right.max) : UNKNOWN;
    case BPF_SUB:
      return left && right ? scalar(left.min - right.max, left.max - right.min) : UNKNOWN;
    case BPF_MUL:
      return nonNegative && right && right.min >= 0 && left.max * right.max <= LIMIT ? scalar(left.min * right.min, left.max * right.max) : UNKNOWN;
    case BPF_OR:
      return nonNegative && right && right.min >= 0 ? scalar(Math.max(left.min, right.min), mask(Math.max(left.max, right.max))) : UNKNOWN;
    case BPF_XOR:
      return nonNegative && right && right.min >= 0 ? scalar(0, mask(Math.max(left.max, right.max))) : UNKNOWN;
    case BPF_LSH:
      return nonNegative && by !== undefined && left.max * 2 ** (by & 63) <= LIMIT ? scalar(left.min * 2 ** (by & 63), left.max * 2 ** (by & 63)) : UNKNOWN;
    case BPF_RSH:
      if (by === undefined) return nonNegative ? scalar(0, left.max) : UNKNOWN;
      if (nonNegative) return scalar(Math.floor(left.min / 2 ** (by & 63)), Math.floor(left.max / 2 ** (by & 63)));
      return (by & 63) >= 12 ? scalar(0, 2 ** (64 - (by & 63)) - 1) : UNKNOWN;
    case BPF_ARSH:
      if (nonNegative) return by === undefined ? scalar(0, left.max) : scalar(Math.floor(left.min / 2 ** (by & 63)), Math.floor(left.max / 2 ** (by & 63)));
      return UNKNOWN;
    case BPF_DIV:
      return nonNegative && right && right.min >= 0 ? scalar(0, left.max) : UNKNOWN;
    case BPF_MOD:
      if (by !== undefined && by > 0) return scalar(0, nonNegative ? Math.min(left.max, by - 1) : by - 1);
      return nonNegative ? scalar(0, left.max) : UNKNOWN;
    default:
      return UNKNOWN;
  }
}

/** A mask with bits that are not negative bounds whatever it is applied to. */
function and(a: Value, b: Value): Value {
  const x = constantOf(a);
  const y = constantOf(b);
  if (x !== undefined && y !== undefined) return constant(Number(BigInt.asIntN(64, BigInt(x) & BigInt(y))));
  let max = Number.POSITIVE_INFINITY;
  for (const side of [a, b]) if (side.kind === "scalar" && side.min >= 0) max = Math.min(max, side.max);
  return max === Number.POSITIVE_INFINITY ? UNKNOWN : scalar(0, max);
}

/** The low 32 bits, zero-extended. */
export function low32(value: Value): Value {
  if (isU32(value)) return value;
  const number = constantOf(value);
  return number === undefined ? U32 : constant(Number(BigInt.asUintN(32, BigInt(number))));
}

/** Result of a 32-bit operation. */
export function alu32(operation: number, a: Value, b: Value): Value {
  // Shifts count modulo 32 here.
  const by = constantOf(b);
  const right = (operation === BPF_LSH || operation === BPF_RSH || operation === BPF_ARSH) && by !== undefined ? constant(by & 31) : low32(b);
  const left = low32(a);
  if (operation === BPF_ARSH && !(left.kind === "scalar" && left.max < 2 ** 31)) return U32;
  if (operation === BPF_LSH && constantOf(right) === undefined) return U32;
  const result = alu64(operation, left, right, 0);
  return isU32(result) ? result : constantOf(result) === undefined ? U32 : low32(result);
}
