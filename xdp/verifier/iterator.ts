/** Open-coded iterators: state on the stack that kernel functions make, advance and end; loops over them converge. */
import type { Env } from "./env.js";
import { ITER_ACTIVE, ITER_DRAINED } from "./format.js";
import { notNull } from "./jump-check.js";
import type { KfuncSpec } from "./kfunc-table.js";
import { checkAccess } from "./memory.js";
import { pushPath } from "./paths.js";
import { findEarlier, widen } from "./prune.js";
import { acquire, release } from "./references.js";
import { Reg, ZERO_REG } from "./reg.js";
import { getReg } from "./regs.js";
import { ZERO } from "./scalar.js";
import { frameOf, putObject, slotOf, takeObject } from "./stack.js";
import { STACK_ITER, Slot } from "./state.js";
import type { State } from "./state.js";
import { s64 } from "./tnum.js";
import { PTR_TO_STACK } from "./types.js";

/** First slot of an iterator at a stack pointer; undefined where none can be there. */
function iteratorSlot(env: Env, reg: Reg, slots: number): number | undefined {
  if (!reg.scalar.isConst) {
    env.note("iter has to be at a constant offset");
    return undefined;
  }
  const off = reg.off + Number(s64(reg.scalar.value));
  const slot = slotOf(off);
  if (off % 8 !== 0 || slot + 1 < slots) {
    env.note(`cannot pass in iter at an offset=${off}`);
    return undefined;
  }
  return slot;
}

/** The argument of a function that makes, advances or ends an iterator. */
export function checkIterator(env: Env, regno: number, kfunc: KfuncSpec, name: string): void {
  const reg = getReg(env, regno);
  const slots = kfunc.slots ?? 1;
  if (reg.type !== PTR_TO_STACK) env.reject(`arg#${regno - 1} expected pointer to an iterator on stack`);
  const slot = iteratorSlot(env, reg, slots);
  const { stack } = frameOf(env, reg);
  if (kfunc.iter === "new") {
    const free = slot !== undefined && Array.from({ length: slots }, (_, i) => stack[slot - i]).every((s) => s === undefined || ![0, 1, 2, 3, 4, 5, 6, 7].some((byte) => s.typeOf(byte) === STACK_ITER));
    if (!free) env.reject(`expected uninitialized iter_${name} as arg #${regno - 1}`);
    for (let at = 0; at < slots * 8; at += 8) checkAccess(env, regno, at, 8, true, -1);
    const id = acquire(env, env.insn);
    for (let i = 0; i < slots; i++) putObject(env, reg.frame, (slot as number) - i, STACK_ITER, new Reg(PTR_TO_STACK, ZERO, 0, 0, i === 0 ? id : 0, ITER_ACTIVE, 0, undefined, { name }));
    return;
  }
  const valid =
    slot !== undefined &&
    Array.from({ length: slots }, (_, i) => stack[slot - i]).every((s, i) => s?.typeOf(0) === STACK_ITER && s.typeOf(7) === STACK_ITER && s.reg.struct?.name === name && (s.reg.refObjId !== 0) === (i === 0));
  if (!valid) env.reject(`expected an initialized iter_${name} as arg #${regno - 1}`);
  for (let i = 0; i < slots; i++) env.stackAccesses.read(env.state, reg.frame, (slot as number) - i);
  if (kfunc.iter !== "destroy") return;
  release(env, (stack[slot as number] as Slot).reg.refObjId);
  for (let i = 0; i < slots; i++) takeObject(env, reg.frame, (slot as number) - i);
}

/** Where an iterator is, and the reference that what it gives hangs on. */
export function iteratorPlace(env: Env, regno: number): { readonly frame: number; readonly slot: number; readonly refObjId: number } {
  const reg = getReg(env, regno);
  const slot = slotOf(reg.off + Number(s64(reg.scalar.value)));
  return { frame: reg.frame, slot, refObjId: frameOf(env, reg).stack[slot]?.reg.refObjId ?? 0 };
}

function setIterator(state: State, frame: number, slot: number, iterState: number, deeper: number): void {
  const before = (state.frames[frame] as State["frames"][number]).stack[slot] as Slot;
  state.own(frame).stack[slot] = new Slot(before.types, before.reg.with({ extra: iterState, uid: before.reg.uid + deeper }));
}

/** After a call of next: one path where there is another element, with another turn of the loop, and one where there is none. */
export function branchOnNext(env: Env, { frame, slot }: { readonly frame: number; readonly slot: number }): void {
  const { state } = env;
  const iterator = (state.frames[frame] as State["frames"][number]).stack[slot] as Slot;
  if (iterator.reg.extra === ITER_ACTIVE) {
    const earlier = findEarlier(env, state.parent, env.insn);
    const queued = pushPath(env, env.insn + 1, env.insn);
    setIterator(queued, frame, slot, ITER_ACTIVE, 1);
    if (earlier !== undefined) widen(earlier, queued);
    const { regs } = queued.ownTop();
    regs[0] = notNull(regs[0] as Reg);
  }
  setIterator(state, frame, slot, ITER_DRAINED, 0);
  env.scratchSlot(slot);
  state.ownTop().regs[0] = ZERO_REG;
}
