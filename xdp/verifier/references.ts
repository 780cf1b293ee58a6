/** Things that a program must give back on every path: references, locks, sections. */
import type { Env } from "./env.js";
import { INVALID_REG } from "./regs.js";
import type { Ref } from "./state.js";

/** Takes a reference; gives its id. */
export function acquire(env: Env, insn: number): number {
  const id = env.newId();
  env.state.refs = [...env.state.refs, { kind: "ref", id, insn }];
  return id;
}

/** Gives a reference back: what was derived from it is no pointer any more. False where it is not held. */
export function release(env: Env, id: number): boolean {
  if (!dropRef(env, id)) return false;
  env.state.mapRegs((reg) => (reg.refObjId === id ? INVALID_REG : reg));
  return true;
}

export function dropRef(env: Env, id: number): boolean {
  const { refs } = env.state;
  if (!refs.some((ref) => ref.kind === "ref" && ref.id === id)) return false;
  env.state.refs = refs.filter((ref) => ref.kind !== "ref" || ref.id !== id);
  return true;
}

/** Locks that are held, the last one last. */
export function locksOf(env: Env): readonly Ref[] {
  return env.state.refs.filter(({ kind }) => kind === "lock");
}

/** Refuses a program that ends, or leaves for another, while something is held. `what` names the way, in the kernel's words. */
export function checkResources(env: Env, what: string, exceptionExit: boolean, checkLocks: boolean): void {
  const { state } = env;
  if (checkLocks && locksOf(env).length > 0) env.reject(`${what} cannot be used inside bpf_spin_lock-ed region`);
  checkLeaks(env, exceptionExit, what);
  if (checkLocks && state.activeIrqId !== 0) env.reject(`${what} cannot be used inside bpf_local_irq_save-ed region`);
  if (checkLocks && state.activeRcuLocks > 0) env.reject(`${what} cannot be used inside bpf_rcu_read_lock-ed region`);
  if (checkLocks && state.activePreemptLocks > 0) env.reject(`${what} cannot be used inside bpf_preempt_disable-ed region`);
}

function checkLeaks(env: Env, exceptionExit: boolean, what: string): void {
  const { state } = env;
  const { top } = state;
  if (!exceptionExit && top.number > 0) return;
  let lingering = "";
  for (const ref of state.refs) {
    if (ref.kind !== "ref") continue;
    lingering = `Unreleased reference id=${ref.id} alloc_insn=${ref.insn}`;
    env.note(lingering);
  }
  if (lingering !== "") env.reject(`${what} would lead to reference leak`);
}
