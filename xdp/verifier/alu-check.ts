/** Arithmetic instructions: on numbers, on pointers, moves. */
import { ALU_BY_CODE, BPF_ADD, BPF_ADDR_SPACE_CAST, BPF_ALU64, BPF_AND, BPF_ARSH, BPF_DIV, BPF_END, BPF_LSH, BPF_MOD, BPF_MOV, BPF_NEG, BPF_OR, BPF_RSH, BPF_SUB, BPF_X, BPF_XOR, classOf, operationOf } from "../isa/index.js";
import type { Insn } from "../object/index.js";
import type { Env } from "./env.js";
import { MAX_VAR_OFF } from "./env.js";
import { Memo } from "./memo.js";
import { pushPath } from "./paths.js";
import { markPrecise } from "./precision.js";
import type { Reg } from "./reg.js";
import { ADD_CONST, ADD_CONST32, ADD_CONST64, Reg as RegClass, UNKNOWN_REG, constReg, scalarReg } from "./reg.js";
import { checkWritable, getReg, linkNumber, readReg, setReg, setUnknown, widthOf } from "./regs.js";
import { alu, moveLow, signExtend32, signExtend64, swap } from "./scalar-alu.js";
import { Draft, S64_MAX, S64_MIN, UNKNOWN, constant, isConst32 } from "./scalar.js";
import type { Scalar } from "./scalar.js";
import { U64_MAX, s64, tnumAdd, tnumSub } from "./tnum.js";
import { CONST_PTR_TO_DYNPTR, CONST_PTR_TO_MAP, PTR_TO_ARENA, PTR_TO_BTF_ID, PTR_TO_BUF, PTR_TO_CTX, PTR_TO_FUNC, PTR_TO_MAP_KEY, PTR_TO_MAP_VALUE, PTR_TO_MEM, PTR_TO_PACKET, PTR_TO_PACKET_META, PTR_TO_STACK, SCALAR_VALUE, baseOf, isPacketPointer, maybeNull, typeName } from "./types.js";

const MINUS_ONE = constant(-1n);
const MAX_OFFSET = BigInt(MAX_VAR_OFF);

export function checkAlu(env: Env, insn: Insn): void {
  const operation = operationOf(insn.op);
  const is64 = classOf(insn.op) === BPF_ALU64;
  const byRegister = (insn.op & BPF_X) !== 0;
  switch (operation) {
    case BPF_NEG:
      if (byRegister || insn.src !== 0 || insn.off !== 0 || insn.imm !== 0) env.reject("BPF_NEG uses reserved fields");
      return negate(env, insn, is64);
    case BPF_END:
      if (insn.src !== 0 || insn.off !== 0 || (insn.imm !== 16 && insn.imm !== 32 && insn.imm !== 64) || (is64 && byRegister)) env.reject("BPF_END uses reserved fields");
      return swapBytes(env, insn, is64, byRegister);
    case BPF_MOV:
      return move(env, insn, is64, byRegister);
    default:
      if (operation > BPF_END) env.reject(`invalid BPF_ALU opcode ${operation.toString(16)}`);
      return compute(env, insn, operation, is64, byRegister);
  }
}

function swapBytes(env: Env, insn: Insn, always: boolean, toBig: boolean): void {
  const reg = readReg(env, insn.dst);
  checkWritable(env, insn.dst);
  setReg(env, insn.dst, reg.isScalar ? scalarReg(swap(reg.scalar, insn.imm, always || toBig)) : UNKNOWN_REG);
}

function negate(env: Env, insn: Insn, is64: boolean): void {
  const reg = readReg(env, insn.dst);
  checkWritable(env, insn.dst);
  setReg(env, insn.dst, reg.isScalar ? scalarReg(alu(BPF_NEG, is64, reg.scalar, reg.scalar)) : UNKNOWN_REG);
}

function move(env: Env, insn: Insn, is64: boolean, byRegister: boolean): void {
  const { off, imm } = insn;
  if (!byRegister) {
    if (insn.src !== 0 || off !== 0) env.reject("BPF_MOV uses reserved fields");
    checkWritable(env, insn.dst);
    return setReg(env, insn.dst, constReg(is64 ? imm : imm >>> 0));
  }
  if (!is64) {
    if ((off !== 0 && off !== 8 && off !== 16) || imm !== 0) env.reject("BPF_MOV uses reserved fields");
  } else if (off === BPF_ADDR_SPACE_CAST) {
    if (imm !== 1 && imm !== 65536) env.reject("addr_space_cast insn can only convert between address space 1 and 0");
    if (!env.usesArena) env.reject("addr_space_cast insn can only be used in a program that has an associated arena");
  } else if ((off !== 0 && off !== 8 && off !== 16 && off !== 32) || imm !== 0) env.reject("BPF_MOV uses reserved fields");
  const src = readReg(env, insn.src);
  checkWritable(env, insn.dst);
  if (is64 && imm !== 0) return setReg(env, insn.dst, imm === 1 ? new RegClass(PTR_TO_ARENA, UNKNOWN) : UNKNOWN_REG);
  if (is64 && off === 0) return setReg(env, insn.dst, linkNumber(env, insn.src));
  if (!src.isScalar) {
    setReg(env, insn.dst, is64 ? UNKNOWN_REG : scalarReg(moveLow(UNKNOWN)));
    return;
  }
  // A copy that changes nothing keeps the link.
  const unchanged = off === 0 ? widthOf(src) <= 32 : src.scalar.umax < 1n << BigInt(off - 1);
  const copy = unchanged ? linkNumber(env, insn.src) : src.withoutId();
  let scalar: Scalar;
  if (off === 0) scalar = moveLow(copy.scalar);
  else scalar = is64 ? signExtend64(copy.scalar, off >> 3) : signExtend32(copy.scalar, off >> 3);
  setReg(env, insn.dst, copy.id === 0 ? scalarReg(scalar) : copy.withScalar(scalar));
}

function compute(env: Env, insn: Insn, operation: number, is64: boolean, byRegister: boolean): void {
  const signedForm = insn.off === 1 && (operation === BPF_MOD || operation === BPF_DIV);
  if ((byRegister ? insn.imm !== 0 : insn.src !== 0) || (insn.off !== 0 && !signedForm)) env.reject("BPF_ALU uses reserved fields");
  if (byRegister) readReg(env, insn.src);
  const dst = readReg(env, insn.dst);
  if ((operation === BPF_MOD || operation === BPF_DIV) && !byRegister && insn.imm === 0) env.reject("div by zero");
  if ((operation === BPF_LSH || operation === BPF_RSH || operation === BPF_ARSH) && !byRegister && (insn.imm < 0 || insn.imm >= (is64 ? 64 : 32))) env.reject(`invalid shift ${insn.imm}`);
  checkWritable(env, insn.dst);
  const src = byRegister ? getReg(env, insn.src) : constReg(insn.imm);
  if (dst.type === PTR_TO_ARENA || src.type === PTR_TO_ARENA) return setReg(env, insn.dst, dst.type === PTR_TO_ARENA ? dst : src);
  if (src.type !== SCALAR_VALUE) {
    if (dst.type !== SCALAR_VALUE) {
      if (operation !== BPF_SUB) env.reject(`R${insn.dst} pointer ${symbolOf(operation)} pointer prohibited`, "EACCES");
      return setUnknown(env, insn.dst);
    }
    markPrecise(env, insn.dst);
    return adjustPointer(env, insn, operation, is64, src, dst, false);
  }
  if (dst.type !== SCALAR_VALUE) {
    if (byRegister) markPrecise(env, insn.src);
    return adjustPointer(env, insn, operation, is64, dst, src, true);
  }
  if ((operation === BPF_AND || operation === BPF_OR) && src.scalar.isConst && fork(env, insn, operation, is64, dst, src)) return;
  setReg(env, insn.dst, linkSum(insn, operation, is64, byRegister, dst, src, alu(operation, is64, dst.scalar, src.scalar)));
}

/** A sum with a small known number stays linked to what was added to; one of 32 bits only where that had no more. */
function linkSum(insn: Insn, operation: number, is64: boolean, byRegister: boolean, dst: Reg, src: Reg, scalar: Scalar): Reg {
  if ((operation === BPF_ADD || operation === BPF_SUB) && dst.id !== 0 && (dst.id & ADD_CONST) === 0 && (is64 ? src.scalar.isConst : isConst32(src.scalar) && widthOf(dst) <= 32) && !(byRegister && insn.src === insn.dst)) {
    const value = is64 ? s64(src.scalar.value) : BigInt.asIntN(32, src.scalar.value);
    const off = operation === BPF_ADD ? value : -value;
    if (value >= -0x8000_0000n && value <= 0x7fff_ffffn && off <= 0x7fff_ffffn) return new RegClass(SCALAR_VALUE, scalar, Number(off), dst.id | (is64 ? ADD_CONST64 : ADD_CONST32));
  }
  return scalarReg(scalar);
}

/** A mask of all bits or none (from an arithmetic shift): both cases are walked on their own. */
function fork(env: Env, insn: Insn, operation: number, is64: boolean, dst: Reg, src: Reg): boolean {
  const { scalar } = dst;
  const whole = scalar.smin === -1n && scalar.smax === 0n;
  if (!whole && !(scalar.s32min === -1 && scalar.s32max === 0)) return false;
  const zero = whole ? constant(0n) : withLow(scalar, 0);
  const ones = whole ? MINUS_ONE : withLow(scalar, 0xffff_ffff);
  const other = pushPath(env, env.insn, env.insn);
  other.ownTop().regs[insn.dst] = dst.withScalar(zero);
  setReg(env, insn.dst, linkSum(insn, operation, is64, false, dst, src, alu(operation, is64, ones, src.scalar)));
  return true;
}

function withLow(scalar: Scalar, low: number): Scalar {
  const d = Draft.of(scalar);
  d.bits = { value: ((d.bits.value >> 32n) << 32n) | BigInt(low), mask: (d.bits.mask >> 32n) << 32n };
  d.s32min = d.s32max = low | 0;
  d.u32min = d.u32max = low;
  return d.done();
}

function symbolOf(operation: number): string {
  return ALU_BY_CODE[operation >> 4]?.symbol ?? "?";
}

/** Refuses offsets from which pointers could wrap. */
function checkSane(env: Env, reg: Reg, type: number): void {
  const { scalar } = reg;
  const limit = MAX_OFFSET;
  if (scalar.isConst && (scalar.smin >= limit || scalar.smin <= -limit)) env.reject(`math between ${typeName(type)} pointer and ${scalar.smin} is not allowed`);
  if (reg.off >= MAX_VAR_OFF || reg.off <= -MAX_VAR_OFF) env.reject(`${typeName(type)} pointer offset ${reg.off} is not allowed`);
  if (scalar.smin === S64_MIN) env.reject(`math between ${typeName(type)} pointer and register with unbounded min value is not allowed`);
  if (scalar.smin >= limit || scalar.smin <= -limit) env.reject(`value ${scalar.smin} makes ${typeName(type)} pointer be out of bounds`);
}

function adjustPointer(env: Env, insn: Insn, operation: number, is64: boolean, pointer: Reg, offset: Reg, pointerIsDst: boolean): void {
  const { dst } = insn;
  const by = offset.scalar;
  if (by.smin > by.smax || by.umin > by.umax) return setUnknown(env, dst);
  if (!is64) {
    if (operation === BPF_SUB) return setUnknown(env, dst);
    env.reject(`R${dst} 32-bit pointer arithmetic prohibited`, "EACCES");
  }
  if (maybeNull(pointer.type)) env.reject(`R${dst} pointer arithmetic on ${typeName(pointer.type)} prohibited, null-check it first`, "EACCES");
  switch (baseOf(pointer.type)) {
    case PTR_TO_CTX:
    case PTR_TO_MAP_VALUE:
    case PTR_TO_MAP_KEY:
    case PTR_TO_STACK:
    case PTR_TO_PACKET_META:
    case PTR_TO_PACKET:
    case PTR_TO_BTF_ID:
    case PTR_TO_MEM:
    case PTR_TO_BUF:
    case PTR_TO_FUNC:
    case CONST_PTR_TO_DYNPTR:
      break;
    case CONST_PTR_TO_MAP:
      if (by.isConst && by.value === 0n && operation === BPF_ADD) break;
      env.reject(`R${dst} pointer arithmetic on ${typeName(pointer.type)} prohibited`, "EACCES");
      break;
    default:
      env.reject(`R${dst} pointer arithmetic on ${typeName(pointer.type)} prohibited`, "EACCES");
  }
  checkSane(env, offset, pointer.type);
  checkSane(env, pointer, pointer.type);
  let result: Reg;
  switch (operation) {
    case BPF_ADD:
      result = addToPointer(env, pointer, by);
      break;
    case BPF_SUB:
      if (!pointerIsDst) env.reject(`R${dst} tried to subtract pointer from scalar`, "EACCES");
      if (pointer.type === PTR_TO_STACK) env.reject(`R${dst} subtraction from stack pointer prohibited`, "EACCES");
      result = subtractFromPointer(env, pointer, by);
      break;
    case BPF_AND:
    case BPF_OR:
    case BPF_XOR:
      return env.reject(`R${dst} bitwise operator ${symbolOf(operation)} on pointer prohibited`, "EACCES");
    default:
      return env.reject(`R${dst} pointer arithmetic with ${symbolOf(operation)} operator prohibited`, "EACCES");
  }
  checkSane(env, result, pointer.type);
  setReg(env, dst, result);
}

function fitsInt(value: number): boolean {
  return value >= -0x8000_0000 && value <= 0x7fff_ffff;
}

function addToPointer(env: Env, pointer: Reg, by: Scalar): Reg {
  if (by.isConst && fitsInt(pointer.off + Number(s64(by.value)))) return pointer.with({ off: pointer.off + Number(s64(by.value)) });
  const p = pointer.scalar;
  const scalar = offsets.get(BPF_ADD, p.key, by.key) ?? offsets.set(BPF_ADD, p.key, by.key, sumOf(p, by));
  // Another variable part: what was proven of the old one does not hold.
  return isPacketPointer(pointer.type) ? pointer.with({ scalar, id: env.newId(), extra: 0 }) : pointer.withScalar(scalar);
}

const offsets = new Memo<Scalar>(1024);

function sumOf(p: Scalar, by: Scalar): Scalar {
  const d = new Draft();
  const smin = p.smin + by.smin;
  const smax = p.smax + by.smax;
  if (smin >= S64_MIN && smax <= S64_MAX && smin <= S64_MAX && smax >= S64_MIN) {
    d.smin = smin;
    d.smax = smax;
  }
  const umax = p.umax + by.umax;
  if (umax <= U64_MAX) {
    d.umin = p.umin + by.umin;
    d.umax = umax;
  }
  d.bits = tnumAdd(p.bits, by.bits);
  return d.sync().done();
}

function subtractFromPointer(env: Env, pointer: Reg, by: Scalar): Reg {
  if (by.isConst && fitsInt(pointer.off - Number(s64(by.value)))) return pointer.with({ off: pointer.off - Number(s64(by.value)) });
  const p = pointer.scalar;
  const scalar = offsets.get(BPF_SUB, p.key, by.key) ?? offsets.set(BPF_SUB, p.key, by.key, differenceOf(p, by));
  // Going back keeps what is proven ahead; going forward does not.
  return isPacketPointer(pointer.type) ? pointer.with({ scalar, id: env.newId(), ...(by.smin < 0n ? { extra: 0 } : {}) }) : pointer.withScalar(scalar);
}

function differenceOf(p: Scalar, by: Scalar): Scalar {
  const d = new Draft();
  const smin = p.smin - by.smax;
  const smax = p.smax - by.smin;
  if (smin >= S64_MIN && smax <= S64_MAX && smin <= S64_MAX && smax >= S64_MIN) {
    d.smin = smin;
    d.smax = smax;
  }
  if (p.umin >= by.umax) {
    d.umin = p.umin - by.umax;
    d.umax = p.umax - by.umin;
  }
  d.bits = tnumSub(p.bits, by.bits);
  return d.sync().done();
}
