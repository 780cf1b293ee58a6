/** What a CO-RE relocation is about: a type, a place in it, a value of an enumeration; in the object's types and in the target's. */
import { resolved, resolveType, sizeOfType, typeOf } from "./btf_types.js";
import type { BtfTypes } from "./btf_types.js";
import { areFieldsCompatible } from "./core_compat.js";
import { essentialName } from "./core_name.js";
import type { BtfType, CoreRelocation } from "./spec.js";

/** Deepest access, as the kernel has it (BPF_CORE_SPEC_MAX_LEN). */
const MAX_STEPS = 64;

/** A relocation that cannot be understood or decided, whatever the instruction; what is wrong, without the place. */
export class CoreProblem extends Error {
  override readonly name = "CoreProblem";
}

/** One step of an access: a named member, or an element of an array. */
export interface CoreStep {
  /** Struct that the member is in; type of the elements. */
  readonly typeId: number;
  /** Index of the member or element; of an enumeration, the value's. */
  readonly index: number;
  /** Absent for elements. */
  readonly name?: string;
}

/** A resolved access. */
export interface CorePath {
  readonly types: BtfTypes;
  readonly rootId: number;
  readonly steps: readonly CoreStep[];
  /** From the start of the root. */
  readonly bitOffset: number;
}

/** What relocations of a kind look at. */
export type CoreSubject = "field" | "type" | "enumval";

/** By name of the kind; undefined where the kind is unknown. */
export function subjectOf(kind: string): CoreSubject | undefined {
  return (["field", "type", "enumval"] as const).find((subject) => kind.startsWith(`${subject}_`));
}

type Composite = Extract<BtfType, { kind: "struct" | "union" }>;

function isComposite(type: BtfType): type is Composite {
  return type.kind === "struct" || type.kind === "union";
}

function sizeAt(types: BtfTypes, id: number): number {
  const size = sizeOfType(types, id);
  if (size === undefined) throw new CoreProblem("a type without size is accessed");
  return size;
}

/** The last member of a struct may be an array of no elements that has some. */
function isFlexible(types: BtfTypes, before: CoreStep | undefined, count: number): boolean {
  const struct = before?.name === undefined ? undefined : typeOf(types, before.typeId);
  return count === 0 && struct !== undefined && isComposite(struct) && before?.index === struct.members.length - 1;
}

/**
 * The access that the compiler recorded.
 * @throws CoreProblem where it is not one that the type has.
 */
export function localPath(types: BtfTypes, { kind, typeId, access }: CoreRelocation): CorePath {
  const path = { types, rootId: typeId, steps: [], bitOffset: 0 };
  const subject = subjectOf(kind);
  if (subject === "type") {
    if (access !== "0") throw new CoreProblem(`the access ${access} is none of a type`);
    return path;
  }
  if (!/^\d+(?::\d+)*$/.test(access)) throw new CoreProblem(`the access ${JSON.stringify(access)} is not a list of indices`);
  const indices = access.split(":").map(Number);
  const [first = 0, ...rest] = indices;
  if (indices.length > MAX_STEPS) throw new CoreProblem(`the access ${access} is deeper than ${MAX_STEPS}`);
  const rootId = resolveType(types, typeId);
  if (subject === "enumval") {
    const type = typeOf(types, rootId);
    const value = type.kind === "enum" && rest.length === 0 ? type.values[first] : undefined;
    if (!value) throw new CoreProblem(`the access ${access} is no value of an enumeration`);
    return { ...path, steps: [{ typeId: rootId, index: first, name: value.name }] };
  }
  return fieldPath(types, typeId, rootId, first, rest);
}

function fieldPath(types: BtfTypes, typeId: number, rootId: number, first: number, rest: readonly number[]): CorePath {
  const steps: CoreStep[] = [{ typeId: rootId, index: first }];
  let bitOffset = first * sizeAt(types, rootId) * 8;
  let id = rootId;
  for (const index of rest) {
    id = resolveType(types, id);
    const type = typeOf(types, id);
    if (isComposite(type)) {
      const member = type.members[index];
      if (!member) throw new CoreProblem(`${type.kind} ${type.name} has no member ${index}`);
      bitOffset += member.bitOffset;
      if (member.name !== "") steps.push({ typeId: id, index, name: member.name });
      id = member.type;
    } else if (type.kind === "array") {
      if (index >= type.count && !isFlexible(types, steps.at(-1), type.count)) throw new CoreProblem(`an array of ${type.count} has no element ${index}`);
      id = resolveType(types, type.type);
      steps.push({ typeId: id, index });
      bitOffset += index * sizeAt(types, id) * 8;
    } else throw new CoreProblem(`the access goes into a type of kind ${type.kind}`);
  }
  return { types, rootId: typeId, steps, bitOffset };
}

/**
 * The same value in another enumeration; undefined where it has none of that name.
 */
export function matchEnumValue(local: CorePath, types: BtfTypes, targetId: number): CorePath | undefined {
  const typeId = resolveType(types, targetId);
  const type = typeOf(types, typeId);
  if (type.kind !== "enum") return undefined;
  const name = essentialName(local.steps[0]?.name ?? "");
  const index = type.values.findIndex((v) => essentialName(v.name) === name);
  return index < 0 ? undefined : { types, rootId: targetId, steps: [{ typeId, index, name: type.values[index]?.name ?? "" }], bitOffset: 0 };
}

/**
 * The same access in another type; undefined where that has no such member, or one of another kind.
 * @throws CoreProblem where the target's types are nested too deeply or have no size.
 */
export function matchField(local: CorePath, types: BtfTypes, targetId: number): CorePath | undefined {
  const steps: CoreStep[] = [];
  let bitOffset = 0;
  let depth = 0;
  let id = targetId;
  for (const [i, step] of local.steps.entries()) {
    id = resolveType(types, id);
    if (step.name !== undefined) {
      const member = typeOf(local.types, step.typeId);
      const memberType = isComposite(member) ? (member.members[step.index]?.type ?? 0) : 0;
      const found = findMember(types, id, step.name, depth);
      if (!found || !areFieldsCompatible(local.types, memberType, types, found.type)) return undefined;
      steps.push({ typeId: found.structId, index: found.index, name: step.name });
      bitOffset += found.bitOffset;
      depth = found.depth;
      id = found.type;
      continue;
    }
    if (i > 0) {
      const array = typeOf(types, id);
      if (array.kind !== "array") return undefined;
      if (step.index >= array.count && !isFlexible(types, steps.at(-1), array.count)) return undefined;
      id = resolveType(types, array.type);
    }
    if (++depth > MAX_STEPS) throw new CoreProblem(`the access is deeper than ${MAX_STEPS} in the target`);
    steps.push({ typeId: id, index: step.index });
    bitOffset += step.index * sizeAt(types, id) * 8;
  }
  return { types, rootId: targetId, steps, bitOffset };
}

interface FoundMember {
  readonly structId: number;
  readonly index: number;
  readonly type: number;
  readonly bitOffset: number;
  readonly depth: number;
}

/** A member by name, also of the anonymous structs and unions inside. */
function findMember(types: BtfTypes, id: number, name: string, depth: number): FoundMember | undefined {
  const structId = resolveType(types, id);
  const struct = typeOf(types, structId);
  if (!isComposite(struct)) return undefined;
  if (depth >= MAX_STEPS && struct.members.length > 0) throw new CoreProblem(`the access is deeper than ${MAX_STEPS} in the target`);
  for (const [index, member] of struct.members.entries()) {
    if (member.name === name) return { structId, index, type: member.type, bitOffset: member.bitOffset, depth: depth + 1 };
    const inside = member.name === "" ? findMember(types, member.type, name, depth + 1) : undefined;
    if (inside) return { ...inside, bitOffset: inside.bitOffset + member.bitOffset };
  }
  return undefined;
}

/** The access as C writes it: `struct sk_buff.len`, `enum bpf_func_id.BPF_FUNC_loop`, `struct nf_conn`. */
export function pathText({ types, rootId, steps }: CorePath): string {
  const type = typeOf(types, rootId);
  const root = type.kind === "typedef" || !("name" in type) ? ("name" in type ? type.name : type.kind) : `${type.kind} ${type.name || "(anonymous)"}`;
  const [first, ...rest] = steps;
  const start = first?.name !== undefined ? `.${first.name}` : first && first.index !== 0 ? `[${first.index}]` : "";
  return `${root}${start}${rest.map((s) => (s.name === undefined ? `[${s.index}]` : `.${s.name}`)).join("")}`;
}

/** Type of the field at the end of a path, its member where it is one. */
export function fieldOf({ types, steps }: CorePath): { readonly typeId: number; readonly isMember: boolean; readonly bitSize: number } {
  const last = steps.at(-1);
  if (!last) throw new CoreProblem("the access is empty");
  if (last.name === undefined) return { typeId: last.typeId, isMember: false, bitSize: 0 };
  const struct = resolved(types, last.typeId);
  const member = isComposite(struct) ? struct.members[last.index] : undefined;
  if (!member) throw new CoreProblem(`there is no member ${last.name}`);
  return { typeId: resolveType(types, member.type), isMember: true, bitSize: member.bitSize };
}
