/** The door of the maps: what programs, engines and the control plane call. */
export { array_lookup, array_update, percpu_array_lookup, percpu_array_update } from "./array";
export { map_next_key, map_read, map_write } from "./control";
export { devmap_lookup } from "./devmap";
export { map_delete, map_lookup, map_peek, map_pop, map_push, map_update } from "./dispatch";
export { hash_delete, hash_lookup, hash_update } from "./hash";
export { lpm_lookup } from "./lpm_lookup";
export { lpm_delete, lpm_update } from "./lpm_trie";
export { lru_delete, lru_lookup, lru_percpu_lookup, lru_percpu_update, lru_update } from "./lru_hash";
export { array_of_maps_lookup, hash_of_maps_lookup } from "./map_of_maps";
export { perf_buffer, perf_reserve } from "./perf_event_array";
export { percpu_hash_lookup, percpu_hash_update } from "./percpu_hash";
export { prog_array_get } from "./prog_array";
export { queueAt } from "./queue_stack";
export { map_redirect_program, map_redirect_target } from "./redirect";
export { map_at, map_value_ok } from "./region";
export { ringbuf_commit, ringbuf_is_record, ringbuf_query, ringbuf_reserve } from "./ringbuf";
export { xskmap_lookup } from "./xskmap";
