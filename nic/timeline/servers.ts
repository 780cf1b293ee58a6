/**
 * What serves packets, and when the next one is free. Times are ns on the device clock.
 */

/** A pool of equal servers: each packet goes to the one that is free first. A binary heap of the times at which they get free. */
export class ServerPool {
  private readonly free: Float64Array;

  constructor(servers: number) {
    this.free = new Float64Array(servers);
  }

  get size(): number {
    return this.free.length;
  }

  /** When the first server is free. */
  get earliest(): number {
    return this.free[0];
  }

  /** Keeps the server that is free first busy until `time`. */
  occupy(time: number): void {
    const { free } = this;
    const size = free.length;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= size) break;
      if (child + 1 < size && free[child + 1] < free[child]) child++;
      if (free[child] >= time) break;
      free[at] = free[child];
      at = child;
    }
    free[at] = time;
  }
}
