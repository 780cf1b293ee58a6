/** Where a redirect through a map goes. */
import { MAP_TYPE } from "../../../abi";
import { HASH_VALUE_OFFSET } from "../../../maps/fields";
import { BPF_MAP_TYPE_CPUMAP, BPF_MAP_TYPE_DEVMAP, BPF_MAP_TYPE_DEVMAP_HASH, BPF_MAP_TYPE_XSKMAP, ENOENT, EOPNOTSUPP } from "../../../maps/uapi";
import { targetAt } from "./devmap";
import { findElement } from "./hash";
import { socketAt } from "./xskmap";

/**
 * Writes the target of entry `key` (the number itself, not an address) to the u32 at `out`: ifindex, CPU or socket.
 * Also writes to `out` before it looks, since it uses the place for the key. 0, -ENOENT, or -EOPNOTSUPP for maps that nothing is redirected to.
 */
export function map_redirect_target(header: u32, key: u32, out: u32): i32 {
  let target: u32 = 0;
  switch (load<u32>(header, MAP_TYPE)) {
    case BPF_MAP_TYPE_DEVMAP: {
      const entry = targetAt(header, key);
      if (entry) target = load<u32>(entry);
      break;
    }
    case BPF_MAP_TYPE_DEVMAP_HASH: {
      store<u32>(out, key);
      const element = findElement(header, out);
      if (element) target = load<u32>(element + load<u32>(header, HASH_VALUE_OFFSET));
      break;
    }
    case BPF_MAP_TYPE_CPUMAP: {
      if (targetAt(header, key) == 0) return -ENOENT;
      store<u32>(out, key);
      return 0;
    }
    case BPF_MAP_TYPE_XSKMAP:
      target = socketAt(header, key);
      break;
    default: return -EOPNOTSUPP;
  }
  if (target == 0) return -ENOENT;
  store<u32>(out, target);
  return 0;
}
