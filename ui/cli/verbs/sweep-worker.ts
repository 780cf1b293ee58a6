/** A pool thread of a sweep. */
import { workerData } from "node:worker_threads";
import { PointRunner } from "./sweep-point.js";
import type { Line, SweepTask } from "./sweep-point.js";

let runner: PointRunner | undefined;

/** Runs a point; the program is loaded with the first. */
export function sweepPoint(point: Line): Promise<Line> {
  runner ??= new PointRunner(workerData as SweepTask);
  return runner.run(point);
}
