/** What a program's packets cost, kept so that any device can be tried on them without running the program again. */
import type { CaptureInterface } from "../../traffic/index.js";
import type { Columns } from "../run/columns.js";
import { FATE_RAN } from "../types.js";
import type { PacketBatch, RunStart, Sink } from "../types.js";

/** Packets that are kept: enough for any mix, little enough for any machine (22 bytes each). */
export const MOST_PACKETS = 1_000_000;

/** Columns of packets, in arrival order. */
export interface Packets {
  readonly count: number;
  readonly low: Uint32Array;
  readonly high: Uint32Array;
  readonly hash: Uint32Array;
  readonly wire: Uint32Array;
  /** Bytes after the program. */
  readonly length: Uint32Array;
  readonly verdict: Uint8Array;
}

/** The packets that ran. */
export class PathRecord implements Sink, Packets {
  count = 0;
  /** Packets seen beyond {@link MOST_PACKETS}, and packets that never ran. */
  beyond = 0;
  notRun = 0;
  low = new Uint32Array(4096);
  high = new Uint32Array(4096);
  hash = new Uint32Array(4096);
  wire = new Uint32Array(4096);
  length = new Uint32Array(4096);
  verdict = new Uint8Array(4096);
  /** What each packet's traffic is called: index in `labels` and one more, 0 for no name. */
  label = new Uint8Array(4096);
  readonly labels: string[] = [];
  private readonly labelOf: (iface: CaptureInterface) => string | undefined;
  private readonly byInterface: number[] = [];
  private interfaces: readonly CaptureInterface[] = [];

  constructor(labelOf: (iface: CaptureInterface) => string | undefined = () => undefined) {
    this.labelOf = labelOf;
  }

  start(run: RunStart): void {
    this.interfaces = run.interfaces;
  }

  batch(batch: PacketBatch): void {
    // The run's own columns, which hold the cost counters too.
    const columns = batch as Columns;
    for (let i = 0; i < columns.count; i++) {
      if (columns.fate[i] !== FATE_RAN) {
        this.notRun++;
        continue;
      }
      if (this.count === MOST_PACKETS) {
        this.beyond++;
        continue;
      }
      if (this.count === this.low.length) this.grow();
      const at = this.count++;
      this.low[at] = columns.costLow[i];
      this.high[at] = columns.costHigh[i];
      this.hash[at] = columns.hash[i];
      this.wire[at] = columns.wire[i];
      this.length[at] = columns.length[i] + columns.fragLength[i];
      this.verdict[at] = columns.verdict[i];
      this.label[at] = this.byInterface[columns.iface[i]] ?? this.meet(columns.iface[i]);
    }
  }

  private meet(iface: number): number {
    const name = this.labelOf(this.interfaces[iface]);
    let index = 0;
    if (name !== undefined) {
      index = this.labels.indexOf(name) + 1;
      if (index === 0) index = this.labels.push(name);
    }
    this.byInterface[iface] = index;
    return index;
  }

  private grow(): void {
    this.low = wider(this.low);
    this.high = wider(this.high);
    this.hash = wider(this.hash);
    this.wire = wider(this.wire);
    this.length = wider(this.length);
    this.verdict = narrowWider(this.verdict);
    this.label = narrowWider(this.label);
  }
}

/** The same with twice the room. */
function wider(from: Uint32Array): Uint32Array<ArrayBuffer> {
  const to = new Uint32Array(from.length * 2);
  to.set(from);
  return to;
}

function narrowWider(from: Uint8Array): Uint8Array<ArrayBuffer> {
  const to = new Uint8Array(from.length * 2);
  to.set(from);
  return to;
}
