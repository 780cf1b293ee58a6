/** Times of packets to be written, split for the file formats without a BigInt a packet. */
import { CaptureError } from "./errors.js";

/** Absolute times from an epoch (BigInt, set rarely) and offsets to it. Results are in fields, so that nothing is allocated. */
export class OutputClock {
  /** Whole seconds since 1970 of the last {@link split}, and the nanoseconds after them. */
  seconds = 0;
  nanoseconds = 0;
  #epochNs = 0n;
  #epochSeconds = 0;
  #epochFraction = 0;

  /** What times are relative to, nanoseconds since 1970. */
  get epochNs(): bigint {
    return this.#epochNs;
  }

  set epochNs(value: bigint) {
    this.#epochNs = value;
    const fraction = ((value % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
    this.#epochFraction = Number(fraction);
    this.#epochSeconds = Number((value - fraction) / 1_000_000_000n);
  }

  /** Splits the time `timeNs` after the epoch; parts of nanoseconds are dropped. */
  split(timeNs: number, maxSeconds: number, file: string, packet: number): void {
    const whole = Math.floor(timeNs / 1e9);
    let seconds = this.#epochSeconds + whole;
    let nanoseconds = this.#epochFraction + Math.floor(timeNs - whole * 1e9);
    if (nanoseconds >= 1e9) {
      nanoseconds -= 1e9;
      seconds++;
    }
    if (!(seconds >= 0 && seconds <= maxSeconds)) {
      throw new CaptureError(
        { file, packet },
        `a time ${seconds} seconds after 1970 does not fit the format`,
        "check the epoch and the packet's time",
      );
    }
    this.seconds = seconds;
    this.nanoseconds = nanoseconds;
  }
}
