/** A window of the traffic, placed in the machine's memory so that engines read frames where the capture reader put them. */
import type { Nic } from "../../nic/index.js";
import type { Arrivals } from "../../nic/index.js";
import { Trace, traceBytes } from "../../traffic/index.js";
import type { Layout } from "../../xdp/index.js";

/** How much a window holds. */
export interface WindowRoom {
  readonly frameBytes: number;
  readonly packets: number;
}

/** For one pass, for each worker: frames and columns stay in a core's cache from reading to verdict, and waiting for each other once a window is nothing. Any record fits. */
export const STREAM_ROOM: WindowRoom = { frameBytes: 2 * 2 ** 20, packets: 8192 };
/** For traffic that is kept to be looped over. */
export const LARGE_ROOM: WindowRoom = { frameBytes: 16 * 2 ** 20, packets: 65536 };

/** Hash and queue; and arrivals, where the capture's times are needed again. */
const STEERING_BYTES = 6;
const ARRIVAL_BYTES = 8;

export class Window {
  readonly trace: Trace;
  /** Address of `trace.frames[0]` in the machine's memory. */
  readonly base: number;
  /** Columns beside the trace's, in the machine's memory too: what `byteOffset` says is their address. */
  readonly hash: Uint32Array;
  readonly queue: Uint16Array;
  readonly arrival: Float64Array;
  /** Port by capture interface, as far as packets of it were seen. */
  private readonly ports: number[] = [];

  /** `again`: the same packets are timed more than once; otherwise arrivals take the place of the capture's times. */
  constructor(layout: Layout, { frameBytes, packets }: WindowRoom, again: boolean) {
    const trace = traceBytes(frameBytes, packets);
    // Engines read up to 8 bytes behind a frame; the columns behind the frames make that safe.
    this.base = layout.allocate(trace + packets * (STEERING_BYTES + (again ? ARRIVAL_BYTES : 0)), 64, "the window of packets");
    const { buffer } = layout;
    this.trace = new Trace({ buffer, byteOffset: this.base, frameBytes, packets, memory: layout.memory });
    const columns = this.base + trace;
    this.hash = new Uint32Array(buffer, columns, packets);
    this.queue = new Uint16Array(buffer, columns + packets * 4, packets);
    this.arrival = again ? new Float64Array(buffer, columns + packets * STEERING_BYTES, packets) : this.trace.time;
  }

  /** Steers and times what was read, of a capture with so many `interfaces` so far. `portOf` is asked once for every one that has packets. */
  prepare(nic: Nic, arrivals: Arrivals, interfaces: number, portOf: (iface: number) => number): void {
    if (this.trace.count === 0) return;
    if (interfaces === 1) this.trace.port.fill((this.ports[0] ??= portOf(0)), 0, this.trace.count);
    else this.placePorts(portOf);
    nic.classify(this.trace, this.hash, this.queue);
    arrivals.fill(this.trace, this.arrival);
  }

  private placePorts(portOf: (iface: number) => number): void {
    const { ports } = this;
    const { iface, port, count } = this.trace;
    let last = -1;
    let at = 0;
    for (let i = 0; i < count; i++) {
      if (iface[i] !== last) {
        last = iface[i];
        at = ports[last] ??= portOf(last);
      }
      port[i] = at;
    }
  }
}
