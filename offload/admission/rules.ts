/**
 * Would this device take the program? Every rule that driver and firmware enforce when a program is loaded, as data.
 * Source of the rules: Linux 6.1 nfp driver, bpf/verifier.c, bpf/jit.c and bpf/offload.c (reference section 1.5).
 *
 * What the rules ask of values comes from the same facts as the translation. Where those cannot follow the program, it is
 * given the benefit of the doubt: a refusal is certain as far as the analysis goes, an admission is as good as the analysis.
 */
import type { ObjectSpec, ProgramSpec } from "../../xdp/index.js";
import type { DeviceProfile, OffloadProfile } from "../profiles/schema.js";
import { OffloadError } from "./error.js";
import type { Refusal, SourceLine } from "./error.js";
import { HELPER_RULES } from "./helpers.js";
import { MAP_RULES } from "./maps.js";
import { MEMORY_RULES } from "./memory.js";
import { OPERATION_RULES } from "./operations.js";
import { subjectOf } from "./subject.js";
import type { Rule, Subject } from "./subject.js";
import { WHOLE_RULES } from "./whole.js";

export const RULES: readonly Rule[] = [...WHOLE_RULES.slice(0, 1), ...MAP_RULES, ...OPERATION_RULES, ...MEMORY_RULES, ...HELPER_RULES, ...WHOLE_RULES.slice(1)];

export interface AdmissionResult {
  /** True: every rule was checked, and none refuses the program. */
  readonly admitted: boolean;
  /** One for each rule and cause, at the first place where it is broken. */
  readonly errors: readonly OffloadError[];
  /** Their messages. */
  readonly reasons: readonly string[];
  /** Ids of the rules that were checked. */
  readonly checked: readonly string[];
  /** Length after translation, and bytes of stack. */
  readonly instructions: number;
  readonly stackBytes: number;
}

/** Checks a program of an object against all rules of a device. Kernel paths take what the kernel's verifier takes: nothing is checked. */
export function admit(object: ObjectSpec, program: ProgramSpec, device: DeviceProfile): AdmissionResult {
  if (device.kind === "kernel") return { admitted: true, errors: [], reasons: [], checked: [], instructions: program.insns.length, stackBytes: 0 };
  return checkAdmission(object, program, device);
}

/** As {@link admit}, on a card. */
export function checkAdmission(object: ObjectSpec, program: ProgramSpec, device: OffloadProfile): AdmissionResult {
  const subject = subjectOf(object, program, device);
  const rules = RULES.filter(({ nfp }) => !nfp || device.lanes === 0);
  const errors = rules.flatMap((rule) => errorsOf(rule, subject));
  const { instructions, stackBytes } = subject.translation;
  return { admitted: errors.length === 0, errors, reasons: errors.map(({ message }) => message), checked: rules.map(({ id }) => id), instructions, stackBytes };
}

/** One error for each thing that the driver says, at its first place. */
function errorsOf(rule: Rule, subject: Subject): OffloadError[] {
  const groups = new Map<string, Refusal[]>();
  for (const refusal of rule.check(subject)) {
    const key = `${refusal.map ?? ""} ${refusal.driver} ${refusal.help}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [refusal]);
    else group.push(refusal);
  }
  return [...groups.values()].map((group) => new OffloadError(rule.id, group[0], sourceOf(subject.program, group[0].slot), group.length - 1));
}

/** The C line of an instruction, where the object says it. */
export function sourceOf(program: ProgramSpec, slot: number | undefined): SourceLine | undefined {
  const line = slot === undefined ? undefined : program.lines.findLast((one) => one.insn <= slot);
  return line === undefined ? undefined : { file: line.file, line: line.line, text: line.text.trim() };
}
