/**
 * BPF_MAP_TYPE_LPM_TRIE: a binary trie with compressed paths. Keys are a u32 of prefix length in bits and an address
 * whose first byte is the most significant. Layout of nodes: maps/fields.ts.
 */
import { MAP_COUNT, MAP_DATA, MAP_MAX_ENTRIES, MAP_STRIDE, MAP_VALUE_OFFSET, MAP_VALUE_SIZE } from "../../../abi";
import { LPM_DATA_SIZE, LPM_FREE, LPM_FRESH, LPM_NODES, LPM_ROOT, NODE_BRANCH, NODE_CHILD, NODE_DATA, NODE_PREFIX } from "../../../maps/fields";
import { BPF_EXIST, BPF_NOEXIST, EEXIST, EINVAL, ENOENT, ENOMEM, ENOSPC } from "../../../maps/uapi";
import { copyBytes, copyKey } from "./bytes";
import { beginMove, beginRead, endMove, isReadValid, isShared, lockMap, unlockMap } from "./lock";

/** From a key to its address bytes. */
const KEY_DATA: u32 = 4;

@inline
function maxPrefix(header: u32): u32 {
  return load<u32>(header, LPM_DATA_SIZE) << 3;
}

@inline
function bitAt(data: u32, bit: u32): u32 {
  return (load<u8>(data + (bit >> 3)) >> <u8>(7 - (bit & 7))) & 1;
}

/** Address of the child's field in the node, which the key goes on to. */
@inline
function childToward(node: u32, data: u32, bit: u32): u32 {
  return node + NODE_CHILD + (bitAt(data, bit) << 2);
}

/** Bits that a node and a key's address have in common, at most the prefix lengths of both. */
function commonBits(header: u32, node: u32, key: u32): u32 {
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

/** The node of the longest prefix that the key is in, or 0. Ends even where a writer moves nodes meanwhile: prefixes only get longer. */
function walk(header: u32, key: u32): u32 {
  const max = maxPrefix(header);
  if (load<u32>(key) > max) return 0;
  let found: u32 = 0;
  let node = load<u32>(header, LPM_ROOT);
  let longest: i64 = -1;
  while (node) {
    const prefix = load<u32>(node, NODE_PREFIX);
    if (<i64>prefix <= longest || prefix > max) break;
    longest = prefix;
    const common = commonBits(header, node, key);
    if (common < prefix) break;
    if (load<u32>(node, NODE_BRANCH) == 0) found = node;
    if (common == max) break;
    node = load<u32>(childToward(node, key + KEY_DATA, prefix));
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

/** A node without children, or 0. */
function takeNode(header: u32): u32 {
  let node = load<u32>(header, LPM_FREE);
  if (node) {
    store<u32>(header, load<u32>(node, NODE_CHILD), LPM_FREE);
  } else {
    const fresh = load<u32>(header, LPM_FRESH);
    if (fresh == load<u32>(header, LPM_NODES)) return 0;
    store<u32>(header, fresh + 1, LPM_FRESH);
    node = load<u32>(header, MAP_DATA) + fresh * load<u32>(header, MAP_STRIDE);
  }
  store<u64>(node, 0, NODE_CHILD);
  return node;
}

function freeNode(header: u32, node: u32): void {
  store<u32>(node, load<u32>(header, LPM_FREE), NODE_CHILD);
  store<u32>(header, node, LPM_FREE);
}

/** The field that names the node at which the key's way ends: the node of its prefix, or one to part from, or none. */
function findField(header: u32, key: u32): u32 {
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

/** Counts a new entry, or says why there can be none. */
function admit(header: u32, flags: u64): i32 {
  if (flags == BPF_EXIST) return -ENOENT;
  const count = load<u32>(header, MAP_COUNT);
  if (count == load<u32>(header, MAP_MAX_ENTRIES)) return -ENOSPC;
  store<u32>(header, count + 1, MAP_COUNT);
  return 0;
}

function makeNode(header: u32, key: u32, value: u32): u32 {
  const node = takeNode(header);
  if (node == 0) return 0;
  store<u32>(node, load<u32>(key), NODE_PREFIX);
  store<u32>(node, 0, NODE_BRANCH);
  copyKey(node + NODE_DATA, key + KEY_DATA, load<u32>(header, LPM_DATA_SIZE));
  copyBytes(node + load<u32>(header, MAP_VALUE_OFFSET), value, load<u32>(header, MAP_VALUE_SIZE));
  return node;
}

function put(header: u32, key: u32, value: u32, flags: u64): i32 {
  const field = findField(header, key);
  const node = load<u32>(field);
  const wanted = load<u32>(key);
  const common = node ? commonBits(header, node, key) : 0;
  const same = node != 0 && common == wanted && load<u32>(node, NODE_PREFIX) == wanted;
  if (same && load<u32>(node, NODE_BRANCH) == 0) {
    if (flags == BPF_NOEXIST) return -EEXIST;
  } else {
    const refused = admit(header, flags);
    if (refused) return refused;
  }
  const fresh = makeNode(header, key, value);
  if (fresh == 0) return -ENOMEM;
  if (node == 0) {
    store<u32>(field, fresh);
  } else if (same) {
    store<u64>(fresh, load<u64>(node, NODE_CHILD), NODE_CHILD);
    store<u32>(field, fresh);
    freeNode(header, node);
  } else if (common == wanted) {
    store<u32>(childToward(fresh, node + NODE_DATA, common), node);
    store<u32>(field, fresh);
  } else {
    const branch = takeNode(header);
    if (branch == 0) return -ENOMEM;
    store<u32>(branch, common, NODE_PREFIX);
    store<u32>(branch, 1, NODE_BRANCH);
    copyKey(branch + NODE_DATA, node + NODE_DATA, load<u32>(header, LPM_DATA_SIZE));
    store<u32>(childToward(branch, node + NODE_DATA, common), node);
    store<u32>(childToward(branch, key + KEY_DATA, common), fresh);
    store<u32>(field, branch);
  }
  return 0;
}

export function lpm_update(header: u32, key: u32, value: u32, flags: u64, cpu: u32): i32 {
  if (flags > <u64>BPF_EXIST || load<u32>(key) > maxPrefix(header)) return -EINVAL;
  lockMap(header);
  beginMove(header);
  const result = put(header, key, value, flags);
  endMove(header);
  unlockMap(header);
  return result;
}

/** Removes the node of exactly this prefix. */
function remove(header: u32, key: u32): i32 {
  const wanted = load<u32>(key);
  let field = header + LPM_ROOT;
  let parentField: u32 = 0;
  let node = load<u32>(field);
  while (node && load<u32>(node, NODE_PREFIX) < wanted && commonBits(header, node, key) == load<u32>(node, NODE_PREFIX)) {
    parentField = field;
    field = childToward(node, key + KEY_DATA, load<u32>(node, NODE_PREFIX));
    node = load<u32>(field);
  }
  if (node == 0 || load<u32>(node, NODE_PREFIX) != wanted || commonBits(header, node, key) != wanted || load<u32>(node, NODE_BRANCH)) return -ENOENT;
  store<u32>(header, load<u32>(header, MAP_COUNT) - 1, MAP_COUNT);
  const left = load<u32>(node, NODE_CHILD);
  const right = load<u32>(node, NODE_CHILD + 4);
  if (left && right) {
    store<u32>(node, 1, NODE_BRANCH);
    return 0;
  }
  const parent = parentField ? load<u32>(parentField) : 0;
  if (left == 0 && right == 0 && parent && load<u32>(parent, NODE_BRANCH)) {
    // A branch always has two children: with one gone, the other takes its place.
    const other = load<u32>(parent, NODE_CHILD) == node ? load<u32>(parent, NODE_CHILD + 4) : load<u32>(parent, NODE_CHILD);
    store<u32>(parentField, other);
    freeNode(header, parent);
  } else {
    store<u32>(field, left | right);
  }
  freeNode(header, node);
  return 0;
}

export function lpm_delete(header: u32, key: u32): i32 {
  if (load<u32>(key) > maxPrefix(header)) return -EINVAL;
  lockMap(header);
  beginMove(header);
  const result = remove(header, key);
  endMove(header);
  unlockMap(header);
  return result;
}

/** The node that comes first below `node`, more specific prefixes before the ones that hold them. */
function firstBelow(node: u32): u32 {
  while (true) {
    const left = load<u32>(node, NODE_CHILD);
    const below = left ? left : load<u32>(node, NODE_CHILD + 4);
    if (below == 0) return node;
    node = below;
  }
}

/** The node that has `node` as a child, or 0. */
function parentOf(header: u32, node: u32): u32 {
  let parent: u32 = 0;
  let at = load<u32>(header, LPM_ROOT);
  while (at != node) {
    parent = at;
    at = load<u32>(childToward(at, node + NODE_DATA, load<u32>(at, NODE_PREFIX)));
  }
  return parent;
}

/** The prefix behind the one at `key`, more specific ones first, as in the kernel; the first where `key` is 0 or not there. */
export function nextPrefix(header: u32, key: u32, out: u32): i32 {
  let node = load<u32>(header, LPM_ROOT);
  if (node == 0) return -ENOENT;
  const from = key && load<u32>(key) <= maxPrefix(header) ? load<u32>(findField(header, key)) : 0;
  if (from && load<u32>(from, NODE_PREFIX) == load<u32>(key) && commonBits(header, from, key) == load<u32>(key) && load<u32>(from, NODE_BRANCH) == 0) {
    node = from;
    while (true) {
      const parent = parentOf(header, node);
      if (parent == 0) return -ENOENT;
      const right = load<u32>(parent, NODE_CHILD + 4);
      if (right && right != node) {
        node = firstBelow(right);
        break;
      }
      node = parent;
      if (load<u32>(parent, NODE_BRANCH) == 0) break;
    }
  } else {
    node = firstBelow(node);
  }
  store<u32>(out, load<u32>(node, NODE_PREFIX));
  copyBytes(out + KEY_DATA, node + NODE_DATA, load<u32>(header, LPM_DATA_SIZE));
  return 0;
}
