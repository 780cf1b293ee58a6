/**
 * Nanoseconds of an x86 core by eBPF slot. Instructions: the K2 compiler's measured table, column d6515 (github
 * smartnic/superopt@f50ee1f, src/isa/ebpf/inst.runtime; reference section 4.5). Helpers and maps: the anchors named beside them.
 */
import {
  BPF_ADD, BPF_ALU, BPF_ALU64, BPF_AND, BPF_ARSH, BPF_ATOMIC, BPF_CALL, BPF_DIV, BPF_DW, BPF_END, BPF_EXIT, BPF_JA, BPF_JMP, BPF_JMP32, BPF_LD, BPF_LDX,
  BPF_LSH, BPF_MOD, BPF_MOV, BPF_MUL, BPF_NEG, BPF_OR, BPF_RSH, BPF_ST, BPF_STX, BPF_SUB, BPF_X, BPF_XOR, bytesOf, classOf, modeOf, operationOf, sizeOf,
} from "../../xdp/index.js";
import type { Insn, MapSpec, ProgramSpec } from "../../xdp/index.js";
import type { KernelProfile } from "../profiles/schema.js";
import { analyseKinds } from "./kinds.js";
import type { Kinds } from "./kinds.js";

/** Units of the counter in a nanosecond. */
export const X86_UNITS = 16;

/** ns by operation: 32-bit immediate, 32-bit register, 64-bit immediate, 64-bit register. */
const ALU: Readonly<Record<number, readonly [number, number, number, number]>> = {
  [BPF_ADD]: [0.366, 0.327, 0.369, 0.369],
  [BPF_SUB]: [0.356, 0.333, 0.369, 0.371],
  [BPF_MUL]: [1.025, 1.021, 1.135, 1.135],
  [BPF_DIV]: [4.776, 5.152, 5.182, 5.314],
  [BPF_MOD]: [5.128, 5.22, 5.239, 5.239],
  [BPF_AND]: [0.363, 0.33, 0.375, 0.375],
  [BPF_OR]: [0.37, 0.359, 0.37, 0.37],
  [BPF_XOR]: [0.36, 0.366, 0.37, 0.38],
  [BPF_LSH]: [0.329, 0.368, 0.384, 0.384],
  [BPF_RSH]: [0.365, 0.368, 0.38, 0.381],
  [BPF_ARSH]: [0.351, 0.369, 0.379, 0.379],
  [BPF_NEG]: [0.375, 0.375, 0.369, 0.369],
  [BPF_MOV]: [0.096, 0.085, 0.095, 0.079],
  [BPF_END]: [0.187, 0.187, 0.187, 0.187],
};

/** Conditional jumps: the rows without mispredictions (JGT, JGE, JSET and JNE32 agree); hardware predicts a loaded filter well. */
const JUMP = 0.183;
const LOAD: Readonly<Record<number, number>> = { 1: 0.179, 2: 0.181, 4: 0.18, 8: 0.182 };
const STORE = 0.378;
const WIDE = 0.363;
const ATOMIC_8 = 6.616;
const ATOMIC_4 = 5.514;
/** Call and return of a function (XDP paper, CoNEXT 2018: 1.3 ns). */
const CALL = 1.3;

/** ns of a helper, without what depends on the map. */
const HELPERS: Readonly<Record<number, number>> = {
  2: 19.03, // K2 table: map_update_elem
  3: 2.12, // K2 table: map_delete_elem
  5: 15, // ktime_get_ns: assumed, a read of the time-stamp counter
  6: 1000, // trace_printk: assumed
  7: 5.279, // K2 table: get_prandom_u32
  12: 1.85, // K2 table: tail_call
  25: 100, // perf_event_output: assumed
  28: 13.6, // csum_diff: hXDP (OSDI 2020), 40 incremental checksums at 1.73 Mpps and 1 at 20.45, digitised
  69: 71, // fib_lookup: XDP paper, router 5.36 Mpps against redirect 8.65
  125: 15, // ktime_get_boot_ns: assumed
  160: 3, // ktime_get_coarse_ns: assumed
};
const HELPER_DEFAULT = 3;

/** ns of a lookup in arrays (K2 table), and in those of each processor (J. D. Brouer, prototype-kernel). */
const ARRAY_LOOKUP = 1.518;
const PERCPU_ARRAY_LOOKUP = 1;
/** ns of a lookup in hash tables by key size: hXDP (OSDI 2020) "map access" at 3.7 GHz less XDP_DROP and the first touch; digitised. */
const HASH_LOOKUP: readonly (readonly [bytes: number, ns: number])[] = [[1, 7.5], [2, 6.6], [4, 8.5], [8, 11.7], [16, 26.8]];
/** ns a level of an LPM trie: assumed, one dependent load and compare. */
const LPM_LEVEL = 8;
const LPM_LEVELS = 6;

/** Costs by slot, in units of 1/16 ns; at least 1, so that a path's time bounds its length. */
export function x86Costs(program: ProgramSpec, maps: readonly MapSpec[], processor: MapCosts = {}): Uint32Array {
  const kinds = analyseKinds(program);
  return Uint32Array.from(program.insns, (insn, slot) => Math.max(1, Math.round(nanoseconds(insn, slot, kinds, maps, processor) * X86_UNITS)));
}

/** What of a processor changes the cost of hash tables: how full they are, and its cache. */
type MapCosts = Partial<Pick<KernelProfile, "mapFill" | "cacheBytes" | "cacheMissNs">>;

function nanoseconds(insn: Insn, slot: number, kinds: Kinds, maps: readonly MapSpec[], processor: MapCosts): number {
  const kind = classOf(insn.op);
  const operation = operationOf(insn.op);
  switch (kind) {
    case BPF_ALU:
    case BPF_ALU64: {
      const row = ALU[operation] ?? ALU[BPF_ADD];
      return row[(kind === BPF_ALU64 ? 2 : 0) + ((insn.op & BPF_X) !== 0 ? 1 : 0)];
    }
    case BPF_LD:
      return insn.op === 0 ? 0 : WIDE;
    case BPF_LDX:
      return LOAD[bytesOf(insn.op)];
    case BPF_ST:
    case BPF_STX:
      if (kind === BPF_STX && modeOf(insn.op) === BPF_ATOMIC) return sizeOf(insn.op) === BPF_DW ? ATOMIC_8 : ATOMIC_4;
      return STORE;
    case BPF_JMP:
    case BPF_JMP32:
      if (operation === BPF_JA || operation === BPF_EXIT) return 0;
      if (operation !== BPF_CALL) return JUMP;
      if (insn.src !== 0) return CALL;
      return helperNs(insn.imm, kinds.mapOf(slot, 1), maps, processor);
    default:
      return JUMP;
  }
}

function helperNs(helper: number, map: number, maps: readonly MapSpec[], processor: MapCosts): number {
  if (helper === 1 || helper === 195) return lookupNs(maps[map], processor);
  // A write to a hash table or trie walks it first.
  if (helper === 2 || helper === 3) return HELPERS[helper] + (isHash(maps[map]?.type) ? lookupNs(maps[map], processor) : 0);
  return HELPERS[helper] ?? HELPER_DEFAULT;
}

/** ns of a lookup; an unknown map counts as a hash table with keys of 4 bytes. */
function lookupNs(map: MapSpec | undefined, processor: MapCosts): number {
  if (map?.type === "BPF_MAP_TYPE_LPM_TRIE") return LPM_LEVEL * LPM_LEVELS;
  if (map !== undefined && !isHash(map.type)) return map.type === "BPF_MAP_TYPE_PERCPU_ARRAY" ? PERCPU_ARRAY_LOOKUP : ARRAY_LOOKUP;
  return hashNs(map?.keySize ?? 4) + (map === undefined ? 0 : fullNs(map, processor));
}

/** Bytes of an element of the kernel's hash tables beside key and value (Linux 6.12, struct htab_elem), and of a bucket. */
const ELEMENT = 48;
const BUCKET = 16;

/**
 * What a table that is full to a share adds to a lookup of any of its entries: half as many elements more as there are to a
 * bucket, and for bucket and elements the misses of a cache that the table does not fit in.
 */
function fullNs({ maxEntries, keySize, valueSize }: MapSpec, { mapFill = 0, cacheBytes = Infinity, cacheMissNs = 0 }: MapCosts): number {
  const buckets = 2 ** Math.ceil(Math.log2(Math.max(1, maxEntries)));
  const entries = maxEntries * mapFill;
  const before = entries / buckets / 2;
  const bytes = entries * (ELEMENT + Math.ceil(keySize / 8) * 8 + Math.ceil(valueSize / 8) * 8) + buckets * BUCKET;
  const missing = mapFill === 0 ? 0 : Math.max(0, 1 - cacheBytes / bytes);
  return before * COMPARE + (2 + before) * missing * cacheMissNs;
}

/** ns to pass by an element of another key: assumed, a load and a comparison that hang on each other. */
const COMPARE = 1.5;

function isHash(type: string | undefined): boolean {
  return type !== undefined && type.includes("HASH");
}

/** Between the measured key sizes, and beyond 16 bytes, in a straight line. */
function hashNs(keySize: number): number {
  for (let i = 1; i < HASH_LOOKUP.length; i++) {
    const [low, lowNs] = HASH_LOOKUP[i - 1];
    const [high, highNs] = HASH_LOOKUP[i];
    if (keySize <= high || i === HASH_LOOKUP.length - 1) return lowNs + ((highNs - lowNs) * (Math.max(keySize, low) - low)) / (high - low);
  }
  return HASH_LOOKUP[0][1];
}
