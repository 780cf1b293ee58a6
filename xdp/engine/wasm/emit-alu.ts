/** ALU instructions, byte order and comparisons -> wasm, with the semantics of RFC 9669: division by zero and overflow never trap. */
import { BPF_ADD, BPF_AND, BPF_ARSH, BPF_DIV, BPF_LSH, BPF_MOD, BPF_MOV, BPF_MUL, BPF_OR, BPF_RSH, BPF_SUB, BPF_XOR, operationOf } from "../../isa/alu.js";
import { BPF_ALU64, BPF_JMP32, BPF_X, classOf } from "../../isa/class.js";
import { BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JLE, BPF_JLT, BPF_JNE, BPF_JSET, BPF_JSGE, BPF_JSGT, BPF_JSLE, BPF_JSLT } from "../../isa/jump.js";
import type { Insn } from "../../object/spec.js";
import { outcomeOf } from "./branch-facts.js";
import type { Emitter } from "./emitter.js";
import type { Local } from "./function-builder.js";
import type { PlainOp, ValueType } from "./opcodes.js";

/** Instructions that exist for both widths. */
type Both = "add" | "sub" | "mul" | "or" | "and" | "shl" | "shr_u" | "xor" | "shr_s" | "eq" | "ne" | "gt_u" | "ge_u" | "lt_u" | "le_u" | "gt_s" | "ge_s" | "lt_s" | "le_s";

/** Operations that wasm has as eBPF does; shifts count modulo the width in both. */
const PLAIN: ReadonlyMap<number, Both> = new Map([
  [BPF_ADD, "add"],
  [BPF_SUB, "sub"],
  [BPF_MUL, "mul"],
  [BPF_OR, "or"],
  [BPF_AND, "and"],
  [BPF_LSH, "shl"],
  [BPF_RSH, "shr_u"],
  [BPF_XOR, "xor"],
  [BPF_ARSH, "shr_s"],
]);

const COMPARISONS: ReadonlyMap<number, readonly [holds: Both, not: Both]> = new Map([
  [BPF_JEQ, ["eq", "ne"]],
  [BPF_JNE, ["ne", "eq"]],
  [BPF_JGT, ["gt_u", "le_u"]],
  [BPF_JGE, ["ge_u", "lt_u"]],
  [BPF_JLT, ["lt_u", "ge_u"]],
  [BPF_JLE, ["le_u", "gt_u"]],
  [BPF_JSGT, ["gt_s", "le_s"]],
  [BPF_JSGE, ["ge_s", "lt_s"]],
  [BPF_JSLT, ["lt_s", "ge_s"]],
  [BPF_JSLE, ["le_s", "gt_s"]],
]);

function registerOf(emitter: Emitter, number: number): Local<"i64"> {
  return emitter.registers[number] as Local<"i64">;
}

/** Pushes a register, or its low half. */
function pushRegister(emitter: Emitter, number: number, type: ValueType): void {
  emitter.to.get(registerOf(emitter, number));
  if (type === "i32") emitter.to.op("i32.wrap_i64");
}

/** Pushes the second operand: a register or the sign-extended immediate. */
function pushOperand(emitter: Emitter, { op, src, imm }: Insn, type: ValueType): void {
  if ((op & BPF_X) !== 0) pushRegister(emitter, src, type);
  else if (type === "i32") emitter.to.i32(imm);
  else emitter.to.i64(imm);
}

/** Pops the result into dst, zero-extended. */
function setResult(emitter: Emitter, dst: number, type: ValueType): void {
  if (type === "i32") emitter.to.op("i64.extend_i32_u");
  emitter.to.set(registerOf(emitter, dst));
}

export function emitAlu(emitter: Emitter, insn: Insn): void {
  const operation = operationOf(insn.op);
  const type = classOf(insn.op) === BPF_ALU64 ? "i64" : "i32";
  if (operation === BPF_MOV) return emitMove(emitter, insn, type);
  if (operation === BPF_DIV || operation === BPF_MOD) return emitDivision(emitter, insn, type, operation === BPF_MOD);
  const plain = PLAIN.get(operation);
  if (!plain) throw new Error(`ALU operation 0x${operation.toString(16)}`);
  pushRegister(emitter, insn.dst, type);
  pushOperand(emitter, insn, type);
  emitter.to.op(`${type}.${plain}`);
  setResult(emitter, insn.dst, type);
}

function emitMove(emitter: Emitter, insn: Insn, type: ValueType): void {
  const { to } = emitter;
  if (type === "i32" && (insn.op & BPF_X) === 0) {
    to.i64(insn.imm >>> 0).set(registerOf(emitter, insn.dst));
    return;
  }
  pushOperand(emitter, insn, type);
  if (insn.off === 8) to.op(`${type}.extend8_s`);
  else if (insn.off === 16) to.op(`${type}.extend16_s`);
  else if (insn.off === 32) to.op("i64.extend32_s");
  setResult(emitter, insn.dst, type);
}

function pushConstant(emitter: Emitter, type: ValueType, value: number): void {
  if (type === "i32") emitter.to.i32(value);
  else emitter.to.i64(value);
}

/** x / 0 = 0, x % 0 = x; the smallest number / -1 is itself, and leaves no remainder. */
function emitDivision(emitter: Emitter, insn: Insn, type: ValueType, modulo: boolean): void {
  const { to } = emitter;
  const signed = insn.off === 1;
  const operation: PlainOp = modulo ? (signed ? `${type}.rem_s` : `${type}.rem_u`) : signed ? `${type}.div_s` : `${type}.div_u`;
  const divide = (): void => {
    pushRegister(emitter, insn.dst, type);
    pushOperand(emitter, insn, type);
    to.op(operation);
  };
  const overflow = (): void => {
    pushConstant(emitter, type, 0);
    pushRegister(emitter, insn.dst, type);
    to.op(`${type}.sub`);
  };
  if ((insn.op & BPF_X) === 0 && insn.imm !== 0) {
    // A remainder never traps but for 0; -1 is the one quotient that may.
    if (signed && insn.imm === -1 && !modulo) overflow();
    else divide();
    setResult(emitter, insn.dst, type);
    return;
  }
  pushOperand(emitter, insn, type);
  to.op(`${type}.eqz`);
  to.if(type);
  if (modulo) pushRegister(emitter, insn.dst, type);
  else pushConstant(emitter, type, 0);
  to.else();
  if (signed && !modulo) {
    pushOperand(emitter, insn, type);
    pushConstant(emitter, type, -1);
    to.op(`${type}.eq`);
    to.if(type);
    overflow();
    to.else();
    divide();
    to.end();
  } else divide();
  to.end();
  setResult(emitter, insn.dst, type);
}

export function emitNegate(emitter: Emitter, insn: Insn): void {
  const type = classOf(insn.op) === BPF_ALU64 ? "i64" : "i32";
  pushConstant(emitter, type, 0);
  pushRegister(emitter, insn.dst, type);
  emitter.to.op(`${type}.sub`);
  setResult(emitter, insn.dst, type);
}

/** Byte order. The machine is little-endian: `le` truncates, `be` and `bswap` swap. */
export function emitByteOrder(emitter: Emitter, { op, dst, imm }: Insn): void {
  const { to } = emitter;
  const swap = classOf(op) === BPF_ALU64 || (op & BPF_X) !== 0;
  if (!swap) {
    if (imm === 64) return;
    to.get(registerOf(emitter, dst)).i64(2 ** imm - 1).op("i64.and").set(registerOf(emitter, dst));
    return;
  }
  if (imm === 64) return swap64(emitter, dst);
  pushRegister(emitter, dst, "i32");
  to.set(emitter.scratch32);
  const half = (rotate: number, mask: number): void => {
    to.get(emitter.scratch32).i32(rotate).op("i32.rotl").i32(mask).op("i32.and");
  };
  if (imm === 32) {
    half(8, 0x00ff_00ff);
    half(24, 0xff00_ff00);
    to.op("i32.or");
  } else {
    to.get(emitter.scratch32).i32(8).op("i32.shl").i32(0xff00).op("i32.and");
    to.get(emitter.scratch32).i32(8).op("i32.shr_u").i32(0xff).op("i32.and");
    to.op("i32.or");
  }
  setResult(emitter, dst, "i32");
}

function swap64(emitter: Emitter, dst: number): void {
  const { to, scratch64 } = emitter;
  const exchange = (bits: number, mask: bigint): void => {
    to.get(scratch64).i64(mask).op("i64.and").i64(bits).op("i64.shl");
    to.get(scratch64).i64(bits).op("i64.shr_u").i64(mask).op("i64.and").op("i64.or");
  };
  to.get(registerOf(emitter, dst)).set(scratch64);
  exchange(8, 0x00ff_00ff_00ff_00ffn);
  to.set(scratch64);
  exchange(16, 0x0000_ffff_0000_ffffn);
  to.i64(32).op("i64.rotl").set(registerOf(emitter, dst));
}

/** Pushes an i32: not 0 where the jump is taken, or with `negated`, where it is not. */
export function emitCondition(emitter: Emitter, insn: Insn, negated: boolean): void {
  const { to } = emitter;
  const outcome = outcomeOf(emitter.state, insn);
  if (outcome !== undefined) {
    to.i32(outcome === negated ? 0 : 1);
    return;
  }
  const type = classOf(insn.op) === BPF_JMP32 ? "i32" : "i64";
  const operation = operationOf(insn.op);
  pushRegister(emitter, insn.dst, type);
  pushOperand(emitter, insn, type);
  if (operation === BPF_JSET) {
    to.op(`${type}.and`);
    if (negated) to.op(`${type}.eqz`);
    else if (type === "i64") to.i64(0).op("i64.ne");
    return;
  }
  const comparison = COMPARISONS.get(operation);
  if (!comparison) throw new Error(`jump 0x${operation.toString(16)}`);
  to.op(`${type}.${comparison[negated ? 1 : 0]}`);
}
