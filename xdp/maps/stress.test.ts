/** Two threads on one map at the same time, as parallel workers are. */
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { MAP_COUNT } from "../abi.js";
import type { MapSpec } from "../object/spec.js";
import { runtimeModule } from "../runtime/runtime.js";
import { mapSpec, openMaps, type TestMachine } from "./testing/program_side.js";
import { STRESS_WORKER, type StressData } from "./testing/stress_worker.js";

const THREADS = 2;
const OPERATIONS = 300_000;
const PINNED = 50;
const OWN = 200;

interface Outcome {
  readonly wrong: string;
  readonly found: number;
  readonly left: readonly (readonly [number, number])[];
}

function keyOf(spec: MapSpec, key: number): Uint8Array {
  const bytes = new Uint8Array(spec.keySize);
  const view = new DataView(bytes.buffer);
  if (spec.keySize === 4) view.setUint32(0, key, true);
  else {
    view.setUint32(0, 32, true);
    view.setUint32(4, key, false);
  }
  return bytes;
}

function valueOf(first: number, second: number): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, first, true);
  view.setUint32(4, second, true);
  return bytes;
}

async function stress(machine: TestMachine, pinned: number, lru: boolean): Promise<readonly Outcome[]> {
  const { layout, program } = machine;
  const places = Array.from({ length: THREADS }, () => layout.allocate(128, 128, "test"));
  const start = layout.allocate(4, 64, "test");
  return await Promise.all(
    places.map(async (place, cpu) => {
      const workerData: StressData = {
        module: runtimeModule(),
        memory: layout.memory,
        header: program.handle.header,
        key: place,
        value: place + 64,
        cpu,
        operations: OPERATIONS,
        pinned,
        first: 1000 * (cpu + 1),
        own: OWN,
        lru,
        lpm: program.handle.spec.typeId === 11,
        start,
        threads: THREADS,
      };
      return await new Promise<Outcome>((resolve, reject) => {
        const worker = new Worker(STRESS_WORKER, { eval: true, workerData });
        worker.once("message", resolve);
        worker.once("error", reject);
      });
    }),
  );
}

const count = ({ layout, program }: TestMachine): number => new DataView(layout.buffer).getUint32(program.handle.header + MAP_COUNT, true);

describe("two threads on one map", () => {
  it.each([
    { name: "hash", spec: mapSpec(1, 4, 8, PINNED + THREADS * OWN) },
    { name: "LPM trie", spec: mapSpec(11, 8, 8, PINNED + THREADS * OWN) },
  ])("see their own entries of a $name exactly, and never miss one that stays", async ({ spec }) => {
    const machine = openMaps([spec], { cpus: THREADS, shared: true });
    const { handle } = machine.program;
    for (let key = 0; key < PINNED; key++) handle.update(keyOf(spec, key), valueOf(key, key));
    const outcomes = await stress(machine, PINNED, false);
    expect(outcomes.map(({ wrong }) => wrong)).toEqual(["", ""]);
    expect(Math.min(...outcomes.map(({ found }) => found))).toBeGreaterThan(0);
    const left = outcomes.flatMap((outcome) => outcome.left);
    for (const [key, value] of left) expect(handle.lookup(keyOf(spec, key))).toEqual(valueOf(key, value));
    expect([...handle.keys()]).toHaveLength(PINNED + left.length);
    expect(count(machine)).toBe(PINNED + left.length);
  });

  it.each([0, 2])("leave an LRU hash whole, flags %i", async (flags) => {
    const spec = mapSpec(9, 4, 8, 100, { flags });
    const machine = openMaps([spec], { cpus: THREADS, shared: true });
    const outcomes = await stress(machine, 0, true);
    expect(outcomes.map(({ wrong }) => wrong)).toEqual(["", ""]);
    const { handle } = machine.program;
    const keys = [...handle.keys()].map((key) => new DataView(key.buffer).getUint32(0, true));
    expect(keys.length).toBeGreaterThan(0);
    expect(keys.length).toBeLessThanOrEqual(100);
    expect(new Set(keys).size).toBe(keys.length);
    expect(count(machine)).toBe(keys.length);
    for (const key of keys) expect(new DataView((handle.lookup(keyOf(spec, key)) as Uint8Array).buffer).getUint32(0, true)).toBe(key);
  });
});
