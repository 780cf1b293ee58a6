/**
 * What the verifier proved of a machine's programs, so that engines made afterwards leave its checks out. Facts are about
 * exactly these instructions, maps and CPUs: where anything is otherwise, there are none, and everything is checked.
 */
import { BPF_PSEUDO_KFUNC_CALL, OPCODES } from "../isa/index.js";
import type { Insn } from "../isa/index.js";
import { MAP_DATA, MAP_VALUE_OFFSET } from "../abi.js";
import type { Facts, Verdict, VerifyOptions } from "../verifier/index.js";
import { verifyProgram } from "../verifier/index.js";
import type { MachineProgram, MachineView } from "./contract.js";

/** Kernels that programs are judged for have at least so many CPUs. */
const LEAST_CPUS = 8;

/**
 * Judges all programs that a machine holds, in their order, for the kernel that it stands for: give what the machine was made
 * with. What was proven of those that are accepted, the machine keeps.
 */
export function verifyMachine(machine: Pick<MachineView, "object" | "programs" | "cpus" | "facts">, kernel: Pick<VerifyOptions, "btf" | "kconfig"> = {}): Verdict[] {
  const verdicts: Verdict[] = [];
  for (const program of machine.programs) {
    // The machine's own copy has its calls and types resolved already; the verifier does that for itself.
    const original = machine.object.programs.find(({ name }) => name === program.spec.name);
    if (original === undefined) continue;
    const verdict = verifyProgram(machine.object, original, { ...kernelOf(kernel), cpus: Math.max(machine.cpus, LEAST_CPUS) });
    verdicts.push(verdict);
    if (verdict.facts !== undefined) machine.facts?.set(program.index, verdict.facts);
  }
  return verdicts;
}

/** Others' options may come along, which are not for the verifier. */
function kernelOf({ btf, kconfig }: Pick<VerifyOptions, "btf" | "kconfig">): Pick<VerifyOptions, "btf" | "kconfig"> {
  return { ...(btf === undefined ? {} : { btf }), ...(kconfig === undefined ? {} : { kconfig }) };
}

/** What holds of a program in the machine as it is now; undefined where it was not verified, or something has changed since. */
export function factsOf(machine: MachineView, program: MachineProgram): Facts | undefined {
  const facts = machine.facts?.get(program.index);
  if (facts === undefined || facts.insns.length !== program.spec.insns.length) return undefined;
  if (!facts.insns.every((insn, slot) => isSame(insn, program.spec.insns[slot] as Insn))) return undefined;
  return constantsHold(machine, facts) ? facts : undefined;
}

/** The machine's copy has numbers for kernel functions. */
function isSame(judged: Insn, placed: Insn): boolean {
  if (judged.op !== placed.op || judged.dst !== placed.dst) return false;
  if (OPCODES[judged.op]?.form === "call" && judged.src === BPF_PSEUDO_KFUNC_CALL) return placed.src === 0 || placed.src === BPF_PSEUDO_KFUNC_CALL;
  return judged.src === placed.src && judged.off === placed.off && judged.imm === placed.imm;
}

/** What the verifier took for constant data is what is there: settings may be others, seeds may have been put over it. */
function constantsHold({ layout, maps }: MachineView, { constants }: Facts): boolean {
  const view = new DataView(layout.buffer);
  return constants.every((constant, index) => {
    const map = maps[index];
    if (constant === undefined || map === undefined) return constant === undefined;
    const { header, spec } = map;
    const data = view.getUint32(header + MAP_DATA, true);
    // A map that no program uses.
    if (data === 0) return true;
    const value = data + view.getUint32(header + MAP_VALUE_OFFSET, true);
    return constant.length <= spec.valueSize && Buffer.from(layout.buffer, value, constant.length).equals(constant);
  });
}
