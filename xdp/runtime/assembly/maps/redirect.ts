/** Where a redirect through a map goes. */
import { MAP_TYPE, MAP_VALUE_SIZE } from "../../../abi";
import { HASH_VALUE_OFFSET, TARGET_SECOND } from "../../../maps/fields";
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

/**
 * Number + 1 in the machine's table of the program that entry `key` carries, 0 where it carries none. `out`: 4 bytes for the key.
 */
export function map_redirect_program(header: u32, key: u32, out: u32): u32 {
  if (load<u32>(header, MAP_VALUE_SIZE) < 8) return 0;
  switch (load<u32>(header, MAP_TYPE)) {
    case BPF_MAP_TYPE_DEVMAP:
    case BPF_MAP_TYPE_CPUMAP: {
      const entry = targetAt(header, key);
      return entry == 0 ? 0 : load<u32>(entry, TARGET_SECOND);
    }
    case BPF_MAP_TYPE_DEVMAP_HASH: {
      store<u32>(out, key);
      const element = findElement(header, out);
      return element == 0 ? 0 : load<u32>(element + load<u32>(header, HASH_VALUE_OFFSET), TARGET_SECOND);
    }
    default: return 0;
  }
}
