/** `beeline run`: a program over captures, on a device that is modelled, beside a kernel path. */
import {
  DEFAULT_BASELINE, DEFAULT_DEVICE, EventLines, LabelCounts, PacketLines, VerdictCapture, findProfile, overrideProfile, parseOverrides, runOffload,
} from "../../../offload/index.js";
import type { RunMachine, RunResult, Sink } from "../../../offload/index.js";
import { parseRate } from "../../../nic/index.js";
import { checkExpectations, ruleHits } from "../../../scenarios/index.js";
import type { ExpectationResult } from "../../../scenarios/index.js";
import { OutputFile, mergeCaptures, openCapture } from "../../../traffic/index.js";
import type { CaptureInterface, CaptureReader } from "../../../traffic/index.js";
import { btfTarget, summarizeProgram } from "../../../xdp/index.js";
import type { ObjectSpec } from "../../../xdp/index.js";
import { EXIT_FINDING } from "../errors.js";
import { readInput } from "../input.js";
import { mapSummaries, writeMapDump } from "../map-output.js";
import { progressBar } from "../progress.js";
import { RejectedError, judgePrograms } from "./judge.js";
import { loadProgram, seedMachine } from "./prepare.js";
import { printRun } from "./run-print.js";
import { runRequest } from "./request.js";
import type { CaptureRequest, RunFlags, RunRequest } from "./request.js";

/** Everything that a run found, for printing. */
export interface RunReport {
  readonly request: RunRequest;
  readonly object: ObjectSpec;
  readonly entry: string;
  readonly instructions: number;
  readonly result: RunResult;
  readonly machine: RunMachine;
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
    const { result, labels, rules, expectations, machine } = report;
    process.stdout.write(`${JSON.stringify({ ...result, labels: labels.counts, rules, expectations, maps: mapSummaries(machine.maps) }, null, 2)}\n`);
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
  const { object, program } = loadProgram(request);
  const device = overrideProfile(findProfile(flags.nic ?? spec.nic ?? DEFAULT_DEVICE), { ...spec.set, ...parseOverrides(flags.set ?? []) });
  const baseline = findProfile(flags.baseline ?? spec.baseline ?? DEFAULT_BASELINE);
  const rate = parseRate(flags.rate ?? spec.rate ?? "pcap");
  const loop = flags.loop ?? spec.loop ?? 1;
  const labels = new LabelCounts((iface) => labelOf(request, iface));
  const files = openOutputs(flags);
  const progress = progressBar(loop);
  let machine: RunMachine | undefined;
  let notes: string[] = [];
  // The kernel judges for itself what it runs.
  const judged = flags.verify !== false && flags.engine !== "kernel";
  try {
    const result = await runOffload({
      object,
      entry: program.name,
      open: () => openCaptures(request.captures),
      device,
      baseline,
      engine: flags.engine,
      queues: flags.queues ?? spec.queues,
      rate,
      loop,
      seed: flags.seed ?? spec.seed,
      parallel: flags.parallel,
      workers: flags.workers,
      network: spec.network,
      btf: request.btf === undefined ? undefined : btfTarget(readInput(request.btf, "the BTF"), request.btf),
      kconfig: request.kconfig,
      portOf: (iface) => portOf(request, iface),
      setup: (made) => {
        machine = made;
        if (judged) notes = judgePrograms(object, made.programs);
        seedMachine(request, made);
      },
      sinks: [labels, ...files.sinks],
      progress: (at) => progress.update(at),
    });
    if (machine === undefined) throw new Error("the run made no machine");
    const rules = spec.rules === undefined ? {} : ruleHits(spec.rules, machine.maps, object.btf, request.title);
    const stopped = Object.fromEntries(labels.counts.map((count) => [count.label, count.stopped / count.packets]));
    const expectations = checkExpectations(spec.expect, { packets: result.packets, faults: result.faults.count, verdicts: result.verdicts, stopped, rules });
    if (files.maps !== undefined) writeMapDump(files.maps, machine.maps, object.btf);
    return { request, object, entry: program.name, instructions: summarizeProgram(object, program).instructions, result, machine, labels, rules, expectations, notes };
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

async function openCaptures(captures: readonly CaptureRequest[]): Promise<CaptureReader> {
  const readers: CaptureReader[] = [];
  try {
    for (const { file } of captures) readers.push(await openCapture(file));
  } catch (error) {
    for (const reader of readers) reader.close();
    throw error;
  }
  return mergeCaptures(readers);
}

function captureOf(request: RunRequest, iface: CaptureInterface): CaptureRequest | undefined {
  return request.captures.find((capture) => capture.file === iface.file);
}

function portOf(request: RunRequest, iface: CaptureInterface): number {
  return request.spec.interfaces?.[iface.name]?.port ?? captureOf(request, iface)?.port ?? 0;
}

function labelOf(request: RunRequest, iface: CaptureInterface): string | undefined {
  return request.spec.interfaces?.[iface.name]?.label ?? captureOf(request, iface)?.label;
}
