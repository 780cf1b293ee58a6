/**
 * Helpers that call a function of the program again and again: bpf_loop, bpf_for_each_map_elem, bpf_user_ringbuf_drain. The engines do the
 * calling; here is decided whether there is a call to make, and with what. The state is the record of the caller's depth.
 */
import {
  CALLBACK_BYTES,
  CALLBACK_COUNT,
  CALLBACK_CURSOR,
  CALLBACK_DYNPTR,
  CALLBACK_HELPER,
  CALLBACK_KEY,
  CALLBACK_KEY_COPY,
  CALLBACK_KEY_SIZE,
  CALLBACK_R1,
  CALLBACK_R2,
  CALLBACK_R3,
  CALLBACK_R4,
  CALLBACK_RESULT,
  CALLBACK_START,
  CALLBACK_TARGET,
  ENV_CPU,
  ENV_SCRATCH,
  MAP_KEY_SIZE,
  MAP_MAX_ENTRIES,
  MAP_TYPE,
  MAX_CALL_FRAMES,
  SCRATCH_CALLBACKS,
} from "../../../abi";
import { HASH_INDEX, HASH_KEY_OFFSET, HASH_MASK, HASH_VALUE_OFFSET } from "../../../maps/fields";
import { BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_LRU_HASH, BPF_MAP_TYPE_LRU_PERCPU_HASH, BPF_MAP_TYPE_PERCPU_ARRAY, BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_USER_RINGBUF, BPF_RB_FORCE_WAKEUP, BPF_RB_NO_WAKEUP, EAGAIN, ENODATA } from "../../../maps/uapi";
import { array_lookup, percpu_array_lookup } from "../maps/index";
import { cpuValue } from "../maps/percpu_hash";
import { user_ringbuf_peek, user_ringbuf_release, user_ringbuf_sample } from "../maps/user_ringbuf";
import { LOCAL, set_dynptr } from "./dynptr";
import { E2BIG, EINVAL } from "./errno";

const BPF_LOOP: u32 = 181;
const BPF_FOR_EACH_MAP_ELEM: u32 = 164;
const BPF_USER_RINGBUF_DRAIN: u32 = 209;
/** Most samples of one bpf_user_ringbuf_drain, discarded ones included (BPF_MAX_USER_RINGBUF_SAMPLES). */
const MAX_SAMPLES: u32 = 131072;
const DYNPTR_BYTES: u32 = 16;
/** Most calls of one bpf_loop (BPF_MAX_LOOPS). */
const MAX_LOOPS: u32 = 8388608;

/** Record of a depth of the call chain. */
// @ts-ignore: decorator
@inline
export function callback_record(env: u32, depth: u32): u32 {
  return env + ENV_SCRATCH + SCRATCH_CALLBACKS + depth * CALLBACK_BYTES;
}

/** Nobody is called back, and no key can be read: what a packet starts with. */
export function callback_reset(env: u32): void {
  for (let depth: u32 = 0; depth < u32(MAX_CALL_FRAMES); depth++) {
    const record = callback_record(env, depth);
    store<u32>(record, 0, CALLBACK_TARGET);
    store<u32>(record, 0, CALLBACK_KEY_SIZE);
  }
}

/** Whether a helper calls functions of the program. */
// @ts-ignore: decorator
@inline
export function is_callback_helper(id: u32): bool {
  return id == BPF_LOOP || id == BPF_FOR_EACH_MAP_ELEM || id == BPF_USER_RINGBUF_DRAIN;
}

/** Whether a program may read these bytes since they are a key that it has been called with. */
export function in_callback_key(env: u32, start: u64, end: u64): bool {
  for (let depth: u32 = 0; depth < u32(MAX_CALL_FRAMES); depth++) {
    const record = callback_record(env, depth);
    const size = load<u32>(record, CALLBACK_KEY_SIZE);
    if (size == 0) continue;
    const key = u64(load<u32>(record, CALLBACK_KEY));
    if (start >= key && end <= key + u64(size)) return true;
  }
  return false;
}

// @ts-ignore: decorator
@inline
function finish(record: u32, result: i64): u32 {
  store<u32>(record, 0, CALLBACK_TARGET);
  store<u32>(record, 0, CALLBACK_KEY_SIZE);
  store<u64>(record, u64(result), CALLBACK_RESULT);
  return 0;
}

/** Starts a helper: 1 where the function is to be called with the record's r1 to r4, 0 where the record's result is the helper's. */
export function callback_begin(env: u32, record: u32, id: u32, r1: u64, r2: u64, r3: u64, r4: u64): u32 {
  if (id == BPF_USER_RINGBUF_DRAIN ? r4 & ~u64(BPF_RB_NO_WAKEUP | BPF_RB_FORCE_WAKEUP) : r4) return finish(record, -EINVAL);
  store<u32>(record, u32(r2) + 1, CALLBACK_TARGET);
  store<u32>(record, id, CALLBACK_HELPER);
  store<u32>(record, 0, CALLBACK_COUNT);
  store<u64>(record, r1, CALLBACK_R1);
  store<u32>(record, 0, CALLBACK_KEY_SIZE);
  if (id == BPF_LOOP) {
    // All 64 bits, and an error of 32, as the kernel has it where it inlines the call, which is nearly always.
    if (r1 > u64(MAX_LOOPS)) return finish(record, i64(u32(-E2BIG)));
    const loops = u32(r1);
    if (loops == 0) return finish(record, 0);
    // The place is where it ends.
    store<u32>(record, loops, CALLBACK_CURSOR);
    store<u64>(record, 0, CALLBACK_R1);
    store<u64>(record, r3, CALLBACK_R2);
    store<u64>(record, 0, CALLBACK_R3);
    store<u64>(record, 0, CALLBACK_R4);
    return 1;
  }
  if (id == BPF_USER_RINGBUF_DRAIN) {
    if (load<u32>(u32(r1), MAP_TYPE) != BPF_MAP_TYPE_USER_RINGBUF) return finish(record, -EINVAL);
    store<u32>(record, u32(r1), CALLBACK_START);
    store<u32>(record, 0, CALLBACK_CURSOR);
    store<u64>(record, r3, CALLBACK_R2);
    store<u64>(record, 0, CALLBACK_R3);
    store<u64>(record, 0, CALLBACK_R4);
    return next_sample(record);
  }
  store<u64>(record, r3, CALLBACK_R4);
  const map = u32(r1);
  const type = load<u32>(map, MAP_TYPE);
  if (type == BPF_MAP_TYPE_ARRAY || type == BPF_MAP_TYPE_PERCPU_ARRAY) return at_index(env, record, map, 0);
  if (type != BPF_MAP_TYPE_HASH && type != BPF_MAP_TYPE_PERCPU_HASH && type != BPF_MAP_TYPE_LRU_HASH && type != BPF_MAP_TYPE_LRU_PERCPU_HASH) return finish(record, -EINVAL);
  // From behind an empty slot: then no run of entries goes over the end of the walk, whatever is deleted on the way.
  const mask = load<u32>(map, HASH_MASK);
  let start: u32 = 0;
  while (start < mask && slot_element(map, start)) start++;
  store<u32>(record, start, CALLBACK_START);
  return next_element(env, record, map, 1);
}

/** Takes what the function returned, and goes on as {@link callback_begin} does. */
export function callback_next(env: u32, record: u32, returned: u64): u32 {
  const count = load<u32>(record, CALLBACK_COUNT) + 1;
  store<u32>(record, count, CALLBACK_COUNT);
  if (load<u32>(record, CALLBACK_HELPER) == BPF_USER_RINGBUF_DRAIN) user_ringbuf_release(load<u32>(record, CALLBACK_START));
  if (returned) return finish(record, count);
  if (load<u32>(record, CALLBACK_HELPER) == BPF_LOOP) {
    if (count == load<u32>(record, CALLBACK_CURSOR)) return finish(record, count);
    store<u64>(record, u64(count), CALLBACK_R1);
    return 1;
  }
  if (load<u32>(record, CALLBACK_HELPER) == BPF_USER_RINGBUF_DRAIN) return next_sample(record);
  const map = u32(load<u64>(record, CALLBACK_R1));
  const type = load<u32>(map, MAP_TYPE);
  if (type == BPF_MAP_TYPE_ARRAY || type == BPF_MAP_TYPE_PERCPU_ARRAY) return at_index(env, record, map, count);
  // Where the function deleted the element, what came behind it has moved into its slot.
  const cursor = load<u32>(record, CALLBACK_CURSOR);
  const element = slot_element(map, (load<u32>(record, CALLBACK_START) + cursor) & load<u32>(map, HASH_MASK));
  const same = element && element + load<u32>(map, HASH_KEY_OFFSET) == load<u32>(record, CALLBACK_KEY);
  return next_element(env, record, map, same || !element || is_key(map, record, element) ? cursor + 1 : cursor);
}

/** The next sample of a user ring buffer as a dynptr, which lies in the record. The cursor counts samples, also those that are passed over. */
function next_sample(record: u32): u32 {
  const map = load<u32>(record, CALLBACK_START);
  for (let samples = load<u32>(record, CALLBACK_CURSOR); samples < MAX_SAMPLES; samples++) {
    const size = user_ringbuf_peek(map);
    if (size == -EAGAIN) continue;
    if (size == -ENODATA) break;
    if (size < 0) return finish(record, size);
    store<u32>(record, samples + 1, CALLBACK_CURSOR);
    const dynptr = record + u32(CALLBACK_DYNPTR);
    set_dynptr(dynptr, u64(user_ringbuf_sample(map)), LOCAL, u32(size));
    store<u32>(record, dynptr, CALLBACK_KEY);
    store<u32>(record, DYNPTR_BYTES, CALLBACK_KEY_SIZE);
    store<u64>(record, u64(dynptr), CALLBACK_R1);
    return 1;
  }
  return finish(record, load<u32>(record, CALLBACK_COUNT));
}

/** An update puts another element with the same key into the slot. */
function is_key(map: u32, record: u32, element: u32): bool {
  const size = load<u32>(map, MAP_KEY_SIZE);
  return memory.compare(element + load<u32>(map, HASH_KEY_OFFSET), load<u32>(record, CALLBACK_KEY), size) == 0;
}

// @ts-ignore: decorator
@inline
function slot_element(map: u32, slot: u32): u32 {
  return load<u32>(load<u32>(map, HASH_INDEX) + (slot << 3), 4);
}

function at_index(env: u32, record: u32, map: u32, index: u32): u32 {
  if (index >= load<u32>(map, MAP_MAX_ENTRIES)) return finish(record, index);
  const key = record + u32(CALLBACK_KEY_COPY);
  store<u32>(key, index);
  const cpu = load<u32>(env, ENV_CPU);
  const value = load<u32>(map, MAP_TYPE) == BPF_MAP_TYPE_ARRAY ? array_lookup(map, key, cpu) : percpu_array_lookup(map, key, cpu);
  return call_with(record, key, 4, value);
}

/** The element at distance `cursor` from the start, or the next one behind it. */
function next_element(env: u32, record: u32, map: u32, cursor: u32): u32 {
  const mask = load<u32>(map, HASH_MASK);
  const start = load<u32>(record, CALLBACK_START);
  for (; cursor <= mask; cursor++) {
    const element = slot_element(map, (start + cursor) & mask);
    if (!element) continue;
    store<u32>(record, cursor, CALLBACK_CURSOR);
    return call_with(record, element + load<u32>(map, HASH_KEY_OFFSET), load<u32>(map, MAP_KEY_SIZE), element_value(map, element, load<u32>(env, ENV_CPU)));
  }
  return finish(record, load<u32>(record, CALLBACK_COUNT));
}

function element_value(map: u32, element: u32, cpu: u32): u32 {
  const type = load<u32>(map, MAP_TYPE);
  if (type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_LRU_PERCPU_HASH) return cpuValue(map, element, cpu);
  return element + load<u32>(map, HASH_VALUE_OFFSET);
}

function call_with(record: u32, key: u32, size: u32, value: u32): u32 {
  store<u32>(record, key, CALLBACK_KEY);
  store<u32>(record, size, CALLBACK_KEY_SIZE);
  store<u64>(record, u64(key), CALLBACK_R2);
  store<u64>(record, u64(value), CALLBACK_R3);
  return 1;
}
