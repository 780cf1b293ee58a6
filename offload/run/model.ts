/**
 * A device of a run: its timeline, what its packets cost, and from both the figures of the result. Everything here is modelled.
 * Packets go through it in wasm (offload/runtime/assembly/model.ts); this sets it up and reads it.
 */
import { Egress, pcieTlpGbps, Timeline } from "../../nic/index.js";
import type { Histogram } from "../../nic/index.js";
import type { CostPlan } from "../cost/plan.js";
import { withCrowding, withRings } from "../profiles/rings.js";
import type { DeviceProfile, OffloadProfile } from "../profiles/schema.js";
import {
  MODEL_ALONE_SUM, MODEL_BUSY, MODEL_BUS_BYTES, MODEL_BYTES, MODEL_CLOCK_FACTOR, MODEL_CYCLE_BITS, MODEL_CYCLE_MASK, MODEL_DECIDED_NS, MODEL_DRIVER_NS, MODEL_EGRESS, MODEL_ESTIMATED,
  MODEL_FIRMWARE_CYCLES, MODEL_FIRST_ARRIVAL, MODEL_IS_CARD, MODEL_LAST_ARRIVAL, MODEL_LAST_PORT, MODEL_LENGTH_ERRORS, MODEL_LONGEST, MODEL_MEAN_CYCLES, MODEL_MEAN_UNITS,
  MODEL_MEMORY_CYCLES, MODEL_MEMORY_SPREAD, MODEL_NS_PER_CYCLE, MODEL_PASSED, MODEL_PCIE_OVERHEAD, MODEL_PORTS_SEEN, MODEL_PROGRAM_SCALE, MODEL_READ_WAIT_NS, MODEL_RECEIVED, MODEL_SENT,
  MODEL_SERVICE_MAX, MODEL_TIMELINE, MODEL_UNIT, MODEL_WIRE_BITS,
} from "../runtime/abi.js";
import type { Bound, DeviceResult, Drops, HostSide, LatencyResult } from "../types.js";
import { ownSpace } from "./space.js";
import type { ModelSpace } from "./space.js";

const XDP_PASS = 2;
const XDP_TX = 3;
const XDP_REDIRECT = 4;

/** What admission and translation say of the program on the device. */
export interface ProgramFigures {
  readonly admitted: boolean | null;
  readonly reasons: readonly string[];
  readonly checked: readonly string[];
  readonly instructions: number;
  readonly notes: readonly string[];
}

export class DeviceModel {
  readonly profile: DeviceProfile;
  readonly timeline: Timeline;
  /** What is behind a card's cores; a kernel path has it in its service times. */
  readonly egress: Egress | undefined;
  readonly queues: number;
  readonly cores: number;
  /** Where its state lies, for wasm that works on it. */
  readonly address: number;
  private readonly space: ModelSpace;
  private readonly nsPerCycle: number;
  private readonly values: Float64Array;
  private readonly portsSeen: Uint8Array;
  /** Busy time of each core in driver mode, ns. */
  private readonly busy: Float64Array;

  /** `touches`: the program looks at packets' bytes. `space`: the memory that it lies in; default: one of its own. */
  constructor(profile: DeviceProfile, plan: CostPlan, touches = true, space: ModelSpace = ownSpace()) {
    this.profile = withRings(withCrowding(profile));
    this.space = space;
    this.queues = profile.queues;
    this.cores = profile.kind === "kernel" ? Math.min(profile.cores, profile.queues) : profile.cores;
    this.nsPerCycle = 1e9 / profile.clockHz;
    this.timeline = new Timeline({
      servers: profile.kind === "kernel" ? "queue" : "pool",
      queues: profile.queues,
      cores: this.cores,
      ringSize: profile.kind === "kernel" ? profile.ringSize : profile.ingressPackets,
      ...(profile.macPps > 0 ? { macPps: profile.macPps } : {}),
      ...(profile.kind === "offload" ? { contexts: profile.contextsPerCore } : {}),
      ...(profile.kind === "offload" && profile.overloadPps > 0 ? { overload: { pps: profile.overloadPps, belowPps: profile.overloadBelowPps } } : {}),
    }, space);
    this.egress = profile.kind === "offload" ? makeEgress(profile, space) : undefined;
    this.address = space.allocate(MODEL_BYTES, 64, "a device's model");
    const busy = space.allocate(this.cores * 8, 64, "a device's cores");
    this.values = new Float64Array(space.buffer, this.address, MODEL_PORTS_SEEN / 8);
    this.portsSeen = new Uint8Array(space.buffer, this.address + MODEL_PORTS_SEEN, 256);
    this.busy = new Float64Array(space.buffer, busy, this.cores);
    this.describe(plan, touches, busy);
  }

  /** Writes what does not change. */
  private describe(plan: CostPlan, touches: boolean, busy: number): void {
    const { profile, values } = this;
    const words = new Uint32Array(values.buffer, this.address, MODEL_PORTS_SEEN / 4);
    words[MODEL_IS_CARD / 4] = profile.kind === "offload" ? 1 : 0;
    words[MODEL_TIMELINE / 4] = this.timeline.address;
    words[MODEL_EGRESS / 4] = this.egress?.address ?? 0;
    words[MODEL_LAST_PORT / 4] = profile.ports - 1;
    words[MODEL_BUSY / 4] = busy;
    const { cycleBits, longest, meanCycles, meanUnits, unit, wait } = plan.reading;
    words[MODEL_CYCLE_BITS / 4] = cycleBits;
    words[MODEL_CYCLE_MASK / 4] = 2 ** cycleBits - 1;
    values[MODEL_LONGEST / 8] = longest;
    values[MODEL_MEAN_CYCLES / 8] = meanCycles;
    values[MODEL_MEAN_UNITS / 8] = meanUnits;
    values[MODEL_UNIT / 8] = unit;
    values[MODEL_FIRST_ARRIVAL / 8] = Number.NaN;
    values[MODEL_NS_PER_CYCLE / 8] = this.nsPerCycle;
    if (profile.kind === "offload") {
      values[MODEL_FIRMWARE_CYCLES / 8] = profile.firmwareCycles;
      values[MODEL_MEMORY_SPREAD / 8] = profile.memorySpread;
      values[MODEL_PCIE_OVERHEAD / 8] = profile.pcieOverheadBytes;
      // What a core that is alone waits for a blocking read beyond what a busy one does, by cycle of the memory engine.
      values[MODEL_READ_WAIT_NS / 8] = wait * this.nsPerCycle;
    } else {
      values[MODEL_DRIVER_NS / 8] = profile.driverNs + (touches ? profile.touchNs : 0);
      values[MODEL_PROGRAM_SCALE / 8] = profile.programScale;
      values[MODEL_CLOCK_FACTOR / 8] = 1 - profile.clockShare + (profile.clockShare * profile.measuredHz) / profile.clockHz;
      values[MODEL_DECIDED_NS / 8 + XDP_PASS] = profile.passNs;
      values[MODEL_DECIDED_NS / 8 + XDP_TX] = profile.txNs;
      values[MODEL_DECIDED_NS / 8 + XDP_REDIRECT] = profile.redirectNs;
    }
  }

  /** A frame at a port, in arrival order. */
  receive(arrival: number, port: number, wire: number): void {
    this.space.exports.model_receive(this.address, arrival, port, wire);
  }

  /** Service time, ns, of a packet with these counters and this verdict. */
  service(low: number, high: number, verdict: number): number {
    return this.space.exports.model_service(this.address, low, high, verdict);
  }

  /**
   * Tells the timeline what the next admitted packet cost; returns its departure from the cores. `port` and `length`: where it
   * came in, and its bytes after the program.
   */
  complete(service: number, low: number, high: number, queue: number, arrival: number, verdict: number, port: number, length: number): number {
    return this.space.exports.model_complete(this.address, service, low, high, queue, arrival, verdict, port, length);
  }

  /** Packets so far whose cycles were estimated; see CostPlan. */
  get estimated(): number {
    return this.values[MODEL_ESTIMATED / 8];
  }

  get drops(): Drops {
    let ring = 0;
    for (const drops of this.timeline.ringDrops) ring += drops;
    return { length: this.values[MODEL_LENGTH_ERRORS / 8], mac: this.timeline.macDrops, ring };
  }

  /** Rates in Mpps that each part alone allows to this mix of packets. */
  private limits(): Partial<Record<Bound, number>> {
    const { profile, values } = this;
    const executed = this.timeline.completed;
    const received = values[MODEL_RECEIVED / 8];
    if (received === 0) return {};
    const ports = this.portsSeen.reduce((a, b) => a + b, 0);
    const limits: Partial<Record<Bound, number>> = { line: (ports * profile.linkBps) / (values[MODEL_WIRE_BITS / 8] / received) / 1e6 };
    if (profile.macPps > 0) limits.mac = profile.macPps / 1e6;
    if (executed > 0) {
      if (profile.kind === "offload") {
        // Where there are too few threads to hide the waits for memory, they are the limit.
        const held = Math.max(this.timeline.busy, values[MODEL_ALONE_SUM / 8] / profile.contextsPerCore);
        limits.cores = (this.cores * executed) / held * 1e3;
        const memoryCycles = values[MODEL_MEMORY_CYCLES / 8];
        if (memoryCycles > 0) limits.memory = (profile.clockHz * executed) / memoryCycles / 1e6;
        const busBytes = values[MODEL_BUS_BYTES / 8];
        if (busBytes > 0 && profile.pcieLanes > 0) limits.pcie = (busBytesPerNs(profile) * executed) / busBytes * 1e3;
        const busiest = this.egress === undefined ? 0 : busiestQueue(this.egress);
        if (busiest > 0 && profile.hostPassNs > 0) limits.host = executed / (busiest * profile.hostPassNs) * 1e3;
      } else {
        // The busiest core bounds the rate: a single flow has one core.
        limits.cores = (executed / Math.max(...this.busy)) * 1e3;
        if (profile.pciePps > 0) limits.pcie = profile.pciePps / (1 + (profile.pcieTxFactor - 1) * (values[MODEL_SENT / 8] / executed)) / 1e6;
      }
    }
    return limits;
  }

  result(program: ProgramFigures): DeviceResult {
    const { profile, timeline, values } = this;
    const executed = this.timeline.completed;
    const firstArrival = values[MODEL_FIRST_ARRIVAL / 8];
    const serviceMax = values[MODEL_SERVICE_MAX / 8];
    const limits = this.limits();
    let bound: Bound = "line";
    // What is behind a card's cores does not hold them up: the card drops what the host does not take, and goes on.
    const parts: readonly Bound[] = profile.kind === "offload" ? ["cores", "memory", "mac"] : ["cores", "mac", "pcie"];
    for (const part of parts) {
      if ((limits[part] ?? Infinity) < (limits[bound] ?? Infinity)) bound = part;
    }
    const mean = executed === 0 ? 0 : this.timeline.busy / executed;
    const span = values[MODEL_LAST_ARRIVAL / 8] - firstArrival;
    const until = timeline.lastDeparture - firstArrival;
    const { latency } = timeline;
    return {
      provenance: "modelled",
      profile: profile.name,
      kind: profile.kind,
      admitted: program.admitted,
      reasons: program.reasons,
      checked: program.checked,
      cores: this.cores,
      queues: this.queues,
      instructions: program.instructions,
      cyclesPerPacket: { mean: mean / this.nsPerCycle, max: serviceMax / this.nsPerCycle },
      nsPerPacket: { mean, max: serviceMax },
      mpps: limits[bound] ?? 0,
      bound,
      limits,
      offeredMpps: span > 0 ? ((values[MODEL_RECEIVED / 8] - 1) / span) * 1e3 : 0,
      latencyNs: latencyOf(latency),
      utilisation: until > 0 ? Math.min(1, timeline.busy / (until * this.cores)) : 0,
      parts: this.parts(until),
      occupancy: timeline.occupancy.toJSON(),
      ...(this.egress === undefined ? {} : { behind: this.behind(this.egress) }),
      collapses: timeline.collapses,
      drops: this.drops,
      notes: [...program.notes, ...this.hostNotes(limits, bound), ...this.memoryNotes(bound)],
    };
  }

  /** Says where the host takes less of what is passed than the card gives it. */
  private hostNotes(limits: Partial<Record<Bound, number>>, bound: Bound): string[] {
    const card = limits[bound] ?? 0;
    const part = (limits.pcie ?? Infinity) < (limits.host ?? Infinity) ? "pcie" : "host";
    const least = limits[part] ?? Infinity;
    if (this.profile.kind !== "offload" || least >= card) return [];
    const what = part === "pcie" ? "the bus to the host carries" : "the host's processors take";
    return [`the card does ${card.toFixed(2)} Mpps of this mix, but ${what} only ${least.toFixed(2)}: what is passed beyond that is dropped at the host's rings`];
  }

  /** The engine's figures are of its worst case; says so where they decide. */
  private memoryNotes(bound: Bound): string[] {
    if (bound !== "memory" || this.profile.kind !== "offload" || this.profile.memorySpread > 1) return [];
    const { entriesInUse, memorySpreadFrom, memorySpreadMost } = this.profile;
    const spread = entriesInUse > memorySpreadFrom;
    return [`the memory engine is the limit, ${spread ? `faster than for one and the same word where packets reach ${entriesInUse} entries (assumed share of the published gain)` : "at its rate for one and the same word (published worst case)"}: with addresses spread widely it is up to ${memorySpreadMost} times faster (entriesInUse)`];
  }

  /** Share of the time that each part works. */
  private parts(until: number): Record<string, number> {
    const { timeline, egress, profile } = this;
    const share = (busy: number, units: number): number => (until > 0 ? Math.min(1, busy / (until * units)) : 0);
    const parts: Record<string, number> = { cores: share(timeline.busy, this.cores) };
    if (profile.macPps > 0) parts.mac = share(timeline.macBusy, 1);
    if (timeline.sharedBusy > 0) parts.memory = share(timeline.sharedBusy, 1);
    if (egress !== undefined) {
      if (egress.sent > 0) parts.tx = share(egress.txBusy, profile.ports);
      if (egress.busBusy > 0) parts.pcie = share(egress.busBusy, 1);
      if (egress.hostBusy > 0) parts.host = share(egress.hostBusy, profile.queues);
    }
    return parts;
  }

  private behind(egress: Egress): HostSide {
    return {
      passed: this.values[MODEL_PASSED / 8], delivered: sum(egress.delivered), hostRingDrops: sum(egress.hostDrops), sent: egress.sent, txDrops: egress.txDrops,
      toWireNs: latencyOf(egress.toWire), toHostNs: latencyOf(egress.toHost),
    };
  }
}

/** Packets that came for the queue that got most. */
function busiestQueue({ delivered, hostDrops }: Egress): number {
  return Math.max(...delivered.map((got, queue) => got + hostDrops[queue]));
}

function sum(values: Float64Array): number {
  return values.reduce((a, b) => a + b, 0);
}

function latencyOf(latency: Histogram): LatencyResult {
  return { mean: latency.mean, p50: latency.percentile(0.5), p99: latency.percentile(0.99), p999: latency.percentile(0.999), max: latency.max };
}

/** Packets that a transmit queue of a card holds; no published figure. */
const TX_QUEUE = 1024;

/** Bytes that the bus carries in a nanosecond, one way. */
function busBytesPerNs(profile: DeviceProfile): number {
  return pcieTlpGbps({ generation: profile.pcieGeneration, lanes: profile.pcieLanes }) / 8;
}

function makeEgress(profile: OffloadProfile, space: ModelSpace): Egress {
  return new Egress({
    ports: profile.ports, lineNsPerBit: 1e9 / profile.linkBps, txQueue: TX_QUEUE, busNsPerByte: profile.pcieLanes > 0 ? 1 / busBytesPerNs(profile) : 0,
    queues: profile.queues, ringSize: profile.ringSize, hostNs: profile.hostPassNs, interruptNs: profile.interruptNs,
  }, space);
}
