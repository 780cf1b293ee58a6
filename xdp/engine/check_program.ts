/**
 * Can the engines run this program? What they lack is refused by name, what is not sound is refused as such. Where jumps
 * go is looked at, so that no engine ever leaves a program; what the program does is not: that is the verifier's.
 */
import { FIRST_KFUNC, HELPER_BY_ID, KFUNC_BY_NAME, ProgramError, UnsupportedError, helperName, whyNoHelper, whyNoKfunc } from "../helpers/index.js";
import {
  BPF_EXIT,
  BPF_JA,
  BPF_JMP,
  BPF_JMP32,
  BPF_PSEUDO_BTF_ID,
  BPF_PSEUDO_CALL,
  BPF_PSEUDO_FUNC,
  BPF_PSEUDO_KFUNC_CALL,
  BPF_PSEUDO_MAP_FD,
  BPF_PSEUDO_MAP_IDX,
  BPF_PSEUDO_MAP_IDX_VALUE,
  BPF_PSEUDO_MAP_VALUE,
  LD_IMM64,
  OPCODES,
  nameOf,
  problemOf,
} from "../isa/index.js";
import type { Refusal } from "../helpers/index.js";
import type { Insn } from "../isa/index.js";
import { isMapTypeSupported, refusalReason } from "../maps/index.js";
import { POISONED_CALL, POISONED_CORE } from "../object/index.js";
import type { ExternReference, ObjectSpec, ProgramSpec } from "../object/index.js";
import { placeOf } from "./place.js";

/** Most slots of one program: what the kernel takes from root (BPF_COMPLEXITY_LIMIT_INSNS). */
const MAX_SLOTS = 1_000_000;
/** Instructions that are refused, by form or name, and why. */
export const REFUSED_INSTRUCTIONS: readonly Refusal[] = [
  { name: "load_packet", reason: "the kernel has it for socket filters only, and refuses it in XDP programs" },
  { name: "addr_space_cast", reason: "it is for arenas, and there are none on a device" },
];
const EXIT = BPF_JMP | BPF_EXIT;
const GOTO = BPF_JMP | BPF_JA;
const GOTOL = BPF_JMP32 | BPF_JA;

/**
 * Checks one program that is about to be loaded.
 * @throws UnsupportedError for what Beeline does not have, ProgramError for what no kernel would load.
 */
export function checkProgram(object: ObjectSpec, program: ProgramSpec): void {
  new Check(object, program).run();
}

/** Indices of the maps that a program names, each once. */
export function mapsOf(program: ProgramSpec): Set<number> {
  const maps = new Set<number>();
  for (const { op, src, imm } of program.insns) {
    if (op === LD_IMM64 && (src === BPF_PSEUDO_MAP_IDX || src === BPF_PSEUDO_MAP_IDX_VALUE)) maps.add(imm);
  }
  return maps;
}

class Check {
  readonly #object: ObjectSpec;
  readonly #program: ProgramSpec;
  /** 1 where an instruction starts. */
  readonly #starts: Uint8Array;
  readonly #externs: ReadonlyMap<number, ExternReference>;

  constructor(object: ObjectSpec, program: ProgramSpec) {
    this.#object = object;
    this.#program = program;
    this.#starts = new Uint8Array(program.insns.length);
    this.#externs = new Map((program.externs ?? []).map((e) => [e.insn, e]));
  }

  run(): void {
    const { insns } = this.#program;
    if (insns.length === 0) throw this.#invalid(0, "it has no instructions");
    if (insns.length > MAX_SLOTS) throw this.#invalid(MAX_SLOTS, `it has ${insns.length} slots, and a program has ${MAX_SLOTS} at most`);
    for (let i = 0; i < insns.length; ) {
      const insn = insns[i] as Insn;
      this.#starts[i] = 1;
      this.#form(i, insn);
      i += insn.op === LD_IMM64 ? 2 : 1;
    }
    for (const { start, end } of this.#functions()) this.#flow(start, end);
    for (const { insn, kind } of this.#program.coreRelocations ?? []) {
      if (kind === "type_id_target") throw this.#unsupported("core", insn, kind);
    }
  }

  /** Functions as the object has them; a program without any is one function. */
  #functions(): readonly { readonly start: number; readonly end: number }[] {
    const { functions, insns } = this.#program;
    return functions.length > 0 ? functions : [{ start: 0, end: insns.length }];
  }

  #form(i: number, insn: Insn): void {
    const extern = this.#externs.get(i);
    const called = extern?.kind === "kfunc" && OPCODES[insn.op]?.form === "call";
    if (extern && !extern.weak && extern.kind !== "kconfig" && !called) {
      if (extern.kind === "undefined") throw this.#invalid(i, `${extern.name} is declared, but the object does not define it`);
      throw this.#unsupported(extern.kind, i, extern.name);
    }
    const problem = problemOf(insn);
    if (problem !== undefined) throw this.#invalid(i, problem);
    const info = OPCODES[insn.op];
    const refusal = REFUSED_INSTRUCTIONS.find(({ name }) => name === info?.form || name === nameOf(insn));
    if (refusal) throw new UnsupportedError("instruction", nameOf(insn), placeOf(this.#program, i), refusal.reason);
    if (info?.form === "call") this.#call(i, insn);
    if (info?.form === "load_imm64") this.#wide(i, insn);
  }

  #call(i: number, { src, imm }: Insn): void {
    if (src === BPF_PSEUDO_KFUNC_CALL) {
      const name = this.#kfuncName(i, imm);
      if (!KFUNC_BY_NAME.has(name)) throw new UnsupportedError("kfunc", name, placeOf(this.#program, i), whyNoKfunc(name));
      return;
    }
    // Only dead code may hold what is not there; a fault tells where it does not.
    if (src === BPF_PSEUDO_CALL || imm === POISONED_CALL || imm === POISONED_CORE) return;
    if (!HELPER_BY_ID.has(imm) || imm >= FIRST_KFUNC) throw new UnsupportedError("helper", helperName(imm), placeOf(this.#program, i), whyNoHelper(imm));
  }

  #wide(i: number, { src, imm }: Insn): void {
    const second = this.#program.insns[i + 1];
    if (!second || second.op !== 0 || second.dst !== 0 || second.src !== 0 || second.off !== 0) throw this.#invalid(i, "a 64-bit load without its second slot");
    if (src === BPF_PSEUDO_MAP_FD || src === BPF_PSEUDO_MAP_VALUE) throw this.#invalid(i, `a map by file descriptor ${imm}, which an object file cannot have`);
    if (src === BPF_PSEUDO_BTF_ID) throw this.#unsupported("ksym", i, this.#kfuncName(i, imm));
    if (src !== BPF_PSEUDO_MAP_IDX && src !== BPF_PSEUDO_MAP_IDX_VALUE) return;
    const map = this.#object.maps[imm];
    if (!map) throw this.#invalid(i, `map ${imm}, and the object has ${this.#object.maps.length}`);
    if (!isMapTypeSupported(map.typeId)) throw new UnsupportedError("map", `${map.type} of map ${map.name}`, placeOf(this.#program, i), refusalReason(map.type));
    if (src === BPF_PSEUDO_MAP_IDX_VALUE && (second.imm >>> 0) >= map.valueSize) throw this.#invalid(i, `byte ${second.imm >>> 0} of map ${map.name}, whose value has ${map.valueSize}`);
  }

  #kfuncName(i: number, id: number): string {
    const type = this.#object.btf?.types[id];
    return this.#externs.get(i)?.name ?? (type && "name" in type && type.name ? type.name : `#${id}`);
  }

  #flow(start: number, end: number): void {
    const { insns, functions } = this.#program;
    let last = start;
    for (let i = start; i < end; i += insns[i]?.op === LD_IMM64 ? 2 : 1) {
      const insn = insns[i] as Insn;
      last = i;
      const form = OPCODES[insn.op]?.form;
      if (form === "goto" || form === "jump" || form === "may_goto") {
        const target = i + 1 + (insn.op === GOTOL ? insn.imm : insn.off);
        if (target < start || target >= end) throw this.#invalid(i, `a jump to slot ${target}, outside its function (slots ${start} to ${end - 1})`);
        if (this.#starts[target] !== 1) throw this.#invalid(i, `a jump into the middle of the 64-bit load at slot ${target - 1}`);
      }
      const names = (form === "call" && insn.src === BPF_PSEUDO_CALL) || (form === "load_imm64" && insn.src === BPF_PSEUDO_FUNC);
      if (names && !functions.some((f) => f.start === i + 1 + insn.imm)) throw this.#invalid(i, `slot ${i + 1 + insn.imm} is called, and no function starts there`);
    }
    const { op } = insns[last] as Insn;
    if (op !== EXIT && op !== GOTO && op !== GOTOL) throw this.#invalid(last, "the function runs off its end: it must end in exit or goto");
  }

  #unsupported(kind: UnsupportedError["kind"], insn: number, what: string): UnsupportedError {
    return new UnsupportedError(kind, what, placeOf(this.#program, insn));
  }

  #invalid(insn: number, problem: string): ProgramError {
    return new ProgramError(problem, placeOf(this.#program, insn));
  }
}

/** The program with each call of a kernel function as one of a helper of that number: what engines run. */
export function withKfuncNumbers(program: ProgramSpec): ProgramSpec {
  const calls = (program.externs ?? []).filter(({ insn, kind }) => kind === "kfunc" && program.insns[insn]?.src === BPF_PSEUDO_KFUNC_CALL && OPCODES[program.insns[insn].op]?.form === "call");
  if (calls.length === 0) return program;
  const insns = [...program.insns];
  for (const { insn, name } of calls) insns[insn] = { ...(insns[insn] as Insn), src: 0, off: 0, imm: KFUNC_BY_NAME.get(name)?.id ?? 0 };
  return { ...program, insns };
}
