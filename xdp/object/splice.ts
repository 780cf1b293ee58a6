/** A program with whole programs in the place of some of its functions: what freplace does in the kernel, done by linking. */
import { BPF_CALL, BPF_JMP, BPF_PSEUDO_CALL, BPF_PSEUDO_FUNC, LD_IMM64 } from "../isa/index.js";
import type { Insn } from "../isa/index.js";
import { ObjectError } from "./error.js";
import type { CoreRelocation, ExternReference, FunctionSpec, LineInfo, ProgramSpec } from "./spec.js";

/**
 * @param replacements by name of the function. Functions that others call as well are replaced for all.
 * @throws ObjectError where the program calls what is no function of it.
 */
export function spliceFunctions(file: string, program: ProgramSpec, replacements: ReadonlyMap<string, ProgramSpec>): ProgramSpec {
  const splice = new Splice(program);
  for (const fn of program.functions) {
    const replacement = replacements.get(fn.name);
    if (replacement) splice.append(replacement, 0, replacement.insns.length, fn.start);
    else splice.append(program, fn.start, fn.end, fn.start);
  }
  return splice.result(file);
}

class Splice {
  readonly #program: ProgramSpec;
  readonly #insns: Insn[] = [];
  readonly #functions: FunctionSpec[] = [];
  readonly #lines: LineInfo[] = [];
  readonly #core: CoreRelocation[] = [];
  readonly #externs: ExternReference[] = [];
  /** Where the functions of the program start now, by where they started. */
  readonly #starts = new Map<number, number>();
  /** By slot, what it was in the program itself; slots of replacements are not in here. */
  readonly #before = new Map<number, number>();

  constructor(program: ProgramSpec) {
    this.#program = program;
  }

  /** Appends the slots `[start, end)` of `from`, with all that is said of them, for the program's function at `function`. */
  append(from: ProgramSpec, start: number, end: number, functionStart: number): void {
    const shift = this.#insns.length - start;
    const own = from === this.#program;
    this.#starts.set(functionStart, this.#insns.length);
    const moved = <T extends { readonly insn: number }>(records: readonly T[] | undefined): T[] => (records ?? []).filter((r) => r.insn >= start && r.insn < end).map((r) => ({ ...r, insn: r.insn + shift }));
    this.#lines.push(...moved(from.lines));
    this.#core.push(...moved(from.coreRelocations));
    this.#externs.push(...moved(from.externs));
    for (const f of from.functions) {
      // A replacement is verified where it is called, as a static function is: it may take and return what programs do.
      if (f.start >= start && f.start < end) this.#functions.push({ ...f, start: f.start + shift, end: f.end + shift, linkage: own ? f.linkage : "static" });
    }
    for (let slot = start; slot < end; slot++) {
      if (own) this.#before.set(this.#insns.length, slot);
      this.#insns.push(from.insns[slot] as Insn);
    }
  }

  result(file: string): ProgramSpec {
    for (const [slot, before] of this.#before) {
      const insn = this.#insns[slot] as Insn;
      const names = (insn.op === (BPF_JMP | BPF_CALL) && insn.src === BPF_PSEUDO_CALL) || (insn.op === LD_IMM64 && insn.src === BPF_PSEUDO_FUNC);
      if (!names) continue;
      const target = this.#starts.get(before + insn.imm + 1);
      if (target === undefined) throw new ObjectError(file, "invalid", `program ${this.#program.name} calls what is no function of it (instruction ${before})`);
      this.#insns[slot] = { ...insn, imm: target - slot - 1 };
    }
    const { coreRelocations: _, externs: __, ...rest } = this.#program;
    return {
      ...rest,
      insns: this.#insns,
      functions: this.#functions,
      lines: this.#lines,
      ...(this.#core.length > 0 ? { coreRelocations: this.#core } : {}),
      ...(this.#externs.length > 0 ? { externs: this.#externs } : {}),
    };
  }
}
