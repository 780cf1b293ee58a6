/** BPF_MAP_TYPE_PERCPU_HASH: elements hold the address of CPU 0's value; values lie in an area of each CPU's own. */
import { MAP_CPU_STRIDE, MAP_DATA, MAP_STRIDE, MAP_VALUE_SIZE } from "../../../abi";
import { HASH_ELEMENTS, HASH_ELEMENT_BYTES, HASH_VALUE_OFFSET, MAP_CPUS } from "../../../maps/fields";
import { BPF_EXIST, EINVAL } from "../../../maps/uapi";
import { copyBytes, padded } from "./bytes";
import { addElement, checkFlags, findElement, noElement, takeElement, writeKey } from "./hash";
import { findSlot, hashKey, slotElement } from "./hash_index";
import { lockMap, reuseElement, unlockMap } from "./lock";

/** In place of a CPU: the value has those of all CPUs behind each other, each padded to a multiple of 8. */
export const ALL_CPUS: u32 = u32.MAX_VALUE;

/** Where the element's value for a CPU is. */
@inline
export function cpuValue(header: u32, element: u32, cpu: u32): u32 {
  return load<u32>(element + load<u32>(header, HASH_VALUE_OFFSET)) + cpu * load<u32>(header, MAP_CPU_STRIDE);
}

/** Gives an element the place of its values; it keeps it for ever. */
export function placeValues(header: u32, element: u32): void {
  const index = (element - load<u32>(header, HASH_ELEMENTS)) / load<u32>(header, HASH_ELEMENT_BYTES);
  store<u32>(element + load<u32>(header, HASH_VALUE_OFFSET), load<u32>(header, MAP_DATA) + index * load<u32>(header, MAP_STRIDE));
}

/** Writes the value of one CPU, or of all. */
export function writeValues(header: u32, element: u32, value: u32, cpu: u32): void {
  const size = load<u32>(header, MAP_VALUE_SIZE);
  if (cpu != ALL_CPUS) {
    copyBytes(cpuValue(header, element, cpu), value, size);
    return;
  }
  const step = padded(size);
  for (let c: u32 = 0, cpus = load<u32>(header, MAP_CPUS); c < cpus; c++) copyBytes(cpuValue(header, element, c), value + c * step, step);
}

/** Writes the values of a new element: where only one CPU's is given, the others start at zero. */
export function initialiseValues(header: u32, element: u32, value: u32, cpu: u32): void {
  if (cpu != ALL_CPUS) {
    const size = padded(load<u32>(header, MAP_VALUE_SIZE));
    for (let c: u32 = 0, cpus = load<u32>(header, MAP_CPUS); c < cpus; c++) {
      if (c != cpu) memory.fill(cpuValue(header, element, c), 0, size);
    }
  }
  writeValues(header, element, value, cpu);
}

export function percpu_hash_lookup(header: u32, key: u32, cpu: u32): u32 {
  const element = findElement(header, key);
  return element == 0 ? 0 : cpuValue(header, element, cpu);
}

function put(header: u32, key: u32, value: u32, flags: u64, cpu: u32): i32 {
  const hash = hashKey(header, key);
  const slot = findSlot(header, key, hash);
  const refused = checkFlags(slot != 0, flags);
  if (refused) return refused;
  if (slot) {
    writeValues(header, slotElement(slot), value, cpu);
    return 0;
  }
  const element = takeElement(header);
  if (element == 0) return noElement(header);
  reuseElement(header);
  writeKey(header, element, key, hash);
  placeValues(header, element);
  initialiseValues(header, element, value, cpu);
  addElement(header, element, hash);
  return 0;
}

export function percpu_hash_update(header: u32, key: u32, value: u32, flags: u64, cpu: u32): i32 {
  if (flags > <u64>BPF_EXIST) return -EINVAL;
  lockMap(header);
  const result = put(header, key, value, flags, cpu);
  unlockMap(header);
  return result;
}
