/**
 * Frame sizes, in bytes without the frame check sequence: what a capture holds. On the wire a frame is 4 bytes
 * longer (and takes 20 more for preamble and gap), so "64-byte packets" are 60 here.
 */
import type { Random } from "./random.js";
import { WeightedChoice } from "./weighted.js";

/** One size, a range with both ends, or sizes by weight. */
export type Sizes = number | { readonly min: number; readonly max: number } | readonly (readonly [weight: number, size: number])[];

/** The classic simple IMIX: 64, 594 and 1518 bytes with frame check sequence, 7 : 4 : 1. */
export const IMIX: Sizes = [
  [7, 60],
  [4, 590],
  [1, 1514],
];

/** Ethernet's minimum without frame check sequence. */
export const ETH_ZLEN = 60;

/** Sizes to draw; each at least 14 and at most 65,535. */
export function drawSizes(sizes: Sizes): (random: Random) => number {
  if (typeof sizes === "number") {
    const size = checked(sizes);
    return () => size;
  }
  if ("min" in sizes) {
    const min = checked(sizes.min);
    const max = checked(sizes.max);
    if (max < min) throw new RangeError(`frame sizes from ${min} to ${max}; give min below max`);
    return (random) => random.between(min, max);
  }
  const list = sizes.map(([, size]) => checked(size));
  const choice = new WeightedChoice(sizes.map(([weight]) => weight));
  return (random) => list[choice.draw(random)];
}

function checked(size: number): number {
  if (!Number.isInteger(size) || size < 14 || size > 65_535) throw new RangeError(`a frame of ${size} bytes; give 14 to 65535`);
  return size;
}
