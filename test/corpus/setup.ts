/**
 * Map contents that let programs reach their branches, without knowing the programs: keys from the frames that will run, small
 * numbers as values, the loopback and the CPUs as targets, an object's own programs in its prog arrays. What some need beyond
 * that stands in cases.ts.
 */
import type { MapHandle } from "../../xdp/maps/index.js";
import { MapError } from "../../xdp/maps/index.js";
import type { BtfSpec, MapSpec, ObjectSpec, ProgramSpec } from "../../xdp/object/index.js";
import { concat, endpointsOf, u32, u64 } from "../differential/seeds.js";
import { entriesFor } from "./cases.js";
import { fieldsOf, fillFor } from "./fill.js";
import { mapsOf } from "./needs.js";

/** One update from user space. */
export interface Entry {
  readonly map: string;
  readonly key: Uint8Array;
  /** One value, for all CPUs where the map is per-CPU. */
  readonly value: Uint8Array;
  /** Instead of a value: a program of the object. */
  readonly program?: string;
  /** Instead of a value: a map with these entries, in a map of maps. */
  readonly inner?: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[];
}

const EMPTY = new Uint8Array(0);
/** Entries of an array, and of a hash (if it is twice as large), that are filled. */
const ARRAY_ENTRIES = 16;
const HASH_ENTRIES = 500;
/** Maps that are put into a map of maps. */
const INNER_MAPS = 3;

/** All updates for the maps that a program uses, in order. `object`: name without version and suffix. */
export function setupOf(object: ObjectSpec, name: string, program: ProgramSpec, frames: readonly Uint8Array[]): readonly Entry[] {
  const generic = mapsOf(object, program)
    .filter(({ initial, values }) => initial === undefined && values === undefined)
    .flatMap((map) => entriesOf(map, object, program, frames));
  return [...generic, ...entriesFor(name, object, frames)];
}

function entriesOf(map: MapSpec, object: ObjectSpec, program: ProgramSpec, frames: readonly Uint8Array[]): Entry[] {
  const entry = (key: Uint8Array, value: Uint8Array): Entry => ({ map: map.name, key, value });
  const numbered = (count: number, value: (i: number) => Uint8Array): Entry[] => Array.from({ length: Math.min(count, map.maxEntries || count) }, (_, i) => entry(u32(i), value(i)));
  switch (map.type) {
    case "BPF_MAP_TYPE_ARRAY":
    case "BPF_MAP_TYPE_PERCPU_ARRAY":
      return numbered(ARRAY_ENTRIES, (i) => valueOf(map, object.btf, frames, i));
    case "BPF_MAP_TYPE_HASH":
    case "BPF_MAP_TYPE_LRU_HASH":
    case "BPF_MAP_TYPE_PERCPU_HASH":
    case "BPF_MAP_TYPE_LRU_PERCPU_HASH":
      return hashKeys(map, object.btf, frames).map((key, i) => entry(key, valueOf(map, object.btf, frames, i)));
    case "BPF_MAP_TYPE_LPM_TRIE":
      return prefixes(map, frames).map((key, i) => entry(key, valueOf(map, object.btf, frames, i)));
    case "BPF_MAP_TYPE_DEVMAP":
    case "BPF_MAP_TYPE_DEVMAP_HASH":
      return numbered(8, () => (map.valueSize === 8 ? u64(1) : u32(1)));
    case "BPF_MAP_TYPE_CPUMAP":
      return numbered(2, () => (map.valueSize === 8 ? u64(192) : u32(192)));
    case "BPF_MAP_TYPE_PROG_ARRAY":
      return object.programs
        .filter((other) => other !== program && other.type === "xdp" && other.frags === program.frags && other.attach === program.attach)
        .slice(0, map.maxEntries || ARRAY_ENTRIES)
        .map((other, i) => ({ map: map.name, key: u32(i), value: EMPTY, program: other.name }));
    case "BPF_MAP_TYPE_ARRAY_OF_MAPS":
    case "BPF_MAP_TYPE_HASH_OF_MAPS":
      return map.inner === undefined ? [] : numbered(INNER_MAPS, () => EMPTY).map((outer) => ({ ...outer, key: fitted(outer.key, map.keySize), inner: innerEntries(map.inner, object, program, frames) }));
    default:
      return [];
  }
}

function innerEntries(map: MapSpec["inner"], object: ObjectSpec, program: ProgramSpec, frames: readonly Uint8Array[]): Entry["inner"] {
  return map === undefined ? [] : entriesOf(map, object, program, frames).filter((entry) => entry.program === undefined && entry.inner === undefined);
}

/** A value for entry `i`: addresses of frames where fields are named so, and words of 0 to 6, small enough for indices and counts. */
function valueOf({ valueSize, valueTypeId }: MapSpec, btf: BtfSpec | undefined, frames: readonly Uint8Array[], i: number): Uint8Array {
  const small = (at: number): number => (i * 3 + (at >> 2) + 1) % 7;
  const named = fieldsOf(btf, valueTypeId, valueSize).map((field) => ({ ...field, name: field.name || "number" }));
  return fillFor(frames[(i * 7) % frames.length], i, named, valueSize, small) ?? new Uint8Array(valueSize);
}

function hashKeys(map: MapSpec, btf: BtfSpec | undefined, frames: readonly Uint8Array[]): Uint8Array[] {
  const keys = new Map<string, Uint8Array>();
  const most = Math.min(HASH_ENTRIES, Math.floor(map.maxEntries / 2));
  const add = (key: Uint8Array): void => {
    if (keys.size < most) keys.set(Buffer.from(key).toString("hex"), key);
  };
  for (let i = 0; i < 8; i++) add(fitted(u32(i), map.keySize));
  const fields = fieldsOf(btf, map.keyTypeId, map.keySize);
  for (let i = 0; i < frames.length && keys.size < most; i += 3) {
    const key = fillFor(frames[i], i, fields, map.keySize, () => (fields.length === 1 ? undefined : 0));
    if (key !== undefined) add(key);
  }
  return [...keys.values()];
}

function prefixes({ keySize, maxEntries }: MapSpec, frames: readonly Uint8Array[]): Uint8Array[] {
  const keys: Uint8Array[] = [];
  const bits = (keySize - 4) * 8;
  for (let i = 0; i < frames.length && keys.length < Math.min(HASH_ENTRIES, maxEntries); i += 11) {
    const { ipv4, ipv6 } = endpointsOf(frames[i]);
    const address = keySize - 4 > 8 ? (ipv6[i & 1] ?? ipv4[i & 1]) : ipv4[i & 1];
    if (address !== undefined) keys.push(concat(u32(8 + (i % (bits - 7))), fitted(address, keySize - 4)));
  }
  return keys;
}

function fitted(bytes: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size);
  out.set(bytes.subarray(0, size));
  return out;
}

/** Does all updates; gives what came of each: 0, or the errno. Programs that `programNumber` does not know are left out. */
export function applySetup(entries: readonly Entry[], maps: readonly MapHandle[], cpus: number, programNumber: (name: string) => number | undefined): readonly number[] {
  return entries.map(({ map: name, key, value, program, inner }) => {
    const map = maps.find(({ spec }) => spec.name === name);
    if (map === undefined) return 0;
    const number = program === undefined ? undefined : programNumber(program);
    if (program !== undefined && number === undefined) return 0;
    try {
      if (inner !== undefined) putInner(map, key, inner, cpus);
      else map.update(key, number === undefined ? forCpus(value, map, cpus) : u32(number));
      return 0;
    } catch (error) {
      if (error instanceof MapError) return error.errno ?? -1;
      throw error;
    }
  });
}

function putInner(outer: MapHandle, key: Uint8Array, entries: NonNullable<Entry["inner"]>, cpus: number): void {
  const map = outer.maps?.create();
  if (map === undefined) return;
  for (const entry of entries) map.update(entry.key, forCpus(entry.value, map, cpus));
  outer.maps?.put(key, map);
}

function forCpus(value: Uint8Array, map: MapHandle, cpus: number): Uint8Array {
  if (!map.spec.type.includes("PERCPU")) return value;
  const padded = Math.ceil(value.length / 8) * 8;
  const all = new Uint8Array(padded * cpus);
  for (let cpu = 0; cpu < cpus; cpu++) all.set(value, cpu * padded);
  return all;
}
