/** Global variables of a program, set before it is loaded: `.rodata`, `.data` and `.bss` by the names that BTF knows. */
import { resolved, sizeOfType, typeName, typeOf } from "./btf_types.js";
import { BtfValueError, findMember, writeBitField, writeValue } from "./btf_values.js";
import { checkRanges, toJson } from "./global_value.js";
import { KCONFIG } from "./kconfig.js";
import type { BtfSpec, BtfType, MapSpec, ObjectSpec } from "./spec.js";

/** Most names that an error lists. */
const MAX_NAMES = 8;
/** A name, then `.member` and `[index]`; sections' names start with a dot. */
const STEP = /\.([A-Za-z_]\w*)|\[(0x[0-9a-f]+|\d+)\]/giy;

/** A variable that is not there, or a value that it cannot have. */
export class GlobalError extends Error {
  override readonly name = "GlobalError";
  readonly file: string;
  /** As it was given, for example `config.ports[2]`. */
  readonly variable: string;

  constructor(file: string, variable: string, problem: string) {
    super(`${file}: global ${variable}: ${problem}`);
    this.file = file;
    this.variable = variable;
  }
}

/** A variable in its section. */
interface Global {
  readonly name: string;
  readonly section: string;
  readonly typeId: number;
  readonly offset: number;
  readonly size: number;
}

/**
 * The object with other initial values.
 * @param assignments by variable: `limit`, `.rodata.limit` where several sections have one, `config.ports[2]`, `names[1].text`.
 *   Values are numbers, booleans, bigints, texts (numbers in decimal or hexadecimal, names of enumerations, `true`; the
 *   characters of an array of char) and, for arrays and structs, what JSON.parse makes of `[1, 2]` and `{"member": 1}`, as text too.
 * @throws GlobalError where there is no such variable, or the value does not fit it.
 */
export function setGlobals(object: ObjectSpec, assignments: Readonly<Record<string, unknown>>): ObjectSpec {
  const names = Object.keys(assignments);
  const [first] = names;
  if (first === undefined) return object;
  const { btf, file } = object;
  const sections = object.maps.filter((m) => m.initial !== undefined && m.dataSection !== undefined && m.dataSection !== KCONFIG);
  if (sections.length === 0) throw new GlobalError(file, first, "the object has no global variables");
  if (!btf) throw new GlobalError(file, first, "the object has no BTF that says where its variables are (compile with -g)");
  const globals = globalsOf(btf, sections);
  const bytes = new Map(sections.map((m) => [m.dataSection as string, new Uint8Array(Buffer.from(m.initial as string, "base64"))]));
  for (const name of names) {
    const { global, rest } = findGlobal(file, globals, name);
    const section = bytes.get(global.section);
    const place = section?.subarray(global.offset, global.offset + global.size);
    if (!place || place.length < global.size) throw new GlobalError(file, name, `its bytes ${global.offset} to ${global.offset + global.size} are not in section ${global.section}`);
    assign(file, btf, global, rest, name, assignments[name], place);
  }
  const maps = object.maps.map((map): MapSpec => {
    const changed = map.dataSection === undefined || map.initial === undefined ? undefined : bytes.get(map.dataSection);
    return changed ? { ...map, initial: Buffer.from(changed).toString("base64") } : map;
  });
  return { ...object, maps };
}

function globalsOf(btf: BtfSpec, sections: readonly MapSpec[]): readonly Global[] {
  const wanted = new Set(sections.map((m) => m.dataSection));
  return btf.types.flatMap((section) => {
    if (section.kind !== "datasec" || !wanted.has(section.name)) return [];
    return section.vars.flatMap(({ type, offset }) => {
      const variable = typeOf(btf, type);
      if (variable.kind !== "var") return [];
      return [{ name: variable.name, section: section.name, typeId: variable.type, offset, size: sizeOfType(btf, variable.type) ?? 0 }];
    });
  });
}

/** The variable that a name starts with, and what follows. */
function findGlobal(file: string, globals: readonly Global[], name: string): { readonly global: Global; readonly rest: string } {
  const matches = globals.flatMap((global) => {
    const starts = name.startsWith(".") ? [`${global.section}.${global.name}`] : [global.name, `${global.section.slice(1)}.${global.name}`];
    const start = starts.find((s) => name === s || (name.startsWith(s) && /^[.[]/.test(name.slice(s.length))));
    return start === undefined ? [] : [{ global, rest: name.slice(start.length), length: start.length }];
  });
  const longest = Math.max(...matches.map((m) => m.length));
  const [match, another] = matches.filter((m) => m.length === longest);
  if (!match) throw new GlobalError(file, name, `there is no such variable; ${nearest(globals, name)}`);
  if (another) {
    const places = matches.map(({ global }) => `${global.section}.${global.name}`);
    const distinct = [...new Set(places)];
    throw new GlobalError(file, name, distinct.length > 1 ? `several variables have this name: say ${distinct.join(" or ")}` : `${places.length} static variables of section ${match.global.section} have this name, and nothing tells one from the other`);
  }
  return match;
}

/** Names most like the one that is not there. */
function nearest(globals: readonly Global[], name: string): string {
  if (globals.length === 0) return "BTF names none";
  const wanted = (/^(?:\.\w+\.)?(\w+)/.exec(name)?.[1] ?? name).toLowerCase();
  const ranked = globals.map((g) => ({ name: g.name, distance: g.name.toLowerCase().includes(wanted) || wanted.includes(g.name.toLowerCase()) ? 0 : distance(g.name.toLowerCase(), wanted) }));
  const near = ranked.filter((r) => r.distance <= Math.max(2, wanted.length / 3)).toSorted((a, b) => a.distance - b.distance);
  const shown = [...new Set((near.length > 0 ? near : ranked).map((r) => r.name))];
  return `${near.length > 0 ? "near it" : "there"} ${shown.length === 1 ? "is" : "are"} ${shown.slice(0, MAX_NAMES).join(", ")}${shown.length > MAX_NAMES ? ", …" : ""}`;
}

/** Levenshtein's distance of two short words. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row.at(-1) ?? 0;
}

function assign(file: string, btf: BtfSpec, global: Global, rest: string, name: string, value: unknown, whole: Uint8Array): void {
  const fail = (problem: string): GlobalError => new GlobalError(file, name, problem);
  let typeId = global.typeId;
  let place = whole;
  STEP.lastIndex = 0;
  for (let at = 0; at < rest.length; at = STEP.lastIndex) {
    const step = STEP.exec(rest);
    if (!step) throw fail(`cannot read ${rest.slice(at)}: expected .member or [index]`);
    const type = resolved(btf, typeId);
    if (step[1] !== undefined) {
      if (type.kind !== "struct" && type.kind !== "union") throw fail(`${typeName(btf, typeId)} has no members`);
      const member = findMember(btf, type, step[1]);
      if (!member) throw fail(`${typeName(btf, typeId)} has no member ${step[1]} (its members are ${memberNames(type)})`);
      if (member.bitSize > 0) {
        if (STEP.lastIndex < rest.length) throw fail(`${step[1]} is a bit field`);
        const json = toJson(btf, member.type, value, fail);
        return checked(fail, () => writeBitField(place, member, json));
      }
      typeId = member.type;
      place = slice(place, Math.floor(member.bitOffset / 8), sizeOfType(btf, typeId) ?? 0, fail);
      continue;
    }
    const index = Number(step[2]);
    if (type.kind !== "array") throw fail(`${typeName(btf, typeId)} is no array`);
    if (index >= type.count) throw fail(`[${index}] is beyond its ${type.count} elements`);
    const size = sizeOfType(btf, type.type) ?? 0;
    typeId = type.type;
    place = slice(place, index * size, size, fail);
  }
  const json = toJson(btf, typeId, value, fail);
  checkRanges(btf, typeId, json, fail, "");
  // What is assigned is all of the new value: no byte of the old one stays.
  const bytes = new Uint8Array(place.length);
  checked(fail, () => writeValue(btf, typeId, json, bytes));
  place.set(bytes);
}

function slice(bytes: Uint8Array, offset: number, size: number, fail: (problem: string) => GlobalError): Uint8Array {
  if (size === 0 || offset + size > bytes.length) throw fail(`takes bytes ${offset} to ${offset + size} of ${bytes.length}`);
  return bytes.subarray(offset, offset + size);
}

function memberNames(type: Extract<BtfType, { kind: "struct" | "union" }>): string {
  const names = type.members.map((m) => m.name || "(anonymous)");
  return names.slice(0, MAX_NAMES).join(", ") + (names.length > MAX_NAMES ? ", …" : "");
}

function checked(fail: (problem: string) => GlobalError, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof BtfValueError)) throw error;
    const where = error.path.replace(/^value/, "");
    throw fail(where === "" ? error.problem : `${where}: ${error.problem}`);
  }
}
