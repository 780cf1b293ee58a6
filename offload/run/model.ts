/**
 * A device of a run: its timeline, what its packets cost, and from both the figures of the result. Everything here is modelled.
 */
import { dmaWriteBytes, Egress, pcieTlpGbps, Timeline, wireBytes } from "../../nic/index.js";
import type { Histogram } from "../../nic/index.js";
import type { CostPlan } from "../cost/plan.js";
import { X86_UNITS } from "../cost/x86.js";
import type { DeviceProfile, OffloadProfile } from "../profiles/schema.js";
import type { Bound, DeviceResult, Drops, HostSide, LatencyResult } from "../types.js";

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
  private readonly plan: CostPlan;
  /** Busy time of each core in driver mode, ns. */
  private readonly busy: Float64Array;
  private lengthErrors = 0;
  private received = 0;
  private wireBits = 0;
  private readonly portsSeen = new Uint8Array(256);
  private firstArrival = Number.NaN;
  private lastArrival = 0;
  private executed = 0;
  private serviceSum = 0;
  private serviceMax = 0;
  private aloneSum = 0;
  private memoryCycles = 0;
  private busBytes = 0;
  private passed = 0;
  /** Kernel path: packets sent. */
  private sentCount = 0;
  private readonly nsPerCycle: number;
  /** Kernel path: what every packet costs, and the factor on all times at this clock. */
  private readonly driverNs: number;
  private readonly clockFactor: number;
  /** What a core that is alone waits for a blocking read beyond what a busy one does, ns by cycle of the memory engine. */
  private readonly readWaitNs: number;

  /** `touches`: the program looks at packets' bytes. */
  constructor(profile: DeviceProfile, plan: CostPlan, touches = true) {
    this.profile = profile;
    this.plan = plan;
    this.driverNs = profile.kind === "kernel" ? profile.driverNs + (touches ? profile.touchNs : 0) : 0;
    this.clockFactor = profile.kind === "kernel" ? 1 - profile.clockShare + (profile.clockShare * profile.measuredHz) / profile.clockHz : 1;
    this.queues = profile.queues;
    this.cores = profile.kind === "kernel" ? Math.min(profile.cores, profile.queues) : profile.cores;
    this.nsPerCycle = 1e9 / profile.clockHz;
    this.busy = new Float64Array(this.cores);
    this.timeline = new Timeline({
      servers: profile.kind === "kernel" ? "queue" : "pool",
      queues: profile.queues,
      cores: this.cores,
      ringSize: profile.kind === "kernel" ? profile.ringSize : profile.ingressPackets,
      ...(profile.macPps > 0 ? { macPps: profile.macPps } : {}),
      ...(profile.kind === "offload" ? { contexts: profile.contextsPerCore } : {}),
      ...(profile.kind === "offload" && profile.overloadPps > 0 ? { overload: { pps: profile.overloadPps, belowPps: profile.overloadBelowPps } } : {}),
    });
    this.egress = profile.kind === "offload" ? makeEgress(profile) : undefined;
    this.readWaitNs = profile.kind === "offload" && profile.memoryReadCycles > 0
      ? (Math.max(0, profile.mapLatencyCycles - profile.mapReadCycles) / profile.memoryReadCycles) * this.nsPerCycle : 0;
  }

  /** A frame at a port, in arrival order. */
  receive(arrival: number, port: number, wire: number): void {
    this.received++;
    this.wireBits += wireBytes(wire) * 8;
    this.portsSeen[port] = 1;
    if (Number.isNaN(this.firstArrival)) this.firstArrival = arrival;
    this.lastArrival = arrival;
  }

  /** It was too short or too long. */
  lengthError(): void {
    this.lengthErrors++;
  }

  /** Service time, ns, of a packet with these counters and this verdict. */
  service(low: number, high: number, verdict: number): number {
    const { profile } = this;
    if (profile.kind === "offload") return (profile.firmwareCycles + this.plan.cycles(low, high)) * this.nsPerCycle;
    const decided = verdict === XDP_PASS ? profile.passNs : verdict === XDP_TX ? profile.txNs : verdict === XDP_REDIRECT ? profile.redirectNs : 0;
    return (this.driverNs + (high / X86_UNITS) * profile.programScale + decided) * this.clockFactor;
  }

  /**
   * Tells the timeline what the next admitted packet cost; returns its departure from the cores. `port` and `length`: where it
   * came in, and its bytes after the program.
   */
  complete(service: number, low: number, high: number, queue: number, arrival: number, verdict: number, port: number, length: number): number {
    this.executed++;
    this.serviceSum += service;
    if (service > this.serviceMax) this.serviceMax = service;
    if (this.profile.kind === "kernel") {
      this.busy[queue % this.cores] += service;
      if (verdict === XDP_TX || verdict === XDP_REDIRECT) this.sentCount++;
      return this.timeline.complete(service);
    }
    const memory = this.plan.memoryCycles(low, high);
    const engine = memory / this.profile.memorySpread;
    this.memoryCycles += engine;
    const alone = service + memory * this.readWaitNs;
    this.aloneSum += alone;
    const departure = this.timeline.complete(service, engine * this.nsPerCycle, alone);
    this.leave(arrival, departure, verdict, queue, port, length);
    return departure;
  }

  private leave(arrival: number, departure: number, verdict: number, queue: number, port: number, length: number): void {
    const egress = this.egress as Egress;
    if (verdict === XDP_PASS) {
      const bytes = dmaWriteBytes(length) + this.profile.pcieOverheadBytes;
      this.busBytes += bytes;
      this.passed++;
      egress.pass(arrival, departure, queue, bytes);
    } else if (verdict === XDP_TX || verdict === XDP_REDIRECT) egress.transmit(arrival, departure, port, wireBytes(length) * 8);
    else egress.consume(departure);
  }

  /** Mean service so far; what a packet is taken to cost of which nothing else is known. */
  get meanService(): number {
    return this.executed === 0 ? this.service(0, 0, 1) : this.serviceSum / this.executed;
  }

  get drops(): Drops {
    let ring = 0;
    for (const drops of this.timeline.ringDrops) ring += drops;
    return { length: this.lengthErrors, mac: this.timeline.macDrops, ring };
  }

  /** Rates in Mpps that each part alone allows to this mix of packets. */
  private limits(): Partial<Record<Bound, number>> {
    const { profile, executed } = this;
    if (this.received === 0) return {};
    const ports = this.portsSeen.reduce((a, b) => a + b, 0);
    const limits: Partial<Record<Bound, number>> = { line: (ports * profile.linkBps) / (this.wireBits / this.received) / 1e6 };
    if (profile.macPps > 0) limits.mac = profile.macPps / 1e6;
    if (executed > 0) {
      if (profile.kind === "offload") {
        // Where there are too few threads to hide the waits for memory, they are the limit.
        const held = profile.kind === "offload" ? Math.max(this.serviceSum, this.aloneSum / profile.contextsPerCore) : this.serviceSum;
        limits.cores = (this.cores * executed) / held * 1e3;
        if (this.memoryCycles > 0) limits.memory = (profile.clockHz * executed) / this.memoryCycles / 1e6;
        if (this.busBytes > 0 && profile.pcieLanes > 0) limits.pcie = (busBytesPerNs(profile) * executed) / this.busBytes * 1e3;
        const busiest = this.egress === undefined ? 0 : Math.max(...this.egress.delivered.map((got, queue) => got + (this.egress?.hostDrops[queue] ?? 0)));
        if (busiest > 0 && profile.hostPassNs > 0) limits.host = executed / (busiest * profile.hostPassNs) * 1e3;
      } else {
        // The busiest core bounds the rate: a single flow has one core.
        limits.cores = (executed / Math.max(...this.busy)) * 1e3;
        if (profile.pciePps > 0) limits.pcie = profile.pciePps / (1 + (profile.pcieTxFactor - 1) * (this.sentCount / executed)) / 1e6;
      }
    }
    return limits;
  }

  result(program: ProgramFigures): DeviceResult {
    const { profile, timeline, executed } = this;
    const limits = this.limits();
    let bound: Bound = "line";
    // What is behind a card's cores does not hold them up: the card drops what the host does not take, and goes on.
    const parts: readonly Bound[] = profile.kind === "offload" ? ["cores", "memory", "mac"] : ["cores", "mac", "pcie"];
    for (const part of parts) {
      if ((limits[part] ?? Infinity) < (limits[bound] ?? Infinity)) bound = part;
    }
    const mean = executed === 0 ? 0 : this.serviceSum / executed;
    const span = this.lastArrival - this.firstArrival;
    const until = timeline.lastDeparture - this.firstArrival;
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
      cyclesPerPacket: { mean: mean / this.nsPerCycle, max: this.serviceMax / this.nsPerCycle },
      nsPerPacket: { mean, max: this.serviceMax },
      mpps: limits[bound] ?? 0,
      bound,
      limits,
      offeredMpps: span > 0 ? ((this.received - 1) / span) * 1e3 : 0,
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
    return ["the memory engine is the limit, at its rate for one and the same word (published worst case): with addresses spread widely it is up to 4 times faster (memorySpread)"];
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
      passed: this.passed, delivered: sum(egress.delivered), hostRingDrops: sum(egress.hostDrops), sent: egress.sent, txDrops: egress.txDrops,
      toWireNs: latencyOf(egress.toWire), toHostNs: latencyOf(egress.toHost),
    };
  }
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

function makeEgress(profile: OffloadProfile): Egress {
  return new Egress({
    ports: profile.ports, lineNsPerBit: 1e9 / profile.linkBps, txQueue: TX_QUEUE, busNsPerByte: profile.pcieLanes > 0 ? 1 / busBytesPerNs(profile) : 0,
    queues: profile.queues, ringSize: profile.ringSize, hostNs: profile.hostPassNs, interruptNs: profile.interruptNs,
  });
}
