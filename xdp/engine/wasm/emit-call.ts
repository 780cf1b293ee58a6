/** Helper calls, lookups that are emitted inline, local calls and tail calls -> wasm. */
import { ENV_CPU, ENV_FAULT, ENV_PROGRAM, ENV_SCRATCH_END, ENV_STACK_LOW, ENV_TAIL_CALLS, FAULT_FRAMES, MAX_TAIL_CALLS, STACK_FRAME_BYTES } from "../../abi.js";
import { BPF_FUNC_map_lookup_elem, BPF_FUNC_tail_call, HELPER_BY_ID } from "../../helpers/table.js";
import { STACK_SIZE } from "../../isa/register.js";
import {
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_ARRAY_OF_MAPS,
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_HASH_OF_MAPS,
  BPF_MAP_TYPE_LPM_TRIE,
  BPF_MAP_TYPE_LRU_HASH,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_PERCPU_HASH,
} from "../../maps/uapi.js";
import type { Insn } from "../../object/spec.js";
import { classifyAccess } from "./access.js";
import { BPF_FUNC_timer_set_callback } from "./callbacks.js";
import { emitCallbackHelper } from "./emit-callback.js";
import { faultIf, raise } from "./emitter.js";
import type { Emitter } from "./emitter.js";
import type { FunctionRef, Local } from "./function-builder.js";
import { emitHashLookup, isInlineHash, pushCpuOffset } from "./emit-hash.js";
import { emitTrieLookup, isInlineTrie } from "./emit-lpm.js";
import { emitMapCall } from "./emit-map-call.js";
import { emitRingCall } from "./emit-ring.js";
import { constantKey, headShift, isArgumentProven, isArray, innerMap, isCallVerified, knownMap, largestKey } from "./helper-effects.js";
import type { InnerFacts, MapFacts } from "./map-facts.js";
import { register } from "./state.js";
import { constantOf } from "./value.js";

/** Lookups by type: `(header, key, cpu) -> address of the value, or 0`. */
export const DIRECT_LOOKUPS: ReadonlyMap<number, string> = new Map([
  [BPF_MAP_TYPE_HASH, "hash_lookup"],
  [BPF_MAP_TYPE_PERCPU_HASH, "percpu_hash_lookup"],
  [BPF_MAP_TYPE_LRU_HASH, "lru_lookup"],
  [BPF_MAP_TYPE_LRU_PERCPU_HASH, "lru_percpu_lookup"],
  [BPF_MAP_TYPE_LPM_TRIE, "lpm_lookup"],
  [BPF_MAP_TYPE_HASH_OF_MAPS, "hash_of_maps_lookup"],
]);

/** The same for maps in a map of maps, of which only the type is known. */
export const INNER_LOOKUPS: ReadonlyMap<number, string> = new Map([
  ...DIRECT_LOOKUPS,
  [BPF_MAP_TYPE_ARRAY, "array_lookup"],
  [BPF_MAP_TYPE_PERCPU_ARRAY, "percpu_array_lookup"],
]);

/** Helpers that are nothing but a field of the environment. */
export const KTIME: ReadonlySet<number> = new Set([5, 125, 208]);
export const SMP_PROCESSOR_ID = 8;

function registerOf(emitter: Emitter, number: number): Local<"i64"> {
  return emitter.registers[number] as Local<"i64">;
}

export function emitHelperCall(emitter: Emitter, slot: number, id: number): void {
  const { to, program, env, context } = emitter;
  const helper = HELPER_BY_ID.get(id);
  const proven = helper !== undefined && (isCallVerified(slot, helper.args, context) || helper.args.every((_, i) => isArgumentProven(emitter.state, helper.args, i + 1, context)));
  if (id === BPF_FUNC_timer_set_callback) to.get(env).i32(program.index).memory("i32.store", ENV_PROGRAM);
  if (!proven) {
    // The runtime looks for the function in the program that runs.
    if (helper?.callsBack) to.get(env).i32(program.index).memory("i32.store", ENV_PROGRAM);
    to.get(env).i32(id);
    for (let i = 1; i <= 5; i++) to.get(registerOf(emitter, i));
    to.call(program.module.runtime("check_arguments")).op("i32.eqz");
    to.if();
    // The code and the value are noted: program and slot are not.
    to.get(env).i32(0).i32(program.index).i32(slot).i64(0).call(program.module.fault);
    to.i32(1);
    faultIf(emitter);
    to.end();
  }
  // A call that the checks above never let pass.
  if (!helper) return;
  if (id === BPF_FUNC_tail_call) return emitTailCall(emitter);
  if (helper.callsBack) return emitCallbackHelper(emitter, slot, id);
  if (emitRingCall(emitter, id) || emitMapCall(emitter, id)) return;
  if (id === BPF_FUNC_map_lookup_elem) {
    const map = knownMap(register(emitter.state, 1), context);
    if (map && isArray(map)) return emitArrayLookup(emitter, map);
    const direct = map && DIRECT_LOOKUPS.get(map.type);
    if (map?.type === BPF_MAP_TYPE_ARRAY_OF_MAPS) return emitInnerOfArray(emitter, map);
    if (map && direct) return emitDirectLookup(emitter, map, program.module.runtime(direct));
    const inner = innerMap(register(emitter.state, 1), context);
    const lookup = inner && INNER_LOOKUPS.get(inner.type);
    if (inner && lookup) return emitInnerLookup(emitter, inner, program.module.runtime(lookup));
  }
  const shift = headShift(id, emitter.state);
  if (shift !== undefined && emitter.moveHead?.(shift)) return;
  if (KTIME.has(id)) emitter.pushTime();
  else if (id === SMP_PROCESSOR_ID) {
    emitter.pushField(ENV_CPU);
    to.op("i64.extend_i32_u");
  } else {
    to.get(env);
    for (let i = 1; i <= helper.args.length; i++) to.get(registerOf(emitter, i));
    to.call(program.module.runtime(helper.name));
  }
  to.set(registerOf(emitter, 0));
  if (helper.changesPacket) emitter.reloadPacket();
}

/** Pushes the address of a key that has been checked. */
function pushKey(emitter: Emitter, bytes: number): number {
  const { to } = emitter;
  const found = classifyAccess(emitter.state, register(emitter.state, 2), 0, bytes, false, emitter.context.depth);
  if (found.check === "frame") {
    to.get(emitter.frame);
    return emitter.frameTop + found.off;
  }
  to.get(registerOf(emitter, 2)).op("i32.wrap_i64");
  return 0;
}

/** What pushes bytes of the key from locals that keep them; undefined where they are read from memory. */
function keyReader({ state, context, frames }: Emitter, at: number, bytes: number): (() => void) | undefined {
  const found = classifyAccess(state, register(state, 2), at, bytes, false, context.depth);
  return found.check === "frame" ? frames?.reader(state, found.off, bytes) : undefined;
}

/** Entries of arrays lie at constant distances: no call, and for a constant key no memory access. */
function emitArrayLookup(emitter: Emitter, map: MapFacts): void {
  const { to, scratch32 } = emitter;
  const first = map.data + map.valueOffset;
  const key = constantKey(emitter.state, register(emitter.state, 2), emitter.context);
  if (key !== undefined) {
    if (key >= map.maxEntries) to.i64(0);
    else {
      to.i32((first + key * map.stride) | 0);
      pushCpuOffset(emitter, map);
      to.op("i64.extend_i32_u");
    }
    to.set(registerOf(emitter, 0));
    return;
  }
  const stored = keyReader(emitter, 0, 4);
  if (stored) {
    stored();
    to.op("i32.wrap_i64");
  } else {
    const offset = pushKey(emitter, 4);
    to.memory("i32.load", offset);
  }
  const inside = largestKey(emitter.state, register(emitter.state, 2), emitter.context) < map.maxEntries;
  if (inside) {
    to.i32(map.stride).op("i32.mul").i32(first).op("i32.add");
    pushCpuOffset(emitter, map);
    to.op("i64.extend_i32_u").set(registerOf(emitter, 0));
    return;
  }
  to.tee(scratch32).i32(map.maxEntries).op("i32.lt_u").if("i64");
  to.get(scratch32).i32(map.stride).op("i32.mul").i32(first).op("i32.add");
  pushCpuOffset(emitter, map);
  to.op("i64.extend_i32_u").else().i64(0).end().set(registerOf(emitter, 0));
}

function emitDirectLookup(emitter: Emitter, map: MapFacts, lookup: FunctionRef): void {
  const { to } = emitter;
  if (isInlineHash(map)) {
    const offset = pushKey(emitter, map.keySize);
    emitHashLookup(emitter, map, lookup, offset, keyReader(emitter, 0, map.keySize) && ((at, bytes) => keyReader(emitter, at, bytes)));
    to.op("i64.extend_i32_u").set(registerOf(emitter, 0));
    return;
  }
  if (isInlineTrie(map)) {
    const offset = pushKey(emitter, map.keySize);
    emitTrieLookup(emitter, map, offset, constantKey(emitter.state, register(emitter.state, 2), emitter.context), lookup, () => emitter.pushField(ENV_CPU), keyReader(emitter, 0, map.keySize) && keyReader(emitter, 4, 4));
    to.op("i64.extend_i32_u").set(registerOf(emitter, 0));
    return;
  }
  to.i32(map.header);
  const offset = pushKey(emitter, map.keySize);
  if (offset !== 0) to.i32(offset).op("i32.add");
  emitter.pushField(ENV_CPU);
  to.call(lookup).op("i64.extend_i32_u").set(registerOf(emitter, 0));
}

/** The header of a map in an array of maps, or 0: one load. */
function emitInnerOfArray(emitter: Emitter, map: MapFacts): void {
  const { to, scratch32 } = emitter;
  const key = constantKey(emitter.state, register(emitter.state, 2), emitter.context);
  if (key !== undefined) {
    if (key < map.maxEntries) to.i32(0).memory("i64.load32_u", map.slots + key * 4);
    else to.i64(0);
  } else {
    const offset = pushKey(emitter, 4);
    to.memory("i32.load", offset).tee(scratch32).i32(map.maxEntries).op("i32.lt_u").if("i64");
    to.get(scratch32).i32(2).op("i32.shl").memory("i64.load32_u", map.slots);
    to.else().i64(0).end();
  }
  to.set(registerOf(emitter, 0));
}

/** In the map whose header is in r1. */
function emitInnerLookup(emitter: Emitter, inner: InnerFacts, lookup: FunctionRef): void {
  const { to } = emitter;
  to.get(registerOf(emitter, 1)).op("i32.wrap_i64");
  const offset = pushKey(emitter, inner.keySize);
  if (offset !== 0) to.i32(offset).op("i32.add");
  emitter.pushField(ENV_CPU);
  to.call(lookup).op("i64.extend_i32_u").set(registerOf(emitter, 0));
}

const EINVAL = 22;

const BPF_MAP_TYPE_PROG_ARRAY = 3;

/** Different programs that a call with an unknown index is made ready for. */
const MOST_CANDIDATES = 4;

/** Numbers (+ 1) of the programs that the call likely goes to: what the entry holds now, or what all entries hold where the index is not known. */
function candidates(map: MapFacts, index: number | undefined): number[] {
  const all = index === undefined ? [...new Set(map.programs)] : [map.programs[index] ?? 0];
  const there = all.filter((program) => program !== 0);
  return there.length > MOST_CANDIDATES ? [] : there;
}

/** As the runtime's tail_call_target, for a map that is known. Where an entry still holds the program that it held as the code was made, the way goes straight there. */
function emitKnownTailCall(emitter: Emitter, map: MapFacts): void {
  const { to, program, env, scratch32, taken } = emitter;
  if (taken !== undefined && taken >= MAX_TAIL_CALLS) return;
  const index = registerOf(emitter, 3);
  const constant = constantOf(register(emitter.state, 3));
  const known = constant !== undefined && constant >= 0 && constant < map.maxEntries ? constant : undefined;
  const refused = to.block();
  if (taken === undefined) to.get(env).memory("i32.load", ENV_TAIL_CALLS).i32(MAX_TAIL_CALLS).op("i32.ge_u").brIf(refused);
  if (known === undefined) {
    // The index is the register's low half.
    to.get(index).op("i32.wrap_i64").i32(map.maxEntries).op("i32.ge_u").brIf(refused);
    to.get(index).op("i32.wrap_i64").i32(2).op("i32.shl").memory("i32.load", map.slots).set(scratch32);
  } else to.i32(0).memory("i32.load", map.slots + known * 4).set(scratch32);
  const count = (): void => {
    if (taken === undefined) to.get(env).get(env).memory("i32.load", ENV_TAIL_CALLS).i32(1).op("i32.add").memory("i32.store", ENV_TAIL_CALLS);
  };
  for (const candidate of candidates(map, known)) {
    const go = emitter.tailCallTo(candidate - 1);
    if (!go) continue;
    to.get(scratch32).i32(candidate).op("i32.eq").if();
    count();
    go();
    to.end();
  }
  // An entry of 0 becomes the largest number.
  to.get(scratch32).i32(1).op("i32.sub").i32(program.module.programs).op("i32.ge_u").brIf(refused);
  if (taken === undefined) count();
  else to.get(env).i32(taken + 1).memory("i32.store", ENV_TAIL_CALLS);
  emitter.tailCall();
  to.end();
}

function emitTailCall(emitter: Emitter): void {
  const { to, program, env } = emitter;
  const map = knownMap(register(emitter.state, 2), emitter.context);
  if (map?.type === BPF_MAP_TYPE_PROG_ARRAY) emitKnownTailCall(emitter, map);
  else {
    if (emitter.taken !== undefined) to.get(env).i32(emitter.taken).memory("i32.store", ENV_TAIL_CALLS);
    to.get(env).get(registerOf(emitter, 2)).op("i32.wrap_i64").get(registerOf(emitter, 3)).op("i32.wrap_i64");
    to.call(program.module.runtime("tail_call_target"));
    to.tee(emitter.scratch32).if();
    emitter.tailCall();
    to.end();
  }
  to.i64(-EINVAL).set(registerOf(emitter, 0));
}

export function emitLocalCall(emitter: Emitter, slot: number, insn: Insn): void {
  const { to, program, env, frame, frameTop, context } = emitter;
  const target = slot + 1 + insn.imm;
  const callee = program.callees.get(target);
  if (!callee) throw new Error(`function at slot ${target}`);
  const lowest = frameTop - STACK_SIZE - STACK_FRAME_BYTES;
  if (program.module.countFrames) {
    // The scratch ends where the eighth frame begins.
    to.get(frame).i32(lowest).op("i32.add").get(env).i32(ENV_SCRATCH_END).op("i32.add").op("i32.lt_u").if();
    raise(emitter, FAULT_FRAMES, slot);
    to.end();
  }
  const setStackLow = (low: number): void => {
    to.get(env).get(frame).i32(low).op("i32.add").memory("i32.store", ENV_STACK_LOW);
  };
  setStackLow(lowest);
  for (let i = 1; i <= 5; i++) to.get(registerOf(emitter, i));
  to.get(frame).i32(lowest).op("i32.add").get(env);
  emitter.shareCounters();
  to.call(callee).set(registerOf(emitter, 0));
  emitter.takeCounters();
  setStackLow(frameTop - STACK_SIZE);
  to.get(env).memory("i32.load", ENV_FAULT);
  faultIf(emitter);
  if (context.callee(target, emitter.state).changesPacket) emitter.reloadPacket();
}
