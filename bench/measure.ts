/** Measures a program on several engines: rounds in turn, so that what else the machine does meanwhile meets all of them. */
import { kernelAvailable } from "../xdp/index.js";
import type { EngineName } from "../xdp/index.js";
import type { Trace } from "../traffic/index.js";
import { machineFacts } from "./facts.js";
import type { MachineFacts } from "./facts.js";
import { floorObject } from "./floor.js";
import { spreadOf } from "./statistics.js";
import type { Spread } from "./statistics.js";
import { makeSubject } from "./subject.js";
import type { Subject, SubjectOptions } from "./subject.js";
import type { Mode } from "./workload.js";

export interface BenchOptions extends SubjectOptions {
  /** Default: wasm, interpreter, and kernel where bpf(2) may be called. */
  readonly engines?: readonly EngineName[];
  /** Rounds an engine, 1 or more. Default 7. */
  readonly rounds?: number;
}

export interface EngineFigures {
  /** Host time a packet, ns; of the kernel, {@link floorNs} is subtracted. */
  readonly nsPerPacket: Spread;
  /** Of the median, millions of packets a second. */
  readonly mpps: number;
  /** Kernel only: what the same measurement takes for an empty program, ns. */
  readonly floorNs?: number;
}

/** What {@link runBench} found. Times are measured, on this host. */
export interface BenchResult {
  readonly program: string;
  readonly entry: string;
  readonly mode: Mode;
  readonly rounds: number;
  readonly provenance: "measured";
  readonly engines: Partial<Record<EngineName, EngineFigures>>;
  readonly machine: MachineFacts;
  /** Why an engine that was asked for has no figures. */
  readonly notes: readonly string[];
}

const ROUNDS = 7;

/**
 * Measures. Engines that were named are required; those that were not are left out where they cannot run, with a note.
 * Throws what making a machine or an engine throws.
 */
export function runBench(options: BenchOptions): BenchResult {
  const { engines, rounds = ROUNDS } = options;
  if (!Number.isInteger(rounds) || rounds < 1) throw new RangeError(`${rounds} rounds: give a whole number from 1 on`);
  const notes: string[] = [];
  const wanted = new Set(engines ?? availableEngines(notes));
  const subjects: Subject[] = [];
  let floor: Subject | undefined;
  try {
    for (const engine of wanted) {
      if (engine === "kernel") floor = floorSubject(options.trace);
      subjects.push(makeSubject(engine, options));
    }
    const times = subjects.map((): number[] => []);
    const floors: number[] = [];
    for (let round = 0; round < rounds; round++) {
      subjects.forEach((subject, i) => times[i].push(subject.measure()));
      if (floor) floors.push(floor.measure());
    }
    const figures = subjects.map(({ engine }, i): [EngineName, EngineFigures] => [engine, engine === "kernel" ? kernelFigures(times[i], spreadOf(floors).median) : figuresOf(times[i])]);
    return { program: options.object.file, entry: options.entry, mode: options.mode, rounds, provenance: "measured", engines: Object.fromEntries(figures), machine: machineFacts(), notes };
  } finally {
    for (const subject of subjects) subject.close();
    floor?.close();
  }
}

function availableEngines(notes: string[]): EngineName[] {
  const { available, reason } = kernelAvailable();
  if (available) return ["wasm", "interpreter", "kernel"];
  notes.push(`engine kernel: left out: ${reason ?? "bpf(2) cannot be called"}`);
  return ["wasm", "interpreter"];
}

/** The empty program in the kernel. */
export function floorSubject(trace: Trace): Subject {
  const object = floorObject();
  return makeSubject("kernel", { object, entry: object.programs[0].name, trace, mode: "same" });
}

function figuresOf(times: readonly number[]): EngineFigures {
  const nsPerPacket = spreadOf(times);
  return { nsPerPacket, mpps: 1e3 / nsPerPacket.median };
}

/** The kernel measures whole nanoseconds: less than a tenth of one above the floor cannot be told from nothing. */
function kernelFigures(times: readonly number[], floorNs: number): EngineFigures {
  return { ...figuresOf(times.map((ns) => Math.max(0.1, ns - floorNs))), floorNs };
}
