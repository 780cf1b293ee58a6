/** BPF_MAP_TYPE_ARRAY and BPF_MAP_TYPE_PERCPU_ARRAY: entries that always exist, MAP_STRIDE apart. */
import { MAP_CPU_STRIDE, MAP_DATA, MAP_MAX_ENTRIES, MAP_STRIDE, MAP_VALUE_SIZE } from "../../../abi";
import { MAP_CPUS } from "../../../maps/fields";
import { BPF_EXIST, BPF_F_LOCK, BPF_NOEXIST, E2BIG, EEXIST, EINVAL, ENOENT } from "../../../maps/uapi";
import { copyBytes, padded } from "./bytes";
import { copyLocked, copyValue, hasSpinLock } from "./special";

export function array_lookup(header: u32, key: u32, cpu: u32): u32 {
  const index = load<u32>(key);
  if (index >= load<u32>(header, MAP_MAX_ENTRIES)) return 0;
  return load<u32>(header, MAP_DATA) + index * load<u32>(header, MAP_STRIDE);
}

export function percpu_array_lookup(header: u32, key: u32, cpu: u32): u32 {
  const value = array_lookup(header, key, cpu);
  return value == 0 ? 0 : value + cpu * load<u32>(header, MAP_CPU_STRIDE);
}

/** 0, or why the kernel refuses to update this entry. */
function checkUpdate(header: u32, key: u32, flags: u64): i32 {
  if ((flags & ~(<u64>BPF_F_LOCK)) > <u64>BPF_EXIST) return -EINVAL;
  if (load<u32>(key) >= load<u32>(header, MAP_MAX_ENTRIES)) return -E2BIG;
  if (flags & BPF_NOEXIST) return -EEXIST;
  return flags & BPF_F_LOCK && !hasSpinLock(header) ? -EINVAL : 0;
}

export function array_update(header: u32, key: u32, value: u32, flags: u64, cpu: u32): i32 {
  const refused = checkUpdate(header, key, flags);
  if (refused) return refused;
  if (flags & BPF_F_LOCK) copyLocked(header, array_lookup(header, key, cpu), value);
  else copyValue(header, array_lookup(header, key, cpu), value);
  return 0;
}

export function percpu_array_update(header: u32, key: u32, value: u32, flags: u64, cpu: u32): i32 {
  const refused = checkUpdate(header, key, flags);
  if (refused) return refused;
  copyValue(header, percpu_array_lookup(header, key, cpu), value);
  return 0;
}

/** From the control plane: values of all CPUs behind each other, each padded to a multiple of 8. */
export function updateAllCpus(header: u32, key: u32, values: u32, flags: u64): i32 {
  const refused = checkUpdate(header, key, flags);
  if (refused) return refused;
  const size = padded(load<u32>(header, MAP_VALUE_SIZE));
  for (let cpu: u32 = 0, cpus = load<u32>(header, MAP_CPUS); cpu < cpus; cpu++) {
    copyBytes(percpu_array_lookup(header, key, cpu), values + cpu * size, size);
  }
  return 0;
}

/** The index behind the one at `key` (the first where it is not in the map, or `key` is 0), for all maps that are arrays. */
export function nextIndex(header: u32, key: u32, out: u32): i32 {
  const entries = load<u32>(header, MAP_MAX_ENTRIES);
  const index = key == 0 ? u32.MAX_VALUE : load<u32>(key);
  if (index == entries - 1) return -ENOENT;
  store<u32>(out, index >= entries ? 0 : index + 1);
  return 0;
}
