/** The index table of the hash family: from a key to its element. Layout: maps/fields.ts. */
import { MAP_KEY_SIZE } from "../../../abi";
import { HASH_INDEX, HASH_KEY_OFFSET, HASH_MASK, HASH_M_HIGH, HASH_M_LOW, HASH_SEED } from "../../../maps/fields";
import { isKey, loadTail } from "./bytes";
import { beginMove, endMove } from "./lock";

const M: u64 = ((<u64>(<u32>HASH_M_HIGH)) << 32) | <u64>(<u32>HASH_M_LOW);

/** A hash's first slot. */
@inline
function home(hash: u32, mask: u32): u32 {
  return hash >> clz<u32>(mask);
}

/** A key of at most 8 bytes, padded with zeros to a word. */
@inline
function shortKey(key: u32, size: u32): u64 {
  if (size == 4) return <u64>load<u32>(key);
  return size == 8 ? load<u64>(key) : loadTail(key, size);
}

export function hashKey(header: u32, key: u32): u32 {
  let size = load<u32>(header, MAP_KEY_SIZE);
  let h = load<u64>(header, HASH_SEED);
  for (; size > 8; size -= 8, key += 8) {
    h = (h ^ load<u64>(key)) * M;
    h ^= h >> 32;
  }
  h = (h ^ shortKey(key, size)) * M;
  return (<u32>(h >> 32) ^ <u32>h) | 1;
}

/** Address of the slot that holds the key, or 0. Keys of one word and of two have loops of their own, since they are most of what there is. */
export function findSlot(header: u32, key: u32, hash: u32): u32 {
  const index = load<u32>(header, HASH_INDEX);
  const mask = load<u32>(header, HASH_MASK);
  const keyOffset = load<u32>(header, HASH_KEY_OFFSET);
  const keySize = load<u32>(header, MAP_KEY_SIZE);
  const last = mask << 3;
  let at = home(hash, mask) << 3;
  if (keySize <= 8) {
    const word = shortKey(key, keySize);
    while (true) {
      const entry = load<u64>(index + at);
      const element = <u32>(entry >> 32);
      if (element == 0) return 0;
      if (<u32>entry == hash && load<u64>(element + keyOffset) == word) return index + at;
      at = (at + 8) & last;
    }
  }
  if (keySize == 16) {
    const first = load<u64>(key);
    const second = load<u64>(key, 8);
    while (true) {
      const entry = load<u64>(index + at);
      const element = <u32>(entry >> 32);
      if (element == 0) return 0;
      if (<u32>entry == hash && load<u64>(element + keyOffset) == first && load<u64>(element + keyOffset, 8) == second) return index + at;
      at = (at + 8) & last;
    }
  }
  while (true) {
    const entry = load<u64>(index + at);
    const element = <u32>(entry >> 32);
    if (element == 0) return 0;
    if (<u32>entry == hash && isKey(element + keyOffset, key, keySize)) return index + at;
    at = (at + 8) & last;
  }
}

/** Address of the slot that holds this element; the element is in the table. */
export function slotOfElement(header: u32, element: u32, hash: u32): u32 {
  const index = load<u32>(header, HASH_INDEX);
  const mask = load<u32>(header, HASH_MASK);
  let at = home(hash, mask);
  while (load<u32>(index + (at << 3), 4) != element) at = (at + 1) & mask;
  return index + (at << 3);
}

@inline
export function slotElement(slot: u32): u32 {
  return load<u32>(slot, 4);
}

/** Lets a slot name another element with the same key. */
@inline
export function setSlot(slot: u32, element: u32, hash: u32): void {
  store<u64>(slot, ((<u64>element) << 32) | <u64>hash);
}

/** Adds an element whose key is not in the table. */
export function insertSlot(header: u32, element: u32, hash: u32): void {
  const index = load<u32>(header, HASH_INDEX);
  const mask = load<u32>(header, HASH_MASK);
  let at = home(hash, mask);
  while (load<u32>(index + (at << 3), 4) != 0) at = (at + 1) & mask;
  setSlot(index + (at << 3), element, hash);
}

/** Empties a slot, and moves the entries behind it so that no search stops early at the hole. */
export function removeSlot(header: u32, slot: u32): void {
  const index = load<u32>(header, HASH_INDEX);
  const mask = load<u32>(header, HASH_MASK);
  let hole = (slot - index) >> 3;
  let at = hole;
  beginMove(header);
  while (true) {
    at = (at + 1) & mask;
    const entry = load<u64>(index + (at << 3));
    if (entry >> 32 == 0) break;
    if (((at - home(<u32>entry, mask)) & mask) >= ((at - hole) & mask)) {
      store<u64>(index + (hole << 3), entry);
      hole = at;
    }
  }
  store<u64>(index + (hole << 3), 0);
  endMove(header);
}

/** The first element in slots from `at` on, or 0. */
export function firstElement(header: u32, at: u32): u32 {
  const index = load<u32>(header, HASH_INDEX);
  const slots = load<u32>(header, HASH_MASK) + 1;
  for (; at < slots; at++) {
    const element = load<u32>(index + (at << 3), 4);
    if (element) return element;
  }
  return 0;
}
