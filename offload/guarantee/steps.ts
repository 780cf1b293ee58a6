/** A path as what is executed: instructions in order, loops folded, with what each costs. */
import type { ProgramSpec } from "../../xdp/index.js";

/** An instruction on a path. */
export interface PathStep {
  readonly program: ProgramSpec;
  readonly slot: number;
  /** Cycles each time. */
  readonly cycles: number;
  readonly times: number;
}

/** The slowest path from somewhere to the end. */
export interface LongestPath {
  readonly cycles: number;
  /** Its instructions, called functions where they are called. */
  steps(): Generator<PathStep>;
}

/** What paths end in that leave a program. */
export interface Beyond {
  /** Where a tail call at a slot may go, the slowest; undefined where it goes nowhere. */
  tail(slot: number): LongestPath | undefined;
}

/** All of a path, repeated. */
export function* repeated(steps: Iterable<PathStep>, times: number): Generator<PathStep> {
  for (const step of steps) yield { ...step, times: step.times * times };
}
