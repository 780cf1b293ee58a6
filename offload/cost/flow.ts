/** Shape of a program's control flow, as far as costs need it. */
import { BPF_CALL, BPF_EXIT, BPF_JA, BPF_JMP, BPF_JMP32, BPF_PSEUDO_CALL, classOf, operationOf } from "../../xdp/index.js";
import type { Insn, ProgramSpec } from "../../xdp/index.js";

/** Slot that a jump goes to, or -1 where the instruction is no jump. */
export function targetOf(insn: Insn, slot: number): number {
  const kind = classOf(insn.op);
  if (kind !== BPF_JMP && kind !== BPF_JMP32) return -1;
  const operation = operationOf(insn.op);
  if (operation === BPF_CALL || operation === BPF_EXIT) return -1;
  return slot + 1 + (kind === BPF_JMP32 && operation === BPF_JA ? insn.imm : insn.off);
}

/** Whether execution can go on to the next slot. */
export function fallsThrough(insn: Insn): boolean {
  const kind = classOf(insn.op);
  if (kind !== BPF_JMP && kind !== BPF_JMP32) return true;
  const operation = operationOf(insn.op);
  return operation !== BPF_EXIT && operation !== BPF_JA;
}

/** How many jumps go to each slot; those whose slot is set in `without` do not count. */
export function jumpTargets(insns: readonly Insn[], without?: Uint8Array): Uint16Array {
  const targets = new Uint16Array(insns.length);
  for (let slot = 0; slot < insns.length; slot++) {
    const target = without?.[slot] === 1 ? -1 : targetOf(insns[slot], slot);
    if (target >= 0 && target < insns.length) targets[target]++;
  }
  return targets;
}

/** How often a function can run for one packet, at most, by index in `program.functions`; the entry runs once. */
export function callCounts(program: ProgramSpec): Float64Array {
  const { functions, insns } = program;
  const counts = new Float64Array(functions.length);
  counts[0] = 1;
  const indexOf = (slot: number): number => functions.findIndex(({ start, end }) => slot >= start && slot < end);
  const calls: [from: number, to: number][] = [];
  insns.forEach((insn, slot) => {
    if (classOf(insn.op) === BPF_JMP && operationOf(insn.op) === BPF_CALL && insn.src === BPF_PSEUDO_CALL) calls.push([indexOf(slot), indexOf(slot + 1 + insn.imm)]);
  });
  // Call graphs are at most eight deep; a cycle would be refused at load.
  for (let depth = 0; depth < 8; depth++) {
    const next = new Float64Array(functions.length);
    next[0] = 1;
    for (const [from, to] of calls) if (from >= 0 && to > 0) next[to] += counts[from];
    counts.set(next);
  }
  return counts;
}

/**
 * Slots that wait to be looked at again, lowest first: most edges go forward, so that few slots are looked at twice before
 * what flows into them is settled.
 */
export class SlotQueue {
  private readonly waiting: Uint8Array;
  private count = 0;
  private at = 0;

  constructor(slots: number) {
    this.waiting = new Uint8Array(slots);
  }

  add(slot: number): void {
    if (this.waiting[slot] === 1) return;
    this.waiting[slot] = 1;
    this.count++;
  }

  /** The next slot in a sweep from first to last, over and over; -1 where none waits. */
  take(): number {
    if (this.count === 0) return -1;
    while (this.waiting[this.at] === 0) this.at = this.at + 1 === this.waiting.length ? 0 : this.at + 1;
    this.waiting[this.at] = 0;
    this.count--;
    return this.at;
  }
}
