/**
 * A run in arrival order, on this thread. Admission and execution advance together: a packet is offered to the device's
 * timeline, and where its answer depends on packets that have not run yet, those run first.
 */
import type { Engine } from "../../xdp/index.js";
import { Aftermath } from "../pool/aftermath.js";
import { ROW_BYTES } from "../runtime/abi.js";
import type { Sink } from "../types.js";
import { Columns } from "./columns.js";
import type { Host } from "./host.js";
import { allocateRows, LoopState } from "./loop-state.js";
import type { Devices } from "./loop-state.js";
import { publish, readColumns } from "./publish.js";
import { asksMetadata, RxMetadata } from "./rx-metadata.js";
import type { LoopExports } from "./space.js";
import type { LoopTally } from "./tally.js";
import type { Window } from "./window.js";

/** Packets of a batch, those that do not run included, at most and at least. */
const MOST_ROWS = 8192;
const LEAST_ROWS = 1024;

export class OrderedRunner {
  readonly workers = 1;
  /** Time spent in the engine's batches, ms. */
  elapsed = 0;
  private readonly host: Host;
  private readonly state: LoopState;
  private readonly columns: Columns | undefined;
  private readonly loop: LoopExports;
  private readonly metadata: RxMetadata | undefined;
  private readonly sinks: readonly Sink[];
  private readonly aftermath: Aftermath;
  /** Rows of a window, and of the one before, which the aftermath may be at. */
  private readonly tables: readonly number[];
  private windows = 0;
  private engine: Engine | undefined;

  /** `packets`: the largest window. Call it when all else of the machine's memory is allocated. */
  constructor(host: Host, devices: Devices, steering: number, sinks: readonly Sink[], loop: LoopExports, packets: number) {
    const { view } = host;
    this.host = host;
    this.sinks = sinks;
    this.loop = loop;
    this.state = new LoopState(devices, 0, steering);
    const batch = Math.min(MOST_ROWS, Math.max(LEAST_ROWS, 2 * view.workers[0].batchSize));
    this.columns = readColumns(sinks) ? new Columns(view.layout, batch) : undefined;
    this.metadata = asksMetadata(view) ? new RxMetadata(devices.nic.rss, view.layout.buffer) : undefined;
    this.state.limit(batch, this.columns);
    this.aftermath = new Aftermath(devices, steering, loop);
    this.tables = [0, 1].map(() => allocateRows(view, packets));
  }

  get tallies(): readonly LoopTally[] {
    return [this.state.tally];
  }

  /** Compiles the program; maps are seeded. */
  async start(): Promise<void> {
    this.engine = this.host.engine();
  }

  /** Time 0 of the device clock, ns since 1970. */
  setEpoch(epochNs: bigint): void {
    this.state.setEpoch(epochNs);
  }

  /** Runs a window's packets, of which the first has number `first` in the run. The window must stay until the next has been run, or {@link drain}. */
  async run(window: Window, first: number): Promise<void> {
    const { state, loop } = this;
    const { address } = state;
    const { count } = window.trace;
    const engine = this.engine as Engine;
    const rows = this.tables[this.windows++ & 1];
    state.enter(window, first);
    for (let at = 0; at < count; at = state.to) {
      state.rowsAt(rows + at * ROW_BYTES);
      const running = loop.receive(address, at, count);
      if (running > 0) {
        this.metadata?.write(engine.worker.descriptors, running);
        const begin = performance.now();
        engine.runBatch(running);
        this.elapsed += performance.now() - begin;
        loop.gather(address);
      }
      loop.serve_device(address);
      publish(this.sinks, this.columns, state.to - at);
    }
    await this.aftermath.serve(window, first, rows);
  }

  /** All models know all that was run. */
  async drain(): Promise<void> {
    await this.aftermath.drain();
  }

  async close(): Promise<void> {
    await this.aftermath.close();
  }
}
