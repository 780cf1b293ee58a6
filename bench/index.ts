/** Measuring: host time a packet by engine, and what changed since. Every figure here is measured on this machine. */
export { compareResults } from "./compare.js";
export type { Change, EngineChange } from "./compare.js";
export { describeFacts, machineFacts } from "./facts.js";
export type { MachineFacts } from "./facts.js";
export { runBench } from "./measure.js";
export type { BenchOptions, BenchResult, EngineFigures } from "./measure.js";
export { geometricMean, spreadOf } from "./statistics.js";
export type { Spread } from "./statistics.js";
export { MOST_PACKETS } from "./workload.js";
export type { Mode } from "./workload.js";
