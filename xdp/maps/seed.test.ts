import { afterEach, describe, expect, it } from "vitest";
import { KernelObject, kernelAvailable, possibleCpus } from "../engine/kernel/index.js";
import type { BtfSpec, MapSpec } from "../object/spec.js";
import { dumpMap, dumpMaps } from "./dump.js";
import type { MapHandle } from "./handle.js";
import { seedMaps } from "./seed.js";
import { SeedError } from "./seed_error.js";
import { le, mapSpec, openMaps } from "./testing/program_side.js";

const CPUS = 2;

/** struct stats { u32 packets; u64 bytes; } by a u32, and by u8[4]. */
const BTF: BtfSpec = {
  types: [
    { kind: "void" },
    { kind: "int", name: "u32", size: 4, bits: 32, bitOffset: 0, signed: false, char: false, bool: false },
    { kind: "int", name: "u64", size: 8, bits: 64, bitOffset: 0, signed: false, char: false, bool: false },
    {
      kind: "struct",
      name: "stats",
      size: 16,
      members: [
        { name: "packets", type: 1, bitOffset: 0, bitSize: 0 },
        { name: "bytes", type: 2, bitOffset: 64, bitSize: 0 },
      ],
    },
    { kind: "int", name: "u8", size: 1, bits: 8, bitOffset: 0, signed: false, char: false, bool: false },
    { kind: "array", type: 4, indexType: 1, count: 4 },
    { kind: "array", type: 1, indexType: 1, count: 2 },
  ],
};

const SPECS: readonly MapSpec[] = [
  mapSpec(1, 4, 2, 4, { name: "ports" }),
  mapSpec(1, 4, 16, 4, { name: "stats", keyTypeId: 1, valueTypeId: 3 }),
  mapSpec(6, 4, 16, 2, { name: "cpu_stats", keyTypeId: 1, valueTypeId: 3 }),
  mapSpec(11, 8, 4, 2, { name: "routes" }),
  mapSpec(3, 4, 4, 4, { name: "jumps" }),
  mapSpec(14, 4, 8, 4, { name: "devices" }),
  mapSpec(5, 4, 4, 4, { name: "cpu_hash" }),
  mapSpec(1, 4, 8, 4, { name: "pairs", keyTypeId: 5, valueTypeId: 6 }),
];

const open = (): readonly MapHandle[] => openMaps(SPECS, { cpus: CPUS }).handles;
const get = (handles: readonly MapHandle[], name: string): MapHandle => handles.find((handle) => handle.spec.name === name) as MapHandle;
const program = (name: string): number | undefined => (name === "drop_all" ? 2 : undefined);

function seeded(json: unknown, btf?: BtfSpec): readonly MapHandle[] {
  const handles = open();
  seedMaps(handles, json, btf, program, "seeds.json");
  return handles;
}

describe("seeds", () => {
  it.each([
    { name: "lists of hex", key: ["0x0a", "0x00", "0x00", "0x01"], value: ["0x50", "0x00"] },
    { name: "lists of hex without 0x", key: ["0a", "00", "00", "01"], value: ["50", "00"] },
    { name: "lists of numbers", key: [10, 0, 0, 1], value: [80, 0] },
    { name: "hex in a string", key: "0x0a000001", value: "0x5000" },
    { name: "hex with spaces", key: "0a 00 00 01", value: "50:00" },
    { name: "integers", key: 0x0100000a, value: 80 },
  ])("take bytes as $name", ({ key, value }) => {
    const handles = seeded({ ports: [{ key, value }] });
    expect(get(handles, "ports").lookup(Uint8Array.of(10, 0, 0, 1))).toEqual(Uint8Array.of(80, 0));
  });

  it("take negative integers as two's complement", () => {
    expect(get(seeded({ ports: [{ key: -1, value: -2 }] }), "ports").lookup(Uint8Array.of(255, 255, 255, 255))).toEqual(Uint8Array.of(254, 255));
  });

  it("take what BTF describes, in formatted or in place of bytes", () => {
    const expected = Uint8Array.of(5, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0);
    for (const entry of [{ formatted: { key: 7, value: { packets: 5, bytes: 256 } } }, { key: 7, value: { packets: 5, bytes: 256 } }, { key: ["0x07", 0, 0, 0], formatted: { value: { packets: 5, bytes: "256" } } }]) {
      expect(get(seeded({ stats: [entry] }, BTF), "stats").lookup(le(7, 4))).toEqual(expected);
    }
    expect(get(seeded({ pairs: [{ key: [1, 2, 3, 4], value: [1000, 70000] }] }, BTF), "pairs").lookup(Uint8Array.of(1, 2, 3, 4))).toEqual(Uint8Array.of(0xe8, 3, 0, 0, 0x70, 0x11, 1, 0));
  });

  it("take values by CPU, one value for all CPUs, and zeros for CPUs that are not there", () => {
    const handles = seeded({
      cpu_hash: [
        { key: 1, values: [{ cpu: 1, value: 9 }] },
        { key: 2, value: 7 },
        { key: 3, values: [{ cpu: 0, value: 1 }, { cpu: 5, value: 0 }] },
      ],
    });
    const read = (key: number): readonly number[] => Array.from(get(handles, "cpu_hash").lookup(le(key, 4)) ?? []).filter((_, i) => i % 8 === 0);
    expect([1, 2, 3].map(read)).toEqual([
      [0, 9],
      [7, 7],
      [1, 0],
    ]);
  });

  it("fill prog arrays by program name, and pass over entries that bpftool found empty", () => {
    const handles = seeded({ jumps: [{ key: 1, program: "drop_all" }, { key: 2, value: "drop_all" }], devices: [{ key: 0, value: { error: "No such file or directory" } }, { key: 1, value: ["0x02", 0, 0, 0, 0, 0, 0, 0] }] });
    expect([0, 1, 2].map((key) => get(handles, "jumps").lookup(le(key, 4)))).toEqual([undefined, le(3, 4), le(3, 4)]);
    expect(get(handles, "devices").lookup(le(0, 4))).toBeUndefined();
    expect(get(handles, "devices").lookup(le(1, 4))).toEqual(le(2, 8));
  });

  it.each([
    ["text", "{", "seeds.json: is no JSON: "],
    ["no object", [], "seeds.json: must be an object from map name to a list of entries"],
    ["unknown map", { prots: [] }, "seeds.json: there is no map prots; the object has ports, stats, cpu_stats, routes, jumps, devices, cpu_hash, pairs"],
    ["no list", { ports: {} }, "seeds.json: map ports: must be a list of entries"],
    ["no entry", { ports: [1] }, "seeds.json: map ports, entry 0: must be an object with key and value"],
    ["no key", { ports: [{ value: 1 }] }, "seeds.json: map ports, entry 0: has no key"],
    ["no value", { ports: [{ key: 1 }] }, "seeds.json: map ports, entry 0: has no value"],
    ["short key", { ports: [{ key: [1, 2, 3], value: 1 }] }, "seeds.json: map ports, entry 0: key has 3 bytes, expected 4"],
    ["short hex", { ports: [{ key: "0x0102", value: 1 }] }, "seeds.json: map ports, entry 0: key has 2 bytes, expected 4"],
    ["long value", { ports: [{ key: 1, value: 1 }, { key: 2, value: [1, 2, 3] }] }, "seeds.json: map ports, entry 1: value has 3 bytes, expected 2"],
    ["big byte", { ports: [{ key: [1, 2, 3, 256], value: 1 }] }, "seeds.json: map ports, entry 0: key has 256 as byte 3, which is no byte"],
    ["bad byte", { ports: [{ key: ["0x01", "0xzz", 0, 0], value: 1 }] }, 'seeds.json: map ports, entry 0: key has "0xzz" as byte 1, which is no byte'],
    ["big integer", { ports: [{ key: 1, value: 65536 }] }, "seeds.json: map ports, entry 0: value 65536 is no integer of 2 bytes"],
    ["fraction", { ports: [{ key: 1.5, value: 1 }] }, "seeds.json: map ports, entry 0: key 1.5 is no integer of 4 bytes"],
    ["object without BTF", { ports: [{ key: { a: 1 }, value: 1 }] }, 'seeds.json: map ports, entry 0: key is {"a":1}; give 4 bytes'],
    ["formatted without BTF", { ports: [{ formatted: { key: 1, value: 1 } }] }, "seeds.json: map ports, entry 0: formatted key needs BTF"],
    ["duplicate", { ports: [{ key: 1, value: 1 }, { key: [1, 0, 0, 0], value: 2 }] }, "seeds.json: map ports, entry 1: has the key of entry 0"],
    ["duplicate prefix", { routes: [{ key: "0x080000000a000000", value: 1 }, { key: "0x080000000a010203", value: 2 }] }, "seeds.json: map routes, entry 1: has the key of entry 0"],
    ["long prefix", { routes: [{ key: "0x210000000a000000", value: 1 }] }, "seeds.json: map routes, entry 0: BPF_MAP_TYPE_LPM_TRIE refuses this key, value or operation (EINVAL)"],
    ["full map", { routes: [0, 1, 2].map((i) => ({ key: [32, 0, 0, 0, 10, 0, 0, i], value: 1 })) }, "seeds.json: map routes, entry 2: is full with 2 entries (ENOSPC)"],
    ["index", { cpu_stats: [{ key: 2, value: Array.from({ length: 16 }, () => 0) }] }, "seeds.json: map cpu_stats, entry 0: index is out of range, it has 2 entries (E2BIG)"],
    ["CPU", { cpu_hash: [{ key: 2, values: [{ cpu: 2, value: 1 }] }] }, "seeds.json: map cpu_hash, entry 0: has a value for CPU 2, the machine has CPUs 0 to 1"],
    ["CPU twice", { cpu_hash: [{ key: 2, values: [{ cpu: 1, value: 1 }, { cpu: 1, value: 1 }] }] }, "seeds.json: map cpu_hash, entry 0: has two values for CPU 1"],
    ["CPU value", { cpu_hash: [{ key: 2, values: [{ cpu: 1, value: [1] }] }] }, "seeds.json: map cpu_hash, entry 0: value of CPU 1 has 1 bytes, expected 4"],
    ["program", { jumps: [{ key: 1, program: "nobody" }] }, "seeds.json: map jumps, entry 0: there is no program nobody"],
  ])("refuse: %s", (_, json, message) => {
    expect(() => seeded(json)).toThrow(SeedError);
    expect(() => seeded(json)).toThrow(message);
  });

  it("say where BTF does not fit", () => {
    expect(() => seeded({ stats: [{ key: 1, value: { packets: 1, octets: 2 } }] }, BTF)).toThrow(/^seeds\.json: map stats, entry 0: value.*octets/);
  });
});

describe("dumps", () => {
  it("are what bpftool prints, sorted by key, and seed the same maps again", () => {
    const first = seeded({
      ports: [
        { key: [9, 0, 0, 0], value: 1 },
        { key: [1, 2, 0, 0], value: 2 },
        { key: [1, 1, 9, 9], value: 3 },
      ],
      stats: [{ key: 258, value: ["0x05", 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0x80] }],
      cpu_stats: [{ key: 1, values: [{ cpu: 1, value: [3, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0] }] }],
      jumps: [{ key: 3, program: "drop_all" }],
      devices: [{ key: 2, value: [7, 0, 0, 0, 0, 0, 0, 0] }],
    });
    const dump = dumpMaps(first, BTF);
    expect(dump["ports"]).toEqual([
      { key: ["0x01", "0x01", "0x09", "0x09"], value: ["0x03", "0x00"] },
      { key: ["0x01", "0x02", "0x00", "0x00"], value: ["0x02", "0x00"] },
      { key: ["0x09", "0x00", "0x00", "0x00"], value: ["0x01", "0x00"] },
    ]);
    expect(dump["stats"]?.[0]?.formatted).toEqual({ key: 258, value: { packets: 5, bytes: "9223372036854775809" } });
    expect(dump["cpu_stats"]).toHaveLength(2);
    expect(dump["cpu_stats"]?.[1]?.values?.[1]?.value.slice(0, 9)).toEqual(["0x03", "0x00", "0x00", "0x00", "0x00", "0x00", "0x00", "0x00", "0x04"]);
    expect(dump["cpu_stats"]?.[1]?.formatted?.values).toEqual([
      { cpu: 0, value: { packets: 0, bytes: 0 } },
      { cpu: 1, value: { packets: 3, bytes: 4 } },
    ]);
    expect(dump["jumps"]).toEqual([{ key: ["0x03", "0x00", "0x00", "0x00"], value: ["0x03", "0x00", "0x00", "0x00"] }]);
    expect(dump["devices"]).toHaveLength(1);
    expect(dump["routes"]).toEqual([]);
    const again = seeded(JSON.stringify(dump), BTF);
    expect(dumpMaps(again, BTF)).toEqual(dump);
    const formattedOnly = { stats: dump["stats"]?.map(({ formatted }) => ({ formatted })), cpu_stats: dump["cpu_stats"]?.map(({ formatted }) => ({ formatted })) };
    const third = dumpMaps(seeded(formattedOnly, BTF), BTF);
    expect([third["stats"], third["cpu_stats"]]).toEqual([dump["stats"], dump["cpu_stats"]]);
  });

  it("list arrays by index, and of huge ones only what is not zero", () => {
    const small = openMaps([mapSpec(2, 4, 1, 300)]).handles[0] as MapHandle;
    const entries = [...dumpMap(small)];
    expect(entries.map(({ key }) => Number(key?.[0]) + 256 * Number(key?.[1]))).toEqual(Array.from({ length: 300 }, (_, i) => i));
    const huge = openMaps([mapSpec(2, 4, 4, 200_000)]).handles[0] as MapHandle;
    huge.update(le(123_456, 4), le(1, 4));
    expect([...dumpMap(huge)]).toEqual([{ key: ["0x40", "0xe2", "0x01", "0x00"], value: ["0x01", "0x00", "0x00", "0x00"] }]);
  });

  const { available } = kernelAvailable();
  let object: KernelObject | undefined;
  afterEach(() => object?.close());

  it.skipIf(!available)("of the kernel's maps are the same", () => {
    const specs = SPECS.filter(({ name }) => name !== "jumps" && name !== "devices");
    const json = {
      ports: [{ key: 1, value: 2 }, { key: 3, value: 4 }],
      stats: [{ key: 7, value: Array.from({ length: 16 }, () => 1) }],
      cpu_stats: [{ key: 1, values: [{ cpu: 0, value: Array.from({ length: 16 }, () => 2) }] }],
      routes: [{ key: "0x080000000a000000", value: 1 }, { key: "0x000000000a000000", value: 1 }],
      cpu_hash: [{ key: 5, value: 6 }],
    };
    object = new KernelObject({ file: "seeds", license: "GPL", programs: [], maps: specs });
    const own = openMaps(specs, { cpus: possibleCpus() }).handles;
    seedMaps(object.maps, json);
    seedMaps(own, json);
    expect(dumpMaps(own, BTF)).toEqual(dumpMaps(object.maps, BTF));
  });
});
