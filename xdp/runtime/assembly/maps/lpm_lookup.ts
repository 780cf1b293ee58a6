/** Finding the way in a BPF_MAP_TYPE_LPM_TRIE; what the trie is: lpm_trie.ts. */
import { MAP_VALUE_OFFSET } from "../../../abi";
import { LPM_DATA_SIZE, LPM_ROOT, LPM_START_BITS, LPM_START_BYTES, LPM_STARTS, NODE_BRANCH, NODE_CHILD, NODE_DATA, NODE_PREFIX } from "../../../maps/fields";
import { beginRead, isReadValid, isShared } from "./lock";

/** From a key to its address bytes. */
export const KEY_DATA: u32 = 4;
const START_BITS: u32 = LPM_START_BITS;

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
 * The node of the longest prefix that the key is in, or 0. Ends even where a writer moves nodes meanwhile: prefixes only
 * get longer. Addresses of 4 and 16 bytes have loops of their own below.
 */
function walk(header: u32, key: u32): u32 {
  const size = load<u32>(header, LPM_DATA_SIZE);
  if (load<u32>(key) > size << 3) return 0;
  if (size == 4) return walk4(header, key);
  if (size == 16) return walk16(header, key);
  let found: u32 = 0;
  let node = load<u32>(header, LPM_ROOT);
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

/** Address of the table's entry for the first bits of an address; 0 where there is no table, or the key is shorter. */
@inline
function startOf(header: u32, limit: u32, first: u32): u32 {
  const starts = load<u32>(header, LPM_STARTS);
  return starts != 0 && limit >= START_BITS ? starts + first * LPM_START_BYTES : 0;
}

function walk4(header: u32, key: u32): u32 {
  const limit = load<u32>(key);
  const address = bswap<u32>(load<u32>(key, KEY_DATA));
  const start = startOf(header, limit, address >> (32 - LPM_START_BITS));
  let found: u32 = start ? load<u32>(start) : 0;
  let node = start ? load<u32>(start, 4) : load<u32>(header, LPM_ROOT);
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

function walk16(header: u32, key: u32): u32 {
  const limit = load<u32>(key);
  const high = bswap<u64>(load<u64>(key, KEY_DATA));
  const low = bswap<u64>(load<u64>(key, KEY_DATA + 8));
  const start = startOf(header, limit, <u32>(high >> (64 - LPM_START_BITS)));
  let found: u32 = start ? load<u32>(start) : 0;
  let node = start ? load<u32>(start, 4) : load<u32>(header, LPM_ROOT);
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

export function lpm_lookup(header: u32, key: u32, cpu: u32): u32 {
  let node: u32 = 0;
  if (!isShared()) {
    node = walk(header, key);
  } else {
    let sequence: u32;
    do {
      sequence = beginRead(header);
      node = walk(header, key);
    } while (!isReadValid(header, sequence));
  }
  return node == 0 ? 0 : node + load<u32>(header, MAP_VALUE_OFFSET);
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

/**
 * Writes the entries of the table that a change of this key may have made wrong: those of all addresses that it covers. What
 * an entry names are nodes of the key's own subtree, or above it ones that the change left as they were.
 */
export function refreshStarts(header: u32, key: u32): void {
  const starts = load<u32>(header, LPM_STARTS);
  if (starts == 0) return;
  const bits = min<u32>(load<u32>(key), START_BITS);
  const size: u32 = 1 << (START_BITS - bits);
  const first = <u32>bswap<u16>(load<u16>(key, KEY_DATA)) & ~(size - 1);
  for (let index = first; index < first + size; index++) {
    let found: u32 = 0;
    let node = load<u32>(header, LPM_ROOT);
    while (node) {
      const prefix = load<u32>(node, NODE_PREFIX);
      if (prefix >= START_BITS) break;
      const differing = index ^ <u32>bswap<u16>(load<u16>(node, NODE_DATA));
      if (differing >>> (START_BITS - prefix)) {
        node = 0;
        break;
      }
      if (load<u32>(node, NODE_BRANCH) == 0) found = node;
      node = load<u32>(node + (((index >>> (START_BITS - 1 - prefix)) & 1) << 2), NODE_CHILD);
    }
    store<u32>(starts + index * LPM_START_BYTES, found);
    store<u32>(starts + index * LPM_START_BYTES, node, 4);
  }
}
