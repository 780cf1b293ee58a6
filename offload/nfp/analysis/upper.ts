/**
 * Whose upper half is read: the card writes halves one by one, and leaves clearing the upper one out where nobody looks.
 * Backwards over all paths, as the verifier marks it.
 */
import {
  BPF_ALU, BPF_ALU64, BPF_ATOMIC, BPF_CALL, BPF_CMPXCHG, BPF_DW, BPF_END, BPF_EXIT, BPF_FETCH, BPF_JMP, BPF_JMP32, BPF_LD, BPF_LDX, BPF_LOAD_ACQ, BPF_MEMSX, BPF_MOV, BPF_NEG, BPF_PSEUDO_CALL, BPF_ST, BPF_STX, BPF_X, classOf,
  LD_IMM64, modeOf, operationOf, sizeOf,
} from "../../../xdp/index.js";
import type { Insn } from "../../../xdp/index.js";
import { SlotQueue } from "../../cost/flow.js";

/** Arguments that helpers take, where they are not five. */
const ARGUMENTS: Readonly<Record<number, number>> = { 1: 2, 2: 4, 3: 2, 5: 0, 7: 0, 8: 0, 25: 5, 44: 2, 65: 2 };
const CALLER_SAVED = 0x3f;
const CALLEE_SAVED = 0x3c0;

export interface Flow {
  readonly insns: readonly Insn[];
  /** Slots that execution can go to from here, within the function. */
  successors(slot: number): readonly number[];
  /** 0 where the slot is dead. */
  readonly reached: Uint8Array;
  /** Start of the function that a slot is in. */
  startOf(slot: number): number;
  /** Registers that hold a pointer, as bits. */
  pointers(slot: number): number;
}

/** 1 by slot that writes 32 bits and whose register's upper half is read. */
export function upperHalvesRead(flow: Flow): Uint8Array {
  const { insns, reached } = flow;
  const count = insns.length;
  const before = new Uint16Array(count);
  const successors: (readonly number[])[] = [];
  const predecessors: number[][] = Array.from({ length: count }, () => []);
  const callers = new Map<number, number[]>();
  const exits = new Map<number, number[]>();
  // What is read flows backwards: the queue, which takes the lowest first, holds slots from the end.
  const work = new SlotQueue(Math.max(1, count));
  const add = (slot: number): void => work.add(count - 1 - slot);
  for (let slot = 0; slot < count; slot++) {
    successors[slot] = reached[slot] === 0 ? [] : flow.successors(slot);
    if (reached[slot] === 0) continue;
    for (const next of successors[slot]) predecessors[next].push(slot);
    if (isFunctionCall(insns[slot])) push(callers, slot + 1 + insns[slot].imm, slot);
    if (isExit(insns[slot])) push(exits, flow.startOf(slot), slot);
    add(slot);
  }
  const after = (slot: number): number => {
    let mask = 0;
    for (const next of successors[slot]) mask |= before[next];
    return mask;
  };
  const afterExit = (slot: number): number => {
    const start = flow.startOf(slot);
    // Of functions that are passed by address, whoever calls them reads all of the result.
    if (start === 0 || !callers.has(start)) return 1;
    return (callers.get(start) ?? []).reduce((mask, call) => mask | after(call), 0) & 1;
  };
  for (let taken = work.take(); taken >= 0; taken = work.take()) {
    const slot = count - 1 - taken;
    const insn = insns[slot];
    const callee = isFunctionCall(insn) ? (before[slot + 1 + insn.imm] ?? 0) & CALLER_SAVED & ~1 : 0;
    const out = isExit(insn) ? afterExit(slot) : after(slot);
    const now = transfer(insn, out, callee, classOf(insn.op) === BPF_STX ? flow.pointers(slot) : 0);
    if (now === before[slot]) continue;
    before[slot] = now;
    for (const one of predecessors[slot]) add(one);
    for (const call of callers.get(slot) ?? []) add(call);
    // What a caller reads of the result reaches the callee's exits.
    for (const one of predecessors[slot]) if (isFunctionCall(insns[one])) for (const exit of exits.get(one + 1 + insns[one].imm) ?? []) add(exit);
  }
  return Uint8Array.from(insns, (insn, slot) => (reached[slot] === 1 && writes32(insn) && (after(slot) & (1 << insn.dst)) !== 0 ? 1 : 0));
}

function push(map: Map<number, number[]>, key: number, value: number): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

function isFunctionCall(insn: Insn): boolean {
  return classOf(insn.op) === BPF_JMP && operationOf(insn.op) === BPF_CALL && insn.src === BPF_PSEUDO_CALL;
}

function isExit(insn: Insn): boolean {
  return classOf(insn.op) === BPF_JMP && operationOf(insn.op) === BPF_EXIT;
}

function writes32(insn: Insn): boolean {
  const kind = classOf(insn.op);
  // A classic packet load writes r0.
  if (kind === BPF_ALU || (kind === BPF_LD && insn.op !== LD_IMM64)) return true;
  return kind === BPF_LDX && sizeOf(insn.op) !== BPF_DW && modeOf(insn.op) !== BPF_MEMSX;
}

/** Registers whose upper half is read from here on, given those from the next instruction on; bits by register. */
function transfer(insn: Insn, after: number, callee: number, pointers: number): number {
  const { op, dst, src } = insn;
  const kind = classOf(op);
  const operation = operationOf(op);
  const target = 1 << dst;
  const source = (op & BPF_X) !== 0 ? 1 << src : 0;
  switch (kind) {
    case BPF_ALU:
      // A byte swap of 64 bits reads them all; it is of this class.
      if (operation === BPF_END) return insn.imm === 64 ? after | target : after & ~target;
      return after & ~target;
    case BPF_ALU64:
      if (operation === BPF_MOV) return (after & ~target) | source;
      if (operation === BPF_NEG || operation === BPF_END) return after | target;
      return after | target | source;
    case BPF_LD:
      return op === LD_IMM64 ? after & ~target : (after & ~CALLER_SAVED) | (1 << src);
    case BPF_LDX:
      return (after & ~target) | (1 << src);
    case BPF_ST:
      return after | target;
    case BPF_STX: {
      if (modeOf(op) === BPF_ATOMIC && insn.imm === BPF_LOAD_ACQ) return (after & ~target) | (1 << src);
      const read = sizeOf(op) === BPF_DW || (pointers & (1 << src)) !== 0 ? 1 << src : 0;
      const exchanges = modeOf(op) === BPF_ATOMIC && insn.imm === BPF_CMPXCHG;
      if (exchanges) return (after & ~1) | target | read | (sizeOf(op) === BPF_DW ? 1 : 0);
      const fetched = modeOf(op) === BPF_ATOMIC && (insn.imm & BPF_FETCH) !== 0 ? 1 << src : 0;
      return (after & ~fetched) | target | read;
    }
    case BPF_JMP:
      if (operation === BPF_EXIT) return after;
      if (operation === BPF_CALL) {
        if (insn.src === BPF_PSEUDO_CALL) return (after & CALLEE_SAVED) | callee;
        const count = ARGUMENTS[insn.imm] ?? 5;
        return (after & ~CALLER_SAVED) | (((1 << count) - 1) << 1);
      }
      return operation === 0 ? after : after | target | source;
    case BPF_JMP32:
      return after;
    default:
      return after;
  }
}
