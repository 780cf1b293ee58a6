/**
 * What steps of a path cost on a card, by two accounts. `ways`: each instruction by where it goes on, each branch within it going
 * the slower way. `slots`: what the engines add up as packets run, in which a branch's two ways are told apart by what follows.
 * They differ by little; a bound is the larger of the two, so that neither the card as modelled nor a run exceeds it.
 */
import { BPF_CALL, BPF_JMP, BPF_PSEUDO_CALL, LD_IMM64 } from "../../xdp/index.js";
import type { Insn, MapSpec, ProgramSpec } from "../../xdp/index.js";
import { targetOf } from "../cost/flow.js";
import { nfpCosts } from "../cost/nfp.js";
import { isConditional } from "../nfp/meta.js";
import { NFP_PROLOGUE, translate } from "../nfp/translate.js";
import type { OffloadProfile } from "../profiles/schema.js";
import { nfpTarget } from "../profiles/target.js";
import { vliwRows } from "../cost/vliw.js";

/** What one account says. */
export interface Account {
  readonly name: "ways" | "slots" | "memory";
  /** Once, before the first instruction. */
  readonly before: number;
  /** By slot: where the next instruction is the one behind it (or none), and where it is another. */
  readonly on: ArrayLike<number>;
  readonly off: ArrayLike<number>;
}

/** Costs of one program. */
export interface PathCosts {
  readonly program: ProgramSpec;
  /** The first is the one that a path is told by where both are equal. */
  readonly accounts: readonly Account[];
  /** Cycles of the memory engine. */
  readonly memory: Account;
  /** Ways of conditional jumps that the translation has code for; a way that it has none for is never gone. */
  falls(slot: number): boolean;
  jumps(slot: number): boolean;
}

export function pathCosts(program: ProgramSpec, maps: readonly MapSpec[], device: OffloadProfile): PathCosts {
  if (device.lanes > 0) {
    const rows = vliwRows(program, device.lanes, maps);
    const nothing = new Uint32Array(program.insns.length);
    return { program, accounts: [{ name: "slots", before: 0, on: rows, off: rows }], memory: { name: "memory", before: 0, on: nothing, off: nothing }, falls: () => true, jumps: () => true };
  }
  const translation = translate(program, maps, { target: nfpTarget(device) });
  const costs = nfpCosts(program, device, maps, translation);
  const { facts } = translation.program;
  const engine = Float64Array.from(costs.reads, (count, slot) => count * device.memoryReadCycles + costs.atomics[slot] * device.memoryAtomicCycles);
  return {
    program,
    accounts: [{ name: "ways", before: NFP_PROLOGUE, on: costs.slowestFallen, off: costs.slowestTaken }, { name: "slots", before: 0, on: costs.cycles, off: costs.cycles }],
    memory: { name: "memory", before: 0, on: engine, off: engine },
    falls: (slot) => facts.falls(slot),
    jumps: (slot) => facts.jumps(slot),
  };
}

/** Cycles of an instruction by one account, where `next` is executed after it; -1 where it is the last. */
export function stepCost({ on, off }: Account, insns: readonly Insn[], slot: number, next: number): number {
  const insn = insns[slot];
  const behind = slot + (insn.op === LD_IMM64 ? 2 : 1);
  if (isConditional(insn)) {
    if (targetOf(insn, slot) === behind) return Math.max(on[slot], off[slot]);
    return next === behind ? on[slot] : off[slot];
  }
  if (comesBack(insn, slot, next)) return on[slot];
  // A helper that calls a function of the program is one call, however often it does so: it counts where it is left.
  if (insn.op === (BPF_JMP | BPF_CALL) && insn.src !== BPF_PSEUDO_CALL && next >= 0 && next !== behind) return 0;
  return on[slot];
}

const FUNC_tail_call = 12;

/** A tail call from a function, which went on to another program and came back to the function's caller. */
export function comesBack(insn: Insn, slot: number, next: number): boolean {
  return insn.op === (BPF_JMP | BPF_CALL) && insn.src === 0 && insn.imm === FUNC_tail_call && next >= 0 && next !== slot + 1;
}

/** First slot of the function that an instruction calls, or -1. */
export function calledFunction(insn: Insn, slot: number): number {
  return insn.op === (BPF_JMP | BPF_CALL) && insn.src === BPF_PSEUDO_CALL ? slot + 1 + insn.imm : -1;
}
