/** BPF_MAP_TYPE_BLOOM_FILTER: values that were perhaps pushed, and values that surely were not. */
import { MAP_VALUE_SIZE } from "../../../abi";
import { BLOOM_BITS, BLOOM_HASHES, BLOOM_MASK, BLOOM_SEED } from "../../../maps/fields";
import { EINVAL, ENOENT } from "../../../maps/uapi";
import { jhash } from "./jhash";
import { isShared } from "./lock";

@inline
function bitOf(header: u32, value: u32, index: u32): u32 {
  return jhash(value, load<u32>(header, MAP_VALUE_SIZE), load<u32>(header, BLOOM_SEED) + index) & load<u32>(header, BLOOM_MASK);
}

export function bloom_push(header: u32, value: u32, flags: u64): i32 {
  if (flags) return -EINVAL;
  const bits = load<u32>(header, BLOOM_BITS);
  for (let i: u32 = 0, hashes = load<u32>(header, BLOOM_HASHES); i < hashes; i++) {
    const bit = bitOf(header, value, i);
    const word = bits + ((bit >> 5) << 2);
    const mask: u32 = 1 << (bit & 31);
    if (isShared()) atomic.or<u32>(word, mask);
    else store<u32>(word, load<u32>(word) | mask);
  }
  return 0;
}

/** 0 where the value was perhaps pushed, -ENOENT where it was not. */
export function bloom_peek(header: u32, value: u32): i32 {
  const bits = load<u32>(header, BLOOM_BITS);
  for (let i: u32 = 0, hashes = load<u32>(header, BLOOM_HASHES); i < hashes; i++) {
    const bit = bitOf(header, value, i);
    if (!((load<u32>(bits + ((bit >> 5) << 2)) >> (bit & 31)) & 1)) return -ENOENT;
  }
  return 0;
}
