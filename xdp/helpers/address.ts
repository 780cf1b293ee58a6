/** IP and MAC addresses as text, to bytes in network order. */

/** Thrown for text that is not an address; `text` is what was given. */
export class AddressError extends Error {
  readonly text: string;
  constructor(text: string, expected: string) {
    super(`"${text}" is not ${expected}`);
    this.name = "AddressError";
    this.text = text;
  }
}

/** An IPv4 (4 bytes) or IPv6 (16 bytes) address. Throws {@link AddressError}. */
export function parseIp(text: string): Uint8Array {
  const bytes = text.includes(":") ? parseIpv6(text) : parseIpv4(text);
  if (!bytes) throw new AddressError(text, "an IPv4 or IPv6 address");
  return bytes;
}

/** `10.0.0.0/8`; bits behind the length are cleared, a missing length is the address's own. Throws {@link AddressError}. */
export function parsePrefix(text: string): { readonly address: Uint8Array; readonly length: number } {
  const parts = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text === "default" ? "0.0.0.0/0" : text);
  if (!parts) throw new AddressError(text, "a prefix such as 10.0.0.0/8");
  const address = parseIp(parts[1] as string);
  const bits = address.length * 8;
  const length = parts[2] === undefined ? bits : Number(parts[2]);
  if (length > bits) throw new AddressError(text, `a prefix: the length is at most ${bits}`);
  for (let i = 0; i < address.length; i++) {
    const kept = Math.min(8, Math.max(0, length - i * 8));
    address[i] = (address[i] as number) & (0xff << (8 - kept));
  }
  return { address, length };
}

/** `02:00:00:00:00:01`. Throws {@link AddressError}. */
export function parseMac(text: string): Uint8Array {
  if (!/^[0-9a-f]{1,2}([:-][0-9a-f]{1,2}){5}$/i.test(text)) throw new AddressError(text, "a MAC address such as 02:00:00:00:00:01");
  return Uint8Array.from(text.split(/[:-]/), (part) => Number.parseInt(part, 16));
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)) return undefined;
  return Uint8Array.from(parts, Number);
}

function parseIpv6(text: string): Uint8Array | undefined {
  let rest = text;
  let tail: Uint8Array = new Uint8Array(0);
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (dotted) {
    const ipv4 = parseIpv4(dotted[2] as string);
    if (!ipv4) return undefined;
    tail = ipv4;
    // The colon before the dotted part belongs to it, unless it is half of "::".
    rest = (dotted[1] as string).endsWith("::") ? (dotted[1] as string) : (dotted[1] as string).slice(0, -1);
  }
  const halves = rest.split("::");
  if (halves.length > 2) return undefined;
  const groups = halves.map((half) => (half === "" ? [] : half.split(":")));
  if (!groups.flat().every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  const [head = [], end = []] = groups;
  const given = (head.length + end.length) * 2 + tail.length;
  if (halves.length === 1 ? given !== 16 : given > 14) return undefined;
  const bytes = new Uint8Array(16);
  const put = (at: number, list: readonly string[]): void => list.forEach((group, i) => {
    const value = Number.parseInt(group, 16);
    bytes[at + i * 2] = value >> 8;
    bytes[at + i * 2 + 1] = value & 255;
  });
  put(0, head);
  put(16 - tail.length - end.length * 2, end);
  bytes.set(tail, 16 - tail.length);
  return bytes;
}
