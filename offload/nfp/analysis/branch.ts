/** What a conditional jump tells of its operands on either way, and which ways it can go. */
import {
  BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JLE, BPF_JLT, BPF_JMP32, BPF_JNE, BPF_JSET, BPF_JSGE, BPF_JSGT, BPF_JSLE, BPF_JSLT, BPF_X, classOf, operationOf,
} from "../../../xdp/index.js";
import type { Insn } from "../../../xdp/index.js";
import { constant, isExactly, low32, MAX64, narrow, without } from "./scalar.js";
import type { Scalar } from "./scalar.js";
import type { State } from "./state.js";
import { isPointer, isScalar } from "./value.js";

/** The condition that holds where the other does not. */
const OPPOSITE: Readonly<Record<number, number>> = {
  [BPF_JEQ]: BPF_JNE, [BPF_JNE]: BPF_JEQ, [BPF_JGT]: BPF_JLE, [BPF_JLE]: BPF_JGT, [BPF_JGE]: BPF_JLT, [BPF_JLT]: BPF_JGE,
  [BPF_JSGT]: BPF_JSLE, [BPF_JSLE]: BPF_JSGT, [BPF_JSGE]: BPF_JSLT, [BPF_JSLT]: BPF_JSGE,
};
const UNSIGNED: Readonly<Record<number, number>> = { [BPF_JSGT]: BPF_JGT, [BPF_JSGE]: BPF_JGE, [BPF_JSLT]: BPF_JLT, [BPF_JSLE]: BPF_JLE };

/** State on the way that the jump takes (or does not); undefined where no packet can go that way. */
export function assume(state: State, insn: Insn, taken: boolean): State | undefined {
  const operation = operationOf(insn.op);
  const left = state.get(insn.dst);
  const register = (insn.op & BPF_X) !== 0;
  const right = register ? state.get(insn.src) : constant(BigInt(insn.imm));
  if (left === undefined || right === undefined) return state;
  if (isPointer(left) && isScalar(right) && isExactly(right, 0n) && (operation === BPF_JEQ || operation === BPF_JNE)) {
    return againstNull(state, insn.dst, (operation === BPF_JEQ) === taken);
  }
  if (!isScalar(left) || !isScalar(right)) return state;
  const half = classOf(insn.op) === BPF_JMP32;
  const [a, b] = half ? [low32(left), low32(right)] : [left, right];
  if (operation === BPF_JSET) return bits(state, insn, a, b, half, taken);
  const top = half ? 1n << 31n : 1n << 63n;
  const signed = UNSIGNED[operation];
  // Where neither is negative, signed and unsigned are one.
  if (signed !== undefined && (a.max >= top || b.max >= top)) return state;
  const condition = signed ?? operation;
  const holds = taken ? condition : OPPOSITE[condition];
  const first = limit(a, holds, b);
  const second = limit(b, MIRROR[holds], a);
  if (first === undefined || second === undefined) return undefined;
  const next = state.copy();
  if (!half || left.max <= 0xffff_ffffn) next.set(insn.dst, first);
  if (register && (!half || right.max <= 0xffff_ffffn)) next.set(insn.src, second);
  return next;
}

const MIRROR: Readonly<Record<number, number>> = {
  [BPF_JEQ]: BPF_JEQ, [BPF_JNE]: BPF_JNE, [BPF_JGT]: BPF_JLT, [BPF_JLT]: BPF_JGT, [BPF_JGE]: BPF_JLE, [BPF_JLE]: BPF_JGE,
};

function limit(a: Scalar, condition: number, b: Scalar): Scalar | undefined {
  switch (condition) {
    case BPF_JEQ:
      return narrow(a, b.min, b.max);
    case BPF_JNE:
      return b.min === b.max ? without(a, b.min) : a;
    case BPF_JGT:
      return narrow(a, b.min + 1n, MAX64);
    case BPF_JGE:
      return narrow(a, b.min, MAX64);
    case BPF_JLT:
      return narrow(a, 0n, b.max - 1n);
    case BPF_JLE:
      return narrow(a, 0n, b.max);
    default:
      return a;
  }
}

/** `if a & b`: decided where all numbers are known. */
function bits(state: State, insn: Insn, a: Scalar, b: Scalar, half: boolean, taken: boolean): State | undefined {
  const [only] = b.known ?? [];
  if (a.known === undefined || b.known?.length !== 1 || only === undefined) return state;
  const left = a.known.filter((value) => ((value & only) !== 0n) === taken);
  if (left.length === 0) return undefined;
  if (half || left.length > 1) return state;
  const next = state.copy();
  next.set(insn.dst, { ...constant(left[0]), constant: a.constant });
  return next;
}

/** The pointer, and all that came from the same lookup, is NULL or is not. */
function againstNull(state: State, register: number, isNull: boolean): State | undefined {
  const checked = state.get(register);
  if (checked === undefined || !isPointer(checked)) return state;
  if (!checked.nullable) return isNull && (checked.kind === "stack" || checked.kind === "value" || checked.kind === "ctx") ? undefined : state;
  const next = state.copy();
  for (const values of [next.registers, next.stack]) {
    values.forEach((value, i) => {
      if (value === undefined || !isPointer(value) || value.kind !== "value" || !value.nullable || value.id !== checked.id) return;
      values[i] = isNull ? constant(0n) : { ...value, nullable: false };
    });
  }
  return next;
}
