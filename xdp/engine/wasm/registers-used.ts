/** Which registers an instruction reads and writes, and whether a register's number is still wanted. */
import { BPF_MOV, operationOf } from "../../isa/alu.js";
import { BPF_X } from "../../isa/class.js";
import { OPCODES } from "../../isa/opcode.js";
import { REGISTER_COUNT } from "../../isa/register.js";
import type { Insn } from "../../object/spec.js";
import { widthOf } from "./cfg.js";
import type { FunctionGraph } from "./cfg.js";
import { successors } from "./graph.js";

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

/** Registers that some instruction may read before they are written: by block, at its start. */
export function wantedRegisters({ blocks, graph }: FunctionGraph, insns: readonly Insn[]): Uint16Array {
  const wanted = new Uint16Array(blocks.length);
  const uses = blocks.map(({ start, end }) => blockUse(insns, start, end));
  for (let changed = true; changed; ) {
    changed = false;
    for (let block = blocks.length - 1; block >= 0; block--) {
      const { reads, writes } = uses[block] as RegistersUsed;
      const now = reads | (wantedBehind(block, graph, wanted) & ~writes);
      if (now === wanted[block]) continue;
      wanted[block] = now;
      changed = true;
    }
  }
  return wanted;
}

/** What a block reads before it writes it, and all that it writes. */
function blockUse(insns: readonly Insn[], start: number, end: number): RegistersUsed {
  let reads = 0;
  let writes = 0;
  for (let slot = start; slot < end; slot += widthOf(insns[slot] as Insn)) {
    const use = registersUsed(insns[slot] as Insn);
    reads |= use.reads & ~writes;
    writes |= use.writes;
  }
  return { reads, writes };
}

function wantedBehind(block: number, graph: FunctionGraph["graph"], wanted: Uint16Array): number {
  const exit = graph[block];
  let behind = 0;
  for (const next of exit ? successors(exit) : []) behind |= wanted[next] as number;
  return behind;
}

/** Whether some instruction from `slot` on may read the register before it is written. `block` is the one that `slot` is in; `wanted` as {@link wantedRegisters} gives it. */
export function isWanted(register: number, slot: number, block: number, code: FunctionGraph, insns: readonly Insn[], wanted: Uint16Array): boolean {
  const { end } = code.blocks[block] as { end: number };
  const bit = 1 << register;
  for (let at = slot; at < end; at += widthOf(insns[at] as Insn)) {
    const { reads, writes } = registersUsed(insns[at] as Insn);
    if (reads & bit) return true;
    if (writes & bit) return false;
  }
  return (wantedBehind(block, code.graph, wanted) & bit) !== 0;
}
