/** Puts a program on a device: profiles, costs, the run itself. */
export { ProfileError } from "./profiles/errors.js";
export { DEFAULT_BASELINE, DEFAULT_DEVICE, findProfile, overrideProfile, parseOverrides, parseProfile, profileJsonSchema, PROFILES } from "./profiles/profiles.js";
export { EVIDENCE } from "./profiles/schema.js";
export type { DeviceProfile, KernelProfile, OffloadProfile } from "./profiles/schema.js";
export { FATE_LENGTH, FATE_MAC, FATE_RAN, FATE_RING, FATES } from "./types.js";
export { OffloadError } from "./admission/error.js";
export type { SourceLine } from "./admission/error.js";
export { inspectFor } from "./admission/inspect.js";
export type { Inspection, InspectRow } from "./admission/inspect.js";
export { admit, checkAdmission, RULES } from "./admission/rules.js";
export type { AdmissionResult } from "./admission/rules.js";
export type { Rule } from "./admission/subject.js";
export { translate } from "./nfp/translate.js";
export type { SlotCode, TranslateOptions, Translation } from "./nfp/translate.js";
export type { NfpInsn } from "./nfp/code.js";
export type { NfpFacts } from "./nfp/facts.js";
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
export { planCapacity, PlanError } from "./plan/plan.js";
export type { Candidate, DropShareRow, PlanOptions, PlanResult, Saving, SizeRow } from "./plan/plan.js";
export { HOST_PATHS } from "./plan/paths.js";
export type { HostPath } from "./plan/paths.js";
export type { Configuration, Demand, Highest, Smallest } from "./plan/search.js";
export type { Trial } from "./plan/simulate.js";
export type { HostSide, LatencyResult } from "./types.js";
