/**
 * A figure over time at constant memory: its mean and maximum in equal stretches of time, which double in length whenever
 * the run outgrows them. Times must not run backwards by more than a stretch or two. Values are recorded in wasm
 * (nic/runtime/assembly/series.ts); this reads them.
 */
import { SERIES_BYTES, SERIES_COUNTS, SERIES_END, SERIES_MAX, SERIES_MOST, SERIES_START, SERIES_STEP, SERIES_SUMS } from "../runtime/abi.js";
import { OwnSpace } from "../runtime/runtime.js";
import type { DeviceSpace } from "../runtime/runtime.js";

/** A series as data. Stretch i begins at `startNs + i * stepNs`; NaN-free: a stretch without values has 0. */
export interface SeriesResult {
  readonly startNs: number;
  readonly stepNs: number;
  readonly mean: readonly number[];
  readonly max: readonly number[];
}

export class Series {
  private readonly address: number;
  private readonly space: DeviceSpace;
  private readonly values: Float64Array;

  /** `step`: length of the first stretches, ns. `address`: where it lies, zeroed; default: a place of its own. */
  constructor(step = 1000, space: DeviceSpace = new OwnSpace(), address = space.allocate(SERIES_BYTES, 64, "a series")) {
    this.space = space;
    this.address = address;
    this.values = new Float64Array(space.buffer, address, SERIES_BYTES / 8);
    this.values[SERIES_START / 8] = Number.NaN;
    this.values[SERIES_STEP / 8] = step;
  }

  /** Largest value. */
  get max(): number {
    return this.values[SERIES_MAX / 8];
  }

  record(time: number, value: number): void {
    this.space.exports.series_record(this.address, time, value);
  }

  toJSON(): SeriesResult {
    const { values } = this;
    const end = new Uint32Array(values.buffer, this.address, SERIES_BYTES / 4)[SERIES_END / 4];
    const column = (from: number, step: number): number[] => Array.from({ length: end }, (_, i) => values[(from + i * step) / 8]);
    const counts = column(SERIES_COUNTS, 16);
    const start = values[SERIES_START / 8];
    return {
      startNs: Number.isNaN(start) ? 0 : start,
      stepNs: values[SERIES_STEP / 8],
      mean: column(SERIES_SUMS, 16).map((sum, i) => (counts[i] === 0 ? 0 : sum / counts[i])),
      max: column(SERIES_MOST, 8),
    };
  }
}
