/** SipHash-2-4 of 64-bit words (Aumasson, Bernstein: SipHash, a fast short-input PRF). */
let v0: u64 = 0;
let v1: u64 = 0;
let v2: u64 = 0;
let v3: u64 = 0;
let words: u64 = 0;

function round(): void {
  v0 += v1;
  v1 = rotl<u64>(v1, 13) ^ v0;
  v0 = rotl<u64>(v0, 32);
  v2 += v3;
  v3 = rotl<u64>(v3, 16) ^ v2;
  v0 += v3;
  v3 = rotl<u64>(v3, 21) ^ v0;
  v2 += v1;
  v1 = rotl<u64>(v1, 17) ^ v2;
  v2 = rotl<u64>(v2, 32);
}

/** Starts a hash with a key. */
export function siphash_begin(k0: u64, k1: u64): void {
  v0 = 0x736f6d6570736575 ^ k0;
  v1 = 0x646f72616e646f6d ^ k1;
  v2 = 0x6c7967656e657261 ^ k0;
  v3 = 0x7465646279746573 ^ k1;
  words = 0;
}

/** Adds a word. */
export function siphash_word(word: u64): void {
  v3 ^= word;
  round();
  round();
  v0 ^= word;
  words++;
}

/** Ends the hash. */
export function siphash(): u64 {
  siphash_word((words * 8) << 56);
  v2 ^= 0xff;
  round();
  round();
  round();
  round();
  return v0 ^ v1 ^ v2 ^ v3;
}
