/**
 * What each register points to, slot by slot: enough of a data-flow analysis to tell packet memory from map memory and
 * stack. Not a verifier: it judges nothing, and where paths disagree it says UNKNOWN.
 */
import {
  BPF_ADD, BPF_ALU, BPF_ALU64, BPF_CALL, BPF_DW, BPF_EXIT, BPF_JA, BPF_JMP, BPF_JMP32, BPF_LD, BPF_LDX, BPF_MEM, BPF_MOV, BPF_PSEUDO_CALL,
  BPF_PSEUDO_MAP_IDX, BPF_PSEUDO_MAP_IDX_VALUE, BPF_ST, BPF_STX, BPF_SUB, BPF_X, classOf, LD_IMM64, modeOf, operationOf, sizeOf,
} from "../../xdp/index.js";
import type { Insn, ProgramSpec } from "../../xdp/index.js";
import { SlotQueue } from "./flow.js";

export const KIND_UNSET = 0;
export const KIND_SCALAR = 1;
export const KIND_CTX = 2;
export const KIND_PACKET = 3;
export const KIND_STACK = 4;
export const KIND_VALUE = 5;
export const KIND_MAP = 6;
export const KIND_UNKNOWN = 7;

const REGISTERS = 11;
const STACK_WORDS = 64;
/** By slot: kinds of the registers, kinds of the stack's 64 words, and map number + 1 of each register. */
const STATE = REGISTERS + STACK_WORDS + REGISTERS;
const MAPS = REGISTERS + STACK_WORDS;

const FP = 10;
const MAP_LOOKUPS = new Set([1, 195]);

/** Kinds at the entry of each slot. */
export class Kinds {
  private readonly states: Uint16Array;
  constructor(states: Uint16Array) {
    this.states = states;
  }
  /** KIND_* of a register before `slot` executes; KIND_UNSET where the slot is never reached. */
  of(slot: number, register: number): number {
    return this.states[slot * STATE + register];
  }
  /** Index of the map that a register holds or points into, or -1 where it is none or not known. */
  mapOf(slot: number, register: number): number {
    return this.states[slot * STATE + MAPS + register] - 1;
  }
  reached(slot: number): boolean {
    return this.states[slot * STATE + FP] !== KIND_UNSET;
  }
}

const known = new WeakMap<ProgramSpec, Kinds>();

/** Analyses one program, once. Jumps that leave the program are ignored: loading refuses them. */
export function analyseKinds(program: ProgramSpec): Kinds {
  let kinds = known.get(program);
  if (kinds === undefined) known.set(program, (kinds = analyse(program)));
  return kinds;
}

function analyse(program: ProgramSpec): Kinds {
  const { insns } = program;
  const states = new Uint16Array(insns.length * STATE);
  const work = new SlotQueue(insns.length);
  const entry = new Uint16Array(STATE);
  entry[1] = KIND_CTX;
  entry[FP] = KIND_STACK;
  const flow = (to: number, state: Uint16Array): void => {
    if (to >= 0 && to < insns.length && join(states, to * STATE, state)) work.add(to);
  };
  flow(0, entry);
  const drain = (): void => {
    for (let slot = work.take(); slot >= 0; slot = work.take()) {
      step(insns, slot, states.slice(slot * STATE, (slot + 1) * STATE), flow);
    }
  };
  drain();
  // Functions that are only called by address: nothing is known of their arguments.
  for (const { start } of program.functions) {
    if (states[start * STATE + FP] !== KIND_UNSET) continue;
    const unknown = new Uint16Array(STATE).fill(KIND_UNKNOWN, 0, REGISTERS);
    unknown[FP] = KIND_STACK;
    flow(start, unknown);
    drain();
  }
  return new Kinds(states);
}

/** Merges `from` into the state at `at`; true where that changed it. */
function join(states: Uint16Array, at: number, from: Uint16Array): boolean {
  const first = states[at + FP] === KIND_UNSET;
  let changed = first;
  for (let i = 0; i < STATE; i++) {
    const old = states[at + i];
    const next = from[i];
    if (old === next) continue;
    if (first) states[at + i] = next;
    else {
      const merged = i >= MAPS ? 0 : old === KIND_UNSET || next === KIND_UNSET ? Math.max(old, next) : KIND_UNKNOWN;
      // A pointer that is NULL on one path is what it is on the other: looked-up values are checked before use.
      const kind = i < MAPS && isNullable(old, next) ? KIND_VALUE : merged;
      if (kind === old) continue;
      states[at + i] = kind;
    }
    changed = true;
  }
  return changed;
}

function isNullable(a: number, b: number): boolean {
  return (a === KIND_VALUE && b === KIND_SCALAR) || (a === KIND_SCALAR && b === KIND_VALUE);
}

function step(insns: readonly Insn[], slot: number, state: Uint16Array, flow: (to: number, state: Uint16Array) => void): void {
  const insn = insns[slot];
  const { op, dst, src } = insn;
  const set = (register: number, kind: number, map = 0): void => {
    state[register] = kind;
    state[MAPS + register] = map;
  };
  switch (classOf(op)) {
    case BPF_LD:
      if (op === LD_IMM64) {
        if (insn.src === BPF_PSEUDO_MAP_IDX) set(dst, KIND_MAP, insn.imm + 1);
        else if (insn.src === BPF_PSEUDO_MAP_IDX_VALUE) set(dst, KIND_VALUE, insn.imm + 1);
        else set(dst, KIND_SCALAR);
        flow(slot + 2, state);
        return;
      }
      break;
    case BPF_LDX:
      load(insn, state, set);
      break;
    case BPF_ST:
    case BPF_STX:
      if (state[dst] === KIND_STACK && dst === FP && modeOf(op) === BPF_MEM) {
        const word = STACK_WORDS + Math.floor(insn.off / 8);
        if (word >= 0 && word < STACK_WORDS) state[REGISTERS + word] = classOf(op) === BPF_STX && sizeOf(op) === BPF_DW ? state[src] : KIND_SCALAR;
      }
      break;
    case BPF_ALU:
      set(dst, KIND_SCALAR);
      break;
    case BPF_ALU64:
      alu(insn, state, set);
      break;
    case BPF_JMP:
    case BPF_JMP32:
      jump(insn, slot, state, set, flow);
      return;
  }
  flow(slot + 1, state);
}

type Set = (register: number, kind: number, map?: number) => void;

function load(insn: Insn, state: Uint16Array, set: Set): void {
  const from = state[insn.src];
  if (from === KIND_CTX) {
    // xdp_md: data, data_end, data_meta.
    set(insn.dst, insn.off <= 8 ? KIND_PACKET : KIND_SCALAR);
  } else if (insn.src === FP && sizeOf(insn.op) === BPF_DW) {
    const word = STACK_WORDS + Math.floor(insn.off / 8);
    const kind = word >= 0 && word < STACK_WORDS ? state[REGISTERS + word] : KIND_UNSET;
    set(insn.dst, kind === KIND_UNSET ? KIND_SCALAR : kind);
  } else set(insn.dst, KIND_SCALAR);
}

function alu(insn: Insn, state: Uint16Array, set: Set): void {
  const operation = operationOf(insn.op);
  const register = (insn.op & BPF_X) !== 0;
  if (operation === BPF_MOV) {
    if (register && insn.off === 0) set(insn.dst, state[insn.src], state[MAPS + insn.src]);
    else set(insn.dst, KIND_SCALAR);
    return;
  }
  if (operation === BPF_ADD || operation === BPF_SUB) {
    const left = state[insn.dst];
    if (!register) return;
    const right = state[insn.src];
    if (isPointer(left) && isPointer(right)) set(insn.dst, KIND_SCALAR);
    else if (!isPointer(left) && isPointer(right)) set(insn.dst, right, state[MAPS + insn.src]);
    return;
  }
  set(insn.dst, KIND_SCALAR);
}

function isPointer(kind: number): boolean {
  return kind >= KIND_CTX && kind <= KIND_VALUE;
}

function jump(insn: Insn, slot: number, state: Uint16Array, set: Set, flow: (to: number, state: Uint16Array) => void): void {
  const operation = operationOf(insn.op);
  if (operation === BPF_EXIT) return;
  if (operation === BPF_JA) {
    flow(slot + 1 + (classOf(insn.op) === BPF_JMP32 ? insn.imm : insn.off), state);
    return;
  }
  if (operation !== BPF_CALL) {
    flow(slot + 1 + insn.off, state);
    flow(slot + 1, state);
    return;
  }
  if (insn.src === BPF_PSEUDO_CALL) {
    const callee = new Uint16Array(STATE);
    for (let r = 1; r <= 5; r++) {
      callee[r] = state[r];
      callee[MAPS + r] = state[MAPS + r];
    }
    callee[FP] = KIND_STACK;
    flow(slot + 1 + insn.imm, callee);
    set(0, KIND_UNKNOWN);
  } else if (insn.src === 0 && MAP_LOOKUPS.has(insn.imm)) set(0, KIND_VALUE, state[MAPS + 1]);
  else set(0, KIND_SCALAR);
  for (let r = 1; r <= 5; r++) set(r, KIND_SCALAR);
  flow(slot + 1, state);
}
