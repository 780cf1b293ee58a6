import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { DESC_BYTES, DESC_FRAME, DESC_LENGTH } from "../../abi.js";
import { runtimeModule } from "../../runtime/runtime.js";
import type { MapHandle } from "../../maps/index.js";
import { createMachine } from "../machine.js";
import { objectOf } from "../testing/object.js";
import { compileMachine } from "./compile.js";

const BATCH = 64;
const ROUNDS = 400;

/** Another thread has the modules, the memory and the worker's area, nothing else. */
const THREAD = `
  const { workerData } = require("node:worker_threads");
  const { module, runtime, memory, area, rounds, batch } = workerData;
  const { exports } = new WebAssembly.Instance(runtime, { env: { memory } });
  const engine = new WebAssembly.Instance(module, { env: { memory }, runtime: exports });
  for (let i = 0; i < rounds; i++) engine.exports.run_batch(area.env, batch);
`;

test("threads that share a compiled program count every packet", async () => {
  const workers = 3;
  const machine = createMachine({
    object: objectOf({
      description: "",
      maps: [
        { name: "counter", type: "BPF_MAP_TYPE_ARRAY", value: 16, entries: 1 },
        { name: "flows", type: "BPF_MAP_TYPE_HASH", value: 8, entries: 8, before: [["01000000", "0000000000000000"]] },
      ],
      asm: `
        r0 = map[counter][0]+0 ll
        r1 = 1
        lock *(u64 *)(r0 +0) += r1
        w1 = atomic_fetch_add((u32 *)(r0 +8), w1)
        *(u32 *)(r10 -4) = 1
        r1 = map[flows]
        r2 = r10
        r2 += -4
        call bpf_map_lookup_elem
        if r0 == 0 goto out
        r1 = 3
        lock *(u64 *)(r0 +0) += r1
      out:
        r0 = 2
        exit`,
    }),
    entry: "main",
    workers,
    batchSize: BATCH,
  });
  machine.maps[1]?.update(Uint8Array.of(1, 0, 0, 0), new Uint8Array(8));
  const frame = machine.layout.allocate(72, 64, "a frame");
  const view = new DataView(machine.layout.buffer);
  for (const { descriptors } of machine.workers) {
    for (let i = 0; i < BATCH; i++) {
      view.setUint32(descriptors + i * DESC_BYTES + DESC_FRAME, frame, true);
      view.setUint32(descriptors + i * DESC_BYTES + DESC_LENGTH, 64, true);
    }
  }
  const { module } = compileMachine(machine);
  await Promise.all(
    machine.workers.map(
      (area) =>
        new Promise<void>((resolve, reject) => {
          const thread = new Worker(THREAD, { eval: true, workerData: { module, runtime: runtimeModule(), memory: machine.layout.memory, area, rounds: ROUNDS, batch: BATCH } });
          thread.once("error", reject).once("exit", () => resolve());
        }),
    ),
  );
  const packets = BigInt(workers * ROUNDS * BATCH);
  const [counters, flows] = machine.maps as readonly [MapHandle, MapHandle];
  const counter = new DataView((counters.lookup(Uint8Array.of(0, 0, 0, 0)) as Uint8Array).buffer);
  expect(counter.getBigUint64(0, true)).toBe(packets);
  expect(BigInt(counter.getUint32(8, true))).toBe(packets);
  const flow = flows.lookup(Uint8Array.of(1, 0, 0, 0)) as Uint8Array;
  expect(new DataView(flow.buffer).getBigUint64(0, true)).toBe(packets * 3n);
});
