/**
 * The loop of a run from JavaScript's side: lays out its state in the machine's memory, and calls its wasm
 * (offload/runtime/assembly/loop.ts) once a batch. Sinks see the rows while the packets' bytes are there.
 */
import type { Nic } from "../../nic/index.js";
import type { CaptureInterface } from "../../traffic/index.js";
import type { MachineView } from "../../xdp/index.js";
import {
  LOOP_ARRIVAL, LOOP_BASELINE, LOOP_BASELINE_MAX_FRAME, LOOP_BATCH, LOOP_BYTES, LOOP_COLUMNS, LOOP_DESCRIPTORS, LOOP_DEVICE, LOOP_EPOCH, LOOP_ROW_TABLE, LOOP_FAULT_PACKET, LOOP_FAULT_RESULT,
  LOOP_FIRST, LOOP_FRAMES, LOOP_FROM, LOOP_HASH, LOOP_IFACE, LOOP_INDIRECTION, LOOP_INDIRECTION_MASK, LOOP_INTERFACES, LOOP_LENGTH, LOOP_MAX_FRAME, LOOP_OFFSET, LOOP_PLACES, LOOP_PORT,
  LOOP_QUEUE, LOOP_QUEUES, LOOP_RESULTS, LOOP_ROWS, LOOP_SLOTS, LOOP_STRIDE, LOOP_TO, LOOP_WIRE, ROW_BYTES,
} from "../runtime/abi.js";
import type { Sink } from "../types.js";
import { Columns } from "./columns.js";
import type { DeviceModel } from "./model.js";
import type { ModelSpace } from "./space.js";
import { Tally } from "./tally.js";
import type { Window } from "./window.js";

/** The other place that is modelled, with its own steering. */
export interface Baseline {
  readonly model: DeviceModel;
  readonly nic: Nic;
}

/** Where packets are described and their outcomes found: a worker's area, or what several workers share. */
export interface BatchArea {
  readonly descriptors: number;
  readonly results: number;
  /** Slot of result i: `slots + i * slotStride`. */
  readonly slots: number;
  readonly slotStride: number;
  readonly batchSize: number;
}

/** Rows that sinks see at once. */
const MOST_ROWS = 8192;

export class Loop {
  readonly tally: Tally;
  /** Packets that a batch receives at most, those that do not run included. */
  private readonly rows: number;
  private readonly machine: MachineView;
  private readonly space: ModelSpace;
  private readonly sinks: readonly Sink[];
  private readonly address: number;
  private readonly words: Uint32Array;
  private readonly values: Float64Array;
  private readonly columns: Columns | undefined;
  private readonly view: DataView;
  private interfaces: readonly CaptureInterface[] = [];

  /** Call it when all else of the machine's memory is allocated. */
  constructor(machine: MachineView, nic: Nic, device: DeviceModel, baseline: Baseline | undefined, sinks: readonly Sink[], area: BatchArea, space: ModelSpace) {
    const { layout } = machine;
    this.machine = machine;
    this.space = space;
    this.sinks = sinks;
    this.rows = Math.min(MOST_ROWS, Math.max(2 * area.batchSize, 1024));
    const address = layout.allocate(LOOP_BYTES, 64, "the loop of the run");
    this.address = address;
    this.tally = new Tally(layout, address, nic.spec.queues);
    const rows = layout.allocate(this.rows * ROW_BYTES, 64, "rows of the batch");
    const indirection = baseline === undefined ? 0 : placeIndirection(layout, baseline.nic.rss.indirection);
    this.columns = sinks.some(({ batch, columns }) => batch !== undefined && columns !== false) ? new Columns(layout, this.rows) : undefined;
    const { buffer } = layout;
    this.words = new Uint32Array(buffer, address, LOOP_BYTES / 4);
    this.values = new Float64Array(buffer, address, LOOP_BYTES / 8);
    this.view = new DataView(buffer);
    this.set([
      [LOOP_DEVICE, device.address], [LOOP_BASELINE, baseline?.model.address ?? 0], [LOOP_MAX_FRAME, nic.maxFrame], [LOOP_BASELINE_MAX_FRAME, baseline?.nic.maxFrame ?? 0],
      [LOOP_INDIRECTION, indirection], [LOOP_INDIRECTION_MASK, (baseline?.nic.rss.indirection.length ?? 1) - 1], [LOOP_ROW_TABLE, rows], [LOOP_COLUMNS, this.columns?.address ?? 0],
      [LOOP_ROWS, this.rows], [LOOP_QUEUES, this.tally.queuesAt], [LOOP_INTERFACES, this.tally.interfacesAt],
      [LOOP_DESCRIPTORS, area.descriptors], [LOOP_RESULTS, area.results], [LOOP_SLOTS, area.slots], [LOOP_STRIDE, area.slotStride], [LOOP_BATCH, area.batchSize],
    ]);
  }

  /** Before the first packet. */
  begin(epochNs: bigint, interfaces: readonly CaptureInterface[]): void {
    this.interfaces = interfaces;
    this.view.setBigUint64(this.address + LOOP_EPOCH, BigInt.asUintN(64, epochNs), true);
    const programs = this.machine.programs.map((program) => program.spec.name);
    for (const sink of this.sinks) sink.start?.({ epochNs, machine: this.machine, programs, interfaces });
  }

  /** The packets that follow are the window's; the first has number `first` in the run. */
  enter(window: Window, first: number): void {
    const { trace, arrival, hash, queue, base } = window;
    this.set([
      [LOOP_ARRIVAL, arrival.byteOffset], [LOOP_OFFSET, trace.offset.byteOffset], [LOOP_LENGTH, trace.length.byteOffset], [LOOP_WIRE, trace.originalLength.byteOffset],
      [LOOP_HASH, hash.byteOffset], [LOOP_QUEUE, queue.byteOffset], [LOOP_IFACE, trace.iface.byteOffset], [LOOP_PORT, trace.port.byteOffset], [LOOP_FRAMES, base],
    ]);
    this.values[LOOP_FIRST / 8] = first;
  }

  /** Takes packets from `from` up to the one before `count`, as many as can be decided; returns how many of them are to run. */
  receive(from: number, count: number): number {
    return this.space.exports.receive(this.address, from, count);
  }

  /** What became of the packets received, when those that run have run. Returns the number of the one behind them. */
  complete(): number {
    this.space.exports.complete(this.address);
    this.publish();
    return this.words[LOOP_TO / 4];
  }

  /** Describes packets `from` to `to` - 1 at their places: addresses of u32 for each, 0xffffffff for those that do not run. */
  describeAll(from: number, to: number, places: number): void {
    this.words[LOOP_PLACES / 4] = places;
    this.space.exports.describe_all(this.address, from, to);
  }

  /** What became of packets `from` to `to` - 1, which have run before the device was asked. */
  completeExecuted(from: number, to: number, places: number): void {
    for (let at = from; at < to; at += this.rows) {
      this.words[LOOP_PLACES / 4] = places + (at - from) * 4;
      this.space.exports.complete_executed(this.address, at, Math.min(to, at + this.rows));
      this.publish();
    }
  }

  /** Packets of each capture interface. */
  get interfaceCounts(): ReturnType<Tally["interfaces"]> {
    return this.tally.interfaces(this.interfaces.length);
  }

  private publish(): void {
    const { words, tally, columns } = this;
    const result = words[LOOP_FAULT_RESULT / 4];
    if (result !== 0 && tally.firstFault === undefined) tally.fault(this.machine, this.view, result, this.values[LOOP_FIRST / 8] + words[LOOP_FAULT_PACKET / 4]);
    const count = words[LOOP_TO / 4] - words[LOOP_FROM / 4];
    if (count === 0) return;
    if (columns !== undefined) columns.count = count;
    for (const sink of this.sinks) sink.batch?.((columns ?? NOTHING) as Columns);
  }

  private set(fields: readonly (readonly [field: number, value: number])[]): void {
    for (const [field, value] of fields) this.words[field / 4] = value;
  }
}

/** What sinks get that read no columns. */
const NOTHING = { count: 0 };

function placeIndirection(layout: MachineView["layout"], table: Uint16Array): number {
  const address = layout.allocate(table.byteLength, 64, "the baseline's indirection table");
  new Uint16Array(layout.buffer, address, table.length).set(table);
  return address;
}
