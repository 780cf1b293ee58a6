/** Maps of random programs: their kinds and sizes, the keys that programs and seeds share, what is in them before. */
import { BPF_AND } from "../../isa/index.js";
import { MapError } from "../../maps/index.js";
import type { MapHandle } from "../../maps/index.js";
import {
  BPF_F_NO_PREALLOC,
  BPF_F_RDONLY_PROG,
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_DEVMAP,
  BPF_MAP_TYPE_DEVMAP_HASH,
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_LPM_TRIE,
  BPF_MAP_TYPE_LRU_HASH,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_PERCPU_HASH,
  BPF_MAP_TYPE_QUEUE,
  BPF_MAP_TYPE_STACK,
} from "../../maps/uapi.js";
import { mapTypeName } from "../../object/index.js";
import type { MapSpec } from "../../object/index.js";
import type { Choices, Code } from "./random-programs-code.js";

/** Different numbers in keys. */
const KEYS = 8;
/** Addresses of LPM tries are made of few bytes, so that prefixes meet. */
const ADDRESS_BYTES = [0, 1, 10, 0xff] as const;

export function mapSpec(name: string, typeId: number, keySize: number, valueSize: number, maxEntries: number, flags = 0): MapSpec {
  return { name, type: mapTypeName(typeId), typeId, keySize, valueSize, maxEntries, flags, keyTypeId: 0, valueTypeId: 0 };
}

export function isArray({ typeId }: MapSpec): boolean {
  return typeId === BPF_MAP_TYPE_ARRAY || typeId === BPF_MAP_TYPE_PERCPU_ARRAY;
}

export function isPerCpu({ typeId }: MapSpec): boolean {
  return typeId === BPF_MAP_TYPE_PERCPU_ARRAY || typeId === BPF_MAP_TYPE_PERCPU_HASH || typeId === BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

export function isQueue({ typeId }: MapSpec): boolean {
  return typeId === BPF_MAP_TYPE_QUEUE || typeId === BPF_MAP_TYPE_STACK;
}

export function isDevices({ typeId }: MapSpec): boolean {
  return typeId === BPF_MAP_TYPE_DEVMAP || typeId === BPF_MAP_TYPE_DEVMAP_HASH;
}

/** Indices of the maps that `wanted` is true of, without the one that takes the registers and without global data. */
export function mapsWhere(maps: readonly MapSpec[], wanted: (spec: MapSpec) => boolean): number[] {
  return maps.flatMap((spec, i) => (spec.name !== "out" && spec.name !== "globals" && wanted(spec) ? [i] : []));
}

/** Maps with keys and values of bytes that programs may write. */
export function writableMaps(maps: readonly MapSpec[]): number[] {
  return mapsWhere(maps, (spec) => !isQueue(spec) && !isDevices(spec) && (spec.flags & BPF_F_RDONLY_PROG) === 0);
}

/**
 * One map of each kind with random sizes, some of them twice. A key (in whole words) and a value together are 64 bytes at most, which is what
 * functions have on their stack; arrays may have longer values. LRU maps are so large that nothing is evicted, with a list for all CPUs: what
 * would be evicted is no matter of equality, and lists of their own would be short on machines of many CPUs.
 */
export function randomMaps(choices: Choices): MapSpec[] {
  const value = (): number => 1 + choices.below(40);
  const key = (): number => choices.pick([1, 2, 3, 4, 4, 5, 6, 7, 8, 8, 10, 12, 13, 16, 16, 20, 24]);
  const hash = (name: string): MapSpec => mapSpec(name, BPF_MAP_TYPE_HASH, key(), value(), 1 + choices.below(14), choices.once(2) ? BPF_F_NO_PREALLOC : 0);
  const lpm = (name: string): MapSpec => mapSpec(name, BPF_MAP_TYPE_LPM_TRIE, 4 + choices.pick([1, 2, 3, 4, 4, 6, 8, 16, 20]), value(), 2 + choices.below(20), BPF_F_NO_PREALLOC);
  return [
    mapSpec("r_array", BPF_MAP_TYPE_ARRAY, 4, choices.once(4) ? 1 + choices.below(300) : value(), 1 + choices.below(10)),
    mapSpec("r_percpu", BPF_MAP_TYPE_PERCPU_ARRAY, 4, choices.once(4) ? 1 + choices.below(300) : value(), 1 + choices.below(10)),
    hash("r_hash"),
    hash("r_hash2"),
    mapSpec("r_percpu_hash", BPF_MAP_TYPE_PERCPU_HASH, key(), value(), 1 + choices.below(14), choices.once(2) ? BPF_F_NO_PREALLOC : 0),
    mapSpec("r_lru", choices.once(3) ? BPF_MAP_TYPE_LRU_PERCPU_HASH : BPF_MAP_TYPE_LRU_HASH, key(), value(), 1024),
    lpm("r_lpm"),
    lpm("r_lpm2"),
    mapSpec("r_queue", choices.pick([BPF_MAP_TYPE_QUEUE, BPF_MAP_TYPE_STACK]), 0, value(), 1 + choices.below(6)),
    mapSpec("r_devices", choices.pick([BPF_MAP_TYPE_DEVMAP, BPF_MAP_TYPE_DEVMAP_HASH]), 4, 4, 4),
  ];
}

/** Bytes of a key that do not say which it is. */
function filler(at: number): number {
  return (at * 37 + 1) & 0xff;
}

/** A key that programs may use too, as {@link writeKey} makes them. */
function seedKey(choices: Choices, { typeId, keySize, maxEntries }: MapSpec): Uint8Array {
  const key = new Uint8Array(keySize);
  const view = new DataView(key.buffer);
  if (typeId === BPF_MAP_TYPE_LPM_TRIE) {
    view.setUint32(0, choices.below((keySize - 4) * 8 + 1), true);
    for (let i = 4; i < keySize; i++) key[i] = choices.pick(ADDRESS_BYTES);
  } else if (typeId === BPF_MAP_TYPE_ARRAY || typeId === BPF_MAP_TYPE_PERCPU_ARRAY || typeId === BPF_MAP_TYPE_DEVMAP || typeId === BPF_MAP_TYPE_DEVMAP_HASH) view.setUint32(0, choices.below(maxEntries), true);
  else {
    if (keySize !== 4) for (let i = 0; i < keySize; i++) key[i] = filler(i);
    else view.setUint32(0, 0, true);
    key[keySize === 4 || choices.once(2) ? 0 : keySize - 1] = choices.below(KEYS);
  }
  return key;
}

/** Writes a key of the map to r10 + `at`; uses r1. */
export function writeKey(choices: Choices, code: Code, spec: MapSpec, at: number): void {
  const { typeId, keySize, maxEntries } = spec;
  if (typeId === BPF_MAP_TYPE_LPM_TRIE) {
    const bits = (keySize - 4) * 8;
    code.storeImmediate(4, 10, at, choices.once(10) ? bits + 1 : choices.once(3) ? bits : choices.below(bits + 1));
    for (let i = 4; i < keySize; i++) code.storeImmediate(1, 10, at + i, choices.pick(ADDRESS_BYTES));
    return;
  }
  if (isArray(spec) || isDevices(spec)) {
    if (choices.once(2)) code.storeImmediate(4, 10, at, choices.below(maxEntries + 1));
    else {
      code.move(1, choices.pick([7, 8, 9]));
      code.alu(BPF_AND, 1, 7);
      code.store(4, 10, at, 1);
    }
    return;
  }
  if (keySize === 4) code.storeImmediate(4, 10, at, 0);
  else for (let i = 0; i < keySize; i++) code.storeImmediate(1, 10, at + i, filler(i));
  const place = at + (keySize === 4 || choices.once(2) ? 0 : keySize - 1);
  if (choices.once(2)) code.storeImmediate(1, 10, place, choices.below(KEYS));
  else {
    code.move(1, choices.pick([7, 8, 9]));
    code.alu(BPF_AND, 1, KEYS - 1);
    code.store(1, 10, place, 1);
  }
}

/** Puts entries into the maps. The same choices, the same entries. */
export function seedMaps(choices: Choices, maps: readonly MapHandle[], cpus: number): void {
  for (const map of maps) {
    const { spec } = map;
    if (isQueue(spec) || spec.name === "out") continue;
    const entries = choices.below(8);
    for (let i = 0; i < entries; i++) {
      const key = seedKey(choices, spec);
      const value = isDevices(spec) ? Uint8Array.of(1, 0, 0, 0) : seedValue(choices, spec, cpus);
      try {
        map.update(key, value);
      } catch (error) {
        // A full map is full in every engine.
        if (!(error instanceof MapError)) throw error;
      }
    }
  }
}

/** Random bytes; of per-CPU values, for each CPU others. */
function seedValue(choices: Choices, spec: MapSpec, cpus: number): Uint8Array {
  if (!isPerCpu(spec)) return Uint8Array.from({ length: spec.valueSize }, () => choices.below(256));
  const stride = Math.ceil(spec.valueSize / 8) * 8;
  return Uint8Array.from({ length: stride * cpus }, (_, i) => (i % stride < spec.valueSize ? choices.below(256) : 0));
}
