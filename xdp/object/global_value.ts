/** Values of global variables, as users write them, as JSON that fits the variable's type. */
import { resolved, typeName } from "./btf_types.js";
import { findMember } from "./btf_values.js";
import type { Json } from "./btf_values.js";
import type { BtfSpec, BtfType } from "./spec.js";

/** Makes the error of what is wrong. */
type Fail = (problem: string) => Error;

/** What was given as a JSON value that fits the kind of the type; text stands for it where it comes from a command line. */
export function toJson(btf: BtfSpec, typeId: number, value: unknown, fail: Fail): Json {
  const type = resolved(btf, typeId);
  if (type.kind === "float") throw fail("programs have no floating-point numbers");
  if (typeof value === "bigint") return `${value}`;
  if (typeof value === "string") return fromText(btf, type, value, fail);
  if (value === undefined || typeof value === "function" || typeof value === "symbol") throw fail(`a value is missing for ${typeName(btf, typeId)}`);
  if (value === null) throw fail(`null is no value of ${typeName(btf, typeId)}`);
  if (typeof value === "number" && (type.kind === "array" || type.kind === "struct" || type.kind === "union")) throw fail(`${value} is one number, and it is ${typeName(btf, typeId)}: set ${type.kind === "array" ? "its elements with NAME[0]" : "its members with NAME.member"}, or all of it as JSON`);
  return value as Json;
}

function fromText(btf: BtfSpec, type: BtfType, text: string, fail: Fail): Json {
  if (type.kind === "int" && type.bool) {
    const word = { true: true, false: false, "1": true, "0": false, yes: true, no: false, y: true, n: false }[text.trim().toLowerCase()];
    if (word === undefined) throw fail(`${JSON.stringify(text)} is no bool: say true or false`);
    return word;
  }
  const trimmed = text.trim();
  const isJson = (type.kind === "array" && /^\[.*\]$/s.test(trimmed)) || ((type.kind === "struct" || type.kind === "union") && /^\{.*\}$/s.test(trimmed));
  if (isJson) {
    try {
      return JSON.parse(trimmed) as Json;
    } catch {
      throw fail(`${trimmed.slice(0, 40)} is no JSON`);
    }
  }
  if (type.kind === "array") return fromArrayText(btf, type, text, fail);
  if (type.kind === "struct" || type.kind === "union") throw fail(`${JSON.stringify(text)} is text, and it is a ${type.kind}: set its members with NAME.member, or all of it as JSON`);
  return type.kind === "int" && type.char && text.length === 1 ? text : trimmed;
}

/** Characters for arrays of char; for other arrays a list (`1,2,3`), and for bytes hexadecimal too (`0x0a0b`, `02:00:00:00:00:01`). */
function fromArrayText(btf: BtfSpec, type: Extract<BtfType, { kind: "array" }>, text: string, fail: Fail): Json {
  const element = resolved(btf, type.type);
  if (element.kind === "int" && element.size === 1 && (element.char || element.name === "char")) return text;
  if (element.kind === "int" && element.size === 1) {
    const hex = /^0x((?:[0-9a-f]{2})+)$/i.exec(text.trim())?.[1] ?? /^[0-9a-f]{2}(?:[:-][0-9a-f]{2})+$/i.exec(text.trim())?.[0].replaceAll(/[:-]/g, "");
    if (hex !== undefined) {
      if (hex.length !== type.count * 2) throw fail(`${text.trim()} has ${hex.length / 2} bytes, and ${typeName(btf, type.type)} [${type.count}] ${type.count}`);
      return [...Buffer.from(hex, "hex")];
    }
  }
  if (!/^\s*[-+\w]+(?:\s*,\s*[-+\w]+)*\s*$/.test(text)) throw fail(`${JSON.stringify(text)} is no list for an array of ${typeName(btf, type.type)}: say [1, 2, …]`);
  return text.split(",").map((word) => fromText(btf, element, word.trim(), fail));
}

/** Integers within what their types hold; elsewhere, -1 and 255 may both mean a byte of ones. */
export function checkRanges(btf: BtfSpec, typeId: number, json: Json, fail: Fail, where: string): void {
  const type = resolved(btf, typeId);
  if (Array.isArray(json)) {
    if (type.kind === "array") for (const [i, element] of (json as readonly Json[]).entries()) checkRanges(btf, type.type, element, fail, `${where}[${i}]`);
    return;
  }
  if (typeof json === "object" && json !== null) {
    if (type.kind !== "struct" && type.kind !== "union") return;
    for (const [name, value] of Object.entries(json)) {
      const member = findMember(btf, type, name);
      if (member && member.bitSize === 0) checkRanges(btf, member.type, value as Json, fail, `${where}.${name}`);
    }
    return;
  }
  const at = where === "" ? "" : `${where}: `;
  if (type.kind === "float") throw fail(`${at}programs have no floating-point numbers`);
  if (type.kind !== "int" || typeof json === "boolean" || (typeof json === "number" && !Number.isSafeInteger(json))) return;
  const match = /^([-+]?)(0x[0-9a-f]+|\d+)$/i.exec(`${json}`);
  if (!match) return;
  const value = BigInt(match[2] as string) * (match[1] === "-" ? -1n : 1n);
  const bits = BigInt(type.size * 8);
  const [least, most] = type.bool ? [0n, 1n] : type.signed ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n] : [0n, (1n << bits) - 1n];
  if (value < least || value > most) throw fail(`${at}${value} is out of range: ${typeName(btf, typeId)} holds ${least} to ${most}`);
}
