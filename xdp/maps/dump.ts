/** What is in maps, as `bpftool -j map dump` prints it. */
import { BtfValueError, type Json, formatValue } from "../object/index.js";
import type { BtfSpec } from "../object/spec.js";
import type { MapHandle } from "./handle.js";
import { mapKind } from "./shape.js";
import { BPF_MAP_TYPE_PERF_EVENT_ARRAY } from "./uapi.js";

/** Above so many entries, a dump of an array leaves out the ones that are all zero. */
const FULL_ARRAY = 65536;

/** Bytes as `0x0a`. */
export type HexBytes = readonly string[];

export interface CpuValue<T> {
  readonly cpu: number;
  readonly value: T;
}

/** The map in an entry of a map of maps, where it is none of the object's. */
export interface InnerDump {
  readonly inner: readonly DumpEntry[];
  /** Where it is not the template's. */
  readonly max_entries?: number;
}

/** One entry; per-CPU maps have `values`, others `value`; queues and stacks have no keys; maps of maps have a map's name, or a map. */
export interface DumpEntry {
  readonly key?: HexBytes;
  readonly value?: HexBytes | string | InnerDump;
  readonly values?: readonly CpuValue<HexBytes>[];
  /** The same as BTF describes it, where it does. */
  readonly formatted?: { readonly key?: Json; readonly value?: Json; readonly values?: readonly CpuValue<Json>[] };
}

export type MapDump = Readonly<Record<string, readonly DumpEntry[]>>;

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => `0x${byte.toString(16).padStart(2, "0")}`);

/** All maps by name; see {@link dumpMap}. */
export function dumpMaps(handles: readonly MapHandle[], btf?: BtfSpec): MapDump {
  return Object.fromEntries(handles.map((handle) => [handle.spec.name, [...dumpMap(handle, btf, handles)]]));
}

/**
 * The entries of a map, arrays by index, others by the bytes of their keys. Arrays of up to 65,536 entries are listed whole, larger
 * ones only where a byte is not zero; of prog arrays and maps of devices, CPUs and sockets only the entries that are there. Queues
 * and stacks by the order of their pushes; what is in bloom filters, ring buffers and perf event arrays is not listed.
 * @param named maps that an entry of a map of maps can name.
 */
export function* dumpMap(handle: MapHandle, btf?: BtfSpec, named: readonly MapHandle[] = []): Generator<DumpEntry> {
  if (handle.values !== undefined) {
    for (const value of handle.values()) yield entryOf(handle, undefined, value, btf);
    return;
  }
  if (handle.spec.typeId === BPF_MAP_TYPE_PERF_EVENT_ARRAY) return;
  if (handle.maps !== undefined) {
    for (const key of sortedKeys(handle)) {
      const inner = handle.maps.at(key);
      if (inner !== undefined) yield { key: hex(key), value: dumpInner(handle, inner, btf, named) };
    }
    return;
  }
  const family = mapKind(handle.spec.typeId)?.family ?? "hash";
  const sparse = family === "array" && handle.spec.maxEntries > FULL_ARRAY;
  for (const key of family === "hash" || family === "lpm" ? sortedKeys(handle) : handle.keys()) {
    const value = handle.lookup(key);
    if (value === undefined || (sparse && value.every((byte) => byte === 0))) continue;
    yield entryOf(handle, key, value, btf);
  }
}

function dumpInner(outer: MapHandle, inner: MapHandle, btf: BtfSpec | undefined, named: readonly MapHandle[]): string | InnerDump {
  if (named.includes(inner)) return inner.spec.name;
  const { maxEntries } = inner.spec;
  return { inner: [...dumpMap(inner, btf)], ...(maxEntries === outer.spec.inner?.maxEntries ? {} : { max_entries: maxEntries }) };
}

function sortedKeys(handle: MapHandle): readonly Uint8Array[] {
  const keys = [...handle.keys()];
  keys.sort(Buffer.compare);
  return keys;
}

function isPerCpu(handle: MapHandle): boolean {
  return mapKind(handle.spec.typeId)?.perCpu ?? false;
}

function entryOf(handle: MapHandle, key: Uint8Array | undefined, value: Uint8Array, btf: BtfSpec | undefined): DumpEntry {
  const formatted = btf === undefined ? undefined : format(handle, key, value, btf);
  const extra = formatted === undefined ? {} : { formatted };
  const bytes = key === undefined ? {} : { key: hex(key) };
  if (!isPerCpu(handle)) return { ...bytes, value: hex(value), ...extra };
  return { ...bytes, values: cpuValues(value, handle.spec.valueSize, hex), ...extra };
}

function hex(bytes: Uint8Array): HexBytes {
  return Array.from(bytes, (byte) => HEX[byte] as string);
}

function cpuValues<T>(values: Uint8Array, size: number, convert: (value: Uint8Array) => T): readonly CpuValue<T>[] {
  const step = Math.ceil(size / 8) * 8;
  return Array.from({ length: values.length / step }, (_, cpu) => ({ cpu, value: convert(values.subarray(cpu * step, cpu * step + size)) }));
}

/** Nothing where the map has no types, or BTF has types that cannot be written. */
function format(handle: MapHandle, key: Uint8Array | undefined, value: Uint8Array, btf: BtfSpec): DumpEntry["formatted"] {
  const { keyTypeId, valueTypeId } = handle.spec;
  if (valueTypeId === 0) return undefined;
  try {
    const formattedKey = keyTypeId === 0 || key === undefined ? {} : { key: formatValue(btf, keyTypeId, key) };
    if (!isPerCpu(handle)) return { ...formattedKey, value: formatValue(btf, valueTypeId, value) };
    return { ...formattedKey, values: cpuValues(value, handle.spec.valueSize, (bytes) => formatValue(btf, valueTypeId, bytes)) };
  } catch (error) {
    if (error instanceof BtfValueError) return undefined;
    throw error;
  }
}
