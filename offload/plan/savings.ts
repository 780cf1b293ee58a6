/** Processors of the host that a card saves, against each path through the kernel. */
import { PROFILES } from "../profiles/profiles.js";
import type { DeviceProfile, OffloadProfile } from "../profiles/schema.js";
import { DeviceModel } from "../run/model.js";
import { HOST_PATHS } from "./paths.js";
import type { Workload } from "./simulate.js";
import type { Workloads } from "./workloads.js";

/** Processors that a path through the kernel needs for the rate, and how many the device saves. */
export interface Saving {
  readonly path: string;
  readonly mppsPerCore: number;
  readonly cores: number;
  readonly saved: number;
  readonly provenance: "modelled" | "published";
}

const XDP_PASS = 2;

/** With a card the host's processors see only what is passed: `hostCores` of them. */
export async function savings(works: Workloads, device: OffloadProfile, { record }: Workload, mpps: number): Promise<{ readonly hostCores: number; readonly savings: Saving[] }> {
  let passed = 0;
  for (let i = 0; i < record.count; i++) if (record.verdict[i] === XDP_PASS) passed++;
  const hostCores = (mpps * 1e6 * (passed / record.count) * device.hostPassNs) / 1e9;
  const saving = (path: string, mppsPerCore: number, provenance: Saving["provenance"]): Saving => {
    const cores = mpps / mppsPerCore;
    return { path, mppsPerCore, cores, saved: Math.max(0, cores - hostCores), provenance };
  };
  const out: Saving[] = [];
  for (const profile of PROFILES) {
    if (profile.kind !== "kernel") continue;
    const { workload } = await works.for(profile);
    out.push(saving(profile.name, 1e3 / meanService(profile, workload), "modelled"));
  }
  return { hostCores, savings: [...out, ...HOST_PATHS.map(({ name, mppsPerCore }) => saving(name, mppsPerCore, "published"))] };
}

/** Mean time of the packets on a core, ns. */
function meanService(profile: DeviceProfile, { record, plan, touches }: Workload): number {
  const model = new DeviceModel(profile, plan, touches);
  let service = 0;
  for (let i = 0; i < record.count; i++) service += model.service(record.low[i], record.high[i], record.verdict[i]);
  return service / record.count;
}
