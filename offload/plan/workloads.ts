/** What the traffic's packets cost on each kind of core: the program runs once for each, and all else is tried on the record. */
import { planCosts } from "../cost/plan.js";
import { planVliw } from "../cost/vliw.js";
import { PROFILES } from "../profiles/profiles.js";
import type { DeviceProfile, KernelProfile, OffloadProfile } from "../profiles/schema.js";
import { readsPacket } from "../run/touches.js";
import { runOffload } from "../run.js";
import { selectProgram } from "../../xdp/index.js";
import type { CaptureInterface } from "../../traffic/index.js";
import type { RunOptions } from "../types.js";
import { PlanError } from "./error.js";
import { PathRecord } from "./record.js";
import type { Workload } from "./simulate.js";

/** A run without what planning sets itself. */
export type WorkloadOptions = Omit<RunOptions, "baseline" | "parallel" | "workers" | "rate" | "sinks"> & {
  /** What traffic of an interface is called: attack, legitimate. */
  readonly labelOf?: (iface: CaptureInterface) => string | undefined;
};

export interface Executed {
  readonly workload: Workload;
  readonly record: PathRecord;
  readonly verdicts: Readonly<Record<string, number>>;
}

/** Figures of a card that a packet's costs hang on; all others are of what is around the cores. */
const COST_KEYS = [
  "lanes", "packetReadCycles", "mapReadCycles", "mapLatencyCycles", "memoryReadCycles", "memoryAtomicCycles", "memorySpreadMost", "memorySpreadFrom", "memorySpreadTo", "entriesInUse", "mapFill",
  "arrayLookupCycles", "arrayLookupReads", "mapLookupCycles", "mapKeyCycles", "mapLookupReads", "mapUpdateCycles", "mapUpdateReads", "adjustHeadSub", "adjustHeadAdd",
] as const;

export class Workloads {
  private readonly options: WorkloadOptions;
  private readonly known = new Map<string, Promise<Executed>>();

  constructor(options: WorkloadOptions) {
    this.options = options;
  }

  /** The program's packets on the cores of `profile`. */
  for(profile: DeviceProfile): Promise<Executed> {
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
  private async run(card: OffloadProfile, kernel: KernelProfile | undefined): Promise<Executed> {
    const { labelOf, ...run } = this.options;
    const record = new PathRecord(labelOf);
    const device: OffloadProfile = { ...card, cores: 4096, macPps: 0, ingressPackets: 65_536, queues: run.queues ?? card.queues };
    const { verdicts } = await runOffload({ ...run, device, ...(kernel === undefined ? {} : { baseline: kernel }), sinks: [record] });
    if (record.count === 0) throw new PlanError("no packet of the traffic reaches the program: there is nothing to plan from");
    const plan = card.lanes > 0 ? planVliw(run.object, card) : planCosts(run.object, card, kernel);
    return { workload: { record, plan, touches: readsPacket(selectProgram(run.object, run.entry)) }, record, verdicts };
  }
}
