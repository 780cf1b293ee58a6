/** A map in the kernel, behind the interface that the machine's own maps have. */
import { type InnerMaps, MapError, type MapHandle } from "../../maps/index.js";
import type { MapSpec } from "../../object/spec.js";
import * as calls from "./map-calls.js";
import { possibleCpus } from "./cpu.js";
import { E2BIG, EINVAL, ENOENT, errnoName } from "./errors.js";

const PER_CPU_TYPES: ReadonlySet<string> = new Set(["BPF_MAP_TYPE_PERCPU_HASH", "BPF_MAP_TYPE_PERCPU_ARRAY", "BPF_MAP_TYPE_LRU_PERCPU_HASH"]);
const ARRAY_TYPES: ReadonlySet<string> = new Set(["BPF_MAP_TYPE_ARRAY", "BPF_MAP_TYPE_PERCPU_ARRAY"]);

/** Descriptor of a map that no XDP program uses and that the kernel did not make: it stays empty. */
export const NOT_MADE = -1;

/**
 * Keys and values as bpf(2) has them: per-CPU values of all possible CPUs, maps of maps given by descriptor and read as ids.
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
  readonly pop?: () => Uint8Array | undefined;
  readonly has?: (value: Uint8Array) => boolean;
  readonly maps?: InnerMaps;

  constructor(spec: MapSpec, id: number, fd: number) {
    this.spec = spec;
    this.id = id;
    this.fd = fd;
    this.perCpu = PER_CPU_TYPES.has(spec.type);
    this.valueBytes = this.perCpu ? Math.ceil(spec.valueSize / 8) * 8 * possibleCpus() : spec.valueSize;
    if (spec.type === "BPF_MAP_TYPE_QUEUE" || spec.type === "BPF_MAP_TYPE_STACK") {
      this.pop = () => {
        const value = new Uint8Array(spec.valueSize);
        return calls.mapPop(fd, value) ? value : undefined;
      };
    }
    if (spec.type === "BPF_MAP_TYPE_BLOOM_FILTER") this.has = (value) => calls.mapContains(fd, value);
  }

  lookup(key: Uint8Array): Uint8Array | undefined {
    this.checkKey(key);
    // What a bloom filter holds cannot be read.
    if (this.fd === NOT_MADE || this.has !== undefined) return undefined;
    const value = new Uint8Array(this.valueBytes);
    return calls.mapLookup(this.fd, key, value) ? value : undefined;
  }

  update(key: Uint8Array, value: Uint8Array, flags = 0): void {
    this.checkKey(key);
    if (value.length !== this.valueBytes) throw new MapError(this.spec.name, `value has ${value.length} bytes, its values have ${this.valueBytes}`, EINVAL);
    const result = calls.mapUpdate(this.fd, key, value, flags);
    if (result < 0) throw new MapError(this.spec.name, `the kernel refuses the update with ${errnoName(-result)}`, -result);
  }

  delete(key: Uint8Array): boolean {
    this.checkKey(key);
    const result = calls.mapDelete(this.fd, key);
    if (result === -ENOENT) return false;
    if (result < 0) throw new MapError(this.spec.name, `the kernel refuses the deletion with ${errnoName(-result)}`, -result);
    return true;
  }

  *keys(): Iterable<Uint8Array> {
    // Queues, stacks and bloom filters have none.
    if (this.spec.keySize === 0 || this.fd === NOT_MADE) return;
    // Arrays have all their keys: no need to ask for each.
    if (ARRAY_TYPES.has(this.spec.type)) {
      for (let index = 0; index < this.spec.maxEntries; index++) yield u32Bytes(index);
      return;
    }
    // All keys first: what a caller does between two of them must not move the iteration.
    const keys: Uint8Array[] = [];
    for (let key = calls.mapNextKey(this.fd, this.spec.keySize); key !== undefined; key = calls.mapNextKey(this.fd, this.spec.keySize, key)) {
      keys.push(key);
    }
    yield* keys;
  }

  private checkKey(key: Uint8Array): void {
    if (key.length !== this.spec.keySize) throw new MapError(this.spec.name, `key has ${key.length} bytes, its keys have ${this.spec.keySize}`, EINVAL);
  }
}

/**
 * A prog array whose values are, as on our machine, numbers of programs (index in the object, plus 1). The kernel wants descriptors,
 * so the entries get there when the programs are loaded.
 */
export class KernelProgArray extends KernelMap {
  private readonly entries = new Map<number, number>();
  private programFd: ((index: number) => number) | undefined;

  /** From now on entries are in the kernel; `programFd` loads the program of an index. */
  connect(programFd: (index: number) => number): void {
    if (this.programFd !== undefined) return;
    this.programFd = programFd;
    for (const [key, number] of this.entries) super.update(u32Bytes(key), u32Bytes(programFd(number - 1)));
  }

  override lookup(key: Uint8Array): Uint8Array | undefined {
    const number = this.entries.get(u32(key));
    return number === undefined ? undefined : u32Bytes(number);
  }

  override update(key: Uint8Array, value: Uint8Array, flags = 0): void {
    if (u32(key) >= this.spec.maxEntries) throw new MapError(this.spec.name, `index is out of range, it has ${this.spec.maxEntries} entries`, E2BIG);
    if (this.programFd !== undefined) super.update(key, u32Bytes(this.programFd(u32(value) - 1)), flags);
    this.entries.set(u32(key), u32(value));
  }

  override delete(key: Uint8Array): boolean {
    if (this.programFd !== undefined) super.delete(key);
    return this.entries.delete(u32(key));
  }

  override *keys(): Iterable<Uint8Array> {
    for (const key of this.entries.keys()) yield u32Bytes(key);
  }
}

/** A map of maps: which map is where is noted here, since the kernel tells ids and takes descriptors. */
export class KernelMapOfMaps extends KernelMap {
  override readonly maps: InnerMaps;
  private readonly entries = new Map<string, KernelMap>();

  /** `createInner` makes a map of the template, with other max_entries where given. */
  constructor(spec: MapSpec, id: number, fd: number, createInner: (maxEntries?: number) => KernelMap) {
    super(spec, id, fd);
    this.maps = {
      at: (key) => (super.lookup(key) === undefined ? undefined : this.entries.get(keyText(key))),
      create: createInner,
      put: (key, map, flags = 0) => {
        if (!(map instanceof KernelMap)) throw new MapError(spec.name, `${map.spec.name} is no map of the kernel`, EINVAL);
        super.update(key, u32Bytes(map.fd), flags);
        this.entries.set(keyText(key), map);
      },
    };
  }
}

/**
 * A devmap or cpumap whose entries may carry a program, which values name as on our machine: number in the object, plus 1. The
 * kernel wants a descriptor and tells an id, so such entries get there when the programs are loaded.
 */
export class KernelTargetMap extends KernelMap {
  private readonly entries = new Map<string, { readonly key: Uint8Array; readonly value: Uint8Array }>();
  private programFd: ((number: number) => number) | undefined;

  /** From now on entries with programs are in the kernel; `programFd` loads the program of an index. */
  connect(programFd: (index: number) => number): void {
    if (this.programFd !== undefined) return;
    this.programFd = programFd;
    for (const { key, value } of this.entries.values()) this.store(key, value, 0);
  }

  override lookup(key: Uint8Array): Uint8Array | undefined {
    return this.entries.get(keyText(key))?.value.slice() ?? super.lookup(key);
  }

  override update(key: Uint8Array, value: Uint8Array, flags = 0): void {
    // No interface, or no queue: the kernel empties the entry, or refuses, whatever the program.
    const carries = value.length === this.valueBytes && u32(value) !== 0 && programOf(value) > 0;
    if (!carries) {
      super.update(key, value, flags);
      this.entries.delete(keyText(key));
      return;
    }
    if (this.programFd !== undefined) this.store(key, value, flags);
    this.entries.set(keyText(key), { key: key.slice(), value: value.slice() });
  }

  override delete(key: Uint8Array): boolean {
    return this.entries.delete(keyText(key)) && this.programFd === undefined ? true : super.delete(key);
  }

  private store(key: Uint8Array, value: Uint8Array, flags: number): void {
    const real = value.slice();
    real.set(u32Bytes((this.programFd as (index: number) => number)(programOf(value) - 1)), 4);
    super.update(key, real, flags);
  }
}

/** Whether entries of maps of this kind have room for a program. */
export function carriesPrograms({ type, valueSize }: MapSpec): boolean {
  return valueSize === 8 && (type === "BPF_MAP_TYPE_DEVMAP" || type === "BPF_MAP_TYPE_DEVMAP_HASH" || type === "BPF_MAP_TYPE_CPUMAP");
}

function programOf(value: Uint8Array): number {
  return new DataView(value.buffer, value.byteOffset, value.byteLength).getInt32(4, true);
}

function keyText(key: Uint8Array): string {
  return Buffer.from(key).toString("hex");
}

function u32(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true);
}

/** A u32 as the bytes of a key or value. */
export function u32Bytes(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
}
