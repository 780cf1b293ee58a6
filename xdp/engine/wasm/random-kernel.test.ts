import { expect, test } from "vitest";
import { DESC_BYTES, DESC_FRAME, DESC_IFINDEX, DESC_LENGTH, RESULT_BYTES, RESULT_DATA, RESULT_FAULT, RESULT_LENGTH, RESULT_META_LENGTH, RESULT_RET } from "../../abi.js";
import { KernelMachine, createKernelEngine, kernelAvailable } from "../kernel/index.js";
import type { Engine, MachineView } from "../contract.js";
import { createMachine } from "../machine.js";
import { FRAME_LENGTHS } from "../testing/random-programs-snippets.js";
import { Choices, RANDOM_MAPS, randomProgram } from "../testing/random-programs.js";
import { listing, placeFrames } from "../testing/random-programs-run.js";
import { createWasmEngine } from "./engine.js";

const PROGRAMS = 1000;
const LENGTHS = [...FRAME_LENGTHS, 300, 1000];
/** What a kernel's CPUs and its evictions decide is left out. */
const COMPARED = RANDOM_MAPS.flatMap(({ name }, i) => (name === "percpu" || name === "lru" ? [] : [i]));

/** Results of the packets, and what is in the maps then. */
function run(machine: MachineView, engine: Engine): string[] {
  const frames = placeFrames(machine, LENGTHS, 11);
  const view = new DataView(machine.layout.buffer);
  for (const [i, { address, length }] of frames.entries()) {
    const descriptor = engine.worker.descriptors + i * DESC_BYTES;
    view.setUint32(descriptor + DESC_FRAME, address, true);
    view.setUint32(descriptor + DESC_LENGTH, length, true);
    view.setUint32(descriptor + DESC_IFINDEX, 1, true);
  }
  engine.runBatch(frames.length);
  const packets = frames.map((_, i) => {
    const result = engine.worker.results + i * RESULT_BYTES;
    const u32 = (field: number): number => view.getUint32(result + field, true);
    const data = Buffer.from(machine.layout.buffer, u32(RESULT_DATA), u32(RESULT_LENGTH)).toString("hex");
    return `packet ${i}: ret ${u32(RESULT_RET)}, fault ${u32(RESULT_FAULT)}, meta ${u32(RESULT_META_LENGTH)}, data ${data}`;
  });
  const maps = COMPARED.map((i) => {
    const map = machine.maps[i];
    const entries = [...(map?.keys() ?? [])].map((key) => `${Buffer.from(key).toString("hex")}=${Buffer.from(map?.lookup(key) ?? []).toString("hex")}`);
    return `map ${RANDOM_MAPS[i]?.name}: ${entries.toSorted().join(" ")}`;
  });
  return [...packets, ...maps];
}

test.skipIf(!kernelAvailable().available)("a kernel takes random valid programs, and they do there what they do here", () => {
  const seed = Number(process.env["RANDOM_SEED"] ?? Date.now() % 2 ** 31);
  const choices = new Choices(seed);
  const seeds = (most: number): number[] => Array.from({ length: 1 + choices.below(most) }, () => choices.u32());
  for (let i = 0; i < PROGRAMS; i++) {
    const program = randomProgram({ main: seeds(8), functions: Array.from({ length: choices.below(4) }, () => seeds(3)) }, { name: "main", clocks: false });
    const options = { object: { file: "random.o", license: "GPL", programs: [program], maps: RANDOM_MAPS }, entry: "main", batchSize: LENGTHS.length, maxFrame: 4096 };
    const kernel = new KernelMachine(options);
    try {
      const engine = createKernelEngine(kernel);
      const expected = run(kernel, engine);
      engine.close();
      const machine = createMachine(options);
      expect(run(machine, createWasmEngine(machine)), `RANDOM_SEED=${seed}, program ${i}\n${listing(program)}`).toEqual(expected);
    } finally {
      kernel.close();
    }
  }
  process.stdout.write(`${PROGRAMS} random programs x ${LENGTHS.length} packets on wasm and kernel, seed ${seed}: no difference\n`);
}, 120_000);
