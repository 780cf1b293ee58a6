/** What programs call on a map whose type is known only as they run. A further map type adds one case to each function. */
import { MAP_TYPE } from "../../../abi";
import { BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_ARRAY_OF_MAPS, BPF_MAP_TYPE_BLOOM_FILTER, BPF_MAP_TYPE_CPUMAP, BPF_MAP_TYPE_DEVMAP, BPF_MAP_TYPE_DEVMAP_HASH, BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_HASH_OF_MAPS, BPF_MAP_TYPE_LPM_TRIE, BPF_MAP_TYPE_LRU_HASH, BPF_MAP_TYPE_LRU_PERCPU_HASH, BPF_MAP_TYPE_PERCPU_ARRAY, BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_PERF_EVENT_ARRAY, BPF_MAP_TYPE_PROG_ARRAY, BPF_MAP_TYPE_QUEUE, BPF_MAP_TYPE_RINGBUF, BPF_MAP_TYPE_SOCKHASH, BPF_MAP_TYPE_SOCKMAP, BPF_MAP_TYPE_STACK, BPF_MAP_TYPE_USER_RINGBUF, BPF_MAP_TYPE_XSKMAP, EINVAL, ENOTSUPP, EOPNOTSUPP } from "../../../maps/uapi";
import { array_lookup, array_update, percpu_array_lookup, percpu_array_update } from "./array";
import { bloom_peek, bloom_push } from "./bloom_filter";
import { deleteTarget, devmap_lookup } from "./devmap";
import { hash_delete, hash_lookup, hash_update } from "./hash";
import { lpm_lookup } from "./lpm_lookup";
import { lpm_delete, lpm_update } from "./lpm_trie";
import { lru_delete, lru_lookup, lru_percpu_lookup, lru_percpu_update, lru_update } from "./lru_hash";
import { array_of_maps_lookup, deleteSlot, hash_of_maps_lookup } from "./map_of_maps";
import { percpu_hash_lookup, percpu_hash_update } from "./percpu_hash";
import { deleteProgArray } from "./prog_array";
import { queue_get, queue_push } from "./queue_stack";
import { deleteSocket, sockmap_lookup, sockmap_update } from "./sockmap";
import { deleteXskmap, xskmap_lookup } from "./xskmap";

/** Address of the value of the key at `key`, for this CPU, or of the header of an inner map; 0 where there is none, and for maps that programs cannot look into. */
export function map_lookup(header: u32, key: u32, cpu: u32): u32 {
  switch (load<u32>(header, MAP_TYPE)) {
    case BPF_MAP_TYPE_ARRAY: return array_lookup(header, key, cpu);
    case BPF_MAP_TYPE_PERCPU_ARRAY: return percpu_array_lookup(header, key, cpu);
    case BPF_MAP_TYPE_HASH:
    case BPF_MAP_TYPE_DEVMAP_HASH: return hash_lookup(header, key, cpu);
    case BPF_MAP_TYPE_PERCPU_HASH: return percpu_hash_lookup(header, key, cpu);
    case BPF_MAP_TYPE_LRU_HASH: return lru_lookup(header, key, cpu);
    case BPF_MAP_TYPE_LRU_PERCPU_HASH: return lru_percpu_lookup(header, key, cpu);
    case BPF_MAP_TYPE_LPM_TRIE: return lpm_lookup(header, key, cpu);
    case BPF_MAP_TYPE_DEVMAP:
    case BPF_MAP_TYPE_CPUMAP: return devmap_lookup(header, key, cpu);
    case BPF_MAP_TYPE_XSKMAP: return xskmap_lookup(header, key, cpu);
    case BPF_MAP_TYPE_ARRAY_OF_MAPS: return array_of_maps_lookup(header, key, cpu);
    case BPF_MAP_TYPE_HASH_OF_MAPS: return hash_of_maps_lookup(header, key, cpu);
    case BPF_MAP_TYPE_SOCKMAP:
    case BPF_MAP_TYPE_SOCKHASH: return sockmap_lookup(header, key, cpu);
    default: return 0;
  }
}

/** 0 or -errno. Of per-CPU maps it writes this CPU's value. -EOPNOTSUPP for maps that programs cannot write. */
export function map_update(header: u32, key: u32, value: u32, flags: u64, cpu: u32): i32 {
  switch (load<u32>(header, MAP_TYPE)) {
    case BPF_MAP_TYPE_ARRAY: return array_update(header, key, value, flags, cpu);
    case BPF_MAP_TYPE_PERCPU_ARRAY: return percpu_array_update(header, key, value, flags, cpu);
    case BPF_MAP_TYPE_HASH: return hash_update(header, key, value, flags, cpu);
    case BPF_MAP_TYPE_PERCPU_HASH: return percpu_hash_update(header, key, value, flags, cpu);
    case BPF_MAP_TYPE_LRU_HASH: return lru_update(header, key, value, flags, cpu);
    case BPF_MAP_TYPE_LRU_PERCPU_HASH: return lru_percpu_update(header, key, value, flags, cpu);
    case BPF_MAP_TYPE_LPM_TRIE: return lpm_update(header, key, value, flags, cpu);
    case BPF_MAP_TYPE_SOCKMAP:
    case BPF_MAP_TYPE_SOCKHASH: return sockmap_update(header, key, value, flags, cpu);
    default: return -EOPNOTSUPP;
  }
}

/** 0 or -errno. */
export function map_delete(header: u32, key: u32): i32 {
  switch (load<u32>(header, MAP_TYPE)) {
    case BPF_MAP_TYPE_ARRAY:
    case BPF_MAP_TYPE_PERCPU_ARRAY:
    case BPF_MAP_TYPE_QUEUE:
    case BPF_MAP_TYPE_STACK: return -EINVAL;
    case BPF_MAP_TYPE_RINGBUF:
    case BPF_MAP_TYPE_USER_RINGBUF: return -ENOTSUPP;
    case BPF_MAP_TYPE_HASH:
    case BPF_MAP_TYPE_PERCPU_HASH:
    case BPF_MAP_TYPE_HASH_OF_MAPS:
    case BPF_MAP_TYPE_SOCKHASH:
    case BPF_MAP_TYPE_DEVMAP_HASH: return hash_delete(header, key);
    case BPF_MAP_TYPE_LRU_HASH:
    case BPF_MAP_TYPE_LRU_PERCPU_HASH: return lru_delete(header, key);
    case BPF_MAP_TYPE_LPM_TRIE: return lpm_delete(header, key);
    case BPF_MAP_TYPE_PROG_ARRAY: return deleteProgArray(header, key);
    case BPF_MAP_TYPE_SOCKMAP: return deleteSocket(header, key);
    case BPF_MAP_TYPE_ARRAY_OF_MAPS:
    case BPF_MAP_TYPE_PERF_EVENT_ARRAY: return deleteSlot(header, key);
    case BPF_MAP_TYPE_DEVMAP:
    case BPF_MAP_TYPE_CPUMAP: return deleteTarget(header, key);
    case BPF_MAP_TYPE_XSKMAP: return deleteXskmap(header, key);
    default: return -EOPNOTSUPP;
  }
}

/** 0 or -errno; -EOPNOTSUPP for maps that have keys. */
export function map_push(header: u32, value: u32, flags: u64): i32 {
  switch (load<u32>(header, MAP_TYPE)) {
    case BPF_MAP_TYPE_QUEUE:
    case BPF_MAP_TYPE_STACK: return queue_push(header, value, flags);
    case BPF_MAP_TYPE_BLOOM_FILTER: return bloom_push(header, value, flags);
    default: return -EOPNOTSUPP;
  }
}

/** Takes a value out of a queue or stack, to `value`. 0 or -errno. */
export function map_pop(header: u32, value: u32): i32 {
  switch (load<u32>(header, MAP_TYPE)) {
    case BPF_MAP_TYPE_QUEUE:
    case BPF_MAP_TYPE_STACK: return queue_get(header, value, true);
    default: return -EOPNOTSUPP;
  }
}

/** Copies the value that would be popped next to `value`; of a bloom filter, says whether the value there was pushed. 0 or -errno. */
export function map_peek(header: u32, value: u32): i32 {
  switch (load<u32>(header, MAP_TYPE)) {
    case BPF_MAP_TYPE_QUEUE:
    case BPF_MAP_TYPE_STACK: return queue_get(header, value, false);
    case BPF_MAP_TYPE_BLOOM_FILTER: return bloom_peek(header, value);
    default: return -EOPNOTSUPP;
  }
}
