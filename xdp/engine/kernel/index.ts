/** Programs in the running kernel, through bpf(2): the oracle of tests, the engine `kernel`, and the baseline of benchmarks. */
export { kernelAvailable, requireKernel } from "./available.js";
export type { KernelAvailability } from "./available.js";
export { allowedCpus, onCpu, possibleCpus } from "./cpu.js";
export { createKernelEngine, KernelEngine } from "./engine.js";
export type { KernelEngineOptions } from "./engine.js";
export { KernelError, KernelUnavailableError, KernelVerifierError } from "./errors.js";
export { KernelObject } from "./load.js";
export type { KernelLoadOptions, KernelProgram } from "./load.js";
export { KernelMachine } from "./machine.js";
export type { KernelMachineOptions } from "./machine.js";
export type { ProgInfo } from "./prog-calls.js";
export { KernelMap, KernelProgArray } from "./map.js";
export { inFreshNetns } from "./netns.js";
export { MAX_TEST_PACKET, TestRun } from "./test-run.js";
