/**
 * Numbers whose exact value mattered: walks back over the path that led here, from a register to what it was computed from,
 * and marks those registers and slots in the checkpoints on the way. Checkpoints compare only what is marked.
 */
import { BPF_ATOMIC, BPF_CALL, BPF_CMPXCHG, BPF_END, BPF_EXIT, BPF_FETCH, BPF_IMM, BPF_JCOND, BPF_JMP, BPF_JMP32, BPF_LD, BPF_LDX, BPF_LOAD_ACQ, BPF_MOV, BPF_NEG, BPF_ST, BPF_STX, BPF_X, classOf, modeOf, operationOf } from "../isa/index.js";
import type { Insn } from "../object/index.js";
import { FUNC_tail_call, callsBack, isHelperCall, isSubprogramCall } from "./calls.js";
import type { Env, Subprogram } from "./env.js";
import { MAX_FRAMES } from "./env.js";
import { formatState, insnText } from "./format.js";
import type { Frame, History, Slot, State } from "./state.js";
import type { Checkpoint } from "./state.js";

const FP = 10;
const ARGUMENTS = 0x3e;

/** Notes a step of the current path; gives the note, for what the step did. */
export function noteStep(env: Env, state: State): History {
  const current = env.currentHistory;
  if (current !== undefined) return current;
  const entry: History = { prev: state.history, insn: env.insn, prevInsn: env.prevInsn, stack: -1, srcStack: false, dstStack: false, linked: undefined };
  state.history = entry;
  state.historyLength++;
  env.currentHistory = entry;
  return entry;
}

/** Registers and slots that are looked for, by frame. */
class Wanted {
  frame = 0;
  readonly regs = new Int32Array(MAX_FRAMES);
  readonly low = new Int32Array(MAX_FRAMES);
  readonly high = new Int32Array(MAX_FRAMES);

  start(frame: number): void {
    this.frame = frame;
  }

  clear(): void {
    this.regs.fill(0);
    this.low.fill(0);
    this.high.fill(0);
  }

  get isEmpty(): boolean {
    for (let n = 0; n <= this.frame; n++) if (this.regs[n] !== 0 || this.low[n] !== 0 || this.high[n] !== 0) return false;
    return true;
  }

  hasReg(reg: number, frame = this.frame): boolean {
    return ((this.regs[frame] as number) & (1 << reg)) !== 0;
  }

  setReg(reg: number, frame = this.frame): void {
    this.regs[frame] = (this.regs[frame] as number) | (1 << reg);
  }

  clearReg(reg: number, frame = this.frame): void {
    this.regs[frame] = (this.regs[frame] as number) & ~(1 << reg);
  }

  hasSlot(slot: number, frame: number): boolean {
    return (((slot < 32 ? this.low : this.high)[frame] as number) & (1 << (slot & 31))) !== 0;
  }

  setSlot(slot: number, frame: number): void {
    const words = slot < 32 ? this.low : this.high;
    words[frame] = (words[frame] as number) | (1 << (slot & 31));
  }

  clearSlot(slot: number, frame: number): void {
    const words = slot < 32 ? this.low : this.high;
    words[frame] = (words[frame] as number) & ~(1 << (slot & 31));
  }

  noSlots(frame: number): boolean {
    return this.low[frame] === 0 && this.high[frame] === 0;
  }

  regText(frame: number): string {
    return Array.from({ length: 11 }, (_, i) => i).filter((i) => this.hasReg(i, frame)).map((i) => `r${i}`).join(",");
  }

  slotText(frame: number): string {
    return Array.from({ length: 64 }, (_, i) => i).filter((i) => this.hasSlot(i, frame)).map((i) => -(i + 1) * 8).join(",");
  }
}

const wanted = new Wanted();

/** The exact value of a register of the current frame mattered. */
export function markPrecise(env: Env, reg: number): void {
  const { state } = env;
  const r = state.top.regs[reg];
  if (r === undefined || !r.isScalar) return;
  wanted.start(state.frames.length - 1);
  wanted.clear();
  wanted.setReg(reg);
  walkBack(env, state, env.insn);
}

/** The exact value of a number on the stack mattered. */
export function markSlotPrecise(env: Env, frame: number, slot: number): void {
  wanted.start(env.state.frames.length - 1);
  wanted.clear();
  wanted.setSlot(slot, frame);
  walkBack(env, env.state, env.insn);
}

/** What was precise in `old`, which stands for `current`, is so in what led to `current`. True where a mark was new. */
export function propagatePrecision(env: Env, old: Checkpoint, current: State, insn: number): boolean {
  wanted.start(current.frames.length - 1);
  wanted.clear();
  for (let n = old.frames.length - 1; n >= 0; n--) {
    const frame = old.frames[n] as Frame;
    let first = true;
    const log = (name: string): void => {
      if (env.log.level >= 2) env.log.write(first ? `frame ${n}: propagating ${name}` : `,${name}`);
      first = false;
    };
    if ((old.precise[n * 3] ?? 0) !== 0) {
      for (let i = 0; i < FP; i++) {
        if (!old.isPreciseReg(n, i) || !frame.regs[i]?.isScalar) continue;
        log(`r${i}`);
        wanted.setReg(i, n);
      }
    }
    if ((old.precise[n * 3 + 1] ?? 0) !== 0 || (old.precise[n * 3 + 2] ?? 0) !== 0) {
      for (const [i, slot] of frame.stack.entries()) {
        if (!old.isPreciseSlot(n, i) || !slot.isSpill || !slot.reg.isScalar) continue;
        log(`fp${-(i + 1) * 8}`);
        wanted.setSlot(i, n);
      }
    }
    if (!first && env.log.level >= 2) env.log.write("\n");
  }
  return walkBack(env, current, insn);
}

/** True where a mark was new. */
function walkBack(env: Env, from: State, insn: number): boolean {
  if (wanted.isEmpty) return false;
  let changed = false;
  let state: State = from;
  let last = insn;
  let first = state.firstInsn;
  let after = -1;
  let skip = true;
  const verbose = env.log.level >= 2;
  for (;;) {
    let history = state.history;
    if (verbose) env.log.write(`mark_precise: frame${wanted.frame}: last_idx ${last} first_idx ${first} subseq_idx ${after} \n`);
    if (last < 0) {
      // The entry of a global function that is judged on its own: arguments come from nowhere.
      return changed;
    }
    for (let at = last; ; ) {
      if (skip) skip = false;
      else if (!stepBack(env, at, after, history !== undefined && history.insn === at ? history : undefined)) {
        markAll(env, from);
        return true;
      }
      if (wanted.isEmpty) return changed;
      after = at;
      if (at === first && (history === undefined || (history.prev === undefined && history.insn === at))) break;
      if (history !== undefined && history.insn === at) {
        at = history.prevInsn;
        history = history.prev;
      } else at--;
      if (at < 0) break;
    }
    const { parent } = state;
    if (parent === undefined) break;
    changed = markIn(env, parent) || changed;
    if (wanted.isEmpty) return changed;
    after = first;
    last = parent.lastInsn;
    first = parent.firstInsn;
    state = parent;
  }
  if (!wanted.isEmpty) {
    markAll(env, from);
    return true;
  }
  return changed;
}

/** Marks what is wanted in a checkpoint; what is marked already, or is no number, is not looked for any more. */
function markIn(env: Env, checkpoint: Checkpoint): boolean {
  let changed = false;
  for (let n = wanted.frame; n >= 0; n--) {
    const frame = checkpoint.frames[n] as Frame | undefined;
    if (frame === undefined) continue;
    let regs = wanted.regs[n] as number;
    while (regs !== 0) {
      const i = 31 - Math.clz32(regs & -regs);
      regs &= regs - 1;
      if (!frame.regs[i]?.isScalar || checkpoint.isPreciseReg(n, i)) wanted.clearReg(i, n);
      else {
        checkpoint.setPreciseReg(n, i);
        changed = true;
      }
    }
    if (!wanted.noSlots(n)) {
      for (let i = 0; i < 64; i++) {
        if (!wanted.hasSlot(i, n)) continue;
        const slot = frame.stack[i] as Slot | undefined;
        if (slot === undefined || !slot.isSpill || !slot.reg.isScalar || checkpoint.isPreciseSlot(n, i)) wanted.clearSlot(i, n);
        else {
          checkpoint.setPreciseSlot(n, i);
          changed = true;
        }
      }
    }
    if (env.log.level >= 2) {
      env.log.write(`mark_precise: frame${n}: parent state regs=${wanted.regText(n)} stack=${wanted.slotText(n)}: ${formatState(env, checkpoint, frame, true, (reg, slot) => (reg >= 0 ? checkpoint.isPreciseReg(n, reg) : checkpoint.isPreciseSlot(n, slot)))}`);
    }
  }
  return changed;
}

/** Where the way back is lost: every number in every checkpoint on the path counts as precise. */
function markAll(env: Env, from: State): void {
  if (env.log.level >= 2) env.log.write(`mark_precise: frame${from.frames.length - 1}: falling back to forcing all scalars precise\n`);
  for (let checkpoint = from.parent; checkpoint !== undefined; checkpoint = checkpoint.parent) {
    for (const [n, frame] of checkpoint.frames.entries()) {
      for (let i = 0; i < FP; i++) if (frame.regs[i]?.isScalar) checkpoint.setPreciseReg(n, i);
      for (const [i, slot] of frame.stack.entries()) if (slot.isSpill && slot.reg.isScalar) checkpoint.setPreciseSlot(n, i);
    }
  }
}

/** Registers that held the same number: one that is wanted makes all so. */
function syncLinked(history: History | undefined): void {
  const linked = history?.linked;
  if (linked === undefined) return;
  const isWanted = linked.some((entry) => (entry & 128 ? wanted.hasSlot(entry & 63, entry >> 8) : wanted.hasReg(entry & 15, entry >> 8)));
  if (!isWanted) return;
  for (const entry of linked) {
    if (entry & 128) wanted.setSlot(entry & 63, entry >> 8);
    else wanted.setReg(entry & 15, entry >> 8);
  }
}

/** Turns what is wanted behind an instruction into what is wanted before it; false where that cannot be told. */
function stepBack(env: Env, at: number, after: number, history: History | undefined): boolean {
  const insn = env.insns[at] as Insn;
  if (insn.op === 0) return true;
  if (env.log.level >= 2) env.log.write(`mark_precise: frame${wanted.frame}: regs=${wanted.regText(wanted.frame)} stack=${wanted.slotText(wanted.frame)} before ${at}: ${insnText(env, at)}\n`);
  syncLinked(history);
  const known = stepBackInsn(env, insn, at, after, history);
  if (known === undefined) return false;
  if (known) syncLinked(history);
  return true;
}

/** Undefined where it cannot be told; false where linked registers need no second look. */
function stepBackInsn(env: Env, insn: Insn, at: number, after: number, history: History | undefined): boolean | undefined {
  const cls = classOf(insn.op);
  const operation = operationOf(insn.op);
  const { dst, src } = insn;
  switch (cls) {
    case BPF_LD:
      if (modeOf(insn.op) === BPF_IMM) {
        wanted.clearReg(dst);
        return false;
      }
      return wanted.hasReg(dst) ? undefined : false;
    case BPF_LDX:
      return loadBack(dst, history);
    case BPF_STX:
      if (modeOf(insn.op) === BPF_ATOMIC) {
        if (insn.imm === BPF_LOAD_ACQ) return loadBack(dst, history);
        if ((insn.imm & BPF_FETCH) !== 0) return loadBack(insn.imm === BPF_CMPXCHG ? 0 : src, history);
      }
      return storeBack(insn, true, history);
    case BPF_ST:
      return storeBack(insn, false, history);
    case BPF_JMP:
    case BPF_JMP32:
      return jumpBack(env, insn, at, after, history);
    default:
      if (!wanted.hasReg(dst)) return false;
      if (operation === BPF_END || operation === BPF_NEG) return false;
      if (operation === BPF_MOV) wanted.clearReg(dst);
      if ((insn.op & BPF_X) !== 0 && src !== FP) wanted.setReg(src);
      return true;
  }
}

function loadBack(reg: number, history: History | undefined): boolean {
  if (!wanted.hasReg(reg)) return false;
  wanted.clearReg(reg);
  if (history === undefined || history.stack < 0) return false;
  wanted.setSlot(history.stack & 63, history.stack >> 8);
  return true;
}

function storeBack(insn: Insn, fromRegister: boolean, history: History | undefined): boolean | undefined {
  if (wanted.hasReg(insn.dst)) return undefined;
  if (history === undefined || history.stack < 0) return false;
  const frame = history.stack >> 8;
  const slot = history.stack & 63;
  if (!wanted.hasSlot(slot, frame)) return false;
  wanted.clearSlot(slot, frame);
  if (fromRegister) wanted.setReg(insn.src);
  return true;
}

function jumpBack(env: Env, insn: Insn, at: number, after: number, history: History | undefined): boolean | undefined {
  const operation = operationOf(insn.op);
  if (operation === BPF_CALL) {
    if (isSubprogramCall(insn)) {
      const callee = env.subprograms[env.subprogramStartingAt(at + insn.imm + 1)] as Subprogram;
      if (callee.global) {
        wanted.clearReg(0);
        return (((wanted.regs[wanted.frame] as number) & ARGUMENTS) !== 0) ? undefined : false;
      }
      return leaveCallee(true);
    }
    if (callsBack(env, at) && at !== after - 1) return leaveCallee(false);
    wanted.clearReg(0);
    if (((wanted.regs[wanted.frame] as number) & ARGUMENTS) !== 0) return undefined;
    // A tail call that succeeded left its function.
    if (isHelperCall(insn) && insn.imm === FUNC_tail_call && at !== after - 1) {
      if (wanted.frame === MAX_FRAMES - 1) return undefined;
      wanted.frame++;
    }
    return true;
  }
  if (operation === BPF_EXIT) {
    const fromCall = after - 1 >= 0 && isSubprogramCall(env.insns[after - 1] as Insn);
    const precise = fromCall && wanted.hasReg(0);
    if (fromCall && ((wanted.regs[wanted.frame] as number) & ARGUMENTS) !== 0) return undefined;
    wanted.clearReg(0);
    if (wanted.frame === MAX_FRAMES - 1) return undefined;
    wanted.frame++;
    if (precise) wanted.setReg(0);
    return false;
  }
  if (operation === BPF_JCOND || (insn.op & BPF_X) === 0) return true;
  if (!wanted.hasReg(insn.dst) && !wanted.hasReg(insn.src)) return false;
  if (!history?.srcStack) wanted.setReg(insn.src);
  if (!history?.dstStack) wanted.setReg(insn.dst);
  return true;
}

/** From a function's first instruction to the call: arguments are the caller's registers. */
function leaveCallee(passArguments: boolean): boolean | undefined {
  const regs = wanted.regs[wanted.frame] as number;
  if ((regs & ~ARGUMENTS) !== 0 || !wanted.noSlots(wanted.frame) || wanted.frame === 0) return undefined;
  for (let reg = 1; reg <= 5; reg++) {
    if (!wanted.hasReg(reg)) continue;
    wanted.clearReg(reg);
    if (passArguments) wanted.setReg(reg, wanted.frame - 1);
  }
  wanted.frame--;
  return false;
}
