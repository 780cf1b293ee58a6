/** Fills maps from JSON, as `bpftool -j map dump` prints it and {@link dumpMaps} writes it. */
import type { BtfSpec } from "../object/spec.js";
import { u32Bytes } from "./create.js";
import { readInner, seedSamples } from "./seed_inner.js";
import { MapError } from "./error.js";
import type { MapHandle } from "./handle.js";
import { parseBytes, parseFormatted, type Wanted } from "./seed_bytes.js";
import { SeedError, type SeedPlace } from "./seed_error.js";
import { mapKind } from "./shape.js";
import { BPF_MAP_TYPE_CPUMAP, BPF_MAP_TYPE_DEVMAP, BPF_MAP_TYPE_DEVMAP_HASH, BPF_MAP_TYPE_LPM_TRIE, BPF_MAP_TYPE_PERF_EVENT_ARRAY, BPF_MAP_TYPE_PROG_ARRAY, BPF_MAP_TYPE_RINGBUF, BPF_MAP_TYPE_USER_RINGBUF } from "./uapi.js";

type Fields = Readonly<Record<string, unknown>>;

/** Entries of 8 bytes whose second half is a program. */
const CARRIERS: ReadonlySet<number> = new Set([BPF_MAP_TYPE_DEVMAP, BPF_MAP_TYPE_DEVMAP_HASH, BPF_MAP_TYPE_CPUMAP]);

/** What all entries of one map are read with. */
interface Context {
  readonly handle: MapHandle;
  readonly keySize: number;
  readonly valueSize: number;
  readonly perCpu: boolean;
  readonly cpus: number;
  readonly btf: BtfSpec | undefined;
  readonly resolveProgram: ((name: string) => number | undefined) | undefined;
  /** All maps of the machine, for entries that name one. */
  readonly handles: readonly MapHandle[];
}

/**
 * Inserts the entries of `json`, an object from map name to a list of entries (or its text).
 * An entry has `key` and `value` (see parseBytes for what they may be), per-CPU maps `values` by CPU or one `value` for all CPUs,
 * or `formatted` with the same as BTF describes it; entries of prog arrays may have `program`, the program's name, and so may
 * entries of devmaps and cpumaps whose values have room for a second program. Entries of maps of maps have as `value` the name of
 * a map of the object, or `{"inner": [entries…]}` for a map of their own (with `"max_entries"`, where it is not the template's).
 * Queues, stacks, bloom filters and user ring buffers have entries with a value alone, which are pushed one after the other.
 * @param resolveProgram index of a program in the machine's table by its name, for prog arrays.
 * @param file where the seeds come from, for messages.
 * @throws SeedError at the first entry that does not fit; the ones before it are then in the maps.
 */
export function seedMaps(handles: readonly MapHandle[], json: unknown, btf?: BtfSpec, resolveProgram?: (name: string) => number | undefined, file = "map seeds"): void {
  const seeds = typeof json === "string" ? parseText(json, file) : json;
  if (!isFields(seeds)) throw new SeedError("must be an object from map name to a list of entries", { file });
  for (const [name, entries] of Object.entries(seeds)) {
    const handle = handles.find((candidate) => candidate.spec.name === name);
    if (handle === undefined) throw new SeedError(`there is no map ${name}; the object has ${handles.map((candidate) => candidate.spec.name).join(", ") || "none"}`, { file });
    if (!Array.isArray(entries)) throw new SeedError("must be a list of entries", { file, map: name });
    const { typeId } = handle.spec;
    if (typeId === BPF_MAP_TYPE_RINGBUF) throw new SeedError("is a ring buffer, which only programs write", { file, map: name });
    if (typeId === BPF_MAP_TYPE_USER_RINGBUF) {
      seedSamples(handle, entries, { file, map: name });
      continue;
    }
    seedMap(contextOf(handle, handles, btf, resolveProgram), entries, { file, map: name });
  }
}

function parseText(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SeedError(`is no JSON: ${(error as Error).message}`, { file }, error);
  }
}

function isFields(json: unknown): json is Fields {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

function seedMap(context: Context, entries: readonly unknown[], where: SeedPlace): void {
  const { handle } = context;
  const seen = new Map<string, number>();
  entries.forEach((entry, index) => {
    const place = { ...where, entry: index };
    if (!isFields(entry)) throw new SeedError("must be an object with key and value", place);
    if (isMissing(entry)) return;
    if (context.keySize === 0) {
      if (entry["key"] !== undefined) throw new SeedError("has a key, and the map has none", place);
      store(place, () => handle.update(new Uint8Array(0), readValue(context, entry, place)));
      return;
    }
    const key = readKey(context, entry, place);
    const name = identity(handle, key);
    const first = seen.get(name);
    if (first !== undefined) throw new SeedError(`has the key of entry ${first}`, place);
    seen.set(name, index);
    if (handle.maps !== undefined) {
      const { maps } = handle;
      const inner = readInner(entry["value"], handle, context.handles, place);
      if (inner.entries !== undefined) seedMap(contextOf(inner.map, context.handles, context.btf, context.resolveProgram), inner.entries, { file: place.file, map: `${handle.spec.name}[${index}]` });
      store(place, () => maps.put(key, inner.map));
      return;
    }
    const value = readValue(context, entry, place);
    store(place, () => handle.update(key, value));
  });
}

function store(place: SeedPlace, update: () => void): void {
  try {
    update();
  } catch (error) {
    if (error instanceof SeedError) throw error;
    // The kernel's maps have errors of their own.
    throw new SeedError(error instanceof MapError ? error.reason : (error as Error).message, place, error);
  }
}

function contextOf(handle: MapHandle, handles: readonly MapHandle[], btf: BtfSpec | undefined, resolveProgram: Context["resolveProgram"]): Context {
  const { keySize, valueSize, typeId } = handle.spec;
  const cpus = handle.valueBytes / (Math.ceil(valueSize / 8) * 8);
  return { handle, keySize, valueSize, perCpu: mapKind(typeId)?.perCpu ?? false, cpus, btf, resolveProgram, handles };
}

/** bpftool lists the empty entries of fd maps with an error in place of the value. */
function isMissing(entry: Fields): boolean {
  return isFields(entry["value"]) && typeof entry["value"]["error"] === "string" && Object.keys(entry["value"]).length === 1;
}

/** Keys that are the same entry have the same identity: bits behind an LPM prefix do not count. */
function identity(handle: MapHandle, key: Uint8Array): string {
  const bytes = Buffer.from(key);
  if (handle.spec.typeId === BPF_MAP_TYPE_LPM_TRIE) {
    const prefix = bytes.readUInt32LE(0);
    for (let i = 4; i < bytes.length; i++) {
      const kept = Math.min(Math.max(prefix - 8 * (i - 4), 0), 8);
      bytes[i] = (bytes[i] as number) & (0xff00 >> kept);
    }
  }
  return bytes.toString("latin1");
}

function readKey(context: Context, entry: Fields, place: SeedPlace): Uint8Array {
  const wanted: Wanted = { what: "key", size: context.keySize, typeId: context.handle.spec.keyTypeId, btf: context.btf, place };
  if (entry["key"] !== undefined) return parseBytes(entry["key"], wanted);
  const { formatted } = entry;
  if (!isFields(formatted) || formatted["key"] === undefined) throw new SeedError("has no key", place);
  return parseFormatted(formatted["key"], wanted);
}

function readValue(context: Context, entry: Fields, place: SeedPlace): Uint8Array {
  const { handle } = context;
  if (handle.spec.typeId === BPF_MAP_TYPE_PROG_ARRAY) {
    const program = entry["program"] ?? entry["value"];
    if (typeof program === "string") return readProgram(context, program, place);
  }
  if (handle.spec.typeId === BPF_MAP_TYPE_PERF_EVENT_ARRAY) throw new SeedError("a perf event array takes no values: its readers are opened by the run", place);
  if (CARRIERS.has(handle.spec.typeId) && typeof entry["program"] === "string") return readTarget(context, entry, entry["program"], place);
  const wanted: Wanted = { what: "value", size: context.valueSize, typeId: handle.spec.valueTypeId, btf: context.btf, place };
  const formatted = isFields(entry["formatted"]) ? entry["formatted"] : {};
  if (context.perCpu) return readCpuValues(context, entry, formatted, wanted);
  if (entry["value"] !== undefined) return parseBytes(entry["value"], wanted);
  if (formatted["value"] !== undefined) return parseFormatted(formatted["value"], wanted);
  throw new SeedError("has no value", place);
}

function readProgram(context: Context, name: string, place: SeedPlace): Uint8Array {
  const index = context.resolveProgram?.(name);
  if (index === undefined) throw new SeedError(`there is no program ${name}`, place);
  return u32Bytes(index + 1);
}

/** An entry of a devmap or cpumap that carries a program: `value` is the interface, or the queue's size, or both with anything for the program. */
function readTarget(context: Context, entry: Fields, program: string, place: SeedPlace): Uint8Array {
  if (context.valueSize < 8) throw new SeedError(`names a program, and values of ${context.valueSize} bytes have no room for one`, place);
  const { value } = entry;
  if (value === undefined) throw new SeedError("has no value", place);
  const bytes = new Uint8Array(8);
  bytes.set(typeof value === "number" ? u32Bytes(value) : parseBytes(value, { what: "value", size: 8, typeId: context.handle.spec.valueTypeId, btf: context.btf, place }).subarray(0, 4));
  bytes.set(readProgram(context, program, place), 4);
  return bytes;
}

function readCpuValues(context: Context, entry: Fields, formatted: Fields, wanted: Wanted): Uint8Array {
  const step = Math.ceil(context.valueSize / 8) * 8;
  const all = new Uint8Array(step * context.cpus);
  const list = entry["values"] ?? (entry["value"] === undefined ? formatted["values"] : undefined);
  const parse = entry["values"] === undefined && entry["value"] === undefined ? parseFormatted : parseBytes;
  if (list === undefined) {
    const one = entry["value"] ?? formatted["value"];
    if (one === undefined) throw new SeedError("has neither values nor a value", wanted.place);
    const bytes = parse(one, wanted);
    for (let cpu = 0; cpu < context.cpus; cpu++) all.set(bytes, cpu * step);
    return all;
  }
  if (!Array.isArray(list)) throw new SeedError("values must be a list with cpu and value", wanted.place);
  const seen = new Set<number>();
  for (const item of list as readonly unknown[]) {
    const cpu = isFields(item) ? item["cpu"] : undefined;
    if (!isFields(item) || typeof cpu !== "number" || !Number.isInteger(cpu) || cpu < 0) throw new SeedError("values must be a list with cpu and value", wanted.place);
    if (seen.has(cpu)) throw new SeedError(`has two values for CPU ${cpu}`, wanted.place);
    seen.add(cpu);
    const bytes = parse(item["value"], { ...wanted, what: `value of CPU ${cpu}` });
    if (cpu < context.cpus) all.set(bytes, cpu * step);
    else if (bytes.some((byte) => byte !== 0)) throw new SeedError(`has a value for CPU ${cpu}, the machine has CPUs 0 to ${context.cpus - 1}: a CPU for each queue`, wanted.place);
  }
  return all;
}
