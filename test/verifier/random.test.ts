/** Random programs near the border, judged here and by the running kernel: the share that agrees is printed, and nothing is taken that the kernel refuses. RANDOM=N for more. */
import { describe, expect, it } from "vitest";
import { kernelAvailable } from "../../xdp/engine/kernel/index.js";
import { borderProgram } from "../../xdp/verifier/testing/border.js";
import { compareVerdicts } from "./agreement.js";

const PROGRAMS = Number(process.env["RANDOM"] ?? 1500);
const { available, reason } = kernelAvailable();
if (!available) console.warn(`random verdicts skipped: ${reason}`);

describe.skipIf(!available)("random programs near the border", () => {
  it("are judged as the kernel judges them", { timeout: 3_600_000 }, () => {
    const counts: Record<string, number> = {};
    const differences: string[] = [];
    let messages = 0;
    let same = 0;
    let walkedAlike = 0;
    for (let seed = 1; seed <= PROGRAMS; seed++) {
      const { object, program } = borderProgram(seed, seed % 2 === 1);
      const { outcome, ours, kernel, sameMessage } = compareVerdicts(String(seed), object, program);
      counts[outcome] = (counts[outcome] ?? 0) + 1;
      if (outcome === "agree" && ours.processed === kernel.processed) walkedAlike++;
      if (outcome === "agree" && !ours.accepted) {
        messages++;
        if (sameMessage) same++;
      }
      if (outcome !== "agree") differences.push(`${outcome}: seed ${seed}: here "${ours.message}" at ${ours.at?.insn}, in the kernel "${kernel.message}"`);
    }
    console.info([`${PROGRAMS} programs: ${JSON.stringify(counts)}; ${same} of ${messages} refusals in the same words, ${walkedAlike} with as many instructions walked`, ...differences.slice(0, 20)].join("\n"));
    expect(counts["false accept"] ?? 0).toBe(0);
    expect((counts["agree"] ?? 0) / PROGRAMS).toBeGreaterThanOrEqual(0.99);
  });
});
