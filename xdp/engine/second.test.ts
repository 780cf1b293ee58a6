/** Programs that entries of devmaps and cpumaps carry: what they see, what becomes of the packet, on both engines alike. */
import { afterEach, describe, expect, it } from "vitest";
import { DESC_BYTES, DESC_CPU, DESC_FRAME, DESC_IFINDEX, DESC_LENGTH, DESC_PACKET, DESC_QUEUE, RESULT_BYTES, RESULT_DATA, RESULT_FAULT, RESULT_FAULT_PROGRAM, RESULT_LENGTH, RESULT_REDIRECT_KEY, RESULT_REDIRECT_MAP, RESULT_REDIRECT_TARGET, RESULT_RET } from "../abi.js";
import { MapError, SeedError, seedMaps } from "../maps/index.js";
import type { ObjectSpec, ProgramSpec } from "../object/index.js";
import { createInterpreter } from "./interpreter.js";
import { KernelObject, kernelAvailable } from "./kernel/index.js";
import type { Machine } from "./machine.js";
import { createMachine } from "./machine.js";
import { counting } from "./testing/case.js";
import { mapOf, programOf } from "./testing/object.js";
import { createWasmEngine } from "./wasm/engine.js";

const MAPS = ["tx", "hash", "cpus", "seen"] as const;
const NAMES: readonly string[] = MAPS;
const PASS = "r0 = 2\n exit";
const redirect = (map: string, key: number): string => `r1 = map[${map}] ll\n r2 = ${key}\n r3 = 0\n call bpf_redirect_map\n exit`;
/** Notes ingress, queue, egress and CPU in `seen`, marks the packet, and returns `ret`. */
const look = (mark: number, rest: string): string => `
  r6 = r1
  *(u32 *)(r10 -4) = 0
  r1 = map[seen] ll
  r2 = r10
  r2 += -4
  call bpf_map_lookup_elem
  if r0 == 0 goto out
  r7 = r0
  r1 = *(u32 *)(r6 +12)
  *(u32 *)(r7 +0) = r1
  r1 = *(u32 *)(r6 +16)
  *(u32 *)(r7 +4) = r1
  r1 = *(u32 *)(r6 +20)
  *(u32 *)(r7 +8) = r1
  call bpf_get_smp_processor_id
  *(u32 *)(r7 +12) = r0
  r1 = *(u32 *)(r7 +16)
  r1 += 1
  *(u32 *)(r7 +16) = r1
  r1 = *(u32 *)(r6 +0)
  r2 = *(u32 *)(r6 +4)
  r3 = r1
  r3 += 20
  if r3 > r2 goto out
  *(u8 *)(r1 +15) = ${mark}
  r8 = *(u64 *)(r10 -512)
  *(u64 *)(r10 -512) = 7
  if r8 != 0 goto out
  ${rest}
  out: r0 = 0
  exit`;

function object(main: string, others: Readonly<Record<string, { readonly attach: ProgramSpec["attach"]; readonly asm: string }>>): ObjectSpec {
  const maps = [
    mapOf({ name: "tx", type: "BPF_MAP_TYPE_DEVMAP", value: 8, entries: 8 }),
    mapOf({ name: "hash", type: "BPF_MAP_TYPE_DEVMAP_HASH", value: 8, entries: 8 }),
    mapOf({ name: "cpus", type: "BPF_MAP_TYPE_CPUMAP", value: 8, entries: 8 }),
    mapOf({ name: "seen", type: "BPF_MAP_TYPE_ARRAY", value: 24, entries: 1 }),
  ];
  const programs = Object.entries(others).map(([name, { attach, asm }]) => ({ ...programOf(name, asm, NAMES), attach }));
  return { file: "second.o", license: "GPL", maps, programs: [programOf("main", main, NAMES), ...programs] };
}

interface Outcome {
  readonly ret: number;
  readonly data: Uint8Array;
  readonly redirect: readonly [map: number, key: number, target: number];
  readonly fault: number;
  readonly faultProgram: number;
}

function run(engine: "interpreter" | "wasm", spec: ObjectSpec, seeds: unknown, packets = 1): { outcomes: Outcome[]; seen: number[]; machine: Machine } {
  const machine = createMachine({ object: spec, entry: "main", cpus: 8, batchSize: packets });
  seedMaps(machine.maps, seeds, undefined, (name) => machine.programIndex(name));
  const made = engine === "wasm" ? createWasmEngine(machine) : createInterpreter(machine);
  const { worker } = made;
  const frame = counting(64);
  const address = machine.layout.allocate(128, 64, "frame");
  new Uint8Array(machine.layout.buffer).set(frame, address);
  const view = new DataView(machine.layout.buffer);
  for (let i = 0; i < packets; i++) {
    const at = worker.descriptors + i * DESC_BYTES;
    for (const [field, value] of [[DESC_FRAME, address], [DESC_LENGTH, 64], [DESC_IFINDEX, 3], [DESC_QUEUE, 2], [DESC_CPU, 2], [DESC_PACKET, i]] as const) view.setUint32(at + field, value, true);
  }
  made.runBatch(packets);
  const outcomes = Array.from({ length: packets }, (_, i): Outcome => {
    const u32 = (field: number): number => view.getUint32(worker.results + i * RESULT_BYTES + field, true);
    return {
      ret: u32(RESULT_RET),
      data: new Uint8Array(machine.layout.buffer, u32(RESULT_DATA), u32(RESULT_LENGTH)).slice(),
      redirect: [u32(RESULT_REDIRECT_MAP), u32(RESULT_REDIRECT_KEY), u32(RESULT_REDIRECT_TARGET)],
      fault: u32(RESULT_FAULT),
      faultProgram: u32(RESULT_FAULT_PROGRAM),
    };
  });
  const value = machine.maps[3]?.lookup(new Uint8Array(4)) as Uint8Array;
  return { outcomes, seen: [...new Uint32Array(value.buffer, 0, 5)], machine };
}

const marked = (mark: number): Uint8Array => counting(64).with(15, mark);
const DEVMAP = (asm: string): ObjectSpec => object(redirect("tx", 1), { out: { attach: "devmap", asm } });
const CPUMAP = (asm: string, more: Parameters<typeof object>[1] = {}): ObjectSpec => object(redirect("cpus", 5), { there: { attach: "cpumap", asm }, ...more });

describe.each(["interpreter", "wasm"] as const)("second programs on the %s", (engine) => {
  it("run on the interface out, which they see, and may change the packet", () => {
    const { outcomes, seen } = run(engine, DEVMAP(look(0xaa, PASS)), { tx: [{ key: 1, value: 7, program: "out" }] }, 3);
    for (const { ret, data, redirect: to } of outcomes) {
      expect({ ret, data, to }).toEqual({ ret: 4, data: marked(0xaa), to: [0, 1, 7] });
    }
    expect(seen).toEqual([3, 0, 7, 2, 3]);
  });

  it.each([[1, 1], [0, 0], [3, 0], [4, 0], [77, 0]])("of a devmap that return %i make it %i", (returned, ret) => {
    const { outcomes } = run(engine, DEVMAP(`r0 = ${returned}\n exit`), { tx: [{ key: 1, value: 7, program: "out" }] });
    expect(outcomes[0]?.ret).toBe(ret);
  });

  it("of a devmap hash run too", () => {
    const { outcomes, seen } = run(engine, object(redirect("hash", 99), { out: { attach: "devmap", asm: look(0xbb, PASS) } }), { hash: [{ key: 99, value: 6, program: "out" }] });
    expect(outcomes[0]).toMatchObject({ ret: 4, data: marked(0xbb), redirect: [1, 99, 6] });
    expect(seen).toEqual([3, 0, 6, 2, 1]);
  });

  it("of a cpumap run on the CPU that the packet goes to", () => {
    const { outcomes, seen } = run(engine, CPUMAP(look(0xcc, PASS)), { cpus: [{ key: 5, value: 192, program: "there" }] }, 2);
    for (const outcome of outcomes) expect(outcome).toMatchObject({ ret: 4, data: marked(0xcc), redirect: [2, 5, 5] });
    expect(seen).toEqual([3, 0, 0, 5, 2]);
  });

  it.each([[1, 1], [0, 0], [3, 0], [4, 0]])("of a cpumap that return %i make it %i", (returned, ret) => {
    expect(run(engine, CPUMAP(`r0 = ${returned}\n exit`), { cpus: [{ key: 5, value: 192, program: "there" }] }).outcomes[0]?.ret).toBe(ret);
  });

  it("of a cpumap may redirect again, to an entry with a program", () => {
    const spec = CPUMAP(look(1, redirect("tx", 2)), { out: { attach: "devmap", asm: look(2, PASS) } });
    const { outcomes, seen } = run(engine, spec, { cpus: [{ key: 5, value: 192, program: "there" }], tx: [{ key: 2, value: 4, program: "out" }] });
    expect(outcomes[0]).toMatchObject({ ret: 4, data: marked(2), redirect: [0, 2, 4] });
    expect(seen).toEqual([3, 0, 4, 5, 2]);
  });

  it("that send a packet round between CPUs end", () => {
    const spec = object(redirect("cpus", 5), { there: { attach: "cpumap", asm: look(9, redirect("cpus", 5)) } });
    const { outcomes, seen } = run(engine, spec, { cpus: [{ key: 5, value: 192, program: "there" }] });
    expect(outcomes[0]?.ret).toBe(4);
    expect(seen[4]).toBe(16);
  });

  it("do not run for entries that carry none, or other verdicts", () => {
    const { outcomes, seen } = run(engine, DEVMAP(look(0xaa, PASS)), { tx: [{ key: 1, value: ["0x07", "0", "0", "0", "0", "0", "0", "0"] }] });
    expect(outcomes[0]).toMatchObject({ ret: 4, data: counting(64), redirect: [0, 1, 7] });
    expect(seen[4]).toBe(0);
    const dropped = run(engine, object(`r1 = map[tx] ll\n r2 = 1\n r3 = 0\n call bpf_redirect_map\n r0 = 1\n exit`, { out: { attach: "devmap", asm: look(1, PASS) } }), { tx: [{ key: 1, value: 7, program: "out" }] });
    expect(dropped.outcomes[0]).toMatchObject({ ret: 1, data: counting(64) });
    expect(dropped.seen[4]).toBe(0);
  });

  it("that fault say which program it was", () => {
    const { outcomes, machine } = run(engine, DEVMAP("r0 = *(u64 *)(r1 +4096)\n exit"), { tx: [{ key: 1, value: 7, program: "out" }] });
    expect(outcomes[0]).toMatchObject({ ret: 0, fault: 1, faultProgram: machine.programIndex("out") });
  });

  it("must be meant for such an entry", () => {
    expect(() => run(engine, CPUMAP(PASS, { out: { attach: "devmap", asm: PASS } }), { cpus: [{ key: 5, value: 192, program: "out" }] })).toThrow(SeedError);
    expect(() => run(engine, DEVMAP(PASS), { tx: [{ key: 1, value: 7, program: "main" }] })).toThrow(SeedError);
    expect(() => run(engine, DEVMAP(PASS), { tx: [{ key: 1, value: 7, program: "nobody" }] })).toThrow("there is no program nobody");
  });
});

describe("second programs in the kernel", () => {
  const { available } = kernelAvailable();
  const spec = object(PASS, { out: { attach: "devmap", asm: PASS }, there: { attach: "cpumap", asm: PASS } });
  const number = (name: string): number | undefined => spec.programs.findIndex((program) => program.name === name) || undefined;
  let kernel: KernelObject | undefined;
  afterEach(() => kernel?.close());

  it.skipIf(!available)("go into entries with the object's programs, and are named alike", () => {
    kernel = new KernelObject(spec);
    seedMaps(kernel.maps, { tx: [{ key: 1, value: 1, program: "out" }], hash: [{ key: 7, value: 1, program: "out" }], cpus: [{ key: 0, value: 192, program: "there" }] }, undefined, number);
    kernel.load("main");
    const at = (map: number, key: number): unknown => kernel?.maps[map]?.lookup(Uint8Array.of(key, 0, 0, 0));
    expect([at(0, 1), at(1, 7), at(2, 0)]).toEqual([Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0), Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0), Uint8Array.of(192, 0, 0, 0, 3, 0, 0, 0)]);
    expect(kernel.maps[0]?.delete(Uint8Array.of(1, 0, 0, 0))).toBe(true);
    expect(at(0, 1)).toBeUndefined();
  });

  it.skipIf(!available)("must be meant for such an entry there, too", () => {
    kernel = new KernelObject(spec);
    kernel.load("main");
    expect(() => kernel?.maps[2]?.update(new Uint8Array(4), Uint8Array.of(192, 0, 0, 0, 2, 0, 0, 0))).toThrow(MapError);
    expect(() => kernel?.maps[0]?.update(new Uint8Array(4), Uint8Array.of(1, 0, 0, 0, 3, 0, 0, 0))).toThrow(MapError);
    expect(kernel.maps[0]?.lookup(new Uint8Array(4))).toBeUndefined();
  });
});
