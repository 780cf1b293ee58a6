/**
 * What a NIC counts, by the names that `ethtool -S` shows.
 */

/** Verdicts by their code in `enum xdp_action`. */
const VERDICT_COUNTERS = ["rx_xdp_aborted", "rx_xdp_drop", "rx_xdp_pass", "rx_xdp_tx", "rx_xdp_redirect"] as const;

/** What came to one receive queue. */
export interface QueueCounts {
  /** Packets that the queue took, by verdict code 0 to 4 (codes above count as aborted, as drivers do), and their bytes. */
  readonly verdicts: readonly number[];
  readonly bytes: number;
  /** Packets for which its ring had no room. */
  readonly drops: number;
}

/** What came to a NIC. Every packet is in exactly one of: an error, a miss, a drop of a queue, or a verdict. */
export interface NicCounts {
  /** Bytes of good packets that arrived at a port, of those dropped for want of room too. */
  readonly rxBytes: number;
  /** Frames too short or too long to be received. */
  readonly lengthErrors: number;
  /** Dropped in the MAC, before any queue. */
  readonly missed: number;
  readonly txBytes: number;
  readonly queues: readonly QueueCounts[];
}

/** All counters by name, in ethtool's order: totals, errors, XDP, then queue by queue. */
export function ethtoolCounters({ rxBytes, lengthErrors, missed, txBytes, queues }: NicCounts): Record<string, number> {
  const verdicts = VERDICT_COUNTERS.map((_, code) => sum(queues.map((queue) => queue.verdicts[code])));
  const drops = sum(queues.map((queue) => queue.drops));
  const out: Record<string, number> = {
    rx_packets: sum(verdicts) + missed + drops,
    rx_bytes: rxBytes,
    tx_packets: verdicts[3],
    tx_bytes: txBytes,
    rx_length_errors: lengthErrors,
    rx_missed_errors: missed,
    rx_out_of_buffer: drops,
  };
  for (const code of [1, 2, 3, 4, 0]) out[VERDICT_COUNTERS[code]] = verdicts[code];
  for (const [q, queue] of queues.entries()) {
    out[`rx_queue_${q}_packets`] = sum(queue.verdicts);
    out[`rx_queue_${q}_bytes`] = queue.bytes;
    out[`rx_queue_${q}_drops`] = queue.drops;
  }
  return out;
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
