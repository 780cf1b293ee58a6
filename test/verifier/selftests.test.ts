/**
 * The kernel's selftests that state a verdict, every program of them loaded as XDP: our verdict equals the running kernel's for
 * at least 97 in a hundred, nothing that it refuses is taken, and where both refuse, the messages are alike. A table by file at the end.
 */
import { afterAll, describe, expect, it } from "vitest";
import { kernelAvailable } from "../../xdp/engine/kernel/index.js";
import type { Comparison } from "./agreement.js";
import { agreementTable, compareVerdicts, differencesOf } from "./agreement.js";
import { selftests } from "./selftests.js";

const { available, reason } = kernelAvailable();
if (!available) console.warn(`verifier selftests skipped: ${reason}`);
const { objects, notes } = available ? selftests() : { objects: [], notes: [] };
const comparisons: Comparison[] = [];

describe.skipIf(objects.length === 0)("the kernel's selftests", () => {
  it.each(objects)("$name: nothing is taken that the kernel refuses", ({ name, object }) => {
    const found = object.programs.map((program) => compareVerdicts(name, object, program));
    comparisons.push(...found);
    expect(found.filter(({ outcome }) => outcome === "false accept").map((comparison) => comparison.name)).toEqual([]);
  });

  it("agrees for 97 % of the programs", () => {
    const asked = comparisons.filter(({ outcome }) => outcome !== "unanswered");
    expect(asked.length).toBeGreaterThan(1000);
    expect(asked.filter(({ outcome }) => outcome === "agree").length / asked.length).toBeGreaterThanOrEqual(0.97);
  });

  it("says what the kernel says for 80 % of those that both refuse", () => {
    const refused = comparisons.filter(({ outcome, ours }) => outcome === "agree" && !ours.accepted);
    expect(refused.filter(({ sameMessage }) => sameMessage).length / refused.length).toBeGreaterThanOrEqual(0.8);
  });
});

afterAll(() => {
  console.info([...notes, agreementTable(comparisons), ...differencesOf(comparisons)].join("\n"));
});
