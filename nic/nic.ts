/**
 * A NIC: its settings as data, and an instance that steers.
 */
import type { Trace } from "../traffic/index.js";
import { MIN_RECEIVE } from "./runtime/abi.js";
import { Rss } from "./rss/rss.js";
import type { RssSpec } from "./rss/rss.js";

export { MIN_RECEIVE };

/** What a frame may have beside the MTU: Ethernet header and two VLAN tags. */
const FRAME_OVERHEAD = 14 + 8;

/** What a NIC is, as data. */
export interface NicSpec {
  /** 1 to 255. Port p is ifindex p + 1. All ports share the receive queues. */
  readonly ports: number;
  /** Bits per second of one port. */
  readonly linkBps: number;
  /** Largest layer 3 packet, bytes. */
  readonly mtu: number;
  /** Receive queues, 1 to 256. */
  readonly queues: number;
  /** Descriptors of a receive ring. */
  readonly ringSize: number;
  readonly rss?: RssSpec;
}

/** A NIC with its RSS engine. */
export class Nic {
  readonly spec: NicSpec;
  readonly rss: Rss;
  /** Longest frame received, bytes without check sequence; longer ones are length errors. */
  readonly maxFrame: number;

  /** Throws RssError. */
  constructor(spec: NicSpec) {
    this.spec = spec;
    this.rss = new Rss(spec.rss ?? {}, spec.queues);
    this.maxFrame = spec.mtu + FRAME_OVERHEAD;
  }

  /** Hash and queue of every packet of `trace`; see {@link Rss.classify}. */
  classify(trace: Trace, hash: Uint32Array, queue: Uint16Array): void {
    this.rss.classify(trace, hash, queue);
  }

  /** Whether a frame of `captured` bytes, `wire` on the wire, is one that the NIC receives without a length error. */
  receives(captured: number, wire: number): boolean {
    return captured >= MIN_RECEIVE && wire <= this.maxFrame;
  }
}
