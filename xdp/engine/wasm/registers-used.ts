/** Which registers an instruction reads and writes, and whether a register's number is still wanted. */
import { BPF_MOV, operationOf } from "../../isa/alu.js";
import { BPF_X } from "../../isa/class.js";
import { OPCODES } from "../../isa/opcode.js";
import { REGISTER_COUNT } from "../../isa/register.js";
import type { Insn } from "../../object/spec.js";
import { widthOf } from "./cfg.js";
import type { FunctionGraph } from "./cfg.js";

const ALL = 2 ** REGISTER_COUNT - 1;
/** r0 is written by calls, r1 to r5 are read. */
const ARGUMENTS = 0b111110;

/** A set of registers: bit i is ri. */
export interface RegistersUsed {
  readonly reads: number;
  readonly writes: number;
}

export function registersUsed({ op, dst, src }: Insn): RegistersUsed {
  const to = 1 << dst;
  const from = 1 << src;
  switch (OPCODES[op]?.form) {
    case "alu":
      return { reads: ((op & BPF_X) !== 0 ? from : 0) | (operationOf(op) === BPF_MOV ? 0 : to), writes: to };
    case "neg":
    case "end":
      return { reads: to, writes: to };
    case "load_imm64":
      return { reads: 0, writes: to };
    case "load":
    case "load_signed":
      return { reads: from, writes: to };
    case "store":
      return { reads: to | from, writes: 0 };
    case "store_imm":
      return { reads: to, writes: 0 };
    case "jump":
      return { reads: to | ((op & BPF_X) !== 0 ? from : 0), writes: 0 };
    case "goto":
    case "may_goto":
      return { reads: 0, writes: 0 };
    case "call":
      return { reads: ARGUMENTS, writes: 1 };
    case "exit":
      return { reads: 1, writes: 0 };
    default:
      return { reads: ALL, writes: ALL };
  }
}

/** Blocks that are looked at behind a place, one after the other: beyond, a register counts as wanted. */
const LOOKAHEAD = 3;

/** Whether some instruction from `slot` on may read the register before it is written. `block` is the one that `slot` is in. */
export function isWanted(register: number, slot: number, block: number, code: FunctionGraph, insns: readonly Insn[], depth: number = LOOKAHEAD): boolean {
  const { end } = code.blocks[block] as { end: number };
  const bit = 1 << register;
  for (let at = slot; at < end; at += widthOf(insns[at] as Insn)) {
    const { reads, writes } = registersUsed(insns[at] as Insn);
    if (reads & bit) return true;
    if (writes & bit) return false;
  }
  const exit = code.graph[block];
  if (exit?.kind === "leave") return false;
  if (depth === 0 || exit === undefined) return true;
  const next = exit.kind === "jump" ? [exit.to] : exit.kind === "branch" ? [exit.taken, exit.otherwise] : [];
  return next.some((target) => isWanted(register, (code.blocks[target] as { start: number }).start, target, code, insns, depth - 1));
}
