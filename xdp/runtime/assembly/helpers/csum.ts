/** The Internet checksum's helper, as kernels from 6.13 on have it: any size, and a sum folded to 16 bits. */

/** Adds with the carry coming back in, in one's complement. */
function add32(a: u32, b: u32): u32 {
  const sum = u64(a) + u64(b);
  return u32(sum) + u32(sum >> 32);
}

/** Sum of the bytes as little-endian words of 32 bits, the last filled with zeros. */
function csum_partial(address: u32, length: u32, seed: u32): u32 {
  // At most 2^29 bytes: 2^27 words do not overflow 64 bits.
  let sum = u64(seed);
  let i: u32 = 0;
  for (; i + 4 <= length; i += 4) sum += u64(load<u32>(address + i));
  for (let shift: u64 = 0; i < length; i++, shift += 8) sum += u64(load<u8>(address + i)) << shift;
  sum = (sum & 0xffffffff) + (sum >> 32);
  return add32(u32(sum), u32(sum >> 32));
}

function fold16(sum: u32): u32 {
  const half = (sum & 0xffff) + (sum >> 16);
  return (half & 0xffff) + (half >> 16);
}

export function bpf_csum_diff(env: u32, from: u64, from_size: u64, to: u64, to_size: u64, seed: u64): u64 {
  const removed = u32(from_size);
  const added = u32(to_size);
  let sum = u32(seed);
  if (removed && added) sum = add32(csum_partial(u32(to), added, sum), ~csum_partial(u32(from), removed, 0));
  else if (added) sum = csum_partial(u32(to), added, sum);
  else if (removed) sum = ~csum_partial(u32(from), removed, ~sum);
  return u64(fold16(sum));
}
