/** Every program of the corpus that the kernel takes, we take; what each verification costs, here and in the kernel, is printed. */
import { afterAll, describe, expect, it } from "vitest";
import { kernelAvailable } from "../../xdp/engine/kernel/index.js";
import { ObjectError } from "../../xdp/object/index.js";
import { corpusFiles, readObject } from "../corpus/objects.js";
import type { Comparison } from "./agreement.js";
import { agreementTable, compareVerdicts, differencesOf } from "./agreement.js";

/** Programs whose verification is long enough for its time to say something. */
const LONG = 5000;

const { available, reason } = kernelAvailable();
if (!available) console.warn(`verifier corpus skipped: ${reason}`);
const { files, notes } = available ? await corpusFiles() : { files: [], notes: [] };
const comparisons: Comparison[] = [];

describe.skipIf(files.length === 0)("the corpus", () => {
  // What is no XDP program of its own is judged in the selftests' run.
  it.each(files.filter(({ version }) => version !== "as XDP"))("$version/$name", (file) => {
    const object = readObject(file);
    if (object instanceof Error) return;
    const found = object.object.programs
      .filter(({ type }) => type === "xdp")
      .flatMap((program) => {
        try {
          return [compareVerdicts(`${file.version}-${file.name}`, object.object, program, 4)];
        } catch (error) {
          // Programs that name what is defined nowhere: no loader makes them.
          if (error instanceof ObjectError) return [];
          throw error;
        }
      });
    comparisons.push(...found);
    expect(differencesOf(found)).toEqual([]);
  });
});

afterAll(() => {
  const long = comparisons.filter(({ ours }) => ours.processed >= LONG).toSorted((a, b) => b.ours.processed - a.ours.processed);
  const costs = long.map(({ name, ours, kernel, ms }) => `${name.padEnd(60)}${String(ours.processed).padStart(9)} of ${String(kernel.processed).padStart(9)} processed${ms.toFixed(0).padStart(7)} ms of ${kernel.ms.toFixed(0).padStart(5)} ms (measured, here and in the kernel)`);
  console.info([...notes, agreementTable(comparisons), ...costs].join("\n"));
});
