/**
 * What user space sees of each map type, as data: the same cases run on the machine's maps and, where bpf(2) can be
 * called, on the kernel's. Keys and values are bytes in hex.
 */
import { BLOOM_ANSWERS } from "./bloom_answers.js";
import { BPF_EXIST, BPF_F_LOCK, BPF_NOEXIST, E2BIG, EEXIST, EINVAL, ENOENT, ENOSPC, ENOTSUPP, EOPNOTSUPP, EOVERFLOW } from "../uapi.js";

export type Step =
  | { readonly update: string; readonly value: string; readonly flags?: number; readonly errno?: number }
  | { readonly lookup: string; readonly gives: string | undefined }
  /** errno ENOENT: the key was not there. */
  | { readonly delete: string; readonly errno?: number }
  /** In any order. */
  | { readonly keys: readonly string[] }
  /** Queues and stacks, by the control plane; pop: what comes, undefined where nothing is there. */
  | { readonly push: string; readonly flags?: number; readonly errno?: number }
  | { readonly pop: string | undefined }
  | { readonly peek: string | undefined }
  /** Bloom filters. */
  | { readonly has: string; readonly is: boolean }
  /** Maps of maps: a new inner map with this many entries (the template's: undefined), or the map beside it (`beside`). */
  | { readonly put: string; readonly entries?: number; readonly beside?: true; readonly flags?: number; readonly errno?: number }
  /** An update of the inner map at a key, and what a lookup in it gives. */
  | { readonly inside: string; readonly key: string; readonly value: string };

export interface MapShapeCase {
  readonly typeId: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags?: number;
}

export interface MapCase {
  readonly name: string;
  readonly typeId: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags?: number;
  readonly extra?: number;
  /** Template of a map of maps, and a map of the same object beside it. */
  readonly inner?: MapShapeCase;
  readonly beside?: MapShapeCase;
  /** Cases whose values name sockets or programs of ours mean nothing to the kernel. */
  readonly ownOnly?: boolean;
  readonly steps: readonly Step[];
}

const A = "01000000";
const B = "02000000";
const C = "03000000";

/** Flags and full maps of hashes without eviction. */
function hashSteps(value: (byte: string) => string): readonly Step[] {
  return [
    { lookup: A, gives: undefined },
    { delete: A, errno: ENOENT },
    { update: A, value: value("11"), flags: BPF_EXIST, errno: ENOENT },
    { update: A, value: value("11"), flags: BPF_NOEXIST },
    { update: A, value: value("12"), flags: BPF_NOEXIST, errno: EEXIST },
    { lookup: A, gives: value("11") },
    { update: A, value: value("13"), flags: BPF_EXIST },
    { update: B, value: value("22"), flags: 3, errno: EINVAL },
    { update: B, value: value("22"), flags: BPF_F_LOCK, errno: EINVAL },
    { update: B, value: value("22") },
    { update: C, value: value("33"), errno: E2BIG },
    { update: C, value: value("33"), flags: BPF_EXIST, errno: ENOENT },
    { update: B, value: value("23") },
    { keys: [A, B] },
    { delete: A },
    { delete: A, errno: ENOENT },
    { lookup: A, gives: undefined },
    { update: C, value: value("34") },
    { lookup: C, gives: value("34") },
    { lookup: B, gives: value("23") },
    { keys: [B, C] },
  ];
}

/** Arrays of two entries. */
function arraySteps(value: (byte: string) => string): readonly Step[] {
  return [
    { keys: ["00000000", A] },
    { lookup: "00000000", gives: value("00") },
    { update: A, value: value("11") },
    { update: A, value: value("12"), flags: BPF_EXIST },
    { update: A, value: value("13"), flags: BPF_NOEXIST, errno: EEXIST },
    { update: A, value: value("13"), flags: 3, errno: EINVAL },
    { update: A, value: value("13"), flags: BPF_F_LOCK, errno: EINVAL },
    { update: B, value: value("13"), errno: E2BIG },
    { update: B, value: value("13"), flags: BPF_NOEXIST, errno: E2BIG },
    { lookup: A, gives: value("12") },
    { lookup: B, gives: undefined },
    { lookup: "ffffffff", gives: undefined },
    { delete: A, errno: EINVAL },
    { delete: B, errno: EINVAL },
    { keys: ["00000000", A] },
  ];
}

const LPM_STEPS: readonly Step[] = [
  { keys: [] },
  { lookup: "200000000a000001", gives: undefined },
  { update: "080000000a000000", value: "08000000" },
  { update: "180000000a010200", value: "18000000" },
  { update: "100000000a010000", value: "10000000" },
  { lookup: "200000000a010203", gives: "18000000" },
  { lookup: "200000000a01ff03", gives: "10000000" },
  { lookup: "200000000aff0203", gives: "08000000" },
  { lookup: "200000000b010203", gives: undefined },
  { lookup: "0c0000000a010203", gives: "08000000" },
  { lookup: "040000000a010203", gives: undefined },
  { lookup: "210000000a010203", gives: undefined },
  { update: "210000000a000000", value: "00000000", errno: EINVAL },
  { update: "080000000a000000", value: "00000000", flags: 3, errno: EINVAL },
  { update: "080000000a000000", value: "00000000", flags: BPF_NOEXIST, errno: EEXIST },
  { update: "090000000a000000", value: "00000000", flags: BPF_EXIST, errno: ENOENT },
  { update: "080000000affffff", value: "09000000", flags: BPF_EXIST },
  { lookup: "200000000aff0203", gives: "09000000" },
  { update: "00000000c0a80000", value: "55000000" },
  { update: "200000007f000001", value: "66000000", errno: ENOSPC },
  { update: "180000000a010200", value: "19000000" },
  { lookup: "2000000008080808", gives: "55000000" },
  { delete: "110000000a010000", errno: ENOENT },
  { delete: "210000000a010000", errno: EINVAL },
  { delete: "100000000a01ffff" },
  { lookup: "200000000a01ff03", gives: "09000000" },
  { lookup: "200000000a010203", gives: "19000000" },
  { update: "19000000c0a80000", value: "77000000" },
  { lookup: "20000000c0a80001", gives: "77000000" },
  { delete: "080000000a000000" },
  { delete: "180000000a010200" },
  { delete: "0000000000000000" },
  { keys: ["19000000c0a80000"] },
];

const INNER_ARRAY: MapShapeCase = { typeId: 2, keySize: 4, valueSize: 8, maxEntries: 4 };
const INNER_HASH: MapShapeCase = { typeId: 1, keySize: 4, valueSize: 8, maxEntries: 4 };
const EIGHT = "1122334455667788";

/** A template, a map beside that is (un)like it, and whether it may be put in. */
const LIKENESS: readonly (readonly [string, MapShapeCase, MapShapeCase, boolean])[] = [
  ["an array like the template", INNER_ARRAY, INNER_ARRAY, true],
  ["an array of other length", INNER_ARRAY, { ...INNER_ARRAY, maxEntries: 5 }, false],
  ["an array of other length, BPF_F_INNER_MAP", { ...INNER_ARRAY, flags: 4096 }, { ...INNER_ARRAY, flags: 4096, maxEntries: 5 }, true],
  ["an array without the template's BPF_F_INNER_MAP", { ...INNER_ARRAY, flags: 4096 }, INNER_ARRAY, false],
  ["an array of other values", INNER_ARRAY, { ...INNER_ARRAY, valueSize: 16 }, false],
  ["a hash where arrays are", INNER_ARRAY, INNER_HASH, false],
  ["a hash of other length", INNER_HASH, { ...INNER_HASH, maxEntries: 100 }, true],
  ["a hash of other keys", INNER_HASH, { ...INNER_HASH, keySize: 8 }, false],
  ["a hash of other flags", INNER_HASH, { ...INNER_HASH, flags: 1 }, false],
  ["a per-CPU array of other length", { ...INNER_ARRAY, typeId: 6 }, { ...INNER_ARRAY, typeId: 6, maxEntries: 9 }, true],
  ["an LRU hash of other length", { ...INNER_HASH, typeId: 9, maxEntries: 64 }, { ...INNER_HASH, typeId: 9, maxEntries: 128 }, true],
  ["an LPM trie", { typeId: 11, keySize: 8, valueSize: 8, maxEntries: 4, flags: 1 }, { typeId: 11, keySize: 8, valueSize: 8, maxEntries: 9, flags: 1 }, true],
  ["a queue of other length", { typeId: 22, keySize: 0, valueSize: 8, maxEntries: 4 }, { typeId: 22, keySize: 0, valueSize: 8, maxEntries: 9 }, true],
  ["a ring buffer of other length", { typeId: 27, keySize: 0, valueSize: 0, maxEntries: 4096 }, { typeId: 27, keySize: 0, valueSize: 0, maxEntries: 8192 }, true],
  ["a devmap of other length", { typeId: 14, keySize: 4, valueSize: 4, maxEntries: 4 }, { typeId: 14, keySize: 4, valueSize: 4, maxEntries: 9 }, true],
  ["an xskmap of other length", { typeId: 17, keySize: 4, valueSize: 4, maxEntries: 4 }, { typeId: 17, keySize: 4, valueSize: 4, maxEntries: 9 }, false],
];

const MAP_IN_MAP_CASES: readonly MapCase[] = [
  {
    name: "array of maps",
    typeId: 12,
    keySize: 4,
    valueSize: 4,
    maxEntries: 2,
    inner: INNER_ARRAY,
    steps: [
      { keys: ["00000000", A] },
      { lookup: A, gives: undefined },
      { delete: A, errno: ENOENT },
      { delete: B, errno: E2BIG },
      { put: A },
      { inside: A, key: C, value: EIGHT },
      { put: A, flags: BPF_EXIST, errno: EINVAL },
      { put: A, flags: BPF_NOEXIST, errno: EINVAL },
      { put: B, errno: E2BIG },
      { put: A, entries: 5, errno: EINVAL },
      { put: "00000000" },
      { inside: "00000000", key: C, value: "8877665544332211" },
      { delete: A },
      { delete: A, errno: ENOENT },
      { lookup: A, gives: undefined },
      { keys: ["00000000", A] },
    ],
  },
  {
    name: "hash of maps",
    typeId: 13,
    keySize: 4,
    valueSize: 4,
    maxEntries: 2,
    inner: INNER_HASH,
    steps: [
      { keys: [] },
      { lookup: A, gives: undefined },
      { put: A, flags: BPF_EXIST, errno: ENOENT },
      { put: A, flags: BPF_NOEXIST },
      { put: A, flags: BPF_NOEXIST, errno: EEXIST },
      { put: A, flags: BPF_EXIST, entries: 100 },
      { inside: A, key: C, value: EIGHT },
      { put: A, flags: 3, errno: EINVAL },
      { put: B },
      { put: C, errno: E2BIG },
      { keys: [A, B] },
      { delete: A },
      { delete: A, errno: ENOENT },
      { put: C },
      { keys: [B, C] },
    ],
  },
  ...LIKENESS.flatMap(([name, inner, beside, fits]): MapCase[] => [12, 13].map((typeId) => ({
    name: `${typeId === 12 ? "array" : "hash"} of maps takes ${name}: ${fits}`,
    typeId,
    keySize: 4,
    valueSize: 4,
    maxEntries: 2,
    inner,
    beside,
    steps: fits ? [{ put: A, beside: true }, { delete: A }] : [{ put: A, beside: true, errno: EINVAL }],
  }))),
];

const KEYLESS_CASES: readonly MapCase[] = [
  {
    name: "queue",
    typeId: 22,
    keySize: 0,
    valueSize: 4,
    maxEntries: 3,
    steps: [
      { pop: undefined },
      { peek: undefined },
      { push: "11111111", flags: BPF_NOEXIST, errno: EINVAL },
      { push: "11111111", flags: 3, errno: EINVAL },
      { push: "11111111", flags: BPF_F_LOCK, errno: EINVAL },
      { push: "11111111" },
      { push: "22222222", flags: BPF_EXIST },
      { peek: "11111111" },
      { push: "33333333" },
      { push: "44444444", errno: E2BIG },
      { peek: "11111111" },
      { push: "44444444", flags: BPF_EXIST },
      { pop: "22222222" },
      { pop: "33333333" },
      { push: "55555555" },
      { push: "66666666" },
      { pop: "44444444" },
      { pop: "55555555" },
      { pop: "66666666" },
      { pop: undefined },
      { delete: "", errno: EINVAL },
    ],
  },
  {
    name: "stack of odd sizes",
    typeId: 23,
    keySize: 0,
    valueSize: 3,
    maxEntries: 3,
    steps: [
      { pop: undefined },
      { push: "111111" },
      { push: "222222" },
      { peek: "222222" },
      { push: "333333" },
      { push: "444444", errno: E2BIG },
      { push: "444444", flags: BPF_EXIST },
      { pop: "444444" },
      { pop: "333333" },
      { push: "555555" },
      { pop: "555555" },
      { pop: "222222" },
      { pop: undefined },
      { push: "666666" },
      { peek: "666666" },
      { delete: "", errno: EINVAL },
    ],
  },
  {
    name: "queue of one",
    typeId: 22,
    keySize: 0,
    valueSize: 1,
    maxEntries: 1,
    steps: [{ push: "01" }, { push: "02", errno: E2BIG }, { push: "03", flags: BPF_EXIST }, { pop: "03" }, { pop: undefined }],
  },
  ...([[4, 5, 0], [8, 1, 1], [7, 3, 3], [16, 15, 15], [33, 9, 2], [1, 100, 4], [12, 40, 0]] as const).map(([valueSize, maxEntries, extra]): MapCase => ({
    name: `bloom filter of ${maxEntries} values of ${valueSize} bytes with ${extra} functions errs where the kernel's does`,
    typeId: 30,
    keySize: 0,
    valueSize,
    maxEntries,
    extra,
    flags: 64,
    steps: bloomSteps(valueSize, maxEntries, extra),
  })),
  { name: "bloom filter", typeId: 30, keySize: 0, valueSize: 4, maxEntries: 10, steps: [{ has: A, is: false }, { push: A, flags: BPF_NOEXIST, errno: EINVAL }, { push: A, flags: BPF_EXIST, errno: EINVAL }, { push: A }, { has: A, is: true }, { delete: "", errno: EOPNOTSUPP }] },
];

/** Pushes some values and asks for many: which of them are wrongly said to be there follows from the hash, BPF_F_ZERO_SEED given. */
function bloomSteps(valueSize: number, maxEntries: number, extra: number): Step[] {
  const value = (i: number): string => Array.from({ length: valueSize }, (_, at) => ((i * 167 + at * 59 + ((i * i) >> 3)) & 255).toString(16).padStart(2, "0")).join("");
  const pushed = Array.from({ length: maxEntries }, (_, i) => value(i * 3));
  const answers = BLOOM_ANSWERS[`${valueSize}/${maxEntries}/${extra}`] ?? "";
  return [
    ...pushed.map((push): Step => ({ push })),
    ...pushed.map((has): Step => ({ has, is: true })),
    ...Array.from({ length: 64 }, (_, i): Step => ({ has: value(i + 1000), is: answers[i] === "1" })),
  ];
}

export const MAP_CASES: readonly MapCase[] = [
  ...KEYLESS_CASES,
  ...MAP_IN_MAP_CASES,
  { name: "hash", typeId: 1, keySize: 4, valueSize: 4, maxEntries: 2, steps: hashSteps((b) => b.repeat(4)) },
  { name: "hash without preallocation", typeId: 1, keySize: 4, valueSize: 4, maxEntries: 2, flags: 1, steps: hashSteps((b) => b.repeat(4)) },
  { name: "hash with odd sizes", typeId: 1, keySize: 4, valueSize: 7, maxEntries: 2, steps: hashSteps((b) => b.repeat(7)) },
  { name: "per-CPU hash", typeId: 5, keySize: 4, valueSize: 8, maxEntries: 2, steps: hashSteps((b) => b.repeat(8)) },
  { name: "array", typeId: 2, keySize: 4, valueSize: 4, maxEntries: 2, steps: arraySteps((b) => b.repeat(4)) },
  { name: "array with odd sizes", typeId: 2, keySize: 4, valueSize: 13, maxEntries: 2, steps: arraySteps((b) => b.repeat(13)) },
  { name: "per-CPU array", typeId: 6, keySize: 4, valueSize: 8, maxEntries: 2, steps: arraySteps((b) => b.repeat(8)) },
  {
    name: "LRU hash",
    typeId: 9,
    keySize: 4,
    valueSize: 4,
    maxEntries: 8,
    steps: [
      { lookup: A, gives: undefined },
      { delete: A, errno: ENOENT },
      { update: A, value: "11111111", flags: BPF_EXIST, errno: ENOENT },
      { update: A, value: "11111111", flags: BPF_NOEXIST },
      { update: A, value: "12121212", flags: BPF_NOEXIST, errno: EEXIST },
      { update: A, value: "13131313", flags: BPF_EXIST },
      { update: A, value: "13131313", flags: 3, errno: EINVAL },
      { update: A, value: "13131313", flags: BPF_F_LOCK, errno: EINVAL },
      { lookup: A, gives: "13131313" },
      { keys: [A] },
      { delete: A },
      { keys: [] },
    ],
  },
  {
    name: "LRU per-CPU hash",
    typeId: 10,
    keySize: 4,
    valueSize: 8,
    maxEntries: 8,
    steps: [
      { update: A, value: "1111111111111111", flags: BPF_EXIST, errno: ENOENT },
      { update: A, value: "1111111111111111", flags: BPF_NOEXIST },
      { update: A, value: "1212121212121212", flags: BPF_NOEXIST, errno: EEXIST },
      { update: A, value: "1313131313131313", flags: BPF_EXIST },
      { update: A, value: "1313131313131313", flags: 3, errno: EINVAL },
      { lookup: A, gives: "1313131313131313" },
      { delete: A },
      { delete: A, errno: ENOENT },
    ],
  },
  { name: "LPM trie", typeId: 11, keySize: 8, valueSize: 4, maxEntries: 4, flags: 1, steps: LPM_STEPS },
  {
    name: "LPM trie of 3 bytes",
    typeId: 11,
    keySize: 7,
    valueSize: 1,
    maxEntries: 10,
    flags: 1,
    steps: [
      { update: "1800000001020304".slice(0, 14), value: "01" },
      { update: "17000000010202", value: "02" },
      { update: "00000000000000", value: "03" },
      { lookup: "18000000010203", gives: "01" },
      { lookup: "18000000010202", gives: "02" },
      { lookup: "18000000ff0202", gives: "03" },
      { delete: "18000000010203" },
      { lookup: "18000000010203", gives: "02" },
      { keys: ["17000000010202", "00000000000000"] },
    ],
  },
  {
    name: "devmap",
    typeId: 14,
    keySize: 4,
    valueSize: 4,
    maxEntries: 2,
    steps: [
      { keys: ["00000000", A] },
      { lookup: A, gives: undefined },
      { update: A, value: "01000000", flags: BPF_NOEXIST, errno: EEXIST },
      { update: A, value: "01000000", flags: 3, errno: EINVAL },
      { update: B, value: "01000000", errno: E2BIG },
      { update: A, value: "01000000" },
      { lookup: A, gives: "01000000" },
      { update: A, value: "00000000" },
      { lookup: A, gives: undefined },
      { update: A, value: "01000000", flags: BPF_EXIST },
      { delete: A },
      { delete: A },
      { delete: B, errno: EINVAL },
      { lookup: A, gives: undefined },
    ],
  },
  {
    name: "devmap with program",
    typeId: 14,
    keySize: 4,
    valueSize: 8,
    maxEntries: 2,
    steps: [
      { update: A, value: "0100000000000000" },
      { lookup: A, gives: "0100000000000000" },
      { update: A, value: "01000000ffffffff" },
      { lookup: A, gives: "0100000000000000" },
      { update: A, value: "0000000005000000", errno: EINVAL },
    ],
  },
  {
    name: "devmap hash",
    typeId: 25,
    keySize: 4,
    valueSize: 4,
    maxEntries: 2,
    steps: [
      { lookup: A, gives: undefined },
      { update: A, value: "00000000", errno: EINVAL },
      { update: A, value: "01000000", flags: 3, errno: EINVAL },
      { update: A, value: "01000000", flags: BPF_EXIST },
      { update: A, value: "01000000", flags: BPF_NOEXIST, errno: EEXIST },
      { update: "ffffffff", value: "01000000" },
      { update: C, value: "01000000", errno: E2BIG },
      { keys: [A, "ffffffff"] },
      { lookup: "ffffffff", gives: "01000000" },
      { delete: A },
      { delete: A, errno: ENOENT },
      { keys: ["ffffffff"] },
    ],
  },
  {
    name: "cpumap",
    typeId: 16,
    keySize: 4,
    valueSize: 4,
    maxEntries: 2,
    steps: [
      { lookup: A, gives: undefined },
      { update: "00000000", value: "00010000", flags: BPF_NOEXIST, errno: EEXIST },
      { update: "00000000", value: "00010000", flags: 3, errno: EINVAL },
      { update: B, value: "00010000", errno: E2BIG },
      { update: "00000000", value: "01400000", errno: EOVERFLOW },
      { update: "00000000", value: "00010000" },
      { lookup: "00000000", gives: "00010000" },
      { update: "00000000", value: "00000000" },
      { lookup: "00000000", gives: undefined },
      { delete: "00000000" },
      { delete: B, errno: EINVAL },
    ],
  },
  { name: "sockmap without sockets", typeId: 15, keySize: 4, valueSize: 8, maxEntries: 2, steps: [{ keys: ["00000000", A] }, { lookup: A, gives: undefined }, { delete: A, errno: EINVAL }, { delete: B, errno: EINVAL }] },
  { name: "sockhash without sockets", typeId: 18, keySize: 8, valueSize: 4, maxEntries: 2, steps: [{ keys: [] }, { delete: `${A}${B}`, errno: ENOENT }] },
  { name: "hash of keys longer than a stack", typeId: 1, keySize: 600, valueSize: 4, maxEntries: 2, steps: [{ update: "07".repeat(600), value: A }, { lookup: "07".repeat(600), gives: A }, { lookup: `${"07".repeat(599)}08`, gives: undefined }, { keys: ["07".repeat(600)] }] },
  {
    name: "xskmap",
    typeId: 17,
    keySize: 4,
    valueSize: 4,
    maxEntries: 2,
    ownOnly: true,
    steps: [
      { lookup: A, gives: undefined },
      { update: A, value: "07000000", flags: BPF_EXIST, errno: ENOENT },
      { update: A, value: "00000000", errno: EINVAL },
      { update: A, value: "07000000" },
      { update: A, value: "08000000", flags: BPF_NOEXIST, errno: EEXIST },
      { update: B, value: "07000000", errno: E2BIG },
      { lookup: A, gives: "07000000" },
      { delete: B, errno: EINVAL },
      { delete: A },
      { lookup: A, gives: undefined },
    ],
  },
  {
    name: "prog array",
    typeId: 3,
    keySize: 4,
    valueSize: 4,
    maxEntries: 2,
    ownOnly: true,
    steps: [
      { lookup: A, gives: undefined },
      { update: A, value: "01000000", flags: BPF_EXIST, errno: EINVAL },
      { update: A, value: "01000000", flags: BPF_NOEXIST, errno: EINVAL },
      { update: A, value: "01000000" },
      { lookup: A, gives: "01000000" },
      { update: B, value: "01000000", errno: E2BIG },
      { delete: B, errno: E2BIG },
      { delete: A },
      { delete: A, errno: ENOENT },
    ],
  },
];

/** Map definitions that nobody can make, and errno of each. */
export interface BadMap extends MapShapeCase {
  readonly name: string;
  readonly extra?: number;
  readonly inner?: MapShapeCase;
  readonly errno: number;
}

export const BAD_MAPS: readonly BadMap[] = [
  { name: "queue with keys", typeId: 22, keySize: 4, valueSize: 4, maxEntries: 1, errno: EINVAL },
  { name: "queue without values", typeId: 22, keySize: 0, valueSize: 0, maxEntries: 1, errno: EINVAL },
  { name: "stack without entries", typeId: 23, keySize: 0, valueSize: 4, maxEntries: 0, errno: EINVAL },
  { name: "stack without preallocation", typeId: 23, keySize: 0, valueSize: 4, maxEntries: 1, flags: 1, errno: EINVAL },
  { name: "stack of huge values", typeId: 23, keySize: 0, valueSize: 4194305, maxEntries: 1, errno: E2BIG },
  { name: "bloom filter with keys", typeId: 30, keySize: 4, valueSize: 4, maxEntries: 1, errno: EINVAL },
  { name: "bloom filter with 16 functions", typeId: 30, keySize: 0, valueSize: 4, maxEntries: 1, extra: 16, errno: EINVAL },
  { name: "bloom filter without preallocation", typeId: 30, keySize: 0, valueSize: 4, maxEntries: 1, flags: 1, errno: EINVAL },
  { name: "hash with map_extra", typeId: 1, keySize: 4, valueSize: 4, maxEntries: 1, extra: 1, errno: EINVAL },
  { name: "ring buffer without bytes", typeId: 27, keySize: 0, valueSize: 0, maxEntries: 0, errno: EINVAL },
  { name: "ring buffer with keys", typeId: 27, keySize: 4, valueSize: 0, maxEntries: 4096, errno: EINVAL },
  { name: "ring buffer with values", typeId: 27, keySize: 0, valueSize: 4, maxEntries: 4096, errno: EINVAL },
  { name: "ring buffer read-only for programs", typeId: 27, keySize: 0, valueSize: 0, maxEntries: 4096, flags: 128, errno: EINVAL },
  { name: "perf event array with wide values", typeId: 4, keySize: 4, valueSize: 8, maxEntries: 1, errno: EINVAL },
  { name: "perf event array with wide keys", typeId: 4, keySize: 8, valueSize: 4, maxEntries: 1, errno: EINVAL },
  { name: "array of maps with wide values", typeId: 12, keySize: 4, valueSize: 8, maxEntries: 1, inner: INNER_ARRAY, errno: EINVAL },
  { name: "array of maps with wide keys", typeId: 12, keySize: 8, valueSize: 4, maxEntries: 1, inner: INNER_ARRAY, errno: EINVAL },
  { name: "array of maps read-only for programs", typeId: 12, keySize: 4, valueSize: 4, maxEntries: 1, flags: 128, inner: INNER_ARRAY, errno: EINVAL },
  { name: "hash of maps with wide values", typeId: 13, keySize: 4, valueSize: 8, maxEntries: 1, inner: INNER_ARRAY, errno: EINVAL },
  { name: "array of prog arrays", typeId: 12, keySize: 4, valueSize: 4, maxEntries: 1, inner: { typeId: 3, keySize: 4, valueSize: 4, maxEntries: 1 }, errno: ENOTSUPP },
  { name: "hash without key", typeId: 1, keySize: 0, valueSize: 4, maxEntries: 1, errno: EINVAL },
  { name: "hash without value", typeId: 1, keySize: 4, valueSize: 0, maxEntries: 1, errno: EINVAL },
  { name: "hash without entries", typeId: 1, keySize: 4, valueSize: 4, maxEntries: 0, errno: EINVAL },
  { name: "hash with LRU flag", typeId: 1, keySize: 4, valueSize: 4, maxEntries: 1, flags: 2, errno: EINVAL },
  { name: "hash of huge values", typeId: 1, keySize: 4, valueSize: 4194304, maxEntries: 1, errno: E2BIG },
  { name: "hash read-only and write-only", typeId: 1, keySize: 4, valueSize: 4, maxEntries: 1, flags: 384, errno: EINVAL },
  { name: "hash with mmap flag", typeId: 1, keySize: 4, valueSize: 4, maxEntries: 1, flags: 1024, errno: EINVAL },
  { name: "array with wide keys", typeId: 2, keySize: 8, valueSize: 4, maxEntries: 1, errno: EINVAL },
  { name: "array without value", typeId: 2, keySize: 4, valueSize: 0, maxEntries: 1, errno: EINVAL },
  { name: "array without entries", typeId: 2, keySize: 4, valueSize: 4, maxEntries: 0, errno: EINVAL },
  { name: "array without preallocation", typeId: 2, keySize: 4, valueSize: 4, maxEntries: 1, flags: 1, errno: EINVAL },
  { name: "per-CPU array to mmap", typeId: 6, keySize: 4, valueSize: 4, maxEntries: 1, flags: 1024, errno: EINVAL },
  { name: "per-CPU array of huge values", typeId: 6, keySize: 4, valueSize: 32769, maxEntries: 1, errno: E2BIG },
  { name: "per-CPU hash of huge values", typeId: 5, keySize: 4, valueSize: 32769, maxEntries: 1, errno: E2BIG },
  { name: "LRU without preallocation", typeId: 9, keySize: 4, valueSize: 4, maxEntries: 1, flags: 1, errno: 524 },
  { name: "LPM of no bytes", typeId: 11, keySize: 4, valueSize: 4, maxEntries: 1, flags: 1, errno: EINVAL },
  { name: "LPM of 257 bytes", typeId: 11, keySize: 261, valueSize: 4, maxEntries: 1, flags: 1, errno: EINVAL },
  { name: "LPM without value", typeId: 11, keySize: 8, valueSize: 0, maxEntries: 1, flags: 1, errno: EINVAL },
  { name: "LPM without entries", typeId: 11, keySize: 8, valueSize: 4, maxEntries: 0, flags: 1, errno: EINVAL },
  { name: "devmap with odd values", typeId: 14, keySize: 4, valueSize: 6, maxEntries: 1, errno: EINVAL },
  { name: "devmap with wide keys", typeId: 14, keySize: 8, valueSize: 4, maxEntries: 1, errno: EINVAL },
  { name: "devmap hash with wide keys", typeId: 25, keySize: 8, valueSize: 4, maxEntries: 1, errno: EINVAL },
  { name: "cpumap with odd values", typeId: 16, keySize: 4, valueSize: 12, maxEntries: 1, errno: EINVAL },
  { name: "cpumap with flags", typeId: 16, keySize: 4, valueSize: 4, maxEntries: 1, flags: 8, errno: EINVAL },
  { name: "sockmap with wide keys", typeId: 15, keySize: 8, valueSize: 4, maxEntries: 1, errno: EINVAL },
  { name: "sockmap with odd values", typeId: 15, keySize: 4, valueSize: 5, maxEntries: 1, errno: EINVAL },
  { name: "sockmap read-only for programs", typeId: 15, keySize: 4, valueSize: 4, maxEntries: 1, flags: 128, errno: EINVAL },
  { name: "sockhash of keys longer than a stack", typeId: 18, keySize: 513, valueSize: 4, maxEntries: 1, errno: E2BIG },
  { name: "xskmap with wide values", typeId: 17, keySize: 4, valueSize: 8, maxEntries: 1, errno: EINVAL },
  { name: "prog array with wide values", typeId: 3, keySize: 4, valueSize: 8, maxEntries: 1, errno: EINVAL },
  { name: "prog array read-only for programs", typeId: 3, keySize: 4, valueSize: 4, maxEntries: 1, flags: 128, errno: EINVAL },
];
