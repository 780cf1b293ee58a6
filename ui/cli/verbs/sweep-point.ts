/** One point of a sweep: what its settings are, its run, and the line that it becomes. Runs on the main thread and on pool threads. */
import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { basename } from "node:path";
import { findProfile, needsSources, overrideProfile, parseOverrides, runOffload, withSources } from "../../../offload/index.js";
import type { DeviceProfile, RunOptions, RunResult } from "../../../offload/index.js";
import { parseRate } from "../../../nic/index.js";
import { UsageError } from "../errors.js";
import { readInput } from "../input.js";
import { runRequest } from "./request.js";
import type { RunFlags, RunRequest } from "./request.js";
import { deviceFor, deviceOf, workloadOf } from "./workload.js";

/** A point: values as text, by key. A result line: the same with the columns of the result. */
export type Line = Readonly<Record<string, string>>;

/** What a point runs on: a scenario, flags. Plain data, so that it goes to any thread. */
export interface SweepTask {
  readonly scenario: string | undefined;
  readonly flags: RunFlags;
}

/** Keys that are settings of the run; all others are figures of the device. */
export const RUN_KEYS: ReadonlySet<string> = new Set(["nic", "rate", "loop", "seed", "queues"]);

/** Columns of results, with how each is read. Modelled, all of them. */
const COLUMNS: Readonly<Record<string, (result: RunResult) => string | number | boolean | null>> = {
  profile: ({ device }) => device.profile,
  admitted: ({ device }) => device.admitted,
  mpps: ({ device }) => device.mpps,
  bound: ({ device }) => device.bound,
  cycles_mean: ({ device }) => device.cyclesPerPacket.mean,
  offered_mpps: ({ device }) => device.offeredMpps,
  packets: ({ packets }) => packets,
  executed: ({ executed }) => executed,
  drops_length: ({ drops }) => drops.length,
  drops_mac: ({ drops }) => drops.mac,
  drops_ring: ({ drops }) => drops.ring,
  drops_host: ({ device }) => device.behind?.hostRingDrops ?? 0,
  p50_ns: ({ device }) => device.latencyNs.p50,
  p99_ns: ({ device }) => device.latencyNs.p99,
  p999_ns: ({ device }) => device.latencyNs.p999,
  max_ns: ({ device }) => device.latencyNs.max,
  cores_busy: ({ device }) => device.utilisation,
  memory_busy: ({ device }) => device.parts.memory ?? 0,
  xdp_drop: ({ verdicts }) => verdicts.XDP_DROP,
  xdp_pass: ({ verdicts }) => verdicts.XDP_PASS,
  xdp_tx: ({ verdicts }) => verdicts.XDP_TX,
};
/** The last says what the points ran on: program, captures, maps and flags, as a digest. */
export const RESULT_COLUMNS: readonly string[] = [...Object.keys(COLUMNS), "inputs"];

/** Runs points of one task: the program is loaded once. */
export class PointRunner {
  private readonly workload: Omit<RunOptions, "device">;
  private readonly named: DeviceProfile;
  private readonly task: SweepTask;
  private readonly rate: string;
  private readonly request: RunRequest;
  private digest: string | undefined;
  private counted: Promise<DeviceProfile> | undefined;

  /** Throws where the task cannot be used. */
  constructor(task: SweepTask) {
    const request = runRequest(task.scenario, task.flags);
    this.task = task;
    this.request = request;
    this.workload = workloadOf(request);
    this.named = deviceOf(request);
    this.rate = task.flags.rate ?? request.spec.rate ?? "pcap";
    parseRate(this.rate);
  }

  /** Digest of all that points share: a file of points is gone on with only where it is the same. */
  get inputs(): string {
    const { programs, captures, maps, spec, globals, kconfig } = this.request;
    const hash = createHash("sha256");
    for (const { file } of programs) hash.update(readInput(file, "the program's object file"));
    for (const { file } of captures) hash.update(`${basename(file)} ${statSync(file, { throwIfNoEntry: false })?.size ?? "-"}\n`);
    if (typeof maps === "string") hash.update(readInput(maps, "the map seeds"));
    else hash.update(JSON.stringify(maps ?? {}));
    hash.update(JSON.stringify([this.named, this.rate, programs.map(({ entry }) => entry), this.workload.queues, this.workload.loop, this.workload.seed, spec.interfaces, spec.network, globals, kconfig], (_, value: unknown) => (typeof value === "bigint" ? String(value) : value)));
    return hash.digest("hex").slice(0, 12);
  }

  /** The settings of a point. Throws where one of its values makes no sense. */
  settings(point: Line): Pick<RunOptions, "device" | "rate" | "loop" | "seed" | "queues"> {
    const base = point.nic === undefined ? this.named : overrideProfile(findProfile(point.nic), parseOverrides(this.task.flags.set ?? []));
    const changes = Object.fromEntries(Object.entries(point).filter(([key]) => !RUN_KEYS.has(key)));
    return {
      device: overrideProfile(base, changes),
      rate: parseRate(point.rate ?? this.rate),
      ...(point.loop === undefined ? {} : { loop: whole("loop", point.loop, 1) }),
      ...(point.seed === undefined ? {} : { seed: whole("seed", point.seed, 0) }),
      ...(point.queues === undefined ? {} : { queues: whole("queues", point.queues, 1, 256) }),
    };
  }

  /** What the traffic says of the entries in use is counted once. */
  private async withEntries(device: DeviceProfile): Promise<DeviceProfile> {
    if (!needsSources(this.workload.object, device)) return device;
    this.counted ??= deviceFor(this.request, this.workload.object, device);
    const counted = await this.counted;
    return counted.kind === "offload" ? withSources(device, counted.entriesInUse) : device;
  }

  async run(point: Line): Promise<Line> {
    const settings = this.settings(point);
    const device = point.entriesInUse === undefined ? await this.withEntries(settings.device) : settings.device;
    const result = await runOffload({ ...this.workload, ...settings, device });
    return { ...point, ...Object.fromEntries(Object.entries(COLUMNS).map(([column, read]) => [column, String(read(result) ?? "")])), inputs: (this.digest ??= this.inputs) };
  }
}

function whole(key: string, text: string, least: number, most = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) throw new UsageError(`--vary ${key}=${text}: a whole number from ${least}${most === Number.MAX_SAFE_INTEGER ? " on" : ` to ${most}`}`);
  return value;
}
