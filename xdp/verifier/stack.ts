/** The stack: what a store leaves in it, what a load finds, bounds. Offsets are from the frame's r10, below 0. */
import type { Insn } from "../object/index.js";
import { BPF_ST, classOf } from "../isa/index.js";
import type { Env } from "./env.js";
import { MAX_STACK, MAX_VAR_OFF } from "./env.js";
import { checkFastcallContract } from "./fastcall.js";
import { formatTnum, logLine } from "./format.js";
import { markPrecise, noteStep } from "./precision.js";
import type { Reg } from "./reg.js";
import { UNINIT_REG, UNKNOWN_REG, ZERO_REG, constReg } from "./reg.js";
import { INVALID_REG, getReg, linkNumber, setReg, widthOf } from "./regs.js";
import { ZERO } from "./scalar.js";
import type { Frame } from "./state.js";
import { ALL_BYTES, EMPTY_SLOT, STACK_DYNPTR, STACK_INVALID, STACK_IRQ_FLAG, STACK_ITER, STACK_MISC, STACK_SPILL, STACK_ZERO, Slot, setType } from "./state.js";
import { s64 } from "./tnum.js";
import { DYNPTR_RINGBUF, NOT_INIT, PTR_MAYBE_NULL, PTR_TO_MEM, PTR_TO_STACK, SCALAR_VALUE } from "./types.js";

export type Access = "read" | "write";

export function slotOf(off: number): number {
  return (-off - 1) >> 3;
}

/** The frame that a stack pointer points into. */
export function frameOf(env: Env, reg: Reg): Frame {
  return env.state.frames[reg.frame] as Frame;
}

/** Makes a frame's stack reach down to `off`. */
export function growStack(env: Env, frameNumber: number, off: number): void {
  const frame = env.state.frames[frameNumber] as Frame;
  const slots = (-off + 7) >> 3;
  if (frame.stack.length < slots) {
    const own = env.state.own(frameNumber);
    while (own.stack.length < slots) own.stack.push(EMPTY_SLOT);
  }
  env.useStack(frame.subprog, -off);
}

/** Range of the offsets that an access covers: the lowest, and that behind the highest. */
export function stackRange(reg: Reg, off: number, size: number): readonly [number, number] {
  if (reg.scalar.isConst) {
    const low = Number(s64(reg.scalar.value)) + off;
    return [low, low + size];
  }
  return [Number(reg.scalar.smin) + off, Number(reg.scalar.smax) + off + size];
}

/** Refuses accesses outside of the frame; grows the frame's stack to what is accessed. */
export function checkStackBounds(env: Env, regno: number, off: number, size: number, access: Access): void {
  const reg = getReg(env, regno);
  if (reg.scalar === ZERO && off < 0 && off >= -MAX_STACK && size >= 0 && off + size <= 0) return growStack(env, reg.frame, off);
  const extra = access === "read" ? " read from" : " write to";
  if (!reg.scalar.isConst && (reg.scalar.smax >= BigInt(MAX_VAR_OFF) || reg.scalar.smin <= BigInt(-MAX_VAR_OFF))) env.reject(`invalid unbounded variable-offset${extra} stack R${regno}`, "EACCES");
  const [low, high] = stackRange(reg, off, size);
  if (low < -MAX_STACK || low > -1 || high > 0 || size < 0) {
    if (reg.scalar.isConst) env.reject(`invalid${extra} stack R${regno} off=${off} size=${size}`, "EACCES");
    env.reject(`invalid variable-offset${extra} stack R${regno} var_off=${formatTnum(reg.scalar.bits)} off=${off} size=${size}`, "EACCES");
  }
  growStack(env, reg.frame, low);
}

/** What becomes of bytes whose register or object is overwritten in part. */
function miscTypes(types: number): number {
  let out = types;
  for (let byte = 0; byte < 8; byte++) if (((types >>> (byte * 4)) & 0xf) !== STACK_INVALID) out = setType(out, byte, STACK_MISC);
  return out;
}

/** A slot whose register or object is forgotten, byte types kept as far as they mean something on their own. */
function scrub(slot: Slot): Slot {
  const kind = slot.typeOf(7);
  const special = kind === STACK_SPILL || kind === STACK_DYNPTR || kind === STACK_ITER || kind === STACK_IRQ_FLAG;
  return new Slot(special ? miscTypes(slot.types) : slot.types, slot.reg.type === NOT_INIT ? slot.reg : UNINIT_REG);
}

/** A store into a dynptr ends it: memory that came from it must not be used any more. */
export function destroyDynptr(env: Env, frameNumber: number, slotNumber: number): void {
  const frame = env.state.frames[frameNumber] as Frame;
  const slot = frame.stack[slotNumber];
  if (slot === undefined || slot.typeOf(0) !== STACK_DYNPTR) return;
  const first = slot.reg.uid === 1 ? slotNumber : slotNumber + 1;
  const { reg } = frame.stack[first] as Slot;
  if (reg.extra === DYNPTR_RINGBUF && !hasOtherDynptr(env, frame, first, reg.refObjId)) env.reject("cannot overwrite referenced dynptr");
  env.scratchSlot(first);
  env.scratchSlot(first - 1);
  invalidateDynptr(env, frameNumber, first);
  env.state.mapRegs((r) => ((r.type === PTR_TO_MEM || r.type === (PTR_TO_MEM | PTR_MAYBE_NULL)) && r.uid === reg.id && r.uid !== 0 ? INVALID_REG : r));
}

/** Is there another dynptr to the same reservation, so that this one may go? */
function hasOtherDynptr(env: Env, frame: Frame, slotNumber: number, refObjId: number): boolean {
  return env.state.frames.some((f) => f.stack.some((slot, i) => slot.typeOf(0) === STACK_DYNPTR && slot.reg.uid === 1 && slot.reg.refObjId === refObjId && !(f === frame && i === slotNumber)));
}

export function invalidateDynptr(env: Env, frameNumber: number, first: number): void {
  const { stack } = env.state.own(frameNumber);
  stack[first] = EMPTY_SLOT;
  stack[first - 1] = EMPTY_SLOT;
  env.stackAccesses.write(frameNumber, first);
  env.stackAccesses.write(frameNumber, first - 1);
}

/** A store of register `value` (-1: an immediate, or what a helper writes) at a known offset. */
function writeFixed(env: Env, frameNumber: number, off: number, size: number, value: number): void {
  const slotNumber = slotOf(off);
  const byte = (-off - 1) & 7;
  const insn = env.insns[env.insn] as Insn;
  const isImmediate = value < 0 && classOf(insn.op) === BPF_ST;
  destroyDynptr(env, frameNumber, slotNumber);
  checkFastcallContract(env, (env.state.frames[frameNumber] as Frame).subprog, off);
  env.scratchSlot(slotNumber);
  const current = env.state.frames.length - 1;
  const reg = value >= 0 ? getReg(env, value) : undefined;
  if (size === 8) env.stackAccesses.write(frameNumber, slotNumber);
  let spilled: Reg | undefined;
  if (reg !== undefined && (off & 7) === 0 && reg.type === SCALAR_VALUE) {
    const fits = widthOf(reg) <= size * 8;
    spilled = fits ? linkNumber(env, value) : reg.withId(0);
  } else if (reg === undefined && isImmediate && (off & 7) === 0) spilled = constReg(insn.imm);
  else if (reg !== undefined && reg.type !== SCALAR_VALUE && reg.type !== NOT_INIT) {
    if (size !== 8) {
      logLine(env, env.insn, "; ");
      env.reject("invalid size of register spill", "EACCES");
    }
    if (frameNumber !== current && reg.type === PTR_TO_STACK) env.reject("cannot spill pointers to stack into stack frame of the caller");
    spilled = reg;
  }
  const { stack } = env.state.own(frameNumber);
  const before = stack[slotNumber] as Slot;
  if (spilled !== undefined) {
    let types = 0;
    for (let i = 0; i < 8; i++) {
      const old = before.typeOf(i);
      const kept = old === STACK_ZERO || old === STACK_INVALID ? old : STACK_MISC;
      types = setType(types, i, i >= 8 - size ? STACK_SPILL : kept);
    }
    stack[slotNumber] = new Slot(types, spilled);
    noteStep(env, env.state).stack = (frameNumber << 8) | slotNumber;
    return;
  }
  let type = STACK_MISC;
  if ((reg !== undefined && reg.isNull) || (isImmediate && insn.imm === 0)) {
    if (value >= 0) markPrecise(env, value);
    type = STACK_ZERO;
  }
  const scrubbed = scrub(before);
  let { types } = scrubbed;
  for (let i = 0; i < size; i++) types = setType(types, (byte - i) & 7, type);
  stack[slotNumber] = new Slot(types, scrubbed.reg);
}

/** A store somewhere in a range: what was there may remain. */
function writeVariable(env: Env, reg: Reg, off: number, size: number, value: number): void {
  const [low, high] = stackRange(reg, off, size);
  const insn = env.insns[env.insn] as Insn;
  const writesZero = value >= 0 ? getReg(env, value).isNull : classOf(insn.op) === BPF_ST && insn.imm === 0;
  for (let at = low; at < high; at++) destroyDynptr(env, reg.frame, slotOf(at));
  const frame = env.state.own(reg.frame);
  const { stack } = frame;
  checkFastcallContract(env, frame.subprog, low);
  let zeroKept = false;
  for (let at = low; at < high; at++) {
    const slotNumber = slotOf(at);
    const byte = (-at - 1) & 7;
    env.scratchSlot(slotNumber);
    const slot = stack[slotNumber] as Slot;
    const type = slot.typeOf(byte);
    if (writesZero && type === STACK_SPILL && slot.isSpill && slot.reg.isScalar && slot.reg.scalar === ZERO) {
      zeroKept = true;
      continue;
    }
    let next = STACK_MISC;
    if (writesZero && type === STACK_ZERO) {
      next = STACK_ZERO;
      zeroKept = true;
    }
    const scrubbed = scrub(slot);
    stack[slotNumber] = new Slot(setType(scrubbed.types, byte, next), scrubbed.reg);
  }
  if (zeroKept && value >= 0) markPrecise(env, value);
}

export function writeStack(env: Env, regno: number, off: number, size: number, value: number): void {
  const reg = getReg(env, regno);
  if (reg.scalar.isConst) writeFixed(env, reg.frame, off + Number(s64(reg.scalar.value)), size, value);
  else writeVariable(env, reg, off, size, value);
}

function isNumberZero(frame: Frame, low: number, high: number): boolean {
  for (let at = low; at < high; at++) if (frame.stack[slotOf(at)]?.typeOf((-at - 1) & 7) !== STACK_ZERO) return false;
  return true;
}

/** A load of bytes that are no whole register: 0 where all are 0, else anything. */
function readBytes(env: Env, frame: Frame, low: number, high: number, dst: number): void {
  for (let at = low; at < high; at++) env.scratchSlot(slotOf(at));
  setReg(env, dst, isNumberZero(frame, low, high) ? ZERO_REG : UNKNOWN_REG);
}

/** A load into `dst` (-1: nowhere) from a known offset. */
function readFixed(env: Env, frameNumber: number, off: number, size: number, dst: number): void {
  const frame = env.state.frames[frameNumber] as Frame;
  const slotNumber = slotOf(off);
  const byte = (-off - 1) & 7;
  const slot = frame.stack[slotNumber] as Slot;
  env.scratchSlot(slotNumber);
  checkFastcallContract(env, env.state.top.subprog, off);
  env.stackAccesses.read(env.state, frameNumber, slotNumber);
  let fromRegister = false;
  if (slot.isSpill) {
    const { reg } = slot;
    let spilled = 1;
    for (let i = 7; i > 0 && slot.typeOf(i - 1) === STACK_SPILL; i--) spilled++;
    if (size === 8 && spilled === 8) {
      if (dst >= 0) setReg(env, dst, reg);
      fromRegister = true;
    } else {
      if (!reg.isScalar) {
        logLine(env, env.insn, "; ");
        env.reject("invalid size of register fill", "EACCES");
      }
      if (dst < 0) return;
      // The lowest bytes of the register, on a little-endian machine.
      if (size <= spilled && (off & 7) === 0) {
        setReg(env, dst, widthOf(reg) > size * 8 ? reg.withoutId() : reg);
        fromRegister = true;
      } else {
        let spills = 0;
        let zeros = 0;
        for (let i = 0; i < size; i++) {
          const type = slot.typeOf((byte - i) & 7);
          if (type === STACK_SPILL) spills++;
          else if (type === STACK_ZERO) zeros++;
          else checkReadable(env, type, off, i, size);
        }
        if (spills === size && reg.scalar === ZERO) {
          setReg(env, dst, ZERO_REG);
          fromRegister = true;
        } else setReg(env, dst, zeros === size ? ZERO_REG : UNKNOWN_REG);
      }
    }
  } else {
    for (let i = 0; i < size; i++) checkReadable(env, slot.typeOf((byte - i) & 7), off, i, size);
    if (dst >= 0) readBytes(env, frame, off, off + size, dst);
  }
  if (fromRegister) noteStep(env, env.state).stack = (frameNumber << 8) | slotNumber;
}

function checkReadable(env: Env, type: number, off: number, i: number, size: number): void {
  if (type !== STACK_MISC && type !== STACK_ZERO && type !== STACK_INVALID) env.reject(`invalid read from stack off ${off}+${i} size ${size}`, "EACCES");
}

export function readStack(env: Env, regno: number, off: number, size: number, dst: number): void {
  const reg = getReg(env, regno);
  if (reg.scalar.isConst) {
    readFixed(env, reg.frame, off + Number(s64(reg.scalar.value)), size, dst);
    return;
  }
  if (dst < 0) env.reject(`variable offset stack pointer cannot be passed into helper function; var_off=${formatTnum(reg.scalar.bits)} off=${off} size=${size}`, "EACCES");
  const [low, high] = stackRange(reg, off, size);
  checkInitialized(env, regno, off, size, false, false);
  readBytes(env, frameOf(env, reg), low, high, dst);
  checkFastcallContract(env, frameOf(env, reg).subprog, low);
}

/**
 * Stack as memory that a helper gets, or a load from anywhere in a range: every byte must hold something that is no object;
 * what a helper may `write` is no register any more. With `raw`, the helper only writes: true where it stays with that.
 */
export function checkInitialized(env: Env, regno: number, off: number, size: number, zeroAllowed: boolean, write: boolean, raw = false): boolean {
  const reg = getReg(env, regno);
  if (size === 0 && !zeroAllowed) env.reject("invalid zero-sized read", "EACCES");
  checkStackBounds(env, regno, off, size, write ? "write" : "read");
  const [low, high] = stackRange(reg, off, size);
  const frame = frameOf(env, reg);
  if (raw && reg.scalar.isConst) {
    for (let at = low; at < high; at++) {
      if (frame.stack[slotOf(at)]?.typeOf((-at - 1) & 7) === STACK_DYNPTR) env.reject(`potential write to dynptr at off=${at} disallowed`, "EACCES");
    }
    return true;
  }
  for (let at = low; at < high; at++) {
    const slotNumber = slotOf(at);
    const slot = (env.state.frames[reg.frame] as Frame).stack[slotNumber] as Slot;
    const byte = (-at - 1) & 7;
    const type = slot.typeOf(byte);
    if (type === STACK_MISC) {
      // Anything already.
    } else if (type === STACK_ZERO || type === STACK_INVALID) {
      if (write) env.state.own(reg.frame).stack[slotNumber] = slot.withTypes(setType(slot.types, byte, STACK_MISC));
    } else if (slot.isSpill) {
      if (write) env.state.own(reg.frame).stack[slotNumber] = new Slot(miscTypes(slot.types), UNKNOWN_REG);
    } else {
      if (reg.scalar.isConst) env.reject(`invalid read from stack R${regno} off ${low}+${at - low} size ${size}`, "EACCES");
      env.reject(`invalid read from stack R${regno} var_off ${formatTnum(reg.scalar.bits)}+${at - low} size ${size}`, "EACCES");
    }
    env.stackAccesses.read(env.state, reg.frame, slotNumber);
  }
  return false;
}

/** Puts an object (dynptr, iterator, saved flags) into a slot. */
export function putObject(env: Env, frameNumber: number, slotNumber: number, kind: number, reg: Reg): void {
  env.state.own(frameNumber).stack[slotNumber] = new Slot(ALL_BYTES * kind, reg);
  env.scratchSlot(slotNumber);
  env.stackAccesses.write(frameNumber, slotNumber);
}

/** Takes an object away. */
export function takeObject(env: Env, frameNumber: number, slotNumber: number): void {
  env.state.own(frameNumber).stack[slotNumber] = EMPTY_SLOT;
  env.scratchSlot(slotNumber);
  env.stackAccesses.write(frameNumber, slotNumber);
}
