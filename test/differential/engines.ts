/** Runs a case on the kernel and on every engine of ours. */
import { createInterpreter, createMachine, verifyMachine } from "../../xdp/engine/index.js";
import type { Engine, Machine } from "../../xdp/engine/index.js";
import { createWasmEngine } from "../../xdp/engine/wasm/engine.js";
import { createKernelEngine, KernelMachine, possibleCpus } from "../../xdp/engine/kernel/index.js";
import type { ObjectSpec } from "../../xdp/object/index.js";
import type { Run } from "./compare.js";
import { MAX_FRAME } from "./frames.js";
import { dumpMaps, runFrames } from "./outcome.js";
import type { Seed } from "./seeds.js";
import { Maps } from "./seeds.js";

/** What a machine of ours takes at most; of kernels with more, the first are compared. */
const CPUS = Math.min(possibleCpus(), 256);

/** A program, what it gets and how its maps are set up before. */
export interface Work {
  readonly object: ObjectSpec;
  readonly entry: string;
  readonly frames: readonly Uint8Array[];
  readonly seed?: Seed;
  /** Maps that hold what engines cannot agree on: times. */
  readonly ignoredMaps?: readonly string[];
}

export interface EngineUnderTest {
  readonly name: string;
  readonly create: (machine: Machine) => Engine;
}

export const ENGINES: readonly EngineUnderTest[] = [
  { name: "interpreter", create: (machine) => createInterpreter(machine) },
  { name: "wasm", create: (machine) => createWasmEngine(machine) },
  {
    name: "wasm, verified",
    create: (machine) => {
      verifyMachine(machine);
      return createWasmEngine(machine);
    },
  },
];

export function runInKernel({ object, entry, frames, seed, ignoredMaps }: Work): Run {
  const machine = new KernelMachine({ object, entry, maxFrame: MAX_FRAME });
  try {
    seed?.(new Maps(machine.maps, machine.cpus), frames);
    const engine = createKernelEngine(machine);
    try {
      return { engine: "kernel", outcomes: runFrames(machine, engine, frames), maps: dumpMaps(machine.maps, CPUS, ignoredMaps) };
    } finally {
      engine.close();
    }
  } finally {
    machine.close();
  }
}

export function runInMachine({ object, entry, frames, seed, ignoredMaps }: Work, engine: EngineUnderTest): Run {
  const machine = createMachine({ object, entry, cpus: CPUS, maxFrame: MAX_FRAME });
  seed?.(new Maps(machine.maps, machine.cpus), frames);
  return { engine: engine.name, outcomes: runFrames(machine, engine.create(machine), frames), maps: dumpMaps(machine.maps, CPUS, ignoredMaps) };
}
