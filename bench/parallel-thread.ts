/** A thread of parallel.ts: it runs its packets again and again for a while, at the same time as the others. This file is both sides. */
import { readFileSync } from "node:fs";
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";
import { abi, attachWasmEngine } from "../xdp/index.js";
import type { WasmProgram, WorkerArea } from "../xdp/index.js";

/** What a thread is given. */
export interface ThreadData {
  readonly program: WasmProgram;
  readonly memory: WebAssembly.Memory;
  readonly area: WorkerArea;
  /** Descriptors of its packets, whole batches. */
  readonly table: number;
  readonly packets: number;
  readonly batch: number;
  /** i32: threads that are ready; all start together. */
  readonly flag: number;
  readonly threads: number;
}

/** What it did in one round. */
export interface ThreadResult {
  readonly packets: number;
  readonly wallMs: number;
  /** Time on a CPU; as {@link wallMs} where the system does not say. */
  readonly cpuMs: number;
}

export class ParallelThread {
  private readonly worker: Worker;

  constructor(data: ThreadData) {
    this.worker = new Worker(new URL(import.meta.url), { workerData: data });
  }

  /** Runs for about so long. */
  async run(ms: number): Promise<ThreadResult> {
    return await new Promise((resolve, reject) => {
      this.worker.once("message", resolve);
      this.worker.once("error", reject);
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread, not a window
      this.worker.postMessage(ms);
    });
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }
}

/** Time that this thread has had on a CPU so far, ms. */
function cpuTime(): number {
  try {
    return Number(readFileSync("/proc/thread-self/schedstat", "utf8").split(" ")[0]) / 1e6;
  } catch {
    return performance.now();
  }
}

function serve({ program, memory, area, table, packets, batch, flag, threads }: ThreadData, reply: (result: ThreadResult) => void): (ms: number) => void {
  const engine = attachWasmEngine(program, memory, area);
  const words = new Int32Array(memory.buffer);
  const place = (area.env + abi.ENV_DESCRIPTORS) >>> 2;
  let rounds = 0;
  return (ms) => {
    rounds += 1;
    Atomics.add(words, flag >>> 2, 1);
    while (Atomics.load(words, flag >>> 2) < rounds * threads);
    const [begin, cpu] = [performance.now(), cpuTime()];
    let done = 0;
    while (performance.now() - begin < ms) {
      for (let at = 0; at < packets; at += batch) {
        words[place] = table + at * abi.DESC_BYTES;
        engine.runBatch(batch);
      }
      done += packets;
    }
    reply({ packets: done, wallMs: performance.now() - begin, cpuMs: cpuTime() - cpu });
  };
}

if (!isMainThread && parentPort !== null) {
  const port = parentPort;
  port.on("message", serve(workerData as ThreadData, (result) => port.postMessage(result)));
}
