/** What an instruction is called, for messages, counts and refusals. */
import type { Insn } from "../object/spec.js";
import { ALU_BY_CODE, BPF_ADDR_SPACE_CAST, BPF_MOV, SIGNED_OFF, operationOf } from "./alu.js";
import { BPF_LOAD_ACQ, BPF_STORE_REL, atomicOf } from "./atomic.js";
import { BPF_ALU64, BPF_X, classOf } from "./class.js";
import { bytesOf } from "./load_store.js";
import { OPCODES } from "./opcode.js";
import { BPF_PSEUDO_CALL, BPF_PSEUDO_KFUNC_CALL } from "./pseudo.js";

/**
 * Name of an instruction, all its fields considered: `add64`, `sdiv32`, `movs8_64`, `addr_space_cast`, `jeq32`, `gotol`,
 * `may_goto`, `ldxh`, `ldabsb`, `atomic_fetch_add64`, `call`, `call_local`, `call_kfunc`; `0x8d` and the like where it is unknown.
 */
export function nameOf({ op, src, off, imm }: Insn): string {
  const info = OPCODES[op];
  if (!info) return `0x${op.toString(16).padStart(2, "0")}`;
  if (info.form === "alu" && off !== 0) {
    const width = classOf(op) === BPF_ALU64 ? "64" : "32";
    if (operationOf(op) === BPF_MOV && (op & BPF_X) !== 0) return off === BPF_ADDR_SPACE_CAST && width === "64" ? "addr_space_cast" : `movs${off}_${width}`;
    const signed = ALU_BY_CODE[op >> 4]?.signed;
    if (off === SIGNED_OFF && signed) return signed.name + width;
  }
  if (info.form === "atomic") {
    const bits = bytesOf(op) * 8;
    if (imm === BPF_LOAD_ACQ) return `load_acquire${bits}`;
    if (imm === BPF_STORE_REL) return `store_release${bits}`;
    return `atomic_${atomicOf(imm)?.name ?? `0x${(imm >>> 0).toString(16)}`}${bits}`;
  }
  if (info.form === "end") return `${info.name}${imm}`;
  if (info.form === "call" && src === BPF_PSEUDO_CALL) return "call_local";
  if (info.form === "call" && src === BPF_PSEUDO_KFUNC_CALL) return "call_kfunc";
  return info.name;
}
