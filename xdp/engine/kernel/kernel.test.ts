import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { assemble } from "../../isa/index.js";
import { MapError } from "../../maps/index.js";
import { loadObject } from "../../object/index.js";
import type { MapSpec, ObjectSpec, ProgramSpec } from "../../object/spec.js";
import { kernelAvailable, KernelObject, KernelVerifierError, onCpu, possibleCpus, TestRun } from "./index.js";

const { available, reason } = kernelAvailable();
if (!available) console.warn(`skipped: ${reason}`);

function programSpec(name: string, text: string, functions: ProgramSpec["functions"] = []): ProgramSpec {
  const insns = assemble(text);
  const whole = { name, start: 0, end: insns.length, linkage: "global" } as const;
  return { name, section: "xdp", type: "xdp", frags: false, attach: "device", autoload: true, insns, functions: functions.length > 0 ? functions : [whole], lines: [] };
}

function mapSpec(name: string, type: string, typeId: number, keySize: number, valueSize: number, maxEntries: number, more: Partial<MapSpec> = {}): MapSpec {
  return { name, type, typeId, keySize, valueSize, maxEntries, flags: 0, keyTypeId: 0, valueTypeId: 0, ...more };
}

function objectSpec(programs: ProgramSpec[], maps: MapSpec[] = []): ObjectSpec {
  return { file: "hand.o", license: "GPL", programs, maps };
}

const COUNT = `
  r6 = r1
  *(u32 *)(r10 - 4) = 0
  r2 = r10
  r2 += -4
  r1 = map[0]
  call 1
  if r0 == 0 goto +2
  r1 = 1
  lock *(u64 *)(r0 + 0) += r1
  r0 = 2
  exit
`;

describe.skipIf(!available)("the kernel", () => {
  const open: { close(): void }[] = [];
  afterEach(() => {
    for (const thing of open.splice(0)) thing.close();
  });
  const load = (spec: ObjectSpec): KernelObject => {
    const object = new KernelObject(spec);
    open.push(object);
    return object;
  };
  const testRun = (object: KernelObject, entry: string): TestRun => {
    const run = new TestRun(object.load(entry).fd);
    open.push(run);
    return run;
  };

  it("runs a program and gives its verdict and bytes", () => {
    const run = testRun(load(objectSpec([programSpec("tx", "r0 = 3\nexit")])), "tx");
    run.input.set([1, 2, 3, 4], 0);
    run.run(64);
    expect([run.ret, run.linearLength, run.fragLength, run.metaLength]).toEqual([3, 64, 0, 0]);
    expect([...run.output.subarray(0, 5)]).toEqual([1, 2, 3, 4, 0]);
  });

  it("gives metadata, fragments and lengths of long packets", () => {
    const run = testRun(load(objectSpec([programSpec("pass", "r0 = 2\nexit")])), "pass");
    run.input[9007] = 77;
    run.run(9008, 8);
    expect([run.metaLength, run.linearLength, run.fragLength]).toEqual([8, 3520, 9000 - 3520]);
    expect(run.output[9007]).toBe(77);
  });

  it("counts in a per-CPU map on the CPU that it was pinned to", () => {
    const object = objectSpec([programSpec("count", COUNT)], [mapSpec("hits", "BPF_MAP_TYPE_PERCPU_ARRAY", 6, 4, 8, 1)]);
    const program = load(object);
    const run = testRun(program, "count");
    onCpu(0, () => run.run(60, 0, 0, 0, 7));
    const value = program.maps[0].lookup(new Uint8Array(4));
    expect(value?.length).toBe(8 * possibleCpus());
    expect([...new BigUint64Array(value?.buffer ?? new ArrayBuffer(0))]).toEqual([7n, ...Array.from({ length: possibleCpus() - 1 }, () => 0n)]);
  });

  it("seeds, iterates and deletes through the machine's map interface", () => {
    const object = objectSpec([programSpec("pass", "r0 = 2\nexit")], [mapSpec("flows", "BPF_MAP_TYPE_HASH", 1, 4, 4, 2)]);
    const [map] = load(object).maps;
    map.update(Uint8Array.of(1, 0, 0, 0), Uint8Array.of(9, 9, 9, 9));
    map.update(Uint8Array.of(2, 0, 0, 0), Uint8Array.of(8, 8, 8, 8), 1);
    expect(() => map.update(Uint8Array.of(3, 0, 0, 0), new Uint8Array(4))).toThrow(MapError);
    expect([...map.keys()].map((key) => key[0]).toSorted()).toEqual([1, 2]);
    expect(map.delete(Uint8Array.of(1, 0, 0, 0))).toBe(true);
    expect(map.delete(Uint8Array.of(1, 0, 0, 0))).toBe(false);
    expect(map.lookup(Uint8Array.of(2, 0, 0, 0))).toEqual(Uint8Array.of(8, 8, 8, 8));
  });

  it("fills prog arrays from their initialisers", () => {
    const jump = programSpec("jump", "r2 = map[0]\nr3 = 1\ncall 12\nr0 = 1\nexit");
    const target = programSpec("target", "r0 = 3\nexit");
    const jumps = mapSpec("jumps", "BPF_MAP_TYPE_PROG_ARRAY", 3, 0, 0, 4, { values: [{ key: 1, program: "target" }] });
    const run = testRun(load(objectSpec([jump, target], [jumps])), "jump");
    run.run(60);
    expect(run.ret).toBe(3);
  });

  it("minds a map that the kernel does not make only where a program uses it", () => {
    const nothing = mapSpec("nothing", "BPF_MAP_TYPE_ARRAY", 2, 4, 8, 0);
    const [map] = load(objectSpec([programSpec("pass", "r0 = 2\nexit")], [nothing])).maps;
    expect([...map.keys()]).toEqual([]);
    expect(map.lookup(new Uint8Array(4))).toBeUndefined();
    expect(() => map.update(new Uint8Array(4), new Uint8Array(8))).toThrow(MapError);
    expect(() => load(objectSpec([programSpec("use", COUNT)], [nothing]))).toThrow("BPF_MAP_CREATE of map nothing failed with EINVAL");
  });

  it("says the verifier's verdict and keeps its log", () => {
    const leak = objectSpec([programSpec("leak", "r0 = r5\nexit")]);
    expect(() => load(leak).load("leak")).toThrow("R5 !read_ok");
    try {
      load(leak).load("leak");
    } catch (error) {
      expect(error).toBeInstanceOf(KernelVerifierError);
      expect((error as KernelVerifierError).log).toContain("processed 1 insns");
    }
  });

  it("gives functions their types, so that global ones are judged on their own", () => {
    const file = fileURLToPath(new URL("../../../test/differential/programs/functions.bpf.o", import.meta.url));
    const object = new KernelObject(loadObject(readFileSync(file), "functions.bpf.o"), { logLevel: 2 });
    open.push(object);
    const { log } = object.load("functions_calls");
    expect(log).toContain("Validating global_sum() func");
    expect(log).toContain("Validating global_scale() func");
    // Lines of the source are in the log too.
    expect(log).toContain("; mix(level2(random)); @ functions.bpf.c");
  });

  it("takes callbacks of programs without BTF", () => {
    const main = "r1 = 3\nr2 = 0 ll\nr3 = 0\nr4 = 0\ncall 181\nr0 = 2\nexit";
    const insns = [...assemble(main), ...assemble("r0 = 0\nexit")];
    // Address of the function in slot 8, relative to the slot behind the first of the load.
    insns[1] = { ...insns[1], src: 4, imm: 6 };
    const functions = [
      { name: "main", start: 0, end: 8, linkage: "global" as const },
      { name: "body", start: 8, end: 10, linkage: "static" as const },
    ];
    const run = testRun(load(objectSpec([{ ...programSpec("main", main, functions), insns }])), "main");
    run.run(60);
    expect(run.ret).toBe(2);
  });

  it("refuses packets that are too short in one line", () => {
    const run = testRun(load(objectSpec([programSpec("pass", "r0 = 2\nexit")])), "pass");
    expect(() => run.run(13)).toThrow("no packets below 14 bytes, and this one has 13");
  });
});

it.skipIf(available)("says why the kernel is not there", () => {
  expect(reason).not.toBe("");
});
