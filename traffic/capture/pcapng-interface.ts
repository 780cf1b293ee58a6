/** One interface of a pcapng section: how its packets become frames, and its ticks nanoseconds. */
import type { CaptureClock } from "./clock.js";
import { TickSplitter } from "./clock.js";
import { linkGrowth, linkHandling } from "./link-type.js";
import type { LinkHandling } from "./link-type.js";
import type { InterfaceOptions } from "./pcapng-options.js";

/** State of an interface while its packets are read. */
export class PcapngInterface {
  /** Index over all sections: what the Trace's `iface` column holds. */
  readonly index: number;
  readonly linkType: number;
  /** Undefined for a link type that cannot be read: an error only if it has packets. */
  readonly handling: LinkHandling | undefined;
  readonly growth: number;
  readonly snaplen: number;
  readonly fcsBytes: number;
  readonly #clock: CaptureClock;
  readonly #ticks: TickSplitter;
  readonly #offsetSeconds: number;
  /** Nanoseconds in a tick where that is a small whole number: times then follow from {@link #base} by one product. */
  readonly #tickNs: number;
  /** Relative time of the tick count with {@link #baseHigh} as its high and 0 as its low half. */
  #base = 0;
  #baseHigh = -1;

  constructor(
    index: number,
    described: { readonly linkType: number; readonly snaplen: number; readonly options: InterfaceOptions },
    clock: CaptureClock,
  ) {
    const { linkType, snaplen, options } = described;
    this.index = index;
    this.linkType = linkType;
    this.snaplen = snaplen;
    this.fcsBytes = options.fcsBytes;
    this.handling = linkHandling(linkType);
    this.growth = this.handling === undefined ? 0 : linkGrowth(this.handling);
    this.#clock = clock;
    this.#ticks = new TickSplitter(options.ticksPerSecond);
    this.#offsetSeconds = options.offsetSeconds;
    const tickNs = 1e9 / this.#ticks.ticksPerSecond;
    this.#tickNs = Number.isInteger(tickNs) && tickNs <= MAX_FAST_TICK_NS ? tickNs : 0;
  }

  /** Nanoseconds after the capture's time 0; the first timestamp of all becomes time 0. */
  timeNs(high: number, low: number): number {
    if (high === this.#baseHigh) return this.#base + low * this.#tickNs;
    const ticks = this.#ticks;
    ticks.split(high, low);
    this.#clock.start(ticks.seconds + this.#offsetSeconds, ticks.nanoseconds);
    const time = this.#clock.relative(ticks.seconds + this.#offsetSeconds, ticks.nanoseconds);
    if (this.#tickNs > 0) this.#keepBase(high);
    return time;
  }

  /** Nanoseconds in a tick, where {@link base} is one to count from; 0 where {@link timeNs} has to be asked. */
  get tickNs(): number {
    return this.#baseHigh < 0 ? 0 : this.#tickNs;
  }

  /** The time of the tick count {@link baseHigh} * 2^32, ns. */
  get base(): number {
    return this.#base;
  }

  get baseHigh(): number {
    return this.#baseHigh;
  }

  #keepBase(high: number): void {
    this.#ticks.split(high, 0);
    const base = this.#clock.relative(this.#ticks.seconds + this.#offsetSeconds, this.#ticks.nanoseconds);
    this.#baseHigh = Math.abs(base) <= MAX_FAST_BASE_NS ? high : -1;
    this.#base = base;
  }
}

/** 2^32 ticks of a millisecond, and bases up to 2^52 ns, stay exact in a double. */
const MAX_FAST_TICK_NS = 1e6;
const MAX_FAST_BASE_NS = 2 ** 52;
