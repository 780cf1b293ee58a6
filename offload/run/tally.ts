/** What a run counts beside the models: verdicts by queue, drops, the first fault. */
import type { NicCounters } from "../../nic/index.js";
import { describeFault, readFault, VERDICTS } from "../../xdp/index.js";
import type { MachineView } from "../../xdp/index.js";
import type { Drops, FaultResult, QueueResult } from "../types.js";

const KINDS = VERDICTS.length;

export class Tally {
  packets = 0;
  bytes = 0;
  executed = 0;
  /** Packets that never ran, by FATE_*. */
  readonly fates = new Float64Array(4);
  faults = 0;
  firstFault: FaultResult | undefined;
  /** verdicts[queue * KINDS + verdict]. */
  readonly verdicts: Float64Array;
  private readonly queues: number;

  constructor(queues: number) {
    this.queues = queues;
    this.verdicts = new Float64Array(queues * KINDS);
  }

  verdict(queue: number, verdict: number): void {
    this.executed++;
    this.verdicts[queue * KINDS + verdict]++;
  }

  /** A packet that faulted; `result` is the address of its result. */
  fault(machine: MachineView, view: DataView, result: number, packet: number): void {
    this.faults++;
    if (this.firstFault !== undefined) return;
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
    return { ring: this.fates[1], mac: this.fates[2], length: this.fates[3] };
  }

  /** By name; those that a reader looks for are always there. */
  totals(): Record<string, number> {
    const sums = new Float64Array(KINDS);
    for (let i = 0; i < this.verdicts.length; i++) sums[i % KINDS] += this.verdicts[i];
    return named(sums, ["XDP_DROP", "XDP_PASS", "XDP_TX"]);
  }

  byQueue(counters: NicCounters): QueueResult[] {
    return Array.from({ length: this.queues }, (_, queue) => ({
      queue,
      packets: counters.queuePackets[queue],
      bytes: counters.queueBytes[queue],
      drops: counters.queueDrops[queue],
      verdicts: named(this.verdicts.subarray(queue * KINDS, (queue + 1) * KINDS), []),
    }));
  }
}

function named(counts: Float64Array, always: readonly string[]): Record<string, number> {
  const out: Record<string, number> = {};
  for (let i = 0; i < KINDS; i++) {
    const name = VERDICTS[i];
    if (counts[i] > 0 || always.includes(name)) out[name] = counts[i];
  }
  return out;
}

/** The verdict that a return value stands for. */
export function verdictOf(ret: number): number {
  return ret < KINDS ? ret : 0;
}
