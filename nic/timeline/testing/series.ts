/** A figure over time, as TypeScript: what the wasm is tested against. */
import type { SeriesResult } from "../series.js";

const STRETCHES = 128;

export class Series {
  private readonly sum = new Float64Array(STRETCHES);
  private readonly count = new Float64Array(STRETCHES);
  private readonly most = new Float64Array(STRETCHES);
  private start = Number.NaN;
  private step: number;
  private end = 0;
  /** Largest value. */
  max = 0;

  /** `step`: length of the first stretches, ns. */
  constructor(step = 1000) {
    this.step = step;
  }

  record(time: number, value: number): void {
    if (Number.isNaN(this.start)) this.start = time;
    let at = Math.floor((time - this.start) / this.step);
    while (at >= STRETCHES) {
      this.double();
      at = Math.floor((time - this.start) / this.step);
    }
    this.sum[at] += value;
    this.count[at]++;
    if (value > this.most[at]) this.most[at] = value;
    if (value > this.max) this.max = value;
    if (at >= this.end) this.end = at + 1;
  }

  private double(): void {
    const { sum, count, most } = this;
    for (let i = 0; i < STRETCHES / 2; i++) {
      sum[i] = sum[2 * i] + sum[2 * i + 1];
      count[i] = count[2 * i] + count[2 * i + 1];
      most[i] = Math.max(most[2 * i], most[2 * i + 1]);
    }
    sum.fill(0, STRETCHES / 2);
    count.fill(0, STRETCHES / 2);
    most.fill(0, STRETCHES / 2);
    this.step *= 2;
    this.end = Math.ceil(this.end / 2);
  }

  toJSON(): SeriesResult {
    const mean: number[] = [];
    for (let i = 0; i < this.end; i++) mean.push(this.count[i] === 0 ? 0 : this.sum[i] / this.count[i]);
    return { startNs: Number.isNaN(this.start) ? 0 : this.start, stepNs: this.step, mean, max: [...this.most.subarray(0, this.end)] };
  }
}
