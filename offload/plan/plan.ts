/**
 * Capacity: how fast a program goes on a device without loss, the least of the device that meets a target, other cards that
 * would do, processors saved, and how it shifts with packet size and with the share of packets that are dropped. The program
 * runs once for each kind of core; all that follows is tried on what its packets cost. Every figure is modelled.
 */
import { wireBytes } from "../../nic/index.js";
import type { Pattern, Rate } from "../../nic/index.js";
import { selectProgram } from "../../xdp/index.js";
import { checkAdmission } from "../admission/rules.js";
import { planCosts } from "../cost/plan.js";
import { PROFILES } from "../profiles/profiles.js";
import type { DeviceProfile, KernelProfile, OffloadProfile } from "../profiles/schema.js";
import { DeviceModel } from "../run/model.js";
import { readsPacket } from "../run/touches.js";
import { planVliw } from "../cost/vliw.js";
import { runOffload } from "../run.js";
import type { Bound, RunOptions } from "../types.js";
import { HOST_PATHS } from "./paths.js";
import { PathRecord } from "./record.js";
import { highestRate, meets, smallest } from "./search.js";
import type { Demand, Highest, Smallest } from "./search.js";
import { meanBits } from "./simulate.js";
import type { Workload } from "./simulate.js";

export interface PlanOptions extends Omit<RunOptions, "baseline" | "parallel" | "workers" | "rate" | "sinks"> {
  /** Rate to carry: packets or bits a second. Absent: none, and no configuration is searched. */
  readonly target?: Rate;
  /** Largest share lost, 0 to 1. Default 0. */
  readonly loss?: number;
  /** Largest 99th percentile of latency on the device, ns. */
  readonly p99Ns?: number;
  /** How packets come. Default evenly. */
  readonly pattern?: Pattern;
  /** Packets of a trial; the traffic repeats or is cut. Default 100,000. */
  readonly trialPackets?: number;
  /** Devices to compare with. Default: all profiles. */
  readonly others?: readonly DeviceProfile[];
}

/** A device beside the one planned for. */
export interface Candidate {
  readonly profile: string;
  readonly description: string;
  readonly kind: DeviceProfile["kind"];
  readonly admitted: boolean | null;
  readonly mpps: number;
  readonly bound: Bound;
  /** With a target: whether it does, and if not why. */
  readonly meets?: boolean;
  readonly why?: string;
}

/** Processors that a path through the kernel needs for the rate, and how many the device saves. */
export interface Saving {
  readonly path: string;
  readonly mppsPerCore: number;
  readonly cores: number;
  readonly saved: number;
  readonly provenance: "modelled" | "published";
}

export interface SizeRow {
  /** Frame with check sequence, bytes. */
  readonly bytes: number;
  readonly mpps: number;
  readonly gbps: number;
  readonly bound: Bound;
}

export interface DropShareRow {
  readonly share: number;
  readonly mpps: number;
  readonly bound: Bound;
}

export interface PlanResult {
  readonly provenance: "modelled";
  readonly profile: string;
  readonly admitted: boolean | null;
  readonly reasons: readonly string[];
  readonly packets: number;
  readonly meanFrameBytes: number;
  readonly verdicts: Readonly<Record<string, number>>;
  readonly highest: Highest;
  readonly demand?: Demand;
  readonly smallest?: Smallest;
  readonly candidates: readonly Candidate[];
  /** At the target, or at the highest rate where there is none. */
  readonly savingsAtMpps: number;
  readonly savings: readonly Saving[];
  readonly bySize: readonly SizeRow[];
  readonly byDropShare: readonly DropShareRow[];
  readonly notes: readonly string[];
}

/** Thrown where there is nothing to plan from. */
export class PlanError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "PlanError";
  }
}

const XDP_DROP = 1;
const XDP_PASS = 2;

/** Plans for `options.device`. Throws what a run throws, and {@link PlanError}. */
export async function planCapacity(options: PlanOptions): Promise<PlanResult> {
  const works = new Workloads(options);
  const { device } = options;
  const { workload, verdicts } = await works.for(device);
  const { record } = workload;
  const demand = demandOf(options, record);
  const highest = highestRate(device, workload, options.loss ?? 0, options.pattern, options.trialPackets);
  const admission = admissionOf(options, device);
  const candidates: Candidate[] = [];
  for (const profile of options.others ?? PROFILES) {
    if (profile.name !== device.name) candidates.push(await candidate(options, works, profile, demand));
  }
  const rate = demand?.mpps ?? highest.mpps;
  return {
    provenance: "modelled",
    profile: device.name,
    ...admission,
    packets: record.count,
    meanFrameBytes: meanBits(record) / 8 - 20,
    verdicts,
    highest,
    ...(demand === undefined ? {} : { demand, smallest: smallest(device, workload, demand) }),
    candidates,
    savingsAtMpps: rate,
    savings: device.kind === "offload" ? await savings(works, device, workload, rate) : [],
    bySize: bySize(device, highest),
    byDropShare: byDropShare(device, workload, highest),
    notes: notesOf(record),
  };
}

/** Figures of a card that a packet's costs hang on; all others are of what is around the cores. */
const COST_KEYS = [
  "lanes", "packetReadCycles", "mapReadCycles", "memoryReadCycles", "memoryAtomicCycles", "memorySpreadMost", "memorySpreadFrom", "memorySpreadTo", "entriesInUse", "mapFill",
  "arrayLookupCycles", "arrayLookupReads", "mapLookupCycles", "mapKeyCycles", "mapLookupReads", "mapUpdateCycles", "mapUpdateReads", "adjustHeadSub", "adjustHeadAdd",
] as const;

/** Runs the program once for each kind of core. */
class Workloads {
  private readonly options: PlanOptions;
  private readonly known = new Map<string, Promise<{ workload: Workload; verdicts: Readonly<Record<string, number>> }>>();

  constructor(options: PlanOptions) {
    this.options = options;
  }

  for(profile: DeviceProfile): Promise<{ workload: Workload; verdicts: Readonly<Record<string, number>> }> {
    const card = profile.kind === "offload" ? profile : this.card();
    const kernel = profile.kind === "kernel" ? profile : undefined;
    const key = JSON.stringify([COST_KEYS.map((name) => card[name]), kernel === undefined || kernel.mapFill === 0 ? [] : [kernel.mapFill, kernel.cacheBytes, kernel.cacheMissNs]]);
    let found = this.known.get(key);
    if (found === undefined) this.known.set(key, (found = this.run(card, kernel)));
    return found;
  }

  private card(): OffloadProfile {
    const { device } = this.options;
    return device.kind === "offload" ? device : (PROFILES[0] as OffloadProfile);
  }

  /** On a device that drops nothing, at the capture's own times: what the program decides is what it decides for the traffic as it came. */
  private async run(card: OffloadProfile, kernel: KernelProfile | undefined): Promise<{ workload: Workload; verdicts: Readonly<Record<string, number>> }> {
    const { target: _, loss: __, p99Ns: ___, pattern: ____, others: _____, trialPackets: ______, ...run } = this.options;
    const record = new PathRecord();
    const device: OffloadProfile = { ...card, cores: 4096, macPps: 0, ingressPackets: 65_536, queues: run.queues ?? card.queues };
    const { verdicts } = await runOffload({ ...run, device, ...(kernel === undefined ? {} : { baseline: kernel }), sinks: [record] });
    if (record.count === 0) throw new PlanError("no packet of the traffic reaches the program: there is nothing to plan from");
    const plan = card.lanes > 0 ? planVliw(run.object, card) : planCosts(run.object, card, kernel);
    return { workload: { record, plan, touches: readsPacket(selectProgram(run.object, run.entry)) }, verdicts };
  }
}

function demandOf({ target, loss = 0, p99Ns, pattern, trialPackets }: PlanOptions, record: PathRecord): Demand | undefined {
  if (target === undefined) return undefined;
  if (target.kind !== "packets" && target.kind !== "bits") throw new PlanError("a target is a rate: packets such as 10Mpps, or bits such as 40Gbps");
  const mpps = target.kind === "packets" ? target.pps / 1e6 : target.bps / meanBits(record) / 1e6;
  return { mpps, loss, ...(p99Ns === undefined ? {} : { p99Ns }), ...(pattern === undefined ? {} : { pattern }), ...(trialPackets === undefined ? {} : { trialPackets }) };
}

function admissionOf({ object, entry }: PlanOptions, profile: DeviceProfile): { admitted: boolean | null; reasons: readonly string[] } {
  if (profile.kind === "kernel") return { admitted: null, reasons: [] };
  const { reasons } = checkAdmission(object, selectProgram(object, entry), profile);
  return { admitted: reasons.length === 0, reasons };
}

async function candidate(options: PlanOptions, works: Workloads, profile: DeviceProfile, demand: Demand | undefined): Promise<Candidate> {
  const { workload } = await works.for(profile);
  const { mpps, bound } = highestRate(profile, workload, options.loss ?? 0, options.pattern, options.trialPackets);
  const { admitted, reasons } = admissionOf(options, profile);
  const found = demand === undefined ? undefined : meets(profile, workload, demand);
  const why = admitted === false ? `refuses the program: ${reasons[0]}` : found?.why;
  return {
    profile: profile.name, description: profile.description, kind: profile.kind, admitted, mpps, bound,
    ...(found === undefined ? {} : { meets: why === undefined }), ...(why === undefined ? {} : { why }),
  };
}

/** With a card the host's processors see only what is passed. */
async function savings(works: Workloads, device: OffloadProfile, workload: Workload, mpps: number): Promise<Saving[]> {
  const { record } = workload;
  let passed = 0;
  for (let i = 0; i < record.count; i++) if (record.verdict[i] === XDP_PASS) passed++;
  const left = (mpps * 1e6 * (passed / record.count) * device.hostPassNs) / 1e9;
  const saving = (path: string, mppsPerCore: number, provenance: Saving["provenance"]): Saving => {
    const cores = mpps / mppsPerCore;
    return { path, mppsPerCore, cores, saved: Math.max(0, cores - left), provenance };
  };
  const out: Saving[] = [];
  for (const profile of PROFILES) {
    if (profile.kind !== "kernel") continue;
    const { workload: own } = await works.for(profile);
    out.push(saving(profile.name, 1e3 / means(profile, own).service, "modelled"));
  }
  return [...out, ...HOST_PATHS.map(({ name, mppsPerCore }) => saving(name, mppsPerCore, "published"))];
}

/** Mean times of packets, ns: on a core, and of the shared memory engine. */
interface Means {
  readonly service: number;
  readonly memory: number;
}

function means(profile: DeviceProfile, { record, plan, touches }: Workload, of: (verdict: number) => boolean = () => true): Means {
  const model = new DeviceModel(profile, plan, touches);
  const engineNs = profile.kind === "offload" ? 1e9 / profile.clockHz / profile.memorySpread : 0;
  let service = 0;
  let memory = 0;
  let count = 0;
  for (let i = 0; i < record.count; i++) {
    if (!of(record.verdict[i])) continue;
    service += model.service(record.low[i], record.high[i], record.verdict[i]);
    memory += plan.memoryCycles(record.low[i], record.high[i]) * engineNs;
    count++;
  }
  return count === 0 ? { service: Number.NaN, memory: Number.NaN } : { service: service / count, memory: memory / count };
}

/** The parts that are not the line do not know packets' sizes; the line knows nothing else. */
function bySize(device: DeviceProfile, { limits }: Highest): SizeRow[] {
  return [64, 128, 256, 512, 1024, 1518].map((bytes) => {
    const bits = wireBytes(bytes - 4) * 8;
    const line = (device.ports * device.linkBps) / bits / 1e6;
    const [bound, mpps] = lowest({ ...limits, line });
    return { bytes, mpps, gbps: (mpps * bits) / 1e3, bound };
  });
}

/** Packets of the traffic that are dropped, and the others, in other shares. */
function byDropShare(device: DeviceProfile, workload: Workload, { limits }: Highest): DropShareRow[] {
  const dropped = means(device, workload, (verdict) => verdict === XDP_DROP);
  const other = means(device, workload, (verdict) => verdict !== XDP_DROP);
  if (Number.isNaN(dropped.service) || Number.isNaN(other.service)) return [];
  const { host: _, pcie: __, memory: ___, ...rest } = limits;
  const cores = device.kind === "kernel" ? Math.min(device.cores, device.queues) : device.cores;
  return [0, 0.25, 0.5, 0.75, 0.9, 1].map((share) => {
    const mixed = (key: keyof Means): number => share * dropped[key] + (1 - share) * other[key];
    const memory = mixed("memory") > 0 ? { memory: 1e3 / mixed("memory") } : {};
    const [bound, mpps] = lowest({ ...rest, ...memory, cores: (cores / mixed("service")) * 1e3 });
    return { share, mpps, bound };
  });
}

function lowest(limits: Partial<Record<Bound, number>>): [Bound, number] {
  return (Object.entries(limits) as [Bound, number][]).reduce((a, b) => (b[1] < a[1] ? b : a));
}

function notesOf(record: PathRecord): string[] {
  const notes = ["what the program decides, and so what packets cost, is as at the capture's own times: rate limits would decide otherwise at other rates"];
  if (record.beyond > 0) notes.push(`${record.beyond} packets beyond the first ${record.count} were left out`);
  if (record.notRun > 0) notes.push(`${record.notRun} packets never reached the program and were left out`);
  return notes;
}
