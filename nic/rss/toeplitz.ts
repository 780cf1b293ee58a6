/**
 * The Toeplitz hash, table-driven: for each byte of the input one table of 256 words, so that a hash is one load and one
 * exclusive-or a byte. Source: Microsoft, "RSS hashing functions" (Windows driver documentation).
 */

/** Longest input: IPv6 source and destination, and four bytes of layer 4. */
export const MAX_INPUT_BYTES = 36;

/**
 * Builds the tables of `key`: `table[position * 256 + byte]` is what `byte` at `position` of the input contributes.
 * Key bits behind the key's end count as 0; a key covers every input whole from 40 bytes on.
 */
export function toeplitzTable(key: Uint8Array, inputBytes = MAX_INPUT_BYTES): Uint32Array {
  const table = new Uint32Array(inputBytes * 256);
  for (let position = 0; position < inputBytes; position++) {
    const base = position * 256;
    // By powers of 2, each with all that is below it: the last bit of the byte first.
    for (let bit = 1, at = position * 8 + 7; bit < 256; bit <<= 1, at--) {
      const window = keyWindow(key, at);
      for (let below = 0; below < bit; below++) table[base + bit + below] = table[base + below] ^ window;
    }
  }
  return table;
}

/** Hash of `length` bytes of `bytes` from `start` on, at most as many as the table was built for. An unsigned 32-bit number. */
export function toeplitzHash(table: Uint32Array, bytes: Uint8Array, start = 0, length = bytes.length - start): number {
  let hash = 0;
  for (let i = 0; i < length; i++) hash ^= table[i * 256 + bytes[start + i]];
  return hash >>> 0;
}

/** The 32 bits of the key that begin at bit `at`. */
function keyWindow(key: Uint8Array, at: number): number {
  const byte = at >>> 3;
  const shift = at & 7;
  const high = ((keyByte(key, byte) << 24) | (keyByte(key, byte + 1) << 16) | (keyByte(key, byte + 2) << 8) | keyByte(key, byte + 3)) >>> 0;
  if (shift === 0) return high;
  return ((high << shift) | (keyByte(key, byte + 4) >>> (8 - shift))) >>> 0;
}

function keyByte(key: Uint8Array, at: number): number {
  return at < key.length ? key[at] : 0;
}
