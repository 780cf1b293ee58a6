/**
 * Behind a card's cores: packets leave in the order in which they came (reorder), to a port's line or over the bus to the
 * host, where each receive queue has a ring that one processor drains. What the host cannot take is dropped there: the
 * program has run for it all the same. The work is done in wasm (nic/runtime/assembly/egress.ts); this lays out its state
 * and reads it.
 */
import {
  EG_BUS_BUSY, EG_BUS_NS, EG_BYTES, EG_HOSTS, EG_HOST_BUSY, EG_HOST_NS, EG_INTERRUPT_NS, EG_LINE_NS, EG_PORTS, EG_RING_SIZE, EG_SENT, EG_TO_HOST, EG_TO_WIRE, EG_TX_BUSY, EG_TX_DROPS,
  EG_TX_QUEUE, LANE_BYTES, LANE_DROPS, LANE_LEAVES, LANE_TAKEN,
} from "../runtime/abi.js";
import { OwnSpace } from "../runtime/runtime.js";
import type { DeviceSpace } from "../runtime/runtime.js";
import { Histogram } from "./histogram.js";

export interface EgressSpec {
  readonly ports: number;
  /** ns that a bit takes on a port's line. */
  readonly lineNsPerBit: number;
  /** Packets that a port's transmit queue holds. */
  readonly txQueue: number;
  /** ns that a byte takes on the bus; 0: the bus is not modelled. */
  readonly busNsPerByte: number;
  readonly queues: number;
  /** Descriptors of a host ring. */
  readonly ringSize: number;
  /** Host processor's time for a packet, ns; 0: the host takes everything at once. */
  readonly hostNs: number;
  /** Longest time that a packet waits for an idle host processor to be interrupted, ns. */
  readonly interruptNs: number;
}

export class Egress {
  readonly spec: EgressSpec;
  /** Where its state lies, for wasm that works on it. */
  readonly address: number;
  /** From arrival until the packet is on the line again, or until the host's processor is done with it, ns. */
  readonly toWire: Histogram;
  readonly toHost: Histogram;
  private readonly space: DeviceSpace;
  private readonly values: Float64Array;
  private readonly hosts: Float64Array;

  /** `space`: the memory that it lies in; default: one of its own. */
  constructor(spec: EgressSpec, space: DeviceSpace = new OwnSpace()) {
    this.spec = spec;
    this.space = space;
    const address = space.allocate(EG_BYTES, 64, "what is behind a card's cores");
    this.address = address;
    const ports = layOutLanes(spec.ports, spec.txQueue, space);
    const hosts = layOutLanes(spec.queues, spec.ringSize, space);
    this.values = new Float64Array(space.buffer, address, EG_TO_WIRE / 8);
    this.hosts = new Float64Array(space.buffer, hosts, (spec.queues * LANE_BYTES) / 8);
    this.values[EG_LINE_NS / 8] = spec.lineNsPerBit;
    this.values[EG_BUS_NS / 8] = spec.busNsPerByte;
    this.values[EG_HOST_NS / 8] = spec.hostNs;
    this.values[EG_INTERRUPT_NS / 8] = spec.interruptNs;
    const words = new Uint32Array(space.buffer, address, EG_TO_WIRE / 4);
    words[EG_TX_QUEUE / 4] = spec.txQueue;
    words[EG_RING_SIZE / 4] = spec.ringSize;
    words[EG_PORTS / 4] = ports;
    words[EG_HOSTS / 4] = hosts;
    this.toWire = new Histogram(space, address + EG_TO_WIRE);
    this.toHost = new Histogram(space, address + EG_TO_HOST);
  }

  /** Packets sent, and dropped because a transmit queue was full. */
  get sent(): number {
    return this.values[EG_SENT / 8];
  }
  get txDrops(): number {
    return this.values[EG_TX_DROPS / 8];
  }
  /** Packets given to the host, by queue, and those for which its ring had no room. */
  get delivered(): Float64Array {
    return this.byQueue(LANE_TAKEN);
  }
  get hostDrops(): Float64Array {
    return this.byQueue(LANE_DROPS);
  }
  /** Busy times, ns: ports' lines, bus, host processors, each over all of them. */
  get txBusy(): number {
    return this.values[EG_TX_BUSY / 8];
  }
  get busBusy(): number {
    return this.values[EG_BUS_BUSY / 8];
  }
  get hostBusy(): number {
    return this.values[EG_HOST_BUSY / 8];
  }

  /** A packet of which nothing leaves the card: it only holds its place in the order. */
  consume(departure: number): void {
    this.space.exports.egress_consume(this.address, departure);
  }

  /** A packet that leaves by `port`; `bits` on the wire. Returns whether its queue had room. */
  transmit(arrival: number, departure: number, port: number, bits: number): boolean {
    return this.space.exports.egress_transmit(this.address, arrival, departure, port, bits) !== 0;
  }

  /** A packet for the host on `queue`; `bytes` on the bus. Returns whether the ring had a descriptor. */
  pass(arrival: number, departure: number, queue: number, bytes: number): boolean {
    return this.space.exports.egress_pass(this.address, arrival, departure, queue, bytes) !== 0;
  }

  private byQueue(field: number): Float64Array {
    return Float64Array.from({ length: this.spec.queues }, (_, queue) => this.hosts[(queue * LANE_BYTES + field) / 8]);
  }
}

/** `count` lanes whose queues hold `room` packets each; returns the address of the first. */
function layOutLanes(count: number, room: number, space: DeviceSpace): number {
  const lanes = space.allocate(count * LANE_BYTES, 64, "lanes");
  const leaves = space.allocate(count * room * 8, 64, "packets of lanes");
  const words = new Uint32Array(space.buffer);
  for (let lane = 0; lane < count; lane++) words[(lanes + lane * LANE_BYTES + LANE_LEAVES) / 4] = leaves + lane * room * 8;
  return lanes;
}
