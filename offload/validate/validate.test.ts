import { describe, expect, it } from "vitest";
import { objectOf } from "./measure.js";
import type { Equivalent } from "./measure.js";
import { countMin, DOS_FILTER } from "./programs.js";
import { GROUPS } from "./rows.js";
import { medianOf, validateProfiles } from "./validate.js";

function slotsOf(program: Equivalent): number {
  return objectOf(program).programs[0].insns.length;
}

const summaries = await validateProfiles();

describe("published figures", () => {
  it.each(summaries.map((summary) => [summary.group.title, summary] as const))("%s: errors are within the bounds that the group states", (_, { group, rows, median, worst }) => {
    const worstRow = rows.reduce((a, b) => (Math.abs(b.error) > Math.abs(a.error) ? b : a));
    expect(median, `median error; worst is ${worstRow.name}: ${worstRow.ours} for ${worstRow.published}`).toBeLessThanOrEqual(group.median);
    expect(worst, worstRow.name).toBeLessThanOrEqual(group.worst ?? Infinity);
  });
  it("covers every group, and most rows calibrated nothing", () => {
    expect(summaries.map(({ group }) => group.id)).toEqual(GROUPS.map(({ id }) => id));
    const rows = summaries.flatMap((summary) => summary.rows);
    expect(rows.filter(({ calibrates }) => !calibrates).length / rows.length).toBeGreaterThan(0.6);
    expect(rows.every(({ ours, published }) => Number.isFinite(ours) && published > 0)).toBe(true);
  });
});

describe("equivalents", () => {
  it("are as long as the programs that they stand for, in eBPF instructions", () => {
    for (const [rows, published] of [[1, 157], [5, 267], [10, 403]]) expect(Math.abs(slotsOf(countMin(rows)) / published - 1)).toBeLessThan(0.02);
    expect(Math.abs(slotsOf(DOS_FILTER) / 150 - 1)).toBeLessThan(0.08);
  });
});

describe("median", () => {
  it("is the middle value, or between the two", () => {
    expect([medianOf([3, 1, 2]), medianOf([4, 1, 2, 3]), medianOf([])]).toEqual([2, 2.5, Number.NaN]);
  });
});
