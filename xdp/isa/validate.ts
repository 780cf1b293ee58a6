/**
 * Is each instruction one that the instruction set defines? Opcodes, registers and reserved fields only:
 * where jumps go and what a program does is the verifier's to judge.
 */
import type { Insn } from "../object/spec.js";
import { BPF_ADDR_SPACE_CAST, BPF_MOV, SIGNED_OFF, operationOf } from "./alu.js";
import { BPF_LOAD_ACQ, BPF_STORE_REL, atomicOf } from "./atomic.js";
import { BPF_ALU64, BPF_X, CLASS_NAMES, classOf } from "./class.js";
import { InsnError } from "./error.js";
import { bytesOf } from "./load_store.js";
import { LD_IMM64, OPCODES, USES_DST, USES_IMM, USES_OFF, USES_SRC } from "./opcode.js";
import { BPF_PSEUDO_BTF_ID, BPF_PSEUDO_KFUNC_CALL, BPF_PSEUDO_MAP_IDX_VALUE, BPF_PSEUDO_MAP_VALUE } from "./pseudo.js";
import { REGISTER_COUNT } from "./register.js";

/**
 * Checks every instruction.
 * @throws InsnError for the first that is malformed: unknown opcode, register above r10, reserved field not zero.
 */
export function validate(insns: readonly Insn[]): void {
  for (let i = 0; i < insns.length; ) {
    const insn = insns[i] as Insn;
    const problem = problemOf(insn) ?? (insn.op === LD_IMM64 ? secondSlotProblem(insn, insns[i + 1]) : undefined);
    if (problem !== undefined) throw new InsnError(i, insn.op, problem);
    i += insn.op === LD_IMM64 ? 2 : 1;
  }
}

/** What is malformed about one instruction by itself (the second slot of a 64-bit load not looked at); undefined where nothing is. */
export function problemOf({ op, dst, src, off, imm }: Insn): string | undefined {
  const info = OPCODES[op];
  if (!info) return `unknown opcode 0x${hex(op)} (class ${CLASS_NAMES[classOf(op)]})`;
  if (dst >= REGISTER_COUNT) return `register r${dst} does not exist`;
  if (info.uses & USES_SRC && info.form !== "call" && info.form !== "load_imm64" && src >= REGISTER_COUNT) return `register r${src} does not exist`;
  const reserved = (field: string, value: number): string => `${info.name} (0x${hex(op)}) has the reserved field ${field} = ${value}, which must be 0`;
  if (!(info.uses & USES_DST) && dst !== 0) return reserved("dst", dst);
  if (!(info.uses & USES_SRC) && src !== 0) return reserved("src", src);
  if (!(info.uses & USES_OFF) && off !== 0) return reserved("off", off);
  if (!(info.uses & USES_IMM) && imm !== 0) return reserved("imm", imm);
  switch (info.form) {
    case "alu":
      return aluProblem(op, off, imm, info.name);
    case "end":
      return imm === 16 || imm === 32 || imm === 64 ? undefined : `${info.name} of ${imm} bits: only 16, 32 and 64 exist`;
    case "atomic":
      return atomicProblem(bytesOf(op), imm);
    case "call":
      if (src > BPF_PSEUDO_KFUNC_CALL) return `call of unknown kind (src ${src})`;
      return off !== 0 && src !== BPF_PSEUDO_KFUNC_CALL ? reserved("off", off) : undefined;
    case "load_imm64":
      return src > BPF_PSEUDO_MAP_IDX_VALUE ? `ld_imm64 of unknown kind (src ${src})` : undefined;
    default:
      return undefined;
  }
}

function aluProblem(op: number, off: number, imm: number, name: string): string | undefined {
  if (operationOf(op) !== BPF_MOV) return off === 0 || off === SIGNED_OFF ? undefined : `${name} with offset ${off}: 0 is unsigned, 1 is signed, nothing else exists`;
  if ((op & BPF_X) === 0) return undefined;
  const is64 = classOf(op) === BPF_ALU64;
  if (is64 && off === BPF_ADDR_SPACE_CAST) return undefined;
  if (imm !== 0) return `${name} (0x${hex(op)}) has the reserved field imm = ${imm}, which must be 0`;
  return off === 0 || off === 8 || off === 16 || (is64 && off === 32) ? undefined : `${name} with offset ${off}: only sign extension of ${is64 ? "8, 16 and 32" : "8 and 16"} bits exists`;
}

function atomicProblem(bytes: number, imm: number): string | undefined {
  if (imm === BPF_LOAD_ACQ || imm === BPF_STORE_REL) return undefined;
  const known = atomicOf(imm);
  if (!known) return `unknown atomic operation 0x${(imm >>> 0).toString(16)}`;
  return bytes < 4 ? `atomic ${known.name} of ${bytes} byte${bytes === 1 ? "" : "s"}: only 4 and 8 exist` : undefined;
}

function secondSlotProblem(first: Insn, second: Insn | undefined): string | undefined {
  if (!second) return "ld_imm64 without its second slot";
  if (second.op !== 0 || second.dst !== 0 || second.src !== 0 || second.off !== 0) return "ld_imm64 whose second slot is not empty but for imm";
  const wide = first.src === 0 || first.src === BPF_PSEUDO_MAP_VALUE || first.src === BPF_PSEUDO_MAP_IDX_VALUE || first.src === BPF_PSEUDO_BTF_ID;
  return wide || second.imm === 0 ? undefined : `ld_imm64 (src ${first.src}) whose second slot has imm = ${second.imm}, which must be 0`;
}

function hex(op: number): string {
  return op.toString(16).padStart(2, "0");
}
