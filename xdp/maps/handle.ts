import type { MapSpec } from "../object/spec.js";

/** The entries of a map of maps, as maps. */
export interface InnerMaps {
  /** The inner map at a key, or undefined. */
  at(key: Uint8Array): MapHandle | undefined;
  /** Makes a map as the object's template says, with other max_entries where given, that is in no map of maps yet. Throws MapError. */
  create(maxEntries?: number): MapHandle;
  /** Puts one in. `flags` as in {@link MapHandle.update}. Throws MapError {errno} where it is not like the template. */
  put(key: Uint8Array, map: MapHandle, flags?: number): void;
}

/**
 * One map of a machine, as the control plane sees it (bpf(2) from user space). Keys and values are raw bytes, copied in
 * and out; queues, stacks and bloom filters have keys of 0 bytes: an update pushes, a lookup peeks. Values of per-CPU maps are the values of all CPUs behind each other, each padded to a multiple of 8 bytes, as bpf(2) has them.
 */
export interface MapHandle {
  /** With the sizes, entries and flags that the map was made with. */
  readonly spec: MapSpec;
  /** Index among the machine's maps. */
  readonly id: number;
  /** Address of the map's header in the machine's memory: what a program holds as the map's pointer. */
  readonly header: number;
  /** Bytes of a value as {@link lookup} gives it: of all CPUs where the map is per-CPU. */
  readonly valueBytes: number;
  /** The value, or undefined where the key is not there. */
  lookup(key: Uint8Array): Uint8Array | undefined;
  /** Inserts or replaces. `flags`: BPF_ANY 0, BPF_NOEXIST 1, BPF_EXIST 2. Throws MapError {errno} as the kernel would refuse. */
  update(key: Uint8Array, value: Uint8Array, flags?: number): void;
  /** False where the key was not there. Throws MapError for types whose entries cannot be deleted. */
  delete(key: Uint8Array): boolean;
  /** All keys, each once; the map is not changed meanwhile. */
  keys(): Iterable<Uint8Array>;
  /** Of an array or hash of maps. Its values by {@link lookup} and {@link update} are the numbers of maps. */
  readonly maps?: InnerMaps;
  /** Takes the next value out of a queue or stack; undefined where it is empty. Other maps do not have it. */
  pop?(): Uint8Array | undefined;
  /** Whether a bloom filter says that the value may have been pushed. Other maps do not have it. */
  has?(value: Uint8Array): boolean;
  /** The values of a queue or stack, in the order of their pushes, which nothing takes out. Other maps do not have it. */
  values?(): Iterable<Uint8Array>;
}
