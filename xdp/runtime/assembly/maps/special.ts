/**
 * Values with places that belong to the program alone: locks, timers, pointers of the kernel. Updates leave them as they
 * are, new entries start with zeros there, and user space sees zeros.
 */
import { MACHINE, MACHINE_SHARED, MAP_VALUE_SIZE } from "../../../abi";
import { MAP_SPECIAL, NO_SPIN_LOCK, SPECIAL_COUNT, SPECIAL_FIELDS, SPECIAL_LOCK } from "../../../maps/fields";
import { copyBytes } from "./bytes";

/** Whether the map's values have a struct bpf_spin_lock. */
@inline
export function hasSpinLock(header: u32): bool {
  const special = load<u32>(header, MAP_SPECIAL);
  return special != 0 && load<u32>(special, SPECIAL_LOCK) != <u32>NO_SPIN_LOCK;
}

/** Copies a value over one that is in the map. */
export function copyValue(header: u32, to: u32, from: u32): void {
  const special = load<u32>(header, MAP_SPECIAL);
  const size = load<u32>(header, MAP_VALUE_SIZE);
  if (special == 0) {
    copyBytes(to, from, size);
    return;
  }
  let at: u32 = 0;
  let field = special + SPECIAL_FIELDS;
  for (let left = load<u32>(special, SPECIAL_COUNT); left; left--, field += 8) {
    const offset = load<u32>(field);
    copyBytes(to + at, from + at, offset - at);
    at = offset + load<u32>(field, 4);
  }
  copyBytes(to + at, from + at, size - at);
}

/** Zeros the program's places of a value, for a new entry or for user space. */
export function clearSpecial(header: u32, value: u32): void {
  const special = load<u32>(header, MAP_SPECIAL);
  if (special == 0) return;
  let field = special + SPECIAL_FIELDS;
  for (let left = load<u32>(special, SPECIAL_COUNT); left; left--, field += 8) memory.fill(value + load<u32>(field), 0, load<u32>(field, 4));
}

/** Copies the value of a new entry. */
@inline
export function copyNewValue(header: u32, to: u32, from: u32): void {
  copyBytes(to, from, load<u32>(header, MAP_VALUE_SIZE));
  clearSpecial(header, to);
}

/** BPF_F_LOCK: copies over a value while its lock is held. */
export function copyLocked(header: u32, to: u32, from: u32): void {
  const lock = to + load<u32>(load<u32>(header, MAP_SPECIAL), SPECIAL_LOCK);
  if (load<u32>(MACHINE, MACHINE_SHARED)) {
    while (atomic.cmpxchg<u32>(lock, 0, 1) != 0);
    copyValue(header, to, from);
    atomic.store<u32>(lock, 0);
    return;
  }
  copyValue(header, to, from);
}
