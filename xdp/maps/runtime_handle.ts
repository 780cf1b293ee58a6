/** A map as the control plane sees it, over the wasm runtime: the same code that programs call. */
import type { Layout } from "../engine/layout.js";
import type { MapSpec } from "../object/spec.js";
import { MapError } from "./error.js";
import type { InnerMaps, MapHandle } from "./handle.js";
import { InnerMapTable } from "./inner_maps.js";
import type { MapFamily, MapShape } from "./shape.js";
import type { MapTable } from "./table.js";
import { BPF_MAP_TYPE_BLOOM_FILTER, E2BIG, EEXIST, EINVAL, ENOENT, ENOSPC, ENOTSUPP, EOPNOTSUPP } from "./uapi.js";

/** What the wasm runtime exports for the control plane. */
export interface MapRuntime {
  map_read(header: number, key: number, out: number): number;
  map_write(header: number, key: number, value: number, flags: number): number;
  map_delete(header: number, key: number): number;
  map_next_key(header: number, key: number, out: number): number;
  map_pop(header: number, value: number): number;
  map_peek(header: number, value: number): number;
  queueAt(header: number, index: number, out: number): number;
}

/** Memory through which keys and values go in and out; one for all maps of a machine, used by one thread at a time. */
export class Scratch {
  readonly key: number;
  readonly nextKey: number;
  readonly value: number;
  private readonly layout: Layout;
  private view: Uint8Array;

  /** `keyBytes`, `valueBytes`: of the longest key and value. */
  constructor(layout: Layout, keyBytes: number, valueBytes: number) {
    const what = "the control plane of maps";
    this.layout = layout;
    this.key = layout.allocate(keyBytes, 64, what);
    this.nextKey = layout.allocate(keyBytes, 64, what);
    this.value = layout.allocate(valueBytes, 64, what);
    this.view = new Uint8Array(layout.buffer);
  }

  reserve(bytes: number, what: string): number {
    return this.layout.allocate(bytes, 64, what);
  }

  /** The machine's memory, all of it. */
  get bytes(): Uint8Array {
    if (this.view.buffer !== this.layout.buffer) this.view = new Uint8Array(this.layout.buffer);
    return this.view;
  }
}

/** A map of a machine. */
export class RuntimeMapHandle implements MapHandle {
  readonly spec: MapSpec;
  readonly id: number;
  readonly header: number;
  readonly valueBytes: number;
  readonly maps?: InnerMaps;
  readonly pop?: () => Uint8Array | undefined;
  readonly has?: (value: Uint8Array) => boolean;
  readonly values?: () => Iterable<Uint8Array>;
  private readonly family: MapFamily;
  private readonly runtime: MapRuntime;
  private readonly scratch: Scratch;

  /** `cpus`: possible CPUs. */
  constructor(spec: MapSpec, id: number, header: number, shape: MapShape, cpus: number, runtime: MapRuntime, scratch: Scratch, table: MapTable) {
    this.spec = { ...spec, keySize: shape.keySize, valueSize: shape.valueSize, maxEntries: shape.maxEntries, flags: shape.flags };
    this.id = id;
    this.header = header;
    this.family = shape.kind.family;
    this.runtime = runtime;
    this.scratch = scratch;
    this.valueBytes = valueBytes(shape, cpus);
    if (shape.kind.ofMaps === true) this.maps = new InnerMapTable(this, table);
    if (shape.kind.family === "queue") {
      this.pop = () => this.take();
      this.values = () => this.queued();
    }
    if (shape.kind.family === "bloom") this.has = (value) => this.wasPushed(value);
  }

  /** The machine's memory, all of it. */
  get memory(): Uint8Array {
    return this.scratch.bytes;
  }

  /** More memory for this map, zeroed. Throws MemoryError. */
  reserve(bytes: number): number {
    return this.scratch.reserve(bytes, `map ${this.spec.name}`);
  }

  lookup(key: Uint8Array): Uint8Array | undefined {
    this.putKey(key);
    // What a bloom filter holds cannot be read.
    if (this.spec.typeId === BPF_MAP_TYPE_BLOOM_FILTER) return undefined;
    const result = this.runtime.map_read(this.header, this.scratch.key, this.scratch.value);
    if (result === -ENOENT) return undefined;
    this.check(result);
    return this.copyOut(this.scratch.value, this.valueBytes);
  }

  update(key: Uint8Array, value: Uint8Array, flags = 0): void {
    this.putKey(key);
    this.putValue(value);
    this.check(this.runtime.map_write(this.header, this.scratch.key, this.scratch.value, flags));
  }

  delete(key: Uint8Array): boolean {
    this.putKey(key);
    const result = this.runtime.map_delete(this.header, this.scratch.key);
    if (result === -ENOENT) return false;
    this.check(result);
    return true;
  }

  *keys(): Generator<Uint8Array> {
    const { spec, scratch } = this;
    if (spec.keySize === 0) return;
    let previous: Uint8Array | undefined;
    while (true) {
      if (previous !== undefined) this.putKey(previous);
      const result = this.runtime.map_next_key(this.header, previous === undefined ? 0 : scratch.key, scratch.nextKey);
      if (result === -ENOENT || result === -EOPNOTSUPP || result === -ENOTSUPP) return;
      this.check(result);
      previous = this.copyOut(scratch.nextKey, spec.keySize);
      yield previous.slice();
    }
  }

  private take(): Uint8Array | undefined {
    const result = this.runtime.map_pop(this.header, this.scratch.value);
    if (result === -ENOENT) return undefined;
    this.check(result);
    return this.copyOut(this.scratch.value, this.valueBytes);
  }

  private *queued(): Generator<Uint8Array> {
    for (let i = 0; this.runtime.queueAt(this.header, i, this.scratch.value) === 0; i++) yield this.copyOut(this.scratch.value, this.valueBytes);
  }

  private wasPushed(value: Uint8Array): boolean {
    this.putValue(value);
    const result = this.runtime.map_peek(this.header, this.scratch.value);
    if (result !== -ENOENT) this.check(result);
    return result === 0;
  }

  private putValue(value: Uint8Array): void {
    if (value.length !== this.valueBytes) throw new MapError(this.spec.name, `value has ${value.length} bytes, its values have ${this.valueBytes}`, EINVAL);
    this.scratch.bytes.set(value, this.scratch.value);
  }

  private putKey(key: Uint8Array): void {
    if (key.length !== this.spec.keySize) throw new MapError(this.spec.name, `key has ${key.length} bytes, its keys have ${this.spec.keySize}`, EINVAL);
    this.scratch.bytes.set(key, this.scratch.key);
  }

  private copyOut(address: number, size: number): Uint8Array {
    return this.scratch.bytes.slice(address, address + size);
  }

  private check(result: number): void {
    if (result < 0) throw new MapError(this.spec.name, this.reason(-result), -result);
  }

  private reason(errno: number): string {
    switch (errno) {
      case E2BIG:
        return this.family === "hash" || this.family === "queue" ? `is full with ${this.spec.maxEntries} entries` : `index is out of range, it has ${this.spec.maxEntries} entries`;
      case ENOSPC:
        return `is full with ${this.spec.maxEntries} entries`;
      case EEXIST:
        return "the entry exists";
      case ENOENT:
        return "there is no such entry";
      case EINVAL:
        return `${this.spec.type} refuses this key, value or operation`;
      default:
        return `${this.spec.type} refuses the operation`;
    }
  }
}

/** Bytes of a value as the control plane sees it. */
export function valueBytes(shape: MapShape, cpus: number): number {
  return shape.kind.perCpu ? Math.ceil(shape.valueSize / 8) * 8 * cpus : shape.valueSize;
}
