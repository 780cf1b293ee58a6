/**
 * Timers in map values, on the device's clock: what is due fires when a packet comes, before the program sees it, in order of
 * time, and sees the time that it was set for. A struct bpf_timer holds number + 1 and generation of its timer in the table.
 */
import {
  CALLBACK_COUNT,
  CALLBACK_HELPER,
  CALLBACK_KEY,
  CALLBACK_KEY_COPY,
  CALLBACK_KEY_SIZE,
  CALLBACK_R1,
  CALLBACK_R2,
  CALLBACK_R3,
  CALLBACK_TARGET,
  ENV_PROGRAM,
  ENV_TIME,
  MACHINE,
  MACHINE_SHARED,
  MACHINE_TIMERS,
  MAP_DATA,
  MAP_KEY_SIZE,
  MAP_STRIDE,
  MAP_TYPE,
  MAP_VALUE_OFFSET,
  MAX_CALL_FRAMES,
  TIMERS_CAPACITY,
  TIMERS_HEAP,
  TIMERS_HEAP_COUNT,
  TIMERS_LOCK,
  TIMERS_NEXT,
  TIMERS_SLOTS,
  TIMERS_USED,
  TIMER_ARMED,
  TIMER_BYTES,
  TIMER_CALLBACK,
  TIMER_GENERATION,
  TIMER_MAP,
  TIMER_PROGRAM,
  TIMER_SEQUENCE,
  TIMER_VALUE,
} from "../../../abi";
import { HASH_KEY_OFFSET, HASH_VALUE_OFFSET } from "../../../maps/fields";
import { BPF_MAP_TYPE_ARRAY } from "../../../maps/uapi";
import { findElement } from "../maps/hash";
import { callback_record } from "./callback";
import { EBUSY, EINVAL, ENOMEM } from "./errno";

const MAX_CLOCKS: u64 = 16;
const CLOCK_REALTIME: u64 = 0;
const CLOCK_MONOTONIC: u64 = 1;
const CLOCK_BOOTTIME: u64 = 7;
const BPF_F_TIMER_ABS: u64 = 1;
const BPF_F_TIMER_CPU_PIN: u64 = 2;
/** Heap entry: u64 time, u32 timer, u32 sequence: the entry counts where that is the timer's. */
const ENTRY: u32 = 16;
/** Timers that one packet lets fire: the rest waits for the next, so that a timer of no time does not stop the run. */
const MAX_FIRED: u32 = 65536;

// @ts-ignore: decorator
@inline
function fail(errno: i32): u64 {
  return u64(i64(-errno));
}

// @ts-ignore: decorator
@inline
function table(): u32 {
  return load<u32>(MACHINE, MACHINE_TIMERS);
}

function lock(at: u32): void {
  if (!load<u32>(MACHINE, MACHINE_SHARED)) return;
  while (atomic.cmpxchg<u32>(at, 0, 1, TIMERS_LOCK) != 0) atomic.wait<i32>(at + u32(TIMERS_LOCK), 1, 50000);
}

function unlock(at: u32): void {
  if (load<u32>(MACHINE, MACHINE_SHARED)) atomic.store<u32>(at, 0, TIMERS_LOCK);
}

// @ts-ignore: decorator
@inline
function slot_at(at: u32, number: u32): u32 {
  return at + u32(TIMERS_SLOTS) + number * TIMER_BYTES;
}

/** The timer that a struct bpf_timer names; 0 where it names none. */
function timer_at(at: u32, field: u32): u32 {
  const number = load<u32>(field) - 1;
  if (number >= load<u32>(at, TIMERS_USED)) return 0;
  const timer = slot_at(at, number);
  return load<u32>(timer, TIMER_VALUE) == field && load<u32>(timer, TIMER_GENERATION) == load<u32>(field, 4) ? timer : 0;
}

/** Start of the value that a timer is in. */
function value_of(map: u32, field: u32): u32 {
  const first = load<u32>(map, MAP_DATA) + load<u32>(map, MAP_VALUE_OFFSET);
  const stride = load<u32>(map, MAP_STRIDE);
  return stride ? field - ((field - first) % stride) : first;
}

/** Whether the timer's value is still in its map, and the timer still in the value. */
function is_alive(at: u32, timer: u32): bool {
  const field = load<u32>(timer, TIMER_VALUE);
  if (timer_at(at, field) != timer) return false;
  const map = load<u32>(timer, TIMER_MAP);
  if (load<u32>(map, MAP_TYPE) == BPF_MAP_TYPE_ARRAY) return true;
  const element = value_of(map, field) - load<u32>(map, HASH_VALUE_OFFSET);
  return findElement(map, element + load<u32>(map, HASH_KEY_OFFSET)) == element;
}

/** A place for a new timer: the next one, or that of a timer that is gone. */
function free_slot(at: u32): u32 {
  const used = load<u32>(at, TIMERS_USED);
  if (used < load<u32>(at, TIMERS_CAPACITY)) {
    store<u32>(at, used + 1, TIMERS_USED);
    return slot_at(at, used);
  }
  for (let i: u32 = 0; i < used; i++) if (!is_alive(at, slot_at(at, i))) return slot_at(at, i);
  return 0;
}

export function bpf_timer_init(env: u32, field64: u64, map: u64, flags: u64): u64 {
  if (flags >= MAX_CLOCKS || (flags != CLOCK_REALTIME && flags != CLOCK_MONOTONIC && flags != CLOCK_BOOTTIME)) return fail(EINVAL);
  const at = table();
  const field = u32(field64);
  lock(at);
  let result: u64 = fail(EBUSY);
  if (!timer_at(at, field)) {
    const timer = free_slot(at);
    result = fail(ENOMEM);
    if (timer) {
      const generation = load<u32>(timer, TIMER_GENERATION) + 1;
      store<u32>(timer, generation, TIMER_GENERATION);
      store<u32>(timer, u32(map), TIMER_MAP);
      store<u32>(timer, field, TIMER_VALUE);
      store<u32>(timer, 0, TIMER_CALLBACK);
      store<u32>(timer, 0, TIMER_ARMED);
      store<u32>(field, (timer - slot_at(at, 0)) / TIMER_BYTES + 1);
      store<u32>(field, generation, 4);
      result = 0;
    }
  }
  unlock(at);
  return result;
}

export function bpf_timer_set_callback(env: u32, field: u64, callback: u64): u64 {
  const at = table();
  const timer = timer_at(at, u32(field));
  if (!timer) return fail(EINVAL);
  store<u32>(timer, load<u32>(env, ENV_PROGRAM), TIMER_PROGRAM);
  store<u32>(timer, u32(callback) + 1, TIMER_CALLBACK);
  return 0;
}

export function bpf_timer_start(env: u32, field: u64, nsecs: u64, flags: u64): u64 {
  if (flags & ~(BPF_F_TIMER_ABS | BPF_F_TIMER_CPU_PIN)) return fail(EINVAL);
  const at = table();
  const timer = timer_at(at, u32(field));
  if (!timer || !load<u32>(timer, TIMER_CALLBACK)) return fail(EINVAL);
  lock(at);
  const sequence = load<u32>(timer, TIMER_SEQUENCE) + 1;
  store<u32>(timer, sequence, TIMER_SEQUENCE);
  store<u32>(timer, 1, TIMER_ARMED);
  push(at, flags & BPF_F_TIMER_ABS ? nsecs : load<u64>(env, ENV_TIME) + nsecs, (timer - slot_at(at, 0)) / TIMER_BYTES, sequence);
  unlock(at);
  return 0;
}

/** 1 where it would have fired. A timer that was cancelled has no function any more. */
export function bpf_timer_cancel(env: u32, field: u64): u64 {
  const at = table();
  const timer = timer_at(at, u32(field));
  if (!timer) return fail(EINVAL);
  lock(at);
  const armed = load<u32>(timer, TIMER_ARMED);
  store<u32>(timer, 0, TIMER_ARMED);
  store<u32>(timer, 0, TIMER_CALLBACK);
  unlock(at);
  return u64(armed);
}

/* ---- heap of what is to fire, earliest first ---- */

// @ts-ignore: decorator
@inline
function entry(at: u32, index: u32): u32 {
  return load<u32>(at, TIMERS_HEAP) + index * ENTRY;
}

function note_next(at: u32): void {
  store<u64>(at, load<u32>(at, TIMERS_HEAP_COUNT) ? load<u64>(entry(at, 0)) : u64.MAX_VALUE, TIMERS_NEXT);
}

function is_current(at: u32, item: u32): bool {
  const timer = slot_at(at, load<u32>(item, 8));
  return load<u32>(timer, TIMER_ARMED) != 0 && load<u32>(timer, TIMER_SEQUENCE) == load<u32>(item, 12);
}

function push(at: u32, time: u64, number: u32, sequence: u32): void {
  if (load<u32>(at, TIMERS_HEAP_COUNT) == load<u32>(at, TIMERS_CAPACITY) * 2) compact(at);
  const count = load<u32>(at, TIMERS_HEAP_COUNT);
  store<u32>(at, count + 1, TIMERS_HEAP_COUNT);
  rise(at, count, time, number, sequence);
  note_next(at);
}

function rise(at: u32, index: u32, time: u64, number: u32, sequence: u32): void {
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (load<u64>(entry(at, parent)) <= time) break;
    memory.copy(entry(at, index), entry(at, parent), ENTRY);
    index = parent;
  }
  const item = entry(at, index);
  store<u64>(item, time);
  store<u32>(item, number, 8);
  store<u32>(item, sequence, 12);
}

/** Takes out entries of timers that were set anew or cancelled: at most one a timer stays. */
function compact(at: u32): void {
  const count = load<u32>(at, TIMERS_HEAP_COUNT);
  let kept: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const item = entry(at, i);
    if (!is_current(at, item)) continue;
    rise(at, kept, load<u64>(item), load<u32>(item, 8), load<u32>(item, 12));
    kept++;
  }
  store<u32>(at, kept, TIMERS_HEAP_COUNT);
}

function remove_first(at: u32): void {
  const count = load<u32>(at, TIMERS_HEAP_COUNT) - 1;
  store<u32>(at, count, TIMERS_HEAP_COUNT);
  const last = entry(at, count);
  const time = load<u64>(last);
  let index: u32 = 0;
  while (true) {
    let child = index * 2 + 1;
    if (child >= count) break;
    if (child + 1 < count && load<u64>(entry(at, child + 1)) < load<u64>(entry(at, child))) child++;
    if (load<u64>(entry(at, child)) >= time) break;
    memory.copy(entry(at, index), entry(at, child), ENTRY);
    index = child;
  }
  if (count) memory.copy(entry(at, index), last, ENTRY);
}

/** Record that a timer's function is called with: the deepest, from where nobody calls back. */
// @ts-ignore: decorator
@inline
export function timer_record(env: u32): u32 {
  return callback_record(env, MAX_CALL_FRAMES - 1);
}

/** 1 where a timer is due at a time: its function's program, first slot + 1 and arguments are then in {@link timer_record}. */
export function timer_pop(env: u32, time: u64): u32 {
  const at = table();
  const record = timer_record(env);
  if (at && load<u64>(at, TIMERS_NEXT) <= time && load<u32>(record, CALLBACK_COUNT) < MAX_FIRED) {
    lock(at);
    while (load<u32>(at, TIMERS_HEAP_COUNT) && load<u64>(entry(at, 0)) <= time) {
      const item = entry(at, 0);
      const timer = slot_at(at, load<u32>(item, 8));
      const due = load<u64>(item);
      const current = is_current(at, item);
      remove_first(at);
      if (!current) continue;
      store<u32>(timer, 0, TIMER_ARMED);
      if (!load<u32>(timer, TIMER_CALLBACK) || !is_alive(at, timer)) continue;
      note_next(at);
      unlock(at);
      store<u64>(env, due, ENV_TIME);
      store<u32>(record, load<u32>(record, CALLBACK_COUNT) + 1, CALLBACK_COUNT);
      call_with(record, timer);
      return 1;
    }
    note_next(at);
    unlock(at);
  }
  store<u64>(env, time, ENV_TIME);
  store<u32>(record, 0, CALLBACK_COUNT);
  store<u32>(record, 0, CALLBACK_KEY_SIZE);
  return 0;
}

function call_with(record: u32, timer: u32): void {
  const map = load<u32>(timer, TIMER_MAP);
  const value = value_of(map, load<u32>(timer, TIMER_VALUE));
  let key = record + u32(CALLBACK_KEY_COPY);
  if (load<u32>(map, MAP_TYPE) == BPF_MAP_TYPE_ARRAY) {
    store<u32>(key, (value - load<u32>(map, MAP_DATA) - load<u32>(map, MAP_VALUE_OFFSET)) / max<u32>(load<u32>(map, MAP_STRIDE), 1));
  } else key = value - load<u32>(map, HASH_VALUE_OFFSET) + load<u32>(map, HASH_KEY_OFFSET);
  store<u32>(record, load<u32>(timer, TIMER_PROGRAM), CALLBACK_HELPER);
  store<u32>(record, load<u32>(timer, TIMER_CALLBACK), CALLBACK_TARGET);
  store<u32>(record, key, CALLBACK_KEY);
  store<u32>(record, load<u32>(map, MAP_KEY_SIZE), CALLBACK_KEY_SIZE);
  store<u64>(record, u64(map), CALLBACK_R1);
  store<u64>(record, u64(key), CALLBACK_R2);
  store<u64>(record, u64(value), CALLBACK_R3);
}
