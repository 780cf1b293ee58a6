/**
 * The device clock's side of a run: which packets a device has room for, when each is served, how long it waited.
 *
 * Admission and execution advance together. A queue of N descriptors has room for a packet exactly when the packet
 * admitted N before it has left; so as long as fewer than N packets of the queue are admitted and not executed, the next
 * decision needs only costs that are known, and is exact. A caller offers packets until one is {@link UNDECIDED}, executes
 * what was admitted, tells the costs, and goes on: batches as large as the rings, and none approximated.
 *
 * The work is done in wasm (nic/runtime/assembly/timeline.ts), where callers that are wasm themselves reach it too; this
 * lays out its state and reads it.
 */
import {
  PENDING_BYTES, MAX_PENDING, POOL_BYTES, POOL_COUNT, POOL_HEAP, POOL_MASK, POOL_RING, RING_BYTES, RING_CORE, RING_DROPS, RING_LEAVES, SERVER_BYTES, SERVER_CORE, SERVER_ID, TL_BUSY, TL_BYTES, TL_COLLAPSES, TL_CORES, TL_CORE_FREE, TL_IS_POOL, TL_LAST_DEPARTURE, TL_LATENCY, TL_MAC_BUSY, TL_MAC_DROPS, TL_MAC_ROOM,
  TL_MAC_SPACING, TL_OCCUPANCY, TL_OVERLOAD_BELOW, TL_OVERLOAD_SPACING, TL_PENDING, TL_POOL, TL_RINGS, TL_RING_SIZE, TL_SHARED_BUSY, TL_SHARED_UNTIL, TL_WAIT, TL_WAITING, TL_WORK_UNTIL,
} from "../runtime/abi.js";
import { OwnSpace } from "../runtime/runtime.js";
import type { DeviceSpace } from "../runtime/runtime.js";
import { Histogram } from "./histogram.js";
import { Series } from "./series.js";

export { ADMITTED, DROPPED_MAC, DROPPED_RING, UNDECIDED } from "../runtime/abi.js";

/** What the timeline needs to know of a device. */
export interface TimelineSpec {
  /**
   * `queue`: after steering, each receive queue has a ring and one core (queue modulo `cores`), and a descriptor is held until
   * the packet is done. `pool`: before steering, one ingress queue of `ringSize` packets feeds all cores, and a place is held
   * until a core takes the packet.
   */
  readonly servers: "queue" | "pool";
  readonly queues: number;
  readonly cores: number;
  /** Packets that a ring (or the ingress queue) holds. */
  readonly ringSize: number;
  /** Most packets per second that the MAC takes, over all ports; absent: no limit but the line. */
  readonly macPps?: number;
  /** Packets that wait in front of a MAC that is too slow. Default 512. */
  readonly macBuffer?: number;
  /** In `pool`: hardware threads of a core, which take a packet each; while one waits for memory another works. Default 1. */
  readonly contexts?: number;
  /**
   * A fault of the MAC: where it must turn packets away (its buffer or the ingress queue is full) and the cores' own rate is
   * below `belowPps`, it takes `pps` until it has caught up. Packets a second.
   */
  readonly overload?: { readonly pps: number; readonly belowPps: number };
}

export class Timeline {
  readonly spec: TimelineSpec;
  /** Where its state lies, for wasm that works on it. */
  readonly address: number;
  /** From arrival at the MAC to the end of the program, ns; and the part of it spent waiting. */
  readonly latency: Histogram;
  readonly wait: Histogram;
  /** Packets in the ring (pool: in the ingress queue) that each admitted packet found, over time. */
  readonly occupancy: Series;
  private readonly space: DeviceSpace;
  private readonly values: Float64Array;
  private readonly words: Uint32Array;
  private readonly rings: Float64Array;

  /** `space`: the memory that it lies in; default: one of its own. */
  constructor(spec: TimelineSpec, space: DeviceSpace = new OwnSpace()) {
    this.spec = spec;
    this.space = space;
    const address = space.allocate(TL_BYTES, 64, "a device's timeline");
    this.address = address;
    const parts = layOut(spec, space);
    this.values = new Float64Array(space.buffer, address, TL_WAIT / 8);
    this.words = new Uint32Array(space.buffer, address, TL_WAIT / 4);
    this.rings = new Float64Array(space.buffer, parts[TL_RINGS], (spec.queues * RING_BYTES) / 8);
    for (const [field, value] of Object.entries(parts)) this.words[Number(field) / 4] = value;
    const macSpacing = spec.macPps === undefined ? 0 : 1e9 / spec.macPps;
    this.values[TL_MAC_SPACING / 8] = macSpacing;
    this.values[TL_MAC_ROOM / 8] = macSpacing * (spec.macBuffer ?? 512);
    this.values[TL_OVERLOAD_SPACING / 8] = spec.overload === undefined ? 0 : 1e9 / spec.overload.pps;
    this.values[TL_OVERLOAD_BELOW / 8] = spec.overload?.belowPps ?? 0;
    this.wait = new Histogram(space, address + TL_WAIT);
    this.latency = new Histogram(space, address + TL_LATENCY);
    this.occupancy = new Series(1000, space, address + TL_OCCUPANCY);
  }

  /** Packets admitted that have no cost yet. */
  get pending(): number {
    return this.words[TL_WAITING / 4];
  }
  get admitted(): number {
    return this.completed + this.pending;
  }
  get completed(): number {
    return this.wait.count;
  }
  /** Packets dropped by ring, by queue; in pool mode all under the queue that they would have gone to. */
  get ringDrops(): Float64Array {
    return Float64Array.from({ length: this.spec.queues }, (_, queue) => this.rings[(queue * RING_BYTES + RING_DROPS) / 8]);
  }
  get macDrops(): number {
    return this.values[TL_MAC_DROPS / 8];
  }
  /** Times that the MAC fell into its fault; see {@link TimelineSpec.overload}. */
  get collapses(): number {
    return this.values[TL_COLLAPSES / 8];
  }
  /** Time that cores worked, ns, over all of them; and the unit that they share. */
  get busy(): number {
    return this.values[TL_BUSY / 8];
  }
  get sharedBusy(): number {
    return this.values[TL_SHARED_BUSY / 8];
  }
  /** Time that the MAC took packets, ns. */
  get macBusy(): number {
    return this.values[TL_MAC_BUSY / 8];
  }
  /** ns. */
  get lastDeparture(): number {
    return this.values[TL_LAST_DEPARTURE / 8];
  }

  /**
   * How many further packets of `queue` can be decided before costs must be told; 0 means that {@link offer} would answer
   * {@link UNDECIDED}.
   */
  decidable(queue: number): number {
    return this.space.exports.timeline_decidable(this.address, queue);
  }

  /** Offers the next packet in arrival order. `arrival` never runs backwards; the first is 0 or more. */
  offer(arrival: number, queue: number): number {
    return this.space.exports.timeline_offer(this.address, arrival, queue);
  }

  /**
   * Tells the service time, ns, of the longest admitted packet that has none yet. Returns its departure.
   * `shared`: how long it needs, ns, the one unit that all cores of a pool share (a memory engine), which serves one packet
   * after the other; its hardware thread is held until that is done too. `alone`: how long the packet takes on a core that
   * has nothing else to do, waits for memory included that other threads would hide; at least `service`, which is the default.
   */
  complete(service: number, shared = 0, alone = service): number {
    return this.space.exports.timeline_complete(this.address, service, shared, alone);
  }
}

/** Allocates what the timeline points to and sets what is not 0; gives its u32 fields. */
function layOut(spec: TimelineSpec, space: DeviceSpace): Record<number, number> {
  const { queues, cores, ringSize } = spec;
  const isPool = spec.servers === "pool";
  const held = isPool ? 1 : queues;
  const rings = space.allocate(queues * RING_BYTES, 64, "receive rings");
  const leaves = space.allocate(held * ringSize * 8, 64, "the rings' packets");
  const history = (): number => (spec.overload === undefined ? 0 : space.allocate(held * ringSize * 8, 64, "the cores' work"));
  const parts = {
    [TL_IS_POOL]: isPool ? 1 : 0, [TL_RING_SIZE]: ringSize, [TL_CORES]: cores, [TL_RINGS]: rings,
    [TL_WORK_UNTIL]: history(), [TL_SHARED_UNTIL]: history(),
    [TL_CORE_FREE]: space.allocate(cores * 8, 64, "cores"),
    [TL_POOL]: isPool ? layOutPool(cores * (spec.contexts ?? 1), cores, space) : 0,
    [TL_PENDING]: space.allocate(MAX_PENDING * PENDING_BYTES, 64, "packets that wait for their costs"),
  };
  const words = new Uint32Array(space.buffer);
  for (let queue = 0; queue < queues; queue++) {
    const ring = (rings + queue * RING_BYTES) / 4;
    words[ring + RING_CORE / 4] = queue % cores;
    words[ring + RING_LEAVES / 4] = leaves + (isPool ? 0 : queue * ringSize * 8);
  }
  return parts;
}

/** All servers free at 0, in the order of their numbers; server s is a hardware thread of core s modulo `cores`. */
function layOutPool(servers: number, cores: number, space: DeviceSpace): number {
  const room = 2 ** Math.ceil(Math.log2(servers + 1));
  const pool = space.allocate(POOL_BYTES, 64, "the pool of servers");
  const ring = space.allocate(room * SERVER_BYTES, 64, "servers in order");
  const heap = space.allocate((servers + 1) * SERVER_BYTES, 64, "servers out of order");
  const words = new Uint32Array(space.buffer);
  words[(pool + POOL_COUNT) / 4] = servers;
  words[(pool + POOL_MASK) / 4] = room - 1;
  words[(pool + POOL_RING) / 4] = ring;
  words[(pool + POOL_HEAP) / 4] = heap;
  for (let server = 0; server < servers; server++) {
    const entry = (ring + server * SERVER_BYTES) / 4;
    words[entry + SERVER_ID / 4] = server;
    words[entry + SERVER_CORE / 4] = server % cores;
  }
  return pool;
}
