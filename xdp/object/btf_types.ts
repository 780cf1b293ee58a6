/** Questions about BTF types: what is behind a typedef, how large it is, how C writes it. */
import type { BtfSpec, BtfType } from "./spec.js";

const POINTER_BYTES = 8;
const MAX_DEPTH = 32;

/** Types that are found by id: all of them in a list, or each when it is asked for. */
export type BtfTypes = BtfSpec | { type(id: number): BtfType };

/** Type by id; void where the id is not there. */
export function typeOf(btf: BtfTypes, id: number): BtfType {
  return ("types" in btf ? btf.types[id] : btf.type(id)) ?? { kind: "void" };
}

/** Id of the type behind typedefs, const, volatile, restrict and type tags. */
export function resolveType(btf: BtfTypes, id: number): number {
  let at = id;
  for (let steps = 0; steps <= MAX_DEPTH; steps++) {
    const type = typeOf(btf, at);
    if (type.kind !== "typedef" && type.kind !== "const" && type.kind !== "volatile" && type.kind !== "restrict" && type.kind !== "type_tag") break;
    at = type.type;
  }
  return at;
}

/** The type behind typedefs and modifiers. */
export function resolved(btf: BtfTypes, id: number): BtfType {
  return typeOf(btf, resolveType(btf, id));
}

/** Bytes that a value of the type takes; undefined for void, functions and types that are only declared. */
export function sizeOfType(btf: BtfTypes, id: number, depth = 0): number | undefined {
  const type = resolved(btf, id);
  switch (type.kind) {
    case "int":
    case "float":
    case "struct":
    case "union":
    case "enum":
    case "datasec":
      return type.size;
    case "ptr":
      return POINTER_BYTES;
    case "array": {
      const element = depth > MAX_DEPTH ? undefined : sizeOfType(btf, type.type, depth + 1);
      return element === undefined ? undefined : element * type.count;
    }
    case "var":
      return depth > MAX_DEPTH ? undefined : sizeOfType(btf, type.type, depth + 1);
    default:
      return undefined;
  }
}

/**
 * The type as C writes it, for example `struct flow_key`, `const char *[4]`, `int (*)(void *)`.
 * @param name declares that name: `struct iphdr *ip`.
 */
export function typeName(btf: BtfTypes, id: number, name = ""): string {
  return declare(btf, id, name, 0);
}

function declare(btf: BtfTypes, id: number, inner: string, depth: number): string {
  if (depth > MAX_DEPTH) return `… ${inner}`.trim();
  const type = typeOf(btf, id);
  const base = (text: string): string => (inner === "" || inner.startsWith("[") ? `${text}${inner}` : `${text} ${inner}`);
  switch (type.kind) {
    case "void":
      return base("void");
    case "int":
    case "float":
    case "typedef":
      return base(type.name);
    case "struct":
    case "union":
    case "enum":
      return base(`${type.kind} ${type.name || "(anonymous)"}`);
    case "fwd":
      return base(`${type.union ? "union" : "struct"} ${type.name}`);
    case "ptr": {
      const target = typeOf(btf, type.type).kind;
      return declare(btf, type.type, target === "array" || target === "func_proto" ? `(*${inner})` : `*${inner}`, depth + 1);
    }
    case "const":
    case "volatile":
    case "restrict":
      if (resolved(btf, type.type).kind === "ptr") return declare(btf, type.type, inner === "" ? type.kind : `${type.kind} ${inner}`, depth + 1);
      return `${type.kind} ${declare(btf, type.type, inner, depth + 1)}`;
    case "type_tag":
      return declare(btf, type.type, inner, depth + 1);
    case "array":
      return declare(btf, type.type, `${inner}[${type.count}]`, depth + 1);
    case "func_proto": {
      const params = type.params.map((p) => (p.name === "" && p.type === 0 ? "..." : declare(btf, p.type, p.name, depth + 1)));
      return declare(btf, type.type, `${inner}(${params.length === 0 ? "void" : params.join(", ")})`, depth + 1);
    }
    case "func":
      return declare(btf, type.type, type.name, depth + 1);
    case "var":
      return declare(btf, type.type, type.name, depth + 1);
    case "datasec":
    case "decl_tag":
      return base(type.name);
  }
}
