/**
 * What each map type keeps behind MAP_PRIVATE in its header, and what its entries look like in memory. The control
 * plane lays it out, the wasm runtime works on it, and the JIT may read it to inline lookups. Constants only: the
 * wasm runtime compiles this same file. Offsets and sizes are bytes, fields are u32 unless said otherwise.
 */

/* ---- every map whose values programs may point into ---- */
/** Values in the area of one CPU: entries, and elements beyond max_entries that updates go through. */
export const MAP_VALUES = 124;
/** Possible CPUs, of per-CPU and LRU maps; 1 for others. */
export const MAP_CPUS = 120;

/**
 * Address of the places in a value that neither updates nor lookups copy (locks, timers, kernel pointers); 0: there are none.
 * There: their number, the offset of the struct bpf_spin_lock (NO_SPIN_LOCK: none), then offset and bytes of each, ascending.
 */
export const MAP_SPECIAL = 112;
export const SPECIAL_COUNT = 0;
export const SPECIAL_LOCK = 4;
export const SPECIAL_FIELDS = 8;
export const NO_SPIN_LOCK = 0xffffffff;
/** Maps of maps: address of the header that inner maps must be like; its type is 0 until the first one comes. */
export const MAP_INNER_META = 116;

/* ---- maps that hold one u32 an entry and give programs no pointers: prog array, array of maps, perf event array ---- */
/**
 * Address of entry 0; the entries are u32, 0 where there is none. A prog array holds program index + 1, an array of
 * maps (and the values of a hash of maps) addresses of headers, a perf event array addresses of buffers.
 */
export const SLOTS_DATA = 56;

/* ---- devmap, cpumap, xskmap: 8 bytes an entry, at MAP_DATA + 8 * index ---- */
/**
 * First u32: what a program reads there: ifindex, queue size, or (xskmap) the queue of the socket. 0 in a devmap or
 * cpumap: no entry. Second u32: program of the entry (devmap, cpumap), or the socket (xskmap, 0: no entry).
 */
export const TARGET_BYTES = 8;
export const TARGET_SECOND = 4;

/* ---- hash family: hash, per-CPU hash, LRU hash, LRU per-CPU hash, devmap hash ---- */
/**
 * Index table, open addressing with linear probing: slot `i` is the u64 at HASH_INDEX + 8 * (i & HASH_MASK):
 * low half the key's hash, high half the element's address, 0 where the slot is empty. A key's first slot is the upper bits of its
 * hash, as many as HASH_MASK has; a hash is never 0.
 * At most half of the slots are in use.
 */
export const HASH_INDEX = 56;
export const HASH_MASK = 60;
/** u64. */
export const HASH_SEED = 64;
/** Address of element 0, and bytes from one element to the next. Elements never move. */
export const HASH_ELEMENTS = 72;
export const HASH_ELEMENT_BYTES = 76;
/** First free element (address), linked by ELEMENT_NEXT; 0: none. Not used by LRU maps. */
export const HASH_FREE = 80;
/** Elements handed out at least once; the ones above were never touched. Not used by LRU maps. */
export const HASH_FRESH = 84;
/** Address of one u32 a CPU: the element that the CPU's next replacement goes into; 0: element max_entries + CPU. */
export const HASH_SPARES = 88;
/** From the element to its key and to its value (or, in per-CPU maps, to the u32 address of CPU 0's value). */
export const HASH_KEY_OFFSET = 92;
export const HASH_VALUE_OFFSET = 96;
/** Elements that memory was reserved for, of maps without lists: fewer than max_entries where the kernel allocates as it goes. */
export const HASH_CAPACITY = 100;
/** Address of the LRU lists; nodes scanned at most by one rotation; free elements that a CPU takes at once. */
export const LRU_LISTS = 100;
export const LRU_SCANS = 104;
export const LRU_TARGET_FREE = 108;

/**
 * The hash of a key, over its 8-byte words (the last one padded with zeros), from the seed: h = (h ^ word) * M, and between words
 * h ^= h >> 32; the result is the upper half of h ^ the lower one, | 1: all bits of the key reach the upper ones, and keys that lie
 * in a grid, as addresses of a network do, do not crowd. M, by halves, is 2^64 / the golden ratio.
 */
export const HASH_M_HIGH = 0x9e3779b9;
export const HASH_M_LOW = 0x7f4a7c15;

/* ---- element of the hash family ---- */
/** The key's hash. */
export const ELEMENT_HASH = 0;
/** Next free element, where the element is free. */
export const ELEMENT_NEXT = 4;
/** The key of an element that is in no LRU map; padded with zeros to a multiple of 8. */
export const ELEMENT_KEY = 8;
/** LRU maps: u8 list that the element is on, u8 1 where it was referenced, u16 CPU that inserted it. */
export const ELEMENT_LIST = 4;
export const ELEMENT_REFERENCED = 5;
export const ELEMENT_CPU = 6;
/** LRU maps: links, addresses of the neighbours' links. */
export const ELEMENT_LINK = 8;
export const ELEMENT_LRU_KEY = 16;
export const LINK_PREVIOUS = 0;
export const LINK_NEXT = 4;

/* ---- LRU lists ---- */
/** Lists by number; the head of list n is a link at LRU_LISTS + 8 * n. */
export const LRU_ACTIVE = 0;
export const LRU_INACTIVE = 1;
export const LRU_FREE = 2;
export const LRU_LOCAL_FREE = 3;
export const LRU_LOCAL_PENDING = 4;
/** Elements on the active and on the inactive list. */
export const LRU_COUNTS = 24;
/** Link at which the next rotation of the inactive list starts. */
export const LRU_ROTATION = 32;
/** Elements that were never used, all of them behind the free list: address of the first, and the end. */
export const LRU_FRESH = 36;
export const LRU_FRESH_END = 40;
/** One set of lists; with BPF_F_NO_COMMON_LRU each CPU has one. */
export const LRU_LISTS_BYTES = 64;
/** Behind the common set, one block a CPU: links that head its free and its pending list, and the CPU that it steals from next. */
export const LRU_LOCAL_BYTES = 64;
export const LOCAL_FREE = 0;
export const LOCAL_PENDING = 8;
export const LOCAL_STEAL = 16;

/* ---- LPM trie ---- */
/** Root node (address), bytes of an address in keys, first free node, nodes handed out at least once, nodes in all. */
export const LPM_ROOT = 56;
export const LPM_DATA_SIZE = 60;
export const LPM_FREE = 64;
export const LPM_FRESH = 68;
export const LPM_NODES = 72;
/**
 * Address of the tables by the bits of an address, or 0. A table's slots (u32) are indexed by the next bits: 16 at the root (as
 * they lie: first byte lowest), then 8, then 4 at a time. A slot is the address of a value, that of the longest prefix so far (0: there is none); or where longer
 * prefixes lie below, the address of the next table | LPM_TABLE, or of a record | LPM_RECORD: u32 value so far, u32 node of the
 * trie to go on from. They answer for whole addresses only; the trie itself answers for shorter ones.
 */
export const LPM_TABLES = 76;
export const LPM_TABLE = 1;
export const LPM_RECORD = 2;
export const LPM_ROOT_BITS = 16;
export const LPM_WIDE_BITS = 8;
export const LPM_NARROW_BITS = 4;
/** At LPM_TABLES, for tables of 8 bits, of 4 bits and for records: the first that is free (linked by their first u32), the next never used, the end. */
export const LPM_WIDE = 0;
export const LPM_NARROW = 12;
export const LPM_RECORDS = 24;
export const POOL_FREE = 0;
export const POOL_FRESH = 4;
export const POOL_END = 8;
/** Entries below a slot up to which it is a record, not a table. */
export const LPM_SPARSE = 36;
/** 1 where there are tables for all that the entries can need: no slot is ever a record. */
export const LPM_COMPLETE = 40;
/** The root table. */
export const LPM_ROOT_TABLE = 64;
export const LPM_RECORD_BYTES = 8;
/** Node: two children (addresses), prefix length in bits, 1 where it only branches, address padded to a multiple of 8, value. */
export const NODE_CHILD = 0;
export const NODE_PREFIX = 8;
export const NODE_BRANCH = 12;
export const NODE_DATA = 16;

/* ---- queue and stack ---- */
/** Address of place 0; places (max_entries + 1), bytes from one to the next; the place that the next push fills, and the oldest. */
export const QUEUE_DATA = 56;
export const QUEUE_PLACES = 60;
export const QUEUE_STRIDE = 64;
export const QUEUE_HEAD = 68;
export const QUEUE_TAIL = 72;

/* ---- bloom filter ---- */
/** Address of the bits; number of bits - 1; hash functions; seed of the first one, the others count up from it. */
export const BLOOM_BITS = 56;
export const BLOOM_MASK = 60;
export const BLOOM_HASHES = 64;
export const BLOOM_SEED = 68;

/* ---- ring buffer ---- */
/**
 * The ring's max_entries bytes lie at MAP_DATA, with as many behind them: a record lies in one piece from where it starts.
 * Positions (u64) count up without end: up to where it was consumed, reserved, and committed without a gap.
 */
export const RINGBUF_MASK = 60;
export const RINGBUF_CONSUMER = 64;
export const RINGBUF_PRODUCER = 72;
export const RINGBUF_PENDING = 80;

/* ---- buffer of a perf event array's entry: events of one CPU behind each other, each a u32 length and its bytes, padded to a multiple of 4 ---- */
/** Bytes that fit, bytes used, events lost since it was full. */
export const PERF_SIZE = 0;
export const PERF_USED = 4;
export const PERF_LOST = 8;
export const PERF_DATA = 16;
