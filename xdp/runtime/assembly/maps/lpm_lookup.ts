/** Finding the way in a BPF_MAP_TYPE_LPM_TRIE; what the trie is: lpm_trie.ts. */
import { MAP_VALUE_OFFSET } from "../../../abi";
import { LPM_DATA_SIZE, LPM_RECORD, LPM_ROOT, LPM_ROOT_TABLE, LPM_TABLE, LPM_TABLES, NODE_BRANCH, NODE_CHILD, NODE_DATA, NODE_PREFIX } from "../../../maps/fields";
import { beginRead, isReadValid, isShared } from "./lock";

/** From a key to its address bytes. */
export const KEY_DATA: u32 = 4;
const TABLE: u32 = LPM_TABLE;
const RECORD: u32 = LPM_RECORD;

@inline
export function maxPrefix(header: u32): u32 {
  return load<u32>(header, LPM_DATA_SIZE) << 3;
}

@inline
function bitAt(data: u32, bit: u32): u32 {
  return (load<u8>(data + (bit >> 3)) >> <u8>(7 - (bit & 7))) & 1;
}

/** Address of the child's field in the node, which the key goes on to. */
@inline
export function childToward(node: u32, data: u32, bit: u32): u32 {
  return node + NODE_CHILD + (bitAt(data, bit) << 2);
}

/** Bits that a node and a key's address have in common, at most the prefix lengths of both. */
export function commonBits(header: u32, node: u32, key: u32): u32 {
  const limit = min(load<u32>(node, NODE_PREFIX), load<u32>(key));
  const size = load<u32>(header, LPM_DATA_SIZE);
  const a = node + NODE_DATA;
  const b = key + KEY_DATA;
  let at: u32 = 0;
  for (; at + 8 <= size; at += 8) {
    const differing = bswap<u64>(load<u64>(a + at) ^ load<u64>(b + at));
    if (differing) return min(limit, (at << 3) + <u32>clz<u64>(differing));
    if ((at << 3) + 64 >= limit) return limit;
  }
  for (; at + 4 <= size; at += 4) {
    const differing = bswap<u32>(load<u32>(a + at) ^ load<u32>(b + at));
    if (differing) return min(limit, (at << 3) + clz<u32>(differing));
    if ((at << 3) + 32 >= limit) return limit;
  }
  for (; at < size; at++) {
    const differing = <u32>(load<u8>(a + at) ^ load<u8>(b + at));
    if (differing) return min(limit, (at << 3) + clz<u32>(differing) - 24);
  }
  return limit;
}

/**
 * The node of the longest prefix that the key is in, from `node` on; `found` where there is none. Ends even where a writer
 * moves nodes meanwhile: prefixes only get longer. Addresses of 4 and 16 bytes have loops of their own below.
 */
function walk(header: u32, key: u32, node: u32, found: u32): u32 {
  const size = load<u32>(header, LPM_DATA_SIZE);
  if (size == 4) return walk4(key, node, found);
  if (size == 16) return walk16(key, node, found);
  let longest: i32 = -1;
  while (node) {
    const prefix = load<u32>(node, NODE_PREFIX);
    if (<i32>prefix <= longest || commonBits(header, node, key) < prefix) break;
    longest = <i32>prefix;
    if (load<u32>(node, NODE_BRANCH) == 0) found = node;
    if (prefix == size << 3) break;
    node = load<u32>(childToward(node, key + KEY_DATA, prefix));
  }
  return found;
}

function walk4(key: u32, node: u32, found: u32): u32 {
  const limit = load<u32>(key);
  const address = bswap<u32>(load<u32>(key, KEY_DATA));
  let longest: i32 = -1;
  while (node) {
    const prefix = load<u32>(node, NODE_PREFIX);
    const common = min(limit, clz<u32>(address ^ bswap<u32>(load<u32>(node, NODE_DATA))));
    if (<i32>prefix <= longest || common < prefix) break;
    longest = <i32>prefix;
    if (load<u32>(node, NODE_BRANCH) == 0) found = node;
    if (prefix == 32) break;
    node = load<u32>(node + (((address << prefix) >> 31) << 2), NODE_CHILD);
  }
  return found;
}

function walk16(key: u32, node: u32, found: u32): u32 {
  const limit = load<u32>(key);
  const high = bswap<u64>(load<u64>(key, KEY_DATA));
  const low = bswap<u64>(load<u64>(key, KEY_DATA + 8));
  let longest: i32 = -1;
  while (node) {
    const prefix = load<u32>(node, NODE_PREFIX);
    let common = <u32>clz<u64>(high ^ bswap<u64>(load<u64>(node, NODE_DATA)));
    if (common == 64) common += <u32>clz<u64>(low ^ bswap<u64>(load<u64>(node, NODE_DATA + 8)));
    if (<i32>prefix <= longest || min(limit, common) < prefix) break;
    longest = <i32>prefix;
    if (load<u32>(node, NODE_BRANCH) == 0) found = node;
    if (prefix == 128) break;
    const bit = <u32>((prefix < 64 ? high << prefix : low << (prefix - 64)) >> 63);
    node = load<u32>(node + (bit << 2), NODE_CHILD);
  }
  return found;
}

/** The slot of the tables that answers for an address of so many bits. */
@inline
function lastSlot(tables: u32, data: u32, bits: u32): u32 {
  let entry = load<u32>(tables + LPM_ROOT_TABLE + (<u32>load<u16>(data) << 2));
  if (!(entry & TABLE)) return entry;
  entry = load<u32>(entry - TABLE + (<u32>load<u8>(data, 2) << 2));
  // The bound is for readers of tables that a writer changes meanwhile.
  for (let at: u32 = 24; entry & TABLE && at < bits; at += 4) {
    entry = load<u32>(entry - TABLE + (((<u32>load<u8>(data + (at >> 3)) >> (~at & 4)) & 15) << 2));
  }
  return entry;
}

/** Address of the value of the longest prefix that the key is in, or 0. */
function find(header: u32, key: u32): u32 {
  const bits = maxPrefix(header);
  const limit = load<u32>(key);
  if (limit > bits) return 0;
  const tables = load<u32>(header, LPM_TABLES);
  const offset = load<u32>(header, MAP_VALUE_OFFSET);
  let node: u32 = 0;
  if (tables != 0 && limit == bits) {
    const entry = lastSlot(tables, key + KEY_DATA, bits);
    if (!(entry & RECORD)) return entry;
    const value = load<u32>(entry - RECORD);
    node = walk(header, key, load<u32>(entry - RECORD, 4), value == 0 ? 0 : value - offset);
  } else {
    node = walk(header, key, load<u32>(header, LPM_ROOT), 0);
  }
  return node == 0 ? 0 : node + offset;
}

export function lpm_lookup(header: u32, key: u32, cpu: u32): u32 {
  if (!isShared()) return find(header, key);
  while (true) {
    const sequence = beginRead(header);
    const value = find(header, key);
    if (isReadValid(header, sequence)) return value;
  }
}

/** The field that names the node at which the key's way ends: the node of its prefix, or one to part from, or none. */
export function findField(header: u32, key: u32): u32 {
  const wanted = load<u32>(key);
  let field = header + LPM_ROOT;
  while (true) {
    const node = load<u32>(field);
    if (node == 0) return field;
    const prefix = load<u32>(node, NODE_PREFIX);
    if (prefix == wanted || commonBits(header, node, key) != prefix) return field;
    field = childToward(node, key + KEY_DATA, prefix);
  }
}
