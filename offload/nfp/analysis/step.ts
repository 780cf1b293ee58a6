/** What one instruction makes of a state, apart from jumps and calls. */
import {
  BPF_ADD, BPF_ALU, BPF_ALU64, BPF_AND, BPF_ARSH, BPF_ATOMIC, BPF_CMPXCHG, BPF_DIV, BPF_END, BPF_FETCH, BPF_LD, BPF_LDX, BPF_LOAD_ACQ, BPF_LSH, BPF_MEM, BPF_MEMSX, BPF_MOD, BPF_MOV, BPF_MUL,
  BPF_NEG, BPF_OR, BPF_PSEUDO_MAP_IDX, BPF_PSEUDO_MAP_IDX_VALUE, BPF_RSH, BPF_ST, BPF_STX, BPF_SUB, BPF_X, BPF_XOR, bytesOf, classOf, LD_IMM64, modeOf, operationOf,
} from "../../../xdp/index.js";
import type { Insn } from "../../../xdp/index.js";
import { constant, isExactly, isRagged, low32, operate, UNKNOWN, unsignedOf } from "./scalar.js";
import type { Operation, Scalar } from "./scalar.js";
import { IDS } from "./state.js";
import type { State } from "./state.js";
import { FARTHEST, isPointer, isScalar, pointer, scalarOf } from "./value.js";
import type { PointerValue, Value } from "./value.js";

const OPERATIONS: Readonly<Record<number, Operation>> = {
  [BPF_ADD]: "add", [BPF_SUB]: "sub", [BPF_MUL]: "mul", [BPF_DIV]: "div", [BPF_MOD]: "mod", [BPF_AND]: "and", [BPF_OR]: "or", [BPF_XOR]: "xor",
  [BPF_LSH]: "lsh", [BPF_RSH]: "rsh", [BPF_ARSH]: "arsh",
};

/** Ids of pointers by the place that made them: {@link IDS} for joins at each slot, and one for the slot itself. */
export function placeId(slot: number): number {
  return (slot + 1) * (IDS + 1);
}

/** Changes `state` as the instruction does. */
export function step(insns: readonly Insn[], slot: number, state: State, frame: number): void {
  const insn = insns[slot];
  switch (classOf(insn.op)) {
    case BPF_LD:
      state.set(insn.op === LD_IMM64 ? insn.dst : 0, insn.op === LD_IMM64 ? wide(insn, insns[slot + 1]) : UNKNOWN);
      break;
    case BPF_LDX:
      state.set(insn.dst, load(insn, state, frame));
      break;
    case BPF_ST:
    case BPF_STX:
      store(insn, state, frame);
      break;
    case BPF_ALU:
    case BPF_ALU64:
      state.set(insn.dst, arithmetic(insn, slot, state));
      break;
  }
}

function wide(insn: Insn, next: Insn | undefined): Value {
  if (insn.src === BPF_PSEUDO_MAP_IDX) return pointer("map", { map: insn.imm });
  if (insn.src === BPF_PSEUDO_MAP_IDX_VALUE) return pointer("value", { map: insn.imm, offset: next?.imm ?? 0, id: -1 - insn.imm });
  if (insn.src !== 0) return pointer("unsupported");
  return constant((BigInt(next?.imm ?? 0) << 32n) | BigInt(insn.imm >>> 0));
}

/** Offsets in `struct xdp_md`: data, data_end, data_meta. */
const DATA = 0;
const DATA_META = 8;

function load(insn: Insn, state: State, frame: number): Value {
  const from = state.get(insn.src);
  const bytes = bytesOf(insn.op);
  const plain: Scalar = bytes === 8 || modeOf(insn.op) === BPF_MEMSX ? UNKNOWN : unsignedOf(bytes);
  if (from === undefined || !isPointer(from)) return plain;
  if (from.kind === "ctx" && bytes === 4 && insn.off >= DATA && insn.off <= DATA_META) {
    return insn.off === DATA ? pointer("packet") : pointer("unsupported", { id: insn.off });
  }
  if (from.kind !== "stack" || from.frame !== frame || from.distance !== "constant") return plain;
  const at = from.offset + insn.off;
  if (state.isZero(at, bytes)) return { ...constant(0n), constant: true };
  return (bytes === 8 ? state.load(at) : undefined) ?? plain;
}

function store(insn: Insn, state: State, frame: number): void {
  const mode = modeOf(insn.op);
  const to = state.get(insn.dst);
  const onStack = to !== undefined && isPointer(to) && to.kind === "stack" && to.frame === frame;
  if (mode === BPF_ATOMIC && classOf(insn.op) === BPF_STX) {
    if (insn.imm === BPF_LOAD_ACQ) {
      state.set(insn.dst, bytesOf(insn.op) === 8 ? UNKNOWN : unsignedOf(bytesOf(insn.op)));
      return;
    }
    if (onStack) state.scribble();
    if (insn.imm === BPF_CMPXCHG) state.set(0, UNKNOWN);
    else if ((insn.imm & BPF_FETCH) !== 0) state.set(insn.src, UNKNOWN);
    return;
  }
  if (!onStack || (mode !== BPF_MEM && mode !== BPF_ATOMIC)) return;
  const value = classOf(insn.op) === BPF_ST ? constant(BigInt(insn.imm)) : state.get(insn.src);
  if (to.distance !== "constant") state.scribble();
  else state.store(to.offset + insn.off, bytesOf(insn.op), value, value !== undefined && isScalar(value) && isExactly(value, 0n));
}

function arithmetic(insn: Insn, slot: number, state: State): Value | undefined {
  const { op, dst, src, off, imm } = insn;
  const is64 = classOf(op) === BPF_ALU64;
  const operation = operationOf(op);
  const register = (op & BPF_X) !== 0;
  const left = state.get(dst);
  const right: Value | undefined = register && operation !== BPF_END ? state.get(src) : constant(BigInt(imm));
  if (operation === BPF_MOV) {
    if (off !== 0) return UNKNOWN;
    return is64 ? right : low32(scalarOf(right));
  }
  if (operation === BPF_END) return swap(scalarOf(left), imm);
  if (operation === BPF_NEG) return operate("sub", constant(0n), scalarOf(left), is64);
  const known = OPERATIONS[operation];
  if (known === undefined) return UNKNOWN;
  if (is64 && (operation === BPF_ADD || operation === BPF_SUB)) {
    if (left !== undefined && isPointer(left)) {
      return right !== undefined && isPointer(right) ? UNKNOWN : move(left, scalarOf(right), operation === BPF_SUB, slot, dst);
    }
    if (right !== undefined && isPointer(right) && operation === BPF_ADD) return move(right, scalarOf(left), false, slot, dst);
  }
  if (off !== 0) return UNKNOWN;
  return operate(known, scalarOf(left), scalarOf(right), is64);
}

function swap(value: Scalar, bits: number): Value {
  if (bits === 64) return { ...UNKNOWN, constant: value.constant };
  return { ...unsignedOf(bits / 8), constant: value.constant };
}

/** A pointer and a distance. A distance that is one constant keeps the pointer's variable part as it is. */
function move(from: PointerValue, by: Scalar, back: boolean, slot: number, register: number): PointerValue {
  if (by.min === by.max) {
    const distance = Number(BigInt.asIntN(64, by.min));
    return { ...from, offset: from.offset + (back ? -distance : distance) };
  }
  const distance = by.constant && from.distance !== "variable" ? "paths" : "variable";
  const room = from.room + (back || by.max > FARTHEST ? FARTHEST : Number(by.max));
  // Where it is not known, the program is given the benefit of the doubt.
  const aligned = from.aligned && !isRagged(by);
  return { ...from, distance, aligned, id: placeId(slot) + register, room: Math.min(room, FARTHEST) };
}
