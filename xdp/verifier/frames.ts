/** Calls of the program's own functions, and functions that helpers call: entering and leaving frames. */
import type { Insn } from "../object/index.js";
import type { Env, FunctionArg, Subprogram } from "./env.js";
import { MAX_FRAMES } from "./env.js";
import { formatState } from "./format.js";
import { argumentsOf } from "./function-args.js";
import { checkDynptr } from "./dynptr.js";
import { checkHelperMemory } from "./helper-memory.js";
import { locksOf } from "./references.js";
import { Rejection } from "./log.js";
import { checkPointerOffset } from "./memory.js";
import { pushPath, pushState } from "./paths.js";
import { markPrecise } from "./precision.js";
import { findEarlier, widen } from "./prune.js";
import type { Reg } from "./reg.js";
import { UNINIT_REG, UNKNOWN_REG } from "./reg.js";
import { INVALID_REG, clearCallerSaved, getReg } from "./regs.js";
import { Frame, State } from "./state.js";
import { CONST_PTR_TO_DYNPTR, MEM_RDONLY, PTR_TO_ARENA, PTR_TO_BTF_ID, PTR_TO_CTX, PTR_TO_MEM, PTR_TO_PACKET, PTR_TO_PACKET_END, PTR_TO_PACKET_META, PTR_TO_STACK, DYNPTR_TYPE_SKB, DYNPTR_TYPE_XDP, baseOf, maybeNull, typeName } from "./types.js";
import { notNull } from "./jump-check.js";

/** Pointers into the packet are worth nothing after the packet moved. */
export function clearPacketPointers(env: Env): void {
  env.state.mapRegs((reg) => {
    const base = baseOf(reg.type);
    const stale = base === PTR_TO_PACKET || base === PTR_TO_PACKET_META || base === PTR_TO_PACKET_END || (base === PTR_TO_MEM && (reg.type & (DYNPTR_TYPE_SKB | DYNPTR_TYPE_XDP)) !== 0);
    return stale ? INVALID_REG : reg;
  });
}

/** A frame on top of a state, for a function called from `callsite`. */
function enter(env: Env, state: State, subprogram: number, callsite: number): Frame {
  if (state.frames.length >= MAX_FRAMES) env.reject(`the call stack of ${state.frames.length + 1} frames is too deep`, "E2BIG");
  const frame = new Frame(callsite, state.frames.length, subprogram, env.chainOf(state.top.chain, callsite * 512 + subprogram));
  frame.owner = state;
  state.frames.push(frame);
  env.scratchAll();
  return frame;
}

/** Checks arguments against the function's types; false where they do not fit (which only matters for global functions). */
function checkArguments(env: Env, subprogram: number): Rejection | undefined {
  const info = env.subprograms[subprogram] as Subprogram;
  if (!env.hasFuncInfo || info.unreliable) return new Rejection("", "EINVAL");
  try {
    for (const [i, arg] of argumentsOf(env, subprogram).entries()) checkArgument(env, i + 1, arg);
    return undefined;
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    info.unreliable = true;
    return error;
  }
}

function checkArgument(env: Env, regno: number, arg: FunctionArg): void {
  const reg = getReg(env, regno);
  const at = regno - 1;
  switch (arg.kind) {
    case "scalar":
      if (!reg.isScalar) env.reject(`R${regno} is not a scalar`);
      return;
    case "ctx":
      if (reg.type !== PTR_TO_CTX) env.reject(`arg#${at} expects pointer to ctx`);
      checkPointerOffset(env, reg, regno, false);
      return;
    case "arena":
      if (reg.type !== PTR_TO_ARENA && !reg.isScalar) env.reject(`R${regno} is not a pointer to arena or scalar.`);
      return;
    case "dynptr":
      if (reg.type !== PTR_TO_STACK && reg.type !== CONST_PTR_TO_DYNPTR) env.reject(`arg#${at} expected pointer to stack or const struct bpf_dynptr`);
      if (reg.type === CONST_PTR_TO_DYNPTR) checkPointerOffset(env, reg, regno, false);
      return checkDynptr(env, regno, MEM_RDONLY);
    case "mem": {
      if (!reg.isNull) checkMemory(env, regno, reg, arg.size);
      if (!arg.nullable && (maybeNull(reg.type) || reg.isNull)) {
        if (maybeNull(reg.type)) env.reject(`arg#${at} is expected to be non-NULL`);
      }
      return;
    }
    case "btf":
      if (reg.isNull && arg.nullable) return;
      if (baseOf(reg.type) !== PTR_TO_BTF_ID || (maybeNull(reg.type) && !arg.nullable)) env.reject(`R${regno} type=${typeName(reg.type)} expected=ptr_, trusted_ptr_, rcu_ptr_`, "EACCES");
  }
}

/** Memory that a global function may read and write; a nullable pointer counts as not null here. */
function checkMemory(env: Env, regno: number, reg: Reg, size: number): void {
  const regs = env.state.ownTop().regs;
  if (maybeNull(reg.type)) regs[regno] = notNull(reg);
  try {
    checkHelperMemory(env, regno, size, false, true, undefined);
    checkHelperMemory(env, regno, size, true, true, undefined);
  } finally {
    env.state.ownTop().regs[regno] = reg;
  }
}

/** A call of the program's own function; gives the instruction to go on at, less one. */
export function checkFunctionCall(env: Env, insn: Insn): number {
  const { state } = env;
  const target = env.insn + insn.imm + 1;
  const subprogram = env.subprogramStartingAt(target);
  if (subprogram < 0) env.reject(`verifier bug. No program starts at insn ${target}`, "EFAULT");
  const info = env.subprograms[subprogram] as Subprogram;
  const problem = checkArguments(env, subprogram);
  if (info.global) {
    if (locksOf(env).length > 0) env.reject("global function calls are not allowed while holding a lock,\nuse static function instead");
    if (info.mightSleep && (state.activeRcuLocks > 0 || state.activePreemptLocks > 0 || state.activeIrqId !== 0 || !state.inSleepable)) {
      env.reject("global functions that may sleep are not allowed in non-sleepable context,\ni.e., in a RCU/IRQ/preempt-disabled section, or in\na non-sleepable BPF program context");
    }
    if (problem !== undefined) env.reject(`Caller passes invalid args into func#${subprogram} ('${info.name}')`, problem.code);
    if (env.log.on) env.log.write(`Func#${subprogram} ('${info.name}') is global and assumed valid.\n`);
    if (info.changesPacket) clearPacketPointers(env);
    info.called = true;
    clearCallerSaved(env);
    state.ownTop().regs[0] = UNKNOWN_REG;
    return env.insn;
  }
  const caller = state.ownTop();
  const frame = enter(env, state, subprogram, env.insn);
  for (let i = 1; i <= 5; i++) frame.regs[i] = caller.regs[i] as Reg;
  for (let i = 0; i <= 5; i++) caller.regs[i] = UNINIT_REG;
  if (env.log.on) {
    env.log.write(`caller:\n${formatState(env, state, caller, true)}callee:\n${formatState(env, state, frame, true)}`);
  }
  return info.start - 1;
}

/** How a function that a helper calls gets its arguments. */
export type SetArguments = (caller: Frame, callee: Frame) => void;

/** A helper that calls a function any number of times before it returns: the path in which it does so waits. */
export function pushCallback(env: Env, subprogram: number, setArguments: SetArguments): void {
  const info = env.subprograms[subprogram] as Subprogram;
  checkArguments(env, subprogram);
  info.isCallback = true;
  const queued = pushPath(env, info.start, env.insn);
  const caller = queued.ownTop();
  const frame = enter(env, queued, subprogram, env.insn);
  frame.inCallback = true;
  frame.callbackMin = 0;
  frame.callbackMax = 1;
  setArguments(caller, frame);
  queued.callbackUnrollDepth++;
  caller.callbackDepth++;
  env.state.ownTop().callbackDepth = 0;
}

/** A function that runs later, on its own. */
export function pushAsyncCallback(env: Env, subprogram: number, sleepable: boolean, setArguments: SetArguments): void {
  const info = env.subprograms[subprogram] as Subprogram;
  checkArguments(env, subprogram);
  info.isCallback = info.isAsyncCallback = true;
  const caller = env.state.top;
  const frame = new Frame(-1, 0, subprogram, env.chainOf(-2, subprogram));
  frame.inAsyncCallback = true;
  env.scratchAll();
  const state = new State([frame]);
  frame.owner = state;
  state.asyncEntry = env.state.asyncEntry + 1;
  state.inSleepable = sleepable;
  state.firstInsn = info.start;
  setArguments(caller, frame);
  pushState(env, state, info.start, env.insn);
}

/** Leaves the innermost frame; gives the instruction to go on at. */
export function leaveFrame(env: Env): number {
  const { state } = env;
  // What the function was seen to read of its callers' stacks holds from here on, whichever path comes next.
  env.stackAccesses.update(state);
  const callee = state.top;
  const r0 = callee.regs[0] as Reg;
  if (r0.type === PTR_TO_STACK) env.reject("cannot return stack pointer to the caller");
  const caller = state.own(state.frames.length - 2);
  if (callee.inCallback) {
    if (!r0.isScalar) env.reject("R0 not a scalar value", "EACCES");
    markPrecise(env, 0);
    if (!(BigInt(callee.callbackMin) <= r0.scalar.smin && r0.scalar.smax <= BigInt(callee.callbackMax))) rejectReturn(env, r0, callee.callbackMin, callee.callbackMax, "At callback return", "R0");
  } else caller.regs[0] = r0;
  const next = callee.inCallback ? callee.callsite : callee.callsite + 1;
  if (env.log.on) {
    env.log.write(`returning from callee:\n${formatState(env, state, callee, true)}to caller at ${next}:\n${formatState(env, state, caller, true)}`);
  }
  state.frames.pop();
  if (callee.inCallback) {
    const earlier = findEarlier(env, state, next);
    if (earlier !== undefined) widen(earlier, state);
  }
  return next;
}

/** A returned number outside of what may be returned. */
export function rejectReturn(env: Env, reg: Reg, low: number, high: number, where: string, name: string): never {
  const { smin, smax } = reg.scalar;
  let text = `${where} the register ${name} has`;
  const MIN = -(2n ** 63n);
  const MAX = 2n ** 63n - 1n;
  let unknown = true;
  if (smin > MIN) {
    text += ` smin=${smin}`;
    unknown = false;
  }
  if (smax < MAX) {
    text += ` smax=${smax}`;
    unknown = false;
  }
  if (unknown) text += " unknown scalar value";
  return env.reject(`${text} should have been in [${low}, ${high}]`);
}

