/**
 * Maps of `maps` sections: `struct bpf_map_def` of libbpf before 1.0 and of the kernel's samples, `struct bpf_elf_map` of iproute2.
 * All start with type, key size, value size and number of entries, nearly all go on with flags; a symbol stands at each.
 */
import { STT_SECTION } from "./elf.js";
import type { ElfFile, ElfSection } from "./elf.js";
import { ObjectError } from "./error.js";
import { isMapInMap, mapTypeName } from "./map_type.js";
import type { PlacedMap } from "./map_table.js";
import { Reader } from "./reader.js";
import type { BtfSpec, MapSpec } from "./spec.js";

/** type, sizes, entries; loaders take what a shorter definition leaves out for 0. */
const LEAST_BYTES = 16;
/** The same and flags. */
const FLAGS_BYTES = 20;
/** type, sizes, entries, flags, inner_map_idx, numa_node: the kernel's samples. */
const SAMPLES_BYTES = 28;
/** type, sizes, entries, flags, id, pinning, inner_id, inner_idx: iproute2. */
const IPROUTE2_BYTES = 36;
const PIN_GLOBAL_NS = 2;

/** Does the section hold legacy map definitions? */
export function isLegacyMaps(section: ElfSection): boolean {
  return section.name === "maps" || section.name.startsWith("maps/");
}

/**
 * Maps of all legacy sections, in the order of the file.
 * @throws ObjectError where a definition is shorter than any known.
 */
export function legacyMaps(elf: ElfFile, btf: BtfSpec | undefined): readonly PlacedMap[] {
  return elf.sections.filter((s) => isLegacyMaps(s) && s.data.length > 0).flatMap((section) => sectionMaps(elf, section, btf));
}

function sectionMaps(elf: ElfFile, section: ElfSection, btf: BtfSpec | undefined): readonly PlacedMap[] {
  const reader = new Reader(elf.file, section.data, section.name);
  const symbols = elf.symbols.filter((s) => s.section === section.index && s.type !== STT_SECTION && s.name !== "").toSorted((a, b) => a.value - b.value);
  const places = symbols.filter((s, i) => i === 0 || symbols[i - 1]?.value !== s.value);
  if (places.length === 0) throw new ObjectError(elf.file, "invalid", "map definitions without symbols", section.name);
  const drafts = places.map((symbol, i) => {
    const room = (places[i + 1]?.value ?? section.size) - symbol.value;
    const size = symbol.size === 0 ? room : Math.min(symbol.size, room);
    if (size < LEAST_BYTES) throw new ObjectError(elf.file, "invalid", `map ${symbol.name} is defined in ${size} bytes, at least ${LEAST_BYTES} are needed`, section.name);
    return { symbol, size, spec: { ...fields(reader, symbol.value, size, symbol.name), ...annotated(btf, symbol.name) } };
  });
  return drafts.map(({ symbol, size, spec }) => {
    // PIN_GLOBAL_NS; PIN_OBJECT_NS is shared within the object only.
    const pinned = size >= IPROUTE2_BYTES && reader.u32(symbol.value + 24) === PIN_GLOBAL_NS;
    const inner = isMapInMap(spec.typeId) ? innerOf(reader, symbol.value, size, drafts) : undefined;
    const values = inner && size >= IPROUTE2_BYTES ? heldMaps(reader, symbol.value, drafts) : [];
    return { spec: { ...spec, ...(pinned ? { pinned } : {}), ...(inner ? { inner } : {}), ...(values.length > 0 ? { values } : {}) }, section: section.index, offset: symbol.value, size };
  });
}

function fields(reader: Reader, at: number, size: number, name: string): MapSpec {
  const typeId = reader.u32(at);
  return {
    name,
    type: mapTypeName(typeId),
    typeId,
    keySize: reader.u32(at + 4),
    valueSize: reader.u32(at + 8),
    maxEntries: reader.u32(at + 12),
    flags: size < FLAGS_BYTES ? 0 : reader.u32(at + 16),
    keyTypeId: 0,
    valueTypeId: 0,
  };
}

interface Draft {
  readonly symbol: { readonly value: number };
  readonly size: number;
  readonly spec: MapSpec;
}

/** The map that stands for the inner maps: by index in the samples' form, by id in iproute2's. */
function innerOf(reader: Reader, at: number, size: number, drafts: readonly Draft[]): MapSpec | undefined {
  if (size >= IPROUTE2_BYTES) {
    const id = reader.u32(at + 28);
    return drafts.find((d) => d.size >= IPROUTE2_BYTES && d.symbol.value !== at && id !== 0 && reader.u32(d.symbol.value + 20) === id)?.spec;
  }
  return size >= SAMPLES_BYTES ? drafts[reader.u32(at + 20)]?.spec : undefined;
}

/** In iproute2's form, maps that are in a map of maps from the start: those of its `inner_id` that say where (`inner_idx`, -1 for nowhere). */
function heldMaps(reader: Reader, at: number, drafts: readonly Draft[]): NonNullable<MapSpec["values"]> {
  const id = reader.u32(at + 28);
  const held = drafts.filter((d) => d.size >= IPROUTE2_BYTES && id !== 0 && reader.u32(d.symbol.value + 20) === id && reader.u32(d.symbol.value + 28) === 0 && reader.i32(d.symbol.value + 32) >= 0);
  return held.map((d) => ({ key: reader.u32(d.symbol.value + 32), map: d.spec.name })).toSorted((a, b) => a.key - b.key);
}

/** BPF_ANNOTATE_KV_PAIR: a struct `____btf_map_NAME` with the types of key and value. */
function annotated(btf: BtfSpec | undefined, name: string): Partial<MapSpec> {
  const note = btf?.types.find((t) => t.kind === "struct" && t.name === `____btf_map_${name}`);
  if (note?.kind !== "struct") return {};
  return { keyTypeId: note.members[0]?.type ?? 0, valueTypeId: note.members[1]?.type ?? 0 };
}
