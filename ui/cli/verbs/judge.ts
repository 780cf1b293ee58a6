/** What the verifier says of a machine's programs before they run, and how a verdict reads. */
import type { RunMachine } from "../../../offload/index.js";
import { verifyMachine } from "../../../xdp/index.js";
import type { Verdict, VerifyOptions } from "../../../xdp/index.js";

/** Thrown for a program that the kernel would not load: the run did what was asked, and this is its finding. */
export class RejectedError extends Error {
  readonly verdict: Verdict;

  constructor(verdict: Verdict) {
    const where = verdict.at?.line === undefined ? `instruction ${verdict.at?.insn ?? 0}` : `${verdict.at.file}:${verdict.at.line}`;
    super(`the kernel would reject program ${verdict.program}: ${verdict.message} (${where}): beeline verify says more; --no-verify runs it all the same`);
    this.name = "RejectedError";
    this.verdict = verdict;
  }
}

/**
/**
 * Judges the programs that a machine holds, for the kernel that it stands for; the machine keeps what was proven. Returns a line
 * for each that cannot be judged: it runs, every access checked.
 * @throws {RejectedError} for the first that the kernel would reject.
 */
export function judgePrograms(machine: RunMachine, kernel: Pick<VerifyOptions, "btf" | "kconfig"> = {}): string[] {
  const notes: string[] = [];
  for (const verdict of verifyMachine(machine, kernel)) {
    if (verdict.accepted) continue;
    if (verdict.kind === "rejected") throw new RejectedError(verdict);
    notes.push(`program ${verdict.program} was not judged: ${verdict.message}`);
  }
  return notes;
}

/** Our words under the kernel's: the source line with a caret, what was known, what is missing, and what usually mends it. */
export function explain({ explanation }: Verdict): string[] {
  if (explanation === undefined) return [];
  const { where, excerpt, known, missing, mend } = explanation;
  return ["", `at ${where}`, ...excerpt.map((line) => `    ${line}`), ...known.map((line) => `  known: ${line}`), `  missing: ${missing}`, `  mend: ${mend}`];
}
