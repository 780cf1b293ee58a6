/**
 * Clang leaves the sizes of data sections and the offsets of global variables in BTF to the loader:
 * here they are filled in from the ELF sections and symbols.
 */
import type { ElfFile } from "./elf.js";
import { SHN_LORESERVE, SHN_UNDEF } from "./elf.js";
import type { BtfSpec, BtfType } from "./spec.js";

const BTF_VAR_STATIC = 0;

/** BTF with every data section of the object sized, and its variables placed and in order. */
export function placeVariables(btf: BtfSpec, elf: ElfFile): BtfSpec {
  const sizes = new Map(elf.sections.map((section) => [section.name, section]));
  const defined = elf.symbols.filter((s) => s.section !== SHN_UNDEF && s.section < SHN_LORESERVE && s.name !== "");
  const offsets = new Map(defined.map((s) => [`${s.section}:${s.name}`, s.value]));
  const types = btf.types.map((type): BtfType => {
    if (type.kind !== "datasec") return type;
    const section = sizes.get(type.name);
    if (!section) return type;
    const vars = type.vars.map((v) => {
      const variable = btf.types[v.type];
      // Offsets of static variables are there already, and those have no symbol to go by.
      if (variable?.kind !== "var" || variable.linkage === BTF_VAR_STATIC) return v;
      return { ...v, offset: offsets.get(`${section.index}:${variable.name}`) ?? v.offset };
    });
    return { ...type, size: section.size, vars: vars.toSorted((a, b) => a.offset - b.offset) };
  });
  return { types };
}
