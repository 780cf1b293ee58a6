/**
 * Values as BTF describes them, between bytes and JSON: the "formatted" part of `bpftool -j map dump`.
 * Two things differ, because JSON readers cannot hold them: members of anonymous structs and unions stand among those of the
 * struct around them (bpftool: an empty name, repeated), and integers beyond 2^53 are decimal strings.
 */
import { resolved, sizeOfType, typeName } from "./btf_types.js";
import type { BtfMember, BtfSpec, BtfType } from "./spec.js";

/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

type Struct = Extract<BtfType, { kind: "struct" | "union" }>;

/** A value that does not fit its type. */
export class BtfValueError extends Error {
  override readonly name = "BtfValueError";
  /** Where in the value, for example `value.counters[3].packets`. */
  readonly path: string;
  /** What is wrong there. */
  readonly problem: string;

  constructor(path: string, problem: string) {
    super(`${path}: ${problem}`);
    this.path = path;
    this.problem = problem;
  }
}

const MAX_DEPTH = 64;
const MAX_BYTES = 64 << 20;

/**
 * Bytes as JSON.
 * @param bytes at least as many as the type takes, little-endian.
 * @throws BtfValueError where there are fewer, or the type has no values (functions, types only declared).
 */
export function formatValue(btf: BtfSpec, typeId: number, bytes: Uint8Array): Json {
  return format(btf, typeId, bytes, "value", 0);
}

/**
 * JSON as bytes; members that are not there are zero.
 * @throws BtfValueError with the path of what does not fit.
 */
export function parseValue(btf: BtfSpec, typeId: number, json: Json): Uint8Array {
  const bytes = new Uint8Array(sizeAt(btf, typeId, "value"));
  parse(btf, typeId, json, bytes, "value", 0);
  return bytes;
}

/**
 * Writes JSON into the bytes of a value; those of members that are not there stay.
 * @throws BtfValueError with the path of what does not fit.
 */
export function writeValue(btf: BtfSpec, typeId: number, json: Json, bytes: Uint8Array): void {
  parse(btf, typeId, json, bytes, "value", 0);
}

/**
 * Writes an integer into a bit field of the struct that starts with `bytes`.
 * @throws BtfValueError where it does not fit.
 */
export function writeBitField(bytes: Uint8Array, member: BtfMember, json: Json): void {
  writeBits(bytes, member, toInteger(json, "value"), "value");
}

function sizeAt(btf: BtfSpec, typeId: number, path: string): number {
  const size = sizeOfType(btf, typeId);
  if (size === undefined || size > MAX_BYTES) throw new BtfValueError(path, `type ${typeName(btf, typeId)} has no values that can be written`);
  return size;
}

/** The bytes of a part, which must lie in the whole. */
function part(bytes: Uint8Array, offset: number, size: number, path: string, depth: number): Uint8Array {
  if (offset < 0 || offset + size > bytes.length) throw new BtfValueError(path, `takes bytes ${offset} to ${offset + size} of ${bytes.length}`);
  if (depth > MAX_DEPTH) throw new BtfValueError(path, "its type is nested too deeply");
  return bytes.subarray(offset, offset + size);
}

function integer(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number);
  return value;
}

function number(value: bigint): number | string {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER) ? Number(value) : `${value}`;
}

function format(btf: BtfSpec, typeId: number, whole: Uint8Array, path: string, depth: number): Json {
  const bytes = part(whole, 0, sizeAt(btf, typeId, path), path, depth);
  const type = resolved(btf, typeId);
  switch (type.kind) {
    case "int":
      return formatInt(type, integer(bytes));
    case "ptr":
      return number(integer(bytes));
    case "enum": {
      const value = type.signed ? BigInt.asIntN(type.size * 8, integer(bytes)) : integer(bytes);
      return type.values.find((v) => v.value === `${value}`)?.name ?? number(value);
    }
    case "float": {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const value = type.size === 4 ? view.getFloat32(0, true) : type.size === 8 ? view.getFloat64(0, true) : Number.NaN;
      return Number.isFinite(value) ? value : `0x${integer(bytes).toString(16)}`;
    }
    case "array": {
      const text = isChar(btf, type.type) ? printable(bytes) : undefined;
      if (text !== undefined) return text;
      const size = sizeAt(btf, type.type, path);
      return Array.from({ length: type.count }, (_, i) => format(btf, type.type, part(bytes, i * size, size, `${path}[${i}]`, depth), `${path}[${i}]`, depth + 1));
    }
    case "struct":
    case "union":
      return Object.fromEntries(type.members.flatMap((m) => formatMember(btf, m, bytes, path, depth)));
    case "datasec":
      return { [type.name]: type.vars.map((v) => format(btf, v.type, part(bytes, v.offset, v.size, path, depth), path, depth + 1)) };
    case "var":
      return { [type.name]: format(btf, type.type, bytes, `${path}.${type.name}`, depth + 1) };
    default:
      throw new BtfValueError(path, `type ${typeName(btf, typeId)} has no values`);
  }
}

function formatInt(type: Extract<BtfType, { kind: "int" }>, value: bigint): Json {
  if (type.bool) return value !== 0n;
  if (type.size > 8) return `0x${value.toString(16)}`;
  if (type.char && value >= 0x20n && value < 0x7fn) return String.fromCharCode(Number(value));
  return number(type.signed ? BigInt.asIntN(type.size * 8, value) : value);
}

function formatMember(btf: BtfSpec, member: BtfMember, bytes: Uint8Array, path: string, depth: number): readonly (readonly [string, Json])[] {
  const where = member.name === "" ? path : `${path}.${member.name}`;
  if (member.bitSize > 0) return [[member.name, `0x${bits(bytes, member, where).toString(16)}`]];
  const at = Math.floor(member.bitOffset / 8);
  const value = format(btf, member.type, part(bytes, at, sizeAt(btf, member.type, where), where, depth), where, depth + 1);
  return member.name === "" && anonymous(btf, member) ? Object.entries(value as { [name: string]: Json }) : [[member.name, value]];
}

function bits(bytes: Uint8Array, { bitOffset, bitSize }: BtfMember, path: string): bigint {
  const first = bitOffset >> 3;
  const last = (bitOffset + bitSize + 7) >> 3;
  return (integer(part(bytes, first, last - first, path, 0)) >> BigInt(bitOffset & 7)) & ((1n << BigInt(bitSize)) - 1n);
}

function isChar(btf: BtfSpec, typeId: number): boolean {
  const type = resolved(btf, typeId);
  return type.kind === "int" && type.size === 1 && (type.name === "char" || type.char);
}

/** Text that ends within the bytes and is printable, else undefined. */
function printable(bytes: Uint8Array): string | undefined {
  const end = bytes.indexOf(0);
  if (end < 0 || bytes.subarray(0, end).some((b) => b < 0x20 || b > 0x7e)) return undefined;
  return String.fromCharCode(...bytes.subarray(0, end));
}

function anonymous(btf: BtfSpec, member: BtfMember): Struct | undefined {
  const type = resolved(btf, member.type);
  return member.name === "" && (type.kind === "struct" || type.kind === "union") ? type : undefined;
}

function parse(btf: BtfSpec, typeId: number, json: Json, whole: Uint8Array, path: string, depth: number): void {
  const size = sizeAt(btf, typeId, path);
  const bytes = part(whole, 0, size, path, depth);
  const type = resolved(btf, typeId);
  switch (type.kind) {
    case "int":
      return write(bytes, typeof json === "boolean" && type.bool ? BigInt(json) : type.char && typeof json === "string" && json.length === 1 ? BigInt(json.charCodeAt(0)) : toInteger(json, path), size * 8, path);
    case "ptr":
      return write(bytes, toInteger(json, path), 64, path);
    case "enum": {
      const named = typeof json === "string" ? type.values.find((v) => v.name === json) : undefined;
      if (!named && typeof json === "string" && !/^[-+]?\d/.test(json)) throw new BtfValueError(path, `${json} is no value of ${typeName(btf, typeId)} (${type.values.slice(0, 8).map((v) => v.name).join(", ")})`);
      return write(bytes, named ? BigInt(named.value) : toInteger(json, path), size * 8, path);
    }
    case "float": {
      if (typeof json !== "number") return write(bytes, toInteger(json, path), size * 8, path);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      if (type.size === 4) view.setFloat32(0, json, true);
      else if (type.size === 8) view.setFloat64(0, json, true);
      else throw new BtfValueError(path, `a floating-point number of ${type.size} bytes`);
      return;
    }
    case "array":
      return parseArray(btf, type, json, bytes, path, depth);
    case "struct":
    case "union":
      return parseMembers(btf, type, json, bytes, path, depth);
    case "datasec": {
      const list = isObject(json) ? json[type.name] : undefined;
      if (!Array.isArray(list)) throw new BtfValueError(path, `expected {"${type.name}": [{"variable": value}, …]}`);
      for (const entry of list as readonly Json[]) parseVariables(btf, type, entry, bytes, path, depth);
      return;
    }
    default:
      throw new BtfValueError(path, `type ${typeName(btf, typeId)} has no values`);
  }
}

function parseVariables(btf: BtfSpec, section: Extract<BtfType, { kind: "datasec" }>, entry: Json, bytes: Uint8Array, path: string, depth: number): void {
  if (!isObject(entry)) throw new BtfValueError(path, 'expected {"variable": value}');
  for (const [name, value] of Object.entries(entry)) {
    const place = section.vars.find((v) => {
      const variable = btf.types[v.type];
      return variable?.kind === "var" && variable.name === name;
    });
    const variable = place && btf.types[place.type];
    if (!place || variable?.kind !== "var") throw new BtfValueError(path, `${section.name} has no variable ${name}`);
    parse(btf, variable.type, value, part(bytes, place.offset, place.size, path, depth), `${path}.${name}`, depth + 1);
  }
}

function parseArray(btf: BtfSpec, type: Extract<BtfType, { kind: "array" }>, json: Json, bytes: Uint8Array, path: string, depth: number): void {
  if (typeof json === "string" && isChar(btf, type.type)) {
    const text = new TextEncoder().encode(json);
    if (text.length > bytes.length) throw new BtfValueError(path, `text of ${text.length} bytes for ${bytes.length}`);
    bytes.set(text);
    return;
  }
  if (!Array.isArray(json)) throw new BtfValueError(path, `expected an array of ${type.count}`);
  if (json.length > type.count) throw new BtfValueError(path, `${json.length} elements for an array of ${type.count}`);
  const size = sizeAt(btf, type.type, path);
  for (const [i, element] of (json as readonly Json[]).entries()) parse(btf, type.type, element, part(bytes, i * size, size, `${path}[${i}]`, depth), `${path}[${i}]`, depth + 1);
}

function parseMembers(btf: BtfSpec, type: Struct, json: Json, bytes: Uint8Array, path: string, depth: number): void {
  if (!isObject(json)) throw new BtfValueError(path, "expected an object with a member for each field");
  for (const [name, value] of Object.entries(json)) {
    const where = `${path}.${name}`;
    // bpftool repeats the empty name for each anonymous member: it means the first that has such fields.
    const found = name === "" && isObject(value) ? type.members.find((m) => hasFields(btf, anonymous(btf, m), value)) : findMember(btf, type, name, 0);
    if (!found) throw new BtfValueError(where, `there is no such field (fields are ${fieldNames(btf, type).join(", ")})`);
    const at = Math.floor(found.bitOffset / 8);
    if (found.bitSize > 0) writeBits(bytes, found, toInteger(value, where), where);
    else parse(btf, found.type, value, part(bytes, at, sizeAt(btf, found.type, where), where, depth), where, depth + 1);
  }
}

/** A field by name, also of the anonymous structs and unions inside, its offset from the outermost. */
export function findMember(btf: BtfSpec, type: Struct, name: string, depth = 0): BtfMember | undefined {
  for (const member of type.members) {
    if (member.name === name && name !== "") return member;
    const inside = anonymous(btf, member);
    const found = inside && depth < MAX_DEPTH ? findMember(btf, inside, name, depth + 1) : undefined;
    if (found) return { ...found, bitOffset: found.bitOffset + member.bitOffset };
  }
  return undefined;
}

function hasFields(btf: BtfSpec, type: Struct | undefined, value: { readonly [name: string]: Json }): boolean {
  return type !== undefined && Object.keys(value).every((name) => findMember(btf, type, name, 0) !== undefined);
}

function fieldNames(btf: BtfSpec, type: Struct, depth = 0): readonly string[] {
  return type.members.flatMap((m) => {
    const inside = anonymous(btf, m);
    return inside && depth < MAX_DEPTH ? fieldNames(btf, inside, depth + 1) : [m.name];
  });
}

function isObject(json: Json): json is { readonly [name: string]: Json } {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

function toInteger(json: Json, path: string): bigint {
  if (typeof json === "number") {
    if (Number.isSafeInteger(json)) return BigInt(json);
    throw new BtfValueError(path, Number.isInteger(json) ? `${json} is too large for a JSON number, write it as a string` : `${json} is not an integer`);
  }
  if (typeof json === "boolean") return BigInt(json);
  const match = typeof json === "string" ? /^([-+]?)(0x[0-9a-f]+|\d+)$/i.exec(json.trim()) : null;
  if (!match) throw new BtfValueError(path, `expected an integer, got ${JSON.stringify(json)}`);
  const value = BigInt(match[2] as string);
  return match[1] === "-" ? -value : value;
}

function write(bytes: Uint8Array, value: bigint, width: number, path: string): void {
  if (value >= 1n << BigInt(width) || value < -(1n << BigInt(width - 1))) throw new BtfValueError(path, `${value} does not fit ${width} bits`);
  let rest = BigInt.asUintN(width, value);
  for (let i = 0; i < bytes.length; i++, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
}

function writeBits(bytes: Uint8Array, { bitOffset, bitSize }: BtfMember, value: bigint, path: string): void {
  if (value >= 1n << BigInt(bitSize) || value < -(1n << BigInt(bitSize - 1))) throw new BtfValueError(path, `${value} does not fit ${bitSize} bits`);
  const first = bitOffset >> 3;
  const target = part(bytes, first, ((bitOffset + bitSize + 7) >> 3) - first, path, 0);
  const shift = BigInt(bitOffset & 7);
  const mask = ((1n << BigInt(bitSize)) - 1n) << shift;
  let rest = (integer(target) & ~mask) | (BigInt.asUintN(bitSize, value) << shift);
  for (let i = 0; i < target.length; i++, rest >>= 8n) target[i] = Number(rest & 0xffn);
}
