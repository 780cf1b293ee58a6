/** Puts a program on a device: profiles, costs, the run itself. */
export { ProfileError } from "./profiles/errors.js";
export { DEFAULT_BASELINE, DEFAULT_DEVICE, findProfile, overrideProfile, parseOverrides, parseProfile, profileJsonSchema, PROFILES } from "./profiles/profiles.js";
export { EVIDENCE } from "./profiles/schema.js";
export type { DeviceProfile, KernelProfile, OffloadProfile } from "./profiles/schema.js";
export { FATE_LENGTH, FATE_MAC, FATE_RAN, FATE_RING, FATES } from "./types.js";
export { checkAdmission } from "./admission/rules.js";
export type { PartialAdmission } from "./admission/rules.js";
export { planCosts } from "./cost/plan.js";
export type { CostPlan } from "./cost/plan.js";
export { runOffload } from "./run.js";
export { PoolError } from "./pool/runner.js";
export type {
  Bound, DeviceResult, Drops, FaultResult, PacketBatch, Progress, QueueResult, RunMachine, RunOptions, RunResult, RunStart, Sink,
} from "./types.js";
export { EventLines } from "./sinks/event-lines.js";
export { LabelCounts } from "./sinks/label-counts.js";
export type { LabelCount } from "./sinks/label-counts.js";
export { PacketLines } from "./sinks/packet-lines.js";
export type { PacketLinesOptions } from "./sinks/packet-lines.js";
export { VerdictCapture } from "./sinks/verdict-capture.js";
export { medianOf, validateProfiles } from "./validate/validate.js";
export type { Compared, Summary } from "./validate/validate.js";
