/** Programs from elsewhere, in folders named by the environment variable DIFFERENTIAL_OBJECTS, on every engine and the kernel. */
import { afterAll, describe, expect, it } from "vitest";
import { kernelAvailable, KernelError, KernelVerifierError } from "../../xdp/engine/kernel/index.js";
import { ProgramError, UnsupportedError } from "../../xdp/helpers/index.js";
import { MapError } from "../../xdp/maps/index.js";
import { ObjectError } from "../../xdp/object/index.js";
import { furtherCases } from "./cases.js";
import { firstDifference } from "./compare.js";
import { ENGINES, runInKernel, runInMachine } from "./engines.js";

const { cases, skipped } = furtherCases();

/** A refusal, as opposed to a mistake of ours. */
function refusal(error: unknown): string {
  if ([KernelVerifierError, KernelError, UnsupportedError, ProgramError, MapError, ObjectError].some((kind) => error instanceof kind)) return String(error);
  throw error;
}

describe.skipIf(!kernelAvailable().available || cases.length === 0)("programs from elsewhere", () => {
  const refused = [...skipped];
  let compared = 0;

  it.each(cases)("$name", (test) => {
    for (const engine of ENGINES) {
      let difference: string | undefined;
      try {
        difference = firstDifference(test.name, test.frames, runInKernel(test), runInMachine(test, engine));
      } catch (error) {
        refused.push({ name: test.name, reason: refusal(error) });
        return;
      }
      expect(difference, difference).toBeUndefined();
    }
    compared++;
  });

  afterAll(() => {
    console.info(`programs from elsewhere: ${compared} without a difference; ${refused.length} skipped`);
    for (const { name, reason } of refused) console.info(`  skipped ${name}: ${reason}`);
  });
});
