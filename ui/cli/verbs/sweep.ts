/**
 * `beeline sweep`: a run for every point of a grid. Points are done in order, and each is written to the output file when it
 * is done: interrupted and started again with the same file, the sweep goes on where it stopped.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { overrideProfile, findProfile, runOffload } from "../../../offload/index.js";
import type { RunResult } from "../../../offload/index.js";
import { parseRate } from "../../../nic/index.js";
import { UsageError } from "../errors.js";
import { runRequest } from "./request.js";
import type { RunFlags } from "./request.js";
import { deviceOf, workloadOf } from "./workload.js";

export interface SweepFlags extends RunFlags {
  readonly vary?: readonly string[];
}

/** One axis of the grid: a key of the profile, or one of nic, rate, loop, seed, queues. */
interface Axis {
  readonly key: string;
  readonly values: readonly string[];
}

const RUN_KEYS = new Set(["nic", "rate", "loop", "seed", "queues"]);

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

type Line = Readonly<Record<string, string>>;

/** Runs all points that the output does not have yet, and returns the exit code. */
export async function sweepVerb(scenario: string | undefined, flags: SweepFlags): Promise<number> {
  const axes = (flags.vary ?? []).map(parseAxis);
  if (axes.length === 0) throw new UsageError("say what to vary: --vary cores=10,20,50 (a key of the profile, or nic, rate, loop, seed, queues); may be repeated");
  const twice = axes.find((axis, i) => axes.findIndex(({ key }) => key === axis.key) !== i);
  if (twice !== undefined) throw new UsageError(`--vary ${twice.key} is given twice: list all its values in one`);
  const { out, ...rest } = flags;
  const request = runRequest(scenario, rest);
  const workload = workloadOf(request);
  const keys = axes.map(({ key }) => key);
  const header = [...keys, ...Object.keys(COLUMNS)];
  const points = grid(axes);
  // Wrong values are told before anything runs.
  const settings = points.map((point) => settingsOf(point, deviceOf(request), rest));
  const done = out === undefined ? new Map<string, Line>() : readDone(out, header, keys);
  const lines: Line[] = [];
  for (const [i, point] of points.entries()) {
    const name = nameOf(point, keys);
    let line = done.get(name);
    if (line === undefined) {
      progress(i, points.length, point);
      const { device, ...changed } = settings[i];
      const result = await runOffload({ ...workload, rate: parseRate(flags.rate ?? request.spec.rate ?? "pcap"), ...changed, device });
      line = { ...point, ...Object.fromEntries(Object.entries(COLUMNS).map(([column, read]) => [column, String(read(result) ?? "")])) };
      if (out !== undefined) appendFileSync(out, `${csv(line, header)}\n`);
    }
    lines.push(line);
  }
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
  if (flags.json === true) process.stdout.write(`${JSON.stringify(lines.map(typed), null, 2)}\n`);
  else if (out === undefined) process.stdout.write(`${[header.join(","), ...lines.map((line) => csv(line, header))].join("\n")}\n`);
  else process.stdout.write(`${lines.length} points in ${out}, ${done.size} of them from before\n`);
  return 0;
}

function parseAxis(word: string): Axis {
  const at = word.indexOf("=");
  const values = word.slice(at + 1).split(",").map((value) => value.trim()).filter((value) => value !== "");
  if (at < 1 || values.length === 0) throw new UsageError(`--vary takes KEY=VALUE,VALUE,… or KEY=FROM..TO..STEP, not '${word}'`);
  return { key: word.slice(0, at).trim(), values: [...new Set(values.flatMap((value) => expand(word, value)))] };
}

/** `5..50..5` counts from 5 to 50 in steps of 5. */
function expand(word: string, value: string): string[] {
  const range = /^(-?\d+(?:\.\d+)?)\.\.(-?\d+(?:\.\d+)?)(?:\.\.(\d+(?:\.\d+)?))?$/.exec(value);
  if (range === null) return [value];
  const [from, to, step] = [Number(range[1]), Number(range[2]), Number(range[3] ?? 1)];
  const steps = Math.floor((to - from) / step + 1e-9);
  if (!(step > 0) || steps < 0 || steps > 100_000) throw new UsageError(`--vary ${word}: a range counts up, FROM..TO..STEP, in at most 100,000 steps`);
  return Array.from({ length: steps + 1 }, (_, i) => String(Number((from + i * step).toPrecision(12))));
}

/** All points, the last axis fastest. */
function grid(axes: readonly Axis[]): Record<string, string>[] {
  return axes.reduce<Record<string, string>[]>((points, { key, values }) => points.flatMap((point) => values.map((value) => ({ ...point, [key]: value }))), [{}]);
}

function settingsOf(point: Readonly<Record<string, string>>, named: ReturnType<typeof findProfile>, flags: RunFlags) {
  const changes = Object.fromEntries(Object.entries(point).filter(([key]) => !RUN_KEYS.has(key)));
  const base = point.nic === undefined ? named : overrideProfile(findProfile(point.nic), Object.fromEntries((flags.set ?? []).map((word) => [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)])));
  return {
    device: overrideProfile(base, changes),
    ...(point.rate === undefined ? {} : { rate: parseRate(point.rate) }),
    ...(point.loop === undefined ? {} : { loop: whole("loop", point.loop, 1) }),
    ...(point.seed === undefined ? {} : { seed: whole("seed", point.seed, 0) }),
    ...(point.queues === undefined ? {} : { queues: whole("queues", point.queues, 1, 256) }),
  };
}

function whole(key: string, text: string, least: number, most = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) throw new UsageError(`--vary ${key}=${text}: a whole number from ${least}${most === Number.MAX_SAFE_INTEGER ? " on" : ` to ${most}`}`);
  return value;
}

/** Points that the file has; a line that was cut off is taken away. A new file gets its header. */
function readDone(path: string, header: readonly string[], keys: readonly string[]): Map<string, Line> {
  const done = new Map<string, Line>();
  if (!existsSync(path)) {
    writeFileSync(path, `${header.join(",")}\n`);
    return done;
  }
  const text = readFileSync(path, "utf8");
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  const [first, ...lines] = whole.split("\n").slice(0, -1);
  if (first !== undefined && first !== header.join(",")) throw new UsageError(`${path} is of another sweep (its columns differ): name another file, or remove it`);
  if (first === undefined) writeFileSync(path, `${header.join(",")}\n`);
  else if (whole.length < text.length) writeFileSync(path, whole);
  for (const one of lines) {
    const cells = parseCsv(one);
    const line = Object.fromEntries(header.map((column, i) => [column, cells[i] ?? ""]));
    done.set(nameOf(line, keys), line);
  }
  return done;
}

function nameOf(point: Line, keys: readonly string[]): string {
  return JSON.stringify(keys.map((key) => point[key]));
}

function csv(line: Line, header: readonly string[]): string {
  return header.map((column) => (/[",\n]/.test(line[column]) ? `"${line[column].replaceAll('"', '""')}"` : line[column])).join(",");
}

function parseCsv(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map((match) => match[1]?.replaceAll('""', '"') ?? match[2] ?? "");
}

/** Numbers as numbers, truth as truth. */
function typed(line: Line): Record<string, unknown> {
  return Object.fromEntries(Object.entries(line).map(([key, value]) => {
    if (value === "true" || value === "false") return [key, value === "true"];
    if (key === "admitted" && value === "") return [key, null];
    return [key, value !== "" && Number.isFinite(Number(value)) ? Number(value) : value];
  }));
}

function progress(done: number, all: number, point: Line): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(`\r\u001b[K${done} of ${all} points: ${Object.entries(point).map(([key, value]) => `${key}=${value}`).join(" ")}`);
}
