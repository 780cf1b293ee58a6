/** What programs call on a map whose type is known only as they run. A further map type adds one case to each function. */
import { MAP_TYPE } from "../../../abi";
import { BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_CPUMAP, BPF_MAP_TYPE_DEVMAP, BPF_MAP_TYPE_DEVMAP_HASH, BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_LPM_TRIE, BPF_MAP_TYPE_LRU_HASH, BPF_MAP_TYPE_LRU_PERCPU_HASH, BPF_MAP_TYPE_PERCPU_ARRAY, BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_PROG_ARRAY, BPF_MAP_TYPE_XSKMAP, EINVAL, EOPNOTSUPP } from "../../../maps/uapi";
import { array_lookup, array_update, percpu_array_lookup, percpu_array_update } from "./array";
import { deleteTarget, devmap_lookup } from "./devmap";
import { hash_delete, hash_lookup, hash_update } from "./hash";
import { lpm_lookup } from "./lpm_lookup";
import { lpm_delete, lpm_update } from "./lpm_trie";
import { lru_delete, lru_lookup, lru_percpu_lookup, lru_percpu_update, lru_update } from "./lru_hash";
import { percpu_hash_lookup, percpu_hash_update } from "./percpu_hash";
import { deleteProgArray } from "./prog_array";
import { deleteXskmap, xskmap_lookup } from "./xskmap";

/** Address of the value of the key at `key`, for this CPU; 0 where there is none, and for maps that programs cannot look into. */
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
    default: return -EOPNOTSUPP;
  }
}

/** 0 or -errno. */
export function map_delete(header: u32, key: u32): i32 {
  switch (load<u32>(header, MAP_TYPE)) {
    case BPF_MAP_TYPE_ARRAY:
    case BPF_MAP_TYPE_PERCPU_ARRAY: return -EINVAL;
    case BPF_MAP_TYPE_HASH:
    case BPF_MAP_TYPE_PERCPU_HASH:
    case BPF_MAP_TYPE_DEVMAP_HASH: return hash_delete(header, key);
    case BPF_MAP_TYPE_LRU_HASH:
    case BPF_MAP_TYPE_LRU_PERCPU_HASH: return lru_delete(header, key);
    case BPF_MAP_TYPE_LPM_TRIE: return lpm_delete(header, key);
    case BPF_MAP_TYPE_PROG_ARRAY: return deleteProgArray(header, key);
    case BPF_MAP_TYPE_DEVMAP:
    case BPF_MAP_TYPE_CPUMAP: return deleteTarget(header, key);
    case BPF_MAP_TYPE_XSKMAP: return deleteXskmap(header, key);
    default: return -EOPNOTSUPP;
  }
}
