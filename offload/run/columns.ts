/** The columns of a batch of packets, as sinks see them; filled and reused by the run. */
import type { PacketBatch } from "../types.js";

export class Columns implements PacketBatch {
  count = 0;
  memory: Uint8Array;
  readonly capacity: number;
  readonly packet: Float64Array;
  readonly fate: Uint8Array;
  readonly time: Float64Array;
  readonly hash: Uint32Array;
  readonly queue: Uint16Array;
  readonly iface: Uint16Array;
  readonly port: Uint8Array;
  readonly frame: Uint32Array;
  readonly captured: Uint32Array;
  readonly wire: Uint32Array;
  readonly verdict: Uint8Array;
  readonly ret: Uint32Array;
  readonly data: Uint32Array;
  readonly length: Uint32Array;
  readonly frags: Uint32Array;
  readonly fragLength: Uint32Array;
  readonly metaLength: Uint32Array;
  readonly fault: Uint8Array;
  readonly faultProgram: Uint32Array;
  readonly faultInsn: Uint32Array;
  readonly redirectKind: Uint8Array;
  readonly redirectMap: Uint32Array;
  readonly redirectKey: Uint32Array;
  readonly redirectTarget: Uint32Array;
  readonly latency: Float64Array;
  /** Not for sinks: the cost counters. */
  readonly costLow: Uint32Array;
  readonly costHigh: Uint32Array;

  constructor(capacity: number, memory: Uint8Array) {
    this.capacity = capacity;
    this.memory = memory;
    this.packet = new Float64Array(capacity);
    this.fate = new Uint8Array(capacity);
    this.time = new Float64Array(capacity);
    this.hash = new Uint32Array(capacity);
    this.queue = new Uint16Array(capacity);
    this.iface = new Uint16Array(capacity);
    this.port = new Uint8Array(capacity);
    this.frame = new Uint32Array(capacity);
    this.captured = new Uint32Array(capacity);
    this.wire = new Uint32Array(capacity);
    this.verdict = new Uint8Array(capacity);
    this.ret = new Uint32Array(capacity);
    this.data = new Uint32Array(capacity);
    this.length = new Uint32Array(capacity);
    this.frags = new Uint32Array(capacity);
    this.fragLength = new Uint32Array(capacity);
    this.metaLength = new Uint32Array(capacity);
    this.fault = new Uint8Array(capacity);
    this.faultProgram = new Uint32Array(capacity);
    this.faultInsn = new Uint32Array(capacity);
    this.redirectKind = new Uint8Array(capacity);
    this.redirectMap = new Uint32Array(capacity);
    this.redirectKey = new Uint32Array(capacity);
    this.redirectTarget = new Uint32Array(capacity);
    this.latency = new Float64Array(capacity);
    this.costLow = new Uint32Array(capacity);
    this.costHigh = new Uint32Array(capacity);
  }
}
