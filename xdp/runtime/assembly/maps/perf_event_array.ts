/**
 * BPF_MAP_TYPE_PERF_EVENT_ARRAY: an entry is a buffer that events of one CPU are written to, the CPU with the entry's
 * index, as perf_buffer__new() of libbpf sets it up. Programs only write; the control plane takes what is there.
 */
import { MAP_MAX_ENTRIES } from "../../../abi";
import { PERF_DATA, PERF_LOST, PERF_SIZE, PERF_USED, SLOTS_DATA } from "../../../maps/fields";
import { BPF_F_CURRENT_CPU, E2BIG, EINVAL, ENOENT, EOPNOTSUPP } from "../../../maps/uapi";

/** Control plane only: `value` holds the address of the buffer. */
export function updatePerfEventArray(header: u32, key: u32, value: u32, flags: u64): i32 {
  if (flags) return -EINVAL;
  const index = load<u32>(key);
  if (index >= load<u32>(header, MAP_MAX_ENTRIES)) return -E2BIG;
  if (load<u32>(value) == 0) return -EINVAL;
  store<u32>(load<u32>(header, SLOTS_DATA) + (index << 2), load<u32>(value));
  return 0;
}

/** The buffer at `index`, or 0. */
@inline
export function perfBufferAt(header: u32, index: u32): u32 {
  if (index >= load<u32>(header, MAP_MAX_ENTRIES)) return 0;
  return load<u32>(load<u32>(header, SLOTS_DATA) + (index << 2));
}

/** Buffer that a CPU's event goes to, or -errno. `index`: low 32 bits of the helper's flags. */
export function perf_buffer(header: u32, index: u32, cpu: u32): i64 {
  const wanted = index == <u32>BPF_F_CURRENT_CPU ? cpu : index;
  if (wanted >= load<u32>(header, MAP_MAX_ENTRIES)) return -E2BIG;
  const buffer = perfBufferAt(header, wanted);
  if (buffer == 0) return -ENOENT;
  return wanted == cpu ? <i64>buffer : -EOPNOTSUPP;
}

/** Address for the bytes of a new event, 0 where the buffer is full. A CPU runs on one worker at a time: no lock. */
export function perf_reserve(buffer: u32, length: u32): u32 {
  const used = load<u32>(buffer, PERF_USED);
  const bytes = (<u64>length + 7) & ~3;
  if (bytes > <u64>(load<u32>(buffer, PERF_SIZE) - used)) {
    store<u32>(buffer, load<u32>(buffer, PERF_LOST) + 1, PERF_LOST);
    return 0;
  }
  const event = buffer + PERF_DATA + used;
  store<u32>(event, length);
  store<u32>(buffer, used + <u32>bytes, PERF_USED);
  return event + 4;
}
