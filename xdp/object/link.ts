/**
 * One program, linked as libbpf links it: its own instructions, then each function when it is first met, depth first;
 * calls and addresses of functions made relative, maps and global data named by index.
 */
import {
  BPF_CALL,
  BPF_JMP,
  BPF_PSEUDO_BTF_ID,
  BPF_PSEUDO_CALL,
  BPF_PSEUDO_FUNC,
  BPF_PSEUDO_KFUNC_CALL,
  BPF_PSEUDO_MAP_IDX,
  BPF_PSEUDO_MAP_IDX_VALUE,
  LD_IMM64,
} from "../isa/index.js";
import type { Insn } from "../isa/index.js";
import { recordsBetween } from "./btf_ext.js";
import type { BtfExt } from "./btf_ext.js";
import type { ElfFile, ElfRelocation, ElfSymbol } from "./elf.js";
import { SHN_LORESERVE, SHN_UNDEF, STB_WEAK, STT_SECTION } from "./elf.js";
import { ObjectError } from "./error.js";
import type { CodeFunction, CodeSection } from "./functions.js";
import { KCONFIG_SECTION, kconfigVariables } from "./kconfig.js";
import type { MapTable } from "./map_table.js";
import type { BtfSpec, CoreRelocation, ExternReference, FunctionSpec, LineInfo } from "./spec.js";

/** The kernel's limit (BPF_MAX_SUBPROGS); it also bounds the recursion here. */
const MAX_FUNCTIONS = 256;
/** The kernel's limit on a program's instructions. */
const MAX_SLOTS = 1_000_000;
const CALL = BPF_JMP | BPF_CALL;
/** Number of a helper that does not exist: what a call of a weak function that is not there becomes, as libbpf does it. */
export const POISONED_CALL = 2_002_000_000;

/** Names of enum bpf_core_relo_kind. */
const CORE_KINDS = [
  "field_byte_offset",
  "field_byte_size",
  "field_exists",
  "field_signed",
  "field_lshift_u64",
  "field_rshift_u64",
  "type_id_local",
  "type_id_target",
  "type_exists",
  "type_size",
  "enumval_exists",
  "enumval_value",
  "type_matches",
];

/** What linking looks at. */
export interface LinkInput {
  readonly elf: ElfFile;
  readonly code: ReadonlyMap<number, CodeSection>;
  readonly maps: MapTable;
  readonly btf: BtfSpec | undefined;
  readonly ext: BtfExt;
}

/** A linked program. */
export interface Linked {
  readonly insns: readonly Insn[];
  readonly functions: readonly FunctionSpec[];
  readonly lines: readonly LineInfo[];
  readonly coreRelocations: readonly CoreRelocation[];
  readonly externs: readonly ExternReference[];
}

/**
 * Links a program.
 * @throws ObjectError where a relocation or a call leads nowhere.
 */
export function linkProgram(input: LinkInput, entry: CodeFunction): Linked {
  const linker = new Linker(input);
  linker.place(entry);
  return linker.result();
}

class Linker {
  readonly #input: LinkInput;
  readonly #insns: Insn[] = [];
  readonly #starts = new Map<CodeFunction, number>();
  readonly #externs: ExternReference[] = [];

  constructor(input: LinkInput) {
    this.#input = input;
  }

  /** Start of a function in the program; appends it, and what it calls, the first time. */
  place(fn: CodeFunction): number {
    const placed = this.#starts.get(fn);
    if (placed !== undefined) return placed;
    if (this.#starts.size >= MAX_FUNCTIONS) throw this.#error(fn, "unsupported", `more than ${MAX_FUNCTIONS} functions in one program`);
    const start = this.#insns.length;
    this.#starts.set(fn, start);
    if (start + fn.end - fn.start > MAX_SLOTS) throw this.#error(fn, "unsupported", `more than ${MAX_SLOTS} instructions in one program`);
    for (let slot = fn.start; slot < fn.end; slot++) this.#insns.push(fn.code.insns[slot] as Insn);
    for (let slot = fn.start; slot < fn.end; ) {
      const insn = fn.code.insns[slot] as Insn;
      const relocation = fn.code.relocations.get(slot);
      const at = start + slot - fn.start;
      if (insn.op === CALL) this.#call(fn, slot, at, insn, relocation);
      else if (insn.op === LD_IMM64) this.#wide(fn, slot, at, insn, relocation);
      else if (relocation) throw this.#error(fn, "invalid", `instruction ${slot} (opcode 0x${insn.op.toString(16)}) has a relocation against ${nameOf(relocation.symbol)}, which only calls and 64-bit loads can have`);
      slot += insn.op === LD_IMM64 ? 2 : 1;
    }
    return start;
  }

  result(): Linked {
    const { ext } = this.#input;
    const placed = [...this.#starts];
    const shifted = <T extends { readonly insn: number }>(records: ReadonlyMap<string, readonly T[]>): readonly T[] =>
      placed.flatMap(([fn, start]) => recordsBetween(records.get(fn.code.section.name), fn.start, fn.end).map((r) => ({ ...r, insn: r.insn - fn.start + start })));
    return {
      insns: this.#insns,
      functions: placed.map(([fn, start]) => {
        const typeId = recordsBetween(ext.functions.get(fn.code.section.name), fn.start, fn.start + 1)[0]?.typeId;
        return { name: fn.name, start, end: start + fn.end - fn.start, linkage: fn.linkage, ...(typeId === undefined ? {} : { typeId }) };
      }),
      lines: shifted(ext.lines),
      coreRelocations: shifted(ext.coreRelocations).map(({ insn, kind, typeId, access }) => ({ insn, kind: CORE_KINDS[kind] ?? `${kind}`, typeId, access })),
      externs: this.#externs,
    };
  }

  #call(fn: CodeFunction, slot: number, at: number, insn: Insn, relocation: ElfRelocation | undefined): void {
    if (!relocation) {
      // Within the section the compiler knows the distance.
      if (insn.src === BPF_PSEUDO_CALL) this.#set(at, { imm: this.place(this.#target(fn, slot, fn.code, slot + insn.imm + 1)) - at - 1 });
      return;
    }
    const { symbol } = relocation;
    if (insn.src !== BPF_PSEUDO_CALL) throw this.#error(fn, "invalid", `instruction ${slot} calls helper ${insn.imm}, but has a relocation against ${nameOf(symbol)}`);
    if (symbol.section === SHN_UNDEF) {
      const weak = symbol.bind === STB_WEAK;
      this.#externs.push({ insn: at, name: symbol.name, kind: this.#externKind(symbol.name), weak });
      this.#set(at, weak ? { src: 0, imm: POISONED_CALL } : { src: BPF_PSEUDO_KFUNC_CALL, imm: 0 });
      return;
    }
    const code = this.#input.code.get(symbol.section);
    if (!code) throw this.#error(fn, "invalid", `instruction ${slot} calls ${nameOf(symbol)}, which is in no section of code`);
    // Calls of a function by its own symbol have imm -1; by the section's symbol, imm counts from the section's start.
    this.#set(at, { imm: this.place(this.#target(fn, slot, code, symbol.value / 8 + insn.imm + 1)) - at - 1 });
  }

  #wide(fn: CodeFunction, slot: number, at: number, insn: Insn, relocation: ElfRelocation | undefined): void {
    if (slot + 1 >= fn.end) throw this.#error(fn, "invalid", `instruction ${slot} is a 64-bit load without its second slot`);
    if (!relocation) return;
    const { symbol } = relocation;
    const { elf, maps, code } = this.#input;
    if (symbol.section === SHN_UNDEF) {
      const weak = symbol.bind === STB_WEAK;
      const kind = this.#externKind(symbol.name);
      this.#externs.push({ insn: at, name: symbol.name, kind, weak });
      const setting = kind === "kconfig" ? kconfigVariables(this.#input.btf).find((v) => v.name === symbol.name) : undefined;
      const map = setting && maps.data(KCONFIG_SECTION);
      if (map === undefined) this.#set(at, { src: weak ? 0 : BPF_PSEUDO_BTF_ID, imm: 0 });
      else this.#set(at, { src: BPF_PSEUDO_MAP_IDX_VALUE, imm: map });
      this.#set(at + 1, { imm: setting?.offset ?? 0 });
      return;
    }
    if (symbol.section >= SHN_LORESERVE) throw this.#error(fn, "invalid", `instruction ${slot} refers to ${nameOf(symbol)}, which is in no section (a global variable that was never initialised?)`);
    const target = code.get(symbol.section);
    if (target) {
      this.#set(at, { src: BPF_PSEUDO_FUNC, imm: this.place(this.#target(fn, slot, target, (symbol.value + insn.imm) / 8)) - at - 1 });
      this.#set(at + 1, { imm: 0 });
      return;
    }
    const data = maps.data(symbol.section);
    if (data !== undefined) {
      this.#set(at, { src: BPF_PSEUDO_MAP_IDX_VALUE, imm: data });
      this.#set(at + 1, { imm: (insn.imm + symbol.value) | 0 });
      return;
    }
    const map = maps.at(symbol.section, symbol.value + (symbol.type === STT_SECTION ? insn.imm : 0));
    if (map === undefined) {
      const section = elf.sections[symbol.section]?.name ?? `${symbol.section}`;
      const what = section.startsWith(".addr_space.") ? "arena memory (BPF_MAP_TYPE_ARENA), which Beeline does not have" : "neither maps nor global data";
      throw this.#error(fn, "unsupported", `instruction ${slot} refers to ${nameOf(symbol)} in section ${section}, which holds ${what}`);
    }
    this.#set(at, { src: BPF_PSEUDO_MAP_IDX, imm: map });
    this.#set(at + 1, { imm: 0 });
  }

  #target(from: CodeFunction, slot: number, code: CodeSection, target: number): CodeFunction {
    const fn = code.functions.get(target);
    if (!fn) throw this.#error(from, "invalid", `instruction ${slot} calls slot ${target} of section ${code.section.name}, where no function starts`);
    return fn;
  }

  #externKind(name: string): ExternReference["kind"] {
    const { btf } = this.#input;
    for (const section of btf?.types ?? []) {
      if (section.kind !== "datasec" || (section.name !== ".ksyms" && section.name !== ".kconfig")) continue;
      const type = section.vars.map((v) => btf?.types[v.type]).find((t) => (t?.kind === "var" || t?.kind === "func") && t.name === name);
      if (type) return section.name === ".kconfig" ? "kconfig" : type.kind === "func" ? "kfunc" : "ksym";
    }
    return "undefined";
  }

  #set(at: number, fields: Partial<Insn>): void {
    this.#insns[at] = { ...(this.#insns[at] as Insn), ...fields };
  }

  #error(fn: CodeFunction, kind: "invalid" | "unsupported", problem: string): ObjectError {
    return new ObjectError(this.#input.elf.file, kind, `function ${fn.name}: ${problem}`, fn.code.section.name);
  }
}

function nameOf(symbol: ElfSymbol): string {
  return symbol.name || (symbol.type === STT_SECTION ? `section ${symbol.section}` : "a symbol without name");
}
