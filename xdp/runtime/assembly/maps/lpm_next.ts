/** Going through all prefixes of a BPF_MAP_TYPE_LPM_TRIE. */
import { LPM_DATA_SIZE, LPM_ROOT, NODE_BRANCH, NODE_CHILD, NODE_DATA, NODE_PREFIX } from "../../../maps/fields";
import { ENOENT } from "../../../maps/uapi";
import { copyBytes } from "./bytes";
import { KEY_DATA, childToward, commonBits, findField, maxPrefix } from "./lpm_lookup";

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
