/** Does an earlier state, found to be safe, stand for this one? Then what comes after need not be walked again. */
import type { Env } from "./env.js";
import type { Reg } from "./reg.js";
import { ADD_CONST, UNKNOWN_REG, sameButIds } from "./reg.js";
import { covers } from "./scalar.js";
import type { Checkpoint, Frame, Slot, State } from "./state.js";
import { STACK_DYNPTR, STACK_INVALID, STACK_IRQ_FLAG, STACK_ITER, STACK_MISC, STACK_SPILL, STACK_ZERO } from "./state.js";
import { CONST_PTR_TO_DYNPTR, NOT_INIT, PTR_TO_ARENA, PTR_TO_BUF, PTR_TO_MAP_KEY, PTR_TO_MAP_VALUE, PTR_TO_MEM, PTR_TO_PACKET, PTR_TO_PACKET_META, SCALAR_VALUE, baseOf } from "./types.js";

/**
 * `covered`: the old state allows all that this one has, and unmarked numbers do not matter. `exact`: both are the same.
 * `within`: all numbers matter, for loops whose end is not known yet.
 */
export type Strictness = "covered" | "exact" | "within";

/** Ids of the old state and those of the current one that stand for them, one to one. */
class Ids {
  private readonly old: number[] = [];
  private readonly current: number[] = [];
  private count = 0;
  private next = 0;

  reset(next: number): void {
    this.count = 0;
    this.next = next;
  }

  match(old: number, current: number): boolean {
    if ((old === 0) !== (current === 0)) return false;
    if (old === 0) return true;
    for (let i = 0; i < this.count; i++) {
      if (this.old[i] === old) return this.current[i] === current;
      if (this.current[i] === current) return false;
    }
    this.old[this.count] = old;
    this.current[this.count++] = current;
    return true;
  }

  /** Numbers: where the old state knows of no link, none is needed. */
  matchNumbers(old: number, current: number): boolean {
    if (old === 0) return true;
    if (current === 0) current = ++this.next;
    if (!this.match(old, current)) return false;
    return (old & ADD_CONST) === 0 || this.match(old & ~ADD_CONST, current & ~ADD_CONST);
  }
}

const ids = new Ids();

export function statesEqual(env: Env, old: Checkpoint, current: State, strictness: Strictness): boolean {
  if (old.frames.length !== current.frames.length) return false;
  if (old.activeLock !== current.activeLock && (old.activeLock === 0 || current.activeLock === 0)) return false;
  if (old.activePreemptLocks !== current.activePreemptLocks || old.activeRcuLocks !== current.activeRcuLocks || old.inSleepable !== current.inSleepable) return false;
  ids.reset(env.nextId);
  if (!sameRefs(old, current)) return false;
  const { frames } = old;
  for (let n = 0; n < frames.length; n++) {
    const a = frames[n] as Frame;
    const b = current.frames[n] as Frame;
    if (a.callsite !== b.callsite || a.subprog !== b.subprog) return false;
    const insn = n === frames.length - 1 ? old.insn : (frames[n + 1] as Frame).callsite;
    if (!framesEqual(env, old, a, b, insn, strictness)) return false;
  }
  return true;
}

/**
 * What differed from the state before differs from most of the next ones too: one register to look at instead of all. True: the
 * states are not equal, however strictly they are compared. Ids only add reasons to differ, so that what differs without those of
 * the others differs with them.
 */
export function stillDiffers(env: Env, old: Checkpoint, current: State): boolean {
  if (old.frames.length !== current.frames.length) return true;
  ids.reset(env.nextId);
  const n = old.differed >> 8;
  const a = old.frames[n] as Frame;
  const b = current.frames[n] as Frame;
  const i = old.differed & 127;
  const differs = (old.differed & 128) === 0 ? !regCovers(a.regs[i] as Reg, b.regs[i] as Reg, "covered", old.isPreciseReg(n, i)) : !slotCovers(a.stack[i] as Slot, b.stack[i], "covered", old.isPreciseSlot(n, i));
  if (!differs) old.differed = -1;
  return differs;
}

function sameRefs(old: State, current: State): boolean {
  if (old.refs === current.refs && old.refs.length === 0 && old.activeIrqId === 0 && current.activeIrqId === 0 && old.activeLock === 0 && current.activeLock === 0) return true;
  if (old.refs.length !== current.refs.length) return false;
  if (!ids.match(old.activeIrqId, current.activeIrqId) || !ids.match(old.activeLock, current.activeLock)) return false;
  for (let i = 0; i < old.refs.length; i++) {
    const a = old.refs[i] as (typeof old.refs)[number];
    const b = current.refs[i] as (typeof old.refs)[number];
    if (a.kind !== b.kind || !ids.match(a.id, b.id) || (a.kind === "lock" && (a.in !== b.in || a.how !== b.how))) return false;
  }
  return true;
}

function framesEqual(env: Env, old: Checkpoint, a: Frame, b: Frame, insn: number, strictness: Strictness): boolean {
  if (a.callbackDepth > b.callbackDepth) return false;
  const precise = strictness === "covered" ? (old.precise[a.number * 3] ?? 0) : 0;
  const { regs } = a;
  for (let live = (env.aux.liveRegs[insn] as number) & 0x3ff; live !== 0; live &= live - 1) {
    const i = 31 - Math.clz32(live & -live);
    const x = regs[i] as Reg;
    const y = b.regs[i] as Reg;
    if (x === y && x.id === 0 && x.refObjId === 0) continue;
    if (regCovers(x, y, strictness, (precise & (1 << i)) !== 0)) continue;
    old.differed = (a.number << 8) | i;
    return false;
  }
  return a.stack.length === 0 || stacksEqual(old, a, b, strictness);
}

/** Does the old register allow all that the current one has? */
function regCovers(old: Reg, current: Reg, strictness: Strictness, precise: boolean): boolean {
  if (strictness === "exact") return exactly(old, current);
  if (old.type === NOT_INIT && (strictness === "covered" || current.type === NOT_INIT)) return true;
  if (old.type !== current.type) return false;
  switch (baseOf(old.type)) {
    case SCALAR_VALUE:
      if (!precise && strictness === "covered") return true;
      if (old.id !== 0 && (old.id & ADD_CONST) !== (current.id & ADD_CONST)) return false;
      if ((old.id & ADD_CONST) !== 0 && old.off !== current.off) return false;
      return ids.matchNumbers(old.id, current.id) && covers(old.scalar, current.scalar);
    case PTR_TO_MAP_KEY:
    case PTR_TO_MAP_VALUE:
    case PTR_TO_MEM:
    case PTR_TO_BUF:
      return old.off === current.off && old.extra === current.extra && old.uid === current.uid && old.map === current.map && covers(old.scalar, current.scalar) && ids.match(old.id, current.id) && ids.match(old.refObjId, current.refObjId);
    case PTR_TO_PACKET_META:
    case PTR_TO_PACKET:
      if (old.range < 0 || current.range < 0) {
        if (old.range !== current.range) return false;
      } else if (old.range > current.range) return false;
      return old.off === current.off && ids.match(old.id, current.id) && covers(old.scalar, current.scalar);
    case PTR_TO_ARENA:
      return true;
    default:
      return exactly(old, current);
  }
}

function exactly(old: Reg, current: Reg): boolean {
  if (old === current) return (old.id === 0 && old.refObjId === 0) || (ids.match(old.id, current.id) && ids.match(old.refObjId, current.refObjId));
  return sameButIds(old, current) && ids.match(old.id, current.id) && ids.match(old.refObjId, current.refObjId);
}

/** Every byte holds anything (2), or nothing (0). */
function isAllMisc(types: number): boolean {
  return (types & 0xdddd_dddd) === 0;
}

/** A slot as one number, where it can be seen as that. */
function asNumber(slot: Slot): Reg | undefined {
  if (slot.isSpill64 && slot.reg.isScalar) return slot.reg;
  return isAllMisc(slot.types) ? UNKNOWN_REG : undefined;
}

function stacksEqual(old: Checkpoint, a: Frame, b: Frame, strictness: Strictness): boolean {
  for (let i = 0; i < a.stack.length; i++) {
    const x = a.stack[i] as Slot;
    const y = b.stack[i];
    if (strictness !== "covered" && (y === undefined || x.types !== y.types)) return false;
    if (isAllMisc(x.types)) continue;
    const precise = strictness === "covered" && old.isPreciseSlot(a.number, i);
    if (slotCovers(x, y, strictness, precise)) continue;
    old.differed = (a.number << 8) | 128 | i;
    return false;
  }
  return true;
}

function slotCovers(x: Slot, y: Slot | undefined, strictness: Strictness, precise: boolean): boolean {
  if (isAllMisc(x.types)) return true;
  if (y !== undefined && x.isSpill64 && y.isSpill64) return regCovers(x.reg, y.reg, strictness, precise);
  let wholeChecked = false;
  for (let byte = 0; byte < 8; byte++) {
    const type = x.typeOf(byte);
    // Reading what was never written is allowed to those who may load such programs.
    if (type === STACK_INVALID || type === STACK_MISC) continue;
    if (y === undefined) return false;
    if (!wholeChecked) {
      wholeChecked = true;
      const oldNumber = asNumber(x);
      const number = asNumber(y);
      if (oldNumber !== undefined && number !== undefined) return regCovers(oldNumber, number, strictness, precise);
    }
    const current = y.typeOf(byte);
    if (type !== current) return false;
    if (byte !== 7) continue;
    switch (type) {
      case STACK_SPILL:
        if (!regCovers(x.reg, y.reg, strictness, precise)) return false;
        break;
      case STACK_DYNPTR:
        if (x.reg.type !== CONST_PTR_TO_DYNPTR || x.reg.extra !== y.reg.extra || x.reg.uid !== y.reg.uid || !ids.match(x.reg.refObjId, y.reg.refObjId)) return false;
        break;
      case STACK_ITER:
        // The depth, in uid, only tells one turn of the loop from another.
        if (x.reg.type !== y.reg.type || x.reg.struct?.name !== y.reg.struct?.name || x.reg.extra !== y.reg.extra || !ids.match(x.reg.refObjId, y.reg.refObjId)) return false;
        break;
      case STACK_IRQ_FLAG:
        if (!ids.match(x.reg.refObjId, y.reg.refObjId)) return false;
        break;
      case STACK_ZERO:
        break;
      default:
        return false;
    }
  }
  return true;
}
