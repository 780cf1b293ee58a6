/** Registers of the current frame: reading with the checks that every operand gets, writing, ids. */
import type { Env } from "./env.js";
import type { Reg } from "./reg.js";
import { ADD_CONST, UNINIT_REG, UNKNOWN_REG } from "./reg.js";
import { bitLength } from "./tnum.js";
import { NOT_INIT, SCALAR_VALUE } from "./types.js";

const FP = 10;

export function getReg(env: Env, reg: number): Reg {
  return env.state.top.regs[reg] as Reg;
}

/** An operand that is read. */
export function readReg(env: Env, reg: number): Reg {
  if (reg > FP) env.reject(`R${reg} is invalid`);
  env.scratchedRegs |= 1 << reg;
  const r = env.state.top.regs[reg] as Reg;
  if (r.type === NOT_INIT) env.reject(`R${reg} !read_ok`, "EACCES");
  return r;
}

/** May a register be written? */
export function checkWritable(env: Env, reg: number): void {
  if (reg > FP) env.reject(`R${reg} is invalid`);
  if (reg === FP) env.reject("frame pointer is read only", "EACCES");
  env.scratchedRegs |= 1 << reg;
}

export function setReg(env: Env, reg: number, value: Reg): void {
  env.state.ownTop().regs[reg] = value;
  env.scratchedRegs |= 1 << reg;
}

export function setUnknown(env: Env, reg: number): void {
  setReg(env, reg, UNKNOWN_REG);
}

/** Calls leave nothing in r0 to r5. */
export function clearCallerSaved(env: Env): void {
  const { regs } = env.state.ownTop();
  for (let i = 0; i <= 5; i++) regs[i] = UNINIT_REG;
  env.scratchedRegs |= 0x3f;
}

/** Gives a number that is copied an id, so that what is learned of one copy holds for the other; gives the register. */
export function linkNumber(env: Env, reg: number): Reg {
  let r = getReg(env, reg);
  if (r.type !== SCALAR_VALUE) return r;
  if ((r.id & ADD_CONST) !== 0) r = r.withoutId();
  if (r.id === 0 && !r.scalar.isConst) r = r.withId(env.newId(), 0);
  if (r !== getReg(env, reg)) env.state.ownTop().regs[reg] = r;
  return r;
}

/** Bits that a number may need. */
export function widthOf(reg: Reg): number {
  return bitLength(reg.scalar.umax);
}

/** What becomes of a pointer whose object is gone. */
export const INVALID_REG = UNKNOWN_REG;
