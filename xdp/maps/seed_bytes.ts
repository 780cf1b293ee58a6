/**
 * Keys and values in seeds, from JSON to bytes. Taken are, for something of n bytes: a list of n bytes (numbers, or hex as bpftool
 * writes it), n bytes of hex in one string (`0x0a000001`, `0a 00 00 01`), an integer (little-endian), and what BTF describes.
 */
import { BtfValueError, type Json, parseValue } from "../object/index.js";
import type { BtfSpec } from "../object/spec.js";
import { SeedError, type SeedPlace } from "./seed_error.js";

/** What bytes are wanted, and where, for messages. */
export interface Wanted {
  /** `key` or `value`. */
  readonly what: string;
  readonly size: number;
  /** BTF type, 0 where unknown. */
  readonly typeId: number;
  readonly btf: BtfSpec | undefined;
  readonly place: SeedPlace;
}

const HEX_BYTE = /^(0x)?([0-9a-f]{1,2})$/i;
const HEX_STRING = /^(0x)?((?:[0-9a-f]{2}[\s:]?)*)$/i;

/** Bytes as the `key` and `value` of an entry give them. Throws {@link SeedError}. */
export function parseBytes(json: unknown, wanted: Wanted): Uint8Array {
  if (Array.isArray(json)) return parseList(json, wanted);
  if (typeof json === "string") {
    const bytes = parseHex(json);
    if (bytes !== undefined && (bytes.length === wanted.size || !hasType(wanted))) return sized(bytes, wanted);
  }
  if (hasType(wanted) && json !== undefined) return parseFormatted(json, wanted);
  if (typeof json === "number") return parseInteger(json, wanted);
  throw new SeedError(`${wanted.what} is ${JSON.stringify(json) ?? "missing"}; give ${wanted.size} bytes, as ["0x0a",…] or in one hex string`, wanted.place);
}

/** Bytes as BTF describes the type. Throws {@link SeedError}. */
export function parseFormatted(json: unknown, wanted: Wanted): Uint8Array {
  if (!hasType(wanted)) throw new SeedError(`formatted ${wanted.what} needs BTF, which the object does not have for this map; give ${wanted.size} bytes`, wanted.place);
  try {
    return sized(parseValue(wanted.btf as BtfSpec, wanted.typeId, json as Json), wanted);
  } catch (error) {
    if (error instanceof BtfValueError) throw new SeedError(`${wanted.what}: ${error.message}`, wanted.place, error);
    throw error;
  }
}

function hasType(wanted: Wanted): boolean {
  return wanted.btf !== undefined && wanted.typeId !== 0;
}

function sized(bytes: Uint8Array, wanted: Wanted): Uint8Array {
  if (bytes.length !== wanted.size) throw new SeedError(`${wanted.what} has ${bytes.length} bytes, expected ${wanted.size}`, wanted.place);
  return bytes;
}

function parseList(list: readonly unknown[], wanted: Wanted): Uint8Array {
  const bytes = list.map(parseByte);
  const bad = bytes.indexOf(undefined);
  if (bad >= 0 || bytes.length !== wanted.size) {
    // A list may also be an array as BTF describes it: 4 counters instead of 32 bytes.
    if (hasType(wanted) && !list.some((item) => typeof item === "string" && item.startsWith("0x"))) return parseFormatted(list, wanted);
    if (bad >= 0) throw new SeedError(`${wanted.what} has ${JSON.stringify(list[bad])} as byte ${bad}, which is no byte`, wanted.place);
  }
  return sized(Uint8Array.from(bytes as number[]), wanted);
}

function parseByte(item: unknown): number | undefined {
  if (typeof item === "number") return Number.isInteger(item) && item >= 0 && item <= 255 ? item : undefined;
  const match = typeof item === "string" ? HEX_BYTE.exec(item) : null;
  return match === null ? undefined : Number.parseInt(match[2] as string, 16);
}

function parseHex(text: string): Uint8Array | undefined {
  const match = HEX_STRING.exec(text.trim());
  return match === null ? undefined : Uint8Array.from(Buffer.from((match[2] as string).replace(/[\s:]/g, ""), "hex"));
}

function parseInteger(number: number, wanted: Wanted): Uint8Array {
  const { size } = wanted;
  const limit = size < 7 ? 2 ** (8 * size) : Number.MAX_SAFE_INTEGER;
  if (!Number.isSafeInteger(number) || size > 8 || number >= limit || number < -limit / 2) throw new SeedError(`${wanted.what} ${number} is no integer of ${size} bytes`, wanted.place);
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, BigInt(number), true);
  return bytes.slice(0, size);
}
