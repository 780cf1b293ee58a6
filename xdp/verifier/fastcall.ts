/**
 * bpf_fastcall: compilers spill registers around calls of functions that leave them alone on some kernels. Where such spills
 * are used for nothing else, the kernel drops them when it inlines the call, and with them their part of the stack.
 */
import { BPF_DW, BPF_LDX, BPF_MEM, BPF_STX } from "../isa/index.js";
import type { Insn } from "../object/index.js";
import { isCall, isHelperCall } from "./calls.js";
import type { Env, Subprogram } from "./env.js";
import { PROTOTYPES } from "./prototype.js";

const STORE = BPF_STX | BPF_MEM | BPF_DW;
const LOAD = BPF_LDX | BPF_MEM | BPF_DW;
const FP = 10;
const CALLER_SAVED = 0x3f;
/** The contract is broken: the stack is used otherwise too. */
const BROKEN = -32768;

/** Finds spills and fills around calls, by the lowest slots of each function. */
export function markFastcalls(env: Env): void {
  for (const info of env.subprograms) {
    let lowest = 0;
    for (let at = info.start; at < info.end; at++) {
      const { op, dst, off } = env.insns[at] as Insn;
      if (op === STORE && dst === FP) lowest = Math.min(lowest, off);
    }
    for (let at = info.start; at < info.end; at++) if (isCall(env.insns[at] as Insn)) markCall(env, info, at, lowest);
  }
}

function markCall(env: Env, info: Subprogram, call: number, lowest: number): void {
  const insn = env.insns[call] as Insn;
  const proto = isHelperCall(insn) ? PROTOTYPES.get(insn.imm) : undefined;
  if (proto === undefined) return;
  const clobbered = (proto.ret.base === "RET_VOID" ? 0 : 1) | (((1 << proto.args.length) - 1) << 1);
  let expected = CALLER_SAVED & ~clobbered;
  const { aux } = env;
  let off = lowest;
  let pairs = 0;
  for (let i = 1; i <= 6; i++, off += 8) {
    const store = env.insns[call - i];
    const load = env.insns[call + i];
    if (store === undefined || load === undefined || aux.jumpTarget[call - i + 1] === 1 || aux.jumpTarget[call + i] === 1) break;
    if (store.op !== STORE || load.op !== LOAD || store.dst !== FP || load.src !== FP || store.src !== load.dst || (expected & (1 << store.src)) === 0 || store.off !== off || load.off !== off) break;
    expected &= ~(1 << store.src);
    aux.fastcallPattern[call - i] = aux.fastcallPattern[call + i] = 1;
    pairs++;
  }
  if (pairs === 0) return;
  if (proto.spec.fastcall === true) aux.fastcallSpills[call] = pairs;
  else info.keepFastcallStack = true;
  info.fastcallStackOff = Math.min(info.fastcallStackOff, off);
}

/** An access to the stack of a function: in the part of the spills, only they may be. */
export function checkFastcallContract(env: Env, subprogram: number, off: number): void {
  const info = env.subprograms[subprogram] as Subprogram;
  if (info.fastcallStackOff <= off || env.aux.fastcallPattern[env.insn] === 1) return;
  info.fastcallStackOff = BROKEN;
  env.aux.fastcallPattern.fill(0, info.start, info.end);
  env.aux.fastcallSpills.fill(0, info.start, info.end);
}

/** Leaves the spills out of the depth of the stack. */
export function dropFastcallSpills(env: Env): void {
  for (const info of env.subprograms) {
    const inlined = env.aux.fastcallSpills.subarray(info.start, info.end).some((pairs) => pairs > 0);
    if (inlined && !info.keepFastcallStack) info.stackDepth = -info.fastcallStackOff;
  }
}
