/**
 * When packets arrive, on the device clock: as the capture says, or spaced anew by a rate.
 */
import type { Trace } from "../../traffic/index.js";

/** How packets are spaced. */
export type Rate =
  /** The capture's own times. */
  | { readonly kind: "pcap" }
  /** Back to back on every port. */
  | { readonly kind: "line" }
  /** Evenly, packets per second over all ports. */
  | { readonly kind: "packets"; readonly pps: number }
  /** By size, bits per second on the wire (preamble, gap and FCS counted) over all ports. */
  | { readonly kind: "bits"; readonly bps: number };

/** Bytes that every frame takes on the wire beside its own: preamble, start and gap 20, frame check sequence 4. */
export const WIRE_OVERHEAD = 24;
/** Shortest frame without its check sequence; shorter ones are padded on the wire. */
export const MIN_FRAME = 60;

/** Thrown for a rate that is none. */
export class RateError extends Error {
  readonly text: string;
  constructor(text: string) {
    super(`rate '${text}' is not one of pcap, line, a packet rate such as 10Mpps or 500kpps, or a bit rate such as 25Gbps or 800Mbps`);
    this.name = "RateError";
    this.text = text;
  }
}

const SCALE: Readonly<Record<string, number>> = { "": 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 };

/** Reads `pcap`, `line`, `10Mpps`, `25Gbps` or `25Gb/s`. Throws {@link RateError}. */
export function parseRate(text: string): Rate {
  const word = text.trim();
  if (word === "pcap") return { kind: "pcap" };
  if (word === "line") return { kind: "line" };
  const match = /^(\d+(?:\.\d+)?|\.\d+)\s*([kmgt]?)(pps|bps|bit\/s|b\/s|p\/s)$/i.exec(word);
  if (match === null) throw new RateError(text);
  const value = Number(match[1]) * SCALE[match[2].toLowerCase()];
  if (!(value > 0) || !Number.isFinite(value)) throw new RateError(text);
  return match[3].toLowerCase().startsWith("p") ? { kind: "packets", pps: value } : { kind: "bits", bps: value };
}

/** Bytes on the wire of a frame of `length` bytes without its check sequence. */
export function wireBytes(length: number): number {
  return (length < MIN_FRAME ? MIN_FRAME : length) + WIRE_OVERHEAD;
}

/**
 * Gives packets their arrival times, in order. Times never run backwards: a packet that the capture stamps earlier than
 * the one before it arrives together with that one.
 */
export class Arrivals {
  private readonly rate: Rate;
  private readonly nsPerBit: number;
  /** Earliest next arrival by port (line), or at 0 over all ports. */
  private readonly next: Float64Array;
  private last = 0;
  private base = 0;
  private sent = 0;

  /** `linkBps` is the rate of one port, bits per second. */
  constructor(rate: Rate, ports: number, linkBps: number) {
    this.rate = rate;
    this.nsPerBit = 1e9 / (rate.kind === "bits" ? rate.bps : linkBps);
    this.next = new Float64Array(ports);
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

  /** Writes the arrivals of all packets of `trace`, ns on the device clock, to `out`. */
  fill(trace: Trace, out: Float64Array): void {
    const { count } = trace;
    switch (this.rate.kind) {
      case "pcap":
        for (let i = 0; i < count; i++) out[i] = this.last = Math.max(this.last, this.base + trace.time[i]);
        return;
      case "packets": {
        // From the packet's number, not by adding up: no rounding error grows.
        const spacing = 1e9 / this.rate.pps;
        for (let i = 0; i < count; i++) out[i] = this.last = this.sent++ * spacing;
        return;
      }
      case "bits":
        this.byWire(trace, out, false);
        return;
      case "line":
        this.byWire(trace, out, true);
    }
  }

  private byWire(trace: Trace, out: Float64Array, byPort: boolean): void {
    const { next, nsPerBit } = this;
    for (let i = 0; i < trace.count; i++) {
      const port = byPort ? trace.port[i] : 0;
      const begin = next[port];
      out[i] = this.last = Math.max(this.last, begin);
      next[port] = begin + wireBytes(trace.originalLength[i]) * 8 * nsPerBit;
    }
  }
}
