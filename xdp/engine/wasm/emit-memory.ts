/** Loads, stores and atomics -> wasm, with the checks that are left. */
import { BPF_CMPXCHG, BPF_FETCH, BPF_LOAD_ACQ, BPF_STORE_REL, BPF_XCHG } from "../../isa/atomic.js";
import { BPF_ADD, BPF_AND, BPF_OR, BPF_XOR } from "../../isa/alu.js";
import { bytesOf } from "../../isa/load_store.js";
import { OPCODES } from "../../isa/opcode.js";
import { STACK_SIZE } from "../../isa/register.js";
import { ENV_DATA, ENV_DATA_END, ENV_DATA_META, ENV_STACK_TOP, FAULT_ALIGNMENT } from "../../abi.js";
import type { Insn } from "../../object/spec.js";
import { classifyAccess, isSafe } from "./access.js";
import type { Access } from "./access.js";
import { faultIf, raise } from "./emitter.js";
import type { Emitter } from "./emitter.js";
import type { Local } from "./function-builder.js";
import type { MemoryOp } from "./opcodes.js";
import { regionsAt } from "./memory-facts.js";
import { register } from "./state.js";
import { fitsIn } from "./value.js";

const LOADS: { readonly [bytes: number]: MemoryOp } = { 1: "i64.load8_u", 2: "i64.load16_u", 4: "i64.load32_u", 8: "i64.load" };
const SIGNED_LOADS: { readonly [bytes: number]: MemoryOp } = { 1: "i64.load8_s", 2: "i64.load16_s", 4: "i64.load32_s" };
const EXTENSIONS: { readonly [bytes: number]: "i64.extend8_s" | "i64.extend16_s" | "i64.extend32_s" } = { 1: "i64.extend8_s", 2: "i64.extend16_s", 4: "i64.extend32_s" };
const STORES: { readonly [bytes: number]: MemoryOp } = { 1: "i64.store8", 2: "i64.store16", 4: "i64.store32", 8: "i64.store" };
const ATOMIC_LOADS: { readonly [bytes: number]: MemoryOp } = { 1: "i64.atomic.load8_u", 2: "i64.atomic.load16_u", 4: "i64.atomic.load32_u", 8: "i64.atomic.load" };
const ATOMIC_STORES: { readonly [bytes: number]: MemoryOp } = { 1: "i64.atomic.store8", 2: "i64.atomic.store16", 4: "i64.atomic.store32", 8: "i64.atomic.store" };

type RmwName = "add" | "or" | "and" | "xor" | "xchg";
const RMW: ReadonlyMap<number, RmwName> = new Map([
  [BPF_ADD, "add"],
  [BPF_OR, "or"],
  [BPF_AND, "and"],
  [BPF_XOR, "xor"],
  [BPF_XCHG & ~BPF_FETCH, "xchg"],
]);

function registerOf(emitter: Emitter, number: number): Local<"i64"> {
  return emitter.registers[number] as Local<"i64">;
}

/** Pushes register + off, 64 bits. */
function pushAddress64(emitter: Emitter, base: number, off: number): void {
  emitter.to.get(registerOf(emitter, base));
  if (off !== 0) emitter.to.i64(off).op("i64.add");
}

/** Checks the access as far as it is not proven; a fault leaves. */
function emitCheck(emitter: Emitter, access: Access, base: number, off: number, bytes: number, write: boolean, slot: number): void {
  if (isSafe(access)) return;
  const { to, program, env, packet, address, frame } = emitter;
  pushAddress64(emitter, base, off);
  to.set(address);
  if (access.check === "packet") {
    to.get(address).get(packet.meta).op("i64.sub");
    to.get(packet.end).get(packet.meta).op("i64.sub").i64(bytes).op("i64.sub");
    to.op("i64.gt_u").if();
  } else if (access.check === "stack") {
    to.get(address).get(frame).i32(emitter.frameTop - STACK_SIZE).op("i32.add").op("i64.extend_i32_u").op("i64.sub");
    to.get(env).i32(ENV_STACK_TOP - bytes).op("i32.add").get(frame).i32(emitter.frameTop - STACK_SIZE).op("i32.add").op("i32.sub").op("i64.extend_i32_u");
    to.op("i64.gt_u").if();
  }
  to.get(env).get(address).i32(bytes | (write ? 256 : 0)).i32(program.index).i32(slot).call(program.module.guard);
  faultIf(emitter);
  if (access.check !== "ask") to.end();
}

/** Pushes the i32 address of an access that has been checked, and gives the offset that the instruction adds. */
function pushAddress(emitter: Emitter, access: Access, base: number, off: number): number {
  const { to } = emitter;
  if (access.check === "frame") {
    to.get(emitter.frame);
    return emitter.frameTop + access.off;
  }
  if (access.check === "context") {
    to.get(emitter.env);
    return access.off;
  }
  to.get(registerOf(emitter, base)).op("i32.wrap_i64");
  if (off >= 0) return off;
  to.i32(off).op("i32.add");
  return 0;
}

/** Checks, then pushes the address: what every access starts with. */
function access(emitter: Emitter, base: number, off: number, bytes: number, write: boolean, slot: number): Access {
  const found = classifyAccess(emitter.state, register(emitter.state, base), off, bytes, write, emitter.context.depth, regionsAt(emitter.context, slot));
  emitCheck(emitter, found, base, off, bytes, write, slot);
  return found;
}

export function emitLoad(emitter: Emitter, insn: Insn, slot: number): void {
  const { to } = emitter;
  const { dst, src, off } = insn;
  const bytes = bytesOf(insn.op);
  const signed = OPCODES[insn.op]?.form === "load_signed";
  const found = access(emitter, src, off, bytes, false, slot);
  if (found.check === "context" && bytes === 4 && !signed && found.off % 4 === 0) emitContextField(emitter, found.off);
  else {
    const stored = found.check === "frame" ? emitter.frames?.reader(emitter.state, found.off, bytes) : undefined;
    if (stored) {
      stored();
      if (signed) to.op(EXTENSIONS[bytes] as "i64.extend8_s");
    } else {
      const offset = pushAddress(emitter, found, src, off);
      to.memory((signed ? SIGNED_LOADS : LOADS)[bytes] as MemoryOp, offset);
    }
  }
  to.set(registerOf(emitter, dst));
}

/** Pushes a field of the context. */
function emitContextField(emitter: Emitter, field: number): void {
  const { to, packet } = emitter;
  if (field === ENV_DATA) to.get(packet.data);
  else if (field === ENV_DATA_END) to.get(packet.end);
  else if (field === ENV_DATA_META) to.get(packet.meta);
  else {
    emitter.pushField(field);
    to.op("i64.extend_i32_u");
  }
}

export function emitStore(emitter: Emitter, insn: Insn, slot: number): void {
  const { to } = emitter;
  const bytes = bytesOf(insn.op);
  const found = access(emitter, insn.dst, insn.off, bytes, true, slot);
  const immediate = OPCODES[insn.op]?.form === "store_imm";
  const pushValue = (): void => void (immediate ? to.i64(insn.imm) : to.get(registerOf(emitter, insn.src)));
  if (found.check === "frame" && found.off < 0 && emitter.frames) {
    const kept = emitter.frames.kept(found.off, bytes);
    if (kept) {
      pushValue();
      if (bytes < 8 && (immediate ? insn.imm < 0 || insn.imm >= 2 ** (bytes * 8) : !fitsIn(register(emitter.state, insn.src), bytes))) to.i64((1n << BigInt(bytes * 8)) - 1n).op("i64.and");
      to.set(kept);
    }
    if (!emitter.frames.inMemory(found.off, bytes)) return;
  }
  const offset = pushAddress(emitter, found, insn.dst, insn.off);
  pushValue();
  to.memory(STORES[bytes] as MemoryOp, offset);
}

/** Faults where an atomic's address is not a multiple of its size. */
function emitAlignment(emitter: Emitter, found: Access, base: number, off: number, bytes: number, slot: number): void {
  if (bytes === 1 || (found.check === "frame" && found.off % bytes === 0)) return;
  const { to } = emitter;
  pushAddress64(emitter, base, off);
  to.op("i32.wrap_i64").i32(bytes - 1).op("i32.and").if();
  raise(emitter, FAULT_ALIGNMENT, slot, () => pushAddress64(emitter, base, off));
  to.end();
}

export function emitAtomic(emitter: Emitter, insn: Insn, slot: number): void {
  const { to } = emitter;
  const { dst, src, off, imm } = insn;
  const bytes = bytesOf(insn.op);
  const { shared } = emitter.program.module;
  const isLoad = imm === BPF_LOAD_ACQ;
  const base = isLoad ? src : dst;
  const found = access(emitter, base, off, bytes, !isLoad, slot);
  emitAlignment(emitter, found, base, off, bytes, slot);
  const offset = pushAddress(emitter, found, base, off);
  if (isLoad) {
    to.memory((shared ? ATOMIC_LOADS : LOADS)[bytes] as MemoryOp, offset).set(registerOf(emitter, dst));
  } else if (imm === BPF_STORE_REL) {
    to.get(registerOf(emitter, src)).memory((shared ? ATOMIC_STORES : STORES)[bytes] as MemoryOp, offset);
  } else if (shared) emitSharedUpdate(emitter, insn, bytes, offset);
  else emitPlainUpdate(emitter, insn, bytes, offset);
}

/** The address is on the stack. */
function emitSharedUpdate(emitter: Emitter, { src, imm }: Insn, bytes: number, offset: number): void {
  const { to } = emitter;
  const wide = bytes === 8;
  if (imm === BPF_CMPXCHG) {
    to.get(registerOf(emitter, 0));
    // The narrow instruction compares all 64 bits of what is expected.
    if (!wide) to.i64(0xffff_ffff).op("i64.and");
    to.get(registerOf(emitter, src)).memory(wide ? "i64.atomic.rmw.cmpxchg" : "i64.atomic.rmw32.cmpxchg_u", offset);
    to.set(registerOf(emitter, 0));
    return;
  }
  const name = RMW.get(imm & ~BPF_FETCH);
  if (!name) throw new Error(`atomic 0x${imm.toString(16)}`);
  to.get(registerOf(emitter, src)).memory(wide ? `i64.atomic.rmw.${name}` : `i64.atomic.rmw32.${name}_u`, offset);
  if (imm & BPF_FETCH) to.set(registerOf(emitter, src));
  else to.op("drop");
}

/** One worker has the memory for itself: load, compute, store. The address is on the stack. */
function emitPlainUpdate(emitter: Emitter, { src, imm }: Insn, bytes: number, offset: number): void {
  const { to, scratch32, scratch64 } = emitter;
  const load = LOADS[bytes] as MemoryOp;
  const store = STORES[bytes] as MemoryOp;
  const source = registerOf(emitter, src);
  to.tee(scratch32).memory(load, offset).set(scratch64);
  if (imm === BPF_CMPXCHG) {
    const r0 = registerOf(emitter, 0);
    to.get(scratch64).get(r0);
    if (bytes === 4) to.i64(0xffff_ffff).op("i64.and");
    to.op("i64.eq").if();
    to.get(scratch32).get(source).memory(store, offset);
    to.end();
    to.get(scratch64).set(r0);
    return;
  }
  const name = RMW.get(imm & ~BPF_FETCH);
  if (!name) throw new Error(`atomic 0x${imm.toString(16)}`);
  to.get(scratch32);
  if (name === "xchg") to.get(source);
  else to.get(scratch64).get(source).op(`i64.${name}`);
  to.memory(store, offset);
  if (imm & BPF_FETCH) to.get(scratch64).set(source);
}
