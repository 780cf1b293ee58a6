/** What an object holds, in numbers and names: the data behind `beeline inspect`. */
import { BPF_CALL, BPF_HELPER_CALL, BPF_JMP, BPF_PSEUDO_MAP_IDX, BPF_PSEUDO_MAP_IDX_VALUE, LD_IMM64, nameOf } from "../isa/index.js";
import type { MapSpec, ObjectSpec, ProgramSpec } from "./spec.js";

/** One program in short. */
export interface ProgramSummary {
  readonly name: string;
  readonly section: string;
  readonly type: string;
  readonly attach: ProgramSpec["attach"];
  readonly frags: boolean;
  readonly autoload: boolean;
  /** Instructions; a 64-bit load is one. */
  readonly instructions: number;
  /** 8-byte slots; a 64-bit load takes two. */
  readonly slots: number;
  readonly functions: readonly string[];
  /** Numbers of the helpers it calls, ascending. */
  readonly helpers: readonly number[];
  /** Kernel functions that it calls. */
  readonly kfuncs: readonly string[];
  /** Names of the maps that its instructions name, in the object's order. */
  readonly maps: readonly string[];
  /** Instructions by name, for example `ldxw`, `add64`. */
  readonly opcodes: Readonly<Record<string, number>>;
  /** Source lines known. */
  readonly lines: number;
  readonly coreRelocations: number;
}

/** One map in short. */
export interface MapSummary {
  readonly name: string;
  readonly type: string;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
  /** Entries that the object puts in. */
  readonly values: number;
  readonly innerType?: string;
}

/** One object in short. */
export interface ObjectSummary {
  readonly file: string;
  readonly license: string;
  readonly btf: boolean;
  readonly programs: readonly ProgramSummary[];
  readonly maps: readonly MapSummary[];
}

/** Everything of an object in short. */
export function summarizeObject(spec: ObjectSpec): ObjectSummary {
  return {
    file: spec.file,
    license: spec.license,
    btf: spec.btf !== undefined,
    programs: spec.programs.map((p) => summarizeProgram(spec, p)),
    maps: spec.maps.map(summarizeMap),
  };
}

/** A program in short. */
export function summarizeProgram(spec: ObjectSpec, program: ProgramSpec): ProgramSummary {
  const opcodes: Record<string, number> = {};
  const helpers = new Set<number>();
  const maps = new Set<number>();
  let instructions = 0;
  let second = false;
  for (const insn of program.insns) {
    if (second) {
      second = false;
      continue;
    }
    instructions++;
    const name = nameOf(insn);
    opcodes[name] = (opcodes[name] ?? 0) + 1;
    second = insn.op === LD_IMM64;
    if (insn.op === (BPF_JMP | BPF_CALL) && insn.src === BPF_HELPER_CALL) helpers.add(insn.imm);
    if (second && (insn.src === BPF_PSEUDO_MAP_IDX || insn.src === BPF_PSEUDO_MAP_IDX_VALUE)) maps.add(insn.imm);
  }
  return {
    name: program.name,
    section: program.section,
    type: program.type,
    attach: program.attach,
    frags: program.frags,
    autoload: program.autoload,
    instructions,
    slots: program.insns.length,
    functions: program.functions.map((f) => f.name),
    helpers: [...helpers].toSorted((a, b) => a - b),
    kfuncs: [...new Set((program.externs ?? []).filter((e) => e.kind === "kfunc").map((e) => e.name))],
    maps: spec.maps.filter((_, i) => maps.has(i)).map((m) => m.name),
    opcodes,
    lines: program.lines.length,
    coreRelocations: program.coreRelocations?.length ?? 0,
  };
}

function summarizeMap({ name, type, keySize, valueSize, maxEntries, flags, values, inner }: MapSpec): MapSummary {
  return { name, type, keySize, valueSize, maxEntries, flags, values: values?.length ?? 0, ...(inner ? { innerType: inner.type } : {}) };
}
