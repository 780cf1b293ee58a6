/**
 * Loops that are being walked. A path that ends because a state in the same loop stands for it has not seen what comes after
 * that state in full; until the loop's first checkpoint is complete, its states compare more strictly, and when it is, what
 * turned out to be precise is carried over all such ends.
 */
import type { Env } from "./env.js";
import { propagatePrecision } from "./precision.js";
import type { Checkpoint, Frame, State } from "./state.js";

interface Backedge {
  readonly state: State;
  readonly insn: number;
  readonly equal: Checkpoint;
}

interface Visit {
  /** First checkpoint in the loop, while it is not complete. */
  entry: Checkpoint | undefined;
  backedges: Backedge[];
}

/** More than there can be chains of calls: each walks an instruction at least. */
const CHAINS = 2 ** 24;

export class Sccs {
  private readonly visits = new Map<number, Visit>();

  /** The loop that a state is in, with the calls that led there: the outermost frame that is in one tells. */
  private keyOf(env: Env, state: State, insn: number): number | undefined {
    if (!env.hasLoops) return undefined;
    const { frames } = state;
    for (let n = 0; n < frames.length; n++) {
      const scc = env.aux.scc[n === frames.length - 1 ? insn : (frames[n + 1] as Frame).callsite] as number;
      if (scc !== 0) return scc * CHAINS + (frames[n] as Frame).chain;
    }
    return undefined;
  }

  /** A checkpoint was made. */
  enter(env: Env, checkpoint: Checkpoint): void {
    const key = this.keyOf(env, checkpoint, checkpoint.insn);
    if (key === undefined) return;
    const visit = this.visits.get(key);
    if (visit === undefined) this.visits.set(key, { entry: checkpoint, backedges: [] });
    else visit.entry ??= checkpoint;
  }

  /** A checkpoint is complete. */
  leave(env: Env, checkpoint: Checkpoint): void {
    const key = this.keyOf(env, checkpoint, checkpoint.insn);
    const visit = key === undefined ? undefined : this.visits.get(key);
    if (visit === undefined || visit.entry !== checkpoint) return;
    for (let changed = true, rounds = 0; changed && rounds < 1000; rounds++) {
      changed = false;
      for (const { state, insn, equal } of visit.backedges) changed = propagatePrecision(env, equal, state, insn) || changed;
    }
    visit.entry = undefined;
    visit.backedges = [];
  }

  /** May what comes after this checkpoint still grow, though every path from it ended? */
  isIncomplete(env: Env, checkpoint: Checkpoint): boolean {
    const key = this.keyOf(env, checkpoint, checkpoint.insn);
    const visit = key === undefined ? undefined : this.visits.get(key);
    return visit !== undefined && visit.backedges.length > 0;
  }

  /** The current path ends, `equal` standing for the rest of it. */
  addBackedge(env: Env, equal: Checkpoint, state: State, insn: number): void {
    const key = this.keyOf(env, equal, equal.insn);
    const visit = key === undefined ? undefined : this.visits.get(key);
    visit?.backedges.push({ state: state.fork(), insn, equal });
  }
}
