/**
 * What serves packets, and when the next one is free. Times are ns on the device clock.
 */

/**
 * A pool of equal servers: each packet goes to the one that is free first, as threads queue for work. A binary heap of the
 * times at which they get free, with the server of each.
 */
export class ServerPool {
  private readonly free: Float64Array;
  private readonly server: Uint16Array;

  constructor(servers: number) {
    this.free = new Float64Array(servers);
    this.server = Uint16Array.from({ length: servers }, (_, i) => i);
  }

  get size(): number {
    return this.free.length;
  }

  /** When the first server is free, and which it is. */
  get earliest(): number {
    return this.free[0];
  }
  get first(): number {
    return this.server[0];
  }

  /** Keeps the server that is free first busy until `time`. */
  occupy(time: number): void {
    const { free, server } = this;
    const size = free.length;
    const id = server[0];
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= size) break;
      // Of servers that are free at once the one with the lower number comes first.
      if (child + 1 < size && (free[child + 1] < free[child] || (free[child + 1] === free[child] && server[child + 1] < server[child]))) child++;
      if (free[child] > time || (free[child] === time && server[child] > id)) break;
      free[at] = free[child];
      server[at] = server[child];
      at = child;
    }
    free[at] = time;
    server[at] = id;
  }
}
