/** BPF_MAP_TYPE_HASH, and what the rest of the hash family shares: finding elements without a lock, taking them, giving them back. */
import { MAP_COUNT, MAP_KEY_SIZE, MAP_MAX_ENTRIES } from "../../../abi";
import { ELEMENT_HASH, ELEMENT_NEXT, HASH_CAPACITY, HASH_ELEMENTS, HASH_ELEMENT_BYTES, HASH_FREE, HASH_FRESH, HASH_INDEX, HASH_KEY_OFFSET, HASH_SPARES, HASH_VALUE_OFFSET } from "../../../maps/fields";
import { BPF_EXIST, BPF_F_LOCK, BPF_NOEXIST, E2BIG, EEXIST, EINVAL, ENOENT, ENOMEM } from "../../../maps/uapi";
import { copyBytes, copyKey } from "./bytes";
import { findSlot, firstElement, hashKey, insertSlot, removeSlot, setSlot, slotElement } from "./hash_index";
import { beginRead, isReadValid, isShared, lockMap, reuseElement, unlockMap } from "./lock";
import { copyLocked, copyNewValue, hasSpinLock } from "./special";

/** The key's element, or 0. Takes no lock. */
export function findElement(header: u32, key: u32): u32 {
  const hash = hashKey(header, key);
  if (!isShared()) {
    const slot = findSlot(header, key, hash);
    return slot == 0 ? 0 : slotElement(slot);
  }
  while (true) {
    const sequence = beginRead(header);
    const slot = findSlot(header, key, hash);
    const element = slot == 0 ? 0 : slotElement(slot);
    if (isReadValid(header, sequence)) return element;
  }
}

/** 0, or why these flags refuse an update of a key that is there, or is not. */
@inline
export function checkFlags(exists: bool, flags: u64): i32 {
  if (exists) return flags == BPF_NOEXIST ? -EEXIST : 0;
  return flags == BPF_EXIST ? -ENOENT : 0;
}

@inline
export function elementAt(header: u32, index: u32): u32 {
  return load<u32>(header, HASH_ELEMENTS) + index * load<u32>(header, HASH_ELEMENT_BYTES);
}

/** An element for a new key, or 0 where the map is full. The last one freed comes first, as in the kernel. */
export function takeElement(header: u32): u32 {
  const free = load<u32>(header, HASH_FREE);
  if (free) {
    store<u32>(header, load<u32>(free, ELEMENT_NEXT), HASH_FREE);
    return free;
  }
  const fresh = load<u32>(header, HASH_FRESH);
  if (fresh >= load<u32>(header, HASH_CAPACITY)) return 0;
  store<u32>(header, fresh + 1, HASH_FRESH);
  return elementAt(header, fresh);
}

/** Why there is no element for a new key: the map is full, or the memory that was reserved for it is. */
export function noElement(header: u32): i32 {
  return load<u32>(header, MAP_COUNT) >= load<u32>(header, MAP_MAX_ENTRIES) ? -E2BIG : -ENOMEM;
}

/** Removes the slot's element from the map and frees it. */
function freeSlot(header: u32, slot: u32): void {
  const element = slotElement(slot);
  removeSlot(header, slot);
  store<u32>(element, load<u32>(header, HASH_FREE), ELEMENT_NEXT);
  store<u32>(header, element, HASH_FREE);
  store<u32>(header, load<u32>(header, MAP_COUNT) - 1, MAP_COUNT);
}

@inline
export function writeKey(header: u32, element: u32, key: u32, hash: u32): void {
  store<u32>(element, hash, ELEMENT_HASH);
  copyKey(element + load<u32>(header, HASH_KEY_OFFSET), key, load<u32>(header, MAP_KEY_SIZE));
}

/** Makes a filled element visible under its key. */
@inline
export function addElement(header: u32, element: u32, hash: u32): void {
  insertSlot(header, element, hash);
  store<u32>(header, load<u32>(header, MAP_COUNT) + 1, MAP_COUNT);
}

export function hash_lookup(header: u32, key: u32, cpu: u32): u32 {
  const element = findElement(header, key);
  return element == 0 ? 0 : element + load<u32>(header, HASH_VALUE_OFFSET);
}

/**
 * The new value of a key that is there goes into the CPU's spare element, and the old element becomes the spare: a
 * program that still holds a pointer to the old value sees the old value, as in the kernel, and readers see one of both.
 */
function replace(header: u32, slot: u32, key: u32, value: u32, hash: u32, cpu: u32): void {
  const spares = load<u32>(header, HASH_SPARES) + (cpu << 2);
  let element = load<u32>(spares);
  if (element == 0) element = elementAt(header, load<u32>(header, HASH_CAPACITY) + cpu);
  reuseElement(header);
  writeKey(header, element, key, hash);
  copyNewValue(header, element + load<u32>(header, HASH_VALUE_OFFSET), value);
  store<u32>(spares, slotElement(slot));
  setSlot(slot, element, hash);
}

function put(header: u32, key: u32, value: u32, flags: u64, cpu: u32): i32 {
  const hash = hashKey(header, key);
  const slot = findSlot(header, key, hash);
  const refused = checkFlags(slot != 0, flags & ~(<u64>BPF_F_LOCK));
  if (refused) return refused;
  if (slot && flags & BPF_F_LOCK) {
    copyLocked(header, slotElement(slot) + load<u32>(header, HASH_VALUE_OFFSET), value);
    return 0;
  }
  if (slot) {
    replace(header, slot, key, value, hash, cpu);
    return 0;
  }
  const element = takeElement(header);
  if (element == 0) return noElement(header);
  reuseElement(header);
  writeKey(header, element, key, hash);
  copyNewValue(header, element + load<u32>(header, HASH_VALUE_OFFSET), value);
  addElement(header, element, hash);
  return 0;
}

export function hash_update(header: u32, key: u32, value: u32, flags: u64, cpu: u32): i32 {
  if ((flags & ~(<u64>BPF_F_LOCK)) > <u64>BPF_EXIST || (flags & BPF_F_LOCK && !hasSpinLock(header))) return -EINVAL;
  lockMap(header);
  const result = put(header, key, value, flags, cpu);
  unlockMap(header);
  return result;
}

export function hash_delete(header: u32, key: u32): i32 {
  lockMap(header);
  const slot = findSlot(header, key, hashKey(header, key));
  if (slot) freeSlot(header, slot);
  unlockMap(header);
  return slot ? 0 : -ENOENT;
}

/** The key behind `key` in the order of the table; the first where `key` is 0 or not there. */
export function nextHashKey(header: u32, key: u32, out: u32): i32 {
  let at: u32 = 0;
  if (key) {
    const slot = findSlot(header, key, hashKey(header, key));
    if (slot) at = ((slot - load<u32>(header, HASH_INDEX)) >> 3) + 1;
  }
  const element = firstElement(header, at);
  if (element == 0) return -ENOENT;
  copyBytes(out, element + load<u32>(header, HASH_KEY_OFFSET), load<u32>(header, MAP_KEY_SIZE));
  return 0;
}
