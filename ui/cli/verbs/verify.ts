/** `beeline verify`: would the kernel take these programs, and a card, and if not, where and why. */
import { basename } from "node:path";
import type * as Offload from "../../../offload/index.js";
import type { AdmissionResult } from "../../../offload/index.js";
import { ObjectError, btfTarget, loadObject, selectProgram, verifyProgram } from "../../../xdp/index.js";
import type { ObjectSpec, ProgramSpec, Verdict } from "../../../xdp/index.js";
import { EXIT_FINDING, EXIT_INPUT } from "../errors.js";
import { count } from "../format.js";
import { readInput } from "../input.js";
import { table } from "../table.js";
import { explain } from "./judge.js";
import { assignments } from "./request.js";

export interface VerifyFlags {
  readonly entry?: string;
  readonly asXdp?: boolean;
  /** `kernel`, or a device profile whose rules count, too. Default `kernel`. */
  readonly for?: string;
  readonly log?: 0 | 1 | 2;
  /** File with the types of the kernel that is judged for. */
  readonly btf?: string;
  /** Kernel settings, `NAME=VALUE`. */
  readonly kconfig?: readonly string[];
  readonly json?: boolean;
}

interface Judged {
  readonly file: string;
  readonly verdict: Verdict;
  /** What the card says of a program that the kernel accepts; absent where only the kernel was asked. */
  readonly admission?: AdmissionResult;
}

/** Judges, prints, and returns the exit code: 1 where a program is rejected, 2 where one cannot be judged. */
export async function verifyVerb(paths: readonly string[], flags: VerifyFlags): Promise<number> {
  // Loaded for a card only: it is most of what there is to load.
  const cards = flags.for === undefined || flags.for === "kernel" ? undefined : await import("../../../offload/index.js");
  const judged = paths.flatMap((path) => (paths.length === 1 ? judge(path, flags, cards) : judgeOrSay(path, flags, cards)));
  if (flags.json === true) process.stdout.write(`${JSON.stringify(judged.map(asJson), null, 2)}\n`);
  else process.stdout.write(`${judged.length === 1 ? report(judged[0], flags) : summary(judged)}\n`);
  if (judged.some(({ verdict }) => !verdict.accepted && verdict.kind !== "rejected")) return EXIT_INPUT;
  return judged.every(isTaken) ? 0 : EXIT_FINDING;
}

function isTaken({ verdict, admission }: Judged): boolean {
  return verdict.accepted && admission?.admitted !== false;
}

function judge(path: string, flags: VerifyFlags, cards: typeof Offload | undefined): Judged[] {
  const object = loadObject(readInput(path, "the object file"), path);
  const device = cards?.findProfile(flags.for ?? "");
  const kernel = { kconfig: assignments("--kconfig", flags.kconfig), ...(flags.btf === undefined ? {} : { btf: btfTarget(readInput(flags.btf, "the BTF"), flags.btf) }) };
  return programsOf(object, flags).map((program) => {
    const verdict = verifyProgram(object, program, { ...kernel, offloaded: device?.kind === "offload", logLevel: flags.log ?? 0 });
    return { file: path, verdict, ...(cards !== undefined && device !== undefined && verdict.accepted ? { admission: cards.admit(object, program, device) } : {}) };
  });
}

/** Among many objects, one that cannot be read is a row like the others. */
function judgeOrSay(path: string, flags: VerifyFlags, cards: typeof Offload | undefined): Judged[] {
  try {
    return judge(path, flags, cards);
  } catch (error) {
    if (!(error instanceof ObjectError)) throw error;
    const message = error.message.replace(`${path}: `, "");
    const verdict: Verdict = { program: flags.entry ?? "-", section: "-", accepted: false, kind: error.kind, message, messages: [message], log: "", processed: 0, states: 0, instructions: 0, stackDepth: 0 };
    return [{ file: path, verdict }];
  }
}

/** The program that is named, else all that are for XDP; with --as-xdp those of other types, too. */
function programsOf(object: ObjectSpec, { entry, asXdp = false }: VerifyFlags): readonly ProgramSpec[] {
  if (entry !== undefined) return [selectProgram(object, entry, { anyType: asXdp })];
  const programs = object.programs.filter((program) => asXdp || program.type === "xdp");
  // Where there is none, the selection's own error says what there is instead.
  return programs.length > 0 ? programs : [selectProgram(object, undefined, { anyType: asXdp })];
}

function asJson({ file, verdict, admission }: Judged): object {
  const { facts: _, log, messages, ...rest } = verdict;
  const card = admission === undefined ? {} : { device: { admitted: admission.admitted, reasons: admission.reasons, checked: admission.checked, instructions: admission.instructions, stackBytes: admission.stackBytes } };
  return { file, ...rest, messages, log: log === "" ? [] : log.trimEnd().split("\n"), ...card };
}

function report(judged: Judged, { log = 0 }: VerifyFlags): string {
  const { file, verdict, admission } = judged;
  const lines = [`${basename(file)}: ${verdict.program} (section ${verdict.section}): ${word(judged)}`];
  if (verdict.accepted) lines.push(`${count(verdict.processed)} instructions processed of ${count(verdict.instructions)}, ${count(verdict.states)} states, ${count(verdict.stackDepth)} bytes of stack`);
  else lines.push(...verdict.messages, ...(verdict.explanation === undefined ? place(verdict) : explain(verdict)));
  if (admission !== undefined) lines.push(...card(admission));
  if (log > 0) lines.push("", verdict.log.trimEnd());
  return lines.join("\n");
}

function card({ admitted, reasons, checked, instructions, stackBytes }: AdmissionResult): string[] {
  const size = `${count(instructions)} instructions on the card (modelled), ${count(stackBytes)} bytes of stack, ${count(checked.length)} rules checked`;
  return admitted ? [size] : [`the card refuses it for ${count(reasons.length)} ${reasons.length === 1 ? "reason" : "reasons"}:`, ...reasons.map((reason) => `  ${reason}`), size];
}

function place({ at }: Verdict): string[] {
  if (at === undefined) return [];
  if (at.line === undefined) return [`at instruction ${at.insn}`];
  return [`at instruction ${at.insn}, ${at.file}:${at.line}`, ...(at.text === undefined ? [] : [`    ${at.text.trim()}`])];
}

function summary(judged: readonly Judged[]): string {
  const rows = judged.map((one) => [`${basename(one.file)} ${one.verdict.program}`, word(one), count(one.verdict.processed), why(one)]);
  const refused = judged.filter((one) => !isTaken(one)).length;
  return `${table(["Program", "verdict", "processed", "why"], rows)}\n\n${count(judged.length - refused)} of ${count(judged.length)} programs accepted`;
}

function why({ verdict, admission }: Judged): string {
  if (admission !== undefined && !admission.admitted) return admission.reasons[0];
  if (verdict.accepted) return "";
  const { message, at } = verdict;
  return at?.line === undefined ? message : `${message} (line ${at.line})`;
}

function word({ verdict, admission }: Judged): string {
  if (admission?.admitted === false) return "refused by the card";
  if (verdict.accepted) return "accepted";
  return verdict.kind === "unsupported" ? "not supported by Beeline" : (verdict.kind ?? "rejected");
}
