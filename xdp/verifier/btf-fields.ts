/** Fields that the kernel treats specially, found in BTF: locks, timers, kernel pointers, list and tree heads. */
import type { BtfSpec, BtfType } from "../object/index.js";

export type SpecialKind =
  | "bpf_spin_lock" | "bpf_res_spin_lock" | "bpf_timer" | "bpf_wq" | "bpf_task_work" | "bpf_list_head" | "bpf_list_node" | "bpf_rb_root" | "bpf_rb_node" | "bpf_refcount"
  | "kptr_untrusted" | "kptr" | "percpu_kptr" | "uptr";

export interface SpecialField {
  readonly kind: SpecialKind;
  readonly offset: number;
  readonly size: number;
  /** Of a kernel pointer: the type that it points to. */
  readonly typeId?: number;
}

const STRUCTS: Readonly<Record<string, SpecialKind>> = {
  bpf_spin_lock: "bpf_spin_lock", bpf_res_spin_lock: "bpf_res_spin_lock", bpf_timer: "bpf_timer", bpf_wq: "bpf_wq", bpf_task_work: "bpf_task_work", bpf_list_head: "bpf_list_head",
  bpf_list_node: "bpf_list_node", bpf_rb_root: "bpf_rb_root", bpf_rb_node: "bpf_rb_node", bpf_refcount: "bpf_refcount",
};
const TAGS: Readonly<Record<string, SpecialKind>> = { kptr_untrusted: "kptr_untrusted", kptr: "kptr", percpu_kptr: "percpu_kptr", uptr: "uptr" };

/** The name that the log gives a field. */
export function fieldName(kind: SpecialKind): string {
  return kind === "kptr_untrusted" || kind === "kptr" || kind === "percpu_kptr" || kind === "uptr" ? "kptr" : kind;
}

/** Special fields of a type, ascending by offset. */
export function specialFields(btf: BtfSpec, typeId: number): readonly SpecialField[] {
  const found: SpecialField[] = [];
  collect(btf, typeId, 0, 0, found);
  return found.toSorted((a, b) => a.offset - b.offset);
}

/** The type behind typedefs and qualifiers, and its number. */
export function skipModifiers(btf: BtfSpec, id: number): { readonly type: BtfType; readonly id: number } {
  for (let depth = 0; depth < 64; depth++) {
    const type = btf.types[id];
    if (type === undefined) return { type: { kind: "void" }, id: 0 };
    if (type.kind !== "typedef" && type.kind !== "const" && type.kind !== "volatile" && type.kind !== "restrict" && type.kind !== "type_tag") return { type, id };
    id = type.type;
  }
  return { type: { kind: "void" }, id: 0 };
}

/** Bytes of a type; 0 where it has none. */
export function sizeOfType(btf: BtfSpec, typeId: number): number {
  const { type } = skipModifiers(btf, typeId);
  switch (type.kind) {
    case "int":
    case "enum":
    case "float":
    case "struct":
    case "union":
      return type.size;
    case "ptr":
      return 8;
    case "array":
      return type.count * sizeOfType(btf, type.type);
    default:
      return 0;
  }
}

function collect(btf: BtfSpec, typeId: number, offset: number, depth: number, found: SpecialField[]): void {
  if (depth > 8) return;
  const { type } = skipModifiers(btf, typeId);
  if (type.kind === "datasec") {
    for (const { type: variable, offset: at } of type.vars) collectVariable(btf, variable, offset + at, depth, found);
  } else if (type.kind === "struct") {
    const kind = Object.hasOwn(STRUCTS, type.name) ? STRUCTS[type.name] : undefined;
    if (kind !== undefined) {
      found.push({ kind, offset, size: type.size });
      return;
    }
    for (const member of type.members) if (member.bitSize === 0) collect(btf, member.type, offset + member.bitOffset / 8, depth + 1, found);
  } else if (type.kind === "array") {
    const size = sizeOfType(btf, type.type);
    for (let i = 0; i < Math.min(type.count, 16); i++) collect(btf, type.type, offset + i * size, depth + 1, found);
  } else if (type.kind === "ptr") {
    const tag = btf.types[type.type];
    if (tag?.kind === "type_tag" && Object.hasOwn(TAGS, tag.name)) found.push({ kind: TAGS[tag.name] as SpecialKind, offset, size: 8, typeId: skipModifiers(btf, tag.type).id });
  }
}

function collectVariable(btf: BtfSpec, variable: number, offset: number, depth: number, found: SpecialField[]): void {
  const type = btf.types[variable];
  if (type?.kind === "var") collect(btf, type.type, offset, depth + 1, found);
}
