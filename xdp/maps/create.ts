/** Makes the maps of a machine: headers in one table, memory reserved, initial contents filled in. */
import { MAP_DATA } from "../abi.js";
import type { Layout } from "../engine/layout.js";
import type { BtfSpec, MapSpec } from "../object/spec.js";
import { MapError } from "./error.js";
import type { MapHandle } from "./handle.js";
import { instantiateRuntime } from "../runtime/runtime.js";
import type { MapRuntime, RuntimeMapHandle } from "./runtime_handle.js";
import { MapTable } from "./table.js";

export interface CreateMapsOptions {
  /** Possible CPUs, 1 to 256. */
  readonly cpus: number;
  /** Seed of the maps' hash functions. Default 1n. */
  readonly seed?: bigint;
  /** The wasm runtime on the layout's memory. Default: an instance of its own. */
  readonly runtime?: MapRuntime;
  /** The object's BTF: says where values hold locks and timers. */
  readonly btf?: BtfSpec;
  /** Index of a program in the machine's program table, for `values` of prog arrays; undefined where there is none of this name. */
  readonly programIndex?: (name: string) => number | undefined;
  /** Whether any program of the machine uses the map. Unused maps of types that are not supported are no error: lookups in them find nothing. Default: all are used. */
  readonly isUsed?: (map: number) => boolean;
}

/**
 * Makes one map a spec, in their order, and names their headers in the machine header.
 * Throws {@link MapError} for what the kernel would not make and for unknown programs and maps in `values`, MemoryError where memory is not enough.
 */
export function createMaps(layout: Layout, specs: readonly MapSpec[], options: CreateMapsOptions): MapHandle[] {
  const { cpus, seed = 1n, runtime = runtimeOn(layout), btf } = options;
  const { handles } = new MapTable(layout, specs, { cpus, seed, runtime, btf, isUsed: usedMaps(specs, options.isUsed) });
  for (const handle of handles) {
    fillInitial(layout, handle);
    fillValues(handle, handles, options);
  }
  return [...handles];
}

/** What programs use: also the maps that a map which they use starts with. */
function usedMaps(specs: readonly MapSpec[], isUsed: ((map: number) => boolean) | undefined): (map: number) => boolean {
  if (isUsed === undefined) return () => true;
  const inside = new Set(specs.flatMap((spec, id) => (isUsed(id) ? (spec.values ?? []) : [])).map(({ map }) => map));
  return (map) => isUsed(map) || inside.has(specs[map]?.name);
}

/** The runtime's exports that maps need, on the layout's memory. */
function runtimeOn(layout: Layout): MapRuntime {
  return instantiateRuntime(layout.memory).exports;
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

/** Programs of prog arrays and maps of maps of maps, as the object initialises them. */
function fillValues(handle: RuntimeMapHandle, handles: readonly RuntimeMapHandle[], options: CreateMapsOptions): void {
  const { spec } = handle;
  for (const { key, program, map } of spec.values ?? []) {
    if (program !== undefined) {
      const index = options.programIndex?.(program);
      if (index === undefined) throw new MapError(spec.name, `entry ${key} names program ${program}, which the object does not have`);
      handle.update(u32Bytes(key), u32Bytes(index + 1));
    } else if (map !== undefined && handle.maps !== undefined) {
      const inner = handles.find((candidate) => candidate.spec.name === map);
      if (inner === undefined) throw new MapError(spec.name, `entry ${key} names map ${map}, which the object does not have`);
      handle.maps.put(u32Bytes(key), inner);
    }
  }
}

/** A u32 as the bytes of a key or value. */
export function u32Bytes(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
}
