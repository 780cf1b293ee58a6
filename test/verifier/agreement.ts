/** Our judgement beside the running kernel's. */
import { possibleCpus } from "../../xdp/engine/kernel/index.js";
import type { ObjectSpec, ProgramSpec } from "../../xdp/object/index.js";
import type { Verdict } from "../../xdp/verifier/index.js";
import { verifyProgram } from "../../xdp/verifier/index.js";
import type { KernelVerdict } from "./kernel.js";
import { asXdp, askKernel } from "./kernel.js";

export type Outcome =
  /** Both take it, or both refuse it. */
  | "agree"
  /** The kernel refuses what we take. */
  | "false accept"
  /** We refuse what the kernel takes. */
  | "false reject"
  /** The kernel takes what is not known here. */
  | "unsupported"
  /** The kernel could not be asked: it has no such map, or no types for it. */
  | "unanswered";

export interface Comparison {
  readonly name: string;
  readonly outcome: Outcome;
  readonly ours: Verdict;
  readonly kernel: KernelVerdict;
  /** Where both refuse: our verdict line is in the kernel's log. */
  readonly sameMessage: boolean;
  readonly ms: number;
}

/** Judges a program here and in the kernel. */
export function compareVerdicts(name: string, whole: ObjectSpec, original: ProgramSpec, kernelLogLevel = 1): Comparison {
  const { object, program } = asXdp(whole, original);
  const started = performance.now();
  const ours = verifyProgram(object, program, { cpus: possibleCpus() });
  const ms = performance.now() - started;
  const kernel = askKernel(object, program, kernelLogLevel);
  return { name: `${name}/${program.name}`, outcome: outcomeOf(ours, kernel), ours, kernel, sameMessage: !ours.accepted && !kernel.accepted && kernel.log.includes(ours.message), ms };
}

function outcomeOf(ours: Verdict, kernel: KernelVerdict): Outcome {
  if (kernel.unanswered !== undefined) return "unanswered";
  if (ours.accepted === kernel.accepted) return "agree";
  if (ours.accepted) return "false accept";
  return ours.kind === "rejected" ? "false reject" : "unsupported";
}

/** A table by object: programs, agreeing, refused in the same words, with as many instructions walked, and what differs. */
export function agreementTable(comparisons: readonly Comparison[]): string {
  const objects = new Map<string, Comparison[]>();
  for (const comparison of comparisons) {
    const object = comparison.name.slice(0, comparison.name.indexOf("/"));
    objects.set(object, [...(objects.get(object) ?? []), comparison]);
  }
  const lines = [...objects].map(([object, all]) => `${object.padEnd(42)}${rowOf(all)}`);
  return [`${"".padEnd(42)}${["programs", "agree", "messages", "walked alike", "unsupported", "differ"].map((title) => title.padStart(13)).join("")}`, ...lines, `${"all".padEnd(42)}${rowOf(comparisons)}`].join("\n");
}

function rowOf(all: readonly Comparison[]): string {
  const refused = all.filter(({ ours, kernel, outcome }) => outcome === "agree" && !ours.accepted && !kernel.accepted);
  const cells = [
    all.length,
    all.filter(({ outcome }) => outcome === "agree").length,
    `${refused.filter(({ sameMessage }) => sameMessage).length}/${refused.length}`,
    all.filter(({ outcome, ours, kernel }) => outcome === "agree" && ours.processed === kernel.processed).length,
    all.filter(({ outcome }) => outcome === "unsupported").length,
    all.filter(({ outcome }) => outcome === "false accept" || outcome === "false reject").length,
  ];
  return cells.map((cell) => String(cell).padStart(13)).join("");
}

/** Lines about what differs. */
export function differencesOf(comparisons: readonly Comparison[]): string[] {
  return comparisons
    .filter(({ outcome }) => outcome !== "agree" && outcome !== "unanswered")
    .map(({ name, outcome, ours, kernel }) => `${outcome}: ${name}: here "${ours.message}", in the kernel "${kernel.message}"`);
}
