/**
 * The pool of flow processing cores: shards of a window's packets on worker threads, on the machine's shared memory. A queue's
 * packets stay in order on one worker; between queues there is no order, so maps that several queues write may differ from run to run.
 */
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Piscina } from "piscina";
import type { Nic } from "../../nic/index.js";
import { abi } from "../../xdp/index.js";
import type { EngineName } from "../../xdp/index.js";
import type { BatchArea, Loop } from "../run/loop.js";
import { RxMetadata } from "../run/rx-metadata.js";
import type { Host } from "../run/host.js";
import type { Window } from "../run/window.js";
import { begin as beginPace } from "./pace.js";
import { makeShards, shard } from "./shards.js";
import type { Shards } from "./shards.js";
import type { PoolData, PoolTask } from "./task.js";

const { DESC_BYTES, RESULT_BYTES } = abi;

const MAX_WORKERS = 64;
/** Packets a round where sinks read packets' bytes, which then are copied out of the slots. */
const COPIED_CHUNK = 4096;

/** Thrown where the pool's thread is not built, or an engine cannot run in parallel. */
export class PoolError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "PoolError";
  }
}

export class ParallelRunner {
  /** Packets that {@link run} takes at most. */
  readonly chunk: number;
  /** Time from handing out shards to the last one done, ms. */
  elapsed = 0;
  private readonly host: Host;
  private readonly nic: Nic;
  private readonly shards: Shards;
  private readonly descriptors: number;
  private readonly results: number;
  private readonly packets: number;
  private readonly metadata: RxMetadata | undefined;
  private readonly progress: Int32Array;
  private pool: Piscina<PoolTask, void> | undefined;

  /** `packets`: the largest window. `keep`: sinks read packets' bytes after the program. */
  constructor(host: Host, nic: Nic, packets: number, keep: boolean) {
    this.host = host;
    this.nic = nic;
    this.chunk = keep ? COPIED_CHUNK : packets;
    const { layout, workers } = host.view;
    this.shards = makeShards(layout, this.chunk, workers.length);
    this.descriptors = layout.allocate(this.chunk * DESC_BYTES, 64, "the pool's descriptors");
    this.results = layout.allocate(this.chunk * RESULT_BYTES, 64, "the pool's results");
    this.packets = keep ? layout.allocate(this.chunk * workers[0].slotStride, 64, "the pool's packets") : 0;
    this.metadata = RxMetadata.for(host.view, nic.rss);
    this.progress = new Int32Array(new SharedArrayBuffer(workers.length * 4));
  }

  /** How many workers a run gets: as asked, or the processors, at most one a queue. Throws {@link PoolError}. */
  static workers(asked: number | undefined, queues: number, engine: EngineName): number {
    if (engine === "kernel") throw new PoolError("--parallel runs on the engines wasm and interpreter: leave it out with --engine kernel");
    if (asked !== undefined && (!Number.isInteger(asked) || asked < 1 || asked > MAX_WORKERS)) throw new PoolError(`${asked} workers: give 1 to ${MAX_WORKERS}`);
    return Math.min(asked ?? availableParallelism(), queues);
  }

  get workers(): number {
    return this.host.view.workers.length;
  }

  /** Starts the threads; maps are seeded. */
  async start(): Promise<void> {
    const { view } = this.host;
    const workerData: PoolData = {
      ...this.host.shared(),
      memory: view.layout.memory,
      areas: view.workers,
      descriptors: this.descriptors,
      results: this.results,
      packets: this.packets,
      progress: this.progress.buffer as SharedArrayBuffer,
    };
    const { Piscina: Pool } = await import("piscina");
    this.pool = new Pool({ filename: workerFile(), minThreads: this.workers, maxThreads: this.workers, concurrentTasksPerWorker: 1, workerData });
    // Threads are up, and their engines compiled, before anything is measured.
    await Promise.all(view.workers.map((_, worker) => this.submit({ worker, start: 0, count: 0 })));
  }

  /** The tables that workers share. */
  get area(): BatchArea {
    const { descriptors, results, packets } = this;
    return { descriptors, results, slots: packets, slotStride: packets === 0 ? 0 : this.host.view.workers[0].slotStride, batchSize: this.chunk };
  }

  /** Address of the places of the packets that {@link run} ran last. */
  get places(): number {
    return this.shards.place.byteOffset;
  }

  /** Runs packets `from` to `to - 1` of the window, which the loop has entered; `first` is the number of packet `from` in the run. */
  async run(window: Window, from: number, to: number, loop: Loop, first: number): Promise<void> {
    const { shards, nic } = this;
    const { trace, queue } = window;
    const total = shard(shards, queue, from, to, (i) => nic.receives(trace.length[i], trace.originalLength[i]));
    loop.describeAll(from, to, this.places);
    this.metadata?.write(this.descriptors, total);
    beginPace(this.progress, shards.count, first);
    const begin = performance.now();
    const tasks: Promise<void>[] = [];
    for (let worker = 0; worker < this.workers; worker++) {
      const count = shards.count[worker];
      if (count > 0) tasks.push(this.submit({ worker, start: shards.start[worker], count }));
    }
    await Promise.all(tasks);
    this.elapsed += performance.now() - begin;
  }

  async close(): Promise<void> {
    await this.pool?.destroy();
  }

  private async submit(task: PoolTask): Promise<void> {
    if (this.pool === undefined) throw new PoolError("the pool is not started");
    await this.pool.run(task);
  }
}

/** Threads cannot load TypeScript: the built file is found from the sources as well as from the package. */
function workerFile(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const file = join(folder, "dist", "offload", "pool", "worker.js");
    if (existsSync(file)) return file;
    if (dirname(folder) === folder) throw new PoolError("the pool's thread is not built: run npm run build");
  }
}
