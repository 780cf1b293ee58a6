import { describe, expect, it } from "vitest";
import { array, programSpec } from "../testing/object.js";
import { leftOut } from "./shortcuts.js";
import { vliwRows } from "./vliw.js";

const maps = [array("counts", 8, 4)];
const rows = (text: string, lanes = 4): number[] => [...vliwRows(programSpec(text, maps), lanes, maps)];
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const left = (text: string): number[] => [...leftOut(programSpec(text, maps), maps)].flatMap((one, slot) => (one === 1 ? [slot] : []));

const BOUNDS = "r2 = *(u32 *)(r1 + 0)\nr3 = *(u32 *)(r1 + 4)\nr4 = r2\nr4 += 14\nif r4 > r3 goto out\nr5 = *(u8 *)(r2 + 3)\nif r5 == 7 goto out\nr0 = 2\nexit\nout:\nr0 = 1\nexit";

describe("what a compiler for hXDP leaves out", () => {
  it("checks of packet bounds, and all that served them", () => {
    expect(left(BOUNDS)).toEqual([1, 2, 3, 4]);
  });
  it("computations that nobody reads, and none that somebody does", () => {
    expect(left("r2 = 5\nr3 = 6\nr2 += 1\nr0 = r3\nexit")).toEqual([0, 2]);
    expect(left("r6 = 5\nif r1 == 0 goto on\nr6 = 7\non:\nr0 = r6\nexit")).toEqual([]);
  });
  it("zeros that are the first in their place, and no others", () => {
    expect(left("r1 = 0\n*(u64 *)(r10 - 8) = r1\nr0 = *(u64 *)(r10 - 8)\nexit")).toEqual([0, 1]);
    expect(left("r1 = 3\n*(u64 *)(r10 - 8) = r1\nr1 = 0\n*(u32 *)(r10 - 8) = r1\nr0 = *(u64 *)(r10 - 8)\nexit")).toEqual([]);
    expect(left("r1 = *(u32 *)(r1 + 0)\n*(u64 *)(r10 - 8) = r1\nr0 = *(u64 *)(r10 - 8)\nexit")).toEqual([]);
  });
});

describe("rows of a VLIW core", () => {
  it("hold as many instructions as there are lanes, where none hangs on another", () => {
    const six = "r1 = *(u64 *)(r1 + 0)\nr2 = 2\nr3 = 3\nr4 = 4\nr5 = 5\nr6 = 6\nr0 = r1\nr0 += r2\nr0 += r3\nr0 += r4\nr0 += r5\nr0 += r6\nexit";
    expect(sum(rows(six, 1))).toBe(11);
    expect(sum(rows(six, 4))).toBeLessThan(sum(rows(six, 1)));
  });
  it("are paid where code flows on to what others jump to, too", () => {
    // The chain behind the branch ends at a join: each of its sums needs a row.
    const chain = "r2 = *(u32 *)(r1 + 16)\nr0 = 1\nif r2 == 7 goto join\nr0 += r2\nr0 *= r2\nr0 += r2\nr0 *= r2\njoin:\nr0 += 1\nexit";
    const paid = rows(chain);
    expect(sum(paid.slice(3, 7))).toBeGreaterThanOrEqual(3);
    expect(sum(paid.slice(7))).toBe(1);
  });
  it("keep stores and loads of the same memory in order, and let others pass", () => {
    const same = "r2 = *(u32 *)(r1 + 0)\n*(u8 *)(r2 + 0) = r1\nr3 = *(u8 *)(r2 + 1)\n*(u8 *)(r2 + 2) = r3\nr4 = *(u8 *)(r2 + 3)\nr0 = r4\nexit";
    const other = same.replaceAll("*(u8 *)(r2 + 0) =", "*(u8 *)(r10 - 1) =").replaceAll("*(u8 *)(r2 + 2) =", "*(u8 *)(r10 - 2) =");
    expect(sum(rows(other))).toBeLessThanOrEqual(sum(rows(same)));
    expect(sum(rows(same, 1))).toBeGreaterThan(sum(rows(same)));
  });
  it("do not wait for counting before the next lookup", () => {
    const find = "r2 = r10\nr2 += -4\nr1 = map[counts]\ncall bpf_map_lookup_elem\nif r0 == 0 goto out\n";
    const count = "r3 = *(u64 *)(r0 + 0)\nr3 += 1\n*(u64 *)(r0 + 0) = r3\n";
    const text = (between: string): string => `r1 = 1\n*(u32 *)(r10 - 4) = r1\n${find}${between}${find}r0 = 1\nexit\nout:\nr0 = 0\nexit`;
    expect(sum(rows(text(count))) - sum(rows(text("")))).toBeLessThanOrEqual(1);
  });
});
