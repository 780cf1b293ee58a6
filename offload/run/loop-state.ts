/** The state of a run's loop in the machine's memory, which its wasm works on. Every worker has one. */
import type { Nic } from "../../nic/index.js";
import type { MachineView } from "../../xdp/index.js";
import {
  LOOP_ARRIVAL, LOOP_BASELINE, LOOP_BASELINE_MAX_FRAME, LOOP_BATCH, LOOP_BYTES, LOOP_COLUMNS, LOOP_DESCRIPTORS, LOOP_DEVICE, LOOP_EPOCH, LOOP_FIRST, LOOP_FRAMES, LOOP_FROM, LOOP_HASH,
  LOOP_IFACE, LOOP_INDIRECTION, LOOP_INDIRECTION_MASK, LOOP_INTERFACES, LOOP_LENGTH, LOOP_MAX_FRAME, LOOP_OFFSET, LOOP_OWNERS, LOOP_PORT, LOOP_QUEUE, LOOP_QUEUES, LOOP_RESULTS, LOOP_ROWS,
  LOOP_ROW_TABLE, LOOP_SLOTS, LOOP_SLOT_BY_PACKET, LOOP_STRIDE, LOOP_TAKEN, LOOP_TO, LOOP_WIRE, LOOP_WORKER, ROW_BYTES,
} from "../runtime/abi.js";
import type { Columns } from "./columns.js";
import type { DeviceModel } from "./model.js";
import { LoopTally } from "./tally.js";
import type { Window } from "./window.js";

/** The other place that is modelled, with its own steering. */
export interface Baseline {
  readonly model: DeviceModel;
  readonly nic: Nic;
}

/** What all loops of a run know of its devices. */
export interface Devices {
  readonly machine: MachineView;
  readonly nic: Nic;
  readonly device: DeviceModel;
  readonly baseline: Baseline | undefined;
}

/** Room for the rows of so many packets on their way through the models; its address. */
export function allocateRows({ layout }: MachineView, count: number): number {
  return layout.allocate(count * ROW_BYTES, 64, "rows of packets");
}

export class LoopState {
  readonly address: number;
  readonly tally: LoopTally;
  private readonly words: Uint32Array;
  private readonly values: Float64Array;
  private readonly epoch: BigUint64Array;

  /** `worker`: whose area it works in. */
  constructor({ machine, nic, device, baseline }: Devices, worker: number, steering: number) {
    const { layout } = machine;
    const { descriptors, results, slots, slotStride, batchSize } = machine.workers[worker];
    const address = layout.allocate(LOOP_BYTES, 64, "the loop of the run");
    this.address = address;
    this.tally = new LoopTally(layout, address, nic.spec.queues);
    const taken = layout.allocate(batchSize * 4, 64, "packets of a batch");
    const { buffer } = layout;
    this.words = new Uint32Array(buffer, address, LOOP_BYTES / 4);
    this.values = new Float64Array(buffer, address, LOOP_BYTES / 8);
    this.epoch = new BigUint64Array(buffer, address + LOOP_EPOCH, 1);
    this.set([
      [LOOP_DEVICE, device.address], [LOOP_BASELINE, baseline?.model.address ?? 0], [LOOP_MAX_FRAME, nic.maxFrame], [LOOP_BASELINE_MAX_FRAME, baseline?.nic.maxFrame ?? 0],
      [LOOP_INDIRECTION, steering], [LOOP_INDIRECTION_MASK, (baseline?.nic.rss.indirection.length ?? 1) - 1], [LOOP_QUEUES, this.tally.queuesAt], [LOOP_INTERFACES, this.tally.interfacesAt],
      [LOOP_DESCRIPTORS, descriptors], [LOOP_RESULTS, results], [LOOP_SLOTS, slots], [LOOP_STRIDE, slotStride], [LOOP_BATCH, batchSize], [LOOP_TAKEN, taken],
    ]);
  }

  /** One of several: `owners` is the address of each queue's worker. */
  share(worker: number, owners: number): void {
    this.set([[LOOP_WORKER, worker], [LOOP_OWNERS, owners]]);
  }

  /** Time 0 of the device clock, ns since 1970. */
  setEpoch(epochNs: bigint): void {
    this.epoch[0] = BigInt.asUintN(64, epochNs);
  }

  /** The packets that follow are the window's; the first has number `first` in the run. */
  enter({ trace, arrival, hash, queue, base }: Window, first: number): void {
    this.set([
      [LOOP_ARRIVAL, arrival.byteOffset], [LOOP_OFFSET, trace.offset.byteOffset], [LOOP_LENGTH, trace.length.byteOffset], [LOOP_WIRE, trace.originalLength.byteOffset],
      [LOOP_HASH, hash.byteOffset], [LOOP_QUEUE, queue.byteOffset], [LOOP_IFACE, trace.iface.byteOffset], [LOOP_PORT, trace.port.byteOffset], [LOOP_FRAMES, base],
    ]);
    this.values[LOOP_FIRST / 8] = first;
  }

  /** A batch, or a round, has at most so many packets; sinks read these columns, where any does. */
  limit(packets: number, columns: Columns | undefined): void {
    this.set([[LOOP_ROWS, packets], [LOOP_COLUMNS, columns?.address ?? 0]]);
  }

  /** Rows of the batch, or of the round, begin at `address`. */
  rowsAt(address: number): void {
    this.set([[LOOP_ROW_TABLE, address]]);
  }

  /** Packets are kept at `slots`, one a row, when they have run. */
  keep(slots: number): void {
    this.set([[LOOP_SLOTS, slots], [LOOP_SLOT_BY_PACKET, 1]]);
  }

  /** The packets of the window that the loop is at. */
  setRange(from: number, to: number): void {
    this.set([[LOOP_FROM, from], [LOOP_TO, to]]);
  }
  get from(): number {
    return this.words[LOOP_FROM / 4];
  }
  get to(): number {
    return this.words[LOOP_TO / 4];
  }

  private set(fields: readonly (readonly [field: number, value: number])[]): void {
    for (const [field, value] of fields) this.words[field / 4] = value;
  }
}

/** Places the baseline's queues by hash in the machine's memory; 0 where there is none. */
export function placeSteering({ machine, baseline }: Devices): number {
  if (baseline === undefined) return 0;
  const table = baseline.nic.rss.indirection;
  const address = machine.layout.allocate(table.byteLength, 64, "the baseline's indirection table");
  new Uint16Array(machine.layout.buffer, address, table.length).set(table);
  return address;
}
