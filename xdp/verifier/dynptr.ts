/** Dynptrs on the stack: two slots that helpers fill, read and end. */
import type { Env } from "./env.js";
import { checkAccess } from "./memory.js";
import { acquire, release } from "./references.js";
import type { Reg } from "./reg.js";
import { dynptrReg } from "./reg.js";
import { getReg } from "./regs.js";
import { destroyDynptr, frameOf, invalidateDynptr, putObject, slotOf } from "./stack.js";
import type { Slot } from "./state.js";
import { STACK_DYNPTR } from "./state.js";
import { s64 } from "./tnum.js";
import { CONST_PTR_TO_DYNPTR, DYNPTR_NAMES, DYNPTR_RINGBUF, DYNPTR_TYPES, MEM_RDONLY, MEM_UNINIT, PTR_TO_STACK, dynptrTypeOf } from "./types.js";

/** First slot of a dynptr at a stack pointer; undefined, with a note, where none can be there. */
export function dynptrSlot(env: Env, reg: Reg): number | undefined {
  if (!reg.scalar.isConst) {
    env.note("dynptr has to be at a constant offset");
    return undefined;
  }
  const off = reg.off + Number(s64(reg.scalar.value));
  const slot = slotOf(off);
  if (off % 8 !== 0 || slot < 1) {
    env.note(`cannot pass in dynptr at an offset=${off}`);
    return undefined;
  }
  return slot;
}

/** What is known of the dynptr that a register points to. */
export function dynptrAt(env: Env, reg: Reg): Reg | undefined {
  if (reg.type === CONST_PTR_TO_DYNPTR) return reg;
  const slot = dynptrSlot(env, reg);
  return slot === undefined ? undefined : frameOf(env, reg).stack[slot]?.reg;
}

function isInitialised(env: Env, reg: Reg): boolean {
  if (reg.type === CONST_PTR_TO_DYNPTR) return true;
  const slot = dynptrSlot(env, reg);
  if (slot === undefined) return false;
  const { stack } = frameOf(env, reg);
  const first = stack[slot];
  return first?.typeOf(0) === STACK_DYNPTR && first.reg.uid === 1 && stack[slot - 1]?.typeOf(0) === STACK_DYNPTR;
}

/** An argument that is a dynptr. `clone`: reference that a new one shares; 0 for one of its own. */
export function checkDynptr(env: Env, regno: number, flags: number, clone = 0): void {
  const reg = getReg(env, regno);
  if (reg.type !== PTR_TO_STACK && reg.type !== CONST_PTR_TO_DYNPTR) env.reject(`arg#${regno - 1} expected pointer to stack or const struct bpf_dynptr`);
  if ((flags & MEM_UNINIT) !== 0) {
    if (reg.type === CONST_PTR_TO_DYNPTR || dynptrSlot(env, reg) === undefined) env.reject("Dynptr has to be an uninitialized dynptr");
    for (let at = 0; at < 16; at += 8) checkAccess(env, regno, at, 8, true, -1);
    return create(env, reg, dynptrTypeOf(flags), clone);
  }
  if (reg.type === CONST_PTR_TO_DYNPTR && (flags & MEM_RDONLY) === 0) env.reject("cannot pass pointer to const bpf_dynptr, the helper mutates it");
  if (!isInitialised(env, reg)) env.reject(`Expected an initialized dynptr as arg #${regno - 1}`);
  const wanted = flags & DYNPTR_TYPES;
  if (wanted !== 0 && dynptrAt(env, reg)?.extra !== dynptrTypeOf(wanted)) env.reject(`Expected a dynptr of type ${DYNPTR_NAMES[dynptrTypeOf(wanted)]} as arg #${regno - 1}`);
  if (reg.type === PTR_TO_STACK) {
    const slot = dynptrSlot(env, reg) as number;
    env.scratchSlot(slot);
    env.scratchSlot(slot - 1);
    env.stackAccesses.read(env.state, reg.frame, slot);
    env.stackAccesses.read(env.state, reg.frame, slot - 1);
  }
}

function create(env: Env, reg: Reg, type: number, clone: number): void {
  const slot = dynptrSlot(env, reg) as number;
  destroyDynptr(env, reg.frame, slot);
  destroyDynptr(env, reg.frame, slot - 1);
  const id = env.newId();
  const ref = type === DYNPTR_RINGBUF ? (clone !== 0 ? clone : acquire(env, env.insn)) : 0;
  putObject(env, reg.frame, slot, STACK_DYNPTR, dynptrReg(type, true, id, ref));
  putObject(env, reg.frame, slot - 1, STACK_DYNPTR, dynptrReg(type, false, id, ref));
}

/** Ends a dynptr, and all that share its reference. */
export function endDynptr(env: Env, regno: number): void {
  const reg = getReg(env, regno);
  const slot = dynptrSlot(env, reg) as number;
  const dynptr = (frameOf(env, reg).stack[slot] as Slot).reg;
  if (dynptr.extra !== DYNPTR_RINGBUF) return invalidateDynptr(env, reg.frame, slot);
  release(env, dynptr.refObjId);
  for (const [n, frame] of env.state.frames.entries()) {
    for (let i = 1; i < frame.stack.length; i++) {
      const other = (env.state.frames[n] as typeof frame).stack[i] as Slot;
      if (other.typeOf(0) === STACK_DYNPTR && other.reg.uid === 1 && other.reg.refObjId === dynptr.refObjId) invalidateDynptr(env, n, i);
    }
  }
}
