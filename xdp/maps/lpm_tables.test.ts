/** The tables that an LPM trie keeps by the bits of an address, against prefixes looked through one by one: dense, sparse, emptied again, and where memory for tables is out. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LPM_NARROW, LPM_ROOT_BITS, LPM_ROOT_TABLE, LPM_TABLES, LPM_WIDE, POOL_END, POOL_FRESH } from "./fields.js";
import { mapSpec, openMaps, type TestMachine } from "./testing/program_side.js";

const ENTRIES = 1000;
const ROOT_SLOTS = 1 << LPM_ROOT_BITS;

interface Prefix {
  readonly bits: number;
  /** As many bytes as addresses have; those behind `bits` are 0. */
  readonly address: Uint8Array;
}

function key({ bits, address }: Prefix): Uint8Array {
  const bytes = new Uint8Array(4 + address.length);
  new DataView(bytes.buffer).setUint32(0, bits, true);
  bytes.set(address, 4);
  return bytes;
}

const nameOf = ({ bits, address }: Prefix): string => `${Buffer.from(address).toString("hex")}/${bits}`;

function masked(address: Uint8Array, bits: number): Uint8Array {
  return address.map((byte, i) => byte & ~(0xff >> Math.min(8, Math.max(0, bits - 8 * i))));
}

const covers = ({ bits, address }: Prefix, other: Uint8Array): boolean => Buffer.compare(masked(other, bits), address) === 0;

/** Addresses of a few networks, so that many prefixes lie in one another and slots fill up. */
function addresses(size: number): fc.Arbitrary<Uint8Array> {
  const part = fc.constantFrom(0, 1, 0x10, 0x80, 0xff);
  return fc.tuple(fc.constantFrom(10, 10, 192), fc.array(fc.oneof(part, part, fc.nat(255)), { minLength: size - 1, maxLength: size - 1 })).map(([first, rest]) => Uint8Array.of(first, ...rest));
}

/** Prefixes of an IPv6 trie also often share their first bytes, so that tables go deep. */
function prefixes(size: number): fc.Arbitrary<Prefix> {
  const shared = fc.tuple(addresses(size), fc.nat(size)).map(([address, same]) => address.map((byte, i) => (i < same ? 10 : byte)));
  return fc.tuple(fc.oneof(addresses(size), shared), fc.oneof(fc.nat(size * 8), fc.constantFrom(size * 8, size * 8 - 1, 16, 20, 24, 0).map((bits) => Math.min(bits, size * 8)))).map(([address, bits]) => ({ bits, address: masked(address, bits) }));
}

function rootSlots({ layout, program }: TestMachine): Uint32Array {
  const tables = new DataView(layout.buffer).getUint32(program.handle.header + LPM_TABLES, true);
  return new Uint32Array(layout.buffer, tables + LPM_ROOT_TABLE, ROOT_SLOTS);
}

/** Lets no further table be made. */
function exhaust({ layout, program }: TestMachine): void {
  const view = new DataView(layout.buffer);
  const tables = view.getUint32(program.handle.header + LPM_TABLES, true);
  for (const pool of [LPM_WIDE, LPM_NARROW]) view.setUint32(tables + pool + POOL_END, view.getUint32(tables + pool + POOL_FRESH, true), true);
}

describe.each([2, 3, 4, 5, 16])("tries of addresses of %i bytes", (size) => {
  it("answer as all prefixes looked through do, and leave nothing behind", () => {
    const step = fc.record({ prefix: prefixes(size), remove: fc.integer({ min: 0, max: 3 }).map((n) => n === 0), exhaust: fc.integer({ min: 0, max: 400 }).map((n) => n === 0) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300, size: "max" }), fc.array(addresses(size), { minLength: 50, maxLength: 50 }), fc.boolean(), (steps, looked, shared) => {
        const machine = openMaps([mapSpec(11, 4 + size, 4, ENTRIES)], { shared });
        const { program } = machine;
        const stored = new Map<string, Prefix & { value: number }>();
        const check = (address: Uint8Array): void => {
          const best = [...stored.values()].filter((one) => covers(one, address)).toSorted((a, b) => b.bits - a.bits)[0];
          const found = program.read(key({ bits: size * 8, address }));
          const got = found === undefined ? undefined : new DataView(found.buffer).getUint32(0, true);
          expect(got, nameOf({ bits: size * 8, address })).toBe(best?.value);
        };
        steps.forEach((one, i) => {
          if (one.exhaust) exhaust(machine);
          const name = nameOf(one.prefix);
          if (one.remove) {
            // One that is there, more often than not.
            const victim = [...stored.values()][i % Math.max(stored.size, 1)] ?? one.prefix;
            expect(program.delete(key(victim))).toBe(stored.delete(nameOf(victim)) ? 0 : -2);
            check(victim.address);
          } else {
            expect(program.update(key(one.prefix), Uint8Array.of(i, i >> 8, 0, 0))).toBe(0);
            stored.set(name, { ...one.prefix, value: i });
            check(one.prefix.address);
          }
        });
        for (const address of looked) check(address);
        for (const { address } of stored.values()) check(address);
        for (const one of stored.values()) expect(program.delete(key(one))).toBe(0);
        expect(rootSlots(machine).every((slot) => slot === 0)).toBe(true);
      }),
      { numRuns: 40, endOnFailure: true },
    );
  });
});
