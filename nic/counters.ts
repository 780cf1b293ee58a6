/**
 * What a NIC counts, by the names that `ethtool -S` shows.
 */

/** Verdicts by their code in `enum xdp_action`; codes above are counted as aborted, as drivers do. */
const VERDICT_COUNTERS = ["rx_xdp_aborted", "rx_xdp_drop", "rx_xdp_pass", "rx_xdp_tx", "rx_xdp_redirect"] as const;

/** Counters of one NIC. Every packet received is in exactly one of: an error, a miss, a drop of a queue, or a verdict. */
export class NicCounters {
  /** Good packets and bytes that arrived at a port, those dropped for want of room included. */
  rxPackets = 0;
  rxBytes = 0;
  /** Frames too short or too long to be received. */
  rxLengthErrors = 0;
  /** Dropped in the MAC, before any queue. */
  rxMissedErrors = 0;
  txPackets = 0;
  txBytes = 0;
  /** By queue: packets and bytes that the queue took, and packets for which its ring had no room. */
  readonly queuePackets: Float64Array;
  readonly queueBytes: Float64Array;
  readonly queueDrops: Float64Array;
  /** By verdict code 0 to 4. */
  readonly verdicts = new Float64Array(VERDICT_COUNTERS.length);

  constructor(queues: number) {
    this.queuePackets = new Float64Array(queues);
    this.queueBytes = new Float64Array(queues);
    this.queueDrops = new Float64Array(queues);
  }

  /** A frame too short or too long; it reaches no queue and no program. */
  lengthError(): void {
    this.rxLengthErrors++;
  }

  /** A frame that the MAC had no room for. */
  missed(bytes: number): void {
    this.rxPackets++;
    this.rxBytes += bytes;
    this.rxMissedErrors++;
  }

  /** A frame that the ring of `queue` had no room for. */
  ringFull(queue: number, bytes: number): void {
    this.rxPackets++;
    this.rxBytes += bytes;
    this.queueDrops[queue]++;
  }

  /** A frame that the queue took and the program judged; `sent` is its length if it was transmitted. */
  processed(queue: number, bytes: number, verdict: number, sent: number): void {
    this.rxPackets++;
    this.rxBytes += bytes;
    this.queuePackets[queue]++;
    this.queueBytes[queue] += bytes;
    const code = verdict < VERDICT_COUNTERS.length ? verdict : 0;
    this.verdicts[code]++;
    if (code === 3) {
      this.txPackets++;
      this.txBytes += sent;
    }
  }

  /** All counters by name, in ethtool's order: totals, errors, XDP, then queue by queue. */
  toJSON(): Record<string, number> {
    const out: Record<string, number> = {
      rx_packets: this.rxPackets,
      rx_bytes: this.rxBytes,
      tx_packets: this.txPackets,
      tx_bytes: this.txBytes,
      rx_length_errors: this.rxLengthErrors,
      rx_missed_errors: this.rxMissedErrors,
      rx_out_of_buffer: sum(this.queueDrops),
    };
    for (let i = 1; i < VERDICT_COUNTERS.length; i++) out[VERDICT_COUNTERS[i]] = this.verdicts[i];
    out[VERDICT_COUNTERS[0]] = this.verdicts[0];
    for (let q = 0; q < this.queuePackets.length; q++) {
      out[`rx_queue_${q}_packets`] = this.queuePackets[q];
      out[`rx_queue_${q}_bytes`] = this.queueBytes[q];
      out[`rx_queue_${q}_drops`] = this.queueDrops[q];
    }
    return out;
  }
}

function sum(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
