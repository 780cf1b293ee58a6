import * as fc from "fast-check";
import { expect, it } from "vitest";
import { placeIn } from "./place.js";

it("is the remainder, also of large counts", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 52 - 1 }), fc.integer({ min: 1, max: 65536 }), (count, size) => placeIn(count, size) === count % size));
  for (const size of [1, 3, 512, 1000, 4096]) for (const turns of [0, 1, 1e6, 2 ** 36]) expect([turns * size, turns * size + size - 1].map((count) => placeIn(count, size))).toEqual([0, size - 1]);
});
