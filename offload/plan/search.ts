/** Searches over a device's settings with {@link simulate}: the highest rate without loss, the least that meets a target. */
import type { Pattern } from "../../nic/index.js";
import type { DeviceProfile } from "../profiles/schema.js";
import type { Bound } from "../types.js";
import { meanBits, simulate } from "./simulate.js";
import type { Trial, Workload } from "./simulate.js";

/** What must hold. */
export interface Demand {
  readonly mpps: number;
  /** Largest share lost, 0 to 1. */
  readonly loss: number;
  /** Largest 99th percentile of latency, ns; absent: any. */
  readonly p99Ns?: number;
  readonly pattern?: Pattern;
  /** Packets of a trial. */
  readonly trialPackets?: number;
}

export interface Highest {
  readonly mpps: number;
  readonly gbps: number;
  readonly bound: Bound;
  readonly limits: Trial["limits"];
  /** At that rate. */
  readonly trial: Trial;
}

const STEPS = 10;
const PROBE = 20_000;

/** The highest rate at which no more than `loss` is lost (host and transmit queues included), to 0.1 %. */
export function highestRate(profile: DeviceProfile, workload: Workload, loss = 0, pattern?: Pattern, packets?: number): Highest {
  const line = (profile.ports * profile.linkBps) / meanBits(workload.record) / 1e6;
  const probe = simulate(profile, workload, { mpps: line / 1000, packets: Math.max(PROBE, workload.record.count) });
  const limits = { ...probe.limits, line };
  let bound: Bound = "line";
  for (const part of Object.keys(limits) as Bound[]) if ((limits[part] ?? Infinity) < (limits[bound] ?? Infinity)) bound = part;
  const most = limits[bound] ?? line;
  const at = (mpps: number): Trial => simulate(profile, workload, { mpps, ...(pattern === undefined ? {} : { pattern }), ...(packets === undefined ? {} : { packets }) });
  let trial = at(most * 0.9995);
  let low = most * 0.9995;
  if (trial.loss > loss) {
    let high = low;
    low = 0;
    for (let i = 0; i < STEPS; i++) {
      const middle = (low + high) / 2;
      const tried = at(middle);
      if (tried.loss <= loss) {
        low = middle;
        trial = tried;
      } else high = middle;
    }
  }
  return { mpps: low, gbps: (low * meanBits(workload.record)) / 1e3, bound, limits, trial };
}

/** Whether `profile` does what is demanded; `why` says what does not hold. */
export function meets(profile: DeviceProfile, workload: Workload, demand: Demand): { readonly trial: Trial; readonly why?: string } {
  const line = (profile.ports * profile.linkBps) / meanBits(workload.record) / 1e6;
  const trial = simulate(profile, workload, { mpps: demand.mpps, ...(demand.pattern === undefined ? {} : { pattern: demand.pattern }), ...(demand.trialPackets === undefined ? {} : { packets: demand.trialPackets }) });
  if (demand.mpps > line * 1.000001) return { trial, why: `${profile.ports} ports of ${profile.linkBps / 1e9} Gb/s bring ${line.toFixed(2)} Mpps of this traffic` };
  if (trial.loss > demand.loss) return { trial, why: `${(trial.loss * 100).toPrecision(3)} % lost (${worstCause(profile, trial)})` };
  // What a run without loss cannot show: rings fill slowly where a part is a little too slow.
  const slow = (Object.keys(trial.limits) as Bound[]).find((part) => part !== "line" && (trial.limits[part] ?? Infinity) * (1 + demand.loss) < demand.mpps);
  if (slow !== undefined) return { trial, why: `${slow} allow ${(trial.limits[slow] ?? 0).toFixed(2)} Mpps` };
  if (demand.p99Ns !== undefined && trial.latencyNs.p99 > demand.p99Ns) return { trial, why: `latency p99 ${(trial.latencyNs.p99 / 1e3).toFixed(2)} us` };
  return { trial };
}

function worstCause({ kind }: DeviceProfile, { drops }: Trial): string {
  const [cause] = Object.entries(drops).toSorted(([, a], [, b]) => b - a)[0];
  const ring = kind === "kernel" ? "receive rings" : "queue in front of the cores";
  return { mac: "receive MAC", ring, host: "host rings", tx: "transmit queue" }[cause] ?? cause;
}

/** Settings that {@link smallest} looks for. */
export interface Configuration {
  readonly cores: number;
  readonly queues: number;
  readonly ringSize: number;
  /** Cards: packets in front of the cores. */
  readonly ingressPackets?: number;
  readonly ports: number;
}

export interface Smallest {
  readonly configuration?: Configuration;
  readonly trial: Trial;
  /** Why the whole device does not do. */
  readonly why?: string;
}

/** The fewest ports, then cores, then queues, then the shortest rings that meet `demand`: each with the others as large as needed. */
export function smallest(profile: DeviceProfile, workload: Workload, demand: Demand): Smallest {
  const whole = meets(profile, workload, demand);
  if (whole.why !== undefined) return whole;
  const holds = (tried: DeviceProfile): boolean => meets(tried, workload, demand).why === undefined;
  let best = profile;
  best = { ...best, ports: least(1, best.ports, (ports) => holds({ ...best, ports })) };
  if (profile.kind === "kernel") {
    const cores = least(1, Math.min(profile.cores, profile.queues), (n) => holds({ ...best, cores: n, queues: n }));
    best = { ...best, cores, queues: cores };
  } else {
    best = { ...best, cores: least(1, best.cores, (cores) => holds({ ...best, cores })) };
    best = { ...best, queues: least(1, best.queues, (queues) => holds({ ...best, queues })) };
  }
  best = { ...best, ringSize: powerOf2(best.ringSize, (ringSize) => holds({ ...best, ringSize })) };
  if (best.kind === "offload") {
    const card = best;
    best = { ...card, ingressPackets: powerOf2(card.ingressPackets, (ingressPackets) => holds({ ...card, ingressPackets })) };
  }
  const { cores, queues, ringSize, ports } = best;
  return {
    configuration: { cores, queues, ringSize, ports, ...(best.kind === "offload" ? { ingressPackets: best.ingressPackets } : {}) },
    trial: meets(best, workload, demand).trial,
  };
}

/** The least number from `low` to `high` for which `holds`, which it does for `high`; by halving. */
function least(low: number, high: number, holds: (n: number) => boolean): number {
  let from = low;
  let to = high;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (holds(middle)) to = middle;
    else from = middle + 1;
  }
  return to;
}

/** The least power of 2 from 4 up to `most` for which `holds`; else `most`. */
function powerOf2(most: number, holds: (n: number) => boolean): number {
  const exponent = least(2, Math.max(2, Math.ceil(Math.log2(most))), (n) => holds(Math.min(most, 2 ** n)));
  return Math.min(most, 2 ** exponent);
}
