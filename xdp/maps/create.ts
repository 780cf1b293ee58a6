/** Makes the maps of a machine: headers in one table, memory reserved, initial contents filled in. */
import { MACHINE, MACHINE_MAPS, MACHINE_MAP_COUNT, MAP_DATA, MAP_HEADER_BYTES, MAP_ID, MAP_TYPE } from "../abi.js";
import type { Layout } from "../engine/layout.js";
import type { MapSpec } from "../object/spec.js";
import { MapError } from "./error.js";
import type { MapHandle } from "./handle.js";
import { instantiateRuntime } from "../runtime/runtime.js";
import { placeMap } from "./place.js";
import { type MapRuntime, RuntimeMapHandle, Scratch, valueBytes } from "./runtime_handle.js";
import { type MapShape, isMapTypeSupported, mapKind, shapeOf } from "./shape.js";
import { BPF_F_ZERO_SEED } from "./uapi.js";

export interface CreateMapsOptions {
  /** Possible CPUs, 1 to 256. */
  readonly cpus: number;
  /** Seed of the maps' hash functions. Default 1n. */
  readonly seed?: bigint;
  /** The wasm runtime on the layout's memory. Default: an instance of its own. */
  readonly runtime?: MapRuntime;
  /** Index of a program in the machine's program table, for `values` of prog arrays; undefined where there is none of this name. */
  readonly programIndex?: (name: string) => number | undefined;
  /** Whether any program of the machine uses the map. Unused maps of types that are not supported are no error: lookups in them find nothing. Default: all are used. */
  readonly isUsed?: (map: number) => boolean;
}

/** Stands for a map of a type that is not supported and that no program uses. */
const UNUSED_KIND: MapShape["kind"] = { family: "slots", perCpu: false, lru: false, fd: false, flags: 0 };

/**
 * Makes one map a spec, in their order, and names their headers in the machine header.
 * Throws {@link MapError} for what the kernel would not make and for unknown programs in `values`, MemoryError where memory is not enough.
 */
export function createMaps(layout: Layout, specs: readonly MapSpec[], options: CreateMapsOptions): MapHandle[] {
  const { cpus, seed = 1n, runtime = runtimeOn(layout) } = options;
  const headers = layout.allocate(Math.max(specs.length, 1) * MAP_HEADER_BYTES, 64, "the table of maps");
  const shapes = specs.map((spec, id) => (isMapTypeSupported(spec.typeId) || (options.isUsed?.(id) ?? true) ? shapeOf(spec, cpus) : unusedShape(spec)));
  shapes.forEach((shape, id) => {
    const spec = specs[id] as MapSpec;
    const header = headers + id * MAP_HEADER_BYTES;
    if (mapKind(spec.typeId) === undefined) {
      const view = new DataView(layout.buffer);
      view.setUint32(header + MAP_TYPE, spec.typeId, true);
      view.setUint32(header + MAP_ID, id, true);
      return;
    }
    const mapSeed = shape.flags & BPF_F_ZERO_SEED ? 0n : mix(seed + BigInt(id + 1) * 0x9e3779b97f4a7c15n);
    placeMap({ layout, header, name: spec.name, id, typeId: spec.typeId, shape, cpus, seed: mapSeed });
  });
  const scratch = placeScratch(layout, shapes, cpus);
  const machine = new DataView(layout.buffer);
  machine.setUint32(MACHINE + MACHINE_MAPS, headers, true);
  machine.setUint32(MACHINE + MACHINE_MAP_COUNT, specs.length, true);
  return specs.map((spec, id) => {
    const handle = new RuntimeMapHandle(spec, id, headers + id * MAP_HEADER_BYTES, shapes[id] as MapShape, cpus, runtime, scratch);
    fillInitial(layout, handle);
    fillPrograms(handle, options);
    return handle;
  });
}

function unusedShape(spec: MapSpec): MapShape {
  return { kind: UNUSED_KIND, keySize: spec.keySize, valueSize: spec.valueSize, maxEntries: spec.maxEntries, flags: spec.flags };
}

function placeScratch(layout: Layout, shapes: readonly MapShape[], cpus: number): Scratch {
  const keys = shapes.reduce((most, shape) => Math.max(most, shape.keySize), 8);
  const values = shapes.reduce((most, shape) => Math.max(most, valueBytes(shape, cpus)), 8);
  return new Scratch(layout, keys, values);
}

/** The runtime's exports that maps need, on the layout's memory. */
function runtimeOn(layout: Layout): MapRuntime {
  const { map_read, map_write, map_delete, map_next_key } = instantiateRuntime(layout.memory).exports;
  return { map_read, map_write, map_delete, map_next_key } as MapRuntime;
}

/** Initial bytes of global data go where the one entry lies. */
function fillInitial(layout: Layout, handle: RuntimeMapHandle): void {
  const { spec } = handle;
  if (spec.initial === undefined) return;
  const bytes = Buffer.from(spec.initial, "base64");
  if (bytes.length > spec.valueSize) throw new MapError(spec.name, `has ${bytes.length} initial bytes and values of ${spec.valueSize}`);
  const data = new DataView(layout.buffer).getUint32(handle.header + MAP_DATA, true);
  new Uint8Array(layout.buffer).set(bytes, data);
}

function fillPrograms(handle: RuntimeMapHandle, options: CreateMapsOptions): void {
  for (const { key, program } of handle.spec.values ?? []) {
    if (program === undefined) continue;
    const index = options.programIndex?.(program);
    if (index === undefined) throw new MapError(handle.spec.name, `entry ${key} names program ${program}, which the object does not have`);
    handle.update(u32Bytes(key), u32Bytes(index + 1));
  }
}

/** A u32 as the bytes of a key or value. */
export function u32Bytes(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
}

/** The finisher of splitmix64 (Steele, Lea and Flood, OOPSLA 2014): neighbouring seeds give unrelated numbers. */
function mix(x: bigint): bigint {
  x = BigInt.asUintN(64, x);
  x = BigInt.asUintN(64, (x ^ (x >> 30n)) * 0xbf58476d1ce4e5b9n);
  x = BigInt.asUintN(64, (x ^ (x >> 27n)) * 0x94d049bb133111ebn);
  return x ^ (x >> 31n);
}
