/** Paths that wait to be walked, and the count of those that come from each checkpoint. */
import { MAX_PENDING } from "./env.js";
import type { Env, Pending } from "./env.js";
import type { Sccs } from "./sccs.js";
import type { State } from "./state.js";

/** Keeps a copy of the current state, to be walked from `insn` later; gives the copy, for changes. */
export function pushPath(env: Env, insn: number, prevInsn: number): State {
  const state = env.state.branch();
  env.pending.push({ state, insn, prevInsn, logPosition: env.log.position });
  if (env.pending.length > MAX_PENDING) env.reject(`The sequence of ${env.pending.length} jumps is too complex.`, "E2BIG");
  env.options.record?.fork(state);
  if (state.parent !== undefined) state.parent.branches++;
  return state;
}

/** Keeps a state that does not come from the current one: a function that runs later. */
export function pushState(env: Env, state: State, insn: number, prevInsn: number): void {
  env.options.record?.detach(state);
  env.pending.push({ state, insn, prevInsn, logPosition: env.log.position });
  if (env.pending.length > MAX_PENDING) env.reject(`The sequence of ${env.pending.length} jumps is too complex for async cb.`, "E2BIG");
}

/** The path that was left last. */
export function popPath(env: Env): Pending | undefined {
  const pending = env.pending.pop();
  if (pending !== undefined && env.log.level < 2) env.log.cut(pending.logPosition);
  return pending;
}

/** The current path is walked to its end: checkpoints whose last path it was are complete. */
export function finishPath(env: Env, sccs: Sccs): void {
  for (let checkpoint = env.state.parent; checkpoint !== undefined; checkpoint = checkpoint.parent) {
    checkpoint.branches--;
    if (checkpoint.branches > 0) break;
    sccs.leave(env, checkpoint);
  }
}
