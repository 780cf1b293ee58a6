/**
 * When a type of the object is the same as one of the target, by the three measures that libbpf has: for access to a field,
 * for `type_exists` and `type_size`, and, strictest, for `type_matches`. Typedefs, const, volatile and restrict never count.
 */
import { resolveType, typeOf } from "./btf_types.js";
import type { BtfTypes } from "./btf_types.js";
import { essentialName } from "./core_name.js";
import type { BtfType } from "./spec.js";

/** Longest chain of pointers and arrays, and deepest nesting, as libbpf has them. */
const MAX_DEPTH = 32;

type Enum = Extract<BtfType, { kind: "enum" }>;
type Composite = Extract<BtfType, { kind: "struct" | "union" }>;

function nameOf(type: BtfType): string {
  return "name" in type ? type.name : "";
}

function isComposite(type: BtfType): type is Composite {
  return type.kind === "struct" || type.kind === "union";
}

/** Can a field of one type be read as one of the other? Sizes are looked at elsewhere. */
export function areFieldsCompatible(localTypes: BtfTypes, localId: number, targetTypes: BtfTypes, targetId: number): boolean {
  let local = typeOf(localTypes, resolveType(localTypes, localId));
  let target = typeOf(targetTypes, resolveType(targetTypes, targetId));
  for (let depth = 0; local.kind === "array" && target.kind === "array" && depth < MAX_DEPTH; depth++) {
    local = typeOf(localTypes, resolveType(localTypes, local.type));
    target = typeOf(targetTypes, resolveType(targetTypes, target.type));
  }
  if (isComposite(local) && isComposite(target)) return true;
  if (local.kind !== target.kind) return false;
  switch (local.kind) {
    case "ptr":
    case "float":
      return true;
    case "fwd":
    case "enum": {
      const [a, b] = [essentialName(nameOf(local)), essentialName(nameOf(target))];
      return a === "" || b === "" || a === b;
    }
    case "int":
      return local.bitOffset === 0 && target.kind === "int" && target.bitOffset === 0;
    default:
      return false;
  }
}

/** Pairs of types that have been compared: types that hold themselves many times, as forged ones may, cost no more. */
type Known = Map<string, boolean>;

function remembered(known: Known, key: string, compare: () => boolean): boolean {
  const before = known.get(key);
  if (before !== undefined) return before;
  known.set(key, false);
  const result = compare();
  known.set(key, result);
  return result;
}

/** Is the target the type that the object means, so that it exists? */
export function areTypesCompatible(localTypes: BtfTypes, localRoot: number, targetTypes: BtfTypes, targetRoot: number): boolean {
  return areCompatible(localTypes, localRoot, targetTypes, targetRoot, MAX_DEPTH, new Map());
}

function areCompatible(localTypes: BtfTypes, localRoot: number, targetTypes: BtfTypes, targetRoot: number, level: number, known: Known): boolean {
  let localId = localRoot;
  let targetId = targetRoot;
  if (typeOf(localTypes, localId).kind !== typeOf(targetTypes, targetId).kind) return false;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const local = typeOf(localTypes, resolveType(localTypes, localId));
    const target = typeOf(targetTypes, resolveType(targetTypes, targetId));
    if (local.kind !== target.kind) return false;
    if (local.kind === "void" || isComposite(local) || local.kind === "enum" || local.kind === "fwd") return true;
    if (local.kind === "int" && target.kind === "int") return local.bitOffset === 0 && target.bitOffset === 0;
    if ((local.kind === "ptr" && target.kind === "ptr") || (local.kind === "array" && target.kind === "array")) {
      localId = local.type;
      targetId = target.type;
    } else if (local.kind === "func_proto" && target.kind === "func_proto") {
      if (local.params.length !== target.params.length || level <= 0) return false;
      const other = target.params;
      const same = local.params.every((p, i) => {
        const [a, b] = [resolveType(localTypes, p.type), resolveType(targetTypes, other[i]?.type ?? 0)];
        return remembered(known, `${a} ${b}`, () => areCompatible(localTypes, a, targetTypes, b, level - 1, known));
      });
      if (!same) return false;
      localId = resolveType(localTypes, local.type);
      targetId = resolveType(targetTypes, target.type);
    } else return false;
  }
  return false;
}

/** Is the target the type that the object means, member by member? */
export function doTypesMatch(localTypes: BtfTypes, localRoot: number, targetTypes: BtfTypes, targetRoot: number): boolean {
  return doMatch(localTypes, localRoot, targetTypes, targetRoot, false, MAX_DEPTH, new Map());
}

function doMatch(localTypes: BtfTypes, localRoot: number, targetTypes: BtfTypes, targetRoot: number, behindPointer: boolean, level: number, known: Known): boolean {
  if (level <= 0) return false;
  let localId = localRoot;
  let targetId = targetRoot;
  let behind = behindPointer;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const local = typeOf(localTypes, resolveType(localTypes, localId));
    const target = typeOf(targetTypes, resolveType(targetTypes, targetId));
    if (!sameName(nameOf(local), nameOf(target))) return false;
    switch (local.kind) {
      case "void":
        return target.kind === "void";
      case "fwd":
        if (target.kind === "fwd") return local.union === target.union;
        return behind && target.kind === (local.union ? "union" : "struct");
      case "enum":
        return target.kind === "enum" && doEnumsMatch(local, target);
      case "struct":
      case "union":
        if (behind) return local.kind === target.kind || (target.kind === "fwd" && target.union === (local.kind === "union"));
        return isComposite(target) && local.kind === target.kind && doMembersMatch(localTypes, local, targetTypes, target, level, known);
      case "int":
        return target.kind === "int" && local.size === target.size && local.signed === target.signed;
      case "ptr":
        if (target.kind !== "ptr") return false;
        behind = true;
        localId = local.type;
        targetId = target.type;
        break;
      case "array":
        if (target.kind !== "array" || local.count !== target.count) return false;
        localId = local.type;
        targetId = target.type;
        break;
      case "func_proto": {
        if (target.kind !== "func_proto" || local.params.length !== target.params.length) return false;
        const other = target.params;
        if (!local.params.every((p, i) => matchOnce(localTypes, p.type, targetTypes, other[i]?.type ?? 0, behind, level - 1, known))) return false;
        localId = local.type;
        targetId = target.type;
        break;
      }
      default:
        return false;
    }
  }
  return false;
}

function matchOnce(localTypes: BtfTypes, localId: number, targetTypes: BtfTypes, targetId: number, behind: boolean, level: number, known: Known): boolean {
  return remembered(known, `${localId} ${targetId} ${behind}`, () => doMatch(localTypes, localId, targetTypes, targetId, behind, level, known));
}

function sameName(local: string, target: string): boolean {
  return target === "" ? local === "" : essentialName(local) === essentialName(target);
}

/** Every value of the one has one of that name in the other; numbers do not count. */
function doEnumsMatch(local: Enum, target: Enum): boolean {
  return local.size === target.size && local.values.length <= target.values.length && local.values.every((v) => target.values.some((w) => sameName(v.name, w.name)));
}

function doMembersMatch(localTypes: BtfTypes, local: Composite, targetTypes: BtfTypes, target: Composite, level: number, known: Known): boolean {
  if (local.members.length > target.members.length) return false;
  return local.members.every((m) => target.members.some((n) => sameName(m.name, n.name) && matchOnce(localTypes, m.type, targetTypes, n.type, false, level - 1, known)));
}
