/**
 * Places in a value that belong to the program and the kernel, by their types in BTF: locks, timers, lists, trees, kernel
 * pointers. Neither updates nor lookups copy them (kernel/bpf/btf.c, btf_parse_fields).
 */
import type { BtfSpec, BtfType } from "../object/spec.js";

/** One place, bytes from the start of the value. */
export interface SpecialField {
  /** Kernel name of the type, `kptr` for pointers. */
  readonly type: string;
  readonly offset: number;
  readonly bytes: number;
}

const TYPES: ReadonlySet<string> = new Set([
  "bpf_spin_lock", "bpf_res_spin_lock", "bpf_timer", "bpf_wq", "bpf_task_work", "bpf_list_head", "bpf_list_node", "bpf_rb_root", "bpf_rb_node", "bpf_refcount",
]);
const POINTER_TAGS: ReadonlySet<string> = new Set(["kptr", "kptr_untrusted", "percpu_kptr", "uptr"]);
const POINTER_BYTES = 8;
/** Most that one value may have (BTF_FIELDS_MAX), and how deep structs are looked into. */
const MAX_FIELDS = 11;
const MAX_DEPTH = 8;

/** Special places of a value of this type, by offset; none where the type has none or is not known. */
export function specialFields(btf: BtfSpec | undefined, typeId: number): readonly SpecialField[] {
  if (btf === undefined || typeId === 0) return [];
  const fields: SpecialField[] = [];
  collect(btf, typeId, 0, 0, fields);
  return fields.toSorted((a, b) => a.offset - b.offset);
}

function collect(btf: BtfSpec, typeId: number, offset: number, depth: number, into: SpecialField[]): void {
  if (depth > MAX_DEPTH || into.length >= MAX_FIELDS) return;
  const type = plain(btf, typeId);
  if (type?.kind === "struct") {
    if (TYPES.has(type.name)) into.push({ type: type.name, offset, bytes: type.size });
    else for (const member of type.members) if (member.bitOffset % 8 === 0) collect(btf, member.type, offset + member.bitOffset / 8, depth + 1, into);
  } else if (type?.kind === "array") {
    const bytes = sizeOf(btf, type.type);
    const count = bytes > 0 ? Math.min(type.count, MAX_FIELDS) : 0;
    for (let i = 0; i < count; i++) collect(btf, type.type, offset + i * bytes, depth + 1, into);
  } else if (type?.kind === "ptr" && isKernelPointer(btf, type.type)) into.push({ type: "kptr", offset, bytes: POINTER_BYTES });
}

function isKernelPointer(btf: BtfSpec, pointee: number): boolean {
  const tag = btf.types[pointee];
  return tag?.kind === "type_tag" && POINTER_TAGS.has(tag.name);
}

/** Without names and qualifiers. */
function plain(btf: BtfSpec, typeId: number): BtfType | undefined {
  let type = btf.types[typeId];
  for (let i = 0; i < MAX_DEPTH * 4 && type !== undefined; i++) {
    if (type.kind !== "typedef" && type.kind !== "const" && type.kind !== "volatile" && type.kind !== "restrict") return type;
    type = btf.types[type.type];
  }
  return undefined;
}

function sizeOf(btf: BtfSpec, typeId: number): number {
  const type = plain(btf, typeId);
  if (type === undefined) return 0;
  if ("size" in type) return type.size;
  if (type.kind === "ptr") return POINTER_BYTES;
  return type.kind === "array" ? type.count * sizeOf(btf, type.type) : 0;
}
