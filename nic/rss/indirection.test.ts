import { describe, expect, it } from "vitest";
import { indirectionTable, parseIndirection } from "./indirection.js";

/** How many entries each queue has. */
function shares(table: Uint16Array, queues: number): number[] {
  const out = Array<number>(queues).fill(0);
  for (const queue of table) out[queue]++;
  return out;
}

describe("indirection table", () => {
  it("defaults to index % queues", () => {
    for (const size of [128, 256, 512, 2048]) {
      const table = indirectionTable(size, 6);
      expect(table.length).toBe(size);
      expect(table.every((queue, i) => queue === i % 6)).toBe(true);
    }
  });
  it("equal N start S uses N queues from S on", () => {
    expect([...indirectionTable(8, 8, parseIndirection("equal 3"))]).toEqual([0, 1, 2, 0, 1, 2, 0, 1]);
    expect([...indirectionTable(8, 8, parseIndirection("start 4 equal 2"))]).toEqual([4, 5, 4, 5, 4, 5, 4, 5]);
  });
  it("weight gives shares in order, and rounds as ethtool does", () => {
    expect(shares(indirectionTable(128, 4, parseIndirection("weight 6 2")), 4)).toEqual([96, 32, 0, 0]);
    expect([...indirectionTable(8, 3, parseIndirection("weight 1 1 1"))]).toEqual([0, 0, 1, 1, 1, 2, 2, 2]);
    expect([...indirectionTable(8, 3, parseIndirection("weight 1 0 1"))]).toEqual([0, 0, 0, 0, 2, 2, 2, 2]);
    expect(shares(indirectionTable(128, 8, parseIndirection("weight 1 3 start 6")), 8)).toEqual([0, 0, 0, 0, 0, 0, 32, 96]);
  });
  it("takes an explicit list", () => {
    expect([...indirectionTable(4, 4, parseIndirection("3 3 1 0"))]).toEqual([3, 3, 1, 0]);
    expect([...indirectionTable(4, 4, parseIndirection("3,1"))]).toEqual([3, 1, 3, 1]);
  });
  it.each([
    ["equal 9", "names queue 8, and the NIC has 8 queues (0 to 7)"],
    ["equal 0", "equal 0: give a whole number from 1 on"],
    ["weight 0 0", "all weights are 0"],
    ["weight 100 100", "add up to 200, and the indirection table has only 128 entries"],
    ["equal 4 weight 1 1", "give one of default"],
    ["start 2", "sets no indirection"],
    ["start 2 default", "start goes with equal or weight"],
    ["equal", "equal must be followed by a whole number"],
    ["", "sets no indirection"],
    ["some", "'some' is not one of"],
    ["9 1", "entry 0 names queue 9"],
  ])("refuses '%s'", (text, message) => {
    expect(() => indirectionTable(128, 8, parseIndirection(text))).toThrow(message);
  });
  it("refuses sizes that are no power of 2", () => {
    expect(() => indirectionTable(100, 8)).toThrow("must be a power of 2");
    expect(() => indirectionTable(128, 0)).toThrow("0 receive queues");
  });
});
