/** What is behind a card's cores, as TypeScript: what the wasm is tested against. */
import type { EgressSpec } from "../egress.js";
import { Histogram } from "./histogram.js";
import { placeIn } from "./place.js";

export class Egress {
  readonly spec: EgressSpec;
  /** From arrival until the packet is on the line again, or until the host's processor is done with it, ns. */
  readonly toWire = new Histogram();
  readonly toHost = new Histogram();
  /** Packets sent, and dropped because a transmit queue was full. */
  sent = 0;
  txDrops = 0;
  /** Packets given to the host, by queue, and those for which its ring had no room. */
  readonly delivered: Float64Array;
  readonly hostDrops: Float64Array;
  /** Busy times, ns: ports' lines, bus, host processors, each over all of them. */
  txBusy = 0;
  busBusy = 0;
  hostBusy = 0;
  private released = 0;
  private busFree = 0;
  private readonly txFree: Float64Array;
  /** Starts of the last `txQueue` transmissions of a port, and ends of the last `ringSize` host packets of a queue. */
  private readonly txLeaves: Float64Array;
  private readonly txCount: Float64Array;
  private readonly hostLeaves: Float64Array;
  private readonly hostFree: Float64Array;

  constructor(spec: EgressSpec) {
    this.spec = spec;
    this.delivered = new Float64Array(spec.queues);
    this.hostDrops = new Float64Array(spec.queues);
    this.txFree = new Float64Array(spec.ports);
    this.txLeaves = new Float64Array(spec.ports * spec.txQueue);
    this.txCount = new Float64Array(spec.ports);
    this.hostLeaves = new Float64Array(spec.queues * spec.ringSize);
    this.hostFree = new Float64Array(spec.queues);
  }

  /** A packet of which nothing leaves the card: it only holds its place in the order. */
  consume(departure: number): void {
    if (departure > this.released) this.released = departure;
  }

  /** A packet that leaves by `port`; `bits` on the wire. Returns whether its queue had room. */
  transmit(arrival: number, departure: number, port: number, bits: number): boolean {
    const { txQueue, lineNsPerBit } = this.spec;
    this.consume(departure);
    const place = port * txQueue + placeIn(this.txCount[port], txQueue);
    if (this.txCount[port] >= txQueue && this.txLeaves[place] > this.released) {
      this.txDrops++;
      return false;
    }
    const start = this.txFree[port] > this.released ? this.txFree[port] : this.released;
    const time = bits * lineNsPerBit;
    this.txLeaves[place] = start;
    this.txCount[port]++;
    this.txFree[port] = start + time;
    this.txBusy += time;
    this.sent++;
    this.toWire.record(start + time - arrival);
    return true;
  }

  /** A packet for the host on `queue`; `bytes` on the bus. Returns whether the ring had a descriptor. */
  pass(arrival: number, departure: number, queue: number, bytes: number): boolean {
    const { ringSize, busNsPerByte, hostNs, interruptNs } = this.spec;
    this.consume(departure);
    const place = queue * ringSize + placeIn(this.delivered[queue], ringSize);
    if (this.delivered[queue] >= ringSize && this.hostLeaves[place] > this.released) {
      this.hostDrops[queue]++;
      return false;
    }
    const begin = this.busFree > this.released ? this.busFree : this.released;
    const time = bytes * busNsPerByte;
    this.busFree = begin + time;
    this.busBusy += time;
    const there = begin + time;
    const free = this.hostFree[queue];
    // An idle processor is interrupted when the moderation's time is over; a busy one polls on.
    const start = free > there ? free : there + (hostNs > 0 && there - free > interruptNs ? interruptNs : 0);
    const done = start + hostNs;
    this.hostFree[queue] = done;
    this.hostBusy += hostNs;
    this.hostLeaves[place] = done;
    this.delivered[queue]++;
    this.toHost.record(done - arrival);
    return true;
  }
}
