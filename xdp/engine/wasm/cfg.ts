/** One function's instructions -> basic blocks. */
import { BPF_HELPER_CALL, BPF_PSEUDO_CALL, BPF_PSEUDO_FUNC } from "../../isa/pseudo.js";
import { LD_IMM64, OPCODES } from "../../isa/opcode.js";
import { nameOf } from "../../isa/name.js";
import { UnsupportedError } from "../../helpers/error.js";
import type { Insn, ProgramSpec } from "../../object/spec.js";
import type { Facts } from "../../verifier/facts.js";
import { WAY_ON, WAY_TAKEN } from "../../verifier/facts.js";
import { CompileError } from "./errors.js";
import type { Exit, Graph } from "./graph.js";

/** Straight-line code: slots `start` to `end` - 1, the last of which may jump. */
export interface Block {
  readonly start: number;
  readonly end: number;
}

/** The blocks that a function's first slot leads to, and how they hang together. Block 0 is the entry. */
export interface FunctionGraph {
  readonly start: number;
  readonly blocks: readonly Block[];
  readonly graph: Graph;
  /** First slots of the functions that it calls, or whose address it takes, each once. */
  readonly callees: readonly number[];
  readonly tailCalls: boolean;
}

/** Slots that an instruction takes. */
export function widthOf(insn: Insn): number {
  return insn.op === LD_IMM64 ? 2 : 1;
}

/** Slot that a jump at `slot` goes to. */
export function jumpTarget(insn: Insn, slot: number): number {
  return slot + 1 + (OPCODES[insn.op]?.name === "gotol" ? insn.imm : insn.off);
}

/** Whether the instruction calls helper `id`. */
export function isHelperCall(insn: Insn, id: number): boolean {
  return OPCODES[insn.op]?.form === "call" && insn.src === BPF_HELPER_CALL && insn.imm === id;
}

const TAIL_CALL = 12;

/** Last slot of a straight line's kind of end. */
interface Ends {
  readonly next: number;
  readonly jump?: number;
}

/**
 * How control leaves the instruction at a slot: to the next one, to a jump's target, both, or (-1 and none) not at all;
 * undefined where it just goes on. Ways that were proven never to be taken are not there.
 */
function endsOf(program: ProgramSpec, slot: number, proof: Facts | undefined): Ends | undefined {
  const insn = program.insns[slot] as Insn;
  const place = { program: program.name, insn: slot };
  switch (OPCODES[insn.op]?.form) {
    case undefined:
      throw new CompileError(program.name, slot, `opcode 0x${insn.op.toString(16)} is not an instruction`);
    case "exit":
      return { next: -1 };
    case "goto":
      return { next: -1, jump: jumpTarget(insn, slot) };
    case "jump":
      if (proof?.ways[slot] === WAY_TAKEN) return { next: -1, jump: jumpTarget(insn, slot) };
      return proof?.ways[slot] === WAY_ON ? undefined : { next: slot + 1, jump: jumpTarget(insn, slot) };
    case "may_goto":
      return { next: slot + 1, jump: jumpTarget(insn, slot) };
    case "load_packet":
      throw new UnsupportedError("instruction", nameOf(insn), place);
    case "alu":
      if (nameOf(insn) === "addr_space_cast") throw new UnsupportedError("instruction", "addr_space_cast", place);
      return undefined;
    case "call":
      if (insn.src > BPF_PSEUDO_CALL) throw new UnsupportedError("kfunc", `#${insn.imm}`, place);
      return undefined;
    default:
      return undefined;
  }
}

/**
 * The function that starts at a slot. `proof`: what was proven of the program.
 * @throws CompileError where control leaves the program, UnsupportedError for instructions that no engine here has.
 */
export function functionGraph(program: ProgramSpec, start: number, proof?: Facts): FunctionGraph {
  const { insns } = program;
  const reached = new Uint8Array(insns.length);
  const leader = new Uint8Array(insns.length);
  const callees = new Set<number>();
  let tailCalls = false;
  const enter = (slot: number, from: number): number => {
    if (slot < 0 || slot >= insns.length) throw new CompileError(program.name, from, `control goes to instruction ${slot}, and there are ${insns.length}`);
    if (insns[slot - 1]?.op === LD_IMM64 && reached[slot - 1]) throw new CompileError(program.name, from, `control goes into the middle of a 64-bit load, to instruction ${slot}`);
    return slot;
  };

  const open = [enter(start, start)];
  leader[start] = 1;
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (let slot = at; !reached[slot]; ) {
      reached[slot] = 1;
      const insn = insns[slot] as Insn;
      const ends = endsOf(program, slot, proof);
      if (!ends) {
        if (OPCODES[insn.op]?.form === "call" && insn.src === BPF_PSEUDO_CALL) callees.add(slot + 1 + insn.imm);
        if (insn.op === LD_IMM64 && insn.src === BPF_PSEUDO_FUNC) callees.add(slot + 1 + insn.imm);
        tailCalls ||= isHelperCall(insn, TAIL_CALL);
        const from = slot;
        slot += widthOf(insn);
        enter(slot, from);
        continue;
      }
      if (ends.jump !== undefined) {
        leader[enter(ends.jump, slot)] = 1;
        open.push(ends.jump);
      }
      if (ends.next < 0) break;
      leader[enter(ends.next, slot)] = 1;
      slot = ends.next;
    }
  }

  const blocks: Block[] = [];
  const blockAt = new Map<number, number>();
  const starts = [start];
  for (let slot = 0; slot < insns.length; slot++) if (leader[slot] && slot !== start) starts.push(slot);
  for (const first of starts) {
    blockAt.set(first, blocks.length);
    let end = first;
    do end += widthOf(insns[end] as Insn);
    while (end < insns.length && !leader[end] && reached[end] && !endsOf(program, lastSlot(insns, first, end), proof));
    blocks.push({ start: first, end });
  }
  const block = (slot: number): number => blockAt.get(slot) as number;
  const graph = blocks.map(({ start: first, end }): Exit => {
    const ends = endsOf(program, lastSlot(insns, first, end), proof);
    if (!ends) return { kind: "jump", to: block(end) };
    if (ends.next < 0) return ends.jump === undefined ? { kind: "leave" } : { kind: "jump", to: block(ends.jump) };
    const jump = ends.jump as number;
    return jump === ends.next ? { kind: "jump", to: block(jump) } : { kind: "branch", taken: block(jump), otherwise: block(ends.next) };
  });
  return { start, blocks, graph, callees: [...callees], tailCalls };
}

/** Slot of the last instruction before `end`. */
export function lastSlot(insns: readonly Insn[], start: number, end: number): number {
  return end - 2 >= start && insns[end - 2]?.op === LD_IMM64 ? end - 2 : end - 1;
}
