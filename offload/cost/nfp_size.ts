/**
 * How many NFP instructions an eBPF instruction becomes. Counts: the translator of Linux 6.1's nfp driver, run case by case
 * (reference section 1.4). What the driver cannot translate is counted as its nearest kin, so that a program which the card
 * refuses still has a figure; admission says that it is refused.
 */
import {
  BPF_ADD, BPF_ALU, BPF_ALU64, BPF_AND, BPF_ARSH, BPF_CALL, BPF_DIV, BPF_DW, BPF_END, BPF_EXIT, BPF_JA, BPF_JEQ, BPF_JMP32, BPF_JNE, BPF_JSET,
  BPF_LSH, BPF_MOD, BPF_MOV, BPF_MUL, BPF_NEG, BPF_OR, BPF_RSH, BPF_SUB, BPF_X, BPF_XOR, bytesOf, classOf, operationOf, sizeOf,
} from "../../xdp/index.js";
import type { Insn } from "../../xdp/index.js";

/** Instructions before the program, behind it, and no-operations that the fetch unit wants at the end. */
export const NFP_PROLOGUE = 2;
export const NFP_EPILOGUE = 13;
export const NFP_PADDING = 8;

/** Instructions to have a 32-bit constant as an operand: 8 bits fit in an instruction, 16 bits take one more, the rest two. */
function operand(imm: number): number {
  const value = imm >>> 0;
  if (value <= 0xff) return 0;
  return value <= 0xffff ? 1 : 2;
}

/** Of ALU and ALU64. */
export function aluSize(insn: Insn): number {
  const wide = classOf(insn.op) === BPF_ALU64;
  const register = (insn.op & BPF_X) !== 0;
  const operation = operationOf(insn.op);
  const { imm } = insn;
  switch (operation) {
    case BPF_MOV:
      // A move of 16 bits, or of their complement, is one instruction a half.
      return register || imm >>> 0 <= 0xffff || ~imm >>> 0 <= 0xffff ? 2 : 3;
    case BPF_ADD:
    case BPF_SUB:
      // Adding a negative constant becomes subtracting.
      return 2 + (register ? 0 : operand(wide ? Math.abs(imm) : imm));
    case BPF_AND:
      if (register || imm === 0) return 2;
      return imm === -1 && wide ? 0 : 2 + operand(imm);
    case BPF_OR:
    case BPF_XOR:
      if (register) return 2;
      if (!wide) return 2 + operand(imm);
      if (imm === 0) return 0;
      return imm === -1 ? 2 : 1 + operand(imm);
    case BPF_NEG:
      return 2;
    case BPF_MUL:
      return register || operand(imm) < 2 ? 7 : 9;
    case BPF_DIV:
    case BPF_MOD:
      return register || !powerOf2(imm) ? 10 : imm > 256 ? 2 : 1;
    case BPF_LSH:
    case BPF_RSH:
      if (!register) return imm === 0 ? 0 : 2;
      return wide ? (operation === BPF_LSH ? 10 : 9) : 3;
    case BPF_ARSH:
      if (!register) return imm === 0 ? 0 : imm === 32 ? 2 : 3;
      return wide ? 9 : 3;
    case BPF_END:
      return imm === 64 ? 5 : 3;
    default:
      return 2;
  }
}

/** Instructions that execute where it is fewer than {@link aluSize}: a shift by a register takes one of three branches. */
export function aluCycles(insn: Insn): number {
  const operation = operationOf(insn.op);
  const shift = operation === BPF_LSH || operation === BPF_RSH || operation === BPF_ARSH;
  if (shift && (insn.op & BPF_X) !== 0 && classOf(insn.op) === BPF_ALU64) return 6;
  return aluSize(insn);
}

function powerOf2(value: number): boolean {
  return value > 0 && (value & (value - 1)) === 0;
}

/** Of jumps, calls of functions and exit; helper calls are counted by {@link callSize}. */
export function jumpSize(insn: Insn): number {
  const operation = operationOf(insn.op);
  if (operation === BPF_JA || operation === BPF_EXIT) return 1;
  if (operation === BPF_CALL) return 4;
  const register = (insn.op & BPF_X) !== 0;
  if (classOf(insn.op) === BPF_JMP32) return 2 + (register ? 0 : operand(insn.imm));
  switch (operation) {
    case BPF_JEQ:
      return register ? 4 : insn.imm === 0 ? 2 : 3 + operand(insn.imm);
    case BPF_JNE:
      return register ? 4 : insn.imm === 0 ? 2 : 4 + operand(insn.imm);
    case BPF_JSET:
      return register ? 4 : 2 + operand(insn.imm);
    default:
      return 3 + (register ? 0 : operand(insn.imm));
  }
}

/** Of a 64-bit immediate load. */
export function wideSize(low: number, high: number): number {
  return (low >>> 0 <= 0xffff ? 1 : 2) + (high >>> 0 <= 0xffff ? 1 : 2);
}

/** Of loads and stores in packet, map value and context memory. */
export function packetSize(insn: Insn): number {
  return (sizeOf(insn.op) === BPF_DW ? 3 : 2) + (insn.off > 255 ? 1 : 0);
}
export function packetHitSize(insn: Insn): number {
  return sizeOf(insn.op) === BPF_DW ? 2 : 1;
}
export function valueSize(insn: Insn): number {
  return (sizeOf(insn.op) === BPF_DW ? 3 : 2) + (insn.off === 0 ? 0 : 2);
}

/** Of stack accesses. `near`: within the first 64 bytes of the frame, which need no address register. */
export function stackSize(insn: Insn, near: boolean, store: boolean): number {
  const bytes = bytesOf(insn.op);
  if (!near) return bytes === 8 ? 7 : 6;
  if (bytes === 8) return 2;
  if (bytes === 4) return 1;
  return store ? 3 : 2;
}

export function atomicSize(insn: Insn): number {
  return insn.off === 0 ? 3 : 5;
}

/** Of a helper call, by helper number. A key at the base of the stack saves five. */
export function callSize(helper: number): number {
  switch (helper) {
    case 1:
    case 3:
      return 8;
    case 2:
      return 9;
    case 44:
      return 16;
    case 65:
      return 11;
    default:
      return 3;
  }
}

/** True of the classes that {@link aluSize} counts. */
export function isAlu(insn: Insn): boolean {
  const kind = classOf(insn.op);
  return kind === BPF_ALU || kind === BPF_ALU64;
}
