/** The thread of a run's aftermath: takes windows through the models, one after the other. Runs from the built package. */
import { workerData } from "node:worker_threads";
import { AFTERMATH_HANDED, AFTERMATH_READY, AFTERMATH_SERVED, AFTERMATH_STOP } from "./aftermath-task.js";
import type { AftermathData } from "./aftermath-task.js";

const { module, memory, loop, control } = workerData as AftermathData;
const words = new Int32Array(control);
const { serve_behind: serveBehind, serve_baseline: serveBaseline } = new WebAssembly.Instance(module, { env: { memory } }).exports as Record<string, (loop: number) => void>;

Atomics.store(words, AFTERMATH_READY, 1);
for (let served = 0; ; served++) {
  Atomics.wait(words, AFTERMATH_HANDED, served);
  if (Atomics.load(words, AFTERMATH_STOP) !== 0) break;
  serveBehind(loop);
  serveBaseline(loop);
  Atomics.store(words, AFTERMATH_SERVED, served + 1);
  Atomics.notify(words, AFTERMATH_SERVED);
}
