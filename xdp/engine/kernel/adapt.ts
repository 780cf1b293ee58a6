/** Programs for the running kernel: its types, its functions and variables by their BTF ids. */
import { BPF_CALL, BPF_JMP, BPF_PSEUDO_BTF_ID, BPF_PSEUDO_KFUNC_CALL } from "../../isa/index.js";
import { adaptProgram, defaultTarget, kernelTarget } from "../../object/index.js";
import type { BtfTarget, ObjectSpec, ProgramSpec } from "../../object/index.js";

/** The program as the running kernel takes it; what it does not have is left for the verifier to refuse. */
export function adaptForKernel(object: ObjectSpec, program: ProgramSpec): ProgramSpec {
  const kernel = kernelTarget();
  const adapted = adaptProgram(object, program, { btf: defaultTarget, hasKfunc: (name) => kernel !== undefined && idOf(kernel, name, "func") !== undefined });
  if (!kernel || !adapted.externs?.some((e) => !e.weak)) return adapted;
  const insns = [...adapted.insns];
  for (const { insn: at, name, kind, weak } of adapted.externs) {
    const insn = insns[at];
    const id = kind === "kfunc" ? idOf(kernel, name, "func") : kind === "ksym" ? idOf(kernel, name, "var") : undefined;
    if (!insn || weak || id === undefined) continue;
    insns[at] = { ...insn, src: insn.op === (BPF_JMP | BPF_CALL) ? BPF_PSEUDO_KFUNC_CALL : BPF_PSEUDO_BTF_ID, imm: id };
  }
  return { ...adapted, insns };
}

/** Modules have types of their own, which are not looked at: only what is built into the kernel is found. */
function idOf(kernel: BtfTarget, name: string, kind: "func" | "var"): number | undefined {
  return kernel.candidates(name, kind).find((id) => {
    const type = kernel.type(id);
    return "name" in type && type.name === name;
  });
}
