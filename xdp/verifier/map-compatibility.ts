/** Which helpers take which maps (kernel/bpf/verifier.c, check_map_func_compatibility), as data from both sides. */
import type { Env } from "./env.js";
import type { MapInfo } from "./map-info.js";

const LOOKUP = 1;
const UPDATE = 2;
const DELETE = 3;
const TAIL_CALL = 12;
const PERF = [22, 25, 55, 111, 121];
const RINGBUF = [130, 131, 134, 198, 199, 200];
const REDIRECT_MAP = 51;

/** Maps that only these helpers take. */
const HELPERS_OF_MAP: Readonly<Record<string, readonly number[]>> = {
  BPF_MAP_TYPE_PROG_ARRAY: [TAIL_CALL],
  BPF_MAP_TYPE_PERF_EVENT_ARRAY: PERF,
  BPF_MAP_TYPE_RINGBUF: RINGBUF,
  BPF_MAP_TYPE_USER_RINGBUF: [209],
  BPF_MAP_TYPE_STACK_TRACE: [27],
  BPF_MAP_TYPE_CGROUP_ARRAY: [33, 37],
  BPF_MAP_TYPE_CGROUP_STORAGE: [81],
  BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE: [81],
  BPF_MAP_TYPE_DEVMAP: [REDIRECT_MAP, LOOKUP],
  BPF_MAP_TYPE_DEVMAP_HASH: [REDIRECT_MAP, LOOKUP],
  BPF_MAP_TYPE_CPUMAP: [REDIRECT_MAP],
  BPF_MAP_TYPE_XSKMAP: [REDIRECT_MAP, LOOKUP],
  BPF_MAP_TYPE_ARRAY_OF_MAPS: [LOOKUP],
  BPF_MAP_TYPE_HASH_OF_MAPS: [LOOKUP],
  BPF_MAP_TYPE_SOCKMAP: [52, 53, 60, 82, LOOKUP, UPDATE, DELETE],
  BPF_MAP_TYPE_SOCKHASH: [70, 71, 72, 82, LOOKUP, UPDATE, DELETE],
  BPF_MAP_TYPE_REUSEPORT_SOCKARRAY: [82],
  BPF_MAP_TYPE_QUEUE: [87, 88, 89],
  BPF_MAP_TYPE_STACK: [87, 88, 89],
  BPF_MAP_TYPE_SK_STORAGE: [107, 108, 194],
  BPF_MAP_TYPE_INODE_STORAGE: [145, 146, 194],
  BPF_MAP_TYPE_TASK_STORAGE: [156, 157, 194],
  BPF_MAP_TYPE_CGRP_STORAGE: [210, 211, 194],
  BPF_MAP_TYPE_BLOOM_FILTER: [87, 89],
  BPF_MAP_TYPE_INSN_ARRAY: [],
};

/** Helpers that only take these maps. */
const MAPS_OF_HELPER: Readonly<Record<number, readonly string[]>> = Object.fromEntries([
  [TAIL_CALL, ["PROG_ARRAY"]],
  ...PERF.map((id) => [id, ["PERF_EVENT_ARRAY"]] as const),
  ...RINGBUF.map((id) => [id, ["RINGBUF"]] as const),
  [209, ["USER_RINGBUF"]],
  [27, ["STACK_TRACE"]],
  [33, ["CGROUP_ARRAY"]],
  [37, ["CGROUP_ARRAY"]],
  [REDIRECT_MAP, ["DEVMAP", "DEVMAP_HASH", "CPUMAP", "XSKMAP"]],
  [87, ["QUEUE", "STACK", "BLOOM_FILTER"]],
  [88, ["QUEUE", "STACK"]],
  [89, ["QUEUE", "STACK", "BLOOM_FILTER"]],
  [195, ["PERCPU_ARRAY", "PERCPU_HASH", "LRU_PERCPU_HASH"]],
  [156, ["TASK_STORAGE"]],
  [157, ["TASK_STORAGE"]],
  [210, ["CGRP_STORAGE"]],
  [211, ["CGRP_STORAGE"]],
]);

/** Refuses a helper that does not take the map. */
export function checkMapCompatibility(env: Env, map: MapInfo | undefined, id: number, name: string): void {
  if (map === undefined) return;
  const helpers = HELPERS_OF_MAP[map.type];
  const maps = MAPS_OF_HELPER[id];
  if (helpers !== undefined && !helpers.includes(id)) return refuse(env, map, id, name);
  if (id === TAIL_CALL && map.type === "BPF_MAP_TYPE_PROG_ARRAY" && env.subprograms.length > 1 && !env.hasFuncInfo) env.reject("mixing of tail_calls and bpf-to-bpf calls is not supported");
  if (maps !== undefined && !maps.includes(map.type.replace("BPF_MAP_TYPE_", ""))) refuse(env, map, id, name);
}

function refuse(env: Env, map: MapInfo, id: number, name: string): void {
  env.reject(`cannot pass map_type ${map.typeId} into func ${name}#${id}`);
}
