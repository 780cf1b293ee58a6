/**
 * Several objects as one: the types of all, the maps of all, and programs that name those. Maps of one name stay apart,
 * as maps of several loads do, unless they are pinned by name: then they are one, as the loaders make them.
 */
import { BPF_PSEUDO_MAP_IDX, BPF_PSEUDO_MAP_IDX_VALUE, LD_IMM64 } from "../isa/index.js";
import type { Insn } from "../isa/index.js";
import { ObjectError } from "./error.js";
import type { BtfSpec, BtfType, MapSpec, ObjectSpec, ProgramSpec } from "./spec.js";

/** An object to merge, and what its maps are called after where names clash. */
export interface Part {
  readonly object: ObjectSpec;
  readonly label: string;
}

/** Where the things of one object are in the merged one. */
export interface Placed {
  /** What is added to the object's type ids, void aside. */
  readonly typeBase: number;
  /** Index in the merged object by index in the own. */
  readonly maps: readonly number[];
  /** Name in the merged object by own name. */
  readonly mapNames: ReadonlyMap<string, string>;
}

/** Merged objects, without programs. */
export interface Merged {
  readonly btf: BtfSpec | undefined;
  readonly maps: readonly MapSpec[];
  readonly parts: readonly Placed[];
}

/** @throws ObjectError where maps pinned under one name differ. */
export function mergeObjects(parts: readonly Part[]): Merged {
  const types: BtfType[] = [{ kind: "void" }];
  const maps: MapSpec[] = [];
  const names = new Map<string, number>();
  const placed = parts.map(({ object, label }): Placed => {
    const typeBase = types.length - 1;
    const shift = (id: number): number => (id === 0 ? 0 : id + typeBase);
    const mapNames = new Map<string, string>();
    const indices = object.maps.map((map) => {
      const known = names.get(map.name);
      const other = known === undefined ? undefined : maps[known];
      if (known !== undefined && other?.pinned && map.pinned) {
        if (!sameShape(other, map)) throw new ObjectError(object.file, "invalid", `map ${map.name} is pinned by name, and another object of the chain pins one of that name with other sizes, type or flags`);
        mapNames.set(map.name, map.name);
        return known;
      }
      const name = freeName(names, map.name, label);
      names.set(name, maps.length);
      mapNames.set(map.name, name);
      const { inner, dataSection } = map;
      maps.push({
        ...map,
        name,
        keyTypeId: shift(map.keyTypeId),
        valueTypeId: shift(map.valueTypeId),
        ...(dataSection === undefined ? {} : { dataSection: name }),
        ...(inner ? { inner: { ...inner, keyTypeId: shift(inner.keyTypeId), valueTypeId: shift(inner.valueTypeId) } } : {}),
      });
      return maps.length - 1;
    });
    const sections = new Map(object.maps.flatMap((m) => (m.dataSection === undefined ? [] : [[m.dataSection, mapNames.get(m.name) ?? m.dataSection] as const])));
    for (const type of object.btf?.types.slice(1) ?? []) types.push(moveType(type, shift, sections));
    return { typeBase, maps: indices, mapNames };
  });
  return { btf: types.length > 1 ? { types } : undefined, maps, parts: placed };
}

/** A program whose maps and types are those of the merged object. */
export function moveProgram(program: ProgramSpec, { typeBase, maps }: Placed): ProgramSpec {
  const insns = program.insns.map((insn): Insn => (insn.op === LD_IMM64 && (insn.src === BPF_PSEUDO_MAP_IDX || insn.src === BPF_PSEUDO_MAP_IDX_VALUE) ? { ...insn, imm: maps[insn.imm] ?? insn.imm } : insn));
  const { coreRelocations } = program;
  return {
    ...program,
    insns,
    functions: program.functions.map((f) => (f.typeId === undefined ? f : { ...f, typeId: f.typeId + typeBase })),
    ...(coreRelocations ? { coreRelocations: coreRelocations.map((r) => ({ ...r, typeId: r.typeId + typeBase })) } : {}),
  };
}

function freeName(taken: ReadonlyMap<string, number>, name: string, label: string): string {
  if (!taken.has(name)) return name;
  const qualified = `${label}${name.startsWith(".") ? "" : "."}${name}`;
  let free = qualified;
  for (let i = 2; taken.has(free); i++) free = `${qualified}.${i}`;
  return free;
}

function sameShape(a: MapSpec, b: MapSpec): boolean {
  return a.typeId === b.typeId && a.keySize === b.keySize && a.valueSize === b.valueSize && a.maxEntries === b.maxEntries && a.flags === b.flags;
}

/** The type with every id moved; data sections take the names of their maps. */
function moveType(type: BtfType, shift: (id: number) => number, sections: ReadonlyMap<string, string>): BtfType {
  switch (type.kind) {
    case "void":
    case "int":
    case "float":
    case "enum":
    case "fwd":
      return type;
    case "array":
      return { ...type, type: shift(type.type), indexType: shift(type.indexType) };
    case "struct":
    case "union":
      return { ...type, members: type.members.map((m) => ({ ...m, type: shift(m.type) })) };
    case "func_proto":
      return { ...type, type: shift(type.type), params: type.params.map((p) => ({ ...p, type: shift(p.type) })) };
    case "datasec":
      return { ...type, name: sections.get(type.name) ?? type.name, vars: type.vars.map((v) => ({ ...v, type: shift(v.type) })) };
    default:
      return { ...type, type: shift(type.type) };
  }
}
