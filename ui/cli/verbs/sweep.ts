/**
 * `beeline sweep`: a run for every point of a grid. Points are done in order, and each is written to the output file when it
 * is done: interrupted and started again with the same file, the sweep goes on where it stopped.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { Piscina } from "piscina";
import { findBuilt } from "../../../traffic/index.js";
import { UsageError } from "../errors.js";
import type { RunFlags } from "./request.js";
import { PointRunner, RESULT_COLUMNS } from "./sweep-point.js";
import type { Line, SweepTask } from "./sweep-point.js";

export interface SweepFlags extends RunFlags {
  readonly vary?: readonly string[];
}

/** One axis of the grid: a key of the profile, or one of nic, rate, loop, seed, queues. */
interface Axis {
  readonly key: string;
  readonly values: readonly string[];
}

/** Runs all points that the output does not have yet, and returns the exit code. */
export async function sweepVerb(scenario: string | undefined, flags: SweepFlags): Promise<number> {
  const axes = (flags.vary ?? []).map(parseAxis);
  if (axes.length === 0) throw new UsageError("say what to vary: --vary cores=10,20,50 (a key of the profile, or nic, rate, loop, seed, queues); may be repeated");
  const twice = axes.find((axis, i) => axes.findIndex(({ key }) => key === axis.key) !== i);
  if (twice !== undefined) throw new UsageError(`--vary ${twice.key} is given twice: list all its values in one`);
  const { out, vary: _, workers = 1, json: __, ...rest } = flags;
  const task: SweepTask = { scenario, flags: rest };
  const runner = new PointRunner(task);
  const keys = axes.map(({ key }) => key);
  const header = [...keys, ...RESULT_COLUMNS];
  const points = grid(axes);
  // Wrong values are told before anything runs.
  for (const point of points) runner.settings(point);
  const done = out === undefined ? new Map<string, Line>() : readDone(out, header, keys, runner.inputs);
  const open = points.filter((point) => !done.has(nameOf(point, keys)));
  const finished = new Map(done);
  const pool = workers > 1 && open.length > 1 ? startPool(Math.min(workers, open.length), task) : undefined;
  try {
    const running = pool === undefined ? undefined : open.map((point) => pool.run(point, { name: "sweepPoint" }));
    // One that fails is told below, in its turn.
    for (const one of running ?? []) one.catch(() => undefined);
    for (const [i, point] of open.entries()) {
      progress(done.size + i, points.length, point);
      const line = await (running?.[i] ?? runner.run(point));
      finished.set(nameOf(point, keys), line);
      if (out !== undefined) appendFileSync(out, `${csv(line, header)}\n`);
    }
  } finally {
    await pool?.destroy();
  }
  const lines = points.map((point) => finished.get(nameOf(point, keys)) as Line);
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

/** Threads that run points; their code is the built one. */
function startPool(workers: number, task: SweepTask): Piscina<Line, Line> {
  const filename = findBuilt("ui/cli/verbs/sweep-worker.js");
  if (filename === undefined) throw new UsageError("--workers: the sweep's thread is not built: run npm run build");
  return new Piscina({ filename, minThreads: workers, maxThreads: workers, concurrentTasksPerWorker: 1, workerData: task });
}

/** Points that the file has; a line that was cut off is taken away. A new file gets its header. Throws where they are of another sweep. */
function readDone(path: string, header: readonly string[], keys: readonly string[], inputs: string): Map<string, Line> {
  const done = new Map<string, Line>();
  for (const one of readPoints(path, header.join(","))) {
    const cells = parseCsv(one);
    const line = Object.fromEntries(header.map((column, i) => [column, cells[i] ?? ""]));
    if (line.inputs !== inputs) throw new UsageError(`${path} is of another sweep (its program, traffic or settings differ): name another file, or remove it`);
    done.set(nameOf(line, keys), line);
  }
  return done;
}

/** The whole lines behind the header; a last one that was cut off goes. A file that is not there, or is empty, gets the header. */
function readPoints(path: string, header: string): string[] {
  const file = <Result>(action: () => Result): Result => {
    try {
      return action();
    } catch (cause) {
      throw new UsageError(`--out ${path}: cannot be read and written: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
  };
  const text = file(() => (existsSync(path) ? readFileSync(path, "utf8") : ""));
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  // A header that was cut off is all there is of it.
  if (whole === "" && header.startsWith(text)) {
    file(() => writeFileSync(path, `${header}\n`));
    return [];
  }
  const [first, ...lines] = whole.split("\n").slice(0, -1);
  if (first !== header) throw new UsageError(`${path} is of another sweep (its columns differ): name another file, or remove it`);
  if (whole !== text) file(() => writeFileSync(path, whole));
  return lines;
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
