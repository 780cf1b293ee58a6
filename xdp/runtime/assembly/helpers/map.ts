/** Helpers on maps: the maps themselves, with the CPU that the packet runs on. */
import { ENV_CPU, MACHINE, MACHINE_CPUS, MAP_CPU_STRIDE } from "../../../abi";
import { map_delete, map_lookup, map_update } from "../maps/index";

export function bpf_map_lookup_elem(env: u32, map: u64, key: u64): u64 {
  return u64(map_lookup(u32(map), u32(key), load<u32>(env, ENV_CPU)));
}

export function bpf_map_update_elem(env: u32, map: u64, key: u64, value: u64, flags: u64): u64 {
  return u64(i64(map_update(u32(map), u32(key), u32(value), flags, load<u32>(env, ENV_CPU))));
}

export function bpf_map_delete_elem(env: u32, map: u64, key: u64): u64 {
  return u64(i64(map_delete(u32(map), u32(key))));
}

/** NULL for CPUs that do not exist, and for maps that are not per-CPU. */
export function bpf_map_lookup_percpu_elem(env: u32, map: u64, key: u64, cpu: u64): u64 {
  if (u32(cpu) >= load<u32>(MACHINE, MACHINE_CPUS) || !load<u32>(u32(map), MAP_CPU_STRIDE)) return 0;
  return u64(map_lookup(u32(map), u32(key), u32(cpu)));
}
