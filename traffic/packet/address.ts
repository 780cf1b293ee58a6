/**
 * Addresses as people write them: MAC, IPv4 (dotted quad), IPv6 (parsed as RFC 4291, printed as RFC 5952).
 * Bytes in network order are the one form that the rest of the room uses.
 */

/** What an address may be given as: text, or its bytes in network order. */
export type AddressLike = string | Uint8Array;

/** Text that is not the address or prefix that it should be. */
export class AddressError extends Error {
  override readonly name = "AddressError";
  /** What was read. */
  readonly text: string;

  constructor(text: string, message: string) {
    super(`${JSON.stringify(text)} ${message}`);
    this.text = text;
  }
}

/** Six bytes of `aa:bb:cc:dd:ee:ff` or `aa-bb-cc-dd-ee-ff`. */
export function parseMac(text: string): Uint8Array {
  const match = /^[0-9a-f]{1,2}([:-])(?:[0-9a-f]{1,2}\1){4}[0-9a-f]{1,2}$/i.exec(text);
  if (match === null) throw new AddressError(text, "is not a MAC address; write six pairs of hex digits, such as 02:00:00:00:00:01");
  return Uint8Array.from(text.split(match[1]), (part) => Number.parseInt(part, 16));
}

/** `aa:bb:cc:dd:ee:ff` of six bytes. */
export function formatMac(bytes: Uint8Array): string {
  return Array.from(bytes.subarray(0, 6), (byte) => byte.toString(16).padStart(2, "0")).join(":");
}

/** Four bytes of a dotted quad. Leading zeros are refused, as readers disagree on whether they mean octal. */
export function parseIpv4(text: string): Uint8Array {
  const address = tryIpv4(text);
  if (address === null) throw new AddressError(text, "is not an IPv4 address; write four numbers from 0 to 255, such as 192.0.2.1");
  return address;
}

function tryIpv4(text: string): Uint8Array | null {
  const parts = text.split(".");
  if (parts.length !== 4) return null;
  const bytes = new Uint8Array(4);
  for (let i = 0; i < 4; i++) {
    if (!/^(?:0|[1-9]\d{0,2})$/.test(parts[i]) || Number(parts[i]) > 255) return null;
    bytes[i] = Number(parts[i]);
  }
  return bytes;
}

/** The dotted quad of four bytes. */
export function formatIpv4(bytes: Uint8Array): string {
  return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`;
}

/** Sixteen bytes of an IPv6 address; zone identifiers (`%eth0`) are refused. */
export function parseIpv6(text: string): Uint8Array {
  const bytes = tryIpv6(text);
  if (bytes === null) throw new AddressError(text, "is not an IPv6 address; write up to eight groups of hex digits, such as 2001:db8::1");
  return bytes;
}

function tryIpv6(text: string): Uint8Array | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const head = groups(halves[0], halves.length === 1);
  const tail = halves.length === 2 ? groups(halves[1], true) : [];
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  // "::" stands for at least one group (RFC 4291 2.2).
  if (halves.length === 1 ? missing !== 0 : missing < 1) return null;
  const all = [...head, ...Array<number>(missing).fill(0), ...tail];
  const bytes = new Uint8Array(16);
  all.forEach((group, i) => {
    bytes[2 * i] = group >>> 8;
    bytes[2 * i + 1] = group;
  });
  return bytes;
}

/** The 16-bit groups of one side of "::"; the last may be a dotted quad where the address ends. */
function groups(text: string, last: boolean): number[] | null {
  if (text === "") return [];
  const found: number[] = [];
  const parts = text.split(":");
  for (const [i, part] of parts.entries()) {
    if (last && i === parts.length - 1 && part.includes(".")) {
      const quad = tryIpv4(part);
      if (quad === null) return null;
      found.push((quad[0] << 8) | quad[1], (quad[2] << 8) | quad[3]);
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) {
      found.push(Number.parseInt(part, 16));
    } else {
      return null;
    }
  }
  return found;
}

/** The canonical text of sixteen bytes (RFC 5952); IPv4-mapped addresses end in a dotted quad. */
export function formatIpv6(bytes: Uint8Array): string {
  const words = Array.from({ length: 8 }, (_, i) => (bytes[2 * i] << 8) | bytes[2 * i + 1]);
  if (words[5] === 0xffff && words.slice(0, 5).every((word) => word === 0)) {
    return `::ffff:${formatIpv4(bytes.subarray(12))}`;
  }
  const run = longestZeroRun(words);
  if (run.length < 2) return hexGroups(words);
  return `${hexGroups(words.slice(0, run.start))}::${hexGroups(words.slice(run.start + run.length))}`;
}

function hexGroups(words: readonly number[]): string {
  return words.map((word) => word.toString(16)).join(":");
}

/** The first of the longest runs of zero groups (RFC 5952 4.2.3). */
function longestZeroRun(words: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < words.length; start++) {
    let length = 0;
    while (start + length < words.length && words[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  return best;
}

/** Four or sixteen bytes of an IPv4 or IPv6 address. */
export function parseIp(text: string): Uint8Array {
  const address = tryIpv4(text) ?? tryIpv6(text);
  if (address === null) throw new AddressError(text, "is not an IP address; write one such as 192.0.2.1 or 2001:db8::1");
  return address;
}

/** The text of four or sixteen bytes. */
export function formatIp(bytes: Uint8Array): string {
  return bytes.length === 4 ? formatIpv4(bytes) : formatIpv6(bytes);
}

/** The bytes of an address in either form; `bytes` of another length are an {@link AddressError}. */
export function macBytes(address: AddressLike): Uint8Array {
  return typeof address === "string" ? parseMac(address) : sized(address, 6, "a MAC address");
}

/** See {@link macBytes}. */
export function ipv4Bytes(address: AddressLike): Uint8Array {
  return typeof address === "string" ? parseIpv4(address) : sized(address, 4, "an IPv4 address");
}

/** See {@link macBytes}. */
export function ipv6Bytes(address: AddressLike): Uint8Array {
  return typeof address === "string" ? parseIpv6(address) : sized(address, 16, "an IPv6 address");
}

/** Four or sixteen bytes of an address in either form. */
export function ipBytes(address: AddressLike): Uint8Array {
  if (typeof address === "string") return parseIp(address);
  return address.length === 4 ? address : sized(address, 16, "an IP address");
}

function sized(bytes: Uint8Array, size: number, what: string): Uint8Array {
  if (bytes.length !== size) throw new AddressError(`${bytes.length} bytes`, `are not ${what}; give ${size}`);
  return bytes;
}
