/** What the control plane calls, as bpf(2) from user space: values of all CPUs at once, and no i64 arguments, since JavaScript calls it. */
import { MAP_TYPE, MAP_VALUE_SIZE } from "../../../abi";
import { HASH_VALUE_OFFSET, MAP_CPUS } from "../../../maps/fields";
import { BPF_F_LOCK, BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_ARRAY_OF_MAPS, BPF_MAP_TYPE_BLOOM_FILTER, BPF_MAP_TYPE_CPUMAP, BPF_MAP_TYPE_DEVMAP, BPF_MAP_TYPE_DEVMAP_HASH, BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_HASH_OF_MAPS, BPF_MAP_TYPE_LPM_TRIE, BPF_MAP_TYPE_LRU_HASH, BPF_MAP_TYPE_LRU_PERCPU_HASH, BPF_MAP_TYPE_PERCPU_ARRAY, BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_PERF_EVENT_ARRAY, BPF_MAP_TYPE_PROG_ARRAY, BPF_MAP_TYPE_QUEUE, BPF_MAP_TYPE_RINGBUF, BPF_MAP_TYPE_SOCKHASH, BPF_MAP_TYPE_SOCKMAP, BPF_MAP_TYPE_STACK, BPF_MAP_TYPE_USER_RINGBUF, BPF_MAP_TYPE_XSKMAP, EINVAL, ENOENT, ENOTSUPP, EOPNOTSUPP } from "../../../maps/uapi";
import { array_update, nextIndex, percpu_array_lookup, updateAllCpus } from "./array";
import { copyBytes, padded } from "./bytes";
import { updateCpumap, updateDevmap } from "./devmap";
import { updateDevmapHash } from "./devmap_hash";
import { map_lookup, map_peek, map_push } from "./dispatch";
import { findElement, hash_update, nextHashKey } from "./hash";
import { nextPrefix } from "./lpm_next";
import { lpm_update } from "./lpm_trie";
import { lru_update, updateLruAllCpus } from "./lru_hash";
import { innerNumber, updateArrayOfMaps, updateHashOfMaps } from "./map_of_maps";
import { ALL_CPUS, cpuValue, percpu_hash_update } from "./percpu_hash";
import { perfBufferAt, updatePerfEventArray } from "./perf_event_array";
import { prog_array_get, updateProgArray } from "./prog_array";
import { clearSpecial, hasSpinLock } from "./special";
import { socketAt, updateXskmap } from "./xskmap";

/** Copies the value to `out`: of per-CPU maps those of all CPUs, each padded to a multiple of 8. 0 or -ENOENT. Marks nothing as referenced. */
export function map_read(header: u32, key: u32, out: u32): i32 {
  const size = load<u32>(header, MAP_VALUE_SIZE);
  let value: u32 = 0;
  switch (load<u32>(header, MAP_TYPE)) {
    case BPF_MAP_TYPE_PERCPU_ARRAY: {
      if (percpu_array_lookup(header, key, 0) == 0) return -ENOENT;
      const step = padded(size);
      for (let cpu: u32 = 0, cpus = load<u32>(header, MAP_CPUS); cpu < cpus; cpu++) copyBytes(out + cpu * step, percpu_array_lookup(header, key, cpu), step);
      return 0;
    }
    case BPF_MAP_TYPE_PERCPU_HASH:
    case BPF_MAP_TYPE_LRU_PERCPU_HASH: {
      const element = findElement(header, key);
      if (element == 0) return -ENOENT;
      const step = padded(size);
      for (let cpu: u32 = 0, cpus = load<u32>(header, MAP_CPUS); cpu < cpus; cpu++) copyBytes(out + cpu * step, cpuValue(header, element, cpu), step);
      return 0;
    }
    case BPF_MAP_TYPE_LRU_HASH: {
      const element = findElement(header, key);
      if (element) value = element + load<u32>(header, HASH_VALUE_OFFSET);
      break;
    }
    case BPF_MAP_TYPE_PROG_ARRAY: {
      const program = prog_array_get(header, load<u32>(key));
      if (program == 0) return -ENOENT;
      store<u32>(out, program);
      return 0;
    }
    case BPF_MAP_TYPE_XSKMAP: {
      const socket = socketAt(header, load<u32>(key));
      if (socket == 0) return -ENOENT;
      store<u32>(out, socket);
      return 0;
    }
    case BPF_MAP_TYPE_ARRAY_OF_MAPS:
    case BPF_MAP_TYPE_HASH_OF_MAPS: {
      const number = innerNumber(header, key);
      if (number == 0) return -ENOENT;
      store<u32>(out, number);
      return 0;
    }
    case BPF_MAP_TYPE_PERF_EVENT_ARRAY: {
      const buffer = perfBufferAt(header, load<u32>(key));
      if (buffer == 0) return -ENOENT;
      store<u32>(out, buffer);
      return 0;
    }
    case BPF_MAP_TYPE_SOCKMAP:
    case BPF_MAP_TYPE_SOCKHASH: {
      const socket = map_lookup(header, key, 0);
      if (socket == 0) return -ENOENT;
      memory.fill(out, 0, size);
      store<u32>(out, socket);
      return 0;
    }
    case BPF_MAP_TYPE_QUEUE:
    case BPF_MAP_TYPE_STACK:
    case BPF_MAP_TYPE_BLOOM_FILTER: return map_peek(header, out);
    case BPF_MAP_TYPE_RINGBUF:
    case BPF_MAP_TYPE_USER_RINGBUF: return -ENOTSUPP;
    default: value = map_lookup(header, key, 0);
  }
  if (value == 0) return -ENOENT;
  copyBytes(out, value, size);
  clearSpecial(header, out);
  return 0;
}

/** Inserts or replaces; the value of per-CPU maps is laid out as {@link map_read} gives it. 0 or -errno. */
export function map_write(header: u32, key: u32, value: u32, flags: u32): i32 {
  if (flags & BPF_F_LOCK && !hasSpinLock(header)) return -EINVAL;
  switch (load<u32>(header, MAP_TYPE)) {
    case BPF_MAP_TYPE_ARRAY: return array_update(header, key, value, flags, 0);
    case BPF_MAP_TYPE_PERCPU_ARRAY: return updateAllCpus(header, key, value, flags);
    case BPF_MAP_TYPE_HASH: return hash_update(header, key, value, flags, 0);
    case BPF_MAP_TYPE_PERCPU_HASH: return percpu_hash_update(header, key, value, flags, ALL_CPUS);
    case BPF_MAP_TYPE_LRU_HASH: return lru_update(header, key, value, flags, 0);
    case BPF_MAP_TYPE_LRU_PERCPU_HASH: return updateLruAllCpus(header, key, value, flags);
    case BPF_MAP_TYPE_LPM_TRIE: return lpm_update(header, key, value, flags, 0);
    case BPF_MAP_TYPE_PROG_ARRAY: return updateProgArray(header, key, value, flags);
    case BPF_MAP_TYPE_DEVMAP: return updateDevmap(header, key, value, flags);
    case BPF_MAP_TYPE_DEVMAP_HASH: return updateDevmapHash(header, key, value, flags);
    case BPF_MAP_TYPE_CPUMAP: return updateCpumap(header, key, value, flags);
    case BPF_MAP_TYPE_XSKMAP: return updateXskmap(header, key, value, flags);
    case BPF_MAP_TYPE_ARRAY_OF_MAPS: return updateArrayOfMaps(header, key, value, flags);
    case BPF_MAP_TYPE_HASH_OF_MAPS: return updateHashOfMaps(header, key, value, flags);
    case BPF_MAP_TYPE_PERF_EVENT_ARRAY: return updatePerfEventArray(header, key, value, flags);
    case BPF_MAP_TYPE_QUEUE:
    case BPF_MAP_TYPE_STACK:
    case BPF_MAP_TYPE_BLOOM_FILTER: return map_push(header, value, flags);
    case BPF_MAP_TYPE_RINGBUF:
    case BPF_MAP_TYPE_USER_RINGBUF: return -ENOTSUPP;
    default: return -EOPNOTSUPP;
  }
}

/** Writes the key behind the one at `key` (0: the first) to `out`. -ENOENT behind the last. Arrays give every index, filled or not. */
export function map_next_key(header: u32, key: u32, out: u32): i32 {
  switch (load<u32>(header, MAP_TYPE)) {
    case BPF_MAP_TYPE_HASH:
    case BPF_MAP_TYPE_PERCPU_HASH:
    case BPF_MAP_TYPE_LRU_HASH:
    case BPF_MAP_TYPE_LRU_PERCPU_HASH:
    case BPF_MAP_TYPE_HASH_OF_MAPS:
    case BPF_MAP_TYPE_SOCKHASH:
    case BPF_MAP_TYPE_DEVMAP_HASH: return nextHashKey(header, key, out);
    case BPF_MAP_TYPE_LPM_TRIE: return nextPrefix(header, key, out);
    case BPF_MAP_TYPE_ARRAY:
    case BPF_MAP_TYPE_PERCPU_ARRAY:
    case BPF_MAP_TYPE_PROG_ARRAY:
    case BPF_MAP_TYPE_DEVMAP:
    case BPF_MAP_TYPE_CPUMAP:
    case BPF_MAP_TYPE_ARRAY_OF_MAPS:
    case BPF_MAP_TYPE_PERF_EVENT_ARRAY:
    case BPF_MAP_TYPE_SOCKMAP:
    case BPF_MAP_TYPE_XSKMAP: return nextIndex(header, key, out);
    case BPF_MAP_TYPE_QUEUE:
    case BPF_MAP_TYPE_STACK: return -EINVAL;
    case BPF_MAP_TYPE_RINGBUF:
    case BPF_MAP_TYPE_USER_RINGBUF: return -ENOTSUPP;
    default: return -EOPNOTSUPP;
  }
}
