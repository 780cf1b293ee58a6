/** `beeline run`: a program over captures, on a device that is modelled, beside a kernel path. */
import { DEFAULT_BASELINE, EventLines, LabelCounts, PacketLines, VerdictCapture, findProfile, runOffload } from "../../../offload/index.js";
import type { RunResult, Sink } from "../../../offload/index.js";
import { parseRate } from "../../../nic/index.js";
import { checkExpectations, ruleHits } from "../../../scenarios/index.js";
import type { ExpectationResult } from "../../../scenarios/index.js";
import { OutputFile } from "../../../traffic/index.js";
import { selectProgram, summarizeProgram } from "../../../xdp/index.js";
import type { ObjectSpec } from "../../../xdp/index.js";
import { EXIT_FINDING } from "../errors.js";
import { mapSummaries, writeMapDump } from "../map-output.js";
import type { MapSummary } from "../map-output.js";
import { progressBar } from "../progress.js";
import { RejectedError, judgePrograms } from "./judge.js";
import { printRun } from "./run-print.js";
import { runRequest } from "./request.js";
import type { RunFlags, RunRequest } from "./request.js";
import { deviceFor, labelOf, workloadOf } from "./workload.js";

/** Everything that a run found, for printing. */
export interface RunReport {
  readonly request: RunRequest;
  readonly object: ObjectSpec;
  readonly entry: string;
  readonly instructions: number;
  readonly result: RunResult;
  readonly maps: readonly MapSummary[];
  readonly labels: LabelCounts;
  /** Hits by rule name, where the scenario names a map of rules. */
  readonly rules: Readonly<Record<string, number>>;
  readonly expectations: ExpectationResult;
  /** Programs that the verifier could not judge. */
  readonly notes: readonly string[];
}

/** Runs, prints, and returns the exit code. */
export async function runVerb(scenario: string | undefined, flags: RunFlags): Promise<number> {
  const report = await executeOrReject(runRequest(scenario, flags));
  if (report instanceof RejectedError) {
    if (flags.json === true) process.stdout.write(`${JSON.stringify({ rejected: { program: report.verdict.program, message: report.verdict.message, at: report.verdict.at } }, null, 2)}\n`);
    process.stderr.write(`beeline: ${report.message}\n`);
    return EXIT_FINDING;
  }
  if (flags.json === true) {
    const { result, labels, rules, expectations, maps } = report;
    process.stdout.write(`${JSON.stringify({ ...result, labels: labels.counts, rules, expectations, maps }, null, 2)}\n`);
  } else {
    printRun(report);
  }
  for (const warning of [...report.notes, ...report.result.warnings]) process.stderr.write(`beeline: warning: ${warning}\n`);
  return report.expectations.failures.length === 0 ? 0 : EXIT_FINDING;
}

async function executeOrReject(request: RunRequest): Promise<RunReport | RejectedError> {
  try {
    return await execute(request);
  } catch (error) {
    if (error instanceof RejectedError) return error;
    throw error;
  }
}

async function execute(request: RunRequest): Promise<RunReport> {
  const { flags, spec } = request;
  const workload = workloadOf(request);
  const { object, entry } = workload;
  const device = await deviceFor(request, object);
  const baseline = findProfile(flags.baseline ?? spec.baseline ?? DEFAULT_BASELINE);
  const rate = parseRate(flags.rate ?? spec.rate ?? "pcap");
  const labels = new LabelCounts((iface) => labelOf(request, iface));
  const files = openOutputs(flags);
  const progress = progressBar(workload.loop ?? 1);
  let maps: readonly MapSummary[] = [];
  let rules: Readonly<Record<string, number>> = {};
  let notes: string[] = [];
  // The kernel judges for itself what it runs.
  const judged = flags.verify !== false && flags.engine !== "kernel";
  try {
    const result = await runOffload({
      ...workload,
      device,
      baseline,
      rate,
      parallel: flags.parallel,
      workers: flags.workers,
      setup: (made) => {
        if (judged) notes = judgePrograms(made, workload);
        workload.setup?.(made);
      },
      done: (ran) => {
        maps = mapSummaries(ran.maps);
        if (spec.rules !== undefined) rules = ruleHits(spec.rules, ran.maps, object.btf, request.title);
        if (files.maps !== undefined) writeMapDump(files.maps, ran.maps, object.btf);
      },
      sinks: [labels, ...files.sinks],
      progress: (at) => progress.update(at),
    });
    const stopped = Object.fromEntries(labels.counts.map((count) => [count.label, count.stopped / count.packets]));
    const expectations = checkExpectations(spec.expect, { packets: result.packets, faults: result.faults.count, verdicts: result.verdicts, stopped, rules });
    return { request, object, entry, instructions: summarizeProgram(object, selectProgram(object, entry)).instructions, result, maps, labels, rules, expectations, notes };
  } catch (error) {
    files.abort();
    throw error;
  } finally {
    progress.stop();
  }
}

/** Output files are opened before anything runs, so that a name that cannot be written fails at once. */
function openOutputs(flags: RunFlags): { sinks: Sink[]; maps: OutputFile | undefined; abort: () => void } {
  const opened: { abort(): void }[] = [];
  const open = <Output extends { abort(): void }>(path: string | undefined, make: (path: string) => Output): Output | undefined => {
    if (path === undefined) return undefined;
    const output = make(path);
    opened.push(output);
    return output;
  };
  const abort = (): void => opened.forEach((output) => output.abort());
  try {
    const lines = open(flags.packets, (path) => new PacketLines(path, { data: flags.packetData }));
    const events = open(flags.events, (path) => new EventLines(path));
    const capture = open(flags.out, (path) => new VerdictCapture(path));
    const maps = open(flags.dumpMaps, (path) => new OutputFile(path));
    return { sinks: [lines, events, capture].filter((sink) => sink !== undefined), maps, abort };
  } catch (error) {
    abort();
    throw error;
  }
}
