/** Conditional jumps: which ways are possible, and what each way tells of registers, pointers and the packet. */
import { BPF_JA, BPF_JCOND, BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JLE, BPF_JLT, BPF_JMP, BPF_JMP32, BPF_JNE, BPF_X, classOf, operationOf } from "../isa/index.js";
import type { Insn } from "../object/index.js";
import { specialFields } from "./btf-fields.js";
import type { Env } from "./env.js";
import { MAX_VAR_OFF } from "./env.js";
import { WAY_ON, WAY_TAKEN } from "./facts.js";
import { logInsnState } from "./format.js";
import { fieldOf } from "./map-info.js";
import { pushPath } from "./paths.js";
import { markPrecise, noteStep } from "./precision.js";
import { findEarlier, widen } from "./prune.js";
import type { Reg } from "./reg.js";
import { ADD_CONST, ADD_CONST32, AT_PKT_END, BEYOND_PKT_END, Reg as RegClass, constReg, scalarReg } from "./reg.js";
import { readReg } from "./regs.js";
import { add, zeroExtend } from "./scalar-alu.js";
import { FLIPPED, compare } from "./scalar-branch.js";
import { Draft, ZERO, constant } from "./scalar.js";
import type { Scalar } from "./scalar.js";
import type { State } from "./state.js";
import { Slot } from "./state.js";
import { CONST_PTR_TO_MAP, MEM_ALLOC, NON_OWN_REF, PTR_MAYBE_NULL, PTR_TO_BTF_ID, PTR_TO_BUF, PTR_TO_MAP_KEY, PTR_TO_MAP_VALUE, PTR_TO_MEM, PTR_TO_PACKET, PTR_TO_PACKET_END, PTR_TO_PACKET_META, PTR_TO_SOCKET, PTR_TO_SOCK_COMMON, PTR_TO_STACK, PTR_TO_TCP_SOCK, PTR_TO_XDP_SOCK, PTR_TRUSTED, PTR_UNTRUSTED, SCALAR_VALUE, baseOf, maybeNull } from "./types.js";

const MAX_PACKET_OFF = 0xffffn;
const MAX_LINKED = 6;
const MAX_OFFSET = BigInt(MAX_VAR_OFF);

/** Decides a conditional jump; gives the instruction to go on at, less one. */
export function checkJump(env: Env, insn: Insn): number {
  const operation = operationOf(insn.op);
  if (operation === BPF_JA || operation > BPF_JCOND) env.reject(`invalid BPF_JMP/JMP32 opcode ${operation.toString(16)}`);
  if (operation === BPF_JCOND) return mayGoto(env, insn);
  const is32 = classOf(insn.op) === BPF_JMP32;
  const byRegister = (insn.op & BPF_X) !== 0;
  const target = env.insn + insn.off;
  const dst = readReg(env, insn.dst);
  let src: Reg;
  if (byRegister) {
    if (insn.imm !== 0) env.reject("BPF_JMP/JMP32 uses reserved fields");
    src = readReg(env, insn.src);
    if (src.type === PTR_TO_STACK) noteStep(env, env.state).srcStack = true;
  } else {
    if (insn.src !== 0) env.reject("BPF_JMP/JMP32 uses reserved fields");
    src = constReg(insn.imm);
  }
  if (dst.type === PTR_TO_STACK) noteStep(env, env.state).dstStack = true;
  const numbers = dst.isScalar && src.isScalar;
  const comparison = numbers ? compare(operation, is32, dst.scalar, src.scalar) : undefined;
  const taken = comparison === undefined ? pointersTaken(dst, src, operation, is32) : comparison.taken;
  if (taken !== undefined) {
    if (dst.isScalar) markPrecise(env, insn.dst);
    if (byRegister && src.isScalar) markPrecise(env, insn.src);
    if (env.log.on) logInsnState(env, env.state.top);
    env.facts.went(env.insn, taken ? WAY_TAKEN : WAY_ON);
    return taken ? target : env.insn;
  }
  env.facts.went(env.insn, WAY_ON | WAY_TAKEN);
  const linked = linkedRegisters(env, byRegister, dst, src);
  const here = env.state;
  const other = pushPath(env, target + 1, env.insn);
  if (comparison !== undefined) {
    const otherRegs = other.ownTop().regs;
    const regs = here.ownTop().regs;
    const original = regs[insn.dst] as Reg;
    const originalSrc = byRegister ? (regs[insn.src] as Reg) : src;
    otherRegs[insn.dst] = original.withScalar(comparison.takenLeft);
    regs[insn.dst] = original.withScalar(comparison.elseLeft);
    if (byRegister) {
      otherRegs[insn.src] = originalSrc.withScalar(comparison.takenRight);
      regs[insn.src] = originalSrc.withScalar(comparison.elseRight);
    }
    if (linked.length > 1) {
      if (byRegister && originalSrc.id !== 0) {
        syncLinked(here, insn.src, linked);
        syncLinked(other, insn.src, linked);
      }
      if (original.id !== 0) {
        syncLinked(here, insn.dst, linked);
        syncLinked(other, insn.dst, linked);
      }
    }
  } else comparePointers(env, insn, operation, is32, byRegister, dst, src, other);
  if (env.log.on) logInsnState(env, here.top);
  return env.insn;
}

/** A jump that the kernel takes when a loop has gone on for too long: both ways are possible, a limited number of times. */
function mayGoto(env: Env, insn: Insn): number {
  if (insn.op !== (BPF_JMP | BPF_JCOND) || insn.src !== 0 || insn.dst !== 0 || insn.imm !== 0 || insn.off === 0) env.reject(`invalid may_goto off ${insn.off} imm ${insn.imm}`);
  env.facts.went(env.insn, WAY_ON | WAY_TAKEN);
  const earlier = findEarlier(env, env.state.parent, env.insn);
  const queued = pushPath(env, env.insn + 1, env.insn);
  queued.mayGotoDepth++;
  if (earlier !== undefined) widen(earlier, queued);
  return env.insn + insn.off;
}

function isPacketAny(type: number): boolean {
  return type === PTR_TO_PACKET || type === PTR_TO_PACKET_META || type === PTR_TO_PACKET_END;
}

/** Pointers that are never 0: those with a base that is not, unless an offset could wrap around. */
function isNotNull(reg: Reg): boolean {
  const { type } = reg;
  if (maybeNull(type) || reg.scalar.smin <= -MAX_OFFSET || reg.scalar.smax >= MAX_OFFSET) return false;
  const base = baseOf(type);
  const trusted = reg.refObjId !== 0 || ((type & (PTR_TRUSTED | MEM_ALLOC | NON_OWN_REF)) !== 0 && (type & PTR_UNTRUSTED) === 0);
  return (
    base === PTR_TO_SOCKET || base === PTR_TO_TCP_SOCK || base === PTR_TO_XDP_SOCK || base === PTR_TO_BUF || base === PTR_TO_MAP_VALUE || base === PTR_TO_MAP_KEY || base === PTR_TO_SOCK_COMMON ||
    (base === PTR_TO_BTF_ID && trusted) || (base === PTR_TO_MEM && (type & PTR_UNTRUSTED) === 0) || base === CONST_PTR_TO_MAP
  );
}

function pointersTaken(dst: Reg, src: Reg, operation: number, is32: boolean): boolean | undefined {
  if (isPacketAny(dst.type) && isPacketAny(src.type) && !is32) return packetTaken(dst, src, operation);
  if (is32) return undefined;
  const [pointer, number] = src.isScalar ? [dst, src] : [src, dst];
  if (!number.isScalar || number.scalar !== ZERO || !isNotNull(pointer)) return undefined;
  if (operation === BPF_JEQ) return false;
  return operation === BPF_JNE ? true : undefined;
}

/** A packet pointer that was compared with the end before. */
function packetTaken(dst: Reg, src: Reg, operation: number): boolean | undefined {
  let pointer = dst;
  let op: number = operation;
  if (src.type !== PTR_TO_PACKET_END) {
    if (dst.type !== PTR_TO_PACKET_END) return undefined;
    pointer = src;
    op = FLIPPED[operation] ?? 0;
  }
  if (pointer.type === PTR_TO_PACKET_END || pointer.range >= 0) return undefined;
  if (op === BPF_JLE || op === BPF_JGT) return pointer.range === BEYOND_PKT_END ? op === BPF_JGT : undefined;
  if (op === BPF_JLT || op === BPF_JGE) return op === BPF_JGE;
  return undefined;
}

/** Registers and slots that hold one of the numbers compared, or that plus a constant. */
function linkedRegisters(env: Env, byRegister: boolean, dst: Reg, src: Reg): number[] {
  const linked: number[] = [];
  if (byRegister && src.isScalar && src.id !== 0) collectLinked(env, env.state, (src.id & ~ADD_CONST) >>> 0, linked);
  if (dst.isScalar && dst.id !== 0) collectLinked(env, env.state, (dst.id & ~ADD_CONST) >>> 0, linked);
  if (linked.length > 1) noteStep(env, env.state).linked = linked;
  return linked;
}

function collectLinked(env: Env, state: State, id: number, linked: number[]): void {
  for (let n = state.frames.length - 1; n >= 0; n--) {
    const frame = state.frames[n] as State["frames"][number];
    // What is not read any more need not be known.
    const live = env.aux.liveRegs[state.frames[n + 1]?.callsite ?? env.insn] as number;
    for (let i = 0; i < 10; i++) {
      const reg = frame.regs[i] as Reg;
      if ((live & (1 << i)) === 0 || reg.type !== SCALAR_VALUE || (reg.id & ~ADD_CONST) >>> 0 !== id) continue;
      if (linked.length < MAX_LINKED) linked.push((n << 8) | i);
      else state.own(n).regs[i] = reg.withoutId();
    }
    const { stack } = state.frames[n] as State["frames"][number];
    for (let i = 0; i < stack.length; i++) {
      const slot = stack[i] as Slot;
      if (!slot.isSpill || slot.reg.type !== SCALAR_VALUE || (slot.reg.id & ~ADD_CONST) >>> 0 !== id) continue;
      if (linked.length < MAX_LINKED) linked.push((n << 8) | 128 | i);
      else state.own(n).stack[i] = new Slot(slot.types, slot.reg.withoutId());
    }
  }
}

/** Gives what is known of a register to all that hold the same number. */
function syncLinked(state: State, regno: number, linked: readonly number[]): void {
  const known = state.top.regs[regno] as Reg;
  for (const entry of linked) {
    const n = entry >> 8;
    const frame = state.frames[n] as State["frames"][number];
    if (entry & 128) {
      const slot = frame.stack[entry & 63] as Slot;
      const synced = syncedWith(slot.reg, known);
      if (synced !== slot.reg) state.own(n).stack[entry & 63] = new Slot(slot.types, synced);
    } else {
      const i = entry & 15;
      const reg = frame.regs[i] as Reg;
      if (n === state.frames.length - 1 && i === regno) continue;
      const synced = syncedWith(reg, known);
      if (synced !== reg) state.own(n).regs[i] = synced;
    }
  }
}

function syncedWith(reg: Reg, known: Reg): Reg {
  if (reg.type !== SCALAR_VALUE || (reg.id & ~ADD_CONST) !== (known.id & ~ADD_CONST)) return reg;
  // Sums of 64 bits and of 32 have nothing to say to each other.
  if (((reg.id ^ known.id) & ADD_CONST) === ADD_CONST) return reg;
  if (((reg.id | known.id) & ADD_CONST) === 0 || reg.off === known.off) return known;
  return new RegClass(SCALAR_VALUE, shifted(known.scalar, reg.off - known.off, ((reg.id | known.id) & ADD_CONST32) !== 0), reg.off, reg.id);
}

function shifted(scalar: Scalar, by: number, is32: boolean): Scalar {
  const d = Draft.of(scalar);
  add(d, constant(BigInt(by)));
  if (is32) zeroExtend(d);
  return d.sync().done();
}

function comparePointers(env: Env, insn: Insn, operation: number, is32: boolean, byRegister: boolean, dst: Reg, src: Reg, other: State): void {
  const here = env.state;
  if (!is32 && byRegister && !src.isScalar && !dst.isScalar && baseOf(src.type) !== PTR_TO_BTF_ID && baseOf(dst.type) !== PTR_TO_BTF_ID) {
    const equal = operation === BPF_JEQ ? other : operation === BPF_JNE ? here : undefined;
    if (equal !== undefined) {
      if (isNotNull(dst) && maybeNull(src.type)) equal.ownTop().regs[insn.src] = notNull(equal.top.regs[insn.src] as Reg);
      if (isNotNull(src) && maybeNull(dst.type)) equal.ownTop().regs[insn.dst] = notNull(equal.top.regs[insn.dst] as Reg);
    }
  }
  if (!is32 && !byRegister && insn.imm === 0 && (operation === BPF_JEQ || operation === BPF_JNE) && maybeNull(dst.type)) {
    markNull(env, here, insn.dst, operation === BPF_JNE);
    markNull(env, other, insn.dst, operation === BPF_JEQ);
    return;
  }
  if (byRegister && !is32) comparePacket(operation, insn, dst, src, here, other);
}

/** What a nullable pointer is once it is known not to be 0. */
export function notNull(reg: Reg): Reg {
  if (baseOf(reg.type) !== PTR_TO_MAP_VALUE) return reg.withType(reg.type & ~PTR_MAYBE_NULL);
  const { map } = reg;
  if (map?.inner !== undefined) {
    const tracked = fieldOf(map.inner, "bpf_timer") !== undefined || fieldOf(map.inner, "bpf_wq") !== undefined;
    return reg.with({ type: CONST_PTR_TO_MAP, map: map.inner, ...(tracked ? { uid: reg.id } : {}) });
  }
  if (map?.type === "BPF_MAP_TYPE_XSKMAP") return reg.withType(PTR_TO_XDP_SOCK);
  if (map?.type === "BPF_MAP_TYPE_SOCKMAP" || map?.type === "BPF_MAP_TYPE_SOCKHASH") return reg.withType(PTR_TO_SOCKET);
  return reg.withType(PTR_TO_MAP_VALUE);
}

/** All copies of a nullable pointer, on the way where it is 0 or where it is not. */
function markNull(env: Env, state: State, regno: number, isNull: boolean): void {
  const { id, refObjId } = state.top.regs[regno] as Reg;
  if (refObjId !== 0 && refObjId === id && isNull) state.refs = state.refs.filter((ref) => ref.kind !== "ref" || ref.id !== id);
  let before: Reg | undefined;
  let after: Reg | undefined;
  state.mapRegs((reg) => {
    if (!maybeNull(reg.type) || reg.id !== id) return reg;
    // Copies are mostly the same object.
    if (reg === before) return after as Reg;
    before = reg;
    if (isNull) return (after = scalarReg(reg.scalar));
    const known = notNull(reg);
    return (after = holdsLock(env, known) ? known : known.withId(0));
  });
}

/** Locks are told apart by the id of the pointer to what they are in. */
function holdsLock(env: Env, reg: Reg): boolean {
  if (baseOf(reg.type) === PTR_TO_MAP_VALUE && reg.map !== undefined) return fieldOf(reg.map, "bpf_spin_lock") !== undefined || fieldOf(reg.map, "bpf_res_spin_lock") !== undefined;
  return (reg.type & MEM_ALLOC) !== 0 && env.btf !== undefined && reg.struct?.typeId !== undefined && specialFields(env.btf, reg.struct.typeId).some(({ kind }) => kind === "bpf_spin_lock");
}

function isStart(reg: Reg): boolean {
  return reg.type === PTR_TO_PACKET && reg.id === 0 && reg.off === 0 && reg.scalar === ZERO;
}

/** A comparison with the packet's end, or of metadata with the packet's start, in any direction. */
function comparePacket(operation: number, insn: Insn, dst: Reg, src: Reg, here: State, other: State): boolean {
  let op: number = operation;
  let regno = insn.dst;
  let pointer = dst;
  if ((dst.type === PTR_TO_PACKET && src.type === PTR_TO_PACKET_END) || (dst.type === PTR_TO_PACKET_META && isStart(src))) {
    // As it stands.
  } else if ((dst.type === PTR_TO_PACKET_END && src.type === PTR_TO_PACKET) || (isStart(dst) && src.type === PTR_TO_PACKET_META)) {
    op = FLIPPED[operation] ?? 0;
    regno = insn.src;
    pointer = src;
  } else return false;
  switch (op) {
    case BPF_JGT:
      extendRange(here, pointer, false);
      markEnd(other, regno, true);
      return true;
    case BPF_JLT:
      extendRange(other, pointer, true);
      markEnd(here, regno, false);
      return true;
    case BPF_JGE:
      extendRange(here, pointer, true);
      markEnd(other, regno, false);
      return true;
    case BPF_JLE:
      extendRange(other, pointer, false);
      markEnd(here, regno, true);
      return true;
    default:
      return false;
  }
}

/** A pointer was found to be at the end (`open`: before it): that many bytes are there. */
function extendRange(state: State, pointer: Reg, open: boolean): void {
  if (pointer.off < 0 || (pointer.off === 0 && open)) return;
  if (pointer.scalar.umax > MAX_PACKET_OFF || pointer.scalar.umax + BigInt(pointer.off) > MAX_PACKET_OFF) return;
  const range = pointer.off + (open ? 1 : 0);
  const { type, id } = pointer;
  state.mapRegs((reg) => (reg.type === type && reg.id === id && reg.extra < range ? reg.withRange(range) : reg));
}

function markEnd(state: State, regno: number, beyond: boolean): void {
  const reg = state.top.regs[regno] as Reg;
  if (reg.type === PTR_TO_PACKET) state.ownTop().regs[regno] = reg.withRange(beyond ? BEYOND_PKT_END : AT_PKT_END);
}

