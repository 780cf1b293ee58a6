/** What a call instruction calls, told from the instruction alone. */
import { BPF_CALL, BPF_HELPER_CALL, BPF_JMP, BPF_PSEUDO_CALL, BPF_PSEUDO_FUNC, BPF_PSEUDO_KFUNC_CALL, LD_IMM64 } from "../isa/index.js";
import type { Insn } from "../object/index.js";
import type { Env } from "./env.js";
import type { KfuncSpec } from "./kfunc-table.js";
import { KFUNC_BY_NAME } from "./kfunc-table.js";

const CALL = BPF_JMP | BPF_CALL;

export const FUNC_tail_call = 12;
export const FUNC_loop = 181;
export const FUNC_for_each_map_elem = 164;
export const FUNC_find_vma = 180;
export const FUNC_user_ringbuf_drain = 209;
export const FUNC_timer_set_callback = 170;

const SYNC_CALLBACK: ReadonlySet<number> = new Set([FUNC_loop, FUNC_for_each_map_elem, FUNC_find_vma, FUNC_user_ringbuf_drain]);

export function isCall(insn: Insn): boolean {
  return insn.op === CALL;
}

export function isHelperCall(insn: Insn): boolean {
  return insn.op === CALL && insn.src === BPF_HELPER_CALL;
}

export function isSubprogramCall(insn: Insn): boolean {
  return insn.op === CALL && insn.src === BPF_PSEUDO_CALL;
}

export function isKfuncCall(insn: Insn): boolean {
  return insn.op === CALL && insn.src === BPF_PSEUDO_KFUNC_CALL;
}

/** A load of a function's address. */
export function isFunctionLoad(insn: Insn): boolean {
  return insn.op === LD_IMM64 && insn.src === BPF_PSEUDO_FUNC;
}

/** The kernel function that an instruction calls; undefined where it calls none that is known. */
export function kfuncAt(env: Env, at: number): KfuncSpec | undefined {
  const name = env.externs.get(at)?.name;
  return name === undefined ? undefined : KFUNC_BY_NAME.get(name.replace(/___.*$/, ""));
}

/** Runs a function of the program before it returns, once or several times. */
export function callsBack(env: Env, at: number): boolean {
  const insn = env.insns[at] as Insn;
  return (isHelperCall(insn) && SYNC_CALLBACK.has(insn.imm)) || (isKfuncCall(insn) && kfuncAt(env, at)?.callback === "sync");
}

/** Has a function of the program run later. */
export function callsBackLater(env: Env, at: number): boolean {
  const insn = env.insns[at] as Insn;
  return (isHelperCall(insn) && insn.imm === FUNC_timer_set_callback) || (isKfuncCall(insn) && kfuncAt(env, at)?.callback === "async");
}
