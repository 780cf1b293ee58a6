/**
 * BPF_MAP_TYPE_LPM_TRIE: a binary trie with compressed paths. Keys are a u32 of prefix length in bits and an address
 * whose first byte is the most significant. Layout of nodes: maps/fields.ts. Here: updating and deleting.
 */
import { MAP_COUNT, MAP_DATA, MAP_MAX_ENTRIES, MAP_STRIDE, MAP_VALUE_OFFSET, MAP_VALUE_SIZE } from "../../../abi";
import { LPM_DATA_SIZE, LPM_FREE, LPM_FRESH, LPM_NODES, LPM_ROOT, NODE_BRANCH, NODE_CHILD, NODE_DATA, NODE_PREFIX } from "../../../maps/fields";
import { BPF_EXIST, BPF_NOEXIST, EEXIST, EINVAL, ENOENT, ENOMEM, ENOSPC } from "../../../maps/uapi";
import { copyBytes, copyKey } from "./bytes";
import { beginMove, endMove, lockMap, unlockMap } from "./lock";
import { KEY_DATA, childToward, commonBits, findField, maxPrefix } from "./lpm_lookup";
import { tableAdded, tableRemoved } from "./lpm_tables";

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
  const replaced = same && load<u32>(node, NODE_BRANCH) == 0;
  if (replaced) {
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
  const offset = load<u32>(header, MAP_VALUE_OFFSET);
  tableAdded(header, key, replaced ? node + offset : 0, fresh + offset);
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
  const value = node + load<u32>(header, MAP_VALUE_OFFSET);
  if (left && right) {
    store<u32>(node, 1, NODE_BRANCH);
    tableRemoved(header, key, value);
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
  tableRemoved(header, key, value);
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
