/** Prefixes (CIDR) of both IP families: parse, print, contain. */
import { AddressError, formatIp, parseIp } from "./address.js";

/** A network: the address with its host bits cleared, and how many bits count. */
export interface Prefix {
  /** Four or sixteen bytes, network order, host bits zero. */
  readonly address: Uint8Array;
  /** Bits that count: 0 to 32, or 0 to 128. */
  readonly bits: number;
}

/**
 * The prefix of `192.0.2.0/24`, `2001:db8::/32`, or of a lone address, which is a prefix of full length.
 * Host bits that are set are refused: they are more often a slip than a wish.
 */
export function parsePrefix(text: string): Prefix {
  const slash = text.indexOf("/");
  const address = parseIp(slash < 0 ? text : text.slice(0, slash));
  const width = address.length * 8;
  if (slash < 0) return { address, bits: width };
  const length = text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(length) || Number(length) > width) {
    throw new AddressError(text, `has no prefix length from 0 to ${width}; write one such as ${formatIp(address)}/${width}`);
  }
  const bits = Number(length);
  const masked = maskAddress(address, bits);
  if (masked.some((byte, i) => byte !== address[i])) {
    throw new AddressError(text, `has host bits set; did you mean ${formatIp(masked)}/${bits}?`);
  }
  return { address, bits };
}

/** `192.0.2.0/24`, in canonical form. */
export function formatPrefix(prefix: Prefix): string {
  return `${formatIp(prefix.address)}/${prefix.bits}`;
}

/** Whether `address` (four or sixteen bytes) lies in `prefix`; addresses of the other family never do. */
export function prefixContains(prefix: Prefix, address: Uint8Array): boolean {
  if (address.length !== prefix.address.length) return false;
  const whole = prefix.bits >> 3;
  for (let i = 0; i < whole; i++) if (address[i] !== prefix.address[i]) return false;
  const rest = prefix.bits & 7;
  return rest === 0 || (address[whole] ^ prefix.address[whole]) >> (8 - rest) === 0;
}

/** A copy of `address` with all but its first `bits` bits cleared. */
export function maskAddress(address: Uint8Array, bits: number): Uint8Array {
  return address.map((byte, i) => {
    const keep = Math.min(8, Math.max(0, bits - 8 * i));
    return byte & (0xff00 >> keep) & 0xff;
  });
}
