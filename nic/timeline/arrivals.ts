/**
 * When packets arrive, on the device clock: as the capture says, or spaced anew by a rate.
 */
import type { Trace } from "../../traffic/index.js";
import { MIN_FRAME, WIRE_OVERHEAD } from "../runtime/abi.js";

/** How packets are spaced. */
export type Rate =
  /** The capture's own times. */
  | { readonly kind: "pcap" }
  /** Back to back on every port. */
  | { readonly kind: "line" }
  /** Packets per second over all ports; evenly, where no pattern is given. */
  | { readonly kind: "packets"; readonly pps: number; readonly pattern?: Pattern }
  /** By size, bits per second on the wire (preamble, gap and FCS counted) over all ports. */
  | { readonly kind: "bits"; readonly bps: number; readonly pattern?: Pattern };

/** How packets of a rate come: at random, each independent of the others, or so many at once and then a pause. */
export type Pattern = { readonly kind: "poisson" } | { readonly kind: "bursts"; readonly packets: number };

export { MIN_FRAME, WIRE_OVERHEAD };

/** A rate that is exactly the line's comes this much late by rounding, ns. */
const TOLERANCE = 1;

/** Thrown for a rate that is none. */
export class RateError extends Error {
  readonly text: string;
  constructor(text: string) {
    super(`rate '${text}' is not one of pcap, line, a packet rate such as 10Mpps or 500kpps, or a bit rate such as 25Gbps or 800Mbps, with /poisson or /burst=32 behind it where packets do not come evenly`);
    this.name = "RateError";
    this.text = text;
  }
}

const SCALE: Readonly<Record<string, number>> = { "": 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 };

/** Reads `pcap`, `line`, `10Mpps`, `25Gbps` or `25Gb/s`, the rates also with `/poisson` or `/burst=32` behind them. Throws {@link RateError}. */
export function parseRate(text: string): Rate {
  const word = text.trim();
  if (word === "pcap") return { kind: "pcap" };
  if (word === "line") return { kind: "line" };
  const patterned = /^(.*)\/(poisson|burst=(\d+))$/i.exec(word);
  if (patterned !== null) return withPattern(text, patterned[1], patterned[3]);
  const match = /^(\d+(?:\.\d+)?|\.\d+)\s*([kmgt]?)(pps|bps|bit\/s|b\/s|p\/s)$/i.exec(word);
  if (match === null) throw new RateError(text);
  const value = Number(match[1]) * SCALE[match[2].toLowerCase()];
  if (!(value > 0) || !Number.isFinite(value)) throw new RateError(text);
  return match[3].toLowerCase().startsWith("p") ? { kind: "packets", pps: value } : { kind: "bits", bps: value };
}

function withPattern(text: string, even: string, burst: string | undefined): Rate {
  if (/\/(?:poisson|burst)/i.test(even)) throw new RateError(text);
  const rate = parseRate(even);
  const packets = Number(burst ?? 1);
  if ((rate.kind !== "packets" && rate.kind !== "bits") || packets < 1 || packets > 65536) throw new RateError(text);
  return { ...rate, pattern: burst === undefined ? { kind: "poisson" } : { kind: "bursts", packets } };
}

/** Bytes on the wire of a frame of `length` bytes without its check sequence. */
export function wireBytes(length: number): number {
  return (length < MIN_FRAME ? MIN_FRAME : length) + WIRE_OVERHEAD;
}

/**
 * Gives packets their arrival times, in order. Times never run backwards: a packet that the capture stamps earlier than
 * the one before it arrives together with that one. A port carries no more than its line rate: where the rate asks for more,
 * packets arrive as the line brings them. The capture's own times are taken as they are.
 */
export class Arrivals {
  private readonly rate: Rate;
  /** Time on a port's line, and time by the rate asked for, of a bit: ns. */
  private readonly lineNs: number;
  private readonly rateNs: number;
  /** When each port's line is free. */
  private readonly free: Float64Array;
  /** Next arrival by the rate. */
  private next = 0;
  private last = 0;
  private base = 0;
  private sent = 0;
  private readonly pattern: Pattern | undefined;
  /** State of the random numbers of a Poisson pattern: the same for every run. */
  private random = 0x2545f491;
  /** Packets of the burst that have come, and when it began. */
  private inBurst = 0;
  private burstAt = 0;
  /** Packets that arrived later than the rate asked, for the line was not free. */
  limited = 0;

  /** `linkBps` is the rate of one port, bits per second. */
  constructor(rate: Rate, ports: number, linkBps: number) {
    this.rate = rate;
    this.lineNs = 1e9 / linkBps;
    this.rateNs = rate.kind === "bits" ? 1e9 / rate.bps : 0;
    this.free = new Float64Array(ports);
    this.pattern = rate.kind === "packets" || rate.kind === "bits" ? rate.pattern : undefined;
  }

  /** Arrival of the latest packet, ns. */
  get now(): number {
    return this.last;
  }

  /**
   * The capture begins again (another loop): its times then follow what came before, one packet's mean spacing later.
   * `packets` is how many packets one pass has.
   */
  restart(packets: number): void {
    const span = this.last - this.base;
    this.base = this.last + (packets > 1 ? span / (packets - 1) : 0);
  }

  /** Writes the arrivals of all packets of `trace`, ns on the device clock, to `out`, which may be its column of times. */
  fill(trace: Trace, out: Float64Array): void {
    const { count } = trace;
    if (this.rate.kind === "pcap") {
      this.fillFromCapture(trace.time, count, out);
      return;
    }
    const spacing = this.rate.kind === "packets" ? 1e9 / this.rate.pps : 0;
    for (let i = 0; i < count; i++) {
      // From the packet's number, not by adding up: no rounding error grows.
      const even = this.rate.kind === "packets" && this.pattern?.kind !== "poisson" ? this.sent++ * spacing : this.next;
      const wanted = this.pattern?.kind === "bursts" ? this.burst(even, this.pattern.packets) : even;
      const bits = wireBytes(trace.originalLength[i]) * 8;
      const port = trace.port[i];
      const line = this.free[port];
      if (line - wanted > TOLERANCE && this.rate.kind !== "line" && this.pattern === undefined) this.limited++;
      const arrival = line > wanted ? line : wanted;
      out[i] = this.last = arrival > this.last ? arrival : this.last;
      this.free[port] = arrival + bits * this.lineNs;
      const mean = this.rate.kind === "packets" ? spacing : bits * this.rateNs;
      this.next += this.pattern?.kind === "poisson" ? mean * this.exponential() : mean;
    }
  }

  private fillFromCapture(time: Float64Array, count: number, out: Float64Array): void {
    const { base } = this;
    let { last } = this;
    let i = 0;
    // Times in order are arrivals as they stand.
    if (base === 0 && out === time) while (i < count && time[i] >= last) last = time[i++];
    for (; i < count; i++) {
      const at = base + time[i];
      if (at > last) last = at;
      out[i] = last;
    }
    this.last = last;
  }

  /** All packets of a burst come with its first, as fast as the line brings them. */
  private burst(even: number, packets: number): number {
    if (this.inBurst === 0) this.burstAt = even;
    this.inBurst = this.inBurst + 1 === packets ? 0 : this.inBurst + 1;
    return this.burstAt;
  }

  /** A time with mean 1, exponentially distributed (xorshift). */
  private exponential(): number {
    let x = this.random;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.random = x;
    return -Math.log(((x >>> 0) + 1) / 4294967297);
  }
}
