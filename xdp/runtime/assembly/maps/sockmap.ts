/**
 * BPF_MAP_TYPE_SOCKMAP and BPF_MAP_TYPE_SOCKHASH: entries are sockets of the scenario's network, by their addresses, which is
 * what programs get from a lookup and put in with an update. The control plane has no sockets to put in.
 */
import { MAP_MAX_ENTRIES, MAP_TYPE } from "../../../abi";
import { HASH_VALUE_OFFSET, SLOTS_DATA } from "../../../maps/fields";
import { BPF_EXIST, BPF_MAP_TYPE_SOCKMAP, BPF_NOEXIST, E2BIG, EEXIST, EINVAL, ENOENT, EOPNOTSUPP } from "../../../maps/uapi";
import { is_socket, socket_may_be_kept } from "../helpers/socket";
import { findElement, hash_update } from "./hash";

/** Address of the socket, or 0. */
export function sockmap_lookup(header: u32, key: u32, cpu: u32): u32 {
  if (load<u32>(header, MAP_TYPE) != BPF_MAP_TYPE_SOCKMAP) {
    const element = findElement(header, key);
    return element == 0 ? 0 : load<u32>(element + load<u32>(header, HASH_VALUE_OFFSET));
  }
  const index = load<u32>(key);
  return index >= load<u32>(header, MAP_MAX_ENTRIES) ? 0 : load<u32>(load<u32>(header, SLOTS_DATA) + (index << 2));
}

/** From programs only: `socket` is what a lookup gave them. */
export function sockmap_update(header: u32, key: u32, socket: u32, flags: u64, cpu: u32): i32 {
  if (!is_socket(u64(socket))) return -EINVAL;
  if (!socket_may_be_kept(socket)) return -EOPNOTSUPP;
  if (flags > <u64>BPF_EXIST) return -EINVAL;
  if (load<u32>(header, MAP_TYPE) != BPF_MAP_TYPE_SOCKMAP) {
    const result = hash_update(header, key, socket, flags, cpu);
    if (result == 0) store<u32>(findElement(header, key) + load<u32>(header, HASH_VALUE_OFFSET), socket);
    return result;
  }
  const index = load<u32>(key);
  if (index >= load<u32>(header, MAP_MAX_ENTRIES)) return -E2BIG;
  const slot = load<u32>(header, SLOTS_DATA) + (index << 2);
  const exists = load<u32>(slot) != 0;
  if (exists && flags == BPF_NOEXIST) return -EEXIST;
  if (!exists && flags == BPF_EXIST) return -ENOENT;
  store<u32>(slot, socket);
  return 0;
}

export function deleteSocket(header: u32, key: u32): i32 {
  const index = load<u32>(key);
  if (index >= load<u32>(header, MAP_MAX_ENTRIES)) return -EINVAL;
  const slot = load<u32>(header, SLOTS_DATA) + (index << 2);
  if (load<u32>(slot) == 0) return -EINVAL;
  store<u32>(slot, 0);
  return 0;
}
