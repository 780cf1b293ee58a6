/** BPF_MAP_TYPE_PROG_ARRAY: program index + 1 an entry, 0 where there is none. Programs only jump through it. */
import { MAP_MAX_ENTRIES } from "../../../abi";
import { SLOTS_DATA } from "../../../maps/fields";
import { E2BIG, EINVAL, ENOENT } from "../../../maps/uapi";

/** Program index + 1 at `index`, or 0. */
export function prog_array_get(header: u32, index: u32): u32 {
  if (index >= load<u32>(header, MAP_MAX_ENTRIES)) return 0;
  return load<u32>(load<u32>(header, SLOTS_DATA) + (index << 2));
}

/** Control plane only. */
export function updateProgArray(header: u32, key: u32, value: u32, flags: u64): i32 {
  if (flags) return -EINVAL;
  const index = load<u32>(key);
  if (index >= load<u32>(header, MAP_MAX_ENTRIES)) return -E2BIG;
  const program = load<u32>(value);
  if (program == 0) return -EINVAL;
  store<u32>(load<u32>(header, SLOTS_DATA) + (index << 2), program);
  return 0;
}

/** Control plane only. */
export function deleteProgArray(header: u32, key: u32): i32 {
  const index = load<u32>(key);
  if (index >= load<u32>(header, MAP_MAX_ENTRIES)) return -E2BIG;
  const slot = load<u32>(header, SLOTS_DATA) + (index << 2);
  if (load<u32>(slot) == 0) return -ENOENT;
  store<u32>(slot, 0);
  return 0;
}
