/**
 * Map contents that let programs reach their branches, without knowing the programs: keys from the frames that will run, small
 * numbers as values, the loopback and the CPUs as targets, an object's own programs in its prog arrays. What a program needs
 * beyond that stands in OVERRIDES.
 */
import type { MapHandle } from "../../xdp/maps/index.js";
import { MapError } from "../../xdp/maps/index.js";
import type { BtfSpec, MapSpec, ObjectSpec, ProgramSpec } from "../../xdp/object/index.js";
import { resolved, sizeOfType } from "../../xdp/object/index.js";
import type { Endpoints } from "../differential/seeds.js";
import { concat, endpointsOf, u32, u64 } from "../differential/seeds.js";
import { mapsOf } from "./needs.js";

/** One update from user space. */
export interface Entry {
  readonly map: string;
  readonly key: Uint8Array;
  /** One value, for all CPUs where the map is per-CPU. */
  readonly value: Uint8Array;
  /** Instead of a value: a program of the object. */
  readonly program?: string;
}

/** More entries for a program, by object and program (`xdpwall/edgewall`). */
const OVERRIDES: Readonly<Record<string, (frames: readonly Uint8Array[]) => readonly Entry[]>> = {};

const EMPTY = new Uint8Array(0);
/** Entries of an array, and of a hash (if it is twice as large), that are filled. */
const ARRAY_ENTRIES = 16;
const HASH_ENTRIES = 200;
const IPPROTO_OFFSET = 23;

/** All updates for the maps that a program uses, in order. `object`: name without version and suffix. */
export function setupOf(object: ObjectSpec, name: string, program: ProgramSpec, frames: readonly Uint8Array[]): readonly Entry[] {
  const generic = mapsOf(object, program)
    .filter(({ initial, values }) => initial === undefined && values === undefined)
    .flatMap((map) => entriesOf(map, object, program, frames));
  return [...generic, ...(OVERRIDES[`${name}/${program.name}`]?.(frames) ?? [])];
}

function entriesOf(map: MapSpec, object: ObjectSpec, program: ProgramSpec, frames: readonly Uint8Array[]): Entry[] {
  const entry = (key: Uint8Array, value: Uint8Array): Entry => ({ map: map.name, key, value });
  const numbered = (count: number, value: (i: number) => Uint8Array): Entry[] => Array.from({ length: Math.min(count, map.maxEntries || count) }, (_, i) => entry(u32(i), value(i)));
  switch (map.type) {
    case "BPF_MAP_TYPE_ARRAY":
    case "BPF_MAP_TYPE_PERCPU_ARRAY":
      return numbered(ARRAY_ENTRIES, (i) => smallNumbers(map.valueSize, i));
    case "BPF_MAP_TYPE_HASH":
    case "BPF_MAP_TYPE_LRU_HASH":
    case "BPF_MAP_TYPE_PERCPU_HASH":
    case "BPF_MAP_TYPE_LRU_PERCPU_HASH":
      return hashKeys(map, object.btf, frames).map((key, i) => entry(key, smallNumbers(map.valueSize, i)));
    case "BPF_MAP_TYPE_LPM_TRIE":
      return prefixes(map, frames).map((key, i) => entry(key, smallNumbers(map.valueSize, i)));
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
    default:
      return [];
  }
}

/** Words of 0 to 6: small enough for indices and counts, different for each entry. */
function smallNumbers(size: number, i: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 4) bytes[at] = (i * 3 + at / 4 + 1) % 7;
  return bytes;
}

function hashKeys(map: MapSpec, btf: BtfSpec | undefined, frames: readonly Uint8Array[]): Uint8Array[] {
  const keys = new Map<string, Uint8Array>();
  const most = Math.min(HASH_ENTRIES, Math.floor(map.maxEntries / 2));
  const add = (key: Uint8Array): void => {
    if (keys.size < most) keys.set(Buffer.from(key).toString("hex"), key);
  };
  for (let i = 0; i < 8; i++) add(fitted(u32(i), map.keySize));
  const fields = fieldsOf(map, btf);
  for (let i = 0; i < frames.length && keys.size < most; i += 3) {
    const key = keyFrom(frames[i], i, fields);
    if (key !== undefined) add(fitted(key, map.keySize));
  }
  return [...keys.values()];
}

/** Sizes of a key's fields; one field where BTF does not tell. */
function fieldsOf({ keySize, keyTypeId }: MapSpec, btf: BtfSpec | undefined): readonly number[] {
  if (btf === undefined || keyTypeId === 0) return [keySize];
  const type = resolved(btf, keyTypeId);
  if (type.kind !== "struct" || type.members.length === 0) return [keySize];
  const starts = [...new Set(type.members.map(({ bitOffset }) => bitOffset >> 3)), keySize].toSorted((a, b) => a - b);
  const last = type.members.at(-1);
  const gaps = starts.slice(1).map((end, i) => end - starts[i]);
  const lastSize = last === undefined ? undefined : sizeOfType(btf, last.type);
  // What lies behind the last field is padding.
  return lastSize !== undefined && lastSize < (gaps.at(-1) ?? 0) ? [...gaps.slice(0, -1), lastSize] : gaps;
}

/** Addresses, ports and protocol of a frame in the order of the fields that have their size. */
function keyFrom(frame: Uint8Array, turn: number, fields: readonly number[]): Uint8Array | undefined {
  const ends = endpointsOf(frame);
  const taken = new Map<number, number>();
  const parts: Uint8Array[] = [];
  for (const size of fields) {
    // One field alone is the source's or the destination's; of several, the first is the source's.
    const side = fields.length === 1 ? turn & 1 : (taken.get(size) ?? 0) & 1;
    taken.set(size, side + 1);
    const part = partOf(frame, ends, size, side);
    if (part === undefined) return undefined;
    parts.push(fitted(part, size));
  }
  return concat(...parts);
}

function partOf(frame: Uint8Array, { macs, ipv4, ipv6, ports }: Endpoints, size: number, side: number): Uint8Array | undefined {
  switch (size) {
    case 1:
      return frame.slice(IPPROTO_OFFSET, IPPROTO_OFFSET + 1);
    case 2:
      return ports[side];
    case 4:
      return ipv4[side];
    case 6:
      return macs[side];
    case 8:
      return ipv4.length > 0 ? ipv4[side] : macs[side];
    case 16:
      return ipv6[side] ?? ipv4[side];
    default:
      return ipv4.length > 0 ? frame.slice(26, 26 + size) : undefined;
  }
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
  return entries.map(({ map: name, key, value, program }) => {
    const map = maps.find(({ spec }) => spec.name === name);
    if (map === undefined) return 0;
    const number = program === undefined ? undefined : programNumber(program);
    if (program !== undefined && number === undefined) return 0;
    try {
      map.update(key, number === undefined ? forCpus(value, map, cpus) : u32(number));
      return 0;
    } catch (error) {
      if (error instanceof MapError) return error.errno ?? -1;
      throw error;
    }
  });
}

function forCpus(value: Uint8Array, map: MapHandle, cpus: number): Uint8Array {
  if (!map.spec.type.includes("PERCPU")) return value;
  const padded = Math.ceil(value.length / 8) * 8;
  const all = new Uint8Array(padded * cpus);
  for (let cpu = 0; cpu < cpus; cpu++) all.set(value, cpu * padded);
  return all;
}
