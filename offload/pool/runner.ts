/**
 * The pool of flow processing cores: a window's packets on worker threads, on the machine's shared memory. A queue's packets
 * stay in order on one worker; between queues there is no order, so maps that several queues write may differ from run to run.
 *
 * Packets go round by round. While the workers run one, this thread takes the one before through the device's model, in
 * arrival order, hands it to the sinks, and reads and steers the next. Threads wait for each other once a round.
 */
import { availableParallelism } from "node:os";
import type { Piscina } from "piscina";
import type { RssSpec } from "../../nic/index.js";
import type { EngineName } from "../../xdp/index.js";
import { Columns } from "../run/columns.js";
import type { Host } from "../run/host.js";
import { allocateRows, LoopState } from "../run/loop-state.js";
import type { Devices } from "../run/loop-state.js";
import { publish, readColumns } from "../run/publish.js";
import { asksMetadata } from "../run/rx-metadata.js";
import type { LoopExports } from "../run/space.js";
import type { LoopTally } from "../run/tally.js";
import { STREAM_ROOM } from "../run/window.js";
import type { Window } from "../run/window.js";
import type { Sink } from "../types.js";
import { begin as beginPace } from "./pace.js";
import { CONTROL_DONE, CONTROL_LEFT, CONTROL_READY, CONTROL_ROUND, CONTROL_STOP, CONTROL_WORDS } from "./task.js";
import type { PoolData, PoolTask } from "./task.js";
import { PoolError, threadFile } from "./thread-file.js";
import { untilAtLeast } from "./wait.js";

const MAX_WORKERS = 64;
/** Packets a round where sinks read packets' bytes, which then are copied out of the slots. */
const COPIED_ROUND = 2048;
/** Sleep before the next look at threads that start, which need this one for it, ms. */
const START_LOOK_AFTER = 1;

/** Where a round's rows are, and the columns of its packets. */
interface Rows {
  readonly address: number;
  readonly columns: Columns | undefined;
}

/** Packets `from` to `to - 1` of a window whose first packet has number `first` in the run. */
interface Round {
  readonly window: Window;
  readonly first: number;
  readonly from: number;
  readonly to: number;
  readonly rows: Rows;
}

export class ParallelRunner {
  private readonly host: Host;
  private readonly sinks: readonly Sink[];
  private readonly loop: LoopExports;
  /** State of each worker's loop, and of the one here, which serves the device. */
  private readonly states: readonly LoopState[];
  private readonly model: LoopState;
  /** Of two rounds, and copies of their packets (0: nobody reads them). */
  private readonly rows: readonly Rows[];
  /** Packets of a round, at most. */
  private readonly most: number;
  private readonly copies: readonly number[];
  private readonly metadata: PoolData["metadata"];
  private readonly control = new Int32Array(new SharedArrayBuffer(CONTROL_WORDS * 4));
  private readonly progress: Int32Array;
  private readonly times: Float64Array;
  private pool: Piscina<PoolTask, void> | undefined;
  private tasks: Promise<void> = Promise.resolve();
  private failure: unknown;
  private rounds = 0;
  /** What workers run, or have run and the device has not served. */
  private current: Round | undefined;

  /** `rss`: how the NIC hashes. Call it when all else of the machine's memory is allocated. */
  constructor(host: Host, devices: Devices, steering: number, sinks: readonly Sink[], loop: LoopExports, rss: RssSpec) {
    this.host = host;
    this.sinks = sinks;
    this.loop = loop;
    const { layout, workers } = host.view;
    const keep = sinks.some((sink) => sink.data === true);
    const packets = keep ? COPIED_ROUND : workers.length * STREAM_ROOM.packets;
    this.copies = [0, 1].map(() => (keep ? layout.allocate(packets * workers[0].slotStride, 64, "the pool's packets") : 0));
    const owners = layout.allocate(256, 64, "workers of queues");
    this.states = workers.map((_, worker) => new LoopState(devices, worker, steering));
    this.model = new LoopState(devices, 0, steering);
    this.most = packets;
    this.rows = [0, 1].map(() => ({ address: allocateRows(host.view, packets), columns: readColumns(sinks) ? new Columns(layout, packets) : undefined }));
    new Uint8Array(layout.buffer, owners, 256).set(Array.from({ length: 256 }, (_, queue) => queue % workers.length));
    for (const [worker, state] of this.states.entries()) state.share(worker, owners);
    this.metadata = asksMetadata(host.view) ? { rss, queues: devices.nic.spec.queues } : undefined;
    this.progress = new Int32Array(new SharedArrayBuffer(workers.length * 4));
    this.times = new Float64Array(new SharedArrayBuffer(workers.length * 8));
  }

  /** How many workers a run gets: as asked, or the processors, at most one a queue. Throws {@link PoolError}. */
  static workers(asked: number | undefined, queues: number, engine: EngineName): number {
    if (engine === "kernel") throw new PoolError("--parallel runs on the engines wasm and interpreter: leave it out with --engine kernel");
    if (asked !== undefined && (!Number.isInteger(asked) || asked < 1 || asked > MAX_WORKERS)) throw new PoolError(`${asked} workers: give 1 to ${MAX_WORKERS}`);
    return Math.min(asked ?? availableParallelism(), queues);
  }

  get workers(): number {
    return this.states.length;
  }

  /** Time spent in the engines' batches, of the worker that spent most, ms. */
  get elapsed(): number {
    return Math.max(...this.times);
  }

  get tallies(): readonly LoopTally[] {
    return this.states.map(({ tally }) => tally);
  }

  /** Starts the threads; maps are seeded. */
  async start(): Promise<void> {
    const { view } = this.host;
    const workerData: PoolData = {
      ...this.host.shared(),
      memory: view.layout.memory,
      areas: view.workers,
      loops: this.states.map(({ address }) => address),
      ...(this.metadata === undefined ? {} : { metadata: this.metadata }),
      control: this.control.buffer as SharedArrayBuffer,
      progress: this.progress.buffer as SharedArrayBuffer,
      elapsed: this.times.buffer as SharedArrayBuffer,
    };
    const { Piscina: Pool } = await import("piscina");
    const pool = new Pool<PoolTask, void>({ filename: threadFile("worker.js"), minThreads: this.workers, maxThreads: this.workers, concurrentTasksPerWorker: 1, workerData });
    this.pool = pool;
    this.tasks = Promise.all(view.workers.map((_, worker) => pool.run({ worker }))).then(
      () => undefined,
      (error: unknown) => {
        this.failure = error ?? new PoolError("a worker ended");
      },
    );
  }

  /** Time 0 of the device clock, ns since 1970. */
  setEpoch(epochNs: bigint): void {
    for (const state of this.states) state.setEpoch(epochNs);
  }

  /** Runs a window's packets, of which the first has number `first` in the run. The window must stay until the next has been run, or {@link drain}. */
  async run(window: Window, first: number): Promise<void> {
    const { count } = window.trace;
    const { most } = this;
    for (let from = 0; from < count; from += most) {
      // All are up before any begins: one that ran alone would be far ahead of the others.
      if (this.rounds === 0) await untilAtLeast(this.control, CONTROL_READY, this.workers, () => this.failure, START_LOOK_AFTER);
      const before = await this.finished();
      this.current = { window, first, from, to: Math.min(count, from + most), rows: this.rows[this.rounds & 1] };
      this.hand(this.current, this.copies[this.rounds & 1]);
      if (before !== undefined) this.serve(before);
    }
  }

  /** All that was run is told to the models and the sinks. */
  async drain(): Promise<void> {
    const last = await this.finished();
    this.current = undefined;
    if (last !== undefined) this.serve(last);
  }

  async close(): Promise<void> {
    if (this.pool === undefined) return;
    Atomics.store(this.control, CONTROL_STOP, 1);
    Atomics.add(this.control, CONTROL_ROUND, 1);
    Atomics.notify(this.control, CONTROL_ROUND);
    await this.tasks;
    await this.pool.destroy();
  }

  /** Lets the workers go at a round. */
  private hand({ window, first, from, to, rows }: Round, copies: number): void {
    const { control } = this;
    for (const state of this.states) {
      state.enter(window, first);
      state.limit(this.most, rows.columns);
      state.rowsAt(rows.address);
      if (copies !== 0) state.keep(copies);
      state.setRange(from, to);
    }
    beginPace(this.progress, first + from);
    Atomics.store(control, CONTROL_LEFT, this.workers);
    Atomics.store(control, CONTROL_ROUND, ++this.rounds);
    Atomics.notify(control, CONTROL_ROUND);
  }

  /** Waits until the workers have run the round that they were handed, and returns it. Throws what made a worker fail. */
  private async finished(): Promise<Round | undefined> {
    await untilAtLeast(this.control, CONTROL_DONE, this.rounds, () => this.failure);
    return this.current;
  }

  /** Takes a round that has run through the device's model, and hands it to the sinks. */
  private serve({ window, first, from, to, rows }: Round): void {
    const { model } = this;
    model.enter(window, first);
    model.limit(this.most, rows.columns);
    model.rowsAt(rows.address);
    model.setRange(from, to);
    this.loop.serve_device_afterwards(model.address);
    this.loop.serve_behind(model.address);
    publish(this.sinks, rows.columns, to - from);
  }
}
