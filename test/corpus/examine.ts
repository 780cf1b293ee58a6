/** One program of the corpus: does the kernel load it, does it load here, do all do the same to the frames. */
import { createMachine } from "../../xdp/engine/index.js";
import type { Machine } from "../../xdp/engine/index.js";
import { possibleCpus } from "../../xdp/engine/kernel/index.js";
import { UnsupportedError } from "../../xdp/helpers/index.js";
import type { ObjectError, ObjectSpec, ProgramSpec } from "../../xdp/object/index.js";
import type { Run } from "../differential/compare.js";
import { firstDifference } from "../differential/compare.js";
import { ENGINES } from "../differential/engines.js";
import { MAX_FRAME, varied } from "../differential/frames.js";
import { dumpMaps, runFrames } from "../differential/outcome.js";
import type { Coverage } from "./coverage.js";
import { coverageOf } from "./coverage.js";
import { loadsWithLibbpf } from "./libbpf.js";
import type { CorpusFile, CorpusObject } from "./objects.js";
import { mapsOf, unmetNeeds } from "./needs.js";
import type { Loaded } from "./oracle.js";
import { loadInKernel } from "./oracle.js";
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

/** Looks at one program; never throws for what a program or an object does. */
export function examine({ name, version, path, object }: CorpusObject, program: ProgramSpec): Finding {
  const finding = { object: `${version}/${name}`, program: program.name, section: program.section, needs: unmetNeeds(object, program), differences: {} };
  const kernel = loadInKernel(path, object, program);
  if ("reason" in kernel) return { ...finding, kernelReason: kernel.reason };
  let runnable: Loaded = kernel;
  try {
    const loads = { ...finding, kernel: kernel.loader };
    const machines: Machine[] = [];
    try {
      for (const _ of ENGINES) machines.push(createMachine({ object, entry: program.name, cpus: possibleCpus(), maxFrame: MAX_FRAME }));
    } catch (error) {
      return { ...loads, refused: refusalOf(error) };
    }
    if (program.attach !== "device") {
      // The kernel runs no tests of programs of devmaps and cpumaps: as programs of a device they may do the same.
      const asDevice = { ...program, attach: "device" as const };
      const again = loadInKernel(path, { ...object, programs: object.programs.map((other) => (other === program ? asDevice : other)) }, asDevice);
      if ("reason" in again) return { ...loads, notCompared: `programs of a ${program.attach} cannot be test-run, and as one of a device it does not load: ${again.reason}` };
      kernel.close();
      runnable = again;
    }
    const setup = setupOf(object, name, program, varied);
    const coverage = COVERAGE ? { coverage: coverageOf(object, program, setup) } : {};
    return { ...loads, ...coverage, ...compare(`${name}/${program.name}`, runnable, machines, object, program, setup) };
  } finally {
    runnable.close();
  }
}

/** An object that cannot be read here counts as one program. */
export function examineUnreadable({ name, version, path }: CorpusFile, error: ObjectError): Finding {
  const finding = { object: `${version}/${name}`, program: "(object)", section: "", needs: [], differences: {} };
  return loadsWithLibbpf(path) ? { ...finding, kernel: "libbpf", refused: refusalOf(error) } : { ...finding, kernelReason: `neither libbpf nor we read it: ${error.message}` };
}

function compare(name: string, kernel: Loaded, machines: readonly Machine[], object: ObjectSpec, program: ProgramSpec, setup: readonly Entry[]): Pick<Finding, "differences" | "refused"> {
  const rules = rulesFor(name);
  const compared = new Set(mapsOf(object, program).map((map) => map.name));
  for (const map of rules.flatMap(({ maps }) => maps ?? [])) compared.delete(map);
  // Programs that only one side takes stay out of prog arrays on both.
  const tails = new Map(setup.flatMap(({ program: tail }) => (tail === undefined || indexOf(machines[0], tail) === undefined ? [] : [[tail, kernel.programNumber(tail)] as const])));
  const setupResults = applySetup(setup, kernel.maps, possibleCpus(), (tail) => tails.get(tail));
  const oracle = kernel.run(varied, compared);
  const differences: Record<string, string> = {};
  for (const [i, engine] of ENGINES.entries()) {
    const machine = machines[i];
    try {
      const results = applySetup(setup, machine.maps, machine.cpus, (tail) => (tails.get(tail) === undefined ? undefined : indexOf(machine, tail)));
      const unequal = results.findIndex((result, k) => result !== setupResults[k]);
      if (unequal >= 0) differences[engine.name] = `${name}: update ${unequal} of map ${setup[unequal].map} gives errno ${results[unequal]}, in the kernel ${setupResults[unequal]}`;
      else {
        const outcomes = runFrames(machine, engine.create(machine), varied);
        const run: Run = { engine: engine.name, outcomes, maps: dumpMaps(machine.maps.filter(({ spec }) => compared.has(spec.name))) };
        const theirs = rules.some((rule) => rule.outcomes) ? { ...oracle, outcomes } : oracle;
        const difference = firstDifference(name, varied, theirs, run);
        if (difference !== undefined) differences[engine.name] = difference;
      }
    } catch (error) {
      if (error instanceof UnsupportedError) return { differences, refused: refusalOf(error) };
      differences[engine.name] = `${name}: ${engine.name} throws ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
    }
  }
  return { differences };
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
