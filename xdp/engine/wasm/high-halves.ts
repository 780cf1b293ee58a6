/**
 * Whose upper halves matter: backwards through a function, from what looks at all 64 bits of a register. Where nobody does,
 * a result may have anything there. Compilers for old kernels (-mcpu=v1, v2) do 32-bit arithmetic in 64-bit registers.
 */
import { BPF_ADD, BPF_AND, BPF_LSH, BPF_MOV, BPF_MUL, BPF_OR, BPF_RSH, BPF_SUB, BPF_XOR, operationOf } from "../../isa/alu.js";
import { BPF_ALU64, BPF_JMP32, BPF_X, classOf } from "../../isa/class.js";
import { bytesOf } from "../../isa/load_store.js";
import { OPCODES } from "../../isa/opcode.js";
import { REGISTER_COUNT } from "../../isa/register.js";
import type { Insn } from "../../object/spec.js";
import type { FunctionFacts } from "./analysis.js";
import { widthOf } from "./cfg.js";
import { successors } from "./graph.js";
import { copyState, register } from "./state.js";
import type { State } from "./state.js";
import { transfer } from "./transfer.js";
import { constant, isU32 } from "./value.js";

/** Sets of registers: bit i is ri. */
const ALL = 2 ** REGISTER_COUNT - 1;
const ARGUMENTS = 0b111110;

/**
 * By slot: 1 where nobody looks at the upper half of what the instruction leaves in its dst. `returned`: somebody may look at
 * all of what the function returns.
 */
export function lowHalvesOnly({ code, context, states }: FunctionFacts, returned: boolean): Uint8Array {
  const { insns } = context;
  const result = new Uint8Array(insns.length);
  const wantedAtStart = new Uint16Array(code.blocks.length);
  const slots = code.blocks.map(({ start, end }) => slotsOf(insns, start, end));
  /** A number that is known to be below 2^32 wants no upper half: it is 0, however it came about. */
  const small = code.blocks.map(({ start, end }, block) => smallOperands(insns, start, end, states[block], context));
  for (let changed = true; changed; ) {
    changed = false;
    for (let block = code.blocks.length - 1; block >= 0; block--) {
      const exit = code.graph[block];
      let wanted = 0;
      for (const next of exit ? successors(exit) : []) wanted |= wantedAtStart[next] as number;
      const here = slots[block] as number[];
      for (let i = here.length - 1; i >= 0; i--) {
        const slot = here[i] as number;
        const insn = insns[slot] as Insn;
        result[slot] = (wanted >> insn.dst) & 1 ? 0 : 1;
        wanted = before(insn, wanted, small[block]?.[i] ?? 0, returned);
      }
      if (wanted === wantedAtStart[block]) continue;
      wantedAtStart[block] = wanted;
      changed = true;
    }
  }
  return result;
}

function slotsOf(insns: readonly Insn[], start: number, end: number): number[] {
  const slots: number[] = [];
  for (let slot = start; slot < end; slot += widthOf(insns[slot] as Insn)) slots.push(slot);
  return slots;
}

const DST_SMALL = 1;
const SRC_SMALL = 2;

function smallOperands(insns: readonly Insn[], start: number, end: number, known: State | undefined, context: FunctionFacts["context"]): number[] {
  if (!known) return [];
  const state = copyState(known);
  return slotsOf(insns, start, end).map((slot) => {
    const { op, dst, src, imm } = insns[slot] as Insn;
    const source = (op & BPF_X) !== 0 ? register(state, src) : constant(imm);
    const small = (isU32(register(state, dst)) ? DST_SMALL : 0) | (isU32(source) ? SRC_SMALL : 0);
    transfer(state, slot, context);
    return small;
  });
}

/** Registers whose upper halves are wanted before an instruction, given those behind it. */
function before(insn: Insn, behind: number, small: number, returned: boolean): number {
  const { op, dst, src } = insn;
  const to = 1 << dst;
  const from = 1 << src;
  switch (OPCODES[op]?.form) {
    case "alu":
      return (behind & ~to) | (classOf(op) === BPF_ALU64 ? operands(insn, (behind & to) !== 0, small) : 0);
    case "neg":
      return classOf(op) === BPF_ALU64 ? behind : behind & ~to;
    case "end":
      return insn.imm === 64 ? behind | to : behind & ~to;
    case "load_imm64":
      return behind & ~to;
    case "load":
    case "load_signed":
      return (behind & ~to) | from;
    case "store":
      return behind | to | (bytesOf(op) === 8 ? from : 0);
    case "store_imm":
      return behind | to;
    case "atomic":
      return behind | to | from | 1;
    case "jump":
      return classOf(op) === BPF_JMP32 ? behind : behind | to | ((op & BPF_X) !== 0 ? from : 0);
    case "goto":
    case "may_goto":
      return behind;
    case "call":
      return (behind & ~1) | ARGUMENTS;
    case "exit":
      return returned ? 1 : 0;
    default:
      return ALL;
  }
}

/** Operands of a 64-bit operation whose upper halves are wanted; `wanted`: its result's is. */
function operands({ op, dst, src, off, imm }: Insn, wanted: boolean, small: number): number {
  const isRegister = (op & BPF_X) !== 0;
  const to = 1 << dst;
  const from = isRegister ? 1 << src : 0;
  switch (operationOf(op)) {
    case BPF_MOV:
      // Sign extensions look at the low half only.
      return wanted && off === 0 ? from : 0;
    case BPF_ADD:
    case BPF_SUB:
    case BPF_MUL:
    case BPF_OR:
    case BPF_XOR:
      return wanted ? to | from : 0;
    case BPF_AND:
      return wanted ? (small & SRC_SMALL ? 0 : to) | (small & DST_SMALL ? 0 : from) : 0;
    case BPF_LSH:
      return wanted && (isRegister || imm < 32) ? to : 0;
    case BPF_RSH:
      return small & DST_SMALL ? 0 : to;
    default:
      return to | from;
  }
}
