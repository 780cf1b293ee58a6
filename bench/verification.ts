/**
 * What verifying costs, here and in the running kernel: one row a program, and the largest in a sentence. All figures are measured.
 *
 *   node dist/bench/verification.js [--rounds N] [--cold INSNS] [--json] [FOLDER | OBJECT…]
 *
 * Default: the objects of Debian's xdp-tools and xdp-tests, of bench and scenarios, and those that test/corpus compiled.
 * cold: the first verification in a fresh process, of programs that walk at least INSNS instructions (default 1000); its peak
 * memory is that of the whole process. warm: the code has run before. kernel: "verification time" of its own statistics (log
 * level 4), where bpf(2) may be called. The three take turns, N rounds (default 5); medians of wall time.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { KernelObject, KernelVerifierError, ObjectError, kernelAvailable, loadObject, possibleCpus, verifyProgram } from "../xdp/index.js";
import type { ObjectSpec, ProgramSpec } from "../xdp/index.js";
import { describeFacts, machineFacts } from "./facts.js";
import { geometricMean, spreadOf } from "./statistics.js";

const ROOT = resolve(fileURLToPath(new URL(".", import.meta.url)), "../..");
const CORPUS = process.env["CORPUS"] ?? join(tmpdir(), "beeline-corpus");
const DEFAULTS = [
  "/usr/lib/x86_64-linux-gnu/bpf", "/usr/lib/aarch64-linux-gnu/bpf", "/usr/libexec/xdp-tools", "/usr/share/gocode/src/github.com/cilium/ebpf/testdata",
  ...["bench/programs", "scenarios"].map((folder) => join(ROOT, folder)),
  ...["v1", "v3", "v4"].map((version) => join(CORPUS, "objects", version)),
];

/** One verification here. */
interface Ours {
  readonly processed: number;
  readonly accepted: boolean;
  readonly ms: number;
}

/** One in a fresh process. */
interface Cold extends Ours {
  readonly cpuMs: number;
  /** Peak resident memory of the process, megabytes. */
  readonly peakMb: number;
}

interface Row {
  readonly object: string;
  readonly program: string;
  readonly instructions: number;
  readonly accepted: boolean;
  readonly processed: number;
  readonly warmMs: number;
  readonly cold: { readonly ms: number; readonly cpuMs: number; readonly peakMb: number } | undefined;
  readonly kernel: { readonly processed: number; readonly ms: number } | undefined;
}

function verifyHere(object: ObjectSpec, program: ProgramSpec): Ours {
  const started = performance.now();
  const { accepted, processed } = verifyProgram(object, program, { cpus: possibleCpus() });
  return { accepted, processed, ms: performance.now() - started };
}

/** What a fresh process prints with `--measure OBJECT PROGRAM`. */
function verifyOnce(path: string, name: string): Cold {
  const object = loadObject(readFileSync(path), path);
  const program = object.programs.find((one) => one.name === name);
  if (program === undefined) throw new Error(`${path} has no program ${name}`);
  const before = process.cpuUsage();
  const ours = verifyHere(object, program);
  const { user, system } = process.cpuUsage(before);
  return { ...ours, cpuMs: (user + system) / 1000, peakMb: process.resourceUsage().maxRSS / 1024 };
}

function verifyCold(path: string, name: string): Cold {
  const { stdout, stderr, status } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), "--measure", path, name], { encoding: "utf8" });
  if (status !== 0) throw new Error(`verifying ${name} of ${path} in a process of its own failed: ${stderr.trim().split("\n").at(-1)}`);
  return JSON.parse(stdout) as Cold;
}

/** The kernel's own time and count; undefined where it cannot be asked: it has no such map, or no statistics of a refusal. */
function verifyInKernel(object: ObjectSpec, program: ProgramSpec): { processed: number; ms: number } | undefined {
  let log = "";
  try {
    const kernel = new KernelObject({ ...object, maps: object.maps.map((map) => ({ ...map, values: undefined })) }, { logLevel: 4 });
    try {
      ({ log } = kernel.load(program.name));
    } finally {
      kernel.close();
    }
  } catch (error) {
    if (error instanceof KernelVerifierError) ({ log } = error);
    else if (!(error instanceof Error)) throw error;
  }
  const time = /^verification time (\d+) usec/m.exec(log);
  const processed = /^processed (\d+) insns/m.exec(log);
  return time === null || processed === null ? undefined : { processed: Number(processed[1]), ms: Number(time[1]) / 1000 };
}

/** Median of a figure of each. */
function median<T>(of: readonly T[], pick: (one: T) => number): number {
  return spreadOf(of.map(pick)).median;
}

function measure(path: string, object: ObjectSpec, program: ProgramSpec, rounds: number, coldFrom: number, kernel: boolean): Row {
  const first = verifyHere(object, program);
  const isLong = first.processed >= coldFrom;
  const warm: Ours[] = [];
  const cold: Cold[] = [];
  const inKernel: { processed: number; ms: number }[] = [];
  // Until the code of this program's paths is compiled.
  const warmups = isLong ? 5 : 1;
  for (let i = 0; i < warmups; i++) verifyHere(object, program);
  for (let round = 0; round < rounds; round++) {
    warm.push(verifyHere(object, program));
    if (isLong) cold.push(verifyCold(path, program.name));
    const asked = kernel ? verifyInKernel(object, program) : undefined;
    if (asked !== undefined) inKernel.push(asked);
  }
  return {
    object: path.startsWith(ROOT) ? relative(ROOT, path) : path.startsWith(CORPUS) ? relative(join(CORPUS, "objects"), path) : path,
    program: program.name,
    instructions: program.insns.length,
    accepted: first.accepted,
    processed: first.processed,
    warmMs: median(warm, ({ ms }) => ms),
    cold: cold.length === 0 ? undefined : { ms: median(cold, ({ ms }) => ms), cpuMs: median(cold, ({ cpuMs }) => cpuMs), peakMb: Math.max(...cold.map(({ peakMb }) => peakMb)) },
    kernel: inKernel.length === 0 ? undefined : { processed: (inKernel[0] as { processed: number }).processed, ms: median(inKernel, ({ ms }) => ms) },
  };
}

function objectsIn(path: string): string[] {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".o") || name.endsWith("-el.elf"))
    .toSorted()
    .map((name) => join(path, name));
}

const cell = (text: string | number | undefined, width: number): string => String(text ?? "-").padStart(width);
const fixed = (value: number | undefined, digits = 1): string | undefined => value?.toFixed(digits);
const ratio = (a: number | undefined, b: number | undefined): number | undefined => (a === undefined || b === undefined ? undefined : a / b);

function print(rows: readonly Row[]): void {
  console.log(`${"program".padEnd(72)}${cell("insns", 7)}${cell("walked", 9)}${cell("kernel", 9)}${cell("cold ms", 9)}${cell("warm ms", 9)}${cell("kernel", 9)}${cell("cold/k", 8)}${cell("warm/k", 8)}${cell("peak MB", 9)}`);
  for (const row of rows) {
    const { cold, kernel } = row;
    const name = `${row.object} ${row.program}${row.accepted ? "" : " (refused)"}`;
    console.log(
      `${name.slice(-71).padEnd(72)}${cell(row.instructions, 7)}${cell(row.processed, 9)}${cell(kernel?.processed, 9)}${cell(fixed(cold?.ms), 9)}${cell(fixed(row.warmMs, 2), 9)}${cell(fixed(kernel?.ms, 2), 9)}` +
        `${cell(fixed(ratio(cold?.ms, kernel?.ms)), 8)}${cell(fixed(ratio(row.warmMs, kernel?.ms)), 8)}${cell(fixed(cold?.peakMb, 0), 9)}`,
    );
  }
}

function summarise(rows: readonly Row[]): void {
  const largest = rows.toSorted((a, b) => b.processed - a.processed)[0];
  if (largest === undefined) return console.log("no XDP program was found");
  const { cold, kernel } = largest;
  const times = (value: number | undefined): string => (value === undefined || kernel === undefined ? "-" : `${value.toFixed(0)} ms (${(value / kernel.ms).toFixed(2)} x the kernel's ${kernel.ms.toFixed(0)} ms)`);
  console.log(`\nlargest: ${largest.program} of ${largest.object}, ${largest.processed} instructions walked: cold ${times(cold?.ms)}, CPU time of all threads ${fixed(cold?.cpuMs, 0)} ms; warm ${times(largest.warmMs)}; peak memory ${fixed(cold?.peakMb, 0)} MB`);
  const warm = rows.flatMap(({ warmMs, kernel: asked }) => (asked === undefined ? [] : [warmMs / asked.ms]));
  const colds = rows.flatMap(({ cold: measured, kernel: asked }) => (asked === undefined || measured === undefined ? [] : [measured.ms / asked.ms]));
  console.log(`geometric means over the kernel's time: warm ${geometricMean(warm).toFixed(2)} (${warm.length} programs), cold ${geometricMean(colds).toFixed(2)} (${colds.length} programs)`);
}

const { values, positionals } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, cold: { type: "string", default: "1000" }, json: { type: "boolean", default: false }, measure: { type: "boolean", default: false } },
  allowPositionals: true,
});
if (values.measure) console.log(JSON.stringify(verifyOnce(positionals[0] as string, positionals[1] as string)));
else {
  const { available, reason } = kernelAvailable();
  const notes: string[] = available ? [] : [`kernel: left out: ${reason}`];
  const rows: Row[] = [];
  for (const path of (positionals.length === 0 ? DEFAULTS : positionals).flatMap(objectsIn)) {
    let object: ObjectSpec;
    try {
      object = loadObject(readFileSync(path), path);
    } catch (error) {
      if (!(error instanceof ObjectError)) throw error;
      notes.push(error.message);
      continue;
    }
    for (const program of object.programs.filter(({ type }) => type === "xdp")) rows.push(measure(path, object, program, Number(values.rounds), Number(values.cold), available));
  }
  if (values.json) console.log(JSON.stringify({ machine: machineFacts(), notes, rows }, null, 2));
  else {
    for (const note of notes) console.log(note);
    console.log(`measured on ${describeFacts(machineFacts())}; medians of ${values.rounds} rounds`);
    print(rows);
    summarise(rows);
  }
}
