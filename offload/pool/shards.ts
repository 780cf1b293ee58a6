/** Splits packets among workers by receive queue, so that each queue's packets stay with one worker and in order. */

import type { Layout } from "../../xdp/index.js";

/** Not given to any worker: the packet is none that the NIC receives. */
export const NOWHERE = 0xffffffff;

export interface Shards {
  /** Place in the shared tables of each packet, or NOWHERE; index from the first packet. */
  readonly place: Uint32Array;
  /** First place, and number of places, of each worker. */
  readonly start: Uint32Array;
  readonly count: Uint32Array;
}

/** Room for `packets` packets and `workers` workers; places lie in the machine's memory, where the run's loop reads them. */
export function makeShards(layout: Layout, packets: number, workers: number): Shards {
  const places = layout.allocate(packets * 4, 64, "places of packets");
  return { place: new Uint32Array(layout.buffer, places, packets), start: new Uint32Array(workers), count: new Uint32Array(workers) };
}

/**
 * Gives packets `from` to `to - 1` their places: worker = queue % workers, its places behind each other, in arrival order.
 * `receives` says which packets there are. Returns how many have places.
 */
export function shard(shards: Shards, queue: Uint16Array, from: number, to: number, receives: (packet: number) => boolean): number {
  const { place, start, count } = shards;
  const workers = start.length;
  count.fill(0);
  for (let i = from; i < to; i++) {
    if (receives(i)) {
      place[i - from] = 0;
      count[queue[i] % workers]++;
    } else place[i - from] = NOWHERE;
  }
  let next = 0;
  for (let w = 0; w < workers; w++) {
    start[w] = next;
    next += count[w];
    count[w] = 0;
  }
  for (let i = from; i < to; i++) {
    if (place[i - from] === NOWHERE) continue;
    const w = queue[i] % workers;
    place[i - from] = start[w] + count[w]++;
  }
  return next;
}
