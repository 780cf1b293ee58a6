/**
 * Capacity: how fast a program goes on a device without loss, the least of the device that meets a target, other devices that
 * would do and the least of each, processors saved, and how it shifts with packet size, attack share and full maps. The program
 * runs once for each kind of core; all that follows is tried on what its packets cost. Every figure is modelled unless it says so.
 */
import type { Pattern, Rate } from "../../nic/index.js";
import { selectProgram } from "../../xdp/index.js";
import { checkAdmission } from "../admission/rules.js";
import { withSources } from "../cost/sources.js";
import { PROFILES } from "../profiles/profiles.js";
import type { DeviceProfile } from "../profiles/schema.js";
import type { Bound } from "../types.js";
import { PlanError } from "./error.js";
import type { PathRecord } from "./record.js";
import { savings } from "./savings.js";
import type { Saving } from "./savings.js";
import { highestRate, smallest } from "./search.js";
import type { Configuration, Demand, Highest, Smallest } from "./search.js";
import { byAttackShare, byFill, bySize, hashTables } from "./shifts.js";
import type { AttackShift, FillRow, Search, SizeRow } from "./shifts.js";
import { meanBits } from "./simulate.js";
import { Workloads } from "./workloads.js";
import type { WorkloadOptions } from "./workloads.js";

export interface PlanOptions extends WorkloadOptions {
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
  /** Label of the traffic that is the attack. Default: one that is called so, else what the program drops. */
  readonly attack?: string;
  /** Called before each part of the work, with what it is. */
  readonly step?: (what: string) => void;
}

/** A device beside the one planned for. */
export interface Candidate {
  readonly profile: string;
  readonly description: string;
  readonly kind: DeviceProfile["kind"];
  readonly admitted: boolean | null;
  readonly mpps: number;
  readonly bound: Bound;
  /** With a target: whether it does, with the least of it; and if not why. */
  readonly meets?: boolean;
  readonly configuration?: Configuration;
  readonly why?: string;
}

/** A figure of the card that is not published, and the rates at the ends of its range, Mpps. */
export interface PlanRange {
  readonly of: string;
  readonly low: number;
  readonly high: number;
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
  /** How far the highest rate could be off for want of published figures. */
  readonly ranges: readonly PlanRange[];
  readonly demand?: Demand;
  readonly smallest?: Smallest;
  readonly candidates: readonly Candidate[];
  /** At the target, or at the highest rate where there is none. */
  readonly savingsAtMpps: number;
  /** Processors of the host that what is passed still needs. */
  readonly hostCores: number;
  readonly savings: readonly Saving[];
  readonly bySize: readonly SizeRow[];
  readonly byAttackShare?: AttackShift;
  readonly byFill: readonly FillRow[];
  readonly notes: readonly string[];
}

/** Packets of a trial where many are made. */
const QUICK = 30_000;
/** Range of the firmware's hash lookup, cycles: see the profile. */
const LOOKUP_RANGE = [60, 500] as const;

/** Plans for `options.device`. Throws what a run throws, and {@link PlanError}. */
export async function planCapacity(options: PlanOptions): Promise<PlanResult> {
  const { device, target: _, loss = 0, p99Ns: __, pattern, trialPackets, others = PROFILES, attack, step = () => undefined, ...run } = options;
  const works = new Workloads({ ...run, device });
  step("running the program");
  const { workload, record, verdicts } = await works.for(device);
  const demand = demandOf(options, record);
  step(`highest rate of ${device.name}`);
  const highest = highestRate(device, workload, loss, pattern, trialPackets);
  const search: Search = { device, loss, packets: Math.min(trialPackets ?? QUICK, QUICK) };
  step("packet sizes");
  const sizes = bySize(search, workload);
  step("shares of attack");
  const shares = byAttackShare(search, workload, record, attack);
  step("full maps");
  const fills = await byFill(search, works, options.object, selectProgram(options.object, options.entry));
  const ranges = await rangesOf(options, works, search, highest);
  if (demand !== undefined) step(`least of ${device.name} that meets the target`);
  const least = demand === undefined ? undefined : smallest(device, workload, demand);
  const candidates: Candidate[] = [];
  for (const profile of others) {
    if (profile.name === device.name) continue;
    step(profile.name);
    candidates.push(await candidate(options, works, alike(profile, device), demand));
  }
  const rate = demand?.mpps ?? highest.mpps;
  return {
    provenance: "modelled",
    profile: device.name,
    ...admissionOf(options, device),
    packets: record.count,
    meanFrameBytes: meanBits(record) / 8 - 20,
    verdicts,
    highest,
    ranges,
    ...(demand === undefined ? {} : { demand, smallest: least }),
    candidates,
    savingsAtMpps: rate,
    ...(device.kind === "offload" ? await savings(works, device, workload, rate) : { hostCores: 0, savings: [] }),
    bySize: sizes,
    ...(shares === undefined ? {} : { byAttackShare: shares }),
    byFill: fills,
    notes: notesOf(record),
  };
}

/** Another profile, with what was found out about the traffic for the device planned for. */
function alike(profile: DeviceProfile, device: DeviceProfile): DeviceProfile {
  return device.kind === "offload" && device.sources.entriesInUse?.evidence === "measured" ? withSources(profile, device.entriesInUse) : profile;
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
  const found = demand === undefined || admitted === false ? undefined : smallest(profile, workload, demand);
  const why = admitted === false ? `refuses the program: ${reasons[0]}` : found?.why;
  return {
    profile: profile.name, description: profile.description, kind: profile.kind, admitted, mpps, bound,
    ...(demand === undefined ? {} : { meets: why === undefined }),
    ...(found?.configuration === undefined ? {} : { configuration: found.configuration }),
    ...(why === undefined ? {} : { why }),
  };
}

/** What the card's unpublished figures leave open, where the rate hangs on them. */
async function rangesOf({ object, entry }: PlanOptions, works: Workloads, search: Search, { mpps }: Highest): Promise<PlanRange[]> {
  const { device } = search;
  if (device.kind !== "offload" || device.lanes > 0) return [];
  const at = async (changed: Partial<typeof device>): Promise<number> => {
    const tried = { ...device, ...changed };
    return highestRate(tried, (await works.for(tried)).workload, search.loss, undefined, search.packets).mpps;
  };
  const ranges: PlanRange[] = [];
  const add = (of: string, one: number, other: number): void => {
    const [low, high] = [Math.min(one, other, mpps), Math.max(one, other, mpps)];
    if (high > low * 1.01) ranges.push({ of, low, high });
  };
  if (hashTables(object, selectProgram(object, entry)).length > 0) {
    const [few, many] = LOOKUP_RANGE;
    add(`hash lookups taking ${few} to ${many} cycles (not published; ${device.mapLookupCycles} assumed)`, await at({ mapLookupCycles: few }), await at({ mapLookupCycles: many }));
  }
  add(`packets reaching one map entry to ${device.memorySpreadTo.toLocaleString("en-US")} (published: memory up to ${device.memorySpreadMost} times faster; ${device.entriesInUse.toLocaleString("en-US")} taken)`, await at({ entriesInUse: 1 }), await at({ entriesInUse: device.memorySpreadTo }));
  return ranges;
}

function notesOf(record: PathRecord): string[] {
  const notes = ["what the program decides, and so what packets cost, is as at the capture's own times: rate limits would decide otherwise at other rates"];
  if (record.beyond > 0) notes.push(`${record.beyond} packets beyond the first ${record.count} were left out`);
  if (record.notRun > 0) notes.push(`${record.notRun} packets never reached the program and were left out`);
  return notes;
}
