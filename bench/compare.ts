/** What changed between two measurements beyond noise. */
import type { EngineName } from "../xdp/index.js";
import type { BenchResult, EngineFigures } from "./measure.js";

export type Change = "faster" | "slower" | "same";

export interface EngineChange {
  readonly engine: EngineName;
  readonly before: number;
  readonly after: number;
  /** after / before. */
  readonly ratio: number;
  readonly change: Change;
}

/** Below this share nothing is said to have changed: code layout alone moves medians as far. */
const NOISE = 0.05;

/**
 * Compares two results, engine by engine. Something changed where the medians differ by more than 5 % and the rounds of one do
 * not reach those of the other, outliers aside: the median of each lies outside the range of the other.
 */
export function compareResults(before: BenchResult, after: BenchResult): EngineChange[] {
  const changes: EngineChange[] = [];
  for (const [name, now] of Object.entries(after.engines) as [EngineName, EngineFigures][]) {
    const then = before.engines[name];
    if (!then) continue;
    const ratio = now.nsPerPacket.median / then.nsPerPacket.median;
    changes.push({ engine: name, before: then.nsPerPacket.median, after: now.nsPerPacket.median, ratio, change: judge(then, now, ratio) });
  }
  return changes;
}

function judge({ nsPerPacket: then }: EngineFigures, { nsPerPacket: now }: EngineFigures, ratio: number): Change {
  if (ratio > 1 + NOISE && now.median > then.max && then.median < now.min) return "slower";
  if (ratio < 1 / (1 + NOISE) && now.median < then.min && then.median > now.max) return "faster";
  return "same";
}
