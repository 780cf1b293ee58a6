/** Locks of maps: a spin lock for writers and a sequence by which lock-free readers notice them. Nothing where one worker has the memory for itself. */
import { MACHINE, MACHINE_SHARED, MAP_LOCK, MAP_SEQUENCE } from "../../../abi";

/** A holder can be descheduled: after so many looks, sleep instead of burning its CPU. */
const SPINS: u32 = 256;
const SLEEP_NS: i64 = 50000;

@inline
export function isShared(): bool {
  return load<u32>(MACHINE, MACHINE_SHARED) != 0;
}

export function lockMap(header: u32): void {
  if (!isShared()) return;
  let spins: u32 = 0;
  while (atomic.cmpxchg<u32>(header, 0, 1, MAP_LOCK) != 0) {
    if (++spins > SPINS) atomic.wait<i32>(header + MAP_LOCK, 1, SLEEP_NS);
  }
}

export function unlockMap(header: u32): void {
  if (!isShared()) return;
  atomic.store<u32>(header, 0, MAP_LOCK);
}

/** A writer is about to write over an element that readers may still look at: readers under way look again. */
@inline
export function reuseElement(header: u32): void {
  if (isShared()) atomic.add<u32>(header, 2, MAP_SEQUENCE);
}

/** A writer moves entries from here on, until {@link endMove}: readers wait. */
@inline
export function beginMove(header: u32): void {
  if (isShared()) atomic.add<u32>(header, 1, MAP_SEQUENCE);
}

@inline
export function endMove(header: u32): void {
  if (isShared()) atomic.add<u32>(header, 1, MAP_SEQUENCE);
}

/** The sequence at which a reader starts; waits while entries move. */
export function beginRead(header: u32): u32 {
  let spins: u32 = 0;
  let sequence = atomic.load<u32>(header, MAP_SEQUENCE);
  while (sequence & 1) {
    if (++spins > SPINS) atomic.wait<i32>(header + MAP_SEQUENCE, <i32>sequence, SLEEP_NS);
    sequence = atomic.load<u32>(header, MAP_SEQUENCE);
  }
  return sequence;
}

/** Whether what was read since {@link beginRead} holds. */
@inline
export function isReadValid(header: u32, sequence: u32): bool {
  return atomic.load<u32>(header, MAP_SEQUENCE) == sequence;
}
