/** What a program's packets cost, kept so that any device can be tried on them without running the program again. */
import type { Columns } from "../run/columns.js";
import { FATE_RAN } from "../types.js";
import type { PacketBatch, Sink } from "../types.js";

/** Packets that are kept: enough for any mix, little enough for any machine (40 bytes each). */
export const MOST_PACKETS = 1_000_000;

/** Columns of the packets that ran, in arrival order. */
export class PathRecord implements Sink {
  count = 0;
  /** Packets seen beyond {@link MOST_PACKETS}, and packets that never ran. */
  beyond = 0;
  notRun = 0;
  low = new Uint32Array(4096);
  high = new Uint32Array(4096);
  hash = new Uint32Array(4096);
  wire = new Uint32Array(4096);
  /** Bytes after the program. */
  length = new Uint32Array(4096);
  verdict = new Uint8Array(4096);

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
    }
  }

  private grow(): void {
    const verdict = new Uint8Array(this.verdict.length * 2);
    verdict.set(this.verdict);
    this.verdict = verdict;
    this.low = wider(this.low);
    this.high = wider(this.high);
    this.hash = wider(this.hash);
    this.wire = wider(this.wire);
    this.length = wider(this.length);
  }
}

/** The same with twice the room. */
function wider(from: Uint32Array): Uint32Array<ArrayBuffer> {
  const to = new Uint32Array(from.length * 2);
  to.set(from);
  return to;
}
