/** A map in the kernel, behind the interface that the machine's own maps have. */
import type { MapHandle } from "../../maps/handle.js";
import type { MapSpec } from "../../object/spec.js";
import * as bpf from "./bpf.js";
import { possibleCpus } from "./cpu.js";
import { ENOENT, KernelError } from "./errors.js";

const PER_CPU_TYPES: ReadonlySet<string> = new Set(["BPF_MAP_TYPE_PERCPU_HASH", "BPF_MAP_TYPE_PERCPU_ARRAY", "BPF_MAP_TYPE_LRU_PERCPU_HASH"]);
/** User space may not look into these, or sees ids that say nothing. */
const OPAQUE_TYPES: ReadonlySet<string> = new Set(["BPF_MAP_TYPE_PERF_EVENT_ARRAY", "BPF_MAP_TYPE_RINGBUF", "BPF_MAP_TYPE_XSKMAP"]);

/**
 * Keys and values as bpf(2) has them: per-CPU values of all possible CPUs, prog arrays and maps of maps given by file descriptor and read as ids.
 */
export class KernelMap implements MapHandle {
  readonly spec: MapSpec;
  readonly id: number;
  /** The kernel's maps have no address in a machine's memory. */
  readonly header = 0;
  readonly fd: number;
  /** Bytes of a value as bpf(2) passes it. */
  readonly valueBytes: number;
  readonly perCpu: boolean;

  constructor(spec: MapSpec, id: number, fd: number) {
    this.spec = spec;
    this.id = id;
    this.fd = fd;
    this.perCpu = PER_CPU_TYPES.has(spec.type);
    this.valueBytes = this.perCpu ? Math.ceil(spec.valueSize / 8) * 8 * possibleCpus() : spec.valueSize;
  }

  lookup(key: Uint8Array): Uint8Array | undefined {
    const value = new Uint8Array(this.valueBytes);
    return bpf.mapLookup(this.fd, key, value) ? value : undefined;
  }

  /** Throws {@link KernelError}. */
  update(key: Uint8Array, value: Uint8Array, flags = 0): void {
    const result = bpf.mapUpdate(this.fd, key, value, flags);
    if (result < 0) throw new KernelError(`update of map ${this.spec.name}`, -result);
  }

  delete(key: Uint8Array): boolean {
    const result = bpf.mapDelete(this.fd, key);
    if (result === -ENOENT) return false;
    if (result < 0) throw new KernelError(`delete from map ${this.spec.name}`, -result);
    return true;
  }

  *keys(): Iterable<Uint8Array> {
    if (OPAQUE_TYPES.has(this.spec.type)) return;
    // All keys first: what a caller does between two of them must not move the iteration.
    const keys: Uint8Array[] = [];
    for (let key = bpf.mapNextKey(this.fd, this.spec.keySize); key !== undefined; key = bpf.mapNextKey(this.fd, this.spec.keySize, key)) {
      keys.push(key);
    }
    yield* keys;
  }
}
