/** Calls of kernel functions, by the table. */
import type { Insn } from "../object/index.js";
import { kfuncAt } from "./calls.js";
import { checkDynptr, dynptrAt } from "./dynptr.js";
import type { Env } from "./env.js";
import { clearPacketPointers } from "./frames.js";
import { CallMeta, checkHelperMemory, checkMemorySize } from "./helper-memory.js";
import { branchOnNext, checkIterator, iteratorPlace } from "./iterator.js";
import { notNull } from "./jump-check.js";
import type { KfuncArg, KfuncSpec } from "./kfunc-table.js";
import { KFUNCS_ELSEWHERE } from "./kfunc-table.js";
import { checkPointerOffset } from "./memory.js";
import { markPrecise } from "./precision.js";
import { acquire, release } from "./references.js";
import { pushPath } from "./paths.js";
import { Reg, UNINIT_REG, UNKNOWN_REG, ZERO_REG, scalarReg } from "./reg.js";
import { clearCallerSaved, getReg, readReg, setReg } from "./regs.js";
import { Draft, ZERO } from "./scalar.js";
import { processSpinLock } from "./spin-lock.js";
import { frameOf, putObject, slotOf, takeObject } from "./stack.js";
import { STACK_IRQ_FLAG } from "./state.js";
import { s64 } from "./tnum.js";
import { CONST_PTR_TO_MAP, MEM_ALLOC, PTR_TO_MAP_VALUE, DYNPTR_TYPE_LOCAL, DYNPTR_TYPE_RINGBUF, DYNPTR_TYPE_SKB, DYNPTR_TYPE_XDP, DYNPTR_XDP, MEM_RCU, MEM_RDONLY, MEM_UNINIT, PTR_MAYBE_NULL, PTR_TO_BTF_ID, PTR_TO_CTX, PTR_TO_MEM, PTR_TO_STACK, PTR_TRUSTED, baseOf, maybeNull, typeName, dynptrFlagOf, PTR_UNTRUSTED } from "./types.js";

const MAX_ERRNO = 4095;

class KfuncMeta extends CallMeta {
  constSize = 0;
  dynptrType = 0;
  typeId = 0;
  iterator: { readonly frame: number; readonly slot: number } | undefined;
}

export function checkKfuncCall(env: Env, insn: Insn): void {
  const extern = env.externs.get(env.insn);
  const kfunc = kfuncAt(env, env.insn);
  if (extern !== undefined && KFUNCS_ELSEWHERE.has(extern.name)) env.reject(`calling kernel function ${extern.name} is not allowed`, "EACCES");
  if (extern === undefined || kfunc === undefined) return env.notKnown(`kernel function ${extern?.name ?? `#${insn.imm}`}`);
  const { state } = env;
  const name = kfunc.name;
  if (kfunc.mightSleep && !state.inSleepable) env.reject(`program must be sleepable to call sleepable kfunc ${name}`);
  section(env, name);
  if (TAKES_LOCK.has(name)) lockNotTaken(env);
  const meta = new KfuncMeta();
  meta.packetAccess = true;
  for (const [i, arg] of kfunc.args.entries()) checkArgument(env, i + 1, arg, kfunc, meta);
  if (meta.releaseReg !== 0) {
    if (meta.refObjId === 0 || !release(env, meta.refObjId)) env.reject(`kfunc ${name}#${insn.imm} reference has not been acquired before`);
  }
  clearCallerSaved(env);
  setReturn(env, kfunc, meta);
  if (meta.iterator !== undefined) branchOnNext(env, meta.iterator);
  if (name === "bpf_xdp_pull_data") clearPacketPointers(env);
}

const TAKES_LOCK: ReadonlySet<string> = new Set(["bpf_res_spin_lock", "bpf_res_spin_lock_irqsave"]);

/** The way on which a lock that may fail was not taken: an error comes back. */
function lockNotTaken(env: Env): void {
  const { regs } = pushPath(env, env.insn + 1, env.insn).ownTop();
  for (let i = 1; i <= 5; i++) regs[i] = UNINIT_REG;
  const d = new Draft();
  d.s32min = -MAX_ERRNO;
  d.s32max = -1;
  regs[0] = scalarReg(d.sync().done());
}

/** Functions that open and close sections. */
function section(env: Env, name: string): void {
  const { state } = env;
  switch (name) {
    case "bpf_rcu_read_lock":
      state.activeRcuLocks++;
      return;
    case "bpf_rcu_read_unlock":
      if (state.activeRcuLocks === 0) env.reject("unmatched rcu read unlock (kernel function bpf_rcu_read_unlock)");
      state.activeRcuLocks--;
      if (state.activeRcuLocks === 0) state.mapRegs((reg) => ((reg.type & MEM_RCU) !== 0 ? reg.withType((reg.type & ~(MEM_RCU | PTR_MAYBE_NULL)) | PTR_UNTRUSTED) : reg));
      return;
    case "bpf_preempt_disable":
      state.activePreemptLocks++;
      return;
    case "bpf_preempt_enable":
      if (state.activePreemptLocks === 0) env.reject("unmatched attempt to enable preemption (kernel function bpf_preempt_enable)");
      state.activePreemptLocks--;
      return;
    default:
  }
}

function checkArgument(env: Env, regno: number, arg: KfuncArg, kfunc: KfuncSpec, meta: KfuncMeta): void {
  const reg = readReg(env, regno);
  const at = regno - 1;
  if (arg === "ignored") return;
  if (arg === "type_id") {
    if (!reg.isScalar) env.reject(`R${regno} is not a scalar`);
    if (!reg.scalar.isConst) env.reject(`R${regno} must be a known constant`);
    markPrecise(env, regno);
    meta.typeId = Number(BigInt.asUintN(32, reg.scalar.value));
    return;
  }
  if (arg === "scalar" || arg === "const" || arg === "size" || arg === "const_size") {
    if (!reg.isScalar) env.reject(`R${regno} is not a scalar`);
    if (arg === "const" || arg === "const_size") {
      if (!reg.scalar.isConst) env.reject(`R${regno} must be a known constant`);
      markPrecise(env, regno);
      meta.constSize = Number(BigInt.asUintN(53, reg.scalar.value));
    }
    if (arg === "size" || arg === "const_size") checkSize(env, regno, meta, arg === "const_size");
    return;
  }
  if (typeof arg === "object" && "mem" in arg && arg.nullable && reg.isNull) return;
  if (typeof arg === "object" && "struct" in arg && arg.nullable && reg.isNull) return;
  const isMemory = typeof arg === "object" && "mem" in arg;
  if (!isMemory && arg !== "any_pointer" && arg !== "res_spin_lock" && (maybeNull(reg.type) || reg.isNull)) env.reject(`Possibly NULL pointer passed to trusted arg${at}`, "EACCES");
  if (reg.refObjId !== 0) meta.refObjId = reg.refObjId;
  switch (arg) {
    case "ctx":
      if (reg.type !== PTR_TO_CTX) env.reject(`arg#${at} expected pointer to ctx, but got ${typeName(reg.type)}`);
      return checkPointerOffset(env, reg, regno, false);
    case "dynptr":
      if (reg.type !== PTR_TO_STACK && reg.type !== 21) env.reject(`arg#${at} expected pointer to stack or const struct bpf_dynptr`);
      checkDynptr(env, regno, MEM_RDONLY);
      meta.dynptrType = dynptrAt(env, reg)?.extra ?? 0;
      meta.dynptrId = dynptrAt(env, reg)?.id ?? 0;
      meta.refObjId = dynptrAt(env, reg)?.refObjId ?? 0;
      return;
    case "dynptr_out": {
      const type = kfunc.name === "bpf_dynptr_clone" ? dynptrFlagOf(meta.dynptrType) : DYNPTR_TYPE_XDP;
      if (reg.type !== PTR_TO_STACK) env.reject(`arg#${at} expected pointer to stack or const struct bpf_dynptr`);
      return checkDynptr(env, regno, MEM_UNINIT | type, kfunc.name === "bpf_dynptr_clone" ? meta.refObjId : 0);
    }
    case "map":
      if (reg.type !== CONST_PTR_TO_MAP) env.reject(`pointer in R${regno} isn't map pointer`);
      return;
    case "irq_flag":
      return irqFlag(env, regno, reg, kfunc.name);
    case "res_spin_lock":
      if (reg.type !== PTR_TO_MAP_VALUE && reg.type !== (PTR_TO_BTF_ID | MEM_ALLOC)) env.reject(`arg#${at} doesn't point to map value or allocated object`);
      return processSpinLock(env, regno, TAKES_LOCK.has(kfunc.name), kfunc.args.length > 1 ? "res_irq" : "res");
    case "any_pointer":
    case "string":
      return;
    case "func":
    case "allocated":
    case "refcounted":
      return env.notKnown(`kernel function ${kfunc.name}`);
    default:
  }
  if ("iter" in arg) {
    checkIterator(env, regno, kfunc, arg.iter);
    if (kfunc.iter === "next") {
      const place = iteratorPlace(env, regno);
      meta.iterator = place;
      meta.refObjId = place.refObjId;
    }
  } else if ("mem" in arg) {
    if (arg.mem !== "sized" && !reg.isNull) {
      checkHelperMemory(env, regno, arg.mem, false, false, undefined);
      checkHelperMemory(env, regno, arg.mem, true, false, undefined);
    }
  } else {
    if (baseOf(reg.type) !== PTR_TO_BTF_ID) env.reject(`arg#${at} is ${typeName(reg.type)} expected pointer or socket`);
    if (reg.struct?.name !== arg.struct) env.reject(`kernel function ${kfunc.name} args#${at} expected pointer to STRUCT ${arg.struct} but R${regno} has a pointer to STRUCT ${reg.struct?.name ?? ""}`);
    if (arg.release) {
      if (reg.refObjId === 0) env.reject(`R${regno} must be referenced or trusted`);
      if (reg.off !== 0) env.reject(`R${regno} must have zero offset when passed to release func or trusted arg to kfunc`);
      meta.releaseReg = regno;
    } else if (reg.refObjId === 0 && (reg.type & (PTR_TRUSTED | MEM_RCU)) === 0) env.reject(`R${regno} must be referenced or trusted`);
  }
}

/** Size of the memory in the register before it, read and written. */
function checkSize(env: Env, regno: number, meta: KfuncMeta, optional: boolean): void {
  const memory = getReg(env, regno - 1);
  if (memory.isNull && optional) return;
  const regs = env.state.ownTop().regs;
  if (maybeNull(memory.type)) regs[regno - 1] = notNull(memory);
  try {
    checkMemorySize(env, regno, false, true, meta);
    checkMemorySize(env, regno, true, true, meta);
  } finally {
    if (maybeNull(memory.type)) env.state.ownTop().regs[regno - 1] = memory;
  }
}

/** Saved interrupt flags on the stack. */
function irqFlag(env: Env, regno: number, reg: Reg, name: string): void {
  const { state } = env;
  const save = name === "bpf_local_irq_save" || name === "bpf_res_spin_lock_irqsave";
  const by = name.startsWith("bpf_res_") ? "lock" : "native";
  if (reg.type !== PTR_TO_STACK || !reg.scalar.isConst) return env.reject(`arg#${regno - 1} doesn't point to an irq flag on stack`);
  const off = reg.off + Number(s64(reg.scalar.value));
  const slot = slotOf(off);
  const before = frameOf(env, reg).stack[slot];
  const isFlag = off % 8 === 0 && before !== undefined && before.typeOf(0) === STACK_IRQ_FLAG;
  if (save) {
    if (off % 8 !== 0 || isFlag) env.reject(`expected uninitialized irq flag as arg#${regno - 1}`);
    checkHelperMemory(env, regno, 8, true, false, undefined);
    const id = env.newId();
    state.refs = [...state.refs, { kind: "irq", id, insn: env.insn, by }];
    state.activeIrqId = id;
    return putObject(env, reg.frame, slot, STACK_IRQ_FLAG, new Reg(PTR_TO_STACK, ZERO, 0, 0, id));
  }
  if (!isFlag) return env.reject(`expected an initialized irq flag as arg#${regno - 1}`);
  const id = before.reg.refObjId;
  const saved = state.refs.find((ref) => ref.id === id)?.by;
  if (saved !== by) env.reject(`irq flag acquired by ${saved} kfuncs cannot be restored with ${by} kfuncs`);
  if (id !== state.activeIrqId) {
    const taken = state.refs.find((ref) => ref.id === state.activeIrqId);
    env.reject(`cannot restore irq state out of order, expected id=${state.activeIrqId} acquired at insn_idx=${taken?.insn ?? 0}`, "EACCES");
  }
  state.refs = state.refs.filter((ref) => ref.kind !== "irq" || ref.id !== id);
  state.activeIrqId = state.refs.findLast((ref) => ref.kind === "irq")?.id ?? 0;
  takeObject(env, reg.frame, slot);
}

/** A pointer to a structure of the kernel that nobody vouches for, or to anything. */
function castTo(env: Env, typeId: number): Reg {
  const type = env.options.btf().type(typeId);
  if (type.kind === "void") return new Reg(PTR_TO_MEM | MEM_RDONLY | PTR_UNTRUSTED, ZERO);
  if (type.kind !== "struct" && type.kind !== "union") return env.reject("kfunc bpf_rdonly_cast type ID argument must be of a struct or void");
  return new Reg(PTR_TO_BTF_ID | PTR_UNTRUSTED, ZERO, 0, 0, 0, 0, 0, undefined, { name: type.name });
}

function setReturn(env: Env, kfunc: KfuncSpec, meta: KfuncMeta): void {
  const { returns } = kfunc;
  if (returns === "void") return;
  if (returns === "scalar") return setReg(env, 0, TAKES_LOCK.has(kfunc.name) ? ZERO_REG : UNKNOWN_REG);
  if (returns === "cast") return setReg(env, 0, castTo(env, meta.typeId));
  if (returns === "slice" || returns === "slice_rdwr") {
    const readOnly = returns === "slice";
    if (!readOnly && meta.dynptrType === 0) env.reject("the prog does not allow writes to packet data");
    // Memory of a packet goes with the packet's pointers.
    const flags = (readOnly ? MEM_RDONLY : 0) | (meta.dynptrType === DYNPTR_XDP ? DYNPTR_TYPE_XDP : dynptrFlagOf(meta.dynptrType) & ~(DYNPTR_TYPE_LOCAL | DYNPTR_TYPE_RINGBUF | DYNPTR_TYPE_SKB));
    return setReg(env, 0, new Reg(PTR_TO_MEM | PTR_MAYBE_NULL | flags, ZERO, 0, env.newId(), meta.refObjId, meta.constSize, meta.dynptrId));
  }
  if (returns === "allocated" || returns === "special") return env.notKnown(`kernel function ${kfunc.name}`);
  if ("mem" in returns) {
    const size = returns.mem;
    return setReg(env, 0, new Reg(PTR_TO_MEM | MEM_RDONLY | (returns.nullable ? PTR_MAYBE_NULL : 0), ZERO, 0, returns.nullable ? env.newId() : 0, kfunc.iter === "next" ? meta.refObjId : 0, size));
  }
  let reg = new Reg(PTR_TO_BTF_ID | (returns.nullable ? PTR_MAYBE_NULL : 0) | (returns.trusted ? PTR_TRUSTED : 0) | (returns.rcu ? MEM_RCU : 0), ZERO, 0, 0, 0, 0, 0, undefined, { name: returns.struct });
  if (returns.nullable) reg = reg.withId(env.newId());
  if (returns.acquire) {
    const ref = acquire(env, env.insn);
    reg = reg.with({ refObjId: ref, ...(returns.nullable ? { id: ref } : {}) });
  }
  setReg(env, 0, reg);
}

