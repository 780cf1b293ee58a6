/** The packets of a benchmark in a machine's memory: frames and descriptors, written once, then run again and again. */
import type { Trace } from "../traffic/index.js";
import { abi } from "../xdp/index.js";
import type { Engine, MachineView } from "../xdp/index.js";

const { DESC_BYTES, DESC_CPU, DESC_FRAME, DESC_IFINDEX, DESC_LENGTH, DESC_PACKET, DESC_QUEUE, DESC_TIME, ENV_DESCRIPTORS, MIN_PACKET } = abi;

/** `same`: the first packet, over and over. `trace`: all packets, in order, over and over. */
export type Mode = "same" | "trace";

/** Packets that are kept at most; a capture that has more is cut there. */
export const MOST_PACKETS = 65536;
/** Bytes readable behind a frame, as the descriptors promise. */
const BEHIND = 8;

export class Workload {
  readonly packets: number;
  private readonly machine: MachineView;
  private readonly table: number;

  /** Places the packets of `trace` that a NIC would receive: of at least 14 bytes, at most `maxFrame`. Throws RangeError where there is none. */
  constructor(machine: MachineView, trace: Trace, mode: Mode, maxFrame: number) {
    this.machine = machine;
    const received: number[] = [];
    for (let i = 0; i < trace.count && received.length < MOST_PACKETS; i++) {
      if (trace.length[i] >= MIN_PACKET && trace.length[i] <= maxFrame) received.push(i);
      if (mode === "same" && received.length > 0) break;
    }
    if (received.length === 0) throw new RangeError(`the capture has no packet of ${MIN_PACKET} to ${maxFrame} bytes to measure with`);
    const { batchSize } = machine.workers[0];
    // One packet fills a batch; a trace ends with its last packet.
    const order = mode === "same" ? Array.from({ length: batchSize }, () => received[0]) : received;
    this.packets = order.length;
    const bytes = received.reduce((sum, i) => sum + roundUp(trace.length[i] + BEHIND), 0);
    const frames = machine.layout.allocate(bytes, 64, "the packets to measure with");
    this.table = machine.layout.allocate(order.length * DESC_BYTES, 64, "their descriptors");
    this.place(trace, received, order, frames);
  }

  private place(trace: Trace, received: readonly number[], order: readonly number[], first: number): void {
    const { buffer } = this.machine.layout;
    const memory = new Uint8Array(buffer);
    const view = new DataView(buffer);
    const places = new Map<number, number>();
    let at = first;
    for (const i of received) {
      memory.set(trace.frame(i), at);
      places.set(i, at);
      at += roundUp(trace.length[i] + BEHIND);
    }
    order.forEach((i, number) => {
      const descriptor = this.table + number * DESC_BYTES;
      view.setUint32(descriptor + DESC_FRAME, places.get(i) ?? 0, true);
      view.setUint32(descriptor + DESC_LENGTH, trace.length[i], true);
      view.setBigUint64(descriptor + DESC_TIME, BigInt.asUintN(64, trace.epochNs + BigInt(Math.floor(trace.time[i]))), true);
      view.setUint32(descriptor + DESC_IFINDEX, 1, true);
      view.setUint32(descriptor + DESC_QUEUE, 0, true);
      view.setUint32(descriptor + DESC_CPU, 0, true);
      view.setUint32(descriptor + DESC_PACKET, number, true);
    });
  }

  /** Gives packet `i` to the worker's own table, as its first. */
  single(i: number): void {
    const { buffer } = this.machine.layout;
    new Uint8Array(buffer).copyWithin(this.machine.workers[0].descriptors, this.table + i * DESC_BYTES, this.table + (i + 1) * DESC_BYTES);
  }

  /** What runs all packets once. The engine reads the descriptors where they lie, so that only it is measured. */
  pass(engine: Engine): () => void {
    const { packets, table } = this;
    const words = new Uint32Array(this.machine.layout.buffer);
    const { batchSize, env } = engine.worker;
    const place = (env + ENV_DESCRIPTORS) >>> 2;
    return () => {
      for (let done = 0; done < packets; done += batchSize) {
        words[place] = table + done * DESC_BYTES;
        engine.runBatch(Math.min(batchSize, packets - done));
      }
    };
  }
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}
