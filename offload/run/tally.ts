/** What a run counts beside the models: verdicts by queue, drops, packets by interface, the first fault. The loop counts; this reads. */
import { ethtoolCounters } from "../../nic/index.js";
import type { QueueCounts } from "../../nic/index.js";
import { describeFault, readFault, VERDICTS } from "../../xdp/index.js";
import type { Layout, MachineView } from "../../xdp/index.js";
import {
  INTERFACE_BYTES, INTERFACE_LOST, INTERFACE_PACKETS, INTERFACE_STOPPED, INTERFACES, LOOP_BYTES, LOOP_ERROR_BYTES, LOOP_ERRORS, LOOP_FAULTS, LOOP_MISSED, LOOP_PACKETS, LOOP_TOTAL_BYTES,
  LOOP_TX_BYTES, QUEUE_BYTES, QUEUE_DROPS, QUEUE_TALLY_BYTES, QUEUE_VERDICTS,
} from "../runtime/abi.js";
import type { Drops, FaultResult, InterfaceCount, QueueResult } from "../types.js";

const KINDS = VERDICTS.length;

export class Tally {
  firstFault: FaultResult | undefined;
  /** Addresses of the tallies by queue and by interface. */
  readonly queuesAt: number;
  readonly interfacesAt: number;
  private readonly totals: Float64Array;
  private readonly byQueueAndKind: Float64Array;
  private readonly byInterface: Float64Array;
  private readonly queues: number;

  /** `loop`: where the loop's state lies. */
  constructor(layout: Layout, loop: number, queues: number) {
    this.queues = queues;
    this.queuesAt = layout.allocate(queues * QUEUE_TALLY_BYTES, 64, "tallies of queues");
    this.interfacesAt = layout.allocate(INTERFACES * INTERFACE_BYTES, 64, "tallies of interfaces");
    const { buffer } = layout;
    this.totals = new Float64Array(buffer, loop, LOOP_BYTES / 8);
    this.byQueueAndKind = new Float64Array(buffer, this.queuesAt, (queues * QUEUE_TALLY_BYTES) / 8);
    this.byInterface = new Float64Array(buffer, this.interfacesAt, (INTERFACES * INTERFACE_BYTES) / 8);
  }

  /** Packets and bytes received, packets that ran, and those that faulted. */
  get packets(): number {
    return this.totals[LOOP_PACKETS / 8];
  }
  get bytes(): number {
    return this.totals[LOOP_TOTAL_BYTES / 8];
  }
  get executed(): number {
    return this.counts.reduce((all, { verdicts }) => all + sum(verdicts), 0);
  }
  get faults(): number {
    return this.totals[LOOP_FAULTS / 8];
  }

  /** Remembers the first fault; `result` is the address of its packet's result, `packet` its number in the run. */
  fault(machine: MachineView, view: DataView, result: number, packet: number): void {
    const record = readFault(view, result);
    if (record === undefined) return;
    const description = describeFault(machine, record);
    const line = machine.programs[record.program]?.spec.lines.findLast((one) => one.insn <= record.insn);
    this.firstFault = {
      packet,
      kind: description.message.slice(description.message.indexOf(": ") + 2),
      program: description.programName,
      insn: record.insn,
      address: `0x${record.address.toString(16)}`,
      ...(line === undefined ? {} : { line: { file: line.file, line: line.line, text: line.text.trim() } }),
    };
  }

  get drops(): Drops {
    return { ring: sum(this.counts.map(({ drops }) => drops)), mac: this.totals[LOOP_MISSED / 8], length: this.totals[LOOP_ERRORS / 8] };
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
    const { totals } = this;
    return ethtoolCounters({
      rxBytes: this.bytes - totals[LOOP_ERROR_BYTES / 8],
      lengthErrors: totals[LOOP_ERRORS / 8],
      missed: totals[LOOP_MISSED / 8],
      txBytes: totals[LOOP_TX_BYTES / 8],
      queues: this.counts,
    });
  }

  /** Of the first `count` capture interfaces. */
  interfaces(count: number): InterfaceCount[] {
    const { byInterface } = this;
    return Array.from({ length: count }, (_, iface) => {
      const at = (iface * INTERFACE_BYTES) / 8;
      return { packets: byInterface[at + INTERFACE_PACKETS / 8], stopped: byInterface[at + INTERFACE_STOPPED / 8], lost: byInterface[at + INTERFACE_LOST / 8] };
    });
  }

  private get counts(): QueueCounts[] {
    return Array.from({ length: this.queues }, (_, queue) => {
      const at = (queue * QUEUE_TALLY_BYTES) / 8;
      const one = this.byQueueAndKind;
      return { verdicts: [...one.subarray(at + QUEUE_VERDICTS / 8, at + QUEUE_VERDICTS / 8 + KINDS)], bytes: one[at + QUEUE_BYTES / 8], drops: one[at + QUEUE_DROPS / 8] };
    });
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
