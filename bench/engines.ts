/**
 * The engines on the benchmark set, one packet repeated: ns a packet, and how they compare.
 *
 *   node dist/bench/engines.js [--rounds N] [--only TEXT] [--json FILE]
 *
 * Kernel: BPF_PROG_TEST_RUN, where bpf(2) may be called, less what an empty program takes. Native: the same C compiled by
 * clang -O2, where clang is installed, under the same contract (descriptor in, result out). Rounds of all take turns; medians.
 * The ratio wasm / kernel of small programs is of objects that run the body 16 times a packet, on both sides.
 * Programs are verified first, as run does, so that the JIT knows what the kernel's JIT knows.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Trace } from "../traffic/index.js";
import { abi, createInterpreter, createMachine, kernelAvailable, loadObject } from "../xdp/index.js";
import type { MachineView, ObjectSpec, ProgramSpec } from "../xdp/index.js";
import { benchCases } from "./cases.js";
import type { BenchCase } from "./cases.js";
import { describeFacts, machineFacts } from "./facts.js";
import { floorSubject } from "./measure.js";
import { NativeBuild, nativeMissing } from "./native.js";
import { geometricMean, spreadOf } from "./statistics.js";
import { makeSubject } from "./subject.js";
import type { SubjectOptions } from "./subject.js";
import { Workload } from "./workload.js";

const SOURCES = join(resolve(dirname(fileURLToPath(import.meta.url)), "../.."), "bench");
const TIME_NS = 1_000_000_000;
/** Turns of the body in objects of small programs. */
const TIMES = 16;

interface Row {
  readonly title: string;
  readonly wasm: number;
  readonly interpreter: number;
  readonly kernel: number | undefined;
  readonly native: number | undefined;
  readonly wasmToKernel: number | undefined;
  readonly wasmToNative: number | undefined;
  /** Time with costs counted / without. */
  readonly counting: number;
  /** Interpreter, millions of instructions a second. */
  readonly minsns: number;
}

function objectOf(name: string): ObjectSpec {
  const path = join(SOURCES, "programs", `${name}.bpf.o`);
  return loadObject(readFileSync(path), path);
}

function traceOf(frame: Uint8Array): Trace {
  const trace = Trace.allocate(4096, 1);
  trace.epochNs = BigInt(TIME_NS);
  trace.push(frame, 0);
  return trace;
}

function seed({ maps }: BenchCase, machine: MachineView): void {
  for (const { name, keys, values, count } of maps) {
    const map = machine.maps.find(({ spec }) => spec.name === name);
    if (map === undefined) throw new Error(`map ${name} is not there`);
    const { keySize, valueSize } = map.spec;
    for (let i = 0; i < count; i++) map.update(keys.subarray(i * keySize, (i + 1) * keySize), values.subarray(i * valueSize, (i + 1) * valueSize));
  }
}

/** As the device models count: a cost for each instruction, in both halves. */
function costsOf(spec: ProgramSpec): { low: Uint32Array; high: Uint32Array } {
  const low = new Uint32Array(spec.insns.length).fill(1);
  return { low, high: low };
}

/** Instructions that the packet executes, and its verdict. */
function trialRun(one: BenchCase, options: SubjectOptions): { insns: number; verdict: number } {
  const machine = createMachine({ object: options.object, entry: options.entry, costs: costsOf });
  seed(one, machine);
  const pass = new Workload(machine, options.trace, "same", 3520).pass(createInterpreter(machine));
  pass();
  const view = new DataView(machine.layout.buffer);
  const result = machine.workers[0].results + 255 * abi.RESULT_BYTES;
  return { insns: view.getUint32(result + abi.RESULT_COST, true), verdict: view.getUint32(result + abi.RESULT_RET, true) };
}

async function measure(one: BenchCase, rounds: number, native: NativeBuild | undefined, kernel: boolean): Promise<Row> {
  const trace = traceOf(one.frame);
  const options: SubjectOptions = { object: objectOf(one.file), entry: one.entry, trace, mode: "same", setup: (machine) => seed(one, machine) };
  const many: SubjectOptions = one.small ? { ...options, object: objectOf(`${one.file}.x${TIMES}`) } : options;
  const { insns, verdict } = trialRun(one, options);
  const compiled = await native?.load(one);
  for (const found of [verdict, ...(compiled ? [compiled.verdict] : [])]) {
    if (found !== one.verdict) throw new Error(`${one.title}: verdict ${found}, and it must be ${one.verdict}`);
  }
  const things = {
    wasm: makeSubject("wasm", options),
    counting: makeSubject("wasm", { ...options, costs: costsOf }),
    interpreter: makeSubject("interpreter", options),
    ...(compiled === undefined ? {} : { native: compiled }),
    ...(one.small ? { many: makeSubject("wasm", many) } : {}),
    ...(kernel ? { kernel: makeSubject("kernel", many), floor: floorSubject(trace) } : {}),
  };
  const times = new Map<string, number[]>(Object.keys(things).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, thing] of Object.entries(things)) times.get(name)?.push(thing.measure());
  }
  for (const thing of Object.values(things)) if ("close" in thing) thing.close();
  const median = (name: string): number => spreadOf(times.get(name) ?? []).median;
  const wasm = median("wasm");
  const turns = one.small ? TIMES : 1;
  const inKernel = kernel ? Math.max(0.1, median("kernel") - median("floor")) / turns : undefined;
  return {
    title: one.title,
    wasm,
    interpreter: median("interpreter"),
    kernel: inKernel,
    native: compiled && median("native"),
    wasmToKernel: inKernel && (one.small ? median("many") / turns : wasm) / inKernel,
    wasmToNative: compiled && wasm / median("native"),
    counting: median("counting") / wasm,
    minsns: (insns * 1e3) / median("interpreter"),
  };
}

const cell = (value: number | undefined, digits = 2): string => (value === undefined ? "-" : value.toFixed(value >= 100 ? 0 : digits)).padStart(11);

function print(rows: readonly Row[]): void {
  console.log(`${"one packet, ns".padEnd(28)}${["wasm", "kernel", "native", "interp", "wasm/kernel", "wasm/native", "counting", "Minsn/s"].map((head) => head.padStart(11)).join(" ")}`);
  for (const row of rows) {
    console.log(`${row.title.padEnd(28)}${[row.wasm, row.kernel, row.native, row.interpreter, row.wasmToKernel, row.wasmToNative, row.counting, row.minsns].map((value) => cell(value)).join(" ")}`);
  }
  const mean = (pick: (row: Row) => number | undefined): string => {
    const values = rows.map(pick).filter((value) => value !== undefined);
    return values.length === 0 ? "not measured" : `${geometricMean(values).toFixed(3)} (worst ${Math.max(...values).toFixed(2)})`;
  };
  console.log(`\ngeometric means: wasm/kernel ${mean((row) => row.wasmToKernel)}, wasm/native ${mean((row) => row.wasmToNative)}, with costs counted / without ${mean((row) => row.counting)}; interpreter ${geometricMean(rows.map((row) => row.minsns)).toFixed(1)} M instructions/s`);
}

const { values } = parseArgs({ options: { rounds: { type: "string", default: "7" }, only: { type: "string" }, json: { type: "string" } } });
const missing = await nativeMissing();
const { available, reason } = kernelAvailable();
if (missing !== undefined) console.log(`native: left out: ${missing}`);
if (!available) console.log(`kernel: left out: ${reason}`);
const native = missing === undefined ? new NativeBuild(SOURCES) : undefined;
try {
  console.log(`measured on ${describeFacts(machineFacts())}; medians of ${values.rounds} rounds`);
  const rows: Row[] = [];
  for (const one of benchCases().filter(({ title }) => title.includes(values.only ?? ""))) rows.push(await measure(one, Number(values.rounds), native, available));
  print(rows);
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify({ machine: machineFacts(), rows }, null, 2));
} finally {
  native?.close();
}
