/** BPF_MAP_TYPE_LRU_HASH and BPF_MAP_TYPE_LRU_PERCPU_HASH: hashes that evict instead of being full. */
import { MAP_COUNT } from "../../../abi";
import { ELEMENT_REFERENCED, HASH_VALUE_OFFSET } from "../../../maps/fields";
import { BPF_EXIST, EINVAL, ENOENT, ENOMEM } from "../../../maps/uapi";
import { addElement, checkFlags, findElement, writeKey } from "./hash";
import { findSlot, hashKey, removeSlot, setSlot, slotElement } from "./hash_index";
import { lockMap, reuseElement, unlockMap } from "./lock";
import { popElement, pushElement } from "./lru_list";
import { ALL_CPUS, cpuValue, initialiseValues, placeValues, writeValues } from "./percpu_hash";
import { copyNewValue } from "./special";

/** Written only where it changes: readers of one hot element do not fight for its line. */
@inline
function reference(element: u32): void {
  if (load<u8>(element, ELEMENT_REFERENCED) == 0) store<u8>(element, 1, ELEMENT_REFERENCED);
}

export function lru_lookup(header: u32, key: u32, cpu: u32): u32 {
  const element = findElement(header, key);
  if (element == 0) return 0;
  reference(element);
  return element + load<u32>(header, HASH_VALUE_OFFSET);
}

export function lru_percpu_lookup(header: u32, key: u32, cpu: u32): u32 {
  const element = findElement(header, key);
  if (element == 0) return 0;
  reference(element);
  return cpuValue(header, element, cpu);
}

/**
 * The kernel takes the new element before it looks for the old one, so that a refused update may evict too, even the key itself.
 */
function put(header: u32, key: u32, value: u32, flags: u64, cpu: u32): i32 {
  const hash = hashKey(header, key);
  const element = popElement(header, cpu);
  if (element == 0) return -ENOMEM;
  reuseElement(header);
  writeKey(header, element, key, hash);
  copyNewValue(header, element + load<u32>(header, HASH_VALUE_OFFSET), value);
  const slot = findSlot(header, key, hash);
  const refused = checkFlags(slot != 0, flags);
  if (refused) {
    pushElement(header, element);
    return refused;
  }
  if (slot == 0) {
    addElement(header, element, hash);
    return 0;
  }
  const old = slotElement(slot);
  setSlot(slot, element, hash);
  reference(element);
  pushElement(header, old);
  return 0;
}

export function lru_update(header: u32, key: u32, value: u32, flags: u64, cpu: u32): i32 {
  if (flags > <u64>BPF_EXIST) return -EINVAL;
  lockMap(header);
  const result = put(header, key, value, flags, cpu);
  unlockMap(header);
  return result;
}

/** `cpu` inserts; `values` names the CPU whose value it is, or ALL_CPUS. */
function putValues(header: u32, key: u32, value: u32, flags: u64, cpu: u32, values: u32): i32 {
  const hash = hashKey(header, key);
  let element: u32 = 0;
  if (flags != BPF_EXIST) {
    element = popElement(header, cpu);
    if (element == 0) return -ENOMEM;
    reuseElement(header);
    writeKey(header, element, key, hash);
    placeValues(header, element);
  }
  const slot = findSlot(header, key, hash);
  const refused = checkFlags(slot != 0, flags);
  if (refused == 0 && slot == 0) {
    initialiseValues(header, element, value, values);
    addElement(header, element, hash);
    return 0;
  }
  if (refused == 0) {
    reference(slotElement(slot));
    writeValues(header, slotElement(slot), value, values);
  }
  if (element) pushElement(header, element);
  return refused;
}

export function lru_percpu_update(header: u32, key: u32, value: u32, flags: u64, cpu: u32): i32 {
  if (flags > <u64>BPF_EXIST) return -EINVAL;
  lockMap(header);
  const result = putValues(header, key, value, flags, cpu, cpu);
  unlockMap(header);
  return result;
}

/** From the control plane: values of all CPUs behind each other. */
export function updateLruAllCpus(header: u32, key: u32, values: u32, flags: u64): i32 {
  if (flags > <u64>BPF_EXIST) return -EINVAL;
  lockMap(header);
  const result = putValues(header, key, values, flags, 0, ALL_CPUS);
  unlockMap(header);
  return result;
}

export function lru_delete(header: u32, key: u32): i32 {
  lockMap(header);
  const slot = findSlot(header, key, hashKey(header, key));
  if (slot) {
    const element = slotElement(slot);
    removeSlot(header, slot);
    store<u32>(header, load<u32>(header, MAP_COUNT) - 1, MAP_COUNT);
    pushElement(header, element);
  }
  unlockMap(header);
  return slot ? 0 : -ENOENT;
}
