/**
 * What nothing in an ordered run waits for: what is behind a card's cores, and the baseline's model. In a long run it has a
 * thread of its own, where there is a processor for it, which is one window behind. The figures are the same either way.
 */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { LoopState } from "../run/loop-state.js";
import type { Devices } from "../run/loop-state.js";
import { loopModule } from "../run/space.js";
import type { LoopExports } from "../run/space.js";
import type { Window } from "../run/window.js";
import { AFTERMATH_HANDED, AFTERMATH_READY, AFTERMATH_SERVED, AFTERMATH_STOP, AFTERMATH_WORDS } from "./aftermath-task.js";
import type { AftermathData } from "./aftermath-task.js";
import { threadFile } from "./thread-file.js";
import { letThreadsSpeak, untilAtLeast } from "./wait.js";

/** Packets from which on a thread is worth its start. */
const LONG = 131_072;

export class Aftermath {
  private readonly state: LoopState;
  private readonly loop: LoopExports;
  private readonly memory: WebAssembly.Memory;
  private readonly control = new Int32Array(new SharedArrayBuffer(AFTERMATH_WORDS * 4));
  private readonly hasWork: boolean;
  private thread: Worker | undefined;
  private handed = 0;
  private failure: unknown;

  constructor(devices: Devices, steering: number, loop: LoopExports) {
    this.state = new LoopState(devices, 0, steering);
    this.loop = loop;
    this.memory = devices.machine.layout.memory;
    this.hasWork = devices.device.egress !== undefined || devices.baseline !== undefined;
  }

  /**
   * Takes a window, whose first packet has number `first` in the run, through the models; its rows lie at `rows`. It and they
   * must stay until the next was taken, or {@link drain}.
   */
  async serve(window: Window, first: number, rows: number): Promise<void> {
    const { control, state } = this;
    await this.drain();
    state.enter(window, first);
    state.rowsAt(rows);
    state.setRange(0, window.trace.count);
    if (Atomics.load(control, AFTERMATH_READY) === 0) {
      this.loop.serve_behind(state.address);
      this.loop.serve_baseline(state.address);
      if (this.hasWork && first >= LONG && this.thread === undefined && availableParallelism() > 1) await this.start();
      return;
    }
    Atomics.store(control, AFTERMATH_HANDED, ++this.handed);
    Atomics.notify(control, AFTERMATH_HANDED);
  }

  /** All that was taken is in the models. Throws what made the thread fail. */
  async drain(): Promise<void> {
    await untilAtLeast(this.control, AFTERMATH_SERVED, this.handed, () => this.failure);
  }

  async close(): Promise<void> {
    if (this.thread === undefined) return;
    Atomics.store(this.control, AFTERMATH_STOP, 1);
    Atomics.add(this.control, AFTERMATH_HANDED, 1);
    Atomics.notify(this.control, AFTERMATH_HANDED);
    await this.thread.terminate();
  }

  private async start(): Promise<void> {
    const workerData: AftermathData = { module: loopModule(), memory: this.memory, loop: this.state.address, control: this.control.buffer as SharedArrayBuffer };
    this.thread = new Worker(threadFile("aftermath-thread.js"), { workerData });
    this.thread.on("error", (error) => {
      this.failure = error;
    });
    await letThreadsSpeak();
  }
}
