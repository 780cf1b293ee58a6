/**
 * A pool of equal servers: each packet goes to the one that is free first, of several that to the lowest number.
 *
 * Servers get free almost in the order in which they were taken, so that they stand in a ring in that order; one that gets
 * free before some of those in front of it moves ahead of them. Where that is far (packets of very different lengths) it goes
 * to a heap instead, and the first one is the first of both: the order is exact, whatever the services.
 */
import { POOL_COUNT, POOL_HEAD, POOL_HEAP, POOL_HEAPED, POOL_MASK, POOL_RING, SERVER_BYTES, SERVER_CORE, SERVER_ID, SERVER_TIME } from "../abi";

/** Places that a server moves ahead in the ring at most. */
const REACH: u32 = 16;

/** The server that was taken last: number, core, and when it was free. */
export let takenId: u32 = 0;
export let takenCore: u32 = 0;
export let takenTime: f64 = 0;

// @ts-ignore: decorator
@inline
function before(time: f64, id: u32, entry: u32): bool {
  const other = load<f64>(entry, SERVER_TIME);
  return time < other || (time == other && id < load<u32>(entry, SERVER_ID));
}

// @ts-ignore: decorator
@inline
function slot_of(pool: u32, index: u32): u32 {
  return load<u32>(pool, POOL_RING) + (index & load<u32>(pool, POOL_MASK)) * SERVER_BYTES;
}

// @ts-ignore: decorator
@inline
function write(entry: u32, time: f64, id: u32, core: u32): void {
  store<f64>(entry, time, SERVER_TIME);
  store<u32>(entry, id, SERVER_ID);
  store<u32>(entry, core, SERVER_CORE);
}

// @ts-ignore: decorator
@inline
function take_entry(entry: u32): void {
  takenTime = load<f64>(entry, SERVER_TIME);
  takenId = load<u32>(entry, SERVER_ID);
  takenCore = load<u32>(entry, SERVER_CORE);
}

/** Takes the server that is free first out of the pool. */
// @ts-ignore: decorator
@inline
export function take_first(pool: u32): void {
  const head = load<u32>(pool, POOL_HEAD);
  const first = slot_of(pool, head);
  if (load<u32>(pool, POOL_HEAPED) != 0 && heap_is_first(pool, first)) {
    take_from_heap(pool);
    return;
  }
  take_entry(first);
  store<u32>(pool, head + 1, POOL_HEAD);
  store<u32>(pool, load<u32>(pool, POOL_COUNT) - 1, POOL_COUNT);
}

/** Puts a server into the pool that gets free at `time`. */
// @ts-ignore: decorator
@inline
export function put(pool: u32, time: f64, id: u32, core: u32): void {
  const count = load<u32>(pool, POOL_COUNT);
  const end = load<u32>(pool, POOL_HEAD) + count;
  if (count != 0 && before(time, id, slot_of(pool, end - 1))) {
    put_ahead(pool, time, id, core);
    return;
  }
  write(slot_of(pool, end), time, id, core);
  store<u32>(pool, count + 1, POOL_COUNT);
}

function heap_is_first(pool: u32, ring: u32): bool {
  const top = load<u32>(pool, POOL_HEAP);
  return load<u32>(pool, POOL_COUNT) == 0 || before(load<f64>(top, SERVER_TIME), load<u32>(top, SERVER_ID), ring);
}

/** Where the last of the ring gets free later. */
function put_ahead(pool: u32, time: f64, id: u32, core: u32): void {
  const count = load<u32>(pool, POOL_COUNT);
  const end = load<u32>(pool, POOL_HEAD) + count;
  const reach = min(count, REACH);
  let places: u32 = 1;
  while (places < reach && before(time, id, slot_of(pool, end - 1 - places))) places++;
  if (places == REACH && places < count) {
    put_in_heap(pool, time, id, core);
    return;
  }
  for (let i: u32 = 0; i < places; i++) v128.store(slot_of(pool, end - i), v128.load(slot_of(pool, end - i - 1)));
  write(slot_of(pool, end - places), time, id, core);
  store<u32>(pool, count + 1, POOL_COUNT);
}

function put_in_heap(pool: u32, time: f64, id: u32, core: u32): void {
  const heap = load<u32>(pool, POOL_HEAP);
  let at = load<u32>(pool, POOL_HEAPED);
  store<u32>(pool, at + 1, POOL_HEAPED);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!before(time, id, heap + parent * SERVER_BYTES)) break;
    v128.store(heap + at * SERVER_BYTES, v128.load(heap + parent * SERVER_BYTES));
    at = parent;
  }
  write(heap + at * SERVER_BYTES, time, id, core);
}

function take_from_heap(pool: u32): void {
  const heap = load<u32>(pool, POOL_HEAP);
  take_entry(heap);
  const size = load<u32>(pool, POOL_HEAPED) - 1;
  store<u32>(pool, size, POOL_HEAPED);
  const last = heap + size * SERVER_BYTES;
  const time = load<f64>(last, SERVER_TIME);
  const id = load<u32>(last, SERVER_ID);
  const core = load<u32>(last, SERVER_CORE);
  let at: u32 = 0;
  for (;;) {
    let child = at * 2 + 1;
    if (child >= size) break;
    const left = heap + child * SERVER_BYTES;
    const right = left + SERVER_BYTES;
    if (child + 1 < size && before(load<f64>(right, SERVER_TIME), load<u32>(right, SERVER_ID), left)) child++;
    const entry = heap + child * SERVER_BYTES;
    if (before(time, id, entry)) break;
    v128.store(heap + at * SERVER_BYTES, v128.load(entry));
    at = child;
  }
  write(heap + at * SERVER_BYTES, time, id, core);
}
