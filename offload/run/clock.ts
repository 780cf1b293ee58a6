/** Device time as engines take it: u64 nanoseconds since 1970 in two 32-bit halves, without a BigInt a packet. */

export class DeviceClock {
  private readonly low: number;
  private readonly high: number;

  /** `epochNs`: time 0 of the device clock. */
  constructor(epochNs: bigint) {
    const epoch = BigInt.asUintN(64, epochNs);
    this.low = Number(epoch & 0xffffffffn);
    this.high = Number(epoch >> 32n);
  }

  /** Writes the time `ns` after the epoch (whole nanoseconds count) to `words[at]` and `words[at + 1]`. */
  write(words: Uint32Array, at: number, ns: number): void {
    const whole = Math.floor(ns);
    const upper = Math.floor(whole / 4294967296);
    const low = this.low + (whole - upper * 4294967296);
    words[at] = low;
    words[at + 1] = this.high + upper + (low >= 4294967296 ? 1 : 0);
  }
}
