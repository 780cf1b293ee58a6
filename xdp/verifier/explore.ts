/** Walks every path of a function: instruction by instruction, branch by branch, until an earlier state stands for the rest. */
import { BPF_ADD, BPF_ALU, BPF_ALU64, BPF_AND, BPF_ATOMIC, BPF_CALL, BPF_CMPXCHG, BPF_DW, BPF_EXIT, BPF_FETCH, BPF_IMM, BPF_IND, BPF_JA, BPF_JMP, BPF_JMP32, BPF_LDX, BPF_LOAD_ACQ, BPF_MEM, BPF_MEMSX, BPF_OR, BPF_ABS, BPF_PSEUDO_BTF_ID, BPF_PSEUDO_CALL, BPF_PSEUDO_FUNC, BPF_PSEUDO_KFUNC_CALL, BPF_PSEUDO_MAP_IDX_VALUE, BPF_PSEUDO_MAP_VALUE, BPF_ST, BPF_STORE_REL, BPF_STX, BPF_W, BPF_X, BPF_XCHG, BPF_XOR, bytesOf, classOf, modeOf, operationOf, sizeOf } from "../isa/index.js";
import type { Insn } from "../object/index.js";
import { checkAlu } from "./alu-check.js";
import { kfuncAt } from "./calls.js";
import type { Env, Subprogram } from "./env.js";
import { formatState, insnText, logInsnState, logLine } from "./format.js";
import { checkFunctionCall, leaveFrame, rejectReturn } from "./frames.js";
import { argumentsOf } from "./function-args.js";
import { checkHelperCall } from "./helper-call.js";
import { checkJump } from "./jump-check.js";
import { checkKfuncCall } from "./kfunc-call.js";
import { KFUNCS_UNDER_LOCK } from "./kfunc-table.js";
import type { StackLiveness } from "./liveness.js";
import { Rejection } from "./log.js";
import { checkAccess, savePointerType } from "./memory.js";
import { finishPath, popPath } from "./paths.js";
import { markPrecise, noteStep } from "./precision.js";
import { isVisited } from "./prune.js";
import { checkResources, locksOf } from "./references.js";
import { CTX_REG, Reg, UNKNOWN_REG, dynptrReg, scalarReg } from "./reg.js";
import { checkWritable, getReg, readReg, setReg } from "./regs.js";
import { ZERO, constant } from "./scalar.js";
import { Sccs } from "./sccs.js";
import { Frame, State } from "./state.js";
import { CONST_PTR_TO_MAP, DYNPTR_LOCAL, PTR_MAYBE_NULL, PTR_TO_BTF_ID, PTR_TO_CTX, PTR_TO_FUNC, PTR_TO_MAP_VALUE, PTR_TO_MEM, PTR_TO_SOCKET, PTR_TO_SOCK_COMMON, PTR_TO_TCP_SOCK, PTR_TO_XDP_SOCK, baseOf, isPacketPointer, typeName } from "./types.js";

/** Helpers that may be called while a lock is held. */
const FUNC_spin_unlock = 94;
const FUNC_kptr_xchg = 194;

/** Walks a subprogram from its first instruction: the entry, or a global function for any arguments. */
export function explore(env: Env, subprogram: number, liveness: StackLiveness): void {
  const info = env.subprograms[subprogram] as Subprogram;
  const frame = new Frame(-1, 0, subprogram, env.chainOf(-1, subprogram));
  const state = new State([frame]);
  frame.owner = state;
  state.firstInsn = info.start;
  env.state = state;
  env.insn = info.start;
  env.prevLine = undefined;
  env.explored.length = 0;
  env.exploredStates = 0;
  env.pending.length = 0;
  env.options.record?.begin(info.start);
  env.scratchAll();
  if (subprogram > 0) {
    if (env.log.on) env.log.write(`Validating ${info.name}() func#${subprogram}...\n`);
    for (const [i, arg] of argumentsOf(env, subprogram).entries()) frame.regs[i + 1] = argumentReg(env, arg);
    if (info.isExceptionCallback) {
      frame.inExceptionCallback = true;
      if (info.args?.length !== 1 || info.args[0]?.kind !== "scalar") env.reject("exception cb only supports single integer argument");
    }
  } else {
    frame.regs[1] = CTX_REG;
    if (env.hasFuncInfo) checkEntryType(env, info);
  }
  walk(env, liveness);
  // The log of what is safe says nothing.
  if (env.log.level < 2) env.log.cut(0);
}

/** An entry whose arguments are not just the context cannot be called by name: noted as the kernel notes it. */
function checkEntryType(env: Env, info: Subprogram): void {
  try {
    const args = argumentsOf(env, 0);
    if (args.length !== 1 || args[0]?.kind !== "ctx") info.unreliable = true;
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    info.unreliable = true;
  }
}

function argumentReg(env: Env, arg: NonNullable<Subprogram["args"]>[number]): Reg {
  const nullable = arg.nullable ? PTR_MAYBE_NULL : 0;
  switch (arg.kind) {
    case "ctx":
      return CTX_REG;
    case "dynptr":
      return dynptrReg(DYNPTR_LOCAL, true, env.newId());
    case "mem":
      return new Reg(PTR_TO_MEM | nullable, ZERO, 0, env.newId(), 0, arg.size);
    case "btf":
      return new Reg(PTR_TO_BTF_ID | nullable | arg.flags, ZERO, 0, env.newId(), 0, 0, 0, undefined, { name: arg.structName ?? "" });
    case "scalar":
    case "arena":
      return UNKNOWN_REG;
  }
}

/** Classes whose instructions may write to the stack. */
function mayWrite(op: number): boolean {
  const cls = classOf(op);
  return cls === BPF_ST || cls === BPF_STX || op === (BPF_JMP | BPF_CALL);
}

function walk(env: Env, liveness: StackLiveness): void {
  const sccs = new Sccs();
  const { aux, insns } = env;
  let printState = false;
  let prevInsn = -1;
  for (;;) {
    env.currentHistory = undefined;
    env.prevInsn = prevInsn;
    const at = env.insn;
    if (at >= insns.length) env.reject(`invalid insn idx ${at} insn_cnt ${insns.length}`, "EFAULT");
    if (++env.processed > env.options.limit) env.reject(`BPF program is too large. Processed ${env.processed} insn`, "E2BIG");
    env.state.lastInsn = prevInsn;
    env.facts.reached[at] = 1;
    if (aux.prunePoint[at] === 1 && isVisited(env, at, liveness, sccs)) {
      if (env.log.on) env.log.write(printState ? `\nfrom ${prevInsn} to ${at}: safe\n` : `${at}: safe\n`);
      if (!nextPath(env, liveness, sccs)) return;
      prevInsn = env.prevInsn;
      printState = true;
      continue;
    }
    if (aux.jumpPoint[at] === 1) noteStep(env, env.state);
    if (env.log.on) {
      logBefore(env, at, prevInsn, printState);
      printState = false;
    } else printState = false;
    env.options.observe?.(at, env.state);
    const insn = insns[at] as Insn;
    env.options.record?.step(at, insn, env.state, env.externs.get(at)?.name);
    const top = env.state.frames.length - 1;
    const running = env.state;
    prevInsn = at;
    const next = step(env, insn);
    if (mayWrite(insn.op) && running.frames.length > top) liveness.commit(running, at, top);
    if (next === LEFT_FRAME) {
      printState = true;
      continue;
    }
    if (next === PATH_ENDS) {
      if (!nextPath(env, liveness, sccs)) return;
      prevInsn = env.prevInsn;
      printState = true;
    } else env.insn = next;
  }
}

const PATH_ENDS = -1;
const LEFT_FRAME = -2;

/** Goes on with a path that waits; false where there is none. */
function nextPath(env: Env, liveness: StackLiveness, sccs: Sccs): boolean {
  liveness.update(env.state);
  env.scratchAll();
  finishPath(env, sccs);
  const pending = popPath(env);
  if (pending === undefined) return false;
  env.options.record?.resume(pending.state);
  env.state = pending.state;
  env.insn = pending.insn;
  env.prevInsn = pending.prevInsn;
  return true;
}

function logBefore(env: Env, at: number, prevInsn: number, printState: boolean): void {
  const { log } = env;
  if (log.level >= 2 && printState) log.write(`\nfrom ${prevInsn} to ${at}:${formatState(env, env.state, env.state.top, true)}`);
  if (env.scratchedRegs !== 0 || env.scratchedSlots[0] !== 0 || env.scratchedSlots[1] !== 0) logInsnState(env, env.state.top);
  logLine(env, at, "; ");
  env.prevLogPosition = log.position;
  log.write(`${at}: `);
  log.write(`${insnText(env, at)}\n`);
  env.prevInsnPrint = log.position - env.prevLogPosition;
  env.prevLogPosition = log.position;
}

/** Runs one instruction; gives the next one. */
function step(env: Env, insn: Insn): number {
  const cls = classOf(insn.op);
  switch (cls) {
    case BPF_ALU:
    case BPF_ALU64:
      checkAlu(env, insn);
      return env.insn + 1;
    case BPF_LDX: {
      readReg(env, insn.src);
      checkWritable(env, insn.dst);
      const { type } = getReg(env, insn.src);
      checkAccess(env, insn.src, insn.off, bytesOf(insn.op), false, insn.dst, false, modeOf(insn.op) === BPF_MEMSX);
      savePointerType(env, type, true);
      return env.insn + 1;
    }
    case BPF_STX: {
      if (modeOf(insn.op) === BPF_ATOMIC) {
        checkAtomic(env, insn);
        return env.insn + 1;
      }
      if (modeOf(insn.op) !== BPF_MEM || insn.imm !== 0) env.reject("BPF_STX uses reserved fields");
      readReg(env, insn.src);
      const { type } = readReg(env, insn.dst);
      checkAccess(env, insn.dst, insn.off, bytesOf(insn.op), true, insn.src);
      savePointerType(env, type, false);
      return env.insn + 1;
    }
    case BPF_ST: {
      if (modeOf(insn.op) !== BPF_MEM || insn.src !== 0) env.reject("BPF_ST uses reserved fields");
      const { type } = readReg(env, insn.dst);
      checkAccess(env, insn.dst, insn.off, bytesOf(insn.op), true, -1);
      savePointerType(env, type, false);
      return env.insn + 1;
    }
    case BPF_JMP:
    case BPF_JMP32:
      return jump(env, insn, cls);
    default: {
      const mode = modeOf(insn.op);
      if (mode === BPF_ABS || mode === BPF_IND) env.reject("BPF_LD_[ABS|IND] instructions not allowed for this program type");
      if (mode !== BPF_IMM) env.reject("invalid BPF_LD mode");
      loadImmediate(env, insn);
      return env.insn + 2;
    }
  }
}

function jump(env: Env, insn: Insn, cls: number): number {
  const operation = operationOf(insn.op);
  env.jumps++;
  if (operation === BPF_CALL) return call(env, insn, cls);
  if (operation === BPF_JA) {
    if ((insn.op & BPF_X) !== 0 || insn.src !== 0 || insn.dst !== 0 || (cls === BPF_JMP ? insn.imm !== 0 : insn.off !== 0)) env.reject("BPF_JA uses reserved fields");
    return env.insn + 1 + (cls === BPF_JMP ? insn.off : insn.imm);
  }
  if (operation === BPF_EXIT) {
    if ((insn.op & BPF_X) !== 0 || insn.imm !== 0 || insn.src !== 0 || insn.dst !== 0 || cls === BPF_JMP32) env.reject("BPF_EXIT uses reserved fields");
    return leave(env);
  }
  return checkJump(env, insn) + 1;
}

function call(env: Env, insn: Insn, cls: number): number {
  const { src } = insn;
  if ((insn.op & BPF_X) !== 0 || (src !== BPF_PSEUDO_KFUNC_CALL && insn.off !== 0) || (src !== 0 && src !== BPF_PSEUDO_CALL && src !== BPF_PSEUDO_KFUNC_CALL) || insn.dst !== 0 || cls === BPF_JMP32) {
    env.reject("BPF_CALL uses reserved fields");
  }
  if (locksOf(env).length > 0 && ((src === 0 && insn.imm !== FUNC_spin_unlock && insn.imm !== FUNC_kptr_xchg) || (src === BPF_PSEUDO_KFUNC_CALL && !KFUNCS_UNDER_LOCK.has(kfuncAt(env, env.insn)?.name ?? "")))) env.reject("function calls are not allowed while holding a lock");
  if (src === BPF_PSEUDO_CALL) return checkFunctionCall(env, insn) + 1;
  if (src === BPF_PSEUDO_KFUNC_CALL) {
    checkKfuncCall(env, insn);
    if (kfuncAt(env, env.insn)?.name === "bpf_throw") {
      checkResources(env, "bpf_throw", true, true);
      return PATH_ENDS;
    }
    env.scratchReg(0);
    return env.insn + 1;
  }
  const next = checkHelperCall(env, insn);
  env.scratchReg(0);
  return next;
}

/** The end of a function, or of the program. */
function leave(env: Env): number {
  const { state } = env;
  checkResources(env, "BPF_EXIT instruction in main prog", false, state.frames.length === 1);
  if (state.frames.length > 1) {
    env.insn = leaveFrame(env);
    return LEFT_FRAME;
  }
  const r0 = readReg(env, 0);
  const frame = state.top;
  if (frame.inAsyncCallback) {
    if (!r0.isScalar) env.reject(`At async callback return the register R0 is not a known value (${typeName(r0.type)})`);
    markPrecise(env, 0);
    if (r0.scalar.smin < 0n || r0.scalar.smax > 0n) rejectReturn(env, r0, 0, 0, "At async callback return", "R0");
  } else if (frame.subprog > 0 && !frame.inExceptionCallback && !r0.isScalar) {
    env.reject(`At subprogram exit the register R0 is not a scalar value (${typeName(r0.type)})`);
  }
  return PATH_ENDS;
}

const READ_MODIFY_WRITE: ReadonlySet<number> = new Set([BPF_ADD, BPF_ADD | BPF_FETCH, BPF_AND, BPF_AND | BPF_FETCH, BPF_OR, BPF_OR | BPF_FETCH, BPF_XOR, BPF_XOR | BPF_FETCH, BPF_XCHG, BPF_CMPXCHG]);

/** Memory that atomic instructions reach: not the context, packets, sockets. */
function checkAtomicPointer(env: Env, regno: number, what: string): void {
  const { type } = getReg(env, regno);
  const base = baseOf(type);
  if (base === PTR_TO_CTX || isPacketPointer(type) || base === PTR_TO_SOCKET || base === PTR_TO_SOCK_COMMON || base === PTR_TO_TCP_SOCK || base === PTR_TO_XDP_SOCK) {
    env.reject(`BPF_ATOMIC ${what} R${regno} ${typeName(type)} is not allowed`, "EACCES");
  }
}

function checkAtomic(env: Env, insn: Insn): void {
  const size = bytesOf(insn.op);
  if (insn.imm === BPF_LOAD_ACQ) {
    readReg(env, insn.src);
    checkWritable(env, insn.dst);
    const { type } = getReg(env, insn.src);
    checkAtomicPointer(env, insn.src, "loads from");
    checkAccess(env, insn.src, insn.off, size, false, insn.dst, true);
    return savePointerType(env, type, false);
  }
  if (insn.imm === BPF_STORE_REL) {
    readReg(env, insn.src);
    const { type } = readReg(env, insn.dst);
    checkAtomicPointer(env, insn.dst, "stores into");
    checkAccess(env, insn.dst, insn.off, size, true, insn.src, true);
    return savePointerType(env, type, false);
  }
  if (!READ_MODIFY_WRITE.has(insn.imm)) env.reject(`BPF_ATOMIC uses invalid atomic opcode ${(insn.imm >>> 0).toString(16).padStart(2, "0")}`);
  if (sizeOf(insn.op) !== BPF_W && sizeOf(insn.op) !== BPF_DW) env.reject("invalid atomic operand size");
  readReg(env, insn.src);
  const { type } = readReg(env, insn.dst);
  if (insn.imm === BPF_CMPXCHG) readReg(env, 0);
  checkAtomicPointer(env, insn.dst, "stores into");
  let fetched = -1;
  if ((insn.imm & BPF_FETCH) !== 0) {
    fetched = insn.imm === BPF_CMPXCHG ? 0 : insn.src;
    checkWritable(env, fetched);
  }
  checkAccess(env, insn.dst, insn.off, size, false, -1, true);
  // The register that is fetched into may be the one that points.
  const pointer = getReg(env, insn.dst);
  if (fetched >= 0) checkAccess(env, insn.dst, insn.off, size, false, fetched, true);
  savePointerType(env, type, false);
  if (fetched === insn.dst) {
    const loaded = getReg(env, fetched);
    setReg(env, insn.dst, pointer);
    checkAccess(env, insn.dst, insn.off, size, true, -1, true);
    setReg(env, fetched, loaded);
  } else checkAccess(env, insn.dst, insn.off, size, true, -1, true);
}

function loadImmediate(env: Env, insn: Insn): void {
  if (sizeOf(insn.op) !== BPF_DW) env.reject("invalid BPF_LD_IMM insn");
  if (insn.off !== 0) env.reject("BPF_LD_IMM64 uses reserved fields");
  checkWritable(env, insn.dst);
  const second = env.insns[env.insn + 1] as Insn;
  switch (insn.src) {
    case 0: {
      const extern = env.externs.get(env.insn);
      if (extern !== undefined && extern.kind !== "kfunc" && !extern.weak) env.notKnown(`kernel variable ${extern.name}`);
      return setReg(env, insn.dst, scalarReg(constant((BigInt(second.imm) << 32n) | BigInt(insn.imm >>> 0))));
    }
    case BPF_PSEUDO_BTF_ID:
      return env.notKnown(`kernel variable ${env.externs.get(env.insn)?.name ?? `#${insn.imm}`}`);
    case BPF_PSEUDO_FUNC: {
      const subprogram = env.subprogramStartingAt(env.insn + insn.imm + 1);
      if (!env.hasFuncInfo) env.reject("missing btf func_info");
      if ((env.subprograms[subprogram] as Subprogram).global) env.reject("callback function not static");
      return setReg(env, insn.dst, new Reg(PTR_TO_FUNC, ZERO, 0, 0, 0, subprogram));
    }
    default: {
      const map = env.maps[insn.imm];
      if (insn.src !== BPF_PSEUDO_MAP_VALUE && insn.src !== BPF_PSEUDO_MAP_IDX_VALUE) return setReg(env, insn.dst, new Reg(CONST_PTR_TO_MAP, ZERO, 0, 0, 0, 0, 0, map));
      if (map?.type === "BPF_MAP_TYPE_ARENA") return setReg(env, insn.dst, UNKNOWN_REG);
      return setReg(env, insn.dst, new Reg(PTR_TO_MAP_VALUE, ZERO, second.imm >>> 0, 0, 0, 0, 0, map));
    }
  }
}

