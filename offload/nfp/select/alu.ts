/** Arithmetic and logic. Registers are pairs of 32 bits on the card: most 64-bit operations take an instruction a half. */
import { BPF_ADD, BPF_ALU64, BPF_AND, BPF_OR, BPF_SUB, BPF_X, BPF_XOR, classOf, operationOf } from "../../../xdp/index.js";
import { UNRESTRICTED } from "../code.js";
import type { Code } from "../code.js";
import { frameBytes, zeroExtend } from "./context.js";
import type { Select, Selection } from "./context.js";

const isWide = ({ meta }: Selection): boolean => classOf(meta.insn.op) === BPF_ALU64;
const isRegister = ({ meta }: Selection): boolean => (meta.insn.op & BPF_X) !== 0;
const signBits = (imm: number): number => (imm < 0 ? -1 : 0);

export const selectMove: Select = (selection) => {
  const { code, meta, fn } = selection;
  const { src, imm } = meta.insn;
  if (!isRegister(selection)) {
    code.immed(imm);
    code.immed(isWide(selection) ? signBits(imm) : 0);
  } else if (isWide(selection) && src === 10) {
    code.operand(frameBytes(fn), UNRESTRICTED);
    code.alu();
    code.immed(0);
  } else if (isWide(selection)) code.alu(2);
  else {
    code.alu();
    code.immed(0);
  }
  return true;
};

/** add, sub, and, or, xor. */
export const selectBinary: Select = (selection) => {
  const { code, meta } = selection;
  const { op, imm } = meta.insn;
  const operation = operationOf(op);
  const halves = isWide(selection) ? 2 : 1;
  if (isRegister(selection)) code.alu(halves);
  else if (halves === 2 && changesNothing(operation, imm)) return true;
  else {
    half(code, operation, imm);
    if (halves === 2) half(code, operation, signBits(imm));
  }
  if (halves === 1) zeroExtend(selection);
  return true;
};

function changesNothing(operation: number, imm: number): boolean {
  return operation === BPF_AND ? imm === -1 : (operation === BPF_OR || operation === BPF_XOR) && imm === 0;
}

/** One half with a constant; masks and bits that set, keep or turn all of it are cheaper. */
function half(code: Code, operation: number, imm: number): void {
  if (operation !== BPF_ADD && operation !== BPF_SUB && (imm === 0 || imm === -1)) {
    if (changesNothing(operation, imm)) return;
    if (operation === BPF_XOR) code.alu();
    else code.immed(imm);
    return;
  }
  code.operand(imm, UNRESTRICTED);
  code.alu();
}

export const selectNegate: Select = (selection) => {
  selection.code.alu(isWide(selection) ? 2 : 1);
  if (!isWide(selection)) zeroExtend(selection);
  return true;
};

/** To big endian. */
export const selectByteSwap: Select = ({ code, meta }) => {
  if (meta.insn.imm === 64) {
    code.alu();
    code.plain("ld_field", 4);
  } else {
    code.plain("ld_field", 2);
    code.immed(0);
  }
  return true;
};
