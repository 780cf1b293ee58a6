/** Stack of all frames together, along every chain of calls: 512 bytes, 256 before a function that makes tail calls. */
import { isFunctionLoad, isKfuncCall, isSubprogramCall, kfuncAt } from "./calls.js";
import type { Env, Subprogram } from "./env.js";
import { MAX_FRAMES, MAX_STACK } from "./env.js";
import type { Insn } from "../object/index.js";

const MAX_STACK_WITH_TAIL_CALL = 256;

/** Refuses programs whose frames do not fit; gives the deepest stack of the entry's own chains. */
export function checkStackDepth(env: Env): number {
  let deepest = 0;
  const known = new Map<string, number>();
  env.subprograms.forEach((info, index) => {
    if (index === 0 || info.isAsyncCallback) deepest = Math.max(deepest, descend(env, index, 0, 0, [], known));
  });
  return deepest;
}

/** A JIT keeps frames at multiples of 16 bytes. */
function rounded(depth: number): number {
  return Math.ceil(depth / 16) * 16;
}

/** `known`: what was found for functions that were entered in the same way before; the ways may be many. */
function descend(env: Env, index: number, before: number, frame: number, callers: readonly number[], known: Map<string, number>): number {
  const info = env.subprograms[index] as Subprogram;
  const way = `${index}/${before}/${frame}/${callers.some((caller) => env.subprograms[caller]?.isCallback) ? 1 : 0}`;
  const found = known.get(way);
  if (found !== undefined) return found;
  if (info.hasLdAbs && [...callers, index].some((caller) => env.subprograms[caller]?.isCallback)) env.reject("cannot use BPF_LD_[ABS|IND] within callback");
  if (index > 0 && info.hasTailCall && before >= MAX_STACK_WITH_TAIL_CALL) env.reject(`tail_calls are not allowed when call stack of previous frames is ${before} bytes. Too large`, "EACCES");
  const depth = before + rounded(info.stackDepth);
  if (depth > MAX_STACK) env.reject(`combined stack size of ${frame + 1} calls is ${depth}. Too large`, "EACCES");
  let deepest = depth;
  for (let at = info.start; at < info.end; at++) {
    const insn = env.insns[at] as Insn;
    if (isKfuncCall(insn) && kfuncAt(env, at)?.name === "bpf_throw" && [...callers, index].some((caller) => env.subprograms[caller]?.isCallback)) {
      env.reject(`bpf_throw kfunc (insn ${at}) cannot be called from callback subprog ${index}`);
    }
    if (!isSubprogramCall(insn) && !isFunctionLoad(insn)) continue;
    const callee = env.subprogramStartingAt(at + insn.imm + 1);
    const target = env.subprograms[callee] as Subprogram;
    if (target.isAsyncCallback) {
      if (target.hasTailCall) env.reject("verifier bug. subprog has tail_call and async cb", "EFAULT");
      if (!isSubprogramCall(insn)) continue;
      if (target.isExceptionCallback) env.reject(`insn ${at} cannot call exception cb directly`);
    }
    if (frame + 1 >= MAX_FRAMES) env.reject(`the call stack of ${frame + 1} frames is too deep !`, "E2BIG");
    deepest = Math.max(deepest, descend(env, callee, depth, frame + 1, [...callers, index], known));
  }
  known.set(way, deepest);
  return deepest;
}
