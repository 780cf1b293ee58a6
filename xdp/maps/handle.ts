import type { MapSpec } from "../object/spec.js";

/**
 * One map of a machine, as the control plane sees it (bpf(2) from user space). Keys and values are raw bytes, copied in
 * and out. Values of per-CPU maps are the values of all CPUs behind each other, each padded to a multiple of 8 bytes, as bpf(2) has them.
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
}
