import { describe, expect, it } from "vitest";
import { MACHINE, MACHINE_MAPS, MACHINE_MAP_COUNT, MAP_HEADER_BYTES, MAP_ID } from "../abi.js";
import { Layout, MemoryError } from "../engine/layout.js";
import { createMaps } from "./create.js";
import { MapError } from "./error.js";
import { le, mapSpec, openMaps } from "./testing/program_side.js";

/** Keys of a map with this seed, in the order of its table. */
function order(seed: bigint): string {
  const { handles } = openMaps([mapSpec(1, 4, 4, 100)], { seed });
  for (let i = 0; i < 100; i++) handles[0]?.update(le(i, 4), le(i, 4));
  return [...(handles[0]?.keys() ?? [])].map((key) => key[0]).join();
}

describe("maps of a machine", () => {
  it("have headers in one table, named in the machine header", () => {
    const { layout, handles } = openMaps([mapSpec(2, 4, 4, 1, { name: "a" }), mapSpec(1, 4, 4, 1, { name: "b" }), mapSpec(11, 8, 4, 1, { name: "c" })]);
    const view = new DataView(layout.buffer);
    const table = view.getUint32(MACHINE + MACHINE_MAPS, true);
    expect(view.getUint32(MACHINE + MACHINE_MAP_COUNT, true)).toBe(3);
    handles.forEach((handle, id) => {
      expect(handle.header).toBe(table + id * MAP_HEADER_BYTES);
      expect(view.getUint32(handle.header + MAP_ID, true)).toBe(id);
      expect(handle.id).toBe(id);
    });
  });

  it("hold what global data starts with", () => {
    const initial = Buffer.from([1, 2, 3, 4, 5]).toString("base64");
    const { handles, program } = openMaps([mapSpec(2, 4, 5, 1, { name: "prog.rodata", flags: 128 | 1024, initial })]);
    expect(handles[0]?.lookup(le(0, 4))).toEqual(Uint8Array.of(1, 2, 3, 4, 5));
    expect(program.read(le(0, 4))).toEqual(Uint8Array.of(1, 2, 3, 4, 5));
    expect(() => openMaps([mapSpec(2, 4, 4, 1, { initial })])).toThrow("map m: has 5 initial bytes and values of 4");
  });

  it("fill prog arrays by program name", () => {
    const spec = mapSpec(3, 4, 4, 4, { name: "jumps", values: [{ key: 2, program: "second" }] });
    const { calls, handles } = openMaps([spec], { programIndex: (name) => (name === "second" ? 1 : undefined) });
    const header = handles[0]?.header ?? 0;
    expect([0, 1, 2, 3, 4].map((index) => calls.prog_array_get(header, index))).toEqual([0, 0, 2, 0, 0]);
    expect(() => openMaps([spec])).toThrow("map jumps: entry 2 names program second, which the object does not have");
  });

  it("get what old loaders fill in", () => {
    const { handles } = openMaps([mapSpec(14, 0, 0, 0), mapSpec(3, 0, 0, 0), mapSpec(11, 8, 4, 10, { flags: 0 })]);
    expect(handles.map(({ spec }) => [spec.keySize, spec.valueSize, spec.maxEntries > 0])).toEqual([
      [4, 4, true],
      [4, 4, true],
      [8, 4, true],
    ]);
    expect((handles[2]?.spec.flags ?? 0) & 1).toBe(1);
  });

  it("of types that are not supported are refused by name, but not where no program uses them", () => {
    const ring = mapSpec(7, 4, 4, 16, { name: "events", type: "BPF_MAP_TYPE_STACK_TRACE" });
    expect(() => openMaps([ring])).toThrow("map events: type BPF_MAP_TYPE_STACK_TRACE is not supported");
    const layout = new Layout();
    const [unused] = createMaps(layout, [ring], { cpus: 1, isUsed: () => false });
    expect([...(unused?.keys() ?? [])]).toEqual([]);
  });

  it.each([[1, 2 ** 31, 4], [5, 2 ** 30, 4], [11, 0xffff_ffff, 8]])("of any size are made where the kernel allocates as entries come, type %i", (typeId, maxEntries, keySize) => {
    const { program } = openMaps([mapSpec(typeId, keySize, 8, maxEntries, { flags: 1 })], { cpus: 4 });
    const key = (i: number): Uint8Array => (typeId === 11 ? Uint8Array.of(32, 0, 0, 0, ...le(i, 4)) : le(i, 4));
    for (let i = 0; i < 1000; i++) expect(program.update(key(i), le(i, 8))).toBe(0);
    for (let i = 0; i < 1000; i++) expect(program.read(key(i))).toEqual(le(i, 8));
    expect(program.handle.spec.maxEntries).toBe(maxEntries);
  });

  it("do not touch the memory of large maps", () => {
    const before = process.memoryUsage().rss;
    const { program } = openMaps([mapSpec(1, 16, 64, 10_000_000), mapSpec(2, 4, 8, 10_000_000), mapSpec(9, 4, 8, 2_000_000)]);
    for (let i = 0; i < 1000; i++) expect(program.update(le(i * 65537, 16), le(i, 64))).toBe(0);
    for (let i = 0; i < 1000; i++) expect(program.read(le(i * 65537, 16))).toEqual(le(i, 64));
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 2 ** 20);
  });

  it("work beyond 2 GiB", () => {
    const { handles, layout } = openMaps([mapSpec(2, 4, 1 << 20, 2500, { name: "big" }), mapSpec(1, 4, 8, 10, { name: "high" }), mapSpec(9, 4, 8, 10, { name: "lru" }), mapSpec(11, 8, 8, 10, { name: "lpm" })]);
    expect(layout.allocate(8, 8, "test")).toBeGreaterThan(2 ** 31);
    for (const handle of handles.slice(1)) {
      const key = le(8, handle.spec.keySize);
      handle.update(key, le(42, 8));
      expect(handle.lookup(key)).toEqual(le(42, 8));
      expect([...handle.keys()]).toHaveLength(1);
      expect(handle.delete(key)).toBe(true);
    }
  });

  it("that do not fit say which and how much", () => {
    expect(() => openMaps([mapSpec(2, 4, 4096, 2 ** 21, { name: "huge" })])).toThrow(MemoryError);
    expect(() => openMaps([mapSpec(2, 4, 4096, 2 ** 21, { name: "huge" })])).toThrow("map huge needs 8192 MiB");
    expect(() => openMaps([mapSpec(1, 4, 4, 2 ** 31, { name: "huge" })])).toThrow("map huge");
  });

  it("say what is wrong with keys and values", () => {
    const { handles } = openMaps([mapSpec(1, 4, 8, 1, { name: "counters" })]);
    const handle = handles[0];
    expect(() => handle?.update(le(1, 3), le(1, 8))).toThrow(new MapError("counters", "key has 3 bytes, its keys have 4", 22));
    expect(() => handle?.lookup(le(1, 5))).toThrow("map counters: key has 5 bytes, its keys have 4 (EINVAL)");
    expect(() => handle?.update(le(1, 4), le(1, 4))).toThrow("map counters: value has 4 bytes, its values have 8 (EINVAL)");
    handle?.update(le(1, 4), le(1, 8));
    expect(() => handle?.update(le(2, 4), le(1, 8))).toThrow("map counters: is full with 1 entries (E2BIG)");
  });

  it("hash differently by seed, and the same by the same seed", () => {
    expect(order(1n)).toBe(order(1n));
    expect(order(1n)).not.toBe(order(2n));
  });
});
