/** Entries of other kinds in seeds: samples of user ring buffers, of any length, and entries of maps of maps: a map of the object by its name, or a map of the entry's own with what is in it. */
import { pushUserRingbuf } from "./drain.js";
import { MapError } from "./error.js";
import type { MapHandle } from "./handle.js";
import { parseBytes } from "./seed_bytes.js";
import { SeedError, type SeedPlace } from "./seed_error.js";

/** The map to put in, and what is to go into it first, where it is new. */
export interface InnerSeed {
  readonly map: MapHandle;
  readonly entries?: readonly unknown[];
}

/** Throws {@link SeedError}. */
export function readInner(value: unknown, outer: MapHandle, handles: readonly MapHandle[], place: SeedPlace): InnerSeed {
  if (typeof value === "string") {
    const map = handles.find(({ spec }) => spec.name === value);
    if (map === undefined) throw new SeedError(`there is no map ${value} to put in`, place);
    return { map };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value) || !Array.isArray((value as { inner?: unknown }).inner)) {
    throw new SeedError(`value is ${JSON.stringify(value) ?? "missing"}; give the name of a map, or {"inner": [entries]} for a map of its own`, place);
  }
  const { inner, max_entries: entries } = value as { inner: readonly unknown[]; max_entries?: unknown };
  if (entries !== undefined && (typeof entries !== "number" || !Number.isInteger(entries) || entries < 1 || entries > 0xffffffff)) throw new SeedError(`max_entries is ${JSON.stringify(entries)}, not a number of entries`, place);
  try {
    return { map: (outer.maps as NonNullable<MapHandle["maps"]>).create(entries), entries: inner };
  } catch (error) {
    throw new SeedError(error instanceof MapError ? error.message : (error as Error).message, place, error);
  }
}

/** Writes samples to a user ring buffer: each a list of bytes, or hex in a string. Throws {@link SeedError}. */
export function seedSamples(handle: MapHandle, entries: readonly unknown[], where: SeedPlace): void {
  entries.forEach((entry, index) => {
    const place = { ...where, entry: index };
    const value = typeof entry === "object" && entry !== null ? (entry as { value?: unknown }).value : undefined;
    const size = Array.isArray(value) ? value.length : typeof value === "string" ? value.replace(/^0x/i, "").replace(/[\s:]/g, "").length >> 1 : 0;
    const bytes = parseBytes(value, { what: "value", size, typeId: 0, btf: undefined, place });
    if (!pushUserRingbuf(handle, bytes)) throw new SeedError(`does not fit: the ring has ${handle.spec.maxEntries} bytes`, place);
  });
}
