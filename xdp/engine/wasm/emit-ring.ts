/** Records of ring buffers, emitted inline where one worker has the ring: its place and mask are constants. The layout is maps/fields.ts's. */
import { RINGBUF_CONSUMER, RINGBUF_PRODUCER } from "../../maps/fields.js";
import { BPF_MAP_TYPE_RINGBUF, BPF_RINGBUF_BUSY_BIT, BPF_RINGBUF_DISCARD_BIT, BPF_RINGBUF_HDR_SZ } from "../../maps/uapi.js";
import type { Emitter } from "./emitter.js";
import { knownMap } from "./helper-effects.js";
import { register } from "./state.js";
import { constantOf } from "./value.js";
import type { Local } from "./function-builder.js";

const RESERVE = 131;
const SUBMIT = 132;
const DISCARD = 133;

const registerOf = (emitter: Emitter, number: number): Local<"i64"> => emitter.registers[number] as Local<"i64">;

/** Emits the call where it can be, its arguments being checked; r0 is set. False where the runtime does it. */
export function emitRingCall(emitter: Emitter, id: number): boolean {
  if (emitter.program.module.shared) return false;
  if (id === RESERVE) return emitReserve(emitter);
  if (id !== SUBMIT && id !== DISCARD) return false;
  emitCommit(emitter, id === DISCARD);
  return true;
}

/** A record of constant length: as the runtime's ringbuf_reserve. */
function emitReserve(emitter: Emitter): boolean {
  const { to, scratch64, scratch32 } = emitter;
  const map = knownMap(register(emitter.state, 1), emitter.context);
  const size = constantOf(register(emitter.state, 2));
  if (map?.type !== BPF_MAP_TYPE_RINGBUF || size === undefined || constantOf(register(emitter.state, 3)) !== 0) return false;
  const bytes = Math.ceil((size + BPF_RINGBUF_HDR_SZ) / 8) * 8;
  if (size < 0 || bytes > map.maxEntries) return false;
  const mask = map.maxEntries - 1;
  const record = scratch32;
  to.i32(0).memory("i64.load", map.header + RINGBUF_PRODUCER).tee(scratch64);
  to.i64(bytes).op("i64.add").i32(0).memory("i64.load", map.header + RINGBUF_CONSUMER).op("i64.sub").i64(mask).op("i64.gt_u").if("i64");
  to.i64(0);
  to.else();
  to.get(scratch64).op("i32.wrap_i64").i32(mask).op("i32.and").tee(record).i32(map.data).op("i32.add");
  // The upper half: the page in which the record lies, counted as the kernel does.
  to.get(record).i32(12).op("i32.shr_u").i32(3).op("i32.add").op("i64.extend_i32_u").i64(32).op("i64.shl").i64(BigInt(size) | BigInt(BPF_RINGBUF_BUSY_BIT >>> 0)).op("i64.or");
  to.memory("i64.store", 0);
  to.i32(0).get(scratch64).i64(bytes).op("i64.add").memory("i64.store", map.header + RINGBUF_PRODUCER);
  to.get(record).i32(map.data + BPF_RINGBUF_HDR_SZ).op("i32.add").op("i64.extend_i32_u");
  to.end().set(registerOf(emitter, 0));
  return true;
}

/** Ends the writing of the record at r1. */
function emitCommit(emitter: Emitter, discard: boolean): void {
  const { to, scratch32 } = emitter;
  to.get(registerOf(emitter, 1)).op("i32.wrap_i64").i32(BPF_RINGBUF_HDR_SZ).op("i32.sub").tee(scratch32);
  to.get(scratch32).memory("i32.load", 0).i32(BPF_RINGBUF_BUSY_BIT | 0).op("i32.xor");
  if (discard) to.i32(BPF_RINGBUF_DISCARD_BIT | 0).op("i32.or");
  to.memory("i32.store", 0);
  to.i64(0).set(registerOf(emitter, 0));
}
