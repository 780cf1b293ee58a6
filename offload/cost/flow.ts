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

/** How many jumps go to each slot. */
export function jumpTargets(insns: readonly Insn[]): Uint16Array {
  const targets = new Uint16Array(insns.length);
  for (let slot = 0; slot < insns.length; slot++) {
    const target = targetOf(insns[slot], slot);
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
