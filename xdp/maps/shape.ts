/**
 * From what an object says of a map to what is made: what old loaders leave open gets its default, and what the kernel
 * refuses to make is refused with its errno (kernel/bpf: arraymap.c, hashtab.c, lpm_trie.c,
 * devmap.c, cpumap.c, queue_stack_maps.c, bloom_filter.c, ringbuf.c).
 */
import type { MapSpec } from "../object/spec.js";
import { MapError } from "./error.js";
import {
  BPF_F_INNER_MAP,
  BPF_F_MMAPABLE,
  BPF_F_NO_COMMON_LRU,
  BPF_F_NO_PREALLOC,
  BPF_F_NUMA_NODE,
  BPF_F_PRESERVE_ELEMS,
  BPF_F_RDONLY,
  BPF_F_RDONLY_PROG,
  BPF_F_WRONLY,
  BPF_F_WRONLY_PROG,
  BPF_F_ZERO_SEED,
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_ARRAY_OF_MAPS,
  BPF_MAP_TYPE_BLOOM_FILTER,
  BPF_MAP_TYPE_CPUMAP,
  BPF_MAP_TYPE_DEVMAP,
  BPF_MAP_TYPE_DEVMAP_HASH,
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_HASH_OF_MAPS,
  BPF_MAP_TYPE_LPM_TRIE,
  BPF_MAP_TYPE_LRU_HASH,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_PERCPU_HASH,
  BPF_MAP_TYPE_PERF_EVENT_ARRAY,
  BPF_MAP_TYPE_PROG_ARRAY,
  BPF_MAP_TYPE_QUEUE,
  BPF_MAP_TYPE_RINGBUF,
  BPF_MAP_TYPE_SOCKHASH,
  BPF_MAP_TYPE_SOCKMAP,
  BPF_MAP_TYPE_STACK,
  BPF_MAP_TYPE_USER_RINGBUF,
  BPF_MAP_TYPE_XSKMAP,
  E2BIG,
  EINVAL,
  ENOTSUPP,
} from "./uapi.js";

/** Entries of an fd map whose object leaves the number to the loader: enough for the interfaces, CPUs or programs that a run has. */
const DEFAULT_TARGETS = 256;
/** Most CPUs that a kernel is built for; bounds cpumaps. */
const NR_CPUS = 8192;
/** Largest value of a per-CPU map, bytes (PCPU_MIN_UNIT_SIZE). */
const MAX_PERCPU_VALUE = 32768;
/** Largest slab object, bytes (KMALLOC_MAX_SIZE), and what an element and a trie node add to key and value. */
const MAX_ALLOCATION = 4194304;
const HASH_OVERHEAD = 48;
const NODE_OVERHEAD = 40;
/** Bytes of a program's stack (MAX_BPF_STACK). */
const MAX_STACK = 512;
/** Bytes of a page: rings take whole ones. */
const PAGE = 4096;
/** Hash functions of a bloom filter whose object names no number, and most of them. */
const BLOOM_HASHES = 5;
const BLOOM_HASHES_MAX = 15;
/** Address bytes in keys of an LPM trie. */
const MAX_PREFIX_BYTES = 256;

const ACCESS = BPF_F_RDONLY | BPF_F_WRONLY | BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG;
const ARRAY_FLAGS = BPF_F_NUMA_NODE | BPF_F_MMAPABLE | ACCESS | BPF_F_PRESERVE_ELEMS | BPF_F_INNER_MAP;
const HASH_FLAGS = BPF_F_NO_PREALLOC | BPF_F_NO_COMMON_LRU | BPF_F_NUMA_NODE | ACCESS | BPF_F_ZERO_SEED;
const SLOT_FLAGS = ARRAY_FLAGS & ~(BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG);
const QUEUE_FLAGS = BPF_F_NUMA_NODE | ACCESS;
const BLOOM_FLAGS = BPF_F_NUMA_NODE | BPF_F_ZERO_SEED | ACCESS;
const LPM_FLAGS = BPF_F_NO_PREALLOC | BPF_F_NUMA_NODE | ACCESS;
const DEVICE_FLAGS = BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY;

/** How a type lies in memory and who may use it. */
export type MapFamily = "array" | "hash" | "lpm" | "slots" | "targets" | "queue" | "bloom" | "ring";

export interface MapKind {
  readonly family: MapFamily;
  readonly perCpu: boolean;
  readonly lru: boolean;
  /** Entries refer to programs, devices, CPUs, sockets, maps or events: old loaders fill in sizes of 4. */
  readonly fd: boolean;
  /** Entries are maps. */
  readonly ofMaps?: boolean;
  readonly flags: number;
}

const KINDS: ReadonlyMap<number, MapKind> = new Map<number, MapKind>([
  [BPF_MAP_TYPE_HASH, { family: "hash", perCpu: false, lru: false, fd: false, flags: HASH_FLAGS }],
  [BPF_MAP_TYPE_ARRAY, { family: "array", perCpu: false, lru: false, fd: false, flags: ARRAY_FLAGS }],
  [BPF_MAP_TYPE_PROG_ARRAY, { family: "slots", perCpu: false, lru: false, fd: true, flags: SLOT_FLAGS }],
  [BPF_MAP_TYPE_PERF_EVENT_ARRAY, { family: "slots", perCpu: false, lru: false, fd: true, flags: SLOT_FLAGS }],
  [BPF_MAP_TYPE_PERCPU_HASH, { family: "hash", perCpu: true, lru: false, fd: false, flags: HASH_FLAGS }],
  [BPF_MAP_TYPE_PERCPU_ARRAY, { family: "array", perCpu: true, lru: false, fd: false, flags: ARRAY_FLAGS }],
  [BPF_MAP_TYPE_LRU_HASH, { family: "hash", perCpu: false, lru: true, fd: false, flags: HASH_FLAGS }],
  [BPF_MAP_TYPE_LRU_PERCPU_HASH, { family: "hash", perCpu: true, lru: true, fd: false, flags: HASH_FLAGS }],
  [BPF_MAP_TYPE_LPM_TRIE, { family: "lpm", perCpu: false, lru: false, fd: false, flags: LPM_FLAGS }],
  [BPF_MAP_TYPE_DEVMAP, { family: "targets", perCpu: false, lru: false, fd: true, flags: DEVICE_FLAGS }],
  [BPF_MAP_TYPE_CPUMAP, { family: "targets", perCpu: false, lru: false, fd: true, flags: BPF_F_NUMA_NODE }],
  [BPF_MAP_TYPE_XSKMAP, { family: "targets", perCpu: false, lru: false, fd: true, flags: DEVICE_FLAGS }],
  [BPF_MAP_TYPE_ARRAY_OF_MAPS, { family: "slots", perCpu: false, lru: false, fd: true, ofMaps: true, flags: SLOT_FLAGS }],
  [BPF_MAP_TYPE_HASH_OF_MAPS, { family: "hash", perCpu: false, lru: false, fd: true, ofMaps: true, flags: HASH_FLAGS }],
  [BPF_MAP_TYPE_SOCKMAP, { family: "slots", perCpu: false, lru: false, fd: true, flags: DEVICE_FLAGS }],
  [BPF_MAP_TYPE_SOCKHASH, { family: "hash", perCpu: false, lru: false, fd: true, flags: DEVICE_FLAGS }],
  [BPF_MAP_TYPE_QUEUE, { family: "queue", perCpu: false, lru: false, fd: false, flags: QUEUE_FLAGS }],
  [BPF_MAP_TYPE_STACK, { family: "queue", perCpu: false, lru: false, fd: false, flags: QUEUE_FLAGS }],
  [BPF_MAP_TYPE_BLOOM_FILTER, { family: "bloom", perCpu: false, lru: false, fd: false, flags: BLOOM_FLAGS }],
  [BPF_MAP_TYPE_USER_RINGBUF, { family: "ring", perCpu: false, lru: false, fd: false, flags: BPF_F_NUMA_NODE }],
  [BPF_MAP_TYPE_RINGBUF, { family: "ring", perCpu: false, lru: false, fd: false, flags: BPF_F_NUMA_NODE }],
  [BPF_MAP_TYPE_DEVMAP_HASH, { family: "hash", perCpu: false, lru: false, fd: true, flags: DEVICE_FLAGS }],
]);

/** The kind of a map type, or undefined where the type is not supported. */
export function mapKind(typeId: number): MapKind | undefined {
  return KINDS.get(typeId);
}

/** Whether maps of this type (number in the kernel's enumeration) can be used. */
export function isMapTypeSupported(typeId: number): boolean {
  return KINDS.has(typeId);
}

/** A map as it is made. */
export interface MapShape {
  readonly kind: MapKind;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
  /** Hash functions of a bloom filter, else 0. */
  readonly hashes: number;
}

/** Fills in what the loader is to fill in and checks the rest. Throws {@link MapError}. `cpus`: possible CPUs. */
export function shapeOf(spec: MapSpec, cpus: number): MapShape {
  const kind = KINDS.get(spec.typeId);
  if (kind === undefined) throw new MapError(spec.name, `type ${spec.type} is not supported`);
  const shape = {
    kind,
    keySize: kind.fd && spec.keySize === 0 ? 4 : spec.keySize,
    valueSize: kind.fd && spec.valueSize === 0 ? 4 : spec.valueSize,
    maxEntries: entriesOf(spec, kind, cpus),
    flags: kind.family === "lpm" ? spec.flags | BPF_F_NO_PREALLOC : spec.flags,
    hashes: kind.family === "bloom" ? spec.mapExtra || BLOOM_HASHES : 0,
  };
  checkCommon(spec, shape);
  if (kind.family === "queue" || kind.family === "bloom" || kind.family === "ring") {
    checkKeyless(spec, shape);
    return shape;
  }
  if (kind.family === "hash" && (!kind.fd || kind.ofMaps === true)) checkHash(spec, shape);
  if (kind.family === "lpm") checkLpm(spec, shape);
  if (kind.fd && kind.ofMaps !== true) checkTargets(spec, shape);
  if (kind.ofMaps === true) checkOfMaps(spec, shape);
  if (kind.family === "array") checkArray(spec, shape);
  // Programs only read what a devmap or xskmap gives them.
  if (kind.fd && kind.family !== "slots" && kind.ofMaps !== true && spec.typeId !== BPF_MAP_TYPE_SOCKHASH) return { ...shape, flags: shape.flags | BPF_F_RDONLY_PROG };
  // Lists of one CPU are equally long.
  return shape.flags & BPF_F_NO_COMMON_LRU ? { ...shape, maxEntries: Math.ceil(shape.maxEntries / cpus) * cpus } : shape;
}

function refuse(spec: MapSpec, reason: string, errno: number = EINVAL): never {
  throw new MapError(spec.name, `${spec.type} ${reason}`, errno);
}

function checkCommon(spec: MapSpec, shape: MapShape): void {
  const keyless = shape.kind.family === "queue" || shape.kind.family === "bloom" || shape.kind.family === "ring";
  if (shape.keySize === 0 && !keyless) refuse(spec, "needs a key_size");
  if (shape.valueSize === 0 && shape.kind.family !== "ring") refuse(spec, "needs a value_size");
  if ((spec.mapExtra ?? 0) !== 0 && shape.kind.family !== "bloom") refuse(spec, "takes no map_extra");
  if (shape.maxEntries === 0) refuse(spec, "needs max_entries of 1 or more");
  const unknown = shape.flags & ~shape.kind.flags;
  if (unknown !== 0) refuse(spec, `does not take map_flags 0x${(unknown >>> 0).toString(16)}`);
  if ((shape.flags & BPF_F_RDONLY_PROG) !== 0 && (shape.flags & BPF_F_WRONLY_PROG) !== 0) refuse(spec, "cannot be read-only and write-only for programs");
  if (shape.kind.perCpu && Math.ceil(shape.valueSize / 8) * 8 > MAX_PERCPU_VALUE) refuse(spec, `has value_size ${shape.valueSize}; per-CPU values hold ${MAX_PERCPU_VALUE} bytes at most`, E2BIG);
  if (shape.kind.perCpu && (shape.flags & BPF_F_NUMA_NODE) !== 0) refuse(spec, "does not take BPF_F_NUMA_NODE");
}

function checkArray(spec: MapSpec, shape: MapShape): void {
  if (shape.keySize !== 4) refuse(spec, `has key_size ${shape.keySize}; keys of arrays have 4 bytes`);
  if (spec.typeId !== BPF_MAP_TYPE_ARRAY && (shape.flags & (BPF_F_MMAPABLE | BPF_F_INNER_MAP)) !== 0) refuse(spec, "does not take BPF_F_MMAPABLE or BPF_F_INNER_MAP");
  if ((shape.flags & BPF_F_PRESERVE_ELEMS) !== 0) refuse(spec, "does not take BPF_F_PRESERVE_ELEMS");
  if (shape.valueSize > 0x7fffffff) refuse(spec, `has value_size ${shape.valueSize}`, E2BIG);
}

function checkHash(spec: MapSpec, shape: MapShape): void {
  if (!shape.kind.lru && (shape.flags & BPF_F_NO_COMMON_LRU) !== 0) refuse(spec, "does not take BPF_F_NO_COMMON_LRU");
  if (shape.kind.lru && (shape.flags & BPF_F_NO_PREALLOC) !== 0) refuse(spec, "does not take BPF_F_NO_PREALLOC", ENOTSUPP);
  if ((shape.flags & BPF_F_NO_COMMON_LRU) !== 0 && (shape.flags & BPF_F_NUMA_NODE) !== 0) refuse(spec, "does not take BPF_F_NUMA_NODE with BPF_F_NO_COMMON_LRU");
  if (shape.keySize + shape.valueSize >= MAX_ALLOCATION - HASH_OVERHEAD) refuse(spec, `has keys and values of ${shape.keySize + shape.valueSize} bytes; ${MAX_ALLOCATION} is too much`, E2BIG);
  if (shape.maxEntries > 2 ** 31) refuse(spec, `has max_entries ${shape.maxEntries}`, E2BIG);
}

function checkOfMaps(spec: MapSpec, shape: MapShape): void {
  if (shape.valueSize !== 4) refuse(spec, `has value_size ${shape.valueSize}; its values have 4 bytes`);
  if (shape.kind.family === "slots") {
    if (shape.keySize !== 4) refuse(spec, `has key_size ${shape.keySize}; keys of arrays have 4 bytes`);
    if ((shape.flags & (BPF_F_MMAPABLE | BPF_F_INNER_MAP | BPF_F_PRESERVE_ELEMS)) !== 0) refuse(spec, "does not take these map_flags");
  }
}

/** Queues, stacks, bloom filters and rings. */
function checkKeyless(spec: MapSpec, shape: MapShape): void {
  if (shape.keySize !== 0) refuse(spec, `has key_size ${shape.keySize}; it has no keys`);
  if (shape.kind.family === "ring") {
    if (shape.valueSize !== 0) refuse(spec, `has value_size ${shape.valueSize}; its records have any length`);
    return;
  }
  if (shape.valueSize > MAX_ALLOCATION) refuse(spec, `has value_size ${shape.valueSize}`, E2BIG);
  if (shape.hashes > BLOOM_HASHES_MAX) refuse(spec, `has map_extra ${shape.hashes}; it takes ${BLOOM_HASHES_MAX} hash functions at most`);
}

/** max_entries as loaders fill them in: a perf event array has one a CPU, and rings are the next power of 2 of whole pages, as libbpf makes them. */
function entriesOf(spec: MapSpec, kind: MapKind, cpus: number): number {
  if (spec.maxEntries === 0) return !kind.fd ? 0 : spec.typeId === BPF_MAP_TYPE_PERF_EVENT_ARRAY ? cpus : DEFAULT_TARGETS;
  if (kind.family !== "ring") return spec.maxEntries;
  return Math.max(2 ** Math.ceil(Math.log2(spec.maxEntries)), PAGE);
}

function checkLpm(spec: MapSpec, shape: MapShape): void {
  if (shape.keySize < 5 || shape.keySize > 4 + MAX_PREFIX_BYTES) refuse(spec, `has key_size ${shape.keySize}; a prefix length of 4 bytes and an address of 1 to ${MAX_PREFIX_BYTES} make 5 to ${4 + MAX_PREFIX_BYTES}`);
  if (shape.valueSize > MAX_ALLOCATION - MAX_PREFIX_BYTES - NODE_OVERHEAD) refuse(spec, `has value_size ${shape.valueSize}`);
}

function checkTargets(spec: MapSpec, shape: MapShape): void {
  if (spec.typeId === BPF_MAP_TYPE_SOCKHASH) {
    if (shape.keySize > MAX_STACK) refuse(spec, `has key_size ${shape.keySize}; its keys have ${MAX_STACK} bytes at most`, E2BIG);
  } else if (shape.keySize !== 4) refuse(spec, `has key_size ${shape.keySize}; its keys have 4 bytes`);
  const wide = spec.typeId === BPF_MAP_TYPE_SOCKMAP || spec.typeId === BPF_MAP_TYPE_SOCKHASH || spec.typeId === BPF_MAP_TYPE_DEVMAP || spec.typeId === BPF_MAP_TYPE_DEVMAP_HASH || spec.typeId === BPF_MAP_TYPE_CPUMAP;
  if (shape.valueSize !== 4 && !(wide && shape.valueSize === 8)) refuse(spec, `has value_size ${shape.valueSize}; its values have ${wide ? "4 or 8" : "4"} bytes`);
  if (spec.typeId === BPF_MAP_TYPE_CPUMAP && shape.maxEntries > NR_CPUS) refuse(spec, `has max_entries ${shape.maxEntries}; kernels have ${NR_CPUS} CPUs at most`, E2BIG);
  if (spec.typeId === BPF_MAP_TYPE_PROG_ARRAY && (shape.flags & BPF_F_PRESERVE_ELEMS) !== 0) refuse(spec, "does not take BPF_F_PRESERVE_ELEMS");
  if (spec.typeId === BPF_MAP_TYPE_DEVMAP_HASH && shape.maxEntries > 2 ** 31) refuse(spec, `has max_entries ${shape.maxEntries}`);
  if (shape.kind.family === "slots" && (shape.flags & (BPF_F_MMAPABLE | BPF_F_INNER_MAP)) !== 0) refuse(spec, "does not take these map_flags");
}
