/** The kernel's map types by number (enum bpf_map_type, linux/bpf.h). */
const NAMES = [
  "UNSPEC",
  "HASH",
  "ARRAY",
  "PROG_ARRAY",
  "PERF_EVENT_ARRAY",
  "PERCPU_HASH",
  "PERCPU_ARRAY",
  "STACK_TRACE",
  "CGROUP_ARRAY",
  "LRU_HASH",
  "LRU_PERCPU_HASH",
  "LPM_TRIE",
  "ARRAY_OF_MAPS",
  "HASH_OF_MAPS",
  "DEVMAP",
  "SOCKMAP",
  "CPUMAP",
  "XSKMAP",
  "SOCKHASH",
  "CGROUP_STORAGE",
  "REUSEPORT_SOCKARRAY",
  "PERCPU_CGROUP_STORAGE",
  "QUEUE",
  "STACK",
  "SK_STORAGE",
  "DEVMAP_HASH",
  "STRUCT_OPS",
  "RINGBUF",
  "INODE_STORAGE",
  "TASK_STORAGE",
  "BLOOM_FILTER",
  "USER_RINGBUF",
  "CGRP_STORAGE",
  "ARENA",
  "INSN_ARRAY",
];

export const BPF_MAP_TYPE_ARRAY = 2;
export const BPF_MAP_TYPE_PROG_ARRAY = 3;
export const BPF_MAP_TYPE_ARRAY_OF_MAPS = 12;
export const BPF_MAP_TYPE_HASH_OF_MAPS = 13;

/** Programs cannot write the map. */
export const BPF_F_RDONLY_PROG = 1 << 7;
/** User space may map the array's memory. */
export const BPF_F_MMAPABLE = 1 << 10;

/** Kernel name of a map type, for example `BPF_MAP_TYPE_LPM_TRIE`; `BPF_MAP_TYPE_99` where it is unknown. */
export function mapTypeName(typeId: number): string {
  return `BPF_MAP_TYPE_${NAMES[typeId] ?? typeId}`;
}

/** Do values of the map stand for maps? */
export function isMapInMap(typeId: number): boolean {
  return typeId === BPF_MAP_TYPE_ARRAY_OF_MAPS || typeId === BPF_MAP_TYPE_HASH_OF_MAPS;
}
