/** Bob Jenkins' lookup3 hash (2006, public domain) as the kernel seeds it, so that a filter with BPF_F_ZERO_SEED errs where the kernel's errs. */

let a: u32 = 0;
let b: u32 = 0;
let c: u32 = 0;

@inline
function mix(): void {
  a -= c;
  a ^= rotl<u32>(c, 4);
  c += b;
  b -= a;
  b ^= rotl<u32>(a, 6);
  a += c;
  c -= b;
  c ^= rotl<u32>(b, 8);
  b += a;
  a -= c;
  a ^= rotl<u32>(c, 16);
  c += b;
  b -= a;
  b ^= rotl<u32>(a, 19);
  a += c;
  c -= b;
  c ^= rotl<u32>(b, 4);
  b += a;
}

@inline
function finish(): u32 {
  c ^= b;
  c -= rotl<u32>(b, 14);
  a ^= c;
  a -= rotl<u32>(c, 11);
  b ^= a;
  b -= rotl<u32>(a, 25);
  c ^= b;
  c -= rotl<u32>(b, 16);
  a ^= c;
  a -= rotl<u32>(c, 4);
  b ^= a;
  b -= rotl<u32>(a, 14);
  c ^= b;
  c -= rotl<u32>(b, 24);
  return c;
}

/** Little-endian word of the last `bytes` bytes, 1 to 4. */
function partial(at: u32, bytes: u32): u32 {
  let word: u32 = 0;
  for (let i: u32 = 0; i < bytes; i++) word |= <u32>load<u8>(at + i) << (i << 3);
  return word;
}

/** Of whole words and of bytes alike: the kernel has one function for each, with the same result. */
export function jhash(at: u32, bytes: u32, seed: u32): u32 {
  a = 0xdeadbeef + bytes + seed;
  b = a;
  c = a;
  let left = bytes;
  for (; left > 12; left -= 12, at += 12) {
    a += load<u32>(at);
    b += load<u32>(at, 4);
    c += load<u32>(at, 8);
    mix();
  }
  if (left == 0) return c;
  a += partial(at, min<u32>(left, 4));
  if (left > 4) b += partial(at + 4, min<u32>(left - 4, 4));
  if (left > 8) c += partial(at + 8, left - 8);
  return finish();
}
