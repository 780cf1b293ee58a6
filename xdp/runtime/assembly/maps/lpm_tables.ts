/**
 * The tables by the bits of an address that a BPF_MAP_TYPE_LPM_TRIE keeps beside the trie, so that a lookup takes a few loads
 * however many prefixes there are. Each slot has the answer of its whole range already, so a change of a prefix rewrites the
 * slots that have the prefix as their answer, or get it. Layout: maps/fields.ts. Where memory for tables runs out, slots refer
 * to the trie. Writers only: the map is locked, and readers wait.
 */
import { MAP_VALUE_OFFSET } from "../../../abi";
import { LPM_NARROW, LPM_NARROW_BITS, LPM_RECORD, LPM_RECORDS, LPM_RECORD_BYTES, LPM_ROOT, LPM_ROOT_BITS, LPM_ROOT_TABLE, LPM_SPARSE, LPM_TABLE, LPM_TABLES, LPM_WIDE, LPM_WIDE_BITS, NODE_BRANCH, NODE_CHILD, NODE_DATA, NODE_PREFIX, POOL_END, POOL_FREE, POOL_FRESH } from "../../../maps/fields";
import { KEY_DATA, childToward, commonBits } from "./lpm_lookup";

const TABLE: u32 = LPM_TABLE;
const RECORD: u32 = LPM_RECORD;
const ROOT_BITS: u32 = LPM_ROOT_BITS;
const WIDE_BITS: u32 = LPM_WIDE_BITS;
const NARROW_BITS: u32 = LPM_NARROW_BITS;

/** Bits that index the table which answers for addresses behind `depth` bits. */
@inline
function widthAt(depth: u32): u32 {
  return depth == 0 ? ROOT_BITS : depth == ROOT_BITS ? WIDE_BITS : NARROW_BITS;
}

/** Those bits of an address; at the root as they lie, first byte lowest. */
@inline
function indexAt(data: u32, depth: u32): u32 {
  if (depth == 0) return <u32>load<u16>(data);
  const byte = <u32>load<u8>(data + (depth >> 3));
  return depth == ROOT_BITS ? byte : (byte >> (~depth & 4)) & 15;
}

/** A free table or record, or 0. */
function take(pool: u32, bytes: u32): u32 {
  const free = load<u32>(pool, POOL_FREE);
  if (free) {
    store<u32>(pool, load<u32>(free), POOL_FREE);
    return free;
  }
  const fresh = load<u32>(pool, POOL_FRESH);
  if (fresh == load<u32>(pool, POOL_END)) return 0;
  store<u32>(pool, fresh + bytes, POOL_FRESH);
  return fresh;
}

function giveBack(pool: u32, thing: u32): void {
  store<u32>(thing, load<u32>(pool, POOL_FREE));
  store<u32>(pool, thing, POOL_FREE);
}

@inline
function poolAt(tables: u32, depth: u32): u32 {
  return tables + (depth == ROOT_BITS ? LPM_WIDE : LPM_NARROW);
}

/** Entries of the subtree, or any number above `limit` where there are more. */
function countEntries(node: u32, limit: u32): u32 {
  let count: u32 = 0;
  while (true) {
    if (load<u32>(node, NODE_BRANCH) == 0 && ++count > limit) return count;
    const left = load<u32>(node, NODE_CHILD);
    const right = load<u32>(node, NODE_CHILD + 4);
    if (left && right) count += countEntries(left, limit - count);
    if (count > limit) return count;
    node = right ? right : left;
    if (node == 0) return count;
  }
}

/** Replaces the value `from` by `to` in slots behind each other, whose way was `depth` bits long, and in all below. */
function paint(slot: u32, count: u32, depth: u32, from: u32, to: u32): void {
  for (const end = slot + (count << 2); slot < end; slot += 4) {
    const entry = load<u32>(slot);
    if (entry == from) store<u32>(slot, to);
    else if (entry & TABLE) {
      const width = widthAt(depth);
      paint(entry - TABLE, 1 << width, depth + width, from, to);
    } else if (entry & RECORD && load<u32>(entry - RECORD) == from) store<u32>(entry - RECORD, to);
  }
}

/** Where the way goes on behind a node whose bits have all been used: it itself where it goes on both ways, 0 where it does not. */
function behind(node: u32): u32 {
  const left = load<u32>(node, NODE_CHILD);
  const right = load<u32>(node, NODE_CHILD + 4);
  return left && right ? node : left | right;
}

/** Writes what is below a node into a table that holds the values of shorter prefixes: a prefix before those that it holds. */
function distribute(header: u32, table: u32, depth: u32, node: u32): void {
  const width = widthAt(depth);
  const below = depth + width;
  const prefix = load<u32>(node, NODE_PREFIX);
  const index = indexAt(node + NODE_DATA, depth);
  if (prefix >= below) {
    const slot = table + (index << 2);
    const value = prefix == below && load<u32>(node, NODE_BRANCH) == 0 ? node + load<u32>(header, MAP_VALUE_OFFSET) : load<u32>(slot);
    place(header, slot, value, prefix == below ? behind(node) : node, below);
    return;
  }
  if (load<u32>(node, NODE_BRANCH) == 0) {
    const count: u32 = 1 << (below - prefix);
    const first = table + ((index & ~(count - 1)) << 2);
    const value = node + load<u32>(header, MAP_VALUE_OFFSET);
    for (let slot = first; slot < first + (count << 2); slot += 4) store<u32>(slot, value);
  }
  const left = load<u32>(node, NODE_CHILD);
  const right = load<u32>(node, NODE_CHILD + 4);
  if (left) distribute(header, table, depth, left);
  if (right) distribute(header, table, depth, right);
}

/** Writes a slot whose way was `depth` bits long: the value so far, and what is below `node`, where it is not 0. */
function place(header: u32, slot: u32, value: u32, node: u32, depth: u32): void {
  if (node == 0) {
    store<u32>(slot, value);
    return;
  }
  const tables = load<u32>(header, LPM_TABLES);
  const sparse = load<u32>(tables, LPM_SPARSE);
  if (countEntries(node, sparse) > sparse) {
    const bytes: u32 = 4 << widthAt(depth);
    const table = take(poolAt(tables, depth), bytes);
    if (table) {
      for (let at: u32 = 0; at < bytes; at += 4) store<u32>(table + at, value);
      distribute(header, table, depth, node);
      store<u32>(slot, table | TABLE);
      return;
    }
  }
  // There is one for each entry that a map can have.
  const record = take(tables + LPM_RECORDS, LPM_RECORD_BYTES);
  store<u32>(record, value);
  store<u32>(record, node, 4);
  store<u32>(slot, record | RECORD);
}

/** The node below which is all that has more than the key's first `depth` bits in common with it; 0 where there is nothing. */
function nodeBelow(header: u32, key: u32, depth: u32): u32 {
  let node = load<u32>(header, LPM_ROOT);
  while (node) {
    const prefix = load<u32>(node, NODE_PREFIX);
    const common = commonBits(header, node, key);
    if (prefix > depth) return common >= depth ? node : 0;
    if (common < prefix) return 0;
    if (prefix == depth) return behind(node);
    node = load<u32>(childToward(node, key + KEY_DATA, prefix));
  }
  return 0;
}

/** A table that answers the same everywhere is not needed. */
function fold(tables: u32, slot: u32, depth: u32): void {
  const table = load<u32>(slot) - TABLE;
  const value = load<u32>(table);
  if (value & (TABLE | RECORD)) return;
  const bytes: u32 = 4 << widthAt(depth);
  for (let at: u32 = 4; at < bytes; at += 4) if (load<u32>(table + at) != value) return;
  store<u32>(slot, value);
  giveBack(poolAt(tables, depth), table);
}

/** Writes a slot anew whose way is on the key's, was `depth` bits long, and ends at a value or a record. */
function renew(header: u32, slot: u32, depth: u32, key: u32): void {
  let value = load<u32>(slot);
  if (value & RECORD) {
    const record = value - RECORD;
    value = load<u32>(record);
    giveBack(load<u32>(header, LPM_TABLES) + LPM_RECORDS, record);
  }
  place(header, slot, value, nodeBelow(header, key, depth), depth);
}

function refresh(header: u32, table: u32, depth: u32, key: u32, from: u32, to: u32, removed: bool): void {
  const below = depth + widthAt(depth);
  const length = load<u32>(key);
  const index = indexAt(key + KEY_DATA, depth);
  const slot = table + (index << 2);
  if (length > below) {
    const entry = load<u32>(slot);
    if (!(entry & TABLE)) renew(header, slot, below, key);
    else {
      refresh(header, entry - TABLE, below, key, from, to, removed);
      if (removed) fold(load<u32>(header, LPM_TABLES), slot, below);
    }
    return;
  }
  const count: u32 = 1 << (below - length);
  if (depth == 0) {
    // The root's index has the first byte lowest.
    const first = <u32>bswap<u16>(<u16>index) & ~(count - 1);
    for (let i = first; i < first + count; i++) paint(table + (<u32>bswap<u16>(<u16>i) << 2), 1, below, from, to);
  } else {
    paint(table + ((index & ~(count - 1)) << 2), count, below, from, to);
  }
  // The entry's own node may be the one that the record names.
  if (length == below && load<u32>(slot) & RECORD) renew(header, slot, below, key);
}

/** Value of the longest entry that the key's prefix is in, without its own; or 0. */
function valueAbove(header: u32, key: u32): u32 {
  const wanted = load<u32>(key);
  let found: u32 = 0;
  let node = load<u32>(header, LPM_ROOT);
  while (node) {
    const prefix = load<u32>(node, NODE_PREFIX);
    if (prefix >= wanted || commonBits(header, node, key) < prefix) break;
    if (load<u32>(node, NODE_BRANCH) == 0) found = node;
    node = load<u32>(childToward(node, key + KEY_DATA, prefix));
  }
  return found == 0 ? 0 : found + load<u32>(header, MAP_VALUE_OFFSET);
}

/** The trie has a new entry for the key, with its value at `value`; before, the key had the one at `replaced`, or none (0). */
export function tableAdded(header: u32, key: u32, replaced: u32, value: u32): void {
  const tables = load<u32>(header, LPM_TABLES);
  if (tables) refresh(header, tables + LPM_ROOT_TABLE, 0, key, replaced ? replaced : valueAbove(header, key), value, false);
}

/** The trie has no entry for the key any more; its value was at `value`. */
export function tableRemoved(header: u32, key: u32, value: u32): void {
  const tables = load<u32>(header, LPM_TABLES);
  if (tables) refresh(header, tables + LPM_ROOT_TABLE, 0, key, value, valueAbove(header, key), true);
}
