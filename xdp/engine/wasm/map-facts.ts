/** What a compiled program has as constants of each map: read from the headers, which do not change once the machine is laid out. */
import {
  MAP_CPU_STRIDE,
  MAP_DATA,
  MAP_FLAGS,
  MAP_ID,
  MAP_KEY_SIZE,
  MAP_MAX_ENTRIES,
  MAP_STRIDE,
  MAP_TYPE,
  MAP_VALUE_OFFSET,
  MAP_VALUE_SIZE,
} from "../../abi.js";
import { HASH_INDEX, HASH_KEY_OFFSET, HASH_MASK, HASH_SEED, HASH_VALUE_OFFSET, LPM_COMPLETE, LPM_TABLES, MAP_INNER_META, MAP_SPECIAL, SLOTS_DATA } from "../../maps/fields.js";
import { BPF_MAP_TYPE_ARRAY_OF_MAPS, BPF_MAP_TYPE_HASH_OF_MAPS, BPF_MAP_TYPE_LPM_TRIE } from "../../maps/uapi.js";
import type { MachineView } from "../contract.js";
import type { MapAccess } from "./value.js";

export interface MapFacts {
  /** BPF_MAP_TYPE_* number. */
  readonly type: number;
  /** Address of the header, and the map's number. */
  readonly header: number;
  readonly id: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly access: MapAccess;
  readonly data: number;
  readonly stride: number;
  readonly cpuStride: number;
  readonly valueOffset: number;
  /** Where it says which places of a value are not copied (maps/fields.ts), or 0. */
  readonly special: number;
  /** Where the hash family keeps its elements (maps/fields.ts); not looked at in other types. */
  readonly hash: HashFacts;
  /** Of an LPM trie, the tables by the bits of an address (maps/fields.ts), or 0, and whether they answer for all addresses. */
  readonly trie: { readonly tables: number; readonly complete: boolean };
  /** Of a prog array, where its entries are (u32 each: program index + 1, or 0); not looked at in other types. */
  readonly slots: number;
  /** What the maps in a map of maps are like; undefined in other types, and where nothing says so yet. */
  readonly inner: InnerFacts | undefined;
  /** Of a prog array, what its first entries hold as the code is made: likely what they hold when it runs. */
  readonly programs: readonly number[];
}

/** What is the same for all maps in a map of maps. */
export type InnerFacts = Pick<MapFacts, "type" | "keySize" | "valueSize" | "access">;

export interface HashFacts {
  readonly index: number;
  readonly mask: number;
  readonly seed: bigint;
  readonly keyOffset: number;
  readonly valueOffset: number;
}

const BPF_MAP_TYPE_PROG_ARRAY = 3;
/** Entries of a prog array that are looked at. */
const MOST_PROGRAMS = 1024;

const OF_MAPS: ReadonlySet<number> = new Set([BPF_MAP_TYPE_ARRAY_OF_MAPS, BPF_MAP_TYPE_HASH_OF_MAPS]);
const BPF_F_RDONLY_PROG = 1 << 7;
const BPF_F_WRONLY_PROG = 1 << 8;

function accessOf(flags: number): MapAccess {
  return flags & BPF_F_RDONLY_PROG ? "read" : flags & BPF_F_WRONLY_PROG ? "write" : "both";
}

function readTrie(view: DataView, tables: number): MapFacts["trie"] {
  return { tables, complete: tables !== 0 && view.getUint32(tables + LPM_COMPLETE, true) !== 0 };
}

/** From the header that inner maps must be like; its type is 0 until there is one. */
function readInner(view: DataView, meta: number): InnerFacts | undefined {
  const field = (offset: number): number => view.getUint32(meta + offset, true);
  if (meta === 0 || field(MAP_TYPE) === 0) return undefined;
  return { type: field(MAP_TYPE), keySize: field(MAP_KEY_SIZE), valueSize: field(MAP_VALUE_SIZE), access: accessOf(field(MAP_FLAGS)) };
}

export function readMapFacts(machine: MachineView): MapFacts[] {
  const view = new DataView(machine.layout.buffer);
  return machine.maps.map(({ header }): MapFacts => {
    const field = (offset: number): number => view.getUint32(header + offset, true);
    const flags = field(MAP_FLAGS);
    return {
      type: field(MAP_TYPE),
      header,
      id: field(MAP_ID),
      keySize: field(MAP_KEY_SIZE),
      valueSize: field(MAP_VALUE_SIZE),
      maxEntries: field(MAP_MAX_ENTRIES),
      access: accessOf(flags),
      data: field(MAP_DATA),
      stride: field(MAP_STRIDE),
      cpuStride: field(MAP_CPU_STRIDE),
      valueOffset: field(MAP_VALUE_OFFSET),
      special: field(MAP_SPECIAL),
      hash: {
        index: field(HASH_INDEX),
        mask: field(HASH_MASK),
        seed: view.getBigUint64(header + HASH_SEED, true),
        keyOffset: field(HASH_KEY_OFFSET),
        valueOffset: field(HASH_VALUE_OFFSET),
      },
      trie: field(MAP_TYPE) === BPF_MAP_TYPE_LPM_TRIE ? readTrie(view, field(LPM_TABLES)) : { tables: 0, complete: false },
      slots: field(SLOTS_DATA),
      inner: OF_MAPS.has(field(MAP_TYPE)) ? readInner(view, field(MAP_INNER_META)) : undefined,
      programs: field(MAP_TYPE) === BPF_MAP_TYPE_PROG_ARRAY ? Array.from({ length: Math.min(field(MAP_MAX_ENTRIES), MOST_PROGRAMS) }, (_, i) => view.getUint32(field(SLOTS_DATA) + 4 * i, true)) : [],
    };
  });
}
