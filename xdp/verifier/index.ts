/** The verifier: the kernel's judgement of a program, by our own analysis. */
export { Facts, REGION_CTX, REGION_MAP_VALUE, REGION_MEMORY, REGION_METADATA, REGION_OTHER, REGION_PACKET, REGION_STACK, WAY_ON, WAY_TAKEN } from "./facts.js";
export { PathRecorder } from "./path-recorder.js";
export type { PathGraph, TailCall, Turn } from "./path-recorder.js";
export { verifyObject, verifyProgram } from "./verify.js";
export type { Explanation } from "./explain.js";
export type { DeviceRules, Verdict, VerifyOptions } from "./verify.js";
