/** What a run counts beside the models: verdicts by queue, drops, packets by interface, the first fault. The loop counts; this reads. */
import { ethtoolCounters } from "../../nic/index.js";
import type { QueueCounts } from "../../nic/index.js";
import { describeFault, readFault, VERDICTS } from "../../xdp/index.js";
import type { Layout, MachineView } from "../../xdp/index.js";
import {
  INTERFACE_BYTES, INTERFACE_LOST, INTERFACE_PACKETS, INTERFACE_STOPPED, INTERFACES, LOOP_BYTES, LOOP_ERROR_BYTES, LOOP_ERRORS, LOOP_FAULT_PACKET, LOOP_FAULT_RESULT, LOOP_FAULTS,
  LOOP_LOST_BYTES, LOOP_MISSED, LOOP_TX_BYTES, QUEUE_BYTES, QUEUE_DROPS, QUEUE_TALLY_BYTES, QUEUE_VERDICTS,
} from "../runtime/abi.js";
import type { Drops, FaultResult, InterfaceCount, QueueResult } from "../types.js";

const KINDS = VERDICTS.length;

/** Where one loop counts; every worker has one of its own. */
export class LoopTally {
  /** Addresses of the tallies by queue and by interface. */
  readonly queuesAt: number;
  readonly interfacesAt: number;
  readonly totals: Float64Array;
  readonly byQueue: Float64Array;
  readonly byInterface: Float64Array;
  /** Address of the result of the packet that faulted first. */
  readonly faultAt: number;

  /** `loop`: where the loop's state lies. */
  constructor(layout: Layout, loop: number, queues: number) {
    this.queuesAt = layout.allocate(queues * QUEUE_TALLY_BYTES, 64, "tallies of queues");
    this.interfacesAt = layout.allocate(INTERFACES * INTERFACE_BYTES, 64, "tallies of interfaces");
    this.faultAt = loop + LOOP_FAULT_RESULT;
    const { buffer } = layout;
    this.totals = new Float64Array(buffer, loop, LOOP_BYTES / 8);
    this.byQueue = new Float64Array(buffer, this.queuesAt, (queues * QUEUE_TALLY_BYTES) / 8);
    this.byInterface = new Float64Array(buffer, this.interfacesAt, (INTERFACES * INTERFACE_BYTES) / 8);
  }

  /** Packets that faulted, and the number in the run of the first. */
  get faults(): number {
    return this.totals[LOOP_FAULTS / 8];
  }
  get faultPacket(): number {
    return this.totals[LOOP_FAULT_PACKET / 8];
  }
}

/** What all loops of a run counted. */
export class Tally {
  private readonly loops: readonly LoopTally[];
  private readonly machine: MachineView;
  private readonly queues: number;

  constructor(loops: readonly LoopTally[], machine: MachineView, queues: number) {
    this.loops = loops;
    this.machine = machine;
    this.queues = queues;
  }

  /** Packets and bytes received, packets that ran, and those that faulted. */
  get packets(): number {
    const { ring, mac, length } = this.drops;
    return this.executed + ring + mac + length;
  }
  get bytes(): number {
    return sum(this.counts.map(({ bytes }) => bytes)) + this.total(LOOP_ERROR_BYTES) + this.total(LOOP_LOST_BYTES);
  }
  get executed(): number {
    return this.counts.reduce((all, { verdicts }) => all + sum(verdicts), 0);
  }
  get faults(): number {
    return this.total(LOOP_FAULTS);
  }

  /** The first in arrival order. */
  get firstFault(): FaultResult | undefined {
    const [first] = this.loops.filter(({ faults }) => faults > 0).toSorted((a, b) => a.faultPacket - b.faultPacket);
    const { machine } = this;
    const record = first === undefined ? undefined : readFault(new DataView(machine.layout.buffer), first.faultAt);
    if (record === undefined) return undefined;
    const description = describeFault(machine, record);
    const line = machine.programs[record.program]?.spec.lines.findLast((one) => one.insn <= record.insn);
    return {
      packet: first.faultPacket,
      kind: description.message.slice(description.message.indexOf(": ") + 2),
      program: description.programName,
      insn: record.insn,
      address: `0x${record.address.toString(16)}`,
      ...(line === undefined ? {} : { line: { file: line.file, line: line.line, text: line.text.trim() } }),
    };
  }

  get drops(): Drops {
    return { ring: sum(this.counts.map(({ drops }) => drops)), mac: this.total(LOOP_MISSED), length: this.total(LOOP_ERRORS) };
  }

  /** Packets by verdict; those that a reader looks for are always there. */
  get verdicts(): Record<string, number> {
    const { counts } = this;
    return named(VERDICTS.map((_, kind) => sum(counts.map(({ verdicts }) => verdicts[kind]))), ["XDP_DROP", "XDP_PASS", "XDP_TX"]);
  }

  byQueue(): QueueResult[] {
    return this.counts.map(({ verdicts, bytes, drops }, queue) => ({ queue, packets: sum(verdicts), bytes, drops, verdicts: named(verdicts, []) }));
  }

  /** As `ethtool -S` names them. */
  counters(): Record<string, number> {
    return ethtoolCounters({
      rxBytes: this.bytes - this.total(LOOP_ERROR_BYTES),
      lengthErrors: this.total(LOOP_ERRORS),
      missed: this.total(LOOP_MISSED),
      txBytes: this.total(LOOP_TX_BYTES),
      queues: this.counts,
    });
  }

  /** Of the first `count` capture interfaces. */
  interfaces(count: number): InterfaceCount[] {
    const of = (iface: number, field: number): number => sum(this.loops.map(({ byInterface }) => byInterface[(iface * INTERFACE_BYTES + field) / 8]));
    return Array.from({ length: count }, (_, iface) => ({ packets: of(iface, INTERFACE_PACKETS), stopped: of(iface, INTERFACE_STOPPED), lost: of(iface, INTERFACE_LOST) }));
  }

  private total(field: number): number {
    return sum(this.loops.map(({ totals }) => totals[field / 8]));
  }

  private get counts(): QueueCounts[] {
    const of = (queue: number, field: number): number => sum(this.loops.map(({ byQueue }) => byQueue[(queue * QUEUE_TALLY_BYTES + field) / 8]));
    return Array.from({ length: this.queues }, (_, queue) => ({
      verdicts: VERDICTS.map((__, kind) => of(queue, QUEUE_VERDICTS + kind * 8)),
      bytes: of(queue, QUEUE_BYTES),
      drops: of(queue, QUEUE_DROPS),
    }));
  }
}

function named(counts: readonly number[], always: readonly string[]): Record<string, number> {
  const out: Record<string, number> = {};
  for (let i = 0; i < KINDS; i++) {
    const name = VERDICTS[i];
    if (counts[i] > 0 || always.includes(name)) out[name] = counts[i];
  }
  return out;
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
