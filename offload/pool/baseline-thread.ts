/** The thread of a run's baseline: takes windows through its model, one after the other. Runs from the built package. */
import { workerData } from "node:worker_threads";
import { BASELINE_HANDED, BASELINE_READY, BASELINE_SERVED, BASELINE_STOP } from "./baseline-task.js";
import type { BaselineData } from "./baseline-task.js";

const { module, memory, loop, control } = workerData as BaselineData;
const words = new Int32Array(control);
const serve = new WebAssembly.Instance(module, { env: { memory } }).exports.serve_baseline as (loop: number) => void;

Atomics.store(words, BASELINE_READY, 1);
for (let served = 0; ; served++) {
  Atomics.wait(words, BASELINE_HANDED, served);
  if (Atomics.load(words, BASELINE_STOP) !== 0) break;
  serve(loop);
  Atomics.store(words, BASELINE_SERVED, served + 1);
  Atomics.notify(words, BASELINE_SERVED);
}
