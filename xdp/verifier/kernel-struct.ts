/** Fields of the kernel's own structures, by its BTF: what a load at an offset gives. */
import type { BtfType } from "../object/index.js";
import type { BtfTarget } from "../object/index.js";

/** What lies at an offset: a number, or a pointer to a structure. `unknown` where the types do not tell. */
export type KernelField = { readonly kind: "number" } | { readonly kind: "pointer"; readonly to: string } | { readonly kind: "unknown" } | { readonly kind: "outside"; readonly size: number };

type Struct = Extract<BtfType, { kind: "struct" | "union" }>;

function plain(target: BtfTarget, id: number): { readonly type: BtfType; readonly id: number } {
  let at = id;
  for (let depth = 0; depth < 32; depth++) {
    const type = target.type(at);
    if (type.kind !== "typedef" && type.kind !== "const" && type.kind !== "volatile" && type.kind !== "restrict" && type.kind !== "type_tag") return { type, id: at };
    at = type.type;
  }
  return { type: { kind: "void" }, id: 0 };
}

function structNamed(target: BtfTarget, name: string): Struct | undefined {
  for (const kind of ["struct", "union"] as const) {
    for (const id of target.candidates(name, kind)) {
      const type = target.type(id);
      if (type.kind === kind && type.name === name) return type as Struct;
    }
  }
  return undefined;
}

/** The field of a structure that an access of `size` bytes at `off` meets. */
export function kernelField(target: BtfTarget, name: string, off: number, size: number): KernelField {
  const struct = structNamed(target, name);
  if (struct === undefined) return { kind: "unknown" };
  if (off + size > struct.size) return behind(target, struct, off, size);
  return fieldIn(target, struct, off, size, 0);
}

/** Behind a structure, where its last member is an array of no stated length: numbers, or structures again. */
function behind(target: BtfTarget, struct: Struct, off: number, size: number): KernelField {
  const outside: KernelField = { kind: "outside", size: struct.size };
  const last = struct.members.at(-1);
  const array = last === undefined ? undefined : plain(target, last.type).type;
  if (last === undefined || array?.kind !== "array" || array.count !== 0 || off < last.bitOffset / 8) return outside;
  const { type } = plain(target, array.type);
  if (type.kind === "int") return { kind: "number" };
  if (type.kind !== "struct" || type.size === 0) return outside;
  const at = (off - last.bitOffset / 8) % type.size;
  return at + size > type.size ? behind(target, type, at, size) : fieldIn(target, type, at, size, 0);
}

function fieldIn(target: BtfTarget, struct: Struct, off: number, size: number, depth: number): KernelField {
  let found: KernelField = { kind: "number" };
  if (depth > 16) return found;
  for (const member of struct.members) {
    const start = member.bitOffset >> 3;
    if (member.bitSize !== 0 || start > off) continue;
    const field = memberAt(target, member.type, off - start, size, depth);
    if (field?.kind === "pointer") return field;
    if (field !== undefined) found = field;
  }
  return found;
}

/** Undefined where the access is not in the member. */
function memberAt(target: BtfTarget, typeId: number, off: number, size: number, depth: number): KernelField | undefined {
  const { type } = plain(target, typeId);
  switch (type.kind) {
    case "ptr": {
      if (off !== 0 || size !== 8) return off < 8 ? { kind: "number" } : undefined;
      const { type: to } = plain(target, type.type);
      return (to.kind === "struct" || to.kind === "union" || to.kind === "fwd") && to.name !== "" ? { kind: "pointer", to: to.name } : { kind: "number" };
    }
    case "struct":
    case "union":
      return off < type.size ? fieldIn(target, type, off, size, depth + 1) : undefined;
    case "array": {
      const element = sizeOf(target, type.type);
      if (element === 0 || off >= element * Math.max(type.count, 1)) return undefined;
      return memberAt(target, type.type, off % element, size, depth + 1);
    }
    case "int":
    case "enum":
      return off < type.size ? { kind: "number" } : undefined;
    default:
      return undefined;
  }
}

function sizeOf(target: BtfTarget, typeId: number): number {
  const { type } = plain(target, typeId);
  if (type.kind === "ptr") return 8;
  if (type.kind === "array") return type.count * sizeOf(target, type.type);
  return "size" in type ? type.size : 0;
}
