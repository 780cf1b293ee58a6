/**
 * A device of a run: its timeline, what its packets cost, and from both the figures of the result. Everything here is modelled.
 */
import { Timeline, wireBytes } from "../../nic/index.js";
import type { CostPlan } from "../cost/plan.js";
import { X86_UNITS } from "../cost/x86.js";
import type { DeviceProfile } from "../profiles/schema.js";
import type { Bound, DeviceResult, Drops } from "../types.js";

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
  private memoryCycles = 0;
  private readonly nsPerCycle: number;
  /** Kernel path: what every packet costs, and the factor on all times at this clock. */
  private readonly driverNs: number;
  private readonly clockFactor: number;

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
    });
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

  /** Tells the timeline what the next admitted packet cost; returns its departure. */
  complete(service: number, low: number, high: number, queue: number): number {
    this.executed++;
    this.serviceSum += service;
    if (service > this.serviceMax) this.serviceMax = service;
    if (this.profile.kind === "kernel") {
      this.busy[queue % this.cores] += service;
      return this.timeline.complete(service);
    }
    const memory = this.plan.memoryCycles(low, high);
    this.memoryCycles += memory;
    return this.timeline.complete(service, memory * this.nsPerCycle);
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
        limits.cores = (this.cores * executed) / this.serviceSum * 1e3;
        if (this.memoryCycles > 0) limits.memory = (profile.clockHz * executed) / this.memoryCycles / 1e6;
      } else {
        // The busiest core bounds the rate: a single flow has one core.
        limits.cores = (executed / Math.max(...this.busy)) * 1e3;
        if (profile.pciePps > 0) limits.pcie = profile.pciePps / 1e6;
      }
    }
    return limits;
  }

  result(program: ProgramFigures): DeviceResult {
    const { profile, timeline, executed } = this;
    const limits = this.limits();
    let bound: Bound = "line";
    for (const part of ["cores", "memory", "mac", "pcie"] as const) {
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
      latencyNs: { mean: latency.mean, p50: latency.percentile(0.5), p99: latency.percentile(0.99), p999: latency.percentile(0.999), max: latency.max },
      utilisation: until > 0 ? Math.min(1, timeline.busy / (until * this.cores)) : 0,
      drops: this.drops,
      notes: program.notes,
    };
  }
}
