/** Random operations of programs and control plane on each map type, against a plain Map of JavaScript. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { MapSpec } from "../object/spec.js";
import { errnoOf, mapSpec, openMaps, type ProgramSide } from "./testing/program_side.js";
import { E2BIG, EEXIST, EINVAL, ENOENT, ENOSPC } from "./uapi.js";

const RUNS = 30;
const OPERATIONS = 1000;
const CPUS = 3;

interface Operation {
  readonly kind: "update" | "delete" | "lookup" | "write" | "remove" | "read";
  readonly key: number;
  readonly value: number;
  readonly flags: number;
  readonly cpu: number;
}

const operations = (keys: number): fc.Arbitrary<readonly Operation[]> =>
  fc.array(
    fc.record({
      kind: fc.constantFrom("update", "update", "update", "delete", "lookup", "write", "remove", "read"),
      key: fc.nat(keys - 1),
      value: fc.nat(0xffffffff),
      flags: fc.constantFrom(0, 0, 0, 1, 2, 3, 4),
      cpu: fc.nat(CPUS - 1),
    }),
    { maxLength: OPERATIONS, size: "max" },
  );

/** Keys that differ in few bits, at places that word-wise comparison and hashing could miss. */
function keyBytes(spec: MapSpec, key: number): Uint8Array {
  const bytes = new Uint8Array(spec.keySize);
  if (spec.keySize === 4) {
    new DataView(bytes.buffer).setUint32(0, key, true);
    return bytes;
  }
  bytes[key % spec.keySize] = 1 + Math.floor(key / spec.keySize);
  return bytes;
}

function valueOf(spec: MapSpec, value: number): Uint8Array {
  return Uint8Array.from({ length: spec.valueSize }, (_, i) => (value >>> (8 * (i % 4))) + i);
}

const hex = (bytes: Uint8Array | undefined): string | undefined => (bytes === undefined ? undefined : Buffer.from(bytes).toString("hex"));

/** What the model says of a map: key in hex to the values of all CPUs (one where it is not per-CPU). */
class Model {
  readonly entries = new Map<string, Uint8Array[]>();
  readonly spec: MapSpec;
  readonly cpus: number;
  readonly array: boolean;
  constructor(spec: MapSpec) {
    this.spec = spec;
    this.array = spec.typeId === 2 || spec.typeId === 6;
    this.cpus = [5, 6, 10].includes(spec.typeId) ? CPUS : 1;
    if (this.array) for (let i = 0; i < spec.maxEntries; i++) this.entries.set(hex(keyBytes(spec, i)) as string, this.zeros());
  }

  zeros(): Uint8Array[] {
    return Array.from({ length: this.cpus }, () => new Uint8Array(this.spec.valueSize));
  }

  update(key: string, flags: number): number {
    const there = this.entries.has(key);
    if (flags > 2) return EINVAL;
    if (this.array) return there ? (flags === 1 ? EEXIST : 0) : E2BIG;
    if (there) return flags === 1 ? EEXIST : 0;
    if (flags === 2) return ENOENT;
    return this.entries.size >= this.spec.maxEntries ? (this.spec.typeId === 11 ? ENOSPC : E2BIG) : 0;
  }

  delete(key: string): number {
    if (this.array) return EINVAL;
    return this.entries.delete(key) ? 0 : ENOENT;
  }
}

function apply(program: ProgramSide, model: Model, operation: Operation): void {
  const { spec } = model;
  const key = keyBytes(spec, operation.key);
  const name = hex(key) as string;
  const value = valueOf(spec, operation.value);
  const perCpu = model.cpus > 1;
  const cpu = perCpu ? operation.cpu : 0;
  const padded = Math.ceil(spec.valueSize / 8) * 8;
  switch (operation.kind) {
    case "update": {
      // Flag 4 (BPF_F_LOCK) on an index out of range: the range is looked at first.
      const expected = model.update(name, operation.flags);
      const result = 0 - program.update(key, value, BigInt(operation.flags), operation.cpu);
      if (operation.flags === 4) expect([EINVAL, E2BIG]).toContain(result);
      else expect(result).toBe(expected);
      if (result === 0) {
        const values = model.entries.get(name) ?? model.zeros();
        values[cpu] = value;
        model.entries.set(name, values);
      }
      break;
    }
    case "write": {
      const all = new Uint8Array(program.handle.valueBytes);
      const values = model.zeros().map((_, i) => valueOf(spec, operation.value + i));
      values.forEach((part, i) => all.set(part, i * padded));
      const expected = model.update(name, operation.flags);
      expect(errnoOf(() => program.handle.update(key, all, operation.flags))).toBe(expected);
      if (expected === 0) model.entries.set(name, values);
      break;
    }
    case "delete":
      expect(0 - program.delete(key)).toBe(model.delete(name));
      break;
    case "remove": {
      let there = true;
      const errno = errnoOf(() => (there = program.handle.delete(key)));
      expect(there ? errno : ENOENT).toBe(model.delete(name));
      break;
    }
    case "lookup":
      expect(hex(program.read(key, operation.cpu))).toBe(hex(model.entries.get(name)?.[cpu]));
      break;
    case "read": {
      const read = program.handle.lookup(key);
      expect(read === undefined).toBe(!model.entries.has(name));
      if (read !== undefined) model.entries.get(name)?.forEach((part, i) => expect(hex(read.subarray(i * padded, i * padded + spec.valueSize))).toBe(hex(part)));
      break;
    }
  }
}

const KINDS: readonly (readonly [string, MapSpec])[] = [
  ["array", mapSpec(2, 4, 11, 20)],
  ["per-CPU array", mapSpec(6, 4, 12, 20)],
  ["hash, keys of 4 bytes", mapSpec(1, 4, 8, 20)],
  ["hash, keys of 13 bytes", mapSpec(1, 13, 3, 20)],
  ["hash, keys of 16 bytes", mapSpec(1, 16, 70, 20)],
  ["per-CPU hash", mapSpec(5, 6, 20, 20)],
  ["LRU hash that is never full", mapSpec(9, 8, 8, 1000)],
  ["LRU per-CPU hash that is never full", mapSpec(10, 5, 9, 1000)],
];

describe("maps against a model", () => {
  it.each(KINDS)("%s", (_, spec) => {
    fc.assert(
      fc.property(operations(30), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (list, seed) => {
        const { program } = openMaps([spec], { cpus: CPUS, seed, shared: list.length % 2 === 0 });
        const model = new Model(spec);
        for (const operation of list) apply(program, model, operation);
        const keys = [...program.handle.keys()].map(hex);
        expect(keys).toHaveLength(model.entries.size);
        expect(new Set(keys)).toEqual(new Set(model.entries.keys()));
      }),
      { numRuns: RUNS },
    );
  });
});

/** A prefix with its bits as text, so that the model needs no arithmetic. */
function prefixKey(bits: string, size: number): Uint8Array {
  const key = new Uint8Array(4 + size);
  new DataView(key.buffer).setUint32(0, bits.length, true);
  [...bits].forEach((bit, i) => {
    if (bit === "1") key[4 + (i >> 3)] = (key[4 + (i >> 3)] as number) | (0x80 >> (i & 7));
  });
  return key;
}

describe.each([
  [1, 30], [3, 30], [4, 30], [7, 30], [16, 30],
  // Large enough for a table by the first bits.
  [4, 256], [16, 256],
] as const)("LPM trie of %i bytes, %i entries, against a model", (size, maxEntries) => {
  // Few different bits, so that prefixes lie in one another.
  const bits = fc.tuple(fc.constantFrom(0, 1, 5, 8, size * 8 - 2, size * 8), fc.array(fc.constantFrom("0", "1"), { maxLength: 6 }), fc.nat(size * 8)).map(([start, some, more]) => ("1".repeat(start) + some.join("") + "0".repeat(more)).slice(0, size * 8));
  const step = fc.record({ kind: fc.constantFrom("update", "update", "delete", "lookup"), bits, value: fc.nat(0xffff), flags: fc.constantFrom(0, 0, 1, 2) });

  it("finds the longest prefix", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 500, size: "max" }), (steps) => {
        const spec = mapSpec(11, 4 + size, 2, maxEntries);
        const { program } = openMaps([spec]);
        const entries = new Map<string, number>();
        for (const { kind, bits: prefix, value, flags } of steps) {
          const key = prefixKey(prefix, size);
          if (kind === "update") {
            const there = entries.has(prefix);
            const expected = there ? (flags === 1 ? EEXIST : 0) : flags === 2 ? ENOENT : entries.size >= maxEntries ? ENOSPC : 0;
            expect(0 - program.update(key, Uint8Array.of(value, value >> 8), BigInt(flags))).toBe(expected);
            if (expected === 0) entries.set(prefix, value);
          } else if (kind === "delete") {
            expect(0 - program.delete(key)).toBe(entries.delete(prefix) ? 0 : ENOENT);
          } else {
            const best = [...entries.keys()].filter((entry) => prefix.startsWith(entry)).reduce<string | undefined>((a, b) => (a === undefined || b.length > a.length ? b : a), undefined);
            const found = program.read(key);
            expect(found === undefined ? undefined : (found[0] as number) + 256 * (found[1] as number)).toBe(best === undefined ? undefined : entries.get(best));
          }
        }
        const keys = [...program.handle.keys()].map(hex);
        expect(keys).toHaveLength(entries.size);
        expect(new Set(keys)).toEqual(new Set([...entries.keys()].map((entry) => hex(prefixKey(entry, size)))));
      }),
      { numRuns: RUNS },
    );
  });
});
