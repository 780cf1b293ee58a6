/** Seeds and dumps of maps of maps and of maps without keys; the kernel's maps take and give the same. */
import { afterEach, describe, expect, it } from "vitest";
import { KernelObject, kernelAvailable } from "../engine/kernel/index.js";
import type { BtfSpec, MapSpec } from "../object/spec.js";
import { dumpMaps } from "./dump.js";
import type { MapHandle } from "./handle.js";
import { seedMaps } from "./seed.js";
import { SeedError } from "./seed_error.js";
import { le, mapSpec, openMaps } from "./testing/program_side.js";

/** struct { u32 packets; u32 bytes; } */
const BTF: BtfSpec = {
  types: [
    { kind: "void" },
    { kind: "int", name: "u32", size: 4, bits: 32, bitOffset: 0, signed: false, char: false, bool: false },
    { kind: "struct", name: "stats", size: 8, members: [{ name: "packets", type: 1, bitOffset: 0, bitSize: 0 }, { name: "bytes", type: 1, bitOffset: 32, bitSize: 0 }] },
  ],
};
const INNER = mapSpec(1, 4, 8, 16, { name: "flows.inner", keyTypeId: 1, valueTypeId: 2 });
const SPECS: readonly MapSpec[] = [
  mapSpec(12, 4, 4, 4, { name: "flows", inner: INNER }),
  mapSpec(13, 8, 4, 4, { name: "tenants", inner: INNER }),
  mapSpec(1, 4, 8, 16, { name: "shared", keyTypeId: 1, valueTypeId: 2 }),
  mapSpec(22, 0, 4, 3, { name: "free_ports" }),
  mapSpec(23, 0, 2, 3, { name: "stack" }),
  mapSpec(30, 0, 4, 10, { name: "known" }),
  mapSpec(27, 0, 0, 4096, { name: "ring" }),
  mapSpec(4, 4, 4, 2, { name: "events" }),
];
const JSON_SEEDS = {
  flows: [
    { key: 0, value: "shared" },
    { key: 2, value: { inner: [{ key: 1, value: { packets: 5, bytes: 6 } }, { key: 2, value: ["0x07", "0", "0", "0", "0", "0", "0", "0"] }], max_entries: 2 } },
    { key: 3, value: { inner: [] } },
  ],
  tenants: [{ key: "0x0a00000100000000", value: "shared" }, { key: 9, value: { inner: [{ formatted: { key: 3, value: { packets: 1, bytes: 2 } } }] } }],
  shared: [{ key: 7, value: { packets: 8, bytes: 9 } }],
  free_ports: [{ value: 1000 }, { value: 1001 }],
  stack: [{ value: 1 }, { value: 2 }, { value: 3 }],
  known: [{ value: 77 }],
};

const get = (handles: readonly MapHandle[], name: string): MapHandle => handles.find(({ spec }) => spec.name === name) as MapHandle;
const none = new Uint8Array(0);

function check(handles: readonly MapHandle[]): void {
  const flows = get(handles, "flows").maps;
  const shared = get(handles, "shared");
  expect(flows?.at(le(0, 4))).toBe(shared);
  expect(flows?.at(le(1, 4))).toBeUndefined();
  const own = flows?.at(le(2, 4));
  expect([own?.lookup(le(1, 4)), own?.lookup(le(2, 4)), own?.spec.maxEntries]).toEqual([Uint8Array.of(5, 0, 0, 0, 6, 0, 0, 0), le(7, 8), 2]);
  expect(() => own?.update(le(3, 4), le(1, 8))).toThrow();
  expect([...(flows?.at(le(3, 4))?.keys() ?? [none])]).toEqual([]);
  const tenants = get(handles, "tenants").maps;
  expect(tenants?.at(Uint8Array.of(10, 0, 0, 1, 0, 0, 0, 0))).toBe(shared);
  expect(tenants?.at(le(9, 8))?.lookup(le(3, 4))).toEqual(Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0));
  const queue = get(handles, "free_ports");
  expect([queue.pop?.(), queue.lookup(none), queue.pop?.(), queue.pop?.()]).toEqual([le(1000, 4), le(1001, 4), le(1001, 4), undefined]);
  const stack = get(handles, "stack");
  expect([stack.pop?.(), stack.pop?.(), stack.pop?.()]).toEqual([le(3, 2), le(2, 2), le(1, 2)]);
  expect(get(handles, "known").has?.(le(77, 4))).toBe(true);
}

describe("seeds of maps of maps and of maps without keys", () => {
  const { available } = kernelAvailable();
  let object: KernelObject | undefined;
  afterEach(() => object?.close());

  it("are in the machine's maps", () => {
    const { handles } = openMaps(SPECS);
    seedMaps(handles, JSON_SEEDS, BTF);
    check(handles);
  });

  it.skipIf(!available)("are in the kernel's maps", () => {
    object = new KernelObject({ file: "seeds", license: "GPL", programs: [], maps: SPECS });
    seedMaps(object.maps, JSON_SEEDS, BTF);
    check(object.maps);
  });

  it("come out of dumps as they went in", () => {
    const { handles } = openMaps(SPECS);
    seedMaps(handles, JSON_SEEDS, BTF);
    const dump = dumpMaps(handles, BTF);
    expect(dump["flows"]?.map(({ key, value }) => [key?.[0], typeof value === "string" ? value : "map"])).toEqual([["0x00", "shared"], ["0x02", "map"], ["0x03", "map"]]);
    expect(dump["flows"]?.[1]?.value).toMatchObject({ max_entries: 2, inner: [{ key: ["0x01", "0x00", "0x00", "0x00"], formatted: { key: 1, value: { packets: 5, bytes: 6 } } }, {}] });
    expect(dump["free_ports"]).toEqual([{ value: ["0xe8", "0x03", "0x00", "0x00"] }, { value: ["0xe9", "0x03", "0x00", "0x00"] }]);
    expect(dump["stack"]?.map(({ value }) => (value as readonly string[])[0])).toEqual(["0x01", "0x02", "0x03"]);
    expect([dump["known"], dump["ring"], dump["events"]]).toEqual([[], [], []]);
    const { flows, tenants, shared, free_ports, stack } = dump;
    const rest = { flows, tenants, shared, free_ports, stack };
    const again = openMaps(SPECS).handles;
    seedMaps(again, JSON.stringify(rest), BTF);
    expect(dumpMaps(again, BTF)).toEqual(dump);
  });

  it("dump what the kernel's maps hold alike", { skip: !available }, () => {
    const specs = SPECS.slice(0, 3);
    const { flows, tenants, shared } = JSON_SEEDS;
    object = new KernelObject({ file: "seeds", license: "GPL", programs: [], maps: specs });
    const own = openMaps(specs).handles;
    for (const handles of [object.maps, own]) seedMaps(handles, { flows, tenants, shared }, BTF);
    expect(dumpMaps(own, BTF)).toEqual(dumpMaps(object.maps, BTF));
  });

  it.each([
    ["a map that is not there", { flows: [{ key: 0, value: "nothing" }] }, "seeds.json: map flows, entry 0: there is no map nothing to put in"],
    ["a map that is not like the template", { flows: [{ key: 0, value: "free_ports" }] }, "is not like the template"],
    ["bytes where a map must be", { flows: [{ key: 0, value: [1, 2, 3, 4] }] }, "give the name of a map"],
    ["a missing value", { flows: [{ key: 0 }] }, "value is missing"],
    ["an entry beyond the end", { flows: [{ key: 4, value: "shared" }] }, "out of range"],
    ["a wrong entry inside", { flows: [{ key: 1, value: { inner: [{ key: 1 }] } }] }, "map flows[0], entry 0: has no value"],
    ["no number of entries", { flows: [{ key: 1, value: { inner: [], max_entries: "many" } }] }, "max_entries"],
    ["more than an inner map holds", { flows: [{ key: 1, value: { max_entries: 1, inner: [{ key: 1, value: [1, 0, 0, 0, 0, 0, 0, 0] }, { key: 2, value: [1, 0, 0, 0, 0, 0, 0, 0] }] } }] }, "is full with 1 entries"],
    ["a key for a queue", { free_ports: [{ key: 1, value: 1 }] }, "has a key, and the map has none"],
    ["a queue that overflows", { free_ports: [{ value: 1 }, { value: 1 }, { value: 1 }, { value: 1 }] }, "map free_ports, entry 3: is full with 3 entries"],
    ["something for a ring buffer", { ring: [{ value: 1 }] }, "ring buffer, which only programs write"],
    ["something for a perf event array", { events: [{ key: 0, value: 1 }] }, "opened by the run"],
  ])("refuse %s", (_, json, message) => {
    const { handles } = openMaps(SPECS);
    let error: unknown;
    try {
      seedMaps(handles, json, BTF, undefined, "seeds.json");
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(SeedError);
    expect((error as SeedError).message).toContain(message);
  });
});

describe("maps of maps", () => {
  it("start with the maps that the object names", () => {
    const { handles } = openMaps([{ ...mapSpec(12, 4, 4, 2, { name: "flows", inner: INNER }), values: [{ key: 1, map: "shared" }] }, mapSpec(1, 4, 8, 16, { name: "shared" })]);
    expect(handles[0]?.maps?.at(le(1, 4))).toBe(handles[1]);
    expect(() => openMaps([{ ...mapSpec(12, 4, 4, 2, { name: "flows", inner: INNER }), values: [{ key: 1, map: "nobody" }] }])).toThrow("map flows: entry 1 names map nobody, which the object does not have");
  });

  it("whose object leaves the template to its loader take what comes first as template", () => {
    const { handles } = openMaps([mapSpec(13, 4, 4, 4, { name: "flows" }), mapSpec(1, 4, 8, 16, { name: "a" }), mapSpec(1, 4, 8, 32, { name: "b" }), mapSpec(1, 4, 16, 32, { name: "c" })]);
    const [flows, a, b, c] = handles as [MapHandle, MapHandle, MapHandle, MapHandle];
    expect(() => flows.maps?.create()).toThrow("no template");
    flows.maps?.put(le(1, 4), a);
    flows.maps?.put(le(2, 4), b);
    expect(() => flows.maps?.put(le(3, 4), c)).toThrow("not like the template");
  });

  it("refuse maps of other machines", () => {
    const [flows] = openMaps(SPECS).handles;
    expect(() => flows?.maps?.put(le(0, 4), get(openMaps(SPECS).handles, "shared"))).toThrow("another machine");
  });

  it("hold thousands of maps of their own, each with its own entries", () => {
    const { handles, calls, layout } = openMaps([mapSpec(13, 4, 4, 3000, { name: "flows", inner: INNER })]);
    const { maps } = handles[0] as MapHandle;
    for (let i = 0; i < 3000; i++) {
      const inner = maps?.create();
      inner?.update(le(1, 4), le(i, 8));
      maps?.put(le(i, 4), inner as MapHandle);
    }
    const key = layout.allocate(8, 8, "test");
    for (const i of [0, 1, 1499, 2999]) {
      new DataView(layout.buffer).setUint32(key, i, true);
      const header = calls.map_lookup((handles[0] as MapHandle).header, key, 0) >>> 0;
      expect(header).toBe(maps?.at(le(i, 4))?.header);
      new DataView(layout.buffer).setUint32(key, 1, true);
      const value = calls.map_lookup(header, key, 0) >>> 0;
      expect(new DataView(layout.buffer).getUint32(value, true)).toBe(i);
    }
  });
});
