/**
 * A conditional jump costs more where it is taken, and a slot's cost is counted before anybody knows. So the difference goes
 * where it is certain: on the target, where only such jumps lead there; else on the jump, and off what follows where it is not taken.
 */
import type { Insn } from "../../xdp/index.js";
import { LD_IMM64 } from "../../xdp/index.js";
import { isConditional } from "../nfp/meta.js";
import { fallsThrough, jumpTargets, targetOf } from "./flow.js";

/** Costs by slot whose sums over any path are those of its ways, or as near as can be: for what neither place will take, the target takes its share. */
export function shareTaken(insns: readonly Insn[], fallen: Uint32Array, taken: Uint32Array): Uint32Array {
  const cycles = Uint32Array.from(fallen);
  const targets = jumpTargets(insns);
  const only = uniformTargets(insns, fallen, taken, targets);
  for (let slot = 0; slot < insns.length; slot++) {
    if (!isConditional(insns[slot])) continue;
    const more = taken[slot] - fallen[slot];
    const target = targetOf(insns[slot], slot);
    if (more === 0 || target < 0 || target >= insns.length || only[target] === more) continue;
    if (more > 0) {
      const credited = credit(insns, cycles, targets, slot + 1, more);
      cycles[slot] += credited;
      cycles[target] += Math.floor((more - credited) / (targets[target] + (isReachedFromAbove(insns, target) ? 1 : 0)));
    } else if (targets[slot + 1] === 0) {
      cycles[slot] += more;
      cycles[slot + 1] -= more;
    }
  }
  for (let slot = 0; slot < insns.length; slot++) cycles[slot] += only[slot];
  return cycles;
}

/** By slot: what all ways to it cost more than not taking them, where those are conditional jumps alone; else 0. */
function uniformTargets(insns: readonly Insn[], fallen: Uint32Array, taken: Uint32Array, targets: Uint16Array): Int32Array {
  const more = new Int32Array(insns.length).fill(-1);
  for (let slot = 0; slot < insns.length; slot++) {
    const target = targetOf(insns[slot], slot);
    if (target < 0 || target >= insns.length) continue;
    const own = isConditional(insns[slot]) ? Math.max(0, taken[slot] - fallen[slot]) : 0;
    more[target] = more[target] === -1 || more[target] === own ? own : 0;
  }
  return more.map((value, slot) => (value > 0 && slot > 0 && targets[slot] > 0 && !isReachedFromAbove(insns, slot) ? value : 0));
}

function isReachedFromAbove(insns: readonly Insn[], slot: number): boolean {
  return slot === 0 || fallsThrough(insns[slot - 1]);
}

/** Takes up to `amount` off the straight stretch that begins at `start`, and says how much: what it costs, at most. */
function credit(insns: readonly Insn[], cycles: Uint32Array, targets: Uint16Array, start: number, amount: number): number {
  let left = amount;
  for (let slot = start; left > 0 && slot < insns.length && targets[slot] === 0; ) {
    const off = Math.min(left, cycles[slot]);
    cycles[slot] -= off;
    left -= off;
    const insn = insns[slot];
    if (!fallsThrough(insn) || isConditional(insn)) break;
    slot += insn.op === LD_IMM64 ? 2 : 1;
  }
  return amount - left;
}
