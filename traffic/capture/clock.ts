/**
 * Timestamps of a capture as nanoseconds after its first packet: exact, without a BigInt a packet.
 * Absolute nanoseconds do not fit a double (2^53 ns are 104 days), differences do, so seconds and fraction stay apart.
 */

/** Time 0 of a capture: the timestamp of its first packet. */
export class CaptureClock {
  started = false;
  /** Whole seconds since 1970. */
  epochSeconds = 0;
  /** Nanoseconds after {@link epochSeconds}. */
  epochFraction = 0;

  /** The first packet's timestamp; later calls change nothing. */
  start(seconds: number, nanoseconds: number): void {
    if (this.started) return;
    this.started = true;
    this.epochSeconds = seconds;
    this.epochFraction = nanoseconds;
  }

  /** Nanoseconds since 1970 of time 0; 0 until the first packet with a timestamp. */
  get epochNs(): bigint {
    return BigInt(this.epochSeconds) * 1_000_000_000n + BigInt(this.epochFraction);
  }

  /** Nanoseconds after time 0; exact within 104 days of it. */
  relative(seconds: number, nanoseconds: number): number {
    return (seconds - this.epochSeconds) * 1e9 + (nanoseconds - this.epochFraction);
  }
}

/** Splits 64-bit tick counts into seconds and nanoseconds (rounded down). Results are in fields, so that nothing is allocated. */
export class TickSplitter {
  readonly ticksPerSecond: number;
  seconds = 0;
  nanoseconds = 0;
  readonly #wide: bigint;
  readonly #perTick: number;

  /** `ticksPerSecond` is a power of 10 up to 10^19 or a power of 2 up to 2^63. */
  constructor(ticksPerSecond: bigint) {
    this.ticksPerSecond = Number(ticksPerSecond);
    this.#wide = ticksPerSecond;
    const perTick = 1e9 / this.ticksPerSecond;
    this.#perTick = Number.isInteger(perTick) ? perTick : 0;
  }

  split(high: number, low: number): void {
    const d = this.ticksPerSecond;
    if (d > MAX_NARROW) {
      this.#splitWide(high, low);
      return;
    }
    // Schoolbook division, 16 bits at a time: each partial dividend stays below 2^53.
    let rest = high % d;
    let quotient = Math.floor(high / d) * 0x1_0000_0000;
    let part = rest * 0x1_0000 + (low >>> 16);
    rest = part % d;
    quotient += ((part - rest) / d) * 0x1_0000;
    part = rest * 0x1_0000 + (low & 0xffff);
    rest = part % d;
    this.seconds = quotient + (part - rest) / d;
    this.nanoseconds = this.#perTick > 0 ? rest * this.#perTick : scaleToNano(rest, d);
  }

  /** Finer than picoseconds or so: never seen in captures of real networks, so simple before fast. */
  #splitWide(high: number, low: number): void {
    const ticks = (BigInt(high) << 32n) | BigInt(low);
    const seconds = ticks / this.#wide;
    this.seconds = Number(seconds);
    this.nanoseconds = Number(((ticks - seconds * this.#wide) * 1_000_000_000n) / this.#wide);
  }
}

/** Above this, 16 more bits (or a factor of 1000) would leave the exact integers of a double. */
const MAX_NARROW = 2 ** 36;

/** `rest * 1e9 / d` rounded down, three decimal digits at a time so that every product is exact. */
function scaleToNano(rest: number, d: number): number {
  let result = 0;
  for (let i = 0; i < 3; i++) {
    const scaled = rest * 1000;
    rest = scaled % d;
    result = result * 1000 + (scaled - rest) / d;
  }
  return result;
}
