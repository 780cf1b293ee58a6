/** BPF_MAP_TYPE_DEVMAP_HASH: a hash whose values are struct bpf_devmap_val, of which programs see 4 or 8 bytes. */
import { HASH_VALUE_OFFSET } from "../../../maps/fields";
import { BPF_ANY, BPF_EXIST, BPF_NOEXIST, EEXIST, EINVAL } from "../../../maps/uapi";
import { isProgramFit, valueProgram } from "./devmap";
import { findElement, hash_update } from "./hash";

/** Control plane only. The kernel does not look at BPF_EXIST here. */
export function updateDevmapHash(header: u32, key: u32, value: u32, flags: u64): i32 {
  if (flags > <u64>BPF_EXIST || load<u32>(value) == 0 || !isProgramFit(header, valueProgram(header, value))) return -EINVAL;
  if (flags == BPF_NOEXIST && findElement(header, key)) return -EEXIST;
  const result = hash_update(header, key, value, BPF_ANY, 0);
  if (result == 0) store<u32>(findElement(header, key) + load<u32>(header, HASH_VALUE_OFFSET), valueProgram(header, value), 4);
  return result;
}
