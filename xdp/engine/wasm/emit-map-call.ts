/** Calls of helpers on maps that are known, other than lookups: updates of arrays, redirects and locks are emitted inline, other updates go to the runtime's function for the type. */
import { ENV_CPU, ENV_REDIRECT_FLAGS, ENV_REDIRECT_KEY, ENV_REDIRECT_KIND, ENV_REDIRECT_TARGET, REDIRECT_MAP } from "../../abi.js";
import { TARGET_BYTES, TARGET_SECOND } from "../../maps/fields.js";
import {
  BPF_EXIST,
  BPF_MAP_TYPE_CPUMAP,
  BPF_MAP_TYPE_DEVMAP,
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_LPM_TRIE,
  BPF_MAP_TYPE_LRU_HASH,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_HASH,
  BPF_MAP_TYPE_XSKMAP,
  E2BIG,
} from "../../maps/uapi.js";
import { classifyAccess } from "./access.js";
import { pushCpuOffset } from "./emit-hash.js";
import type { Emitter } from "./emitter.js";
import type { Local } from "./function-builder.js";
import { constantKey, innerMap, isArray, knownMap } from "./helper-effects.js";
import type { MapFacts } from "./map-facts.js";
import type { MemoryOp } from "./opcodes.js";
import { register } from "./state.js";
import { constantOf } from "./value.js";

export const BPF_FUNC_map_update_elem = 2;
export const BPF_FUNC_map_delete_elem = 3;
const BPF_FUNC_redirect_map = 51;
const BPF_FUNC_spin_lock = 93;
const BPF_FUNC_spin_unlock = 94;

/** Updates by type: `(header, key, value, flags: i64, cpu) -> 0 or -errno`. */
export const DIRECT_UPDATES: ReadonlyMap<number, string> = new Map([
  [BPF_MAP_TYPE_HASH, "hash_update"],
  [BPF_MAP_TYPE_PERCPU_HASH, "percpu_hash_update"],
  [BPF_MAP_TYPE_LRU_HASH, "lru_update"],
  [BPF_MAP_TYPE_LRU_PERCPU_HASH, "lru_percpu_update"],
  [BPF_MAP_TYPE_LPM_TRIE, "lpm_update"],
]);

/** Deletions by type: `(header, key) -> 0 or -errno`. */
export const DIRECT_DELETES: ReadonlyMap<number, string> = new Map([
  [BPF_MAP_TYPE_HASH, "hash_delete"],
  [BPF_MAP_TYPE_PERCPU_HASH, "hash_delete"],
  [BPF_MAP_TYPE_LRU_HASH, "lru_delete"],
  [BPF_MAP_TYPE_LRU_PERCPU_HASH, "lru_delete"],
  [BPF_MAP_TYPE_LPM_TRIE, "lpm_delete"],
]);

/** Longer values are left to the runtime. */
const LONGEST_VALUE = 64;
const XDP_REDIRECT = 4;
const ACTION_MASK = 3;

const registerOf = (emitter: Emitter, number: number): Local<"i64"> => emitter.registers[number] as Local<"i64">;

/** Emits the call where it can be, its arguments being checked; r0 is set. False where the runtime's helper does it. */
export function emitMapCall(emitter: Emitter, id: number): boolean {
  if (id === BPF_FUNC_spin_lock || id === BPF_FUNC_spin_unlock) return emitLock(emitter, id === BPF_FUNC_spin_lock);
  const map = knownMap(register(emitter.state, 1), emitter.context);
  const type = map?.type ?? innerMap(register(emitter.state, 1), emitter.context)?.type;
  if (type === undefined) return false;
  switch (id) {
    case BPF_FUNC_map_update_elem:
      return map && isArray(map) ? emitArrayUpdate(emitter, map) : emitDirect(emitter, DIRECT_UPDATES.get(type), true);
    case BPF_FUNC_map_delete_elem:
      return emitDirect(emitter, DIRECT_DELETES.get(type), false);
    case BPF_FUNC_redirect_map:
      return map !== undefined && emitRedirect(emitter, map);
    default:
      return false;
  }
}

/** Nobody waits for a lock where one worker has the memory. */
function emitLock(emitter: Emitter, taken: boolean): boolean {
  const { to, program } = emitter;
  if (program.module.shared) return false;
  to.get(registerOf(emitter, 1)).op("i32.wrap_i64").i64(taken ? 1 : 0).memory("i64.store32", 0);
  to.i64(0).set(registerOf(emitter, 0));
  return true;
}

/** Pushes the address of an argument's memory, and gives the offset to add. */
function pushMemory(emitter: Emitter, argument: number, bytes: number): number {
  const found = classifyAccess(emitter.state, register(emitter.state, argument), 0, bytes, false, emitter.context.depth);
  if (found.check === "frame") {
    emitter.to.get(emitter.frame);
    return emitter.frameTop + found.off;
  }
  emitter.to.get(registerOf(emitter, argument)).op("i32.wrap_i64");
  return 0;
}

/** The header is in r1. */
function emitDirect(emitter: Emitter, name: string | undefined, update: boolean): boolean {
  if (name === undefined) return false;
  const { to, program } = emitter;
  for (let argument = 1; argument <= (update ? 3 : 2); argument++) to.get(registerOf(emitter, argument)).op("i32.wrap_i64");
  if (update) {
    to.get(registerOf(emitter, 4));
    emitter.pushField(ENV_CPU);
  }
  to.call(program.module.runtime(name)).op("i64.extend_i32_s").set(registerOf(emitter, 0));
  return true;
}

const PARTS: readonly (readonly [bytes: number, load: MemoryOp, store: MemoryOp])[] = [
  [8, "i64.load", "i64.store"],
  [4, "i64.load32_u", "i64.store32"],
  [2, "i64.load16_u", "i64.store16"],
  [1, "i64.load8_u", "i64.store8"],
];

/** As the runtime's array_update, for values without places that stay as they are: what is stored first is read first. */
function emitArrayUpdate(emitter: Emitter, map: MapFacts): boolean {
  const { to, scratch32 } = emitter;
  const flags = constantOf(register(emitter.state, 4));
  if (map.special !== 0 || map.valueSize > LONGEST_VALUE || (flags !== 0 && flags !== BPF_EXIST)) return false;
  const first = map.data + map.valueOffset;
  const key = constantKey(emitter.state, register(emitter.state, 2), emitter.context);
  if (key !== undefined && key >= map.maxEntries) {
    to.i64(-E2BIG).set(registerOf(emitter, 0));
    return true;
  }
  if (key === undefined) {
    const offset = pushMemory(emitter, 2, 4);
    to.memory("i32.load", offset).tee(scratch32).i32(map.maxEntries).op("i32.lt_u").if("i64");
    to.get(scratch32).i32(map.stride).op("i32.mul").i32(first).op("i32.add");
  } else to.i32((first + key * map.stride) | 0);
  pushCpuOffset(emitter, map);
  to.set(scratch32);
  let done = 0;
  for (const [bytes, load, store] of PARTS) {
    for (; map.valueSize - done >= bytes; done += bytes) {
      to.get(scratch32);
      const offset = pushMemory(emitter, 3, map.valueSize);
      to.memory(load, offset + done).memory(store, done);
    }
  }
  to.i64(0);
  if (key === undefined) to.else().i64(-E2BIG).end();
  to.set(registerOf(emitter, 0));
  return true;
}

/** To one entry of a map of devices, CPUs or sockets: as the runtime's bpf_redirect_map. */
function emitRedirect(emitter: Emitter, map: MapFacts): boolean {
  const { to, env, scratch32 } = emitter;
  const flags = constantOf(register(emitter.state, 3));
  if (map.type !== BPF_MAP_TYPE_DEVMAP && map.type !== BPF_MAP_TYPE_CPUMAP && map.type !== BPF_MAP_TYPE_XSKMAP) return false;
  if (flags === undefined || flags < 0 || flags > ACTION_MASK) return false;
  const key = registerOf(emitter, 2);
  const place = (): void => void to.get(key).op("i32.wrap_i64").i32(TARGET_BYTES).op("i32.mul");
  const done = to.block("i64");
  const missing = to.block();
  to.get(key).op("i32.wrap_i64").i32(map.maxEntries).op("i32.ge_u").brIf(missing);
  place();
  to.memory("i32.load", map.data + (map.type === BPF_MAP_TYPE_XSKMAP ? TARGET_SECOND : 0)).tee(scratch32).op("i32.eqz").brIf(missing);
  to.get(env).i64((BigInt(map.id) << 32n) | BigInt(REDIRECT_MAP)).memory("i64.store", ENV_REDIRECT_KIND);
  to.get(env).get(key).memory("i64.store32", ENV_REDIRECT_KEY);
  if (map.type === BPF_MAP_TYPE_CPUMAP) to.get(env).get(key).memory("i64.store32", ENV_REDIRECT_TARGET);
  else to.get(env).get(scratch32).memory("i32.store", ENV_REDIRECT_TARGET);
  to.get(env).i64(flags).memory("i64.store", ENV_REDIRECT_FLAGS);
  to.i64(XDP_REDIRECT).br(done);
  to.end();
  // An earlier choice does not survive.
  for (const field of [ENV_REDIRECT_KIND, ENV_REDIRECT_KEY, ENV_REDIRECT_FLAGS]) to.get(env).i64(0).memory("i64.store", field);
  to.i64(flags);
  to.end().set(registerOf(emitter, 0));
  return true;
}
