/**
 * A histogram of durations with buckets that grow with the value: each is at most 1/64 wide of what it holds, so that a
 * percentile is within 1.6 % of the exact one at constant memory, and the order of the values does not matter.
 * Values are recorded in wasm (nic/runtime/assembly/histogram.ts); this reads them.
 */
import { HIST_BUCKETS, HIST_BYTES, HIST_COUNT, HIST_EXPONENTS, HIST_LOWEST, HIST_MAX, HIST_SUB_BITS, HIST_SUM } from "../runtime/abi.js";
import { OwnSpace } from "../runtime/runtime.js";
import type { DeviceSpace } from "../runtime/runtime.js";

const SUB = 1 << HIST_SUB_BITS;

export class Histogram {
  private readonly address: number;
  private readonly space: DeviceSpace;
  private readonly values: Float64Array;

  /** `address`: where it lies, zeroed; default: a place of its own. */
  constructor(space: DeviceSpace = new OwnSpace(), address = space.allocate(HIST_BYTES, 64, "a histogram")) {
    this.space = space;
    this.address = address;
    this.values = new Float64Array(space.buffer, address, HIST_BYTES / 8);
  }

  /** Values recorded. */
  get count(): number {
    return this.values[HIST_COUNT / 8];
  }

  /** Their sum, and the largest. */
  get sum(): number {
    return this.values[HIST_SUM / 8];
  }
  get max(): number {
    return this.values[HIST_MAX / 8];
  }

  /** Records a duration of 0 or more. */
  record(value: number): void {
    this.space.exports.histogram_record(this.address, value);
  }

  /** The value below or at which a `share` (0 to 1) of the values lies: upper edge of its bucket, at most the maximum. 0 without values. */
  percentile(share: number): number {
    const { count, max, values } = this;
    if (count === 0) return 0;
    const rank = Math.max(1, Math.ceil(share * count));
    let seen = 0;
    for (let i = 0; i < HIST_EXPONENTS * SUB; i++) {
      seen += values[HIST_BUCKETS / 8 + i];
      if (seen >= rank) return Math.min(upperEdge(i), max);
    }
    return max;
  }

  get mean(): number {
    return this.count === 0 ? 0 : this.sum / this.count;
  }
}

function upperEdge(bucket: number): number {
  if (bucket === 0) return 2 ** HIST_LOWEST;
  const index = bucket - 1;
  return 2 ** (Math.floor(index / SUB) + HIST_LOWEST) * (1 + ((index % SUB) + 1) / SUB);
}
