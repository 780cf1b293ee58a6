/** BPF_MAP_TYPE_XSKMAP: an AF_XDP socket an entry. A program that looks one up reads struct bpf_xdp_sock: the socket's queue, which is the entry's index. */
import { MAP_DATA, MAP_MAX_ENTRIES } from "../../../abi";
import { TARGET_SECOND } from "../../../maps/fields";
import { BPF_EXIST, BPF_NOEXIST, E2BIG, EEXIST, EINVAL, ENOENT } from "../../../maps/uapi";

/** The socket at `index`, or 0. */
@inline
export function socketAt(header: u32, index: u32): u32 {
  if (index >= load<u32>(header, MAP_MAX_ENTRIES)) return 0;
  return load<u32>(load<u32>(header, MAP_DATA) + (index << 3), TARGET_SECOND);
}

export function xskmap_lookup(header: u32, key: u32, cpu: u32): u32 {
  const index = load<u32>(key);
  return socketAt(header, index) == 0 ? 0 : load<u32>(header, MAP_DATA) + (index << 3);
}

/** Control plane only. The value is the socket's number, not 0. */
export function updateXskmap(header: u32, key: u32, value: u32, flags: u64): i32 {
  const index = load<u32>(key);
  if (flags > <u64>BPF_EXIST) return -EINVAL;
  if (index >= load<u32>(header, MAP_MAX_ENTRIES)) return -E2BIG;
  const socket = load<u32>(value);
  if (socket == 0) return -EINVAL;
  const old = socketAt(header, index);
  if (old == socket) return 0;
  const exists = old != 0;
  if (exists && flags == BPF_NOEXIST) return -EEXIST;
  if (!exists && flags == BPF_EXIST) return -ENOENT;
  const entry = load<u32>(header, MAP_DATA) + (index << 3);
  store<u32>(entry, index);
  store<u32>(entry, socket, TARGET_SECOND);
  return 0;
}

/** Control plane only. */
export function deleteXskmap(header: u32, key: u32): i32 {
  const index = load<u32>(key);
  if (index >= load<u32>(header, MAP_MAX_ENTRIES)) return -EINVAL;
  store<u32>(load<u32>(header, MAP_DATA) + (index << 3), 0, TARGET_SECOND);
  return 0;
}
