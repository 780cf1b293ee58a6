/** BPF_MAP_TYPE_DEVMAP and BPF_MAP_TYPE_CPUMAP: 8 bytes an entry, struct bpf_devmap_val or bpf_cpumap_val; the first u32 is 0 where there is none. */
import { MACHINE, MACHINE_PROGRAMS, MACHINE_PROGRAM_COUNT, MAP_DATA, MAP_MAX_ENTRIES, MAP_TYPE, MAP_VALUE_SIZE, PROGRAM_ATTACH, PROGRAM_BYTES } from "../../../abi";
import { TARGET_SECOND } from "../../../maps/fields";
import { BPF_EXIST, BPF_MAP_TYPE_CPUMAP, BPF_NOEXIST, E2BIG, EEXIST, EINVAL, EOVERFLOW } from "../../../maps/uapi";

/** Most packets that a CPU's queue in a cpumap may have. */
const MAX_QUEUE: u32 = 16384;

/** Address of the entry at `index`, or 0 where there is none. */
@inline
export function targetAt(header: u32, index: u32): u32 {
  if (index >= load<u32>(header, MAP_MAX_ENTRIES)) return 0;
  const entry = load<u32>(header, MAP_DATA) + (index << 3);
  return load<u32>(entry) == 0 ? 0 : entry;
}

export function devmap_lookup(header: u32, key: u32, cpu: u32): u32 {
  return targetAt(header, load<u32>(key));
}

/** Program of the value to store, 0 where it names none: the value has room for one in 8 bytes, and 0 and below are none. */
export function valueProgram(header: u32, value: u32): u32 {
  if (load<u32>(header, MAP_VALUE_SIZE) < 8) return 0;
  const program = load<i32>(value, TARGET_SECOND);
  return program > 0 ? <u32>program : 0;
}

/** Whether the machine has the program (number + 1; 0 is none), and it is one for entries of this map. Before programs are placed, all fit. */
export function isProgramFit(header: u32, program: u32): bool {
  const table = load<u32>(MACHINE, MACHINE_PROGRAMS);
  if (program == 0 || table == 0) return true;
  if (program > load<u32>(MACHINE, MACHINE_PROGRAM_COUNT)) return false;
  const wanted: u32 = load<u32>(header, MAP_TYPE) == BPF_MAP_TYPE_CPUMAP ? 2 : 1;
  return load<u32>(table + (program - 1) * PROGRAM_BYTES, PROGRAM_ATTACH) == wanted;
}

/** 0, or why the kernel refuses the flags or the index. */
function checkUpdate(header: u32, key: u32, flags: u64): i32 {
  if (flags > <u64>BPF_EXIST) return -EINVAL;
  if (load<u32>(key) >= load<u32>(header, MAP_MAX_ENTRIES)) return -E2BIG;
  return flags == BPF_NOEXIST ? -EEXIST : 0;
}

/** Readers test the first word: it goes last. */
function storeTarget(header: u32, key: u32, first: u32, second: u32): void {
  const entry = load<u32>(header, MAP_DATA) + (load<u32>(key) << 3);
  store<u32>(entry, second, TARGET_SECOND);
  store<u32>(entry, first);
}

/** Control plane only. Interface 0 empties the entry, as in the kernel. */
export function updateDevmap(header: u32, key: u32, value: u32, flags: u64): i32 {
  const refused = checkUpdate(header, key, flags);
  if (refused) return refused;
  const program = valueProgram(header, value);
  if ((load<u32>(value) == 0 && program != 0) || !isProgramFit(header, program)) return -EINVAL;
  storeTarget(header, key, load<u32>(value), program);
  return 0;
}

/** Control plane only. Queue size 0 empties the entry, as in the kernel. */
export function updateCpumap(header: u32, key: u32, value: u32, flags: u64): i32 {
  const refused = checkUpdate(header, key, flags);
  if (refused) return refused;
  const size = load<u32>(value);
  if (size > MAX_QUEUE) return -EOVERFLOW;
  const program = size == 0 ? 0 : valueProgram(header, value);
  if (!isProgramFit(header, program)) return -EINVAL;
  storeTarget(header, key, size, program);
  return 0;
}

/** Control plane only. An entry that is not there can be deleted, as in the kernel. */
export function deleteTarget(header: u32, key: u32): i32 {
  if (load<u32>(key) >= load<u32>(header, MAP_MAX_ENTRIES)) return -EINVAL;
  storeTarget(header, key, 0, 0);
  return 0;
}
