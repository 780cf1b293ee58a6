/** What programs see of maps beyond values: pointers, CPUs, redirect targets, and what may be touched. */
import { describe, expect, it } from "vitest";
import { MAP_DATA, MAP_DATA_END } from "../abi.js";
import { le, mapSpec, openMaps } from "./testing/program_side.js";

const A = le(1, 4);
const B = le(2, 4);

describe("pointers into maps", () => {
  it.each([1, 9])("to a replaced value still show the old one, type %i", (typeId) => {
    const { program } = openMaps([mapSpec(typeId, 4, 8, 10)]);
    program.update(A, le(11, 8));
    const before = program.lookup(A);
    program.update(A, le(12, 8));
    expect(program.at(before)).toEqual(le(11, 8));
    expect(program.read(A)).toEqual(le(12, 8));
  });

  it("stay where they are as other entries come and go", () => {
    const { program } = openMaps([mapSpec(1, 4, 8, 500)]);
    program.update(A, le(11, 8));
    const address = program.lookup(A);
    for (let i = 0; i < 5000; i++) {
      program.update(le(10 + (i % 400), 4), le(i, 8));
      if (i % 3 === 0) program.delete(le(10 + ((i * 7) % 400), 4));
    }
    expect(program.lookup(A)).toBe(address);
    expect(program.at(address)).toEqual(le(11, 8));
  });

  it.each([1, 5, 9, 10, 11, 2, 6])("reach exactly one value, type %i", (typeId) => {
    const keySize = typeId === 11 ? 8 : 4;
    const { program, calls, layout } = openMaps([mapSpec(typeId, keySize, 12, 5)], { cpus: 3 });
    const { header } = program.handle;
    const key = le(typeId === 11 ? 32 : 1, keySize);
    program.update(key, le(7, 12), 0n, 2);
    const address = program.lookup(key, 2);
    expect(address).not.toBe(0);
    const ok = (at: number, size: number): boolean => calls.map_value_ok(header, at, size) === 1;
    expect(ok(address, 12)).toBe(true);
    expect(ok(address + 11, 1)).toBe(true);
    expect(ok(address, 13)).toBe(false);
    expect(ok(address + 12, 1)).toBe(false);
    expect(ok(address - 1, 2)).toBe(false);
    expect(ok(address + 8, 0xfffffffc)).toBe(false);
    const view = new DataView(layout.buffer);
    const start = view.getUint32(header + MAP_DATA, true);
    const end = view.getUint32(header + MAP_DATA_END, true);
    expect(ok(start - 1, 1)).toBe(false);
    expect(ok(end, 1)).toBe(false);
    expect(ok(end - 1, 1)).toBe(false);
    let touchable = 0;
    for (let at = start; at < end; at++) if (ok(at, 1)) touchable++;
    // A trie may hold a branch for each entry and 2 nodes more; a hash replaces through one spare element a CPU.
    const values = typeId === 11 ? 12 : typeId === 1 ? 8 : 5;
    const perCpu = [5, 6, 10].includes(typeId);
    expect(touchable).toBe(12 * values * (perCpu ? 3 : 1));
  });
});

describe("per-CPU maps", () => {
  it.each([5, 10, 6])("keep CPUs apart, and on pages of their own, type %i", (typeId) => {
    const { program } = openMaps([mapSpec(typeId, 4, 8, 4)], { cpus: 3 });
    program.handle.update(A, Uint8Array.from({ length: 24 }, () => 0xff));
    if (typeId !== 6) program.delete(A);
    expect(program.update(A, le(5, 8), 0n, 1)).toBe(0);
    const others = typeId === 6 ? new Uint8Array(8).fill(0xff) : new Uint8Array(8);
    expect([0, 1, 2].map((cpu) => program.read(A, cpu))).toEqual([others, le(5, 8), others]);
    const addresses = [0, 1, 2].map((cpu) => program.lookup(A, cpu));
    expect(new Set(addresses.map((address) => Math.floor(address / 4096))).size).toBe(3);
    expect(addresses.every((address) => address % 4096 === (addresses[0] as number) % 4096)).toBe(true);
  });
});

/** Opens a map with one entry and gives the target of an index. */
function target(typeId: number, valueSize: number, key: number, value: Uint8Array): (index: number) => number | undefined {
  const { program, calls, layout } = openMaps([mapSpec(typeId, 4, valueSize, 8)]);
  program.handle.update(le(key, 4), value);
  const out = layout.allocate(8, 8, "test");
  return (index) => (calls.map_redirect_target(program.handle.header, index, out) === 0 ? new DataView(layout.buffer).getUint32(out, true) : undefined);
}

describe("redirect targets", () => {
  it.each([
    { name: "devmap gives the interface", typeId: 14, value: le(77, 4), expected: 77 },
    { name: "devmap with program gives the interface", typeId: 14, value: Uint8Array.of(77, 0, 0, 0, 3, 0, 0, 0), expected: 77 },
    { name: "devmap hash gives the interface", typeId: 25, value: le(78, 4), expected: 78 },
    { name: "cpumap gives the CPU", typeId: 16, value: le(192, 4), expected: 5 },
    { name: "xskmap gives the socket", typeId: 17, value: le(9, 4), expected: 9 },
  ])("$name", ({ typeId, value, expected }) => {
    const find = target(typeId, value.length, 5, value);
    expect(find(5)).toBe(expected);
    expect(find(4)).toBeUndefined();
    expect(find(8)).toBeUndefined();
    expect(find(0xffffffff)).toBeUndefined();
  });

  it("of other maps are none", () => {
    const { program, calls, layout } = openMaps([mapSpec(2, 4, 4, 8)]);
    expect(calls.map_redirect_target(program.handle.header, 0, layout.allocate(8, 8, "test"))).toBeLessThan(0);
  });

  it("are read-only values for programs", () => {
    const { program } = openMaps([mapSpec(14, 4, 8, 8)]);
    program.handle.update(A, Uint8Array.of(7, 0, 0, 0, 2, 0, 0, 0));
    expect(program.read(A)).toEqual(Uint8Array.of(7, 0, 0, 0, 2, 0, 0, 0));
    expect(program.read(B)).toBeUndefined();
    expect(program.update(B, le(7, 8))).toBeLessThan(0);
  });

  it("of an xskmap show the socket's queue", () => {
    const { program } = openMaps([mapSpec(17, 4, 4, 8)]);
    program.handle.update(le(3, 4), le(1000, 4));
    expect(program.read(le(3, 4))).toEqual(le(3, 4));
    expect(program.read(le(2, 4))).toBeUndefined();
  });
});
