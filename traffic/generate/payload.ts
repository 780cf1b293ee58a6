/** Small writers for application payloads that dissectors and programs read as the real thing. */
import type { Random } from "./random.js";

/** Parts joined to one run of bytes; text is UTF-8, numbers are single bytes. */
export function join(...parts: readonly (Uint8Array | string | number)[]): Uint8Array {
  const pieces = parts.map((part) => (typeof part === "number" ? Uint8Array.of(part) : typeof part === "string" ? new TextEncoder().encode(part) : part));
  const out = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}

/** Two bytes, network order. */
export function u16(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value);
}

/** Four bytes, network order. */
export function u32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";

/** Random lower-case letters and digits. */
export function randomText(random: Random, length: number): string {
  let text = "";
  for (let i = 0; i < length; i++) text += LETTERS[random.below(LETTERS.length)];
  return text;
}

/** An element of BER (X.690) with a definite length. */
export function ber(tag: number, ...content: readonly (Uint8Array | string | number)[]): Uint8Array {
  const body = join(...content);
  const length = body.length < 0x80 ? Uint8Array.of(body.length) : join(0x82, u16(body.length));
  return join(tag, length, body);
}
