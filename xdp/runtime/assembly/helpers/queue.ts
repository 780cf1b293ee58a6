/** Helpers on maps without keys: queues, stacks, bloom filters. */
import { map_peek, map_pop, map_push } from "../maps/index";

export function bpf_map_push_elem(env: u32, map: u64, value: u64, flags: u64): u64 {
  return u64(i64(map_push(u32(map), u32(value), flags)));
}

export function bpf_map_pop_elem(env: u32, map: u64, value: u64): u64 {
  return u64(i64(map_pop(u32(map), u32(value))));
}

export function bpf_map_peek_elem(env: u32, map: u64, value: u64): u64 {
  return u64(i64(map_peek(u32(map), u32(value))));
}
