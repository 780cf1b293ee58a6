/** `beeline plan`: how fast without loss, the least of the device that meets a target, cards that would do, processors saved. */
import { planCapacity } from "../../../offload/index.js";
import type { PlanResult } from "../../../offload/index.js";
import { parseRate } from "../../../nic/index.js";
import type { Pattern } from "../../../nic/index.js";
import { EXIT_FINDING, UsageError } from "../errors.js";
import { count, duration, figure, share } from "../format.js";
import { table } from "../table.js";
import { printGuarantee } from "./guarantee.js";
import { runRequest } from "./request.js";
import type { RunFlags } from "./request.js";
import { deviceFor, deviceOf, workloadOf } from "./workload.js";

export interface PlanFlags extends RunFlags {
  readonly target?: string;
  readonly p99?: string;
  readonly loss?: string;
  readonly arrivals?: string;
  readonly guarantee?: boolean;
}

/** Plans, prints, and returns the exit code: 1 where a target is not met. */
export async function planVerb(scenario: string | undefined, flags: PlanFlags): Promise<number> {
  const request = runRequest(scenario, flags.guarantee === true && scenario === undefined ? { pcap: [], ...flags } : flags);
  const workload = workloadOf(request);
  if (flags.guarantee === true) return printGuarantee(workload, deviceOf(request), flags.json === true);
  const device = await deviceFor(request, workload.object);
  const result = await planCapacity({
    ...workload,
    device,
    ...(flags.target === undefined ? {} : { target: parseRate(flags.target) }),
    loss: flags.loss === undefined ? 0 : parseShare("--loss", flags.loss),
    ...(flags.p99 === undefined ? {} : { p99Ns: parseDuration("--p99", flags.p99) }),
    ...(flags.arrivals === undefined ? {} : { pattern: parsePattern(flags.arrivals) }),
  });
  process.stdout.write(flags.json === true ? `${JSON.stringify(result, null, 2)}\n` : `${text(result)}\n`);
  return result.smallest?.why === undefined && result.admitted !== false ? 0 : EXIT_FINDING;
}

/** `50us` in ns. */
export function parseDuration(flag: string, word: string): number {
  const match = /^(\d+(?:\.\d+)?)(ns|us|ms|s)$/.exec(word.trim());
  const scale: Readonly<Record<string, number>> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9 };
  if (match === null || Number(match[1]) === 0) throw new UsageError(`${flag} takes a time such as 50us, not '${word}'`);
  return Number(match[1]) * scale[match[2]];
}

/** `0.001` or `0.1%`: a share below 1. */
export function parseShare(flag: string, word: string): number {
  const match = /^(\d+(?:\.\d+)?(?:e-\d+)?)\s*(%?)$/.exec(word.trim());
  const value = match === null ? Number.NaN : Number(match[1]) / (match[2] === "%" ? 100 : 1);
  if (!(value >= 0 && value < 1)) throw new UsageError(`${flag} takes a share such as 0, 0.001 or 0.1%, not '${word}'`);
  return value;
}

function parsePattern(word: string): Pattern | undefined {
  if (word === "constant") return undefined;
  const burst = /^burst=(\d+)$/.exec(word);
  if (word !== "poisson" && (burst === null || Number(burst[1]) < 1 || Number(burst[1]) > 65536)) throw new UsageError(`--arrivals takes constant, poisson or burst=N (1 to 65536), not '${word}'`);
  return burst === null ? { kind: "poisson" } : { kind: "bursts", packets: Number(burst[1]) };
}

function text(result: PlanResult): string {
  return [heading(result), admission(result), target(result), candidates(result), savings(result), sizes(result), dropShares(result), result.notes.map((note) => `note: ${note}`).join("\n")]
    .filter((section) => section !== "").join("\n\n");
}

function heading({ profile, highest, packets, meanFrameBytes, verdicts }: PlanResult): string {
  const limits = Object.entries(highest.limits).map(([part, mpps]) => `${part} ${figure(mpps)}`).join(", ");
  const mix = Object.entries(verdicts).filter(([, n]) => n > 0).map(([name, n]) => `${name} ${share(n, packets)}`).join(", ");
  return [
    `${count(packets)} packets, ${figure(meanFrameBytes)} bytes a frame (check sequence included): ${mix}`,
    `${profile}, modelled: ${figure(highest.mpps)} Mpps (${figure(highest.gbps)} Gb/s on the wire) without loss, bound by ${highest.bound}`,
    `  each part alone, Mpps: ${limits}`,
    `  latency there: p50 ${duration(highest.trial.latencyNs.p50)}, p99 ${duration(highest.trial.latencyNs.p99)}, p99.9 ${duration(highest.trial.latencyNs.p999)}, max ${duration(highest.trial.latencyNs.max)}`,
  ].join("\n");
}

function admission({ profile, admitted, reasons }: PlanResult): string {
  return admitted === false ? [`${profile} refuses this program; figures say what it would do if it took it:`, ...reasons.map((reason) => `  ${reason}`)].join("\n") : "";
}

function target({ demand, smallest, profile }: PlanResult): string {
  if (demand === undefined || smallest === undefined) return "";
  const p99 = demand.p99Ns === undefined ? "" : `, p99 ${duration(demand.p99Ns)}`;
  const head = `Target ${figure(demand.mpps)} Mpps, loss ${demand.loss * 100} %${p99}`;
  if (smallest.configuration === undefined) return `${head}: ${profile} does not meet it: ${smallest.why ?? ""}`;
  const { cores, queues, ringSize, ports, ingressPackets } = smallest.configuration;
  const ingress = ingressPackets === undefined ? "" : `, ${ingressPackets} packets in front of the cores`;
  return `${head}: ${profile} meets it with ${plural(ports, "port")}, ${plural(cores, "core")}, ${plural(queues, "queue")}, rings of ${ringSize}${ingress}\n  then: cores ${share(smallest.trial.parts.cores ?? 0, 1)} busy, latency p50 ${duration(smallest.trial.latencyNs.p50)}, p99 ${duration(smallest.trial.latencyNs.p99)}`;
}

function candidates({ candidates: all }: PlanResult): string {
  const rows = all.map((one) => [one.profile, figure(one.mpps), one.bound, one.meets === undefined ? (one.admitted === false ? "refuses" : "-") : one.meets ? "yes" : "no"]);
  const why = all.filter((one) => one.why !== undefined).map((one) => `  ${one.profile}: ${one.why}`);
  return [table(["Others, modelled", "Mpps without loss", "bound by", "would do"], rows), ...why].join("\n");
}

function savings({ savings: all, savingsAtMpps }: PlanResult): string {
  if (all.length === 0) return "";
  return table([`Host processors at ${figure(savingsAtMpps)} Mpps`, "Mpps a core", "figure is", "cores", "saved"], all.map((one) => [one.path, figure(one.mppsPerCore), one.provenance, figure(one.cores), figure(one.saved)]));
}

function sizes({ bySize }: PlanResult): string {
  return table(["Frame, bytes", "Mpps", "Gb/s", "bound by"], bySize.map((row) => [String(row.bytes), figure(row.mpps), figure(row.gbps), row.bound]));
}

function dropShares({ byDropShare }: PlanResult): string {
  if (byDropShare.length === 0) return "";
  return table(["Share dropped by the program", "Mpps", "bound by"], byDropShare.map((row) => [`${row.share * 100} %`, figure(row.mpps), row.bound]));
}

function plural(n: number, word: string): string {
  return `${n} ${word}${n === 1 ? "" : "s"}`;
}
