/** `beeline plan`: how fast without loss, the least of the device that meets a target, cards that would do, processors saved. */
import { planCapacity } from "../../../offload/index.js";
import { parseRate } from "../../../nic/index.js";
import type { Pattern } from "../../../nic/index.js";
import { EXIT_FINDING, UsageError } from "../errors.js";
import { printGuarantee } from "./guarantee.js";
import { planText } from "./plan-print.js";
import { runRequest } from "./request.js";
import type { RunFlags } from "./request.js";
import { deviceFor, deviceOf, labelOf, workloadOf } from "./workload.js";

export interface PlanFlags extends RunFlags {
  readonly target?: string;
  readonly p99?: string;
  readonly loss?: string;
  readonly arrivals?: string;
  readonly attack?: string;
  readonly guarantee?: boolean;
  readonly example?: string;
}

/** Plans, prints, and returns the exit code: 1 where a target is not met. */
export async function planVerb(scenario: string | undefined, flags: PlanFlags): Promise<number> {
  const request = runRequest(scenario, flags.guarantee === true && scenario === undefined ? { pcap: [], ...flags } : flags);
  if (flags.p99 !== undefined && flags.target === undefined) throw new UsageError("--p99 is part of a target: say at what rate it must hold with --target, such as 20Mpps");
  const asked = {
    ...(flags.target === undefined ? {} : { target: parseRate(flags.target) }),
    loss: flags.loss === undefined ? 0 : parseShare("--loss", flags.loss),
    ...(flags.p99 === undefined ? {} : { p99Ns: parseDuration("--p99", flags.p99) }),
    ...(flags.arrivals === undefined ? {} : { pattern: parsePattern(flags.arrivals) }),
    ...(flags.attack === undefined ? {} : { attack: flags.attack }),
  };
  const workload = workloadOf(request);
  if (flags.guarantee === true) return printGuarantee(workload, deviceOf(request), { json: flags.json === true, example: flags.example });
  if (flags.example !== undefined) throw new UsageError("--example writes the packet of --guarantee: add that");
  const device = await deviceFor(request, workload.object);
  const result = await planCapacity({ ...workload, device, ...asked, labelOf: (iface) => labelOf(request, iface), step });
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
  process.stdout.write(flags.json === true ? `${JSON.stringify(result, null, 2)}\n` : `${planText(result)}\n`);
  return result.smallest?.why === undefined && result.admitted !== false ? 0 : EXIT_FINDING;
}

function step(what: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[Kplanning: ${what}`);
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
