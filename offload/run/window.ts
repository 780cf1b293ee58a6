/** A window of the traffic, placed in the machine's memory so that engines read frames where the capture reader put them. */
import type { Nic } from "../../nic/index.js";
import type { Arrivals } from "../../nic/index.js";
import { Trace, traceBytes } from "../../traffic/index.js";
import type { Layout } from "../../xdp/index.js";

/** Room of a window: large enough that reading it is one long stretch, small enough for any machine. */
export const WINDOW_FRAMES = 16 * 2 ** 20;
export const WINDOW_PACKETS = 65536;

export class Window {
  readonly trace: Trace;
  /** Address of `trace.frames[0]` in the machine's memory. */
  readonly base: number;
  readonly hash: Uint32Array;
  readonly queue: Uint16Array;
  readonly arrival: Float64Array;

  /** `scale`: so many times the usual room. */
  constructor(layout: Layout, scale = 1) {
    const frameBytes = WINDOW_FRAMES * scale;
    const packets = WINDOW_PACKETS * scale;
    // Engines read up to 8 bytes behind a frame; the columns behind the frames make that safe.
    this.base = layout.allocate(traceBytes(frameBytes, packets), 64, "the window of packets");
    this.trace = new Trace({ buffer: layout.buffer, byteOffset: this.base, frameBytes, packets });
    this.hash = new Uint32Array(packets);
    this.queue = new Uint16Array(packets);
    this.arrival = new Float64Array(packets);
  }

  /** Steers and times what was read. */
  prepare(nic: Nic, arrivals: Arrivals, portOf: (iface: number) => number): void {
    const { trace } = this;
    for (let i = 0; i < trace.count; i++) trace.port[i] = portOf(trace.iface[i]);
    nic.classify(trace, this.hash, this.queue);
    arrivals.fill(trace, this.arrival);
  }
}
