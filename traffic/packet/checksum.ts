/**
 * The internet checksum (RFC 1071), its pseudo headers (RFC 9293 section 3.1, RFC 8200 section 8.1) and its
 * incremental update (RFC 1624). It knows bytes and ranges, no protocol.
 */
import { get16, put16 } from "./bytes.js";

/** Addresses that a transport checksum covers, by their place in the frame. */
export interface PseudoHeader {
  readonly version: 4 | 6;
  /** First byte of the source address. */
  readonly srcAt: number;
  /** First byte of the final destination address. */
  readonly dstAt: number;
}

/**
 * What a look at a checksum says: `good` and `bad` were computed; `absent` is a checksum that the protocol lets
 * the sender leave out; `unknown` covers bytes that the frame does not hold (fragments, cut packets).
 */
export type ChecksumState = "good" | "bad" | "absent" | "unknown";

/** For the builder: a literal value, or `"wrong"` for a value that is certain not to verify. */
export type ChecksumOverride = number | "wrong";

/** Adds `bytes[start..end)` as 16-bit words to `sum`; an odd last byte counts as the high half of a word. */
export function addBytes(bytes: Uint8Array, start: number, end: number, sum = 0): number {
  let total = sum;
  let at = start;
  for (; at + 1 < end; at += 2) total += (bytes[at] << 8) | bytes[at + 1];
  if (at < end) total += bytes[at] << 8;
  return total;
}

/** A sum of words folded to 16 bits with end-around carry. */
export function foldSum(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000);
  return folded;
}

/** The checksum of `bytes[start..end)`, given the sum of what else it covers. */
export function internetChecksum(bytes: Uint8Array, start = 0, end: number = bytes.length, sum = 0): number {
  return ~foldSum(addBytes(bytes, start, end, sum)) & 0xffff;
}

/** Sum of the pseudo header of a transport segment of `length` bytes in `bytes`. */
export function pseudoHeaderSum(bytes: Uint8Array, pseudo: PseudoHeader, protocol: number, length: number): number {
  const size = pseudo.version === 4 ? 4 : 16;
  let sum = addBytes(bytes, pseudo.srcAt, pseudo.srcAt + size);
  sum = addBytes(bytes, pseudo.dstAt, pseudo.dstAt + size, sum);
  return sum + protocol + (length & 0xffff) + (length >>> 16);
}

/** The checksum after one 16-bit word that it covers changed from `from` to `to` (RFC 1624, equation 3). */
export function updateChecksum(checksum: number, from: number, to: number): number {
  return ~foldSum((~checksum & 0xffff) + (~from & 0xffff) + to) & 0xffff;
}

/** Whether the range, its checksum field included, sums up to a valid checksum. */
export function sumsUp(bytes: Uint8Array, start: number, end: number, sum = 0): boolean {
  return foldSum(addBytes(bytes, start, end, sum)) === 0xffff;
}

/**
 * Writes at `at` the checksum of `bytes[start..end)`, which covers the field itself.
 * @param zeroAs what to write for a checksum of zero: UDP writes 0xffff, as its 0 means "none"
 */
export function fillChecksum(bytes: Uint8Array, at: number, start: number, end: number, sum = 0, zeroAs = 0): void {
  put16(bytes, at, 0);
  put16(bytes, at, internetChecksum(bytes, start, end, sum) || zeroAs);
}

/** Replaces the right checksum at `at` by what the builder was told to forge. */
export function forgeChecksum(bytes: Uint8Array, at: number, override: ChecksumOverride | undefined): void {
  if (override === undefined) return;
  if (override !== "wrong") return put16(bytes, at, override);
  const right = get16(bytes, at);
  put16(bytes, at, right === 0x1234 ? 0x2341 : right ^ 0x1234);
}
