/** An object file's bytes to its {@link ObjectSpec}: pure and deterministic. */
import { readBtf } from "./btf.js";
import type { ParsedBtf } from "./btf.js";
import { NO_BTF_EXT, readBtfExt } from "./btf_ext.js";
import { placeVariables } from "./btf_datasec.js";
import { btfMaps, initialValues } from "./btf_maps.js";
import { dataMaps } from "./data_maps.js";
import { readElf } from "./elf.js";
import type { ElfFile } from "./elf.js";
import { ObjectError } from "./error.js";
import { readCode } from "./functions.js";
import { kconfigMap, placeKconfig } from "./kconfig.js";
import { legacyMaps } from "./legacy_maps.js";
import { linkProgram } from "./link.js";
import type { LinkInput } from "./link.js";
import { MapTable } from "./map_table.js";
import { sectionType } from "./section_type.js";
import type { BtfSpec, MapSpec, ObjectSpec, ProgramSpec } from "./spec.js";
import { taggedTailCalls } from "./tail_tags.js";

/** Linked instructions of all programs together: far above any real object, and a bound on what a forged one costs. */
const MAX_SLOTS = 8 << 20;

/**
 * Reads a BPF object file (ELF64, little-endian, EM_BPF), as libbpf would and more leniently where loaders differ:
 * legacy `maps` sections, sections of any name, objects without function symbols.
 *
 * @param bytes the file.
 * @param file its name, for messages.
 * @throws ObjectError `invalid` for what is no sound object, `unsupported` for what Beeline does not read.
 */
export function loadObject(bytes: Uint8Array, file: string): ObjectSpec {
  const elf = readElf(bytes, file);
  const parsed = parseBtf(elf);
  const btf = parsed && placeKconfig(placeVariables(parsed.spec, elf));
  const extBytes = elf.sections.find((s) => s.name === ".BTF.ext")?.data;
  const ext = parsed && extBytes && extBytes.length > 0 ? readBtfExt(extBytes, parsed.strings) : NO_BTF_EXT;
  const code = readCode(elf);
  const maps = new MapTable([...legacyMaps(elf, btf), ...btfMaps(elf, btf), ...dataMaps(elf, btf), ...kconfigMap(file, btf)]);
  const input: LinkInput = { elf, code, maps, btf, ext };
  const programs = readPrograms(input);
  return {
    file,
    license: readLicense(elf),
    programs,
    maps: withValues(input, programs),
    ...(btf ? { btf } : {}),
  };
}

function parseBtf(elf: ElfFile): ParsedBtf | undefined {
  const section = elf.sections.find((s) => s.name === ".BTF");
  return section && section.data.length > 0 ? readBtf(section.data, elf.file) : undefined;
}

function readPrograms(input: LinkInput): readonly ProgramSpec[] {
  const programs: ProgramSpec[] = [];
  let slots = 0;
  for (const { section, functions } of input.code.values()) {
    for (const fn of functions.values()) {
      if (!fn.isProgram) continue;
      const { coreRelocations, externs, ...linked } = linkProgram(input, fn);
      slots += linked.insns.length;
      if (slots > MAX_SLOTS) throw new ObjectError(input.elf.file, "unsupported", `its programs have more than ${MAX_SLOTS} instructions together`);
      programs.push({
        name: fn.name,
        section: section.name,
        ...sectionType(section.name),
        ...linked,
        ...(coreRelocations.length > 0 ? { coreRelocations } : {}),
        ...(externs.length > 0 ? { externs } : {}),
      });
    }
  }
  return programs;
}

function readLicense(elf: ElfFile): string {
  const data = elf.sections.find((s) => s.name === "license")?.data ?? new Uint8Array(0);
  const end = data.indexOf(0);
  return new TextDecoder().decode(end < 0 ? data : data.subarray(0, end));
}

/** The maps, with what the object puts into prog arrays and maps of maps. */
function withValues({ elf, btf, maps, code }: LinkInput, programs: readonly ProgramSpec[]): readonly MapSpec[] {
  const values = btf ? initialValues(elf, btf, maps, code) : new Map<number, NonNullable<MapSpec["values"]>>();
  const tags = taggedTailCalls(btf as BtfSpec | undefined, programs);
  return maps.maps.map(({ spec }, index) => {
    const all = [...(spec.values ?? []), ...(values.get(index) ?? []), ...(tags.get(spec.name) ?? [])];
    return all.length === 0 ? spec : { ...spec, values: all };
  });
}
