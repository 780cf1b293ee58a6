/**
 * The device model as TypeScript, plainly: what the wasm is tested against, to the bit. See nic/timeline/timeline.ts for what
 * its members mean.
 */
import { ADMITTED, DROPPED_MAC, DROPPED_RING, UNDECIDED } from "../timeline.js";
import type { TimelineSpec } from "../timeline.js";
import { placeIn } from "./place.js";
import { Histogram } from "./histogram.js";
import { Series } from "./series.js";
import { ServerPool } from "./servers.js";

/** Most packets admitted and not yet executed at one time. */
const MAX_PENDING = 16384;

export class Timeline {
  readonly spec: TimelineSpec;
  /** From arrival at the MAC to the end of the program, ns; and the part of it spent waiting. */
  readonly latency = new Histogram();
  readonly wait = new Histogram();
  /** Packets dropped by ring, by queue; in pool mode all under the queue that they would have gone to. */
  readonly ringDrops: Float64Array;
  macDrops = 0;
  /** Times that the MAC fell into its fault; see {@link TimelineSpec.overload}. */
  collapses = 0;
  /** Packets in the ring (pool: in the ingress queue) that each admitted packet found, over time. */
  readonly occupancy = new Series();
  admitted = 0;
  completed = 0;
  /** Time that cores worked, ns, over all of them; and the unit that they share. */
  busy = 0;
  sharedBusy = 0;
  /** Time that the MAC took packets, ns. */
  macBusy = 0;
  /** ns. */
  lastDeparture = 0;

  private readonly pool: ServerPool | undefined;
  private readonly coreFree: Float64Array;
  /** Last N departures (queue) or starts (pool), a ring buffer for each ring. */
  private readonly leaves: Float64Array;
  /** By ring: packets admitted, packets executed. */
  private readonly admittedOf: Float64Array;
  private readonly executedOf: Float64Array;
  /** In `pool`: core and memory time of all packets up to the one at each place of `leaves`. */
  private readonly workUntil: Float64Array;
  private readonly sharedUntil: Float64Array;
  /** By ring: packets that have left, of those executed. */
  private readonly leftOf: Float64Array;
  /** Those three modulo the ring's size, and the two counters of pending packets modulo theirs: no division a packet. */
  private readonly admitPlace: Int32Array;
  private readonly executePlace: Int32Array;
  private readonly leftPlace: Int32Array;
  private admitSlot = 0;
  private completeSlot = 0;
  private readonly pendingArrival = new Float64Array(MAX_PENDING);
  private readonly pendingReady = new Float64Array(MAX_PENDING);
  private readonly pendingRing = new Uint16Array(MAX_PENDING);
  private readonly macSpacing: number;
  private readonly macRoom: number;
  private readonly overloadSpacing: number;
  private readonly overloadBelow: number;
  private collapsed = false;
  private macFree = 0;
  private sharedFree = 0;

  constructor(spec: TimelineSpec) {
    this.spec = spec;
    const rings = spec.servers === "queue" ? spec.queues : 1;
    this.pool = spec.servers === "pool" ? new ServerPool(spec.cores * (spec.contexts ?? 1)) : undefined;
    this.coreFree = new Float64Array(spec.cores);
    this.leaves = new Float64Array(rings * spec.ringSize);
    this.admittedOf = new Float64Array(rings);
    this.executedOf = new Float64Array(rings);
    this.ringDrops = new Float64Array(spec.queues);
    this.macSpacing = spec.macPps === undefined ? 0 : 1e9 / spec.macPps;
    this.macRoom = this.macSpacing * (spec.macBuffer ?? 512);
    this.overloadSpacing = spec.overload === undefined ? 0 : 1e9 / spec.overload.pps;
    this.overloadBelow = spec.overload?.belowPps ?? 0;
    this.workUntil = new Float64Array(rings * spec.ringSize);
    this.sharedUntil = new Float64Array(rings * spec.ringSize);
    this.leftOf = new Float64Array(rings);
    this.admitPlace = new Int32Array(rings);
    this.executePlace = new Int32Array(rings);
    this.leftPlace = new Int32Array(rings);
  }

  /** Packets admitted that have no cost yet. */
  get pending(): number {
    return this.admitted - this.completed;
  }

  /**
   * How many further packets of `queue` can be decided before costs must be told; 0 means that {@link offer} would answer
   * {@link UNDECIDED}.
   */
  decidable(queue: number): number {
    const ring = this.pool === undefined ? queue : 0;
    const inRing = this.spec.ringSize - (this.admittedOf[ring] - this.executedOf[ring]);
    return Math.min(inRing, MAX_PENDING - this.pending);
  }

  /** Offers the next packet in arrival order. `arrival` never runs backwards; the first is 0 or more. */
  offer(arrival: number, queue: number): number {
    if (this.decidable(queue) <= 0) return UNDECIDED;
    const ring = this.pool === undefined ? queue : 0;
    const { ringSize } = this.spec;
    const index = this.admittedOf[ring];
    let ready = arrival;
    if (this.macSpacing > 0) {
      let begin = this.macFree;
      if (begin <= arrival) {
        begin = arrival;
        this.collapsed = false;
      }
      if (begin - arrival > this.macRoom) {
        this.macDrops++;
        this.overload(ring, index);
        return DROPPED_MAC;
      }
      const spacing = this.collapsed ? this.overloadSpacing : this.macSpacing;
      this.macFree = begin + spacing;
      this.macBusy += spacing;
      ready = begin;
    }
    if (index >= ringSize && this.leaves[ring * ringSize + this.admitPlace[ring]] > ready) {
      this.ringDrops[queue]++;
      this.overload(ring, index);
      return DROPPED_RING;
    }
    this.admittedOf[ring] = index + 1;
    this.admitPlace[ring] = after(this.admitPlace[ring], ringSize);
    this.admitted++;
    const slot = this.admitSlot;
    this.admitSlot = after(slot, MAX_PENDING);
    this.pendingArrival[slot] = arrival;
    this.pendingReady[slot] = ready;
    this.pendingRing[slot] = ring;
    return ADMITTED;
  }

  /** A packet was turned away: the fault, where the rate of the cores (as of packets that have surely been served) is one at which it shows. */
  private overload(ring: number, index: number): void {
    const { ringSize, cores } = this.spec;
    if (this.overloadSpacing === 0 || this.collapsed || index < ringSize) return;
    const place = ring * ringSize + placeIn(index, ringSize);
    const perPacket = Math.max(this.workUntil[place] / cores, this.sharedUntil[place]) / (index - ringSize + 1);
    if (perPacket * this.overloadBelow <= 1e9) return;
    this.collapsed = true;
    this.collapses++;
  }

  /**
   * Tells the service time, ns, of the longest admitted packet that has none yet. Returns its departure.
   * `shared`: how long it needs, ns, the one unit that all cores of a pool share (a memory engine), which serves one packet
   * after the other; its hardware thread is held until that is done too. `alone`: how long the packet takes on a core that
   * has nothing else to do, waits for memory included that other threads would hide; at least `service`, which is the default.
   */
  complete(service: number, shared = 0, alone = service): number {
    this.completed++;
    const slot = this.completeSlot;
    this.completeSlot = after(slot, MAX_PENDING);
    const ready = this.pendingReady[slot];
    const ring = this.pendingRing[slot];
    const { ringSize, cores } = this.spec;
    const index = this.executedOf[ring]++;
    const place = ring * ringSize + this.executePlace[ring];
    this.executePlace[ring] = after(this.executePlace[ring], ringSize);
    let start: number;
    let departure: number;
    if (this.pool === undefined) {
      const core = ring % cores;
      const free = this.coreFree[core];
      start = free > ready ? free : ready;
      departure = start + service;
      this.coreFree[core] = departure;
      this.leaves[place] = departure;
    } else {
      const { pool, coreFree } = this;
      const free = pool.earliest;
      const core = pool.first % cores;
      start = free > ready ? free : ready;
      const worked = (coreFree[core] > start ? coreFree[core] : start) + service;
      coreFree[core] = worked;
      departure = start + alone;
      if (worked > departure) departure = worked;
      if (shared > 0) {
        this.sharedFree = (this.sharedFree > start ? this.sharedFree : start) + shared;
        if (this.sharedFree > departure) departure = this.sharedFree;
        this.sharedBusy += shared;
      }
      pool.occupy(departure);
      this.leaves[place] = start;
    }
    this.busy += service;
    this.workUntil[place] = this.busy;
    this.sharedUntil[place] = this.sharedBusy;
    // What was admitted a ring ago has left, or this packet would not have been; its place is this packet's now.
    let left = this.leftOf[ring];
    let leftPlace = this.leftPlace[ring];
    if (left < index - ringSize + 1) {
      left = index - ringSize + 1;
      leftPlace = this.executePlace[ring];
    }
    while (left < index && this.leaves[ring * ringSize + leftPlace] <= ready) {
      left++;
      leftPlace = after(leftPlace, ringSize);
    }
    this.leftOf[ring] = left;
    this.leftPlace[ring] = leftPlace;
    this.occupancy.record(ready, index - left);
    const arrival = this.pendingArrival[slot];
    this.wait.record(start - arrival);
    this.latency.record(departure - arrival);
    if (departure > this.lastDeparture) this.lastDeparture = departure;
    return departure;
  }
}

/** The place behind one in a ring. */
function after(place: number, size: number): number {
  return place + 1 === size ? 0 : place + 1;
}
