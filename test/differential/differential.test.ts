/**
 * Every engine does to a packet what the kernel does: the same verdict, the same bytes, the same maps afterwards.
 * Not comparable, and so not in the programs: time, randomness, which entry an LRU map gives up, the order of hash maps.
 */
import { afterAll, describe, expect, it } from "vitest";
import { UnsupportedError } from "../../xdp/helpers/index.js";
import { createInterpreter, createMachine } from "../../xdp/engine/index.js";
import type { Engine, Machine } from "../../xdp/engine/index.js";
import { createKernelEngine, kernelAvailable, KernelMachine, possibleCpus } from "../../xdp/engine/kernel/index.js";
import type { Case, Skipped } from "./cases.js";
import { ownCases, xdpToolsCases } from "./cases.js";
import type { Run } from "./compare.js";
import { firstDifference } from "./compare.js";
import { MAX_FRAME } from "./frames.js";
import { dumpMaps, runFrames } from "./outcome.js";
import { Maps } from "./seeds.js";

const { available, reason } = kernelAvailable();
if (!available) console.warn(`differential suite skipped: ${reason}`);

const ENGINES: readonly { readonly name: string; readonly create: (machine: Machine) => Engine }[] = [
  { name: "interpreter", create: (machine) => createInterpreter(machine) },
];

function runInKernel({ object, entry, frames, seed }: Case): Run {
  const machine = new KernelMachine({ object, entry, maxFrame: MAX_FRAME });
  try {
    seed?.(new Maps(machine.maps, machine.cpus), frames);
    const engine = createKernelEngine(machine);
    try {
      return { engine: "kernel", outcomes: runFrames(machine, engine, frames), maps: dumpMaps(machine.maps) };
    } finally {
      engine.close();
    }
  } finally {
    machine.close();
  }
}

function runInMachine({ object, entry, frames, seed }: Case, engine: (typeof ENGINES)[number]): Run {
  const machine = createMachine({ object, entry, cpus: possibleCpus(), maxFrame: MAX_FRAME });
  seed?.(new Maps(machine.maps, machine.cpus), frames);
  return { engine: engine.name, outcomes: runFrames(machine, engine.create(machine), frames), maps: dumpMaps(machine.maps) };
}

describe.skipIf(!available)("engines against the kernel", () => {
  const tools = available ? xdpToolsCases() : { cases: [], skipped: [] };
  const skipped: Skipped[] = [...tools.skipped];
  let compared = 0;
  let packets = 0;
  let differences = 0;

  it.each(available ? [...ownCases(), ...tools.cases] : [])("$name", (test) => {
    const oracle = runInKernel(test);
    for (const engine of ENGINES) {
      let run: Run;
      try {
        run = runInMachine(test, engine);
      } catch (error) {
        if (!(error instanceof UnsupportedError)) throw error;
        skipped.push({ name: test.name, reason: error.message });
        return;
      }
      const difference = firstDifference(test.name, test.frames, oracle, run);
      if (difference !== undefined) differences++;
      expect(difference, difference).toBeUndefined();
    }
    compared++;
    packets += test.frames.length;
  });

  afterAll(() => {
    const names = ["kernel", ...ENGINES.map(({ name }) => name)].join(", ");
    console.info(`differential suite: ${packets} packets over ${compared} programs on ${names}: ${differences} programs differ; ${skipped.length} skipped`);
    for (const { name, reason: why } of skipped) console.info(`  skipped ${name}: ${why}`);
  });
});
