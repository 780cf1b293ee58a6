/**
 * RSS hash keys: the well-known ones, and reading them as ethtool writes them.
 */
import { RssError } from "./errors.js";

/** The key of Microsoft's verification suite, which many drivers use by default; 40 bytes. */
export const MICROSOFT_KEY = "6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa";

/** Longest key that the kernel knows (NETDEV_RSS_KEY_LEN is 52); devices take at most this many bytes. */
const MAX_KEY_BYTES = 256;

/** The key `6d5a` repeated: both directions of a flow get the same hash. `bytes` is even, 40 or 52 for usual devices. */
export function symmetricKey(bytes = 40): Uint8Array {
  const key = new Uint8Array(bytes);
  for (let i = 0; i < bytes; i++) key[i] = i % 2 === 0 ? 0x6d : 0x5a;
  return key;
}

/**
 * Reads a key: `symmetric`, `microsoft`, or hex digits with or without colons between bytes, as `ethtool -X … hkey` takes it.
 * `bytes`, where given, is the length that the device wants (40 and 52 are usual). Throws {@link RssError}.
 */
export function parseKey(text: string, bytes?: number): Uint8Array {
  if (text === "symmetric") return symmetricKey(bytes ?? 40);
  if (text === "microsoft") return fit(fromHex(MICROSOFT_KEY), bytes ?? 40);
  const hex = text.includes(":") ? pairs(text) : text.replace(/^0x/i, "");
  if (hex.length === 0 || hex.length % 2 !== 0 || !/^[0-9a-f]+$/i.test(hex)) {
    throw new RssError("key", `RSS key '${shorten(text)}' is not hex bytes: write it as 6d:5a:… or 6d5a…, or 'symmetric'`);
  }
  const key = fromHex(hex);
  if (key.length > MAX_KEY_BYTES) throw new RssError("key", `RSS key has ${key.length} bytes, and no device takes more than ${MAX_KEY_BYTES}`);
  if (bytes !== undefined && key.length !== bytes) {
    throw new RssError("key", `RSS key has ${key.length} bytes, and the device takes ${bytes}: give exactly ${bytes}, or 'symmetric'`);
  }
  return key;
}

/** Longer devices repeat the Microsoft key from its start, so that the first 40 bytes, which all hashes use, stay as they are. */
function fit(key: Uint8Array, bytes: number): Uint8Array {
  const out = new Uint8Array(bytes);
  for (let i = 0; i < bytes; i++) out[i] = key[i % key.length];
  return out;
}

function pairs(text: string): string {
  const parts = text.split(":");
  return parts.every((part) => /^[0-9a-f]{1,2}$/i.test(part)) ? parts.map((part) => part.padStart(2, "0")).join("") : "";
}

function fromHex(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16);
  return bytes;
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
