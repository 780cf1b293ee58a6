/** Calls of helpers: every argument by the helper's prototype, what the call changes, what comes back. */
import { helperName, HELPER_NAMES } from "../helpers/index.js";
import { CHANGES_PACKET } from "../helpers/prototypes.js";
import type { Insn } from "../object/index.js";
import { FUNC_tail_call, FUNC_find_vma, FUNC_for_each_map_elem, FUNC_loop, FUNC_timer_set_callback, FUNC_user_ringbuf_drain } from "./calls.js";
import { checkDynptr, dynptrAt, endDynptr } from "./dynptr.js";
import type { Env } from "./env.js";
import { clearPacketPointers, leaveFrame, pushAsyncCallback, pushCallback } from "./frames.js";
import { CallMeta, checkHelperMemory, checkMemorySize } from "./helper-memory.js";
import { checkMapCompatibility } from "./map-compatibility.js";
import type { MapInfo } from "./map-info.js";
import { BPF_F_RDONLY_PROG, fieldOf } from "./map-info.js";
import { checkAccess, checkAlignment, checkMapValue, checkPointerOffset } from "./memory.js";
import { pushPath } from "./paths.js";
import { markPrecise, markSlotPrecise } from "./precision.js";
import type { ParsedPrototype, ParsedType } from "./prototype.js";
import { PROTOTYPES } from "./prototype.js";
import { acquire, checkResources, release } from "./references.js";
import { Reg, UNINIT_REG, UNKNOWN_REG, dynptrReg } from "./reg.js";
import { clearCallerSaved, getReg, readReg, setReg } from "./regs.js";
import { Draft, UNKNOWN, ZERO } from "./scalar.js";
import { processSpinLock } from "./spin-lock.js";
import { frameOf, slotOf } from "./stack.js";
import type { Frame } from "./state.js";
import { STACK_SPILL, STACK_ZERO } from "./state.js";
import { s64 } from "./tnum.js";
import { CONST_PTR_TO_DYNPTR, CONST_PTR_TO_MAP, DYNPTR_LOCAL, DYNPTR_TYPES, MEM_ALIGNED, MEM_ALLOC, MEM_FIXED_SIZE, MEM_PERCPU, MEM_RCU, MEM_RDONLY, MEM_RINGBUF, MEM_UNINIT, MEM_WRITE, OBJ_RELEASE, PTR_MAYBE_NULL, PTR_TO_BTF_ID, PTR_TO_BUF, PTR_TO_CTX, PTR_TO_FUNC, PTR_TO_MAP_KEY, PTR_TO_MAP_VALUE, PTR_TO_MEM, PTR_TO_PACKET, PTR_TO_PACKET_META, PTR_TO_SOCKET, PTR_TO_SOCK_COMMON, PTR_TO_STACK, PTR_TO_TCP_SOCK, PTR_TO_XDP_SOCK, PTR_TRUSTED, SCALAR_VALUE, baseOf, isPacketPointer, maybeNull, typeName } from "./types.js";

const FUNC_map_lookup_elem = 1;
const FUNC_map_update_elem = 2;
const FUNC_map_delete_elem = 3;
const FUNC_sk_lookup_tcp = 84;
const FUNC_sk_lookup_udp = 85;
const FUNC_map_push_elem = 87;
const FUNC_map_pop_elem = 88;
const FUNC_spin_lock = 93;
const FUNC_skc_lookup_tcp = 99;
const FUNC_ringbuf_reserve = 131;
const FUNC_snprintf = 165;
const FUNC_kptr_xchg = 194;
const FUNC_dynptr_from_mem = 197;
const FUNC_dynptr_data = 203;
const FUNC_get_smp_processor_id = 8;
const MAX_ERRNO = 4095;

const ACQUIRES: ReadonlySet<number> = new Set([FUNC_sk_lookup_tcp, FUNC_sk_lookup_udp, FUNC_skc_lookup_tcp, FUNC_ringbuf_reserve, FUNC_kptr_xchg]);
const CASTS: ReadonlySet<number> = new Set([136, 137, 138, 139, 140, 196]);

const MEMORY = [PTR_TO_STACK, PTR_TO_PACKET, PTR_TO_PACKET_META, PTR_TO_MAP_KEY, PTR_TO_MAP_VALUE, PTR_TO_MEM, PTR_TO_MEM | MEM_RINGBUF, PTR_TO_BUF, PTR_TO_BTF_ID | PTR_TRUSTED];
/** Kinds of registers that an argument may be. */
const COMPATIBLE: Readonly<Record<string, readonly number[]>> = {
  ARG_PTR_TO_MAP_KEY: MEMORY,
  ARG_PTR_TO_MAP_VALUE: MEMORY,
  ARG_PTR_TO_MEM: MEMORY,
  ARG_CONST_SIZE: [SCALAR_VALUE],
  ARG_CONST_SIZE_OR_ZERO: [SCALAR_VALUE],
  ARG_CONST_ALLOC_SIZE_OR_ZERO: [SCALAR_VALUE],
  ARG_SCALAR: [SCALAR_VALUE],
  ARG_CONST_MAP_PTR: [CONST_PTR_TO_MAP],
  ARG_PTR_TO_CTX: [PTR_TO_CTX],
  ARG_PTR_TO_SOCK_COMMON: [PTR_TO_SOCK_COMMON, PTR_TO_SOCKET, PTR_TO_TCP_SOCK, PTR_TO_XDP_SOCK],
  ARG_PTR_TO_BTF_ID_SOCK_COMMON: [PTR_TO_SOCK_COMMON, PTR_TO_SOCKET, PTR_TO_TCP_SOCK, PTR_TO_XDP_SOCK, PTR_TO_BTF_ID, PTR_TO_BTF_ID | PTR_TRUSTED],
  ARG_PTR_TO_SOCKET: [PTR_TO_SOCKET],
  ARG_PTR_TO_BTF_ID: [PTR_TO_BTF_ID, PTR_TO_BTF_ID | PTR_TRUSTED, PTR_TO_BTF_ID | MEM_RCU],
  ARG_PTR_TO_SPIN_LOCK: [PTR_TO_MAP_VALUE, PTR_TO_BTF_ID | MEM_ALLOC],
  ARG_PTR_TO_RINGBUF_MEM: [PTR_TO_MEM | MEM_RINGBUF],
  ARG_PTR_TO_PERCPU_BTF_ID: [PTR_TO_BTF_ID | MEM_PERCPU, PTR_TO_BTF_ID | MEM_PERCPU | MEM_RCU, PTR_TO_BTF_ID | MEM_PERCPU | PTR_TRUSTED],
  ARG_PTR_TO_FUNC: [PTR_TO_FUNC],
  ARG_PTR_TO_STACK: [PTR_TO_STACK],
  ARG_PTR_TO_CONST_STR: [PTR_TO_MAP_VALUE],
  ARG_PTR_TO_TIMER: [PTR_TO_MAP_VALUE],
  ARG_KPTR_XCHG_DEST: [PTR_TO_MAP_VALUE, PTR_TO_BTF_ID | MEM_ALLOC],
  ARG_PTR_TO_DYNPTR: [PTR_TO_STACK, CONST_PTR_TO_DYNPTR],
};

/** Checks a call of a helper, and what holds after it; gives the instruction to go on at. */
export function checkHelperCall(env: Env, insn: Insn): number {
  const id = insn.imm;
  const { state } = env;
  const extern = env.externs.get(env.insn);
  // The kernel that is judged for may have the function.
  if (extern?.kind === "kfunc") env.notKnown(`kernel function ${extern.name}`);
  if (id < 0 || id >= HELPER_NAMES.length || id === 0) env.reject(`invalid func ${id === 0 ? "unspec" : "unknown"}#${id}`);
  const proto = PROTOTYPES.get(id);
  if (proto === undefined) env.reject(`program of this type cannot use helper ${helperName(id)}#${id}`);
  if (proto.spec.gplOnly === true && !isGplCompatible(env.object.license)) env.reject("cannot call GPL-restricted function from non-GPL compatible program");
  if (proto.spec.mightSleep === true && !state.inSleepable) env.reject("helper call might sleep in a non-sleepable prog");
  const meta = new CallMeta();
  meta.packetAccess = proto.spec.packetAccess === true;
  for (const [i, arg] of proto.args.entries()) checkArgument(env, i + 1, arg, proto, meta);
  recordMap(env, id, meta);
  for (let i = 0; i < meta.rawSize; i++) checkAccess(env, meta.rawReg, i, 1, true, -1);
  releaseArgument(env, id, proto, meta);
  special(env, id, meta);
  clearCallerSaved(env);
  setReturn(env, id, proto, meta);
  checkMapCompatibility(env, meta.map, id, proto.name);
  if (id === FUNC_tail_call) return afterTailCall(env);
  if (CHANGES_PACKET.has(id)) clearPacketPointers(env);
  return env.insn + 1;
}

/** A tail call that fails changes nothing; one that succeeds ends the function, with any result and with the packet moved, which only a function's caller gets to see. */
function afterTailCall(env: Env): number {
  if (env.state.frames.length === 1) return env.insn + 1;
  pushPath(env, env.insn + 1, env.insn);
  clearPacketPointers(env);
  setReg(env, 0, UNKNOWN_REG);
  return leaveFrame(env);
}

/** Licences that the kernel counts as GPL (include/linux/license.h). */
export function isGplCompatible(license: string): boolean {
  return ["GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL"].includes(license);
}

function checkArgument(env: Env, regno: number, arg: ParsedType, proto: ParsedPrototype, meta: CallMeta): void {
  const reg = readReg(env, regno);
  let { base } = arg;
  if (base === "ARG_ANYTHING") return;
  if (isPacketPointer(reg.type) && !meta.packetAccess) env.reject("helper access to the packet is not allowed", "EACCES");
  if (base === "ARG_PTR_TO_MAP_VALUE") {
    if (meta.map === undefined) env.reject("invalid map_ptr to access map->type", "EACCES");
    else if (meta.map.type === "BPF_MAP_TYPE_SOCKMAP" || meta.map.type === "BPF_MAP_TYPE_SOCKHASH") {
      if (arg.flags !== 0) env.reject("invalid arg_type for sockmap/sockhash");
      base = "ARG_PTR_TO_BTF_ID_SOCK_COMMON";
    }
  }
  // The bloom filter reads the value that peek would write.
  const flags = base === "ARG_PTR_TO_MAP_VALUE" && meta.map?.type === "BPF_MAP_TYPE_BLOOM_FILTER" && proto.id === 89 ? 0 : arg.flags;
  if (reg.isNull && maybeNull(flags)) markPrecise(env, regno);
  else {
    checkType(env, regno, base, flags, proto, reg);
    checkOffset(env, regno, base, flags, reg);
  }
  if ((flags & OBJ_RELEASE) !== 0) {
    if (base === "ARG_PTR_TO_DYNPTR") {
      if (reg.type !== PTR_TO_STACK) env.reject("cannot release unowned const bpf_dynptr");
      if ((dynptrAt(env, reg)?.refObjId ?? 0) === 0) env.reject(`arg ${regno} is an unacquired reference`);
    } else if (reg.refObjId === 0 && !reg.isNull) env.reject(`R${regno} must be referenced when passed to release function`);
    meta.releaseReg = regno;
  }
  if (reg.refObjId !== 0 && base !== "ARG_KPTR_XCHG_DEST") {
    if (meta.refObjId !== 0) env.reject(`more than one arg with ref_obj_id R${regno} ${reg.refObjId} ${meta.refObjId}`, "EACCES");
    meta.refObjId = reg.refObjId;
  }
  checkByKind(env, regno, base, flags, arg.size, proto, meta, reg);
}

function checkType(env: Env, regno: number, base: string, flags: number, proto: ParsedPrototype, reg: Reg): void {
  const compatible = COMPATIBLE[base];
  if (compatible === undefined) return env.notKnown(`arguments of type ${base}`);
  let { type } = reg;
  if ((flags & MEM_RDONLY) !== 0) type &= ~MEM_RDONLY;
  if ((flags & PTR_MAYBE_NULL) !== 0) type &= ~PTR_MAYBE_NULL;
  if (base === "ARG_PTR_TO_MEM") type &= ~DYNPTR_TYPES;
  if (proto.id === FUNC_kptr_xchg && regno === 2) type &= ~(MEM_ALLOC | MEM_PERCPU);
  if (!compatible.includes(type)) env.reject(`R${regno} type=${typeName(reg.type)} expected=${compatible.map(typeName).join(", ")}`, "EACCES");
  if (baseOf(reg.type) !== PTR_TO_BTF_ID) return;
  if (compatible === MEMORY) {
    if ((flags & MEM_RDONLY) === 0) env.reject(`${proto.name}() may write into memory pointed by R${regno} type=${typeName(reg.type)}`, "EACCES");
    return;
  }
  if (maybeNull(reg.type) && (!maybeNull(flags) || (flags & OBJ_RELEASE) !== 0)) env.reject(`Possibly NULL pointer passed to helper arg${regno}`, "EACCES");
}

function checkOffset(env: Env, regno: number, base: string, flags: number, reg: Reg): void {
  if ((flags & OBJ_RELEASE) !== 0) {
    if (base === "ARG_PTR_TO_DYNPTR" && reg.type === PTR_TO_STACK) return;
    if (reg.off !== 0) env.reject(`R${regno} must have zero offset when passed to release func or trusted arg to kfunc`);
    return checkPointerOffset(env, reg, regno, false);
  }
  switch (reg.type & ~(MEM_RDONLY | MEM_RINGBUF | DYNPTR_TYPES)) {
    case PTR_TO_STACK:
    case PTR_TO_PACKET:
    case PTR_TO_PACKET_META:
    case PTR_TO_MAP_KEY:
    case PTR_TO_MAP_VALUE:
    case PTR_TO_MEM:
    case PTR_TO_BUF:
    case SCALAR_VALUE:
      return;
    default:
      checkPointerOffset(env, reg, regno, baseOf(reg.type) === PTR_TO_BTF_ID);
  }
}

function checkByKind(env: Env, regno: number, base: string, flags: number, size: number, proto: ParsedPrototype, meta: CallMeta, reg: Reg): void {
  const previous = proto.args[regno - 2];
  switch (base) {
    case "ARG_CONST_MAP_PTR":
      if (meta.map !== undefined && (meta.map !== reg.map || meta.mapUid !== reg.uid)) {
        env.reject(`timer pointer in R1 map_uid=${meta.mapUid} doesn't match map pointer in R2 map_uid=${reg.uid}`);
      }
      meta.map = reg.map;
      meta.mapUid = reg.uid;
      return;
    case "ARG_PTR_TO_MAP_KEY":
      if (meta.map === undefined) return env.reject("invalid map_ptr to access map->key", "EACCES");
      checkHelperMemory(env, regno, meta.map.keySize, false, false, undefined);
      if (meta.map.type === "BPF_MAP_TYPE_ARRAY" || meta.map.type === "BPF_MAP_TYPE_PERCPU_ARRAY") meta.constantKey = constantKey(env, reg, meta.map.keySize);
      return;
    case "ARG_PTR_TO_MAP_VALUE":
      if (maybeNull(flags) && reg.isNull) return;
      if (meta.map === undefined) return env.reject("invalid map_ptr to access map->value", "EACCES");
      meta.rawMode = (flags & MEM_UNINIT) !== 0;
      return checkHelperMemory(env, regno, meta.map.valueSize, (flags & MEM_WRITE) !== 0, false, meta);
    case "ARG_PTR_TO_SPIN_LOCK":
      return processSpinLock(env, regno, proto.id === FUNC_spin_lock);
    case "ARG_PTR_TO_TIMER":
      return processTimer(env, regno, reg, meta);
    case "ARG_PTR_TO_FUNC":
      meta.subprogram = reg.extra;
      return;
    case "ARG_PTR_TO_MEM":
      meta.rawMode = (flags & MEM_UNINIT) !== 0;
      if ((flags & MEM_FIXED_SIZE) !== 0 && !(maybeNull(flags) && reg.isNull)) {
        checkHelperMemory(env, regno, size, (flags & MEM_WRITE) !== 0, false, meta);
        if ((flags & MEM_ALIGNED) !== 0) checkAlignment(env, reg, 0, size, true);
      }
      return;
    case "ARG_CONST_SIZE":
    case "ARG_CONST_SIZE_OR_ZERO":
      return checkMemorySize(env, regno, ((previous?.flags ?? 0) & MEM_WRITE) !== 0, base === "ARG_CONST_SIZE_OR_ZERO", meta);
    case "ARG_PTR_TO_DYNPTR":
      return checkDynptr(env, regno, flags);
    case "ARG_CONST_ALLOC_SIZE_OR_ZERO":
      if (!reg.scalar.isConst) env.reject(`R${regno} is not a known constant'`, "EACCES");
      meta.memSize = Number(BigInt.asUintN(32, reg.scalar.value));
      return markPrecise(env, regno);
    case "ARG_PTR_TO_CONST_STR":
      return checkString(env, regno, reg);
    case "ARG_KPTR_XCHG_DEST":
      return env.notKnown("kernel pointers in map values");
    default:
  }
}

/** A key on the stack whose number is known; -1 where it is not. */
function constantKey(env: Env, reg: Reg, keySize: number): number {
  if (reg.type !== PTR_TO_STACK || !reg.scalar.isConst) return -1;
  const off = reg.off + Number(s64(reg.scalar.value));
  const slotNumber = slotOf(off);
  const byte = (-off - 1) & 7;
  const slot = frameOf(env, reg).stack[slotNumber];
  if (slot === undefined) return -1;
  let zeros = 0;
  for (let i = byte; i >= 0 && slot.typeOf(i) === STACK_ZERO; i--) zeros++;
  if (zeros >= keySize) return 0;
  if (!slot.isSpill || !slot.reg.isScalar) return -1;
  let spilled = 0;
  for (let i = byte; i >= 0 && slot.typeOf(i) === STACK_SPILL; i--) spilled++;
  if (spilled !== keySize || !slot.reg.scalar.isConst) return -1;
  markSlotPrecise(env, reg.frame, slotNumber);
  return Number(BigInt.asUintN(53, slot.reg.scalar.value));
}

/** Text that does not change, with its end. */
function checkString(env: Env, regno: number, reg: Reg): void {
  const map = reg.map as MapInfo;
  if (map.constant === undefined) return env.reject(`R${regno} does not point to a readonly map'`, "EACCES");
  if (!reg.scalar.isConst) env.reject(`R${regno} is not a constant address'`, "EACCES");
  checkMapValue(env, regno, reg.off, map.valueSize - reg.off, false, false);
  const from = reg.off + Number(s64(reg.scalar.value));
  if (!map.constant.subarray(from).includes(0)) env.reject("string is not zero-terminated");
}

function processTimer(env: Env, regno: number, reg: Reg, meta: CallMeta): void {
  const map = reg.map as MapInfo;
  if (!reg.scalar.isConst) env.reject(`R${regno} doesn't have constant offset. bpf_timer has to be at the constant offset`);
  const field = fieldOf(map, "bpf_timer");
  if (field === undefined) return env.reject(`map '${map.name}' has no valid bpf_timer`);
  const off = s64(reg.scalar.value) + BigInt(reg.off);
  if (off !== BigInt(field.offset)) env.reject(`off ${off} doesn't point to 'struct bpf_timer' that is at ${field.offset}`);
  meta.map = map;
  meta.mapUid = reg.uid;
}

function recordMap(env: Env, id: number, meta: CallMeta): void {
  const writes = id === FUNC_map_update_elem || id === FUNC_map_delete_elem || id === FUNC_map_push_elem || id === FUNC_map_pop_elem;
  if (writes && meta.map !== undefined && (meta.map.flags & BPF_F_RDONLY_PROG) !== 0) env.reject("write into map forbidden", "EACCES");
  if (id !== FUNC_tail_call) return;
  if (meta.map?.type !== "BPF_MAP_TYPE_PROG_ARRAY") return;
  const index = getReg(env, 3);
  if (index.isScalar && index.scalar.isConst && index.scalar.value < BigInt(meta.map.maxEntries)) markPrecise(env, 3);
}

function releaseArgument(env: Env, id: number, proto: ParsedPrototype, meta: CallMeta): void {
  if (meta.releaseReg === 0) return;
  let released = false;
  if (proto.args[meta.releaseReg - 1]?.base === "ARG_PTR_TO_DYNPTR") {
    endDynptr(env, meta.releaseReg);
    released = true;
  } else if (meta.refObjId !== 0) released = release(env, meta.refObjId);
  else released = getReg(env, meta.releaseReg).isNull;
  if (!released) env.reject(`func ${proto.name}#${id} reference has not been acquired before`);
}

/** What single helpers ask for beyond their arguments. */
function special(env: Env, id: number, meta: CallMeta): void {
  const { state } = env;
  switch (id) {
    case FUNC_tail_call:
      return checkResources(env, "tail_call", false, true);
    case FUNC_for_each_map_elem: {
      const map = meta.map as MapInfo;
      checkMapForEach(env, map);
      return pushCallback(env, meta.subprogram, (caller, callee) => {
        const pointer = caller.regs[1] as Reg;
        callee.regs[1] = pointer;
        callee.regs[2] = new Reg(PTR_TO_MAP_KEY, ZERO, 0, 0, 0, 0, pointer.uid, pointer.map);
        callee.regs[3] = new Reg(PTR_TO_MAP_VALUE, ZERO, 0, 0, 0, 0, pointer.uid, pointer.map);
        callee.regs[4] = caller.regs[3] as Reg;
        callee.regs[5] = UNINIT_REG;
      });
    }
    case FUNC_timer_set_callback:
      return pushAsyncCallback(env, meta.subprogram, false, setTimerArguments);
    case FUNC_find_vma:
      return pushCallback(env, meta.subprogram, (caller, callee) => {
        callee.regs[1] = caller.regs[1] as Reg;
        callee.regs[2] = new Reg(PTR_TO_BTF_ID, ZERO, 0, 0, 0, 0, 0, undefined, { name: "vm_area_struct" });
        callee.regs[3] = caller.regs[4] as Reg;
        callee.regs[4] = callee.regs[5] = UNINIT_REG;
      });
    case FUNC_snprintf:
      if (Number(getReg(env, 5).scalar.bits.value % 8n) !== 0) env.reject("Invalid format string");
      return;
    case FUNC_loop:
      if (getReg(env, 4).isNull) markPrecise(env, 4);
      markPrecise(env, 1);
      if (BigInt(state.top.callbackDepth) < getReg(env, 1).scalar.umax) {
        return pushCallback(env, meta.subprogram, (caller, callee) => {
          callee.regs[1] = UNKNOWN_REG;
          callee.regs[2] = caller.regs[3] as Reg;
          callee.regs[3] = callee.regs[4] = callee.regs[5] = UNINIT_REG;
        });
      }
      state.ownTop().callbackDepth = 0;
      if (env.log.level >= 2) env.log.write(`frame${state.frames.length - 1} bpf_loop iteration limit reached\n`);
      return;
    case FUNC_dynptr_from_mem: {
      const { type } = getReg(env, 1);
      if (type !== PTR_TO_MAP_VALUE) env.reject(`Unsupported reg type ${typeName(type)} for bpf_dynptr_from_mem data`, "EACCES");
      return;
    }
    case FUNC_dynptr_data: {
      const dynptr = dynptrAt(env, getReg(env, 1));
      meta.dynptrId = dynptr?.id ?? 0;
      meta.refObjId = dynptr?.refObjId ?? 0;
      return;
    }
    case FUNC_user_ringbuf_drain:
      return pushCallback(env, meta.subprogram, (caller, callee) => {
        callee.regs[0] = UNINIT_REG;
        callee.regs[1] = dynptrReg(DYNPTR_LOCAL, true, env.newId());
        callee.regs[2] = caller.regs[3] as Reg;
        callee.regs[3] = callee.regs[4] = callee.regs[5] = UNINIT_REG;
      });
    default:
  }
}

function checkMapForEach(env: Env, map: MapInfo): void {
  const able = ["ARRAY", "PERCPU_ARRAY", "HASH", "PERCPU_HASH", "LRU_HASH", "LRU_PERCPU_HASH", "ARRAY_OF_MAPS", "HASH_OF_MAPS"];
  if (!able.includes(map.type.replace("BPF_MAP_TYPE_", ""))) env.reject("callback function not allowed for map", "ENOTSUPP");
}

function setTimerArguments(caller: Frame, callee: Frame): void {
  const { map, uid } = caller.regs[1] as Reg;
  callee.regs[1] = new Reg(CONST_PTR_TO_MAP, ZERO, 0, 0, 0, 0, uid, map);
  callee.regs[2] = new Reg(PTR_TO_MAP_KEY, ZERO, 0, 0, 0, 0, uid, map);
  callee.regs[3] = new Reg(PTR_TO_MAP_VALUE, ZERO, 0, 0, 0, 0, uid, map);
  callee.regs[4] = callee.regs[5] = UNINIT_REG;
  callee.callbackMin = 0;
  callee.callbackMax = 0;
}

function setReturn(env: Env, id: number, proto: ParsedPrototype, meta: CallMeta): void {
  const { base } = proto.ret;
  let { flags } = proto.ret;
  let reg: Reg;
  switch (base) {
    case "RET_INTEGER":
      return setReg(env, 0, integer(env, id, meta));
    case "RET_VOID":
      return;
    case "RET_PTR_TO_MAP_VALUE": {
      const map = meta.map as MapInfo;
      if (id === FUNC_map_lookup_elem && meta.constantKey >= 0 && meta.constantKey < map.maxEntries) flags &= ~PTR_MAYBE_NULL;
      const locked = !maybeNull(flags) && (fieldOf(map, "bpf_spin_lock") !== undefined || fieldOf(map, "bpf_res_spin_lock") !== undefined);
      reg = new Reg(PTR_TO_MAP_VALUE | flags, ZERO, 0, locked ? env.newId() : 0, 0, 0, meta.mapUid, map);
      break;
    }
    case "RET_PTR_TO_SOCKET":
      reg = new Reg(PTR_TO_SOCKET | flags, ZERO);
      break;
    case "RET_PTR_TO_SOCK_COMMON":
      reg = new Reg(PTR_TO_SOCK_COMMON | flags, ZERO);
      break;
    case "RET_PTR_TO_TCP_SOCK":
      reg = new Reg(PTR_TO_TCP_SOCK | flags, ZERO);
      break;
    case "RET_PTR_TO_MEM":
      reg = new Reg(PTR_TO_MEM | flags, ZERO, 0, 0, 0, meta.memSize, id === FUNC_dynptr_data ? meta.dynptrId : 0);
      break;
    case "RET_PTR_TO_BTF_ID":
      reg = new Reg(PTR_TO_BTF_ID | flags, ZERO, 0, 0, 0, 0, 0, undefined, { name: proto.spec.returns ?? "" });
      break;
    default:
      return env.notKnown(`what ${proto.name} returns`);
  }
  if (maybeNull(reg.type)) reg = reg.withId(env.newId());
  const acquires = ACQUIRES.has(id) || (id === FUNC_map_lookup_elem && (meta.map?.type === "BPF_MAP_TYPE_SOCKMAP" || meta.map?.type === "BPF_MAP_TYPE_SOCKHASH"));
  if (CASTS.has(id) || id === FUNC_dynptr_data) reg = reg.with({ refObjId: meta.refObjId });
  else if (acquires) {
    const ref = acquire(env, env.insn);
    reg = reg.with({ id: ref, refObjId: ref });
  }
  setReg(env, 0, reg);
}

/** Numbers that some helpers are known to stay within. */
function integer(env: Env, id: number, meta: CallMeta): Reg {
  const d = Draft.of(UNKNOWN);
  if (id === FUNC_get_smp_processor_id) {
    d.umax = d.smax = BigInt(env.options.cpus - 1);
    d.u32max = d.s32max = env.options.cpus - 1;
    d.smin = 0n;
    d.s32min = 0;
  } else if (id === 114 || id === 115 || id === 141) {
    d.smax = meta.maxSize;
    d.s32max = Number(BigInt.asIntN(32, meta.maxSize));
    d.smin = BigInt(-MAX_ERRNO);
    d.s32min = -MAX_ERRNO;
  } else return UNKNOWN_REG;
  return new Reg(SCALAR_VALUE, d.sync().done());
}

