/**
 * The device clock's side of a run: which packets a device has room for, when each is served, how long it waited. What the
 * functions promise stands in nic/timeline/timeline.ts. `decide` and `settle` are for callers that keep a packet's times
 * themselves; `timeline_offer` and `timeline_complete` keep them between the two.
 */
import {
  ADMITTED, DROPPED_MAC, DROPPED_RING, MAX_PENDING, PENDING_ARRIVAL, PENDING_BYTES, PENDING_READY, PENDING_RING, RING_ADMITTED, RING_ADMIT_PLACE, RING_BYTES, RING_CORE, RING_DROPS,
  RING_EXECUTED, RING_EXECUTE_PLACE, RING_LEAVES, RING_LEFT, RING_LEFT_PLACE, TL_ADMIT_SLOT, TL_BUSY, TL_COLLAPSED, TL_COLLAPSES, TL_COMPLETE_SLOT, TL_CORES, TL_CORE_FREE,
  TL_IS_POOL, TL_LAST_DEPARTURE, TL_LATENCY, TL_MAC_BUSY, TL_MAC_DROPS, TL_MAC_FREE, TL_MAC_ROOM, TL_MAC_SPACING, TL_OCCUPANCY, TL_OVERLOAD_BELOW,
  TL_OVERLOAD_SPACING, TL_PENDING, TL_POOL, TL_RINGS, TL_RING_SIZE, TL_SHARED_BUSY, TL_SHARED_FREE, TL_SHARED_UNTIL, TL_WAIT, TL_WAITING, TL_WORK_UNTIL, UNDECIDED,
} from "../abi";
import { record } from "./histogram";
import { add, add_pair, after, larger } from "./numbers";
import { put, takenCore, takenId, takenTime, take_first } from "./pool";
import { record_at } from "./series";

/** What {@link decide} says of packets that are not admitted. */
export const NO_ROOM_IN_RING: f64 = -DROPPED_RING;
export const NO_ROOM_IN_MAC: f64 = -DROPPED_MAC;

/** The ring that holds packets of a queue. */
// @ts-ignore: decorator
@inline
export function ring_of(isPool: bool, timeline: u32, queue: u32): u32 {
  return load<u32>(timeline, TL_RINGS) + (isPool ? 0 : queue * RING_BYTES);
}

/** Packets that `ring` can take before costs must be told. */
// @ts-ignore: decorator
@inline
export function decidable_in(timeline: u32, ring: u32): i32 {
  return i32(load<i64>(ring, RING_EXECUTED) - load<i64>(ring, RING_ADMITTED)) + load<i32>(timeline, TL_RING_SIZE);
}

/** Whether the device has room for a packet, of which the caller knows that it can be decided: when the MAC is done with it, or NO_ROOM_*. */
// @ts-ignore: decorator
@inline
export function decide(timeline: u32, ring: u32, arrival: f64, queue: u32): f64 {
  const index = load<i64>(ring, RING_ADMITTED);
  let spacing = load<f64>(timeline, TL_MAC_SPACING);
  let ready = arrival;
  if (spacing > 0) {
    const free = load<f64>(timeline, TL_MAC_FREE);
    ready = larger(free, arrival);
    if (ready - arrival > load<f64>(timeline, TL_MAC_ROOM)) {
      add(timeline, TL_MAC_DROPS, 1);
      overload(timeline, ring, index);
      return NO_ROOM_IN_MAC;
    }
    if (load<u32>(timeline, TL_COLLAPSED)) {
      if (free <= arrival) store<u32>(timeline, 0, TL_COLLAPSED);
      else spacing = load<f64>(timeline, TL_OVERLOAD_SPACING);
    }
    store<f64>(timeline, ready + spacing, TL_MAC_FREE);
    add(timeline, TL_MAC_BUSY, spacing);
  }
  const ringSize = load<u32>(timeline, TL_RING_SIZE);
  const place = load<u32>(ring, RING_ADMIT_PLACE);
  // The packet admitted a ring ago holds this place; where there was none it is 0.
  if (load<f64>(load<u32>(ring, RING_LEAVES) + (place << 3)) > ready) {
    add(load<u32>(timeline, TL_RINGS) + queue * RING_BYTES, RING_DROPS, 1);
    overload(timeline, ring, index);
    return NO_ROOM_IN_RING;
  }
  store<i64>(ring, index + 1, RING_ADMITTED);
  store<u32>(ring, after(place, ringSize), RING_ADMIT_PLACE);
  return ready;
}

/** Where a place of `ring` is, bytes, in tables of all rings' places. */
// @ts-ignore: decorator
@inline
function place_in_all(timeline: u32, ring: u32, place: u32): u32 {
  return (((ring - load<u32>(timeline, TL_RINGS)) / RING_BYTES) * load<u32>(timeline, TL_RING_SIZE) + place) << 3;
}

/** A packet was turned away: the fault, where the rate of the cores (as of packets that have surely been served) is one at which it shows. */
function overload(timeline: u32, ring: u32, index: i64): void {
  const ringSize = load<u32>(timeline, TL_RING_SIZE);
  if (load<f64>(timeline, TL_OVERLOAD_SPACING) == 0 || load<u32>(timeline, TL_COLLAPSED) || index < i64(ringSize)) return;
  const place = place_in_all(timeline, ring, load<u32>(ring, RING_ADMIT_PLACE));
  const work = load<f64>(load<u32>(timeline, TL_WORK_UNTIL) + place);
  const shared = load<f64>(load<u32>(timeline, TL_SHARED_UNTIL) + place);
  const perPacket = larger(work / f64(load<u32>(timeline, TL_CORES)), shared) / f64(index - i64(ringSize) + 1);
  if (perPacket * load<f64>(timeline, TL_OVERLOAD_BELOW) <= 1e9) return;
  store<u32>(timeline, 1, TL_COLLAPSED);
  add(timeline, TL_COLLAPSES, 1);
}

/** Packets of the `index` before in `ring` that have left it at `ready`. */
// @ts-ignore: decorator
@inline
function count_left(ring: u32, leaves: u32, index: i64, ringSize: u32, nextPlace: u32, ready: f64): i64 {
  let left = load<i64>(ring, RING_LEFT);
  let leftPlace = load<u32>(ring, RING_LEFT_PLACE);
  // What was admitted a ring ago has left, or this packet would not have been; its place is this packet's now.
  if (left < index - i64(ringSize) + 1) {
    left = index - i64(ringSize) + 1;
    leftPlace = nextPlace;
  }
  // One leaves for one that comes, more or less: two steps without a branch, and a loop for what is rare.
  let gone = u32(left < index) & u32(load<f64>(leaves + (leftPlace << 3)) <= ready);
  left += i64(gone);
  leftPlace = leftPlace + gone == ringSize ? 0 : leftPlace + gone;
  gone = u32(left < index) & u32(load<f64>(leaves + (leftPlace << 3)) <= ready);
  left += i64(gone);
  leftPlace = leftPlace + gone == ringSize ? 0 : leftPlace + gone;
  while (left < index && load<f64>(leaves + (leftPlace << 3)) <= ready) {
    left++;
    leftPlace = after(leftPlace, ringSize);
  }
  store<i64>(ring, left, RING_LEFT);
  store<u32>(ring, leftPlace, RING_LEFT_PLACE);
  return left;
}

/** Serves the longest admitted packet of `ring` that has not been, with which the MAC was done at `ready`; returns its departure. */
// @ts-ignore: decorator
@inline
export function settle(isPool: bool, timeline: u32, ring: u32, arrival: f64, ready: f64, service: f64, shared: f64, alone: f64): f64 {
  const ringSize = load<u32>(timeline, TL_RING_SIZE);
  const index = load<i64>(ring, RING_EXECUTED);
  store<i64>(ring, index + 1, RING_EXECUTED);
  const leaves = load<u32>(ring, RING_LEAVES);
  const place = load<u32>(ring, RING_EXECUTE_PLACE);
  const nextPlace = after(place, ringSize);
  const before = load<f64>(leaves + ((place == 0 ? ringSize - 1 : place - 1) << 3));
  store<u32>(ring, nextPlace, RING_EXECUTE_PLACE);
  const cores = load<u32>(timeline, TL_CORE_FREE);
  let start: f64;
  let departure: f64;
  if (isPool) {
    const pool = load<u32>(timeline, TL_POOL);
    take_first(pool);
    const id = takenId;
    const core = takenCore;
    start = larger(takenTime, ready);
    const coreFree = cores + (core << 3);
    const worked = larger(load<f64>(coreFree), start) + service;
    store<f64>(coreFree, worked);
    departure = larger(start + alone, worked);
    if (shared > 0) {
      const done = larger(load<f64>(timeline, TL_SHARED_FREE), start) + shared;
      store<f64>(timeline, done, TL_SHARED_FREE);
      departure = larger(departure, done);
    }
    put(pool, departure, id, core);
    store<f64>(leaves + (place << 3), start);
  } else {
    const coreFree = cores + (load<u32>(ring, RING_CORE) << 3);
    start = larger(load<f64>(coreFree), ready);
    departure = start + service;
    store<f64>(coreFree, departure);
    store<f64>(leaves + (place << 3), departure);
  }
  add_pair(timeline, TL_BUSY, service, isPool ? shared : 0);
  const workUntil = load<u32>(timeline, TL_WORK_UNTIL);
  if (workUntil != 0) {
    const inAll = place_in_all(timeline, ring, place);
    store<f64>(workUntil + inAll, load<f64>(timeline, TL_BUSY));
    store<f64>(load<u32>(timeline, TL_SHARED_UNTIL) + inAll, load<f64>(timeline, TL_SHARED_BUSY));
  }
  let left = index;
  // Packets leave in order: where the one before has left, all have. A pool that is not full is asked this alone, and the
  // answer hangs on no packet but that one.
  if (isPool && before <= ready) {
    store<u32>(ring, place, RING_LEFT_PLACE);
    store<i64>(ring, left, RING_LEFT);
  } else left = count_left(ring, leaves, index, ringSize, nextPlace, ready);
  record_at(timeline + TL_OCCUPANCY, ready, f64(index - left));
  record(timeline + TL_WAIT, start - arrival);
  record(timeline + TL_LATENCY, departure - arrival);
  store<f64>(timeline, larger(load<f64>(timeline, TL_LAST_DEPARTURE), departure), TL_LAST_DEPARTURE);
  return departure;
}

/** Packets of `queue` that can be decided before costs must be told. */
export function timeline_decidable(timeline: u32, queue: u32): i32 {
  return min(decidable_in(timeline, ring_of(load<u32>(timeline, TL_IS_POOL) != 0, timeline, queue)), MAX_PENDING - load<i32>(timeline, TL_WAITING));
}

/** Offers the next packet in arrival order. */
export function timeline_offer(timeline: u32, arrival: f64, queue: u32): i32 {
  if (timeline_decidable(timeline, queue) <= 0) return UNDECIDED;
  const ring = ring_of(load<u32>(timeline, TL_IS_POOL) != 0, timeline, queue);
  const ready = decide(timeline, ring, arrival, queue);
  if (ready < 0) return ready == NO_ROOM_IN_MAC ? DROPPED_MAC : DROPPED_RING;
  const slot = load<u32>(timeline, TL_ADMIT_SLOT);
  store<u32>(timeline, after(slot, MAX_PENDING), TL_ADMIT_SLOT);
  store<u32>(timeline, load<u32>(timeline, TL_WAITING) + 1, TL_WAITING);
  const pending = load<u32>(timeline, TL_PENDING) + slot * PENDING_BYTES;
  store<f64>(pending, arrival, PENDING_ARRIVAL);
  store<f64>(pending, ready, PENDING_READY);
  store<u32>(pending, ring, PENDING_RING);
  return ADMITTED;
}

/** Tells the times of the longest admitted packet that has none yet; returns its departure. */
export function timeline_complete(timeline: u32, service: f64, shared: f64, alone: f64): f64 {
  const slot = load<u32>(timeline, TL_COMPLETE_SLOT);
  const pending = load<u32>(timeline, TL_PENDING) + slot * PENDING_BYTES;
  const waiting = load<u32>(timeline, TL_WAITING) - 1;
  store<u32>(timeline, waiting, TL_WAITING);
  // Nobody waits: the next ones may begin anew, so that few places are used over and over.
  store<u32>(timeline, waiting == 0 ? 0 : after(slot, MAX_PENDING), TL_COMPLETE_SLOT);
  if (waiting == 0) store<u32>(timeline, 0, TL_ADMIT_SLOT);
  const ring = load<u32>(pending, PENDING_RING);
  const arrival = load<f64>(pending, PENDING_ARRIVAL);
  const ready = load<f64>(pending, PENDING_READY);
  return load<u32>(timeline, TL_IS_POOL) ? settle(true, timeline, ring, arrival, ready, service, shared, alone) : settle(false, timeline, ring, arrival, ready, service, shared, alone);
}
