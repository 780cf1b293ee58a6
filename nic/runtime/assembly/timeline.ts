/**
 * The device clock's side of a run: which packets a device has room for, when each is served, how long it waited. What the
 * functions promise stands in nic/timeline/timeline.ts. `decide` and `settle` are for callers that keep a packet's arrival
 * themselves; `offer` and `complete` keep it between the two.
 */
import {
  ADMITTED, DROPPED_MAC, DROPPED_RING, MAX_PENDING, PENDING_ARRIVAL, PENDING_BYTES, PENDING_READY, PENDING_RING, RING_ADMITTED, RING_ADMIT_PLACE, RING_BYTES, RING_CORE,
  RING_DROPS, RING_EXECUTED, RING_EXECUTE_PLACE, RING_LEAVES, RING_LEFT, RING_LEFT_PLACE, TL_ADMITTED, TL_ADMIT_SLOT, TL_BUSY, TL_COLLAPSED, TL_COLLAPSES, TL_COMPLETED,
  TL_COMPLETE_SLOT, TL_CORES, TL_CORE_FREE, TL_FIRST_ARRIVAL, TL_IS_POOL, TL_LAST_DEPARTURE, TL_LATENCY, TL_MAC_BUSY, TL_MAC_DROPS, TL_MAC_FREE, TL_MAC_ROOM, TL_MAC_SPACING,
  TL_OCCUPANCY, TL_OVERLOAD_BELOW, TL_OVERLOAD_SPACING, TL_PENDING, TL_POOL, TL_RINGS, TL_RING_SIZE, TL_SHARED_BUSY, TL_SHARED_FREE, TL_SHARED_UNTIL, TL_WAIT, TL_WAITING,
  TL_WORK_UNTIL, UNDECIDED,
} from "../abi";
import { record } from "./histogram";
import { put, takenCore, takenId, takenTime, take_first } from "./pool";
import { series_record } from "./series";

/** When the MAC was done with the packet that {@link decide} admitted last. */
export let ready: f64 = 0;

// @ts-ignore: decorator
@inline
function add(address: u32, offset: u32, value: f64): void {
  store<f64>(address + offset, load<f64>(address + offset) + value);
}

/** The place behind one in a ring. */
// @ts-ignore: decorator
@inline
function after(place: u32, size: u32): u32 {
  return place + 1 == size ? 0 : place + 1;
}

/** The ring that holds packets of a queue. */
// @ts-ignore: decorator
@inline
function ring_of(timeline: u32, queue: u32): u32 {
  return load<u32>(timeline, TL_RINGS) + (load<u32>(timeline, TL_IS_POOL) ? 0 : queue * RING_BYTES);
}

// @ts-ignore: decorator
@inline
function decidable_in(timeline: u32, ring: u32): i32 {
  const inRing = i32(load<i64>(ring, RING_EXECUTED) - load<i64>(ring, RING_ADMITTED)) + i32(load<u32>(timeline, TL_RING_SIZE));
  return min(inRing, MAX_PENDING - load<i32>(timeline, TL_WAITING));
}

/** Packets of `queue` that can be decided before costs must be told. */
export function timeline_decidable(timeline: u32, queue: u32): i32 {
  return decidable_in(timeline, ring_of(timeline, queue));
}

/** Whether the device has room for a packet; the caller knows that it can be decided. */
// @ts-ignore: decorator
@inline
function decide_in(timeline: u32, ring: u32, arrival: f64, queue: u32): i32 {
  if (isNaN(load<f64>(timeline, TL_FIRST_ARRIVAL))) store<f64>(timeline, arrival, TL_FIRST_ARRIVAL);
  const ringSize = load<u32>(timeline, TL_RING_SIZE);
  const index = load<i64>(ring, RING_ADMITTED);
  const macSpacing = load<f64>(timeline, TL_MAC_SPACING);
  let at = arrival;
  if (macSpacing > 0) {
    const free = load<f64>(timeline, TL_MAC_FREE);
    if (free > arrival) {
      if (free - arrival > load<f64>(timeline, TL_MAC_ROOM)) {
        add(timeline, TL_MAC_DROPS, 1);
        overload(timeline, ring, index);
        return DROPPED_MAC;
      }
      at = free;
    } else store<u32>(timeline, 0, TL_COLLAPSED);
    const spacing = load<u32>(timeline, TL_COLLAPSED) ? load<f64>(timeline, TL_OVERLOAD_SPACING) : macSpacing;
    store<f64>(timeline, at + spacing, TL_MAC_FREE);
    add(timeline, TL_MAC_BUSY, spacing);
  }
  const place = load<u32>(ring, RING_ADMIT_PLACE);
  if (index >= i64(ringSize) && load<f64>(load<u32>(ring, RING_LEAVES) + (place << 3)) > at) {
    add(load<u32>(timeline, TL_RINGS) + queue * RING_BYTES, RING_DROPS, 1);
    overload(timeline, ring, index);
    return DROPPED_RING;
  }
  store<i64>(ring, index + 1, RING_ADMITTED);
  store<u32>(ring, after(place, ringSize), RING_ADMIT_PLACE);
  add(timeline, TL_ADMITTED, 1);
  ready = at;
  return ADMITTED;
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
  const perPacket = Math.max(work / f64(load<u32>(timeline, TL_CORES)), shared) / f64(index - i64(ringSize) + 1);
  if (perPacket * load<f64>(timeline, TL_OVERLOAD_BELOW) <= 1e9) return;
  store<u32>(timeline, 1, TL_COLLAPSED);
  add(timeline, TL_COLLAPSES, 1);
}

/** Serves the longest admitted packet of `ring` that has not been; returns its departure. */
// @ts-ignore: decorator
@inline
function settle_in(isPool: bool, timeline: u32, ring: u32, arrival: f64, begin: f64, service: f64, shared: f64, alone: f64): f64 {
  add(timeline, TL_COMPLETED, 1);
  const ringSize = load<u32>(timeline, TL_RING_SIZE);
  const index = load<i64>(ring, RING_EXECUTED);
  store<i64>(ring, index + 1, RING_EXECUTED);
  const leaves = load<u32>(ring, RING_LEAVES);
  const place = load<u32>(ring, RING_EXECUTE_PLACE);
  const nextPlace = after(place, ringSize);
  store<u32>(ring, nextPlace, RING_EXECUTE_PLACE);
  const cores = load<u32>(timeline, TL_CORE_FREE);
  let start: f64;
  let departure: f64;
  if (isPool) {
    const pool = load<u32>(timeline, TL_POOL);
    take_first(pool);
    const id = takenId;
    const core = takenCore;
    const free = takenTime;
    start = free > begin ? free : begin;
    const coreFree = cores + (core << 3);
    const busyUntil = load<f64>(coreFree);
    const worked = (busyUntil > start ? busyUntil : start) + service;
    store<f64>(coreFree, worked);
    departure = start + alone;
    if (worked > departure) departure = worked;
    if (shared > 0) {
      const sharedFree = load<f64>(timeline, TL_SHARED_FREE);
      const done = (sharedFree > start ? sharedFree : start) + shared;
      store<f64>(timeline, done, TL_SHARED_FREE);
      if (done > departure) departure = done;
      add(timeline, TL_SHARED_BUSY, shared);
    }
    put(pool, departure, id, core);
    store<f64>(leaves + (place << 3), start);
  } else {
    const coreFree = cores + (load<u32>(ring, RING_CORE) << 3);
    const free = load<f64>(coreFree);
    start = free > begin ? free : begin;
    departure = start + service;
    store<f64>(coreFree, departure);
    store<f64>(leaves + (place << 3), departure);
  }
  add(timeline, TL_BUSY, service);
  const workUntil = load<u32>(timeline, TL_WORK_UNTIL);
  if (workUntil != 0) {
    const inAll = place_in_all(timeline, ring, place);
    store<f64>(workUntil + inAll, load<f64>(timeline, TL_BUSY));
    store<f64>(load<u32>(timeline, TL_SHARED_UNTIL) + inAll, load<f64>(timeline, TL_SHARED_BUSY));
  }
  // What was admitted a ring ago has left, or this packet would not have been; its place is this packet's now.
  let left = load<i64>(ring, RING_LEFT);
  let leftPlace = load<u32>(ring, RING_LEFT_PLACE);
  if (left < index - i64(ringSize) + 1) {
    left = index - i64(ringSize) + 1;
    leftPlace = nextPlace;
  }
  while (left < index && load<f64>(leaves + (leftPlace << 3)) <= begin) {
    left++;
    leftPlace = after(leftPlace, ringSize);
  }
  store<i64>(ring, left, RING_LEFT);
  store<u32>(ring, leftPlace, RING_LEFT_PLACE);
  series_record(timeline + TL_OCCUPANCY, begin, f64(index - left));
  record(timeline + TL_WAIT, start - arrival);
  record(timeline + TL_LATENCY, departure - arrival);
  if (departure > load<f64>(timeline, TL_LAST_DEPARTURE)) store<f64>(timeline, departure, TL_LAST_DEPARTURE);
  return departure;
}

/** {@link decide_in} for callers that have no packet waiting for its cost. */
export function decide(timeline: u32, arrival: f64, queue: u32): i32 {
  return decide_in(timeline, ring_of(timeline, queue), arrival, queue);
}

/** {@link settle_in} of the packet of `queue` that was decided last. */
export function settle(timeline: u32, queue: u32, arrival: f64, begin: f64, service: f64, shared: f64, alone: f64): f64 {
  const ring = ring_of(timeline, queue);
  return load<u32>(timeline, TL_IS_POOL) ? settle_in(true, timeline, ring, arrival, begin, service, shared, alone) : settle_in(false, timeline, ring, arrival, begin, service, shared, alone);
}

/** Offers the next packet in arrival order. */
export function timeline_offer(timeline: u32, arrival: f64, queue: u32): i32 {
  const ring = ring_of(timeline, queue);
  if (decidable_in(timeline, ring) <= 0) return UNDECIDED;
  const answer = decide_in(timeline, ring, arrival, queue);
  if (answer != ADMITTED) return answer;
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
  const begin = load<f64>(pending, PENDING_READY);
  return load<u32>(timeline, TL_IS_POOL) ? settle_in(true, timeline, ring, arrival, begin, service, shared, alone) : settle_in(false, timeline, ring, arrival, begin, service, shared, alone);
}
