/** One program of the corpus: does the kernel load it, does it load here, do all do the same to the frames. */
import { createMachine } from "../../xdp/engine/index.js";
import type { Machine } from "../../xdp/engine/index.js";
import { possibleCpus } from "../../xdp/engine/kernel/index.js";
import { UnsupportedError } from "../../xdp/helpers/index.js";
import type { NetworkSpec } from "../../xdp/helpers/index.js";
import type { ObjectError, ObjectSpec, ProgramSpec } from "../../xdp/object/index.js";
import type { Run } from "../differential/compare.js";
import { firstDifference } from "../differential/compare.js";
import { ENGINES } from "../differential/engines.js";
import type { Outcome } from "../differential/outcome.js";
import { runFrames } from "../differential/outcome.js";
import { framesFor } from "./cases.js";
import { contentsOf } from "./contents.js";
import type { Coverage } from "./coverage.js";
import { coverageOf } from "./coverage.js";
import { loadsWithLibbpf } from "./libbpf.js";
import type { CorpusFile, CorpusObject } from "./objects.js";
import { AS_XDP } from "./versions.js";
import { helpersOf, mapsOf, unmetNeeds } from "./needs.js";
import { inNetwork, NETWORK } from "./network.js";
import type { Loaded } from "./oracle.js";
import { loadInKernel } from "./oracle.js";
import type { Rule } from "./rules.js";
import { rulesFor } from "./rules.js";
import type { Entry } from "./setup.js";
import { applySetup, setupOf } from "./setup.js";

/** CORPUS_COVERAGE=1 also counts the instructions that are reached. */
const COVERAGE = process.env["CORPUS_COVERAGE"] === "1";

/** What came of a program. */
export interface Finding {
  /** As in `v3/xdping_kern`. */
  readonly object: string;
  readonly program: string;
  readonly section: string;
  /** The loader that the kernel took it from; undefined with the reason where it did not. */
  readonly kernel?: "bpf()" | "libbpf";
  readonly kernelReason?: string;
  /** Why it does not run here: the kind of error, and what is missing by its kernel name. */
  readonly refused?: { readonly kind: string; readonly what: string; readonly message: string };
  /** Everything that it needs and is not there, or is resolved against a kernel. */
  readonly needs: readonly string[];
  /** By engine. */
  readonly differences: Readonly<Record<string, string>>;
  /** Why the kernel cannot run what it loads. */
  readonly notCompared?: string;
  /** Where it was asked for. */
  readonly coverage?: Coverage;
}

/** Longest frame that is given. */
export const MAX_FRAME = 16_384;
const ASKS_THE_NETWORK: ReadonlySet<string> = new Set(["bpf_fib_lookup", "bpf_check_mtu", "bpf_sk_lookup_tcp", "bpf_sk_lookup_udp", "bpf_skc_lookup_tcp"]);

/** Looks at one program; never throws for what a program or an object does. */
export function examine(object: CorpusObject, program: ProgramSpec): Finding {
  return helpersOf(program).some((helper) => ASKS_THE_NETWORK.has(helper)) ? inNetwork(() => examineHere(object, program, NETWORK)) : examineHere(object, program);
}

function examineHere({ name, version, path, object }: CorpusObject, program: ProgramSpec, network?: NetworkSpec): Finding {
  const finding = { object: `${version}/${name}`, program: program.name, section: program.section, needs: unmetNeeds(object, program), differences: {} };
  // libbpf does not take every program for one of XDP.
  const file = version === AS_XDP ? undefined : path;
  const kernel = loadInKernel(file, object, program);
  if ("reason" in kernel) return { ...finding, kernelReason: kernel.reason };
  let runnable: Loaded = kernel;
  try {
    const loads = { ...finding, kernel: kernel.loader };
    const machines: Machine[] = [];
    try {
      for (const _ of ENGINES) machines.push(createMachine({ object, entry: program.name, cpus: possibleCpus(), maxFrame: MAX_FRAME, network }));
    } catch (error) {
      return { ...loads, refused: refusalOf(error) };
    }
    if (program.attach !== "device") {
      // The kernel runs no tests of programs of devmaps and cpumaps: as programs of a device they may do the same.
      const asDevice = { ...program, attach: "device" as const };
      const again = loadInKernel(file, { ...object, programs: object.programs.map((other) => (other === program ? asDevice : other)) }, asDevice);
      if ("reason" in again) return { ...loads, notCompared: `programs of a ${program.attach} cannot be test-run, and as one of a device it does not load: ${again.reason}` };
      kernel.close();
      runnable = again;
    }
    const frames = framesFor(name, version, program);
    const setup = setupOf(object, name, program, frames);
    const coverage = COVERAGE ? { coverage: coverageOf(object, program, frames, setup, network) } : {};
    return { ...loads, ...coverage, ...compare(`${name}/${program.name}`, version, runnable, machines, object, program, frames, setup) };
  } finally {
    runnable.close();
  }
}

/** An object that cannot be read here counts as one program. */
export function examineUnreadable({ name, version, path }: CorpusFile, error: ObjectError): Finding {
  const finding = { object: `${version}/${name}`, program: "(object)", section: "", needs: [], differences: {} };
  return loadsWithLibbpf(path) ? { ...finding, kernel: "libbpf", refused: refusalOf(error) } : { ...finding, kernelReason: `neither libbpf nor we read it: ${error.message}` };
}

function compare(name: string, version: string, kernel: Loaded, machines: readonly Machine[], object: ObjectSpec, program: ProgramSpec, frames: readonly Uint8Array[], wanted: readonly Entry[]): Pick<Finding, "differences" | "refused"> {
  const rules = rulesFor(name, version, program);
  const compared = new Set(mapsOf(object, program).map((map) => map.name));
  for (const { maps = [] } of rules) for (const map of maps === "all" ? [...compared] : maps) compared.delete(map);
  // Of a map of maps that libbpf made, the inner maps cannot be made here.
  const setup = wanted.filter(({ map, inner }) => inner === undefined || kernel.maps.some(({ spec, maps }) => spec.name === map && maps !== undefined));
  // Programs that only one side takes stay out of prog arrays on both.
  const tails = new Map(setup.flatMap(({ program: tail }) => (tail === undefined || indexOf(machines[0], tail) === undefined ? [] : [[tail, kernel.programNumber(tail)] as const])));
  const setupResults = applySetup(setup, kernel.maps, possibleCpus(), (tail) => tails.get(tail));
  const oracle = kernel.run(frames, compared);
  const differences: Record<string, string> = {};
  for (const [i, engine] of ENGINES.entries()) {
    const machine = machines[i];
    try {
      const results = applySetup(setup, machine.maps, machine.cpus, (tail) => (tails.get(tail) === undefined ? undefined : indexOf(machine, tail)));
      const unequal = results.findIndex((result, k) => result !== setupResults[k]);
      if (unequal >= 0) differences[engine.name] = `${name}: update ${unequal} of map ${setup[unequal].map} gives errno ${results[unequal]}, in the kernel ${setupResults[unequal]}`;
      else {
        const outcomes = runFrames(machine, engine.create(machine), frames);
        const run: Run = { engine: engine.name, outcomes, maps: contentsOf(machine.maps, compared) };
        const theirs = { ...oracle, outcomes: oracle.outcomes.map((outcome, k) => agreed(outcome, outcomes[k], rules)) };
        const difference = firstDifference(name, frames, theirs, run);
        const absent = difference?.includes("reaches what cannot run here") ? (program.externs ?? []).filter(({ weak }) => weak) : [];
        if (absent.length > 0) return { differences, refused: { kind: "weak", what: absent[0].name, message: difference ?? "" } };
        if (difference !== undefined) differences[engine.name] = difference;
      }
    } catch (error) {
      if (error instanceof UnsupportedError) return { differences, refused: refusalOf(error) };
      differences[engine.name] = `${name}: ${engine.name} throws ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
    }
  }
  return { differences };
}

/** The kernel's outcome with ours put in where rules say that the two cannot be compared. */
function agreed(kernel: Outcome, ours: Outcome, rules: readonly Rule[]): Outcome {
  if (rules.some(({ outcomes }) => outcomes)) return { ...ours, fault: kernel.fault };
  return rules.some(({ bytes }) => bytes) && kernel.bytes.length === ours.bytes.length ? { ...kernel, bytes: ours.bytes } : kernel;
}

/** Number of a program in the prog arrays of a machine; undefined where it is not loaded. */
function indexOf(machine: Machine, name: string): number | undefined {
  try {
    const index = machine.programIndex(name);
    return index === undefined ? undefined : index + 1;
  } catch {
    return undefined;
  }
}

function refusalOf(error: unknown): { kind: string; what: string; message: string } {
  if (error instanceof UnsupportedError) return { kind: error.kind, what: error.what, message: error.message };
  if (error instanceof Error) return { kind: error.name, what: error.message.replaceAll(/\d+/g, "N"), message: error.message };
  return { kind: "error", what: String(error), message: String(error) };
}
