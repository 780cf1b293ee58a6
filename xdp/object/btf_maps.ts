/** Maps of the `.maps` section, whose definitions are types: `__uint(type, N)` is a pointer to an array of N, `__type(key, T)` a pointer to T. */
import { resolved, sizeOfType, typeOf } from "./btf_types.js";
import type { CodeSection } from "./functions.js";
import type { ElfFile } from "./elf.js";
import { STT_SECTION } from "./elf.js";
import { ObjectError } from "./error.js";
import { BPF_MAP_TYPE_PROG_ARRAY, isMapInMap, mapTypeName } from "./map_type.js";
import { MapTable } from "./map_table.js";
import type { PlacedMap } from "./map_table.js";
import { Reader } from "./reader.js";
import type { BtfMember, BtfSpec, MapSpec } from "./spec.js";

const SECTION = ".maps";
const POINTER_BYTES = 8;
const LIBBPF_PIN_BY_NAME = 1;

/**
 * Maps of the `.maps` section, in the order of their place, without their `values`.
 * @throws ObjectError where a definition cannot be understood.
 */
export function btfMaps(elf: ElfFile, btf: BtfSpec | undefined): readonly PlacedMap[] {
  const section = elf.sections.find((s) => s.name === SECTION);
  if (!section || section.size === 0) return [];
  const datasec = btf?.types.find((t) => t.kind === "datasec" && t.name === SECTION);
  if (!btf || datasec?.kind !== "datasec") throw new ObjectError(elf.file, "invalid", "maps are defined here, but there is no BTF that says what they are (compile with -g)", SECTION);
  return datasec.vars.map(({ type, offset, size }) => {
    const variable = typeOf(btf, type);
    if (variable.kind !== "var") throw new ObjectError(elf.file, "invalid", `type ${type} in it is no variable`, SECTION);
    return { spec: new Definition(elf.file, btf, variable.name, new Reader(elf.file, section.data, SECTION), offset).read(variable.type), section: section.index, offset, size };
  });
}

/** Bytes from the start of a map's definition to its `values`; undefined where it has none. */
function valuesOffset(btf: BtfSpec, elf: ElfFile, map: PlacedMap): number | undefined {
  const datasec = btf.types.find((t) => t.kind === "datasec" && t.name === SECTION);
  if (datasec?.kind !== "datasec" || elf.sections[map.section]?.name !== SECTION) return undefined;
  const variable = typeOf(btf, datasec.vars.find((v) => v.offset === map.offset)?.type ?? 0);
  const definition = variable.kind === "var" ? resolved(btf, variable.type) : undefined;
  const member = definition?.kind === "struct" ? definition.members.find((m) => m.name === "values") : undefined;
  return member === undefined ? undefined : Math.floor(member.bitOffset / 8);
}

/**
 * `values` of prog arrays and of maps of maps, by map index: what the relocations of the `.maps` section put there.
 * @throws ObjectError where one refers to no program or no map.
 */
export function initialValues(elf: ElfFile, btf: BtfSpec, table: MapTable, code: ReadonlyMap<number, CodeSection>): ReadonlyMap<number, NonNullable<MapSpec["values"]>> {
  const result = new Map<number, { key: number; program?: string; map?: string }[]>();
  const section = elf.sections.find((s) => s.name === SECTION);
  if (!section) return result;
  const reader = new Reader(elf.file, section.data, SECTION);
  for (const { offset, symbol } of elf.relocations.get(section.index) ?? []) {
    const index = table.at(section.index, offset);
    const map = index === undefined ? undefined : table.maps[index];
    if (index === undefined || !map) throw new ObjectError(elf.file, "invalid", `a value is set at byte ${offset}, where no map is`, SECTION);
    const start = valuesOffset(btf, elf, map);
    const key = start === undefined ? -1 : (offset - map.offset - start) / POINTER_BYTES;
    if (!Number.isInteger(key) || key < 0) throw new ObjectError(elf.file, "invalid", `map ${map.spec.name} has a value set at byte ${offset}, where its values are not`, SECTION);
    const place = symbol.value + (symbol.type === STT_SECTION ? reader.u32(offset) : 0);
    const list = result.get(index) ?? [];
    result.set(index, list);
    if (map.spec.typeId === BPF_MAP_TYPE_PROG_ARRAY) {
      const program = code.get(symbol.section)?.functions.get(place / 8);
      if (!program?.isProgram) throw new ObjectError(elf.file, "invalid", `value ${key} of map ${map.spec.name} is ${symbol.name || "a place"}, which is no program`, SECTION);
      list.push({ key, program: program.name });
    } else {
      const target = table.at(symbol.section, place);
      if (target === undefined) throw new ObjectError(elf.file, "invalid", `value ${key} of map ${map.spec.name} is ${symbol.name || "a place"}, which is no map`, SECTION);
      list.push({ key, map: (table.maps[target] as PlacedMap).spec.name });
    }
  }
  for (const list of result.values()) list.sort((a, b) => a.key - b.key);
  return result;
}

/** One map's definition, a struct. */
class Definition {
  readonly #file: string;
  readonly #btf: BtfSpec;
  readonly #name: string;
  readonly #data: Reader;
  /** Where the map stands in the section; undefined for templates of inner maps, which stand nowhere. */
  readonly #at: number | undefined;

  constructor(file: string, btf: BtfSpec, name: string, data: Reader, at?: number) {
    this.#file = file;
    this.#btf = btf;
    this.#name = name;
    this.#data = data;
    this.#at = at;
  }

  read(typeId: number, isInner = false): MapSpec {
    const struct = resolved(this.#btf, typeId);
    if (struct.kind !== "struct") throw this.#invalid(`its definition is a ${struct.kind}, not a struct`);
    const by = new Map(struct.members.map((m) => [m.name, m]));
    const type = this.#number(by.get("type"));
    if (type === undefined || type === 0) throw this.#invalid("it has no type");
    const key = this.#typed(by, "key");
    const value = this.#typed(by, "value");
    const values = by.get("values");
    const spec = {
      name: this.#name,
      type: mapTypeName(type),
      typeId: type,
      keySize: key.size,
      // The values of maps of maps and of prog arrays are 4 bytes for user space.
      valueSize: value.size === 0 && values ? 4 : value.size,
      maxEntries: this.#number(by.get("max_entries")) ?? 0,
      flags: this.#number(by.get("map_flags")) ?? 0,
      keyTypeId: key.typeId,
      valueTypeId: value.typeId,
      ...this.#optional(by),
    };
    if (!values || !isMapInMap(type)) return spec;
    if (isInner) throw new ObjectError(this.#file, "unsupported", `map ${this.#name}: maps of maps of maps do not exist`, SECTION);
    return { ...spec, inner: new Definition(this.#file, this.#btf, `${this.#name}.inner`, this.#data).read(this.#innerType(values), true) };
  }

  /** What few maps say. */
  #optional(by: ReadonlyMap<string, BtfMember>): Pick<MapSpec, "mapExtra" | "pinned"> {
    const extra = this.#number(by.get("map_extra")) ?? 0;
    const pinning = this.#number(by.get("pinning")) ?? 0;
    return { ...(extra === 0 ? {} : { mapExtra: extra }), ...(pinning === LIBBPF_PIN_BY_NAME ? { pinned: true } : {}) };
  }

  /** Size and type of key or value, told by a type, by a size, or by both alike. */
  #typed(by: ReadonlyMap<string, BtfMember>, what: "key" | "value"): { readonly size: number; readonly typeId: number } {
    const size = this.#number(by.get(`${what}_size`));
    const member = by.get(what);
    if (!member) return { size: size ?? 0, typeId: 0 };
    const pointer = resolved(this.#btf, member.type);
    if (pointer.kind !== "ptr") throw this.#invalid(`its ${what} is a ${pointer.kind}, not a pointer to the type`);
    const typed = sizeOfType(this.#btf, pointer.type);
    if (typed === undefined || typed > 0xffff_ffff) throw this.#invalid(`the type of its ${what} has no size that a map can have`);
    if (size !== undefined && size !== typed) throw this.#invalid(`its ${what}_size is ${size}, but the type of its ${what} takes ${typed} bytes`);
    return { size: typed, typeId: pointer.type };
  }

  /** Number that a pointer to an array stands for; in the first objects with `.maps` (2019), a plain initialised member. */
  #number(member: BtfMember | undefined): number | undefined {
    if (!member) return undefined;
    const plain = resolved(this.#btf, member.type);
    if (plain.kind === "int" && plain.size === 4 && this.#at !== undefined) return this.#data.u32(this.#at + Math.floor(member.bitOffset / 8));
    // __ulong(map_extra, …) is an enumeration of one value.
    if (plain.kind === "enum" && plain.values.length === 1) return Number(plain.values[0]?.value);
    const pointer = resolved(this.#btf, member.type);
    const array = pointer.kind === "ptr" ? resolved(this.#btf, pointer.type) : undefined;
    if (array?.kind !== "array") throw this.#invalid(`its ${member.name} is not written as __uint(${member.name}, …)`);
    return array.count;
  }

  #innerType(values: BtfMember): number {
    const array = resolved(this.#btf, values.type);
    const pointer = array.kind === "array" ? resolved(this.#btf, array.type) : undefined;
    if (pointer?.kind !== "ptr") throw this.#invalid("its values are not an array of pointers to a map definition");
    return pointer.type;
  }

  #invalid(problem: string): ObjectError {
    return new ObjectError(this.#file, "invalid", `map ${this.#name}: ${problem}`, SECTION);
  }
}
