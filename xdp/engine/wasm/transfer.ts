/** What one instruction does to what is known. Jumps do nothing here: see branch-facts.ts. */
import { ENV_DATA, ENV_DATA_END, ENV_DATA_META } from "../../abi.js";
import { BPF_ALU64, BPF_X, classOf } from "../../isa/class.js";
import { BPF_MOV, operationOf } from "../../isa/alu.js";
import { BPF_CMPXCHG, BPF_FETCH, BPF_LOAD_ACQ, BPF_STORE_REL } from "../../isa/atomic.js";
import { bytesOf } from "../../isa/load_store.js";
import { OPCODES } from "../../isa/opcode.js";
import { STACK_SIZE } from "../../isa/register.js";
import { BPF_PSEUDO_CALL, BPF_PSEUDO_FUNC, BPF_PSEUDO_MAP_IDX, BPF_PSEUDO_MAP_IDX_VALUE } from "../../isa/pseudo.js";
import type { Insn } from "../../object/spec.js";
import { classifyAccess, isOffStack } from "./access.js";
import { alu32, alu64, low32 } from "./alu-values.js";
import { helperCall } from "./helper-effects.js";
import { overwrite, readAnywhere, readFrame, readWhole, regionsAt } from "./memory-facts.js";
import type { FunctionContext } from "./memory-facts.js";
import { forgetPacket, forgetRecords, frameBits, raiseReach, reachOf, register, retirePacketId } from "./state.js";
import type { State } from "./state.js";
import { LIMIT, U32, UNKNOWN, constant, fitsIn, packet, packetEnd, scalar, unknown } from "./value.js";
import type { Value } from "./value.js";

export function transfer(state: State, slot: number, context: FunctionContext): void {
  const insn = context.insns[slot] as Insn;
  const { op, dst, src, off, imm } = insn;
  switch (OPCODES[op]?.form) {
    case "alu":
      return assign(state, dst, alu(state, insn, slot));
    case "neg":
      return assign(state, dst, classOf(op) === BPF_ALU64 ? alu64(0x10, constant(0), register(state, dst), 0) : alu32(0x10, constant(0), register(state, dst)));
    case "end":
      return assign(state, dst, imm === 64 ? UNKNOWN : scalar(0, 2 ** imm - 1));
    case "load_imm64":
      return assign(state, dst, insn.src === BPF_PSEUDO_FUNC ? constant(slot + 1 + imm) : wide(insn, context.insns[slot + 1], context));
    case "load":
    case "load_signed":
      return assign(state, dst, load(state, register(state, src), off, bytesOf(op), OPCODES[op]?.form === "load_signed", context, regionsAt(context, slot)));
    case "store":
      return store(state, register(state, dst), off, bytesOf(op), register(state, src), context, regionsAt(context, slot));
    case "store_imm":
      return store(state, register(state, dst), off, bytesOf(op), constant(imm), context, regionsAt(context, slot));
    case "atomic":
      return atomic(state, insn, context, regionsAt(context, slot));
    case "call":
      return src === BPF_PSEUDO_CALL ? localCall(state, slot + 1 + imm, context) : helperCall(state, slot, imm, context);
    default:
      return undefined;
  }
}

function assign(state: State, dst: number, value: Value): void {
  state.registers[dst] = value;
}

function alu(state: State, { op, dst, src, off, imm }: Insn, slot: number): Value {
  const operation = operationOf(op);
  const is64 = classOf(op) === BPF_ALU64;
  const a = register(state, dst);
  const b = (op & BPF_X) !== 0 ? register(state, src) : constant(imm);
  if (operation === BPF_MOV) {
    if (off === 0) return is64 ? b : low32(b);
    return signExtended(b, off, is64);
  }
  if (off !== 0) return is64 ? UNKNOWN : U32;
  if (!is64) return alu32(operation, a, b);
  const fresh = slot + 1;
  const result = alu64(operation, a, b, fresh);
  if (result.kind !== "packet" || result.id !== fresh) return result;
  // A new variable offset: what the old pointer reached, less the most that it moved, still holds.
  const [pointer, step] = a.kind === "packet" ? [a, b] : [b, a];
  if (pointer.kind !== "packet" || step.kind !== "scalar") return result;
  if (step.min === step.max && pointer.id === fresh) return result;
  const reach = reachOf(state, pointer.id) - (step.max - step.min);
  retirePacketId(state, fresh);
  if (reach !== Number.NEGATIVE_INFINITY) raiseReach(state, fresh, reach);
  return result;
}

function signExtended(value: Value, bits: number, is64: boolean): Value {
  const half = 2 ** (bits - 1);
  if (value.kind === "scalar" && value.min >= 0 && value.max < half) return value;
  return is64 ? scalar(-half, half - 1) : U32;
}

function wide({ src, imm }: Insn, second: Insn | undefined, context: FunctionContext): Value {
  const map = context.maps[imm];
  if (src === BPF_PSEUDO_MAP_IDX) return map ? { kind: "map", index: imm } : UNKNOWN;
  const high = second?.imm ?? 0;
  if (src === BPF_PSEUDO_MAP_IDX_VALUE) return map ? { kind: "value", size: map.valueSize, access: map.access, min: high >>> 0, max: high >>> 0, nullable: false, id: 0 } : UNKNOWN;
  const value = high * 2 ** 32 + (imm >>> 0);
  return src === 0 && Math.abs(value) <= LIMIT ? constant(value) : UNKNOWN;
}

function load(state: State, base: Value, off: number, bytes: number, signed: boolean, context: FunctionContext, regions: number): Value {
  const access = classifyAccess(state, base, off, bytes, false, context.depth, regions);
  const plain = signed ? scalar(-(2 ** (bytes * 8 - 1)), 2 ** (bytes * 8 - 1) - 1) : bytes === 8 ? UNKNOWN : scalar(0, 2 ** (bytes * 8) - 1);
  if (access.check === "context") {
    if (bytes !== 4 || signed) return plain;
    if (access.off === ENV_DATA) return packet(0, 0);
    if (access.off === ENV_DATA_END) return packetEnd(0);
    return access.off === ENV_DATA_META ? unknown("packet") : plain;
  }
  if (access.check === "frame") {
    readFrame(state, access.off, access.off + bytes, context);
    const spill = state.spills.get(access.off);
    if (!spill || signed) return plain;
    if (spill.bytes === bytes) return spill.value;
    // The low part of a small number is the number.
    return spill.bytes > bytes && spill.value.kind === "scalar" && spill.value.min >= 0 && spill.value.max < 2 ** (bytes * 8) ? spill.value : plain;
  }
  if (base.kind === "stack") readFrame(state, -STACK_SIZE, base.max + off + bytes, context);
  else if (access.check !== "proven" && !isOffStack(access)) readAnywhere(state, base, context);
  return plain;
}

function store(state: State, base: Value, off: number, bytes: number, value: Value, context: FunctionContext, regions: number, held = true): void {
  overwrite(state, base, off, bytes, context, regions);
  const access = classifyAccess(state, base, off, bytes, true, context.depth);
  if (access.check !== "frame" || access.off >= 0) return;
  state.written |= frameBits(access.off, bytes);
  const stored = bytes === 8 || fitsIn(value, bytes) ? value : scalar(0, 2 ** (bytes * 8) - 1);
  state.spills.set(access.off, { bytes, value: stored, held });
}

function atomic(state: State, { op, dst, src, off, imm }: Insn, context: FunctionContext, regions: number): void {
  const bytes = bytesOf(op);
  const old = bytes === 8 ? UNKNOWN : scalar(0, 2 ** (bytes * 8) - 1);
  if (imm === BPF_LOAD_ACQ) return assign(state, dst, load(state, register(state, src), off, bytes, false, context, regions));
  if (imm === BPF_STORE_REL) return store(state, register(state, dst), off, bytes, register(state, src), context, regions, false);
  load(state, register(state, dst), off, bytes, false, context, regions);
  overwrite(state, register(state, dst), off, bytes, context, regions);
  if (imm === BPF_CMPXCHG) assign(state, 0, old);
  else if (imm & BPF_FETCH) assign(state, src, old);
}

/** What a function is called with, seen from inside: its frame lies below the caller's. */
function localCall(state: State, target: number, context: FunctionContext): void {
  const callee = context.callee(target, state);
  forgetRecords(state);
  if (callee.readsAbove) readWhole(state, context);
  if (callee.writesAbove) {
    state.spills.clear();
    context.summary.writesAbove = true;
  }
  if (callee.changesPacket) {
    context.summary.changesPacket = true;
    forgetPacket(state);
  }
  assign(state, 0, callee.result ?? UNKNOWN);
}

