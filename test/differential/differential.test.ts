/**
 * Every engine does to a packet what the kernel does: the same verdict, the same bytes, the same maps afterwards.
 * Not comparable, and so not in the programs: time, randomness, which entry an LRU map gives up, the order of hash maps.
 */
import { afterAll, describe, expect, it } from "vitest";
import { kernelAvailable } from "../../xdp/engine/kernel/index.js";
import { UnsupportedError } from "../../xdp/helpers/index.js";
import type { Skipped } from "./cases.js";
import { ownCases, scenarioCases, xdpToolsCases } from "./cases.js";
import type { Run } from "./compare.js";
import { firstDifference } from "./compare.js";
import { ENGINES, runInKernel, runInMachine } from "./engines.js";

const { available, reason } = kernelAvailable();
if (!available) console.warn(`differential suite skipped: ${reason}`);

describe.skipIf(!available)("engines against the kernel", () => {
  const tools = xdpToolsCases();
  const skipped: Skipped[] = [...tools.skipped];
  let compared = 0;
  let packets = 0;
  let differences = 0;

  it.each([...ownCases(), ...scenarioCases(), ...tools.cases])("$name", (test) => {
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
