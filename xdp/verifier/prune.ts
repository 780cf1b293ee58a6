/** Keeping states, and leaving paths that an earlier state stands for; finding loops that never end. */
import type { Env } from "./env.js";
import { statesEqual, stillDiffers } from "./equal.js";
import { ITER_ACTIVE, formatState, logLine } from "./format.js";
import type { StackLiveness } from "./liveness.js";
import { noteStep, propagatePrecision } from "./precision.js";
import type { Reg } from "./reg.js";
import { UNINIT_REG, UNKNOWN_REG, sameButIds, sameReg } from "./reg.js";
import type { Sccs } from "./sccs.js";
import type { Frame, Slot, State } from "./state.js";
import { Checkpoint, EMPTY_SLOT, STACK_ITER, Slot as StackSlot, sameCallsites } from "./state.js";

/** Longest record of steps before a checkpoint is made for its sake. */
const MAX_HISTORY = 40;

/** Makes a checkpoint where it is worth it; true where an earlier one stands for the current state. */
export function isVisited(env: Env, insn: number, liveness: StackLiveness, sccs: Sccs): boolean {
  const { state, aux } = env;
  const { top } = state;
  const force = env.options.testStateFreq || aux.forceCheckpoint[insn] === 1 || state.historyLength > MAX_HISTORY;
  let add = force || (env.jumps - env.prevJumps >= 2 && env.processed - env.prevProcessed >= 8);
  const list = env.exploredAt(insn, top);
  if (list !== undefined && !env.options.exhaustive) {
    cleanComplete(env, list, insn, liveness, sccs);
    for (let i = list.length - 1; i >= 0; i--) {
      const old = list[i] as Checkpoint;
      const differs = old.differed >= 0 && stillDiffers(env, old, state);
      if (old.branches > 0) {
        if (!differs && compareOpen(env, old, insn) === "hit") return hit(env, old, insn, true, sccs);
        // Turns of a loop differ: keeping a state in each would help no one.
        if (!force && env.jumps - env.prevJumps < 20 && env.processed - env.prevProcessed < 100) add = false;
      } else if (!differs) {
        const loop = sccs.isIncomplete(env, old);
        if (statesEqual(env, old, state, loop ? "within" : "covered")) return hit(env, old, insn, loop, sccs);
      }
      if (add) old.misses++;
      const patience = aux.forceCheckpoint[insn] === 1 && old.branches > 0 ? 64 : 3;
      if (old.misses > old.hits * patience + patience) {
        list.splice(i, 1);
        env.exploredStates--;
      }
    }
    if (list.length > env.maxStatesPerInsn) env.maxStatesPerInsn = list.length;
  }
  if (!add) return false;
  env.totalStates++;
  env.exploredStates++;
  if (env.exploredStates > env.peakStates) env.peakStates = env.exploredStates;
  env.prevJumps = env.jumps;
  env.prevProcessed = env.processed;
  const checkpoint = new Checkpoint(insn);
  state.fork(checkpoint);
  sccs.enter(env, checkpoint);
  state.parent = checkpoint;
  state.firstInsn = insn;
  state.depth = checkpoint.depth + 1;
  state.history = undefined;
  state.historyLength = 0;
  env.keep(insn, top, checkpoint);
  env.options.record?.keep(checkpoint);
  return false;
}

function hit(env: Env, old: Checkpoint, insn: number, loop: boolean, sccs: Sccs): true {
  old.hits++;
  env.options.record?.prune(old);
  if (env.aux.jumpPoint[insn] === 1) noteStep(env, env.state);
  propagatePrecision(env, old, env.state, insn);
  if (loop) sccs.addBackedge(env, old, env.state, insn);
  return true;
}

/** Compares with a state whose paths are not all walked: this may be another turn of a loop. */
function compareOpen(env: Env, old: Checkpoint, insn: number): "hit" | "miss" {
  const { state, aux } = env;
  if (old.top.inAsyncCallback && old.asyncEntry !== state.asyncEntry) return "miss";
  if (aux.iterNext[insn] === 1) {
    if (statesEqual(env, old, state, "within") && iteratorIsActive(state)) return "hit";
    return "miss";
  }
  if (isMayGoto(env, insn) && old.mayGotoDepth !== state.mayGotoDepth && statesEqual(env, old, state, "within")) return "hit";
  if (aux.callsCallback[insn] === 1) return statesEqual(env, old, state, "within") ? "hit" : "miss";
  if (
    mayLoop(old, state) && statesEqual(env, old, state, "exact") && !iteratorDepthsDiffer(old, state) && old.mayGotoDepth === state.mayGotoDepth &&
    old.callbackUnrollDepth === state.callbackUnrollDepth
  ) {
    logLine(env, insn, "; ");
    const message = `infinite loop detected at insn ${insn}`;
    env.notes.push(message);
    env.log.write(`${message}\n`);
    env.log.write(`cur state:${formatState(env, state, state.top, true)}old state:${formatState(env, old, old.top, true, (reg, slot) => (reg >= 0 ? old.isPreciseReg(old.top.number, reg) : old.isPreciseSlot(old.top.number, slot)))}`);
    env.rejectSilently(message);
  }
  return "miss";
}

function isMayGoto(env: Env, insn: number): boolean {
  return env.insns[insn]?.op === 0xe5;
}

/** Same registers in the innermost frame, ids included. */
function mayLoop(old: State, current: State): boolean {
  if (old.frames.length !== current.frames.length) return false;
  const a = old.top.regs;
  const b = current.top.regs;
  for (let i = 0; i < 11; i++) if (!sameReg(a[i] as Reg, b[i] as Reg)) return false;
  return true;
}

function iteratorIsActive(state: State): boolean {
  const pointer = state.top.regs[1] as Reg;
  const slot = state.frames[pointer.frame]?.stack[(-(pointer.off + Number(BigInt.asIntN(64, pointer.scalar.value))) - 1) >> 3];
  return slot?.reg.extra === ITER_ACTIVE;
}

function iteratorDepthsDiffer(old: State, current: State): boolean {
  for (const [n, frame] of old.frames.entries()) {
    for (const [i, slot] of frame.stack.entries()) {
      if (slot.typeOf(0) !== STACK_ITER || slot.reg.extra !== ITER_ACTIVE) continue;
      if (current.frames[n]?.stack[i]?.reg.uid !== slot.reg.uid) return true;
    }
  }
  return false;
}

/** Forgets registers and slots that nothing reads after a complete state: fewer differences then matter. */
function cleanComplete(env: Env, list: readonly Checkpoint[], insn: number, liveness: StackLiveness, sccs: Sccs): void {
  for (const checkpoint of list) {
    if (checkpoint.branches > 0 || checkpoint.cleaned || sccs.isIncomplete(env, checkpoint)) continue;
    checkpoint.cleaned = true;
    for (let n = 0; n < checkpoint.frames.length; n++) {
      const frame = checkpoint.own(n);
      const at = n === checkpoint.frames.length - 1 ? insn : (checkpoint.frames[n + 1] as Frame).callsite;
      const live = env.aux.liveRegs[at] as number;
      for (let i = 0; i < 10; i++) if ((live & (1 << i)) === 0) frame.regs[i] = UNINIT_REG;
      for (let i = 0; i < frame.stack.length; i++) {
        if ((frame.stack[i] as Slot).types !== 0 && !liveness.isAlive(checkpoint, insn, n, i)) frame.stack[i] = EMPTY_SLOT;
      }
    }
  }
}

/** An earlier state of the same place, not complete and less deep: another turn of the loop that `state` is in. */
export function findEarlier(env: Env, state: State | undefined, insn: number): Checkpoint | undefined {
  if (state === undefined) return undefined;
  // The instruction may be another function's: a call, seen from the function that it calls.
  return env.exploredAt(insn, state.top)?.findLast((old) => old.branches > 0 && sameCallsites(old, state) && old.depth < state.depth);
}

/** Numbers that differ between two turns of a loop and did not matter so far: in the next turn they may be anything. */
export function widen(old: Checkpoint, state: State): void {
  for (let n = 0; n < old.frames.length; n++) {
    const before = old.frames[n] as Frame;
    const frame = state.own(n);
    for (let i = 0; i < 11; i++) {
      const reg = frame.regs[i] as Reg;
      if (widens(before.regs[i] as Reg, reg, old.isPreciseReg(n, i))) frame.regs[i] = UNKNOWN_REG;
    }
    for (let i = 0; i < Math.min(before.stack.length, frame.stack.length); i++) {
      const a = before.stack[i] as Slot;
      const b = frame.stack[i] as Slot;
      if (a.isSpill && b.isSpill && widens(a.reg, b.reg, old.isPreciseSlot(n, i))) frame.stack[i] = new StackSlot(b.types, UNKNOWN_REG);
    }
  }
}

function widens(before: Reg, now: Reg, precise: boolean): boolean {
  return before.isScalar && now.isScalar && !precise && !(sameButIds(before, now) && (before.id === 0) === (now.id === 0));
}
