import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createInterpreter } from "../interpreter.js";
import { Bench, difference, listing, machineOf, placeFrames, withEntry } from "../testing/random-programs-run.js";
import { FRAME_LENGTHS } from "../testing/random-programs-parts.js";
import type { RandomShape } from "../testing/random-programs.js";
import type { MachineView } from "../contract.js";
import type { Machine } from "../machine.js";
import { verifyMachine } from "../verified.js";
import { compileMachine, machineBytes } from "./compile.js";
import type { WasmProgram } from "./compile.js";
import { createWasmEngine } from "./engine.js";

/** A long frame and one of several parts besides. */
const LENGTHS = [...FRAME_LENGTHS, 300, 3600];
const PROGRAMS = 50;

const seed = fc.nat(0x7fff_ffff);
const shape: fc.Arbitrary<RandomShape> = fc.record({
  main: fc.array(seed, { minLength: 1, maxLength: 10 }),
  functions: fc.array(fc.array(seed, { maxLength: 3 }), { maxLength: 3 }),
});

/** Another one each time; set RANDOM_SEED to the one that a failed run has printed. */
const SEED = Number(process.env["RANDOM_SEED"] ?? Date.now() % 2 ** 31);

let programs = 0;
let faults = 0;
let taken = 0;

/** Most are compiled as V8 does it by default, which is quicker: it is our code that is tested here, not V8's optimiser. */
function compile(view: MachineView, inPlace: boolean, optimised: boolean): WasmProgram {
  if (optimised) return compileMachine(view, { inPlace });
  const bytes = machineBytes(view, { inPlace });
  return { bytes, module: new WebAssembly.Module(bytes) };
}

/**
 * Runs every program on the interpreter, on the module that has all of them as targets of tail calls, and on a module of its own.
 * `inPlace`: packets may lie elsewhere than the interpreter has them, which programs that a verifier refuses can tell.
 */
function compareAll(machine: Machine, inPlace: boolean): void {
  const bench = new Bench(machine, placeFrames(machine, LENGTHS, 3));
  const interpreter = createInterpreter(machine);
  const targets = createWasmEngine(machine, 0, compileMachine(machine, { inPlace }));
  for (let index = 1; index < machine.programs.length; index++) {
    const expected = bench.run(interpreter, index);
    const own = createWasmEngine(machine, 0, compile(withEntry(machine, index), inPlace, index % 10 === 0));
    for (const [how, engine] of [["alone", own], ["by tail call", targets]] as const) {
      const differs = difference(expected, bench.run(engine, index));
      if (differs !== undefined) throw new Error(`${how}: interpreter and wasm differ, ${differs}\n${listing(machine.programs[index]?.spec as never)}`);
    }
    programs += 1;
    faults += expected.packets.filter(({ fault }) => fault !== "").length;
  }
}

function property({ faultyOnceIn, workers, verified }: Row): fc.IProperty<[RandomShape[]]> {
  return fc.property(fc.array(shape, { minLength: PROGRAMS, maxLength: PROGRAMS }), (shapes) => {
    const machine = machineOf(shapes, { faultyOnceIn, workers, batchSize: LENGTHS.length, maxFrame: 4096 });
    if (verified) taken += verifyMachine(machine).filter(({ accepted }) => accepted).length - 1;
    compareAll(machine, faultyOnceIn === 0);
  });
}

interface Row {
  readonly what: string;
  readonly faultyOnceIn: number;
  readonly workers: number;
  /** What the verifier proves takes checks away; programs that it refuses, here in one module with others, keep theirs. */
  readonly verified: boolean;
  readonly runs: number;
}

test.each<Row>([
  { what: "valid programs", faultyOnceIn: 0, workers: 1, verified: false, runs: 20 },
  { what: "valid programs, verified", faultyOnceIn: 0, workers: 1, verified: true, runs: 20 },
  { what: "valid programs on shared memory", faultyOnceIn: 0, workers: 2, verified: false, runs: 10 },
  { what: "programs that a verifier refuses", faultyOnceIn: 8, workers: 1, verified: false, runs: 36 },
  { what: "programs that were verified, and some refused", faultyOnceIn: 64, workers: 1, verified: true, runs: 14 },
])("wasm does what the interpreter does: $what", (row) => {
  const { what, faultyOnceIn, runs, verified } = row;
  programs = 0;
  faults = 0;
  taken = 0;
  fc.assert(property(row), { numRuns: runs, seed: SEED, interruptAfterTimeLimit: 100_000 });
  process.stdout.write(`${programs} random programs x ${LENGTHS.length} packets, ${what}, seed ${SEED}: no difference, ${verified ? `${taken} verified, ` : ""}${faults} faults\n`);
  expect(programs).toBe(runs * PROGRAMS);
  // Valid programs fault nowhere, and a verifier that took none would show nothing.
  if (faultyOnceIn === 0) expect(faults).toBe(0);
  else if (!verified) expect(faults).toBeGreaterThan(programs / 4);
  if (verified) expect(taken).toBeGreaterThan(programs / 10);
  if (verified && faultyOnceIn > 0) expect(taken).toBeLessThan(programs);
}, 120_000);
