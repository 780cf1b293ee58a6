/** A program made ready for where it will run: its types the kernel's, its weak externs found or not. */
import { BPF_CALL, BPF_JMP, BPF_PSEUDO_KFUNC_CALL, LD_IMM64 } from "../isa/index.js";
import type { BtfTarget } from "./core_target.js";
import { POISONED_CALL } from "./link.js";
import { relocateCore } from "./relocate_core.js";
import type { ExternReference, ObjectSpec, PoisonedInsn, ProgramSpec } from "./spec.js";

/** Where a program will run. */
export interface AdaptOptions {
  /** Types to adapt to; asked for only where the program has CO-RE relocations. */
  readonly btf: () => BtfTarget;
  /** Is the kernel function there? Default: none is. */
  readonly hasKfunc?: (name: string) => boolean;
}

/**
 * The program for a place; itself where nothing in it depends on that.
 * Kernel functions that are there are called by name: BPF_PSEUDO_KFUNC_CALL with an {@link ExternReference} at the instruction
 * that is not weak any more; their address, which programs only compare with NULL, is 1.
 * @throws ObjectError as {@link relocateCore} does.
 */
export function adaptProgram(object: Pick<ObjectSpec, "file" | "btf">, program: ProgramSpec, { btf, hasKfunc = () => false }: AdaptOptions): ProgramSpec {
  const relocated = (program.coreRelocations?.length ?? 0) > 0 ? relocateCore(object, program, btf()) : program;
  if (!relocated.externs?.some((e) => e.weak && e.kind === "kfunc")) return relocated;
  const insns = [...relocated.insns];
  const poisoned: PoisonedInsn[] = [...(relocated.poisoned ?? [])];
  const externs = relocated.externs.map((extern): ExternReference => {
    const insn = insns[extern.insn];
    if (!extern.weak || extern.kind !== "kfunc" || !insn) return extern;
    const found = hasKfunc(extern.name);
    if (insn.op === LD_IMM64) insns[extern.insn] = { ...insn, src: 0, imm: found ? 1 : 0 };
    else if (insn.op === (BPF_JMP | BPF_CALL)) {
      insns[extern.insn] = found ? { ...insn, src: BPF_PSEUDO_KFUNC_CALL, imm: 0 } : { ...insn, src: 0, imm: POISONED_CALL };
      if (!found) poisoned.push({ insn: extern.insn, reason: `kernel function ${extern.name} is not supported` });
    }
    // A found function's address is a number like any other; its call has to be resolved.
    return found && insn.op !== LD_IMM64 ? { ...extern, weak: false } : extern;
  });
  return { ...relocated, insns, externs, ...(poisoned.length > 0 ? { poisoned } : {}) };
}
