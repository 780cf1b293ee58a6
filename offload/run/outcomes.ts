/** What became of each packet: to the models, the counters and the sinks. */
import { Nic } from "../../nic/index.js";
import { ADMITTED } from "../../nic/index.js";
import type { CaptureInterface } from "../../traffic/index.js";
import type { MachineView } from "../../xdp/index.js";
import { FATE_LENGTH, FATE_MAC, FATE_RAN } from "../types.js";
import type { Sink } from "../types.js";
import type { Columns } from "./columns.js";
import type { DeviceModel } from "./model.js";
import { Tally } from "./tally.js";

/** XDP_DROP: what a packet counts as that never ran. */
const DROP = 1;

/** The other place that is modelled, with its own steering. */
export interface Baseline {
  readonly model: DeviceModel;
  readonly nic: Nic;
}

export class Outcomes {
  readonly tally: Tally;
  readonly baseline: Baseline | undefined;
  private readonly machine: MachineView;
  private readonly nic: Nic;
  private readonly model: DeviceModel;
  private readonly sinks: readonly Sink[];
  private readonly view: DataView;

  constructor(machine: MachineView, nic: Nic, model: DeviceModel, baseline: Baseline | undefined, sinks: readonly Sink[]) {
    this.machine = machine;
    this.nic = nic;
    this.model = model;
    this.baseline = baseline;
    this.sinks = sinks;
    this.tally = new Tally(nic.spec.queues);
    this.view = new DataView(machine.layout.buffer);
  }

  /** Before the first packet. */
  begin(epochNs: bigint, interfaces: readonly CaptureInterface[]): void {
    const programs = this.machine.programs.map((program) => program.spec.name);
    for (const sink of this.sinks) sink.start?.({ epochNs, machine: this.machine, programs, interfaces });
  }

  /** A packet that the device admitted has run; packets come in the order in which they were admitted. */
  complete(columns: Columns, row: number, result: number): void {
    const low = columns.costLow[row];
    const queue = columns.queue[row];
    const high = columns.costHigh[row];
    const service = this.model.service(low, high, columns.verdict[row]);
    columns.latency[row] = this.model.complete(service, low, high, queue, columns.time[row], columns.verdict[row], columns.port[row], columns.length[row] + columns.fragLength[row]) - columns.time[row];
    this.judged(columns, row, result);
  }

  /** A packet has run before the device was asked (`--parallel`): it counts as run, and a drop stays in the device's figures. */
  completeExecuted(columns: Columns, row: number, result: number): void {
    columns.latency[row] = 0;
    if (this.model.timeline.offer(columns.time[row], columns.queue[row]) === ADMITTED) this.complete(columns, row, result);
    else this.judged(columns, row, result);
  }

  private judged(columns: Columns, row: number, result: number): void {
    const verdict = columns.verdict[row];
    const queue = columns.queue[row];
    this.tally.verdict(queue, verdict);
    this.nic.counters.processed(queue, columns.wire[row], verdict, columns.length[row] + columns.fragLength[row]);
    if (columns.fault[row] !== 0) this.tally.fault(this.machine, this.view, result, columns.packet[row]);
  }

  /** Hands the rows on, in arrival order, and empties the columns. */
  publish(columns: Columns): void {
    const { count } = columns;
    if (count === 0) return;
    for (let row = 0; row < count; row++) this.account(columns, row);
    for (const sink of this.sinks) sink.batch(columns);
    columns.count = 0;
  }

  private account(columns: Columns, row: number): void {
    const { tally, model, nic, baseline } = this;
    const fate = columns.fate[row];
    const wire = columns.wire[row];
    tally.packets++;
    tally.bytes += wire;
    if (fate !== FATE_RAN) tally.fates[fate]++;
    model.receive(columns.time[row], columns.port[row], wire);
    if (baseline !== undefined) this.accountBaseline(baseline, columns, row);
    if (fate === FATE_LENGTH) {
      nic.counters.lengthError();
      model.lengthError();
    } else if (fate === FATE_MAC) nic.counters.missed(wire);
    else if (fate !== FATE_RAN) nic.counters.ringFull(columns.queue[row], wire);
  }

  /** The baseline has its own rings. Of a packet that the device dropped nobody knows the path: it counts as a mean one. */
  private accountBaseline({ model, nic }: Baseline, columns: Columns, row: number): void {
    const time = columns.time[row];
    model.receive(time, Math.min(columns.port[row], nic.spec.ports - 1), columns.wire[row]);
    if (!nic.receives(columns.captured[row], columns.wire[row])) {
      model.lengthError();
      return;
    }
    const hash = columns.hash[row];
    const queue = hash === 0 ? 0 : nic.rss.indirection[hash & (nic.rss.indirection.length - 1)];
    if (model.timeline.offer(time, queue) !== ADMITTED) return;
    const ran = columns.fate[row] === FATE_RAN;
    const low = ran ? columns.costLow[row] : 0;
    const high = ran ? columns.costHigh[row] : 0;
    const verdict = ran ? columns.verdict[row] : DROP;
    const length = ran ? columns.length[row] + columns.fragLength[row] : columns.wire[row];
    model.complete(ran ? model.service(low, high, verdict) : model.meanService, low, high, queue, time, verdict, Math.min(columns.port[row], nic.spec.ports - 1), length);
  }
}
