/** Global data: each `.rodata…`, `.data…` and `.bss…` section is an array of one entry. */
import { SHT_NOBITS, SHT_PROGBITS } from "./elf.js";
import type { ElfFile, ElfSection } from "./elf.js";
import { BPF_F_MMAPABLE, BPF_F_RDONLY_PROG, BPF_MAP_TYPE_ARRAY, mapTypeName } from "./map_type.js";
import type { PlacedMap } from "./map_table.js";
import type { BtfSpec } from "./spec.js";

const DATA = /^\.(?:rodata|data|bss)(?:\.|$)/;
const BTF_VAR_STATIC = 0;

/** Is the section global data of the program? */
export function isData(section: ElfSection): boolean {
  return DATA.test(section.name) && section.size > 0 && (section.type === SHT_PROGBITS || section.type === SHT_NOBITS);
}

/** One map a data section, in the order of the file. */
export function dataMaps(elf: ElfFile, btf: BtfSpec | undefined): readonly PlacedMap[] {
  return elf.sections.filter(isData).map((section) => {
    const typeId = btf?.types.findIndex((t) => t.kind === "datasec" && t.name === section.name) ?? -1;
    const readOnly = section.name.startsWith(".rodata") ? BPF_F_RDONLY_PROG : 0;
    const bytes = section.type === SHT_NOBITS ? new Uint8Array(section.size) : section.data;
    return {
      spec: {
        name: section.name,
        type: mapTypeName(BPF_MAP_TYPE_ARRAY),
        typeId: BPF_MAP_TYPE_ARRAY,
        keySize: 4,
        valueSize: section.size,
        maxEntries: 1,
        flags: readOnly | (hasVisibleVariable(btf, typeId) ? BPF_F_MMAPABLE : 0),
        keyTypeId: 0,
        valueTypeId: Math.max(typeId, 0),
        initial: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64"),
        dataSection: section.name,
      },
      section: section.index,
      offset: 0,
      size: section.size,
    };
  });
}

/** As libbpf has it, only data that user space can name is made mappable. */
function hasVisibleVariable(btf: BtfSpec | undefined, typeId: number): boolean {
  const datasec = btf?.types[typeId];
  if (datasec?.kind !== "datasec") return false;
  return datasec.vars.some((v) => {
    const variable = btf?.types[v.type];
    return variable?.kind === "var" && variable.linkage !== BTF_VAR_STATIC;
  });
}
