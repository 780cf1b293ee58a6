/** Kernel settings (`extern … __kconfig`): the map `.kconfig`, as libbpf makes it of what the object declares. */
import { resolved, sizeOfType, typeOf } from "./btf_types.js";
import { ObjectError } from "./error.js";
import { BPF_F_MMAPABLE, BPF_F_RDONLY_PROG, BPF_MAP_TYPE_ARRAY, mapTypeName } from "./map_type.js";
import type { PlacedMap } from "./map_table.js";
import type { BtfSpec, BtfType } from "./spec.js";

/** Name of the section and of the map. */
export const KCONFIG = ".kconfig";
/** No section of the object: the map is nowhere in it. */
export const KCONFIG_SECTION = -1;
const BTF_VAR_GLOBAL = 1;
/** Far above all settings of a kernel; keeps a forged size from taking the memory. */
const MAX_BYTES = 1 << 20;
const MAX_DEPTH = 32;

/** A setting and its place in the map. */
export interface KconfigVariable {
  readonly name: string;
  readonly typeId: number;
  readonly offset: number;
  readonly size: number;
}

type Datasec = Extract<BtfType, { kind: "datasec" }>;

/** Settings that the object declares, by their place. */
export function kconfigVariables(btf: BtfSpec | undefined): readonly KconfigVariable[] {
  const section = btf?.types.find((t): t is Datasec => t.kind === "datasec" && t.name === KCONFIG);
  if (!btf || !section) return [];
  const variables = section.vars.flatMap(({ type }) => {
    const variable = typeOf(btf, type);
    return variable.kind === "var" ? [{ name: variable.name, typeId: variable.type, id: type, size: sizeOfType(btf, variable.type) ?? 0, align: alignOf(btf, variable.type) }] : [];
  });
  variables.sort((a, b) => b.align - a.align || a.size - b.size || (a.name < b.name ? -1 : 1));
  let end = 0;
  return variables.map(({ name, typeId, size, align }) => {
    const offset = Math.ceil(end / align) * align;
    end = offset + size;
    return { name, typeId, offset, size };
  });
}

/** BTF in which the section is what the map is: placed, its variables defined. */
export function placeKconfig(btf: BtfSpec): BtfSpec {
  const variables = kconfigVariables(btf);
  if (variables.length === 0) return btf;
  const section = btf.types.find((t): t is Datasec => t.kind === "datasec" && t.name === KCONFIG);
  const ids = new Set(section?.vars.map((v) => v.type));
  const types = btf.types.map((type, id): BtfType => {
    if (type.kind === "var" && ids.has(id)) return { ...type, linkage: BTF_VAR_GLOBAL };
    if (type !== section) return type;
    const vars = type.vars.flatMap((v) => {
      const place = variables.find((k) => k.name === nameOf(btf, v.type));
      return place ? [{ type: v.type, offset: place.offset, size: place.size }] : [];
    });
    return { ...type, size: sizeOfKconfig(variables), vars: vars.toSorted((a, b) => a.offset - b.offset) };
  });
  return { types };
}

/** The map, without values; none where the object declares no settings. */
export function kconfigMap(file: string, btf: BtfSpec | undefined): readonly PlacedMap[] {
  const variables = kconfigVariables(btf);
  const bare = variables.find((v) => v.size === 0);
  if (bare) throw new ObjectError(file, "invalid", `setting ${bare.name} has a type without size`, KCONFIG);
  const size = sizeOfKconfig(variables);
  if (size === 0) return [];
  if (size > MAX_BYTES) throw new ObjectError(file, "unsupported", `its settings take ${size} bytes, and ${MAX_BYTES} are all that Beeline takes`, KCONFIG);
  const typeId = btf?.types.findIndex((t) => t.kind === "datasec" && t.name === KCONFIG) ?? 0;
  const spec = {
    name: KCONFIG,
    type: mapTypeName(BPF_MAP_TYPE_ARRAY),
    typeId: BPF_MAP_TYPE_ARRAY,
    keySize: 4,
    valueSize: size,
    maxEntries: 1,
    flags: BPF_F_RDONLY_PROG | BPF_F_MMAPABLE,
    keyTypeId: 0,
    valueTypeId: typeId,
    initial: Buffer.alloc(size).toString("base64"),
    dataSection: KCONFIG,
  };
  return [{ spec, section: KCONFIG_SECTION, offset: 0, size }];
}

function sizeOfKconfig(variables: readonly KconfigVariable[]): number {
  const last = variables.at(-1);
  return last ? last.offset + last.size : 0;
}

function nameOf(btf: BtfSpec, id: number): string {
  const type = typeOf(btf, id);
  return type.kind === "var" ? type.name : "";
}

/** Alignment of a type, bytes; packed structs, which no setting is, aside. */
function alignOf(btf: BtfSpec, id: number, depth = 0): number {
  const type = resolved(btf, id);
  switch (type.kind) {
    case "int":
    case "enum":
    case "float":
      return Math.max(1, Math.min(8, type.size));
    case "ptr":
      return 8;
    case "array":
      return depth > MAX_DEPTH ? 1 : alignOf(btf, type.type, depth + 1);
    case "struct":
    case "union":
      return depth > MAX_DEPTH ? 1 : Math.max(1, ...type.members.map((m) => alignOf(btf, m.type, depth + 1)));
    default:
      return 1;
  }
}
