/** The traffic of a run: opens the capture for every pass, reads it window by window, steers and times it. */
import type { Arrivals, Nic } from "../../nic/index.js";
import type { CaptureReader } from "../../traffic/index.js";
import type { Layout } from "../../xdp/index.js";
import type { RunOptions } from "../types.js";
import { LARGE_ROOM, STREAM_ROOM, Window } from "./window.js";
import type { WindowRoom } from "./window.js";

type Visit = (window: Window, reader: CaptureReader) => Promise<void>;

export class Traffic {
  /** What the readers warned of, and what the line could not carry. */
  get warnings(): readonly string[] {
    const { limited } = this.arrivals;
    if (limited === 0) return this.read;
    return [...this.read, `the rate asked for is more than the line carries: ${limited} packets arrive at line rate instead`];
  }
  private readonly read: string[] = [];
  readonly window: Window;
  private readonly options: RunOptions;
  private readonly nic: Nic;
  private readonly arrivals: Arrivals;
  private readonly passes: number;
  /** With several passes, a second window tells whether the first one holds the whole capture, which then is read once. */
  private readonly spare: Window | undefined;
  /** With one pass, the window that is filled while other threads are at the first. */
  private readonly other: Window | undefined;

  /** `workers`: how many run a window together. */
  constructor(options: RunOptions, nic: Nic, arrivals: Arrivals, layout: Layout, workers: number) {
    this.options = options;
    this.nic = nic;
    this.arrivals = arrivals;
    this.passes = options.loop ?? 1;
    if (!Number.isInteger(this.passes) || this.passes < 1) throw new RangeError(`loop ${this.passes}: give a whole number from 1 on`);
    nic.rss.attach(layout.memory, layout.allocate(nic.rss.tableBytes, 64, "the RSS tables"));
    const room = roomFor(this.passes, workers);
    const again = this.passes > 1;
    this.window = new Window(layout, room, again);
    this.spare = again ? new Window(layout, room, again) : undefined;
    this.other = again ? undefined : new Window(layout, room, again);
  }

  /**
   * Calls `visit` with every window, over all passes, in order. A window stays as it is until the next one was visited, or
   * until `drain`, which is called where it is needed again earlier.
   */
  async each(visit: Visit, drain: () => Promise<void>): Promise<void> {
    let total = 0;
    let inPass = 0;
    for (let pass = 0; pass < this.passes; pass++) {
      if (pass > 0) this.arrivals.restart(inPass);
      inPass = 0;
      const reader = await this.options.open();
      try {
        let current = this.window;
        let next = this.spare;
        let more = await reader.read(current.trace);
        while (more) {
          // Read ahead, where there is a second window: what it says decides whether the first is all.
          const ahead = next === undefined ? undefined : await reader.read(next.trace);
          this.prepare(current, reader);
          inPass += current.trace.count;
          total += current.trace.count;
          await visit(current, reader);
          this.report(reader, total, pass);
          if (this.other === undefined) await drain();
          if (ahead === false && current === this.window && inPass === current.trace.count) {
            await this.repeat(current, reader, pass + 1, total, visit, drain);
            return;
          }
          if (next === undefined) {
            if (this.other !== undefined) current = current === this.window ? this.other : this.window;
            more = await reader.read(current.trace);
          } else {
            more = ahead === true;
            [current, next] = [next, current];
          }
        }
      } finally {
        if (pass === 0) this.read.push(...reader.warnings);
        reader.close();
      }
      if (inPass === 0) return;
    }
  }

  /** The remaining passes over a capture that one window holds. */
  private async repeat(window: Window, reader: CaptureReader, from: number, before: number, visit: Visit, drain: () => Promise<void>): Promise<void> {
    let total = before;
    for (let pass = from; pass < this.passes; pass++) {
      this.arrivals.restart(window.trace.count);
      this.arrivals.fill(window.trace, window.arrival);
      total += window.trace.count;
      await visit(window, reader);
      await drain();
      this.report(reader, total, pass);
    }
  }

  private prepare(window: Window, reader: CaptureReader): void {
    window.prepare(this.nic, this.arrivals, reader.interfaces.length, (iface) => this.portOf(reader, iface));
  }

  private portOf(reader: CaptureReader, iface: number): number {
    const known = reader.interfaces[iface];
    const port = known === undefined ? 0 : (this.options.portOf?.(known, iface) ?? 0);
    const { ports } = this.nic.spec;
    if (!Number.isInteger(port) || port < 0 || port >= ports) {
      throw new RangeError(`capture interface ${known?.name || iface} is on port ${port}, and the device has ${ports} (0 to ${ports - 1}): set ports=N, or choose another port`);
    }
    return port;
  }

  private report(reader: CaptureReader, packets: number, pass: number): void {
    this.options.progress?.({ packets, bytesRead: reader.bytesRead, size: reader.size, pass });
  }
}

/** Frames of a window that grows with the workers: at most so many times a stream's. */
const MOST_FRAMES = 8;

function roomFor(passes: number, workers: number): WindowRoom {
  if (passes > 1) return LARGE_ROOM;
  return { frameBytes: STREAM_ROOM.frameBytes * Math.min(workers, MOST_FRAMES), packets: STREAM_ROOM.packets * workers };
}
