import { describe, expect, it } from "vitest";
import { Random } from "./random.js";
import { WeightedChoice, zipfWeights } from "./weighted.js";

const draws = (random: Random, n: number): number[] => Array.from({ length: n }, () => random.u32());

const first = (random: Random): string => draws(random, 4).join();

describe("Random", () => {
  it("gives the numbers that it has always given", () => {
    expect(draws(new Random(1), 4)).toEqual([2442144158, 3238099751, 3819917871, 2104621829]);
    expect(draws(new Random(2 ** 53 - 1), 2)).toEqual([835879718, 1239996274]);
  });

  it("steps as xoshiro128** does", () => {
    // The published step on 64-bit arithmetic, beside ours, from a state that is read off the first draws' seed words.
    const ours = new Random(42);
    const state = seedWords(42);
    const mask = 0xffffffffn;
    const rotl = (x: bigint, k: bigint): bigint => ((x << k) | (x >> (32n - k))) & mask;
    for (let i = 0; i < 1000; i++) {
      const expected = (rotl((state[1] * 5n) & mask, 7n) * 9n) & mask;
      const t = (state[1] << 9n) & mask;
      state[2] ^= state[0];
      state[3] ^= state[1];
      state[1] ^= state[2];
      state[0] ^= state[3];
      state[2] ^= t;
      state[3] = rotl(state[3], 11n);
      expect(ours.u32()).toBe(Number(expected));
    }
  });

  it("hears all bits of the seed, and the fork's name", () => {
    const seeds = [0, 1, 2, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 52];
    expect(new Set(seeds.map((seed) => first(new Random(seed)))).size).toBe(seeds.length);
    expect(first(new Random(1).fork("a"))).toBe(first(new Random(1).fork("a")));
    expect(first(new Random(1).fork("a"))).not.toBe(first(new Random(1).fork("b")));
  });

  it("draws every value below n about as often", () => {
    const random = new Random(3);
    const counts = new Float64Array(7);
    for (let i = 0; i < 70_000; i++) counts[random.below(7)]++;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });

  it("is exponential with mean 1", () => {
    const random = new Random(4);
    const values = Array.from({ length: 100_000 }, () => random.exponential());
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(Math.abs(mean - 1)).toBeLessThan(0.02);
    for (const x of [0.1, 0.5, 1, 2, 4]) {
      const above = values.filter((value) => value > x).length / values.length;
      expect(Math.abs(above - Math.exp(-x))).toBeLessThan(0.01);
    }
  });

  it("fills any length", () => {
    for (let length = 0; length < 9; length++) expect(new Random(5).bytes(length)).toHaveLength(length);
    expect(new Set(new Random(6).bytes(4096)).size).toBe(256);
  });
});

/** The state that the seed gives: splitmix32 in BigInt. */
function seedWords(seed: number): bigint[] {
  let state = BigInt(seed);
  const mask = 0xffffffffn;
  const words = Array.from({ length: 4 }, () => {
    state = (state + 0x9e3779b9n) & mask;
    let z = state;
    z = ((z ^ (z >> 16n)) * 0x85ebca6bn) & mask;
    z = ((z ^ (z >> 13n)) * 0xc2b2ae35n) & mask;
    return z ^ (z >> 16n);
  });
  words[3] |= 1n;
  return words;
}

describe("WeightedChoice", () => {
  it("draws by weight, and never what weighs nothing", () => {
    const random = new Random(7);
    const choice = new WeightedChoice([7, 0, 4, 1]);
    const counts = new Float64Array(4);
    for (let i = 0; i < 120_000; i++) counts[choice.draw(random)]++;
    expect(counts[1]).toBe(0);
    for (const [i, expected] of [[0, 70_000], [2, 40_000], [3, 10_000]]) expect(Math.abs(counts[i] - expected)).toBeLessThan(1000);
  });

  it("refuses weights that are none", () => {
    expect(() => new WeightedChoice([])).toThrow("add up to nothing");
    expect(() => new WeightedChoice([0])).toThrow("add up to nothing");
    expect(() => new WeightedChoice([1, -1])).toThrow("weight 1 is -1");
    expect(() => new WeightedChoice([Number.NaN])).toThrow("weight 0 is NaN");
  });

  it("has Zipf's weights to 12 digits without Math.pow", () => {
    for (const skew of [0, 0.5, 1, 1.37, 3]) {
      zipfWeights(5000, skew).forEach((weight, i) => expect(Math.abs(weight * (i + 1) ** skew - 1)).toBeLessThan(1e-12));
    }
  });
});
