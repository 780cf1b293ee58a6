/** The columns of a batch of packets, as sinks see them: views over the machine's memory, where the run's wasm loop fills them. */
import type { Layout } from "../../xdp/index.js";
import {
  COLUMN_CAPTURED, COLUMN_COST_HIGH, COLUMN_COST_LOW, COLUMN_DATA, COLUMN_FATE, COLUMN_FAULT, COLUMN_FAULT_INSN, COLUMN_FAULT_PROGRAM, COLUMN_FRAGS, COLUMN_FRAG_LENGTH,
  COLUMN_FRAME, COLUMN_HASH, COLUMN_IFACE, COLUMN_LATENCY, COLUMN_LENGTH, COLUMN_META_LENGTH, COLUMN_PACKET, COLUMN_PORT, COLUMN_QUEUE, COLUMN_REDIRECT_KEY, COLUMN_REDIRECT_KIND,
  COLUMN_REDIRECT_MAP, COLUMN_REDIRECT_TARGET, COLUMN_RET, COLUMN_TIME, COLUMN_VERDICT, COLUMN_WIRE, COLUMNS_BYTES,
} from "../runtime/abi.js";
import type { PacketBatch } from "../types.js";

export class Columns implements PacketBatch {
  count = 0;
  readonly memory: Uint8Array;
  /** Where they lie; see COLUMN_*. */
  readonly address: number;
  readonly packet: Float64Array;
  readonly time: Float64Array;
  readonly latency: Float64Array;
  readonly hash: Uint32Array;
  readonly frame: Uint32Array;
  readonly captured: Uint32Array;
  readonly wire: Uint32Array;
  readonly ret: Uint32Array;
  readonly data: Uint32Array;
  readonly length: Uint32Array;
  readonly frags: Uint32Array;
  readonly fragLength: Uint32Array;
  readonly metaLength: Uint32Array;
  readonly faultProgram: Uint32Array;
  readonly faultInsn: Uint32Array;
  readonly redirectMap: Uint32Array;
  readonly redirectKey: Uint32Array;
  readonly redirectTarget: Uint32Array;
  /** Not for sinks: the cost counters. */
  readonly costLow: Uint32Array;
  readonly costHigh: Uint32Array;
  readonly queue: Uint16Array;
  readonly iface: Uint16Array;
  readonly fate: Uint8Array;
  readonly port: Uint8Array;
  readonly verdict: Uint8Array;
  readonly fault: Uint8Array;
  readonly redirectKind: Uint8Array;

  /** `rows`: packets of a batch, a multiple of 8. Call it when all else of the machine's memory is allocated. */
  constructor(layout: Layout, rows: number) {
    this.address = layout.allocate(rows * COLUMNS_BYTES, 64, "columns for what becomes of packets");
    const { buffer } = layout;
    const at = (column: number): number => this.address + column * rows;
    this.memory = new Uint8Array(buffer);
    this.packet = new Float64Array(buffer, at(COLUMN_PACKET), rows);
    this.time = new Float64Array(buffer, at(COLUMN_TIME), rows);
    this.latency = new Float64Array(buffer, at(COLUMN_LATENCY), rows);
    this.hash = new Uint32Array(buffer, at(COLUMN_HASH), rows);
    this.frame = new Uint32Array(buffer, at(COLUMN_FRAME), rows);
    this.captured = new Uint32Array(buffer, at(COLUMN_CAPTURED), rows);
    this.wire = new Uint32Array(buffer, at(COLUMN_WIRE), rows);
    this.ret = new Uint32Array(buffer, at(COLUMN_RET), rows);
    this.data = new Uint32Array(buffer, at(COLUMN_DATA), rows);
    this.length = new Uint32Array(buffer, at(COLUMN_LENGTH), rows);
    this.frags = new Uint32Array(buffer, at(COLUMN_FRAGS), rows);
    this.fragLength = new Uint32Array(buffer, at(COLUMN_FRAG_LENGTH), rows);
    this.metaLength = new Uint32Array(buffer, at(COLUMN_META_LENGTH), rows);
    this.faultProgram = new Uint32Array(buffer, at(COLUMN_FAULT_PROGRAM), rows);
    this.faultInsn = new Uint32Array(buffer, at(COLUMN_FAULT_INSN), rows);
    this.redirectMap = new Uint32Array(buffer, at(COLUMN_REDIRECT_MAP), rows);
    this.redirectKey = new Uint32Array(buffer, at(COLUMN_REDIRECT_KEY), rows);
    this.redirectTarget = new Uint32Array(buffer, at(COLUMN_REDIRECT_TARGET), rows);
    this.costLow = new Uint32Array(buffer, at(COLUMN_COST_LOW), rows);
    this.costHigh = new Uint32Array(buffer, at(COLUMN_COST_HIGH), rows);
    this.queue = new Uint16Array(buffer, at(COLUMN_QUEUE), rows);
    this.iface = new Uint16Array(buffer, at(COLUMN_IFACE), rows);
    this.fate = new Uint8Array(buffer, at(COLUMN_FATE), rows);
    this.port = new Uint8Array(buffer, at(COLUMN_PORT), rows);
    this.verdict = new Uint8Array(buffer, at(COLUMN_VERDICT), rows);
    this.fault = new Uint8Array(buffer, at(COLUMN_FAULT), rows);
    this.redirectKind = new Uint8Array(buffer, at(COLUMN_REDIRECT_KIND), rows);
  }
}
