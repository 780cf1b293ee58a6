/**
 * BPF_MAP_TYPE_ARRAY_OF_MAPS and BPF_MAP_TYPE_HASH_OF_MAPS: entries are addresses of map headers, which is what programs
 * get from a lookup. The control plane names a map by its number: MAP_ID + 1.
 */
import { MACHINE, MACHINE_MAPS, MACHINE_MAP_COUNT, MAP_FLAGS, MAP_HEADER_BYTES, MAP_ID, MAP_KEY_SIZE, MAP_MAX_ENTRIES, MAP_TYPE, MAP_VALUE_SIZE } from "../../../abi";
import { HASH_VALUE_OFFSET, MAP_INNER_META, MAP_SPECIAL, SLOTS_DATA, SPECIAL_COUNT } from "../../../maps/fields";
import { BPF_F_INNER_MAP, BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_ARRAY_OF_MAPS, BPF_MAP_TYPE_HASH_OF_MAPS, BPF_MAP_TYPE_PROG_ARRAY, BPF_MAP_TYPE_XSKMAP, E2BIG, EINVAL, ENOENT } from "../../../maps/uapi";
import { findElement, hash_update } from "./hash";

/** Header of the inner map at index `key` points to, or 0. */
export function array_of_maps_lookup(header: u32, key: u32, cpu: u32): u32 {
  const index = load<u32>(key);
  if (index >= load<u32>(header, MAP_MAX_ENTRIES)) return 0;
  return load<u32>(load<u32>(header, SLOTS_DATA) + (index << 2));
}

export function hash_of_maps_lookup(header: u32, key: u32, cpu: u32): u32 {
  const element = findElement(header, key);
  return element == 0 ? 0 : load<u32>(element + load<u32>(header, HASH_VALUE_OFFSET));
}

/** MAP_ID + 1 of the inner map at `key`, or 0. */
export function innerNumber(header: u32, key: u32): u32 {
  const inner = load<u32>(header, MAP_TYPE) == BPF_MAP_TYPE_ARRAY_OF_MAPS ? array_of_maps_lookup(header, key, 0) : hash_of_maps_lookup(header, key, 0);
  return inner == 0 ? 0 : load<u32>(inner, MAP_ID) + 1;
}

/** Whether both have their locks, timers and the like at the same places. */
function sameSpecial(a: u32, b: u32): bool {
  if (a == b) return true;
  if (a == 0 || b == 0) return false;
  const bytes: u32 = 8 + (load<u32>(a, SPECIAL_COUNT) << 3);
  for (let i: u32 = 0; i < bytes; i += 4) {
    if (load<u32>(a + i) != load<u32>(b + i)) return false;
  }
  return true;
}

/** Whether a map may take the place of the template: what a program was checked with must stay true. */
function isLike(meta: u32, inner: u32): bool {
  const type = load<u32>(meta, MAP_TYPE);
  if (type != load<u32>(inner, MAP_TYPE) || load<u32>(meta, MAP_KEY_SIZE) != load<u32>(inner, MAP_KEY_SIZE) || load<u32>(meta, MAP_VALUE_SIZE) != load<u32>(inner, MAP_VALUE_SIZE)) return false;
  if (load<u32>(meta, MAP_FLAGS) != load<u32>(inner, MAP_FLAGS) || !sameSpecial(load<u32>(meta, MAP_SPECIAL), load<u32>(inner, MAP_SPECIAL))) return false;
  const fixed = (type == BPF_MAP_TYPE_ARRAY && (load<u32>(meta, MAP_FLAGS) & BPF_F_INNER_MAP) == 0) || type == BPF_MAP_TYPE_XSKMAP;
  return !fixed || load<u32>(meta, MAP_MAX_ENTRIES) == load<u32>(inner, MAP_MAX_ENTRIES);
}

/** Address of the map with number `number` where it may be put into this one, else 0. An untold template is what comes first. */
function acceptInner(header: u32, number: u32): u32 {
  if (number == 0 || number > load<u32>(MACHINE, MACHINE_MAP_COUNT)) return 0;
  const inner = load<u32>(MACHINE, MACHINE_MAPS) + (number - 1) * MAP_HEADER_BYTES;
  const meta = load<u32>(header, MAP_INNER_META);
  if (load<u32>(meta, MAP_TYPE) == 0) {
    const type = load<u32>(inner, MAP_TYPE);
    if (type == BPF_MAP_TYPE_PROG_ARRAY || type == BPF_MAP_TYPE_ARRAY_OF_MAPS || type == BPF_MAP_TYPE_HASH_OF_MAPS) return 0;
    memory.copy(meta, inner, MAP_HEADER_BYTES);
  }
  return isLike(meta, inner) ? inner : 0;
}

/** Control plane only. */
export function updateArrayOfMaps(header: u32, key: u32, value: u32, flags: u64): i32 {
  if (flags) return -EINVAL;
  const index = load<u32>(key);
  if (index >= load<u32>(header, MAP_MAX_ENTRIES)) return -E2BIG;
  const inner = acceptInner(header, load<u32>(value));
  if (inner == 0) return -EINVAL;
  store<u32>(load<u32>(header, SLOTS_DATA) + (index << 2), inner);
  return 0;
}

/** Control plane only. `value` is written over: the number becomes the address. */
export function updateHashOfMaps(header: u32, key: u32, value: u32, flags: u64): i32 {
  const inner = acceptInner(header, load<u32>(value));
  if (inner == 0) return -EINVAL;
  store<u32>(value, inner);
  return hash_update(header, key, value, flags, 0);
}

/** Control plane only; also empties an entry of a perf event array. */
export function deleteSlot(header: u32, key: u32): i32 {
  const index = load<u32>(key);
  if (index >= load<u32>(header, MAP_MAX_ENTRIES)) return -E2BIG;
  const slot = load<u32>(header, SLOTS_DATA) + (index << 2);
  if (load<u32>(slot) == 0) return -ENOENT;
  store<u32>(slot, 0);
  return 0;
}
