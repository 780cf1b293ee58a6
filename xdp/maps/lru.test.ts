/** What LRU maps keep. The lists are deterministic: on one CPU, the kernel keeps the very same keys. */
import { afterEach, describe, expect, it } from "vitest";
import { KernelObject, kernelAvailable, onCpu, possibleCpus } from "../engine/kernel/index.js";
import type { MapHandle } from "./handle.js";
import { le, mapSpec, openMaps } from "./testing/program_side.js";

const { available } = kernelAvailable();

/** A reproducible sequence of updates, replacements and deletions, some keys much more often than others. */
function churn(handle: MapHandle, keys: number, operations: number, seed: number): void {
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let i = 0; i < operations; i++) {
    const key = le(random(4) === 0 ? random(keys) : random(Math.ceil(keys / 8)), 4);
    if (random(10) === 0) handle.delete(key);
    else handle.update(key, new Uint8Array(handle.valueBytes).fill(i));
  }
}

const contents = (handle: MapHandle): string[] => [...handle.keys()].map((key) => `${Buffer.from(key).readUInt32LE()}=${handle.lookup(key)?.[0]}`).toSorted();

const SIZES = [1, 2, 7, 100, 129, 1000, 5000];
const TYPES = [
  { typeId: 9, flags: 0 },
  { typeId: 9, flags: 2 },
  { typeId: 10, flags: 0 },
  { typeId: 10, flags: 2 },
] as const;

describe.each(TYPES)("LRU map of type $typeId, flags $flags", ({ typeId, flags }) => {
  let object: KernelObject | undefined;
  afterEach(() => object?.close());

  it.skipIf(!available).each(SIZES)("keeps what the kernel keeps, %i entries", (maxEntries) => {
    const spec = mapSpec(typeId, 4, 8, maxEntries, { flags });
    object = new KernelObject({ file: "lru", license: "GPL", programs: [], maps: [spec] });
    const kernel = object.maps[0] as MapHandle;
    const { handles } = openMaps([spec], { cpus: possibleCpus() });
    const own = handles[0] as MapHandle;
    for (let round = 1; round <= 4; round++) {
      onCpu(0, () => churn(kernel, maxEntries * 3 + 8, maxEntries * 4 + 100, round));
      churn(own, maxEntries * 3 + 8, maxEntries * 4 + 100, round);
      expect(contents(own)).toEqual(contents(kernel));
    }
  });

  it.each([1, 4])("never holds more than it may and is never broken, %i CPUs", (cpus) => {
    const { program } = openMaps([mapSpec(typeId, 4, 8, 50, { flags })], { cpus });
    const limit = program.handle.spec.maxEntries;
    for (let i = 0; i < 20_000; i++) {
      const key = le((i * 7919) % 211, 4);
      if (i % 5 === 0) program.lookup(key, i % cpus);
      else if (i % 11 === 0) program.delete(key);
      else expect(program.update(key, le(i, 8), BigInt(i % 3), i % cpus)).toBeLessThanOrEqual(0);
      if (i % 500 === 0) expect([...program.handle.keys()].length).toBeLessThanOrEqual(limit);
    }
    const key = le(1, 4);
    expect(program.update(key, le(77, 8))).toBe(0);
    expect(program.read(key)).toEqual(le(77, 8));
  });
});

describe("LRU hash", () => {
  it("keeps what is looked up", () => {
    const { program } = openMaps([mapSpec(9, 4, 8, 1000)]);
    const hot = le(12345, 4);
    program.update(hot, le(1, 8));
    for (let i = 0; i < 10_000; i++) {
      program.lookup(hot);
      program.update(le(20_000 + i, 4), le(i, 8));
    }
    expect(program.read(hot)).toEqual(le(1, 8));
  });

  it("does not keep what only user space looks at", () => {
    const { program } = openMaps([mapSpec(9, 4, 8, 1000)]);
    const cold = le(12345, 4);
    program.update(cold, le(1, 8));
    for (let i = 0; i < 10_000; i++) {
      program.handle.lookup(cold);
      program.update(le(20_000 + i, 4), le(i, 8));
    }
    expect(program.read(cold)).toBeUndefined();
  });
});
