/** The functions of an object: where each starts and ends, and which of them are programs. */
import { decode, INSN_BYTES } from "../isa/index.js";
import type { Insn } from "../isa/index.js";
import { SHF_EXECINSTR, SHT_PROGBITS, STB_LOCAL, STT_FUNC, STT_NOTYPE } from "./elf.js";
import type { ElfFile, ElfRelocation, ElfSection, ElfSymbol } from "./elf.js";
import { ObjectError } from "./error.js";

/** Section of functions that programs call. */
const TEXT = ".text";

/** A function as it stands in the object. */
export interface CodeFunction {
  readonly name: string;
  readonly code: CodeSection;
  /** First slot in the section and the slot after the last. */
  readonly start: number;
  readonly end: number;
  readonly linkage: "static" | "global";
  /** Whether it can be loaded by itself. */
  readonly isProgram: boolean;
}

/** A section of instructions. */
export interface CodeSection {
  readonly section: ElfSection;
  readonly insns: readonly Insn[];
  /** By slot. */
  readonly relocations: ReadonlyMap<number, ElfRelocation>;
  /** By first slot, ascending. */
  readonly functions: Map<number, CodeFunction>;
}

/**
 * Sections of instructions by their index, with their functions.
 * @throws ObjectError where a function lies outside its section or a relocation outside the instructions.
 */
export function readCode(elf: ElfFile): ReadonlyMap<number, CodeSection> {
  const sections = elf.sections.filter((s) => s.type === SHT_PROGBITS && (s.flags & SHF_EXECINSTR) !== 0 && s.size > 0);
  // An object that has nothing but .text means its functions as programs.
  const textIsPrograms = sections.every((s) => s.name === TEXT);
  const result = new Map<number, CodeSection>();
  for (const section of sections) {
    if (section.size % INSN_BYTES !== 0) throw new ObjectError(elf.file, "invalid", `${section.size} bytes are not a whole number of 8-byte instructions`, section.name);
    const code: CodeSection = { section, insns: decode(section.data), relocations: relocationsBySlot(elf, section), functions: new Map() };
    const symbols = functionSymbols(elf, section);
    // Before libbpf 1.0 a program could be static: it starts its section.
    const allLocal = symbols.every((s) => s.bind === STB_LOCAL);
    for (const [i, symbol] of symbols.entries()) {
      const end = symbol.size === 0 ? (symbols[i + 1]?.value ?? section.size) : symbol.value + symbol.size;
      if (symbol.value % INSN_BYTES !== 0 || end % INSN_BYTES !== 0 || end > section.size || end <= symbol.value) {
        throw new ObjectError(elf.file, "invalid", `function ${symbol.name} takes bytes ${symbol.value} to ${end} of ${section.size}`, section.name);
      }
      const isLocal = symbol.bind === STB_LOCAL;
      code.functions.set(symbol.value / INSN_BYTES, {
        name: symbol.name,
        code,
        start: symbol.value / INSN_BYTES,
        end: end / INSN_BYTES,
        linkage: isLocal || symbol.hidden ? "static" : "global",
        isProgram: (!isLocal || (allLocal && i === 0)) && (section.name !== TEXT || textIsPrograms),
      });
    }
    result.set(section.index, code);
  }
  return result;
}

/** Symbols that start functions, ascending, one a place; where the compiler wrote none, the section itself. */
function functionSymbols(elf: ElfFile, section: ElfSection): readonly ElfSymbol[] {
  const here = elf.symbols.filter((s) => s.section === section.index && s.name !== "");
  const functions = here.filter((s) => s.type === STT_FUNC);
  // Compilers of 2017 gave functions no type; local symbols without one are jump labels.
  const named = functions.length > 0 ? functions : here.filter((s) => s.type === STT_NOTYPE && s.bind !== STB_LOCAL);
  const whole: ElfSymbol = { name: section.name, value: 0, size: section.size, section: section.index, type: STT_FUNC, bind: 1, hidden: false };
  const sorted = (named.length > 0 ? named : [whole]).toSorted((a, b) => a.value - b.value || Number(a.bind === STB_LOCAL) - Number(b.bind === STB_LOCAL));
  return sorted.filter((s, i) => i === 0 || sorted[i - 1]?.value !== s.value);
}

function relocationsBySlot(elf: ElfFile, section: ElfSection): ReadonlyMap<number, ElfRelocation> {
  const bySlot = new Map<number, ElfRelocation>();
  for (const relocation of elf.relocations.get(section.index) ?? []) {
    if (relocation.offset % INSN_BYTES !== 0 || relocation.offset >= section.size) {
      throw new ObjectError(elf.file, "invalid", `relocation against ${relocation.symbol.name || "a section"} at byte ${relocation.offset} of ${section.size}, where no instruction starts`, section.name);
    }
    bySlot.set(relocation.offset / INSN_BYTES, relocation);
  }
  return bySlot;
}
