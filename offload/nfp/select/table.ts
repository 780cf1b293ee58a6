/** Which opcode is translated by what: the 115 that the driver's translator knows. The others it refuses. */
import {
  BPF_ABS, BPF_ADD, BPF_ALU, BPF_ALU64, BPF_AND, BPF_ARSH, BPF_ATOMIC, BPF_B, BPF_CALL, BPF_DIV, BPF_DW, BPF_END, BPF_EXIT, BPF_H, BPF_IND, BPF_JA, BPF_JEQ,
  BPF_JGE, BPF_JGT, BPF_JLE, BPF_JLT, BPF_JMP, BPF_JMP32, BPF_JNE, BPF_JSET, BPF_JSGE, BPF_JSGT, BPF_JSLE, BPF_JSLT, BPF_K, BPF_LD, BPF_LDX, BPF_LSH, BPF_MEM,
  BPF_MOV, BPF_MUL, BPF_NEG, BPF_OR, BPF_RSH, BPF_ST, BPF_STX, BPF_SUB, BPF_TO_BE, BPF_W, BPF_X, BPF_XOR, LD_IMM64,
} from "../../../xdp/index.js";
import { selectBinary, selectByteSwap, selectMove, selectNegate } from "./alu.js";
import { selectExit, selectFunctionCall, selectHelper } from "./call.js";
import type { Select } from "./context.js";
import { selectConditional, selectGoto } from "./jump.js";
import { selectAdd, selectClassicLoad, selectImmediateStore, selectLoad, selectStore } from "./memory.js";
import { selectDivide, selectMultiply } from "./multiply.js";
import { selectShift } from "./shift.js";

const SIZES = [BPF_B, BPF_H, BPF_W, BPF_DW];
const CONDITIONS = [BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JLT, BPF_JLE, BPF_JSGT, BPF_JSGE, BPF_JSLT, BPF_JSLE, BPF_JSET, BPF_JNE];

/** A 64-bit immediate: a half that equals the other is copied. Map addresses were replaced by the card's map numbers. */
const selectWide: Select = ({ code, meta, program }) => {
  const { imm, src } = meta.insn;
  const high = program.insns[meta.slot + 1]?.imm ?? 0;
  const [low, top] = src === 0 ? [imm, high] : [1, 0];
  code.immed(low);
  if (low === top) code.alu();
  else code.immed(top);
  return true;
};

const selectCall: Select = (selection) => (selection.meta.insn.src === 1 ? selectFunctionCall(selection) : selectHelper(selection));

function tableOf(): readonly (Select | undefined)[] {
  const table: (Select | undefined)[] = Array.from({ length: 256 });
  const both = (operations: readonly number[], select: Select): void => {
    for (const kind of [BPF_ALU, BPF_ALU64]) for (const operation of operations) for (const source of [BPF_K, BPF_X]) table[kind | operation | source] = select;
  };
  both([BPF_MOV], selectMove);
  both([BPF_ADD, BPF_SUB, BPF_AND, BPF_OR, BPF_XOR], selectBinary);
  both([BPF_MUL], selectMultiply);
  both([BPF_DIV], selectDivide);
  both([BPF_LSH, BPF_RSH, BPF_ARSH], selectShift);
  table[BPF_ALU | BPF_NEG] = table[BPF_ALU64 | BPF_NEG] = selectNegate;
  table[BPF_ALU | BPF_END | BPF_TO_BE] = selectByteSwap;
  table[LD_IMM64] = selectWide;
  for (const size of SIZES) {
    table[BPF_LDX | BPF_MEM | size] = selectLoad;
    table[BPF_STX | BPF_MEM | size] = selectStore;
    table[BPF_ST | BPF_MEM | size] = selectImmediateStore;
    if (size === BPF_DW) continue;
    table[BPF_LD | BPF_ABS | size] = table[BPF_LD | BPF_IND | size] = selectClassicLoad;
  }
  for (const size of [BPF_W, BPF_DW]) table[BPF_STX | BPF_ATOMIC | size] = selectAdd;
  for (const kind of [BPF_JMP, BPF_JMP32]) for (const condition of CONDITIONS) for (const source of [BPF_K, BPF_X]) table[kind | condition | source] = selectConditional;
  table[BPF_JMP | BPF_JA] = selectGoto;
  table[BPF_JMP | BPF_CALL] = selectCall;
  table[BPF_JMP | BPF_EXIT] = selectExit;
  return table;
}

const TABLE = tableOf();

/** By opcode; undefined where the driver says "instruction … not supported". */
export function selectorOf(op: number): Select | undefined {
  return TABLE[op];
}
