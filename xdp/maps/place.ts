/** Reserves the memory of a map and writes its header. Layout of each family: fields.ts. Pages of entries are not touched: large maps cost nothing until used. */
import {
  MAP_CPU_STRIDE,
  MAP_DATA,
  MAP_DATA_END,
  MAP_FLAGS,
  MAP_HEADER_BYTES,
  MAP_ID,
  MAP_KEY_SIZE,
  MAP_MAX_ENTRIES,
  MAP_STRIDE,
  MAP_TYPE,
  MAP_VALUE_OFFSET,
  MAP_VALUE_SIZE,
} from "../abi.js";
import type { Layout } from "../engine/layout.js";
import {
  BLOOM_BITS,
  BLOOM_HASHES,
  BLOOM_MASK,
  BLOOM_SEED,
  ELEMENT_KEY,
  ELEMENT_LRU_KEY,
  HASH_CAPACITY,
  HASH_ELEMENTS,
  HASH_ELEMENT_BYTES,
  HASH_INDEX,
  HASH_KEY_OFFSET,
  HASH_MASK,
  HASH_SEED,
  HASH_SPARES,
  HASH_VALUE_OFFSET,
  LINK_NEXT,
  LINK_PREVIOUS,
  LOCAL_FREE,
  LOCAL_PENDING,
  LOCAL_STEAL,
  LPM_COMPLETE,
  LPM_DATA_SIZE,
  LPM_NARROW,
  LPM_NARROW_BITS,
  LPM_NODES,
  LPM_RECORDS,
  LPM_RECORD_BYTES,
  LPM_ROOT_BITS,
  LPM_ROOT_TABLE,
  LPM_SPARSE,
  LPM_TABLES,
  LPM_WIDE,
  LPM_WIDE_BITS,
  LRU_ACTIVE,
  LRU_FREE,
  LRU_FRESH,
  LRU_FRESH_END,
  LRU_INACTIVE,
  LRU_LISTS,
  LRU_LISTS_BYTES,
  LRU_LOCAL_BYTES,
  LRU_ROTATION,
  LRU_SCANS,
  LRU_TARGET_FREE,
  MAP_CPUS,
  MAP_INNER_META,
  MAP_SPECIAL,
  MAP_VALUES,
  NODE_DATA,
  NO_SPIN_LOCK,
  POOL_END,
  POOL_FRESH,
  QUEUE_DATA,
  QUEUE_PLACES,
  QUEUE_STRIDE,
  RINGBUF_MASK,
  SLOTS_DATA,
  SPECIAL_COUNT,
  SPECIAL_FIELDS,
  SPECIAL_LOCK,
  TARGET_BYTES,
} from "./fields.js";
import type { MapShape } from "./shape.js";
import type { SpecialField } from "./special.js";
import { BPF_F_NO_COMMON_LRU, BPF_F_NO_PREALLOC } from "./uapi.js";

/** Most that is reserved for a map whose entries the kernel allocates as they come, whatever max_entries says; a full one then says -ENOMEM. */
const LAZY_BYTES = 805_306_368;

/** Inner tries of so many entries and more get tables by the bits of an address: there may be many of them. The object's own always do. */
const LEAST_WITH_TABLES = 256;
/** Of the memory that is left, most that the tables of one trie reserve (they answer faster, the trie answers too): 1 / this. */
const TABLES_SHARE = 6;
/** Entries below a slot for which no further table is made, of addresses longer than IPv4's: they lie far apart. */
const SPARSE_ENTRIES = 8;
const LINE = 64;
const PAGE = 4096;
/** Nodes that the kernel scans in one rotation, and free elements that a CPU takes at once, with common lists. */
const COMMON_SCANS = 128;
const MAX_TARGET_FREE = 128;
/** Nodes scanned where each CPU has lists of its own. */
const OWN_SCANS = 4;

/** A map to place. */
export interface Placement {
  readonly layout: Layout;
  readonly header: number;
  /** For messages. */
  readonly name: string;
  readonly id: number;
  readonly typeId: number;
  readonly shape: MapShape;
  /** Whether it is one of many: made for a map of maps. */
  readonly inner?: boolean;
  /** Possible CPUs. */
  readonly cpus: number;
  /** Of the map's hash function. */
  readonly seed: bigint;
  /** Places in the value that are not copied. */
  readonly special?: readonly SpecialField[];
}

/** Writes what the inner maps of the map at `outer` must be like. Throws MemoryError. */
export function placeTemplate(layout: Layout, outer: number, typeId: number, shape: MapShape, special: readonly SpecialField[]): void {
  const header = new DataView(layout.buffer).getUint32(outer + MAP_INNER_META, true);
  const map: Placement = { layout, header, name: "template", id: 0, typeId, shape, cpus: 1, seed: 0n };
  writeShape(map);
  if (special.length > 0) write(map, { [MAP_SPECIAL]: placeSpecial(map, special) });
}

type Fields = Readonly<Record<number, number>>;

const pad = (bytes: number, to: number): number => Math.ceil(bytes / to) * to;

/** Writes the header, and what the map needs before its first entry. Throws MemoryError. */
export function placeMap(map: Placement): void {
  const { shape } = map;
  writeShape(map);
  if (map.special !== undefined && map.special.length > 0) write(map, { [MAP_SPECIAL]: placeSpecial(map, map.special) });
  if (shape.kind.ofMaps === true) write(map, { [MAP_INNER_META]: reserve(map, MAP_HEADER_BYTES, LINE) });
  switch (shape.kind.family) {
    case "array":
      placeValues(map, shape.maxEntries);
      break;
    case "targets":
      placeArea(map, shape.maxEntries, TARGET_BYTES, 0);
      break;
    case "slots":
      write(map, { [SLOTS_DATA]: reserve(map, shape.maxEntries * 4, LINE) });
      break;
    case "lpm":
      placeTrie(map);
      break;
    case "hash":
      placeHash(map);
      break;
    case "queue":
      placeQueue(map);
      break;
    case "bloom":
      placeBloom(map);
      break;
    case "ring":
      placeRing(map);
      break;
  }
}

function writeShape(map: Placement): void {
  const { shape } = map;
  write(map, {
    [MAP_TYPE]: map.typeId,
    [MAP_KEY_SIZE]: shape.keySize,
    [MAP_VALUE_SIZE]: shape.valueSize,
    [MAP_MAX_ENTRIES]: shape.maxEntries,
    [MAP_FLAGS]: shape.flags,
    [MAP_ID]: map.id,
    [MAP_CPUS]: shape.kind.perCpu || shape.kind.lru ? map.cpus : 1,
  });
}

function write(map: Placement, fields: Fields): void {
  const view = new DataView(map.layout.buffer);
  for (const [field, value] of Object.entries(fields)) view.setUint32(map.header + Number(field), value, true);
}

function reserve(map: Placement, bytes: number, align: number): number {
  return map.layout.allocate(pad(bytes, align), align, `map ${map.name}`);
}

/** The table of special places; how many, the lock, then offset and bytes of each. */
function placeSpecial(map: Placement, fields: readonly SpecialField[]): number {
  const at = reserve(map, SPECIAL_FIELDS + 8 * fields.length, 8);
  const view = new DataView(map.layout.buffer);
  view.setUint32(at + SPECIAL_COUNT, fields.length, true);
  view.setUint32(at + SPECIAL_LOCK, fields.find(({ type }) => type === "bpf_spin_lock")?.offset ?? NO_SPIN_LOCK, true);
  fields.forEach(({ offset, bytes }, i) => {
    view.setUint32(at + SPECIAL_FIELDS + 8 * i, offset, true);
    view.setUint32(at + SPECIAL_FIELDS + 8 * i + 4, bytes, true);
  });
  return at;
}

/** An area of `values` values, one for all CPUs. */
function placeArea(map: Placement, values: number, stride: number, offset: number): number {
  const data = reserve(map, values * stride, LINE);
  write(map, { [MAP_DATA]: data, [MAP_DATA_END]: data + values * stride, [MAP_STRIDE]: stride, [MAP_VALUE_OFFSET]: offset, [MAP_VALUES]: values });
  return data;
}

/** Values alone, for each CPU on pages of its own where the map is per-CPU. */
function placeValues(map: Placement, values: number): void {
  const stride = pad(map.shape.valueSize, 8);
  if (!map.shape.kind.perCpu) {
    placeArea(map, values, stride, 0);
    return;
  }
  const cpuStride = pad(values * stride, PAGE);
  const data = reserve(map, cpuStride * map.cpus, PAGE);
  write(map, { [MAP_DATA]: data, [MAP_DATA_END]: data + cpuStride * map.cpus, [MAP_STRIDE]: stride, [MAP_CPU_STRIDE]: cpuStride, [MAP_VALUES]: values });
}

function placeTrie(map: Placement): void {
  const dataSize = map.shape.keySize - 4;
  const offset = NODE_DATA + pad(dataSize, 8);
  // Each entry may need a branch, and an entry is replaced by a new node before the old one is free.
  const nodeBytes = offset + pad(map.shape.valueSize, 8);
  const nodes = Math.min(2 * map.shape.maxEntries + 2, Math.max(Math.floor(LAZY_BYTES / nodeBytes), 2));
  placeArea(map, nodes, nodeBytes, offset);
  write(map, { [LPM_DATA_SIZE]: dataSize, [LPM_NODES]: nodes });
  if (dataSize >= LPM_ROOT_BITS / 8 && (map.inner !== true || map.shape.maxEntries >= LEAST_WITH_TABLES)) placeTables(map, dataSize, Math.min(map.shape.maxEntries, nodes));
}

/** Tables by the bits of an address. An entry needs one table at each step of its way at most, and there are fewer ways at the first steps. */
function placeTables(map: Placement, dataSize: number, entries: number): void {
  const isShort = dataSize <= 4;
  const steps = isShort ? (dataSize * 8 - LPM_ROOT_BITS - LPM_WIDE_BITS) / LPM_NARROW_BITS : 1;
  const narrowBytes = 4 << LPM_NARROW_BITS;
  const wideBytes = 4 << LPM_WIDE_BITS;
  const room = map.layout.room / TABLES_SHARE;
  const wide = dataSize === LPM_ROOT_BITS / 8 ? 0 : Math.min(entries, 1 << LPM_ROOT_BITS, Math.floor(room / wideBytes));
  const narrow = Math.max(0, Math.min(Math.ceil(entries * steps), Math.floor((room - wide * wideBytes) / narrowBytes)));
  const isComplete = isShort && wide >= Math.min(entries, 1 << LPM_ROOT_BITS) && narrow >= entries * steps;
  // A new entry takes its record before the one that it replaces gives its own back.
  const records = entries + 1;
  const tables = reserve(map, LPM_ROOT_TABLE + (4 << LPM_ROOT_BITS), LINE);
  write(map, { [LPM_TABLES]: tables });
  const view = new DataView(map.layout.buffer);
  view.setUint32(tables + LPM_SPARSE, isShort ? 0 : SPARSE_ENTRIES, true);
  view.setUint32(tables + LPM_COMPLETE, isComplete ? 1 : 0, true);
  const pool = (field: number, bytes: number): void => {
    const at = reserve(map, bytes, LINE);
    // Memory may have grown.
    const fresh = new DataView(map.layout.buffer);
    fresh.setUint32(tables + field + POOL_FRESH, at, true);
    fresh.setUint32(tables + field + POOL_END, at + bytes, true);
  };
  pool(LPM_WIDE, wide * wideBytes);
  pool(LPM_NARROW, narrow * narrowBytes);
  pool(LPM_RECORDS, records * LPM_RECORD_BYTES);
}

function placeQueue(map: Placement): void {
  // One place stays free, so that full and empty differ.
  const places = map.shape.maxEntries + 1;
  const stride = pad(map.shape.valueSize, 8);
  write(map, { [QUEUE_DATA]: reserve(map, places * stride, LINE), [QUEUE_PLACES]: places, [QUEUE_STRIDE]: stride });
}

/** As many bits as the kernel takes: entries * functions / ln 2, up to the next power of 2. */
function placeBloom(map: Placement): void {
  const { maxEntries, hashes } = map.shape;
  const product = maxEntries * hashes;
  const wanted = Math.floor(product / 5) * 7;
  const bits = product > 0xffffffff || wanted > 2 ** 31 ? 2 ** 32 : Math.max(2 ** Math.ceil(Math.log2(Math.max(wanted, 1))), 64);
  write(map, { [BLOOM_BITS]: reserve(map, bits / 8, LINE), [BLOOM_MASK]: bits - 1, [BLOOM_HASHES]: hashes, [BLOOM_SEED]: Number(map.seed & 0xffffffffn) });
}

function placeRing(map: Placement): void {
  const { maxEntries } = map.shape;
  const data = reserve(map, 2 * maxEntries, PAGE);
  write(map, { [MAP_DATA]: data, [MAP_DATA_END]: data + 2 * maxEntries, [RINGBUF_MASK]: maxEntries - 1 });
}

/** Elements that fit in a cache line do not lie across two: one access a lookup, and fewer lines that two workers write. */
function withinLines(bytes: number): number {
  return bytes <= LINE / 2 ? 2 ** Math.ceil(Math.log2(bytes)) : Math.max(bytes, LINE);
}

function placeHash(map: Placement): void {
  const { kind, keySize, valueSize, flags } = map.shape;
  const keyOffset = kind.lru ? ELEMENT_LRU_KEY : ELEMENT_KEY;
  const valueOffset = keyOffset + pad(keySize, 8);
  // The values of devmap hashes have 8 bytes in memory, however many programs see.
  const elementBytes = withinLines(valueOffset + (kind.perCpu ? 8 : pad(valueSize, 8)));
  const lazy = (flags & BPF_F_NO_PREALLOC) !== 0;
  const total = elementBytes + 16 + (kind.perCpu ? pad(valueSize, 8) * map.cpus : 0);
  const maxEntries = lazy ? Math.min(map.shape.maxEntries, Math.max(Math.floor(LAZY_BYTES / total), 1)) : map.shape.maxEntries;
  // Hashes that replace a whole element write the new value to a spare one first.
  const spares = kind.perCpu || kind.lru ? 0 : map.cpus;
  const values = maxEntries + spares;
  let elements: number;
  if (kind.perCpu) {
    placeValues(map, values);
    elements = reserve(map, values * elementBytes, LINE);
  } else {
    elements = placeArea(map, values, elementBytes, valueOffset);
  }
  const slots = 2 ** Math.max(3, Math.ceil(Math.log2(maxEntries)) + 1);
  write(map, {
    [HASH_INDEX]: reserve(map, slots * 8, LINE),
    [HASH_MASK]: slots - 1,
    [HASH_CAPACITY]: maxEntries,
    [HASH_ELEMENTS]: elements,
    [HASH_ELEMENT_BYTES]: elementBytes,
    [HASH_KEY_OFFSET]: keyOffset,
    [HASH_VALUE_OFFSET]: valueOffset,
    [HASH_SPARES]: spares === 0 ? 0 : reserve(map, spares * 4, LINE),
  });
  new DataView(map.layout.buffer).setBigUint64(map.header + HASH_SEED, map.seed, true);
  if (kind.lru) placeLists(map, elements, elementBytes);
}

function placeLists(map: Placement, elements: number, elementBytes: number): void {
  const { maxEntries, flags } = map.shape;
  const common = (flags & BPF_F_NO_COMMON_LRU) === 0;
  const lists = reserve(map, common ? LRU_LISTS_BYTES + map.cpus * LRU_LOCAL_BYTES : map.cpus * LRU_LISTS_BYTES, LINE);
  write(map, {
    [LRU_LISTS]: lists,
    [LRU_SCANS]: common ? COMMON_SCANS : OWN_SCANS,
    [LRU_TARGET_FREE]: Math.min(Math.max(Math.floor(Math.floor(maxEntries / map.cpus) / 2), 1), MAX_TARGET_FREE),
  });
  const view = new DataView(map.layout.buffer);
  const empty = (head: number): void => {
    view.setUint32(head + LINK_PREVIOUS, head, true);
    view.setUint32(head + LINK_NEXT, head, true);
  };
  const sets = common ? 1 : map.cpus;
  const share = (maxEntries / sets) * elementBytes;
  for (let set = 0; set < sets; set++) {
    const at = lists + set * LRU_LISTS_BYTES;
    for (const list of [LRU_ACTIVE, LRU_INACTIVE, LRU_FREE]) empty(at + 8 * list);
    view.setUint32(at + LRU_ROTATION, at + 8 * LRU_INACTIVE, true);
    view.setUint32(at + LRU_FRESH, elements + set * share, true);
    view.setUint32(at + LRU_FRESH_END, elements + (set + 1) * share, true);
  }
  if (!common) return;
  for (let cpu = 0; cpu < map.cpus; cpu++) {
    const local = lists + LRU_LISTS_BYTES + cpu * LRU_LOCAL_BYTES;
    empty(local + LOCAL_FREE);
    empty(local + LOCAL_PENDING);
    view.setUint32(local + LOCAL_STEAL, cpu, true);
  }
}
