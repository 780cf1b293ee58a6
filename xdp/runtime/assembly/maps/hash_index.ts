/** The index table of the hash family: from a key to its element. Layout: maps/fields.ts. */
import { MAP_KEY_SIZE } from "../../../abi";
import { HASH_F_HIGH, HASH_F_LOW, HASH_INDEX, HASH_KEY_OFFSET, HASH_MASK, HASH_M_HIGH, HASH_M_LOW, HASH_SEED } from "../../../maps/fields";
import { isKey, loadTail } from "./bytes";
import { beginMove, endMove } from "./lock";

const M: u64 = ((<u64>(<u32>HASH_M_HIGH)) << 32) | <u64>(<u32>HASH_M_LOW);
const F: u64 = ((<u64>(<u32>HASH_F_HIGH)) << 32) | <u64>(<u32>HASH_F_LOW);

export function hashKey(header: u32, key: u32): u32 {
  let size = load<u32>(header, MAP_KEY_SIZE);
  let h = load<u64>(header, HASH_SEED);
  while (size >= 8) {
    h = (h ^ load<u64>(key)) * M;
    h ^= h >> 32;
    key += 8;
    size -= 8;
  }
  if (size) {
    h = (h ^ loadTail(key, size)) * M;
    h ^= h >> 32;
  }
  return <u32>((h * F) >> 32);
}

/** Address of the slot that holds the key, or 0. */
export function findSlot(header: u32, key: u32, hash: u32): u32 {
  const index = load<u32>(header, HASH_INDEX);
  const mask = load<u32>(header, HASH_MASK);
  const keyOffset = load<u32>(header, HASH_KEY_OFFSET);
  const keySize = load<u32>(header, MAP_KEY_SIZE);
  let at = hash & mask;
  while (true) {
    const slot = index + (at << 3);
    const entry = load<u64>(slot);
    const element = <u32>(entry >> 32);
    if (element == 0) return 0;
    if (<u32>entry == hash && isKey(element + keyOffset, key, keySize)) return slot;
    at = (at + 1) & mask;
  }
}

/** Address of the slot that holds this element; the element is in the table. */
export function slotOfElement(header: u32, element: u32, hash: u32): u32 {
  const index = load<u32>(header, HASH_INDEX);
  const mask = load<u32>(header, HASH_MASK);
  let at = hash & mask;
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
  let at = hash & mask;
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
    const home = <u32>entry & mask;
    if (((at - home) & mask) >= ((at - hole) & mask)) {
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
