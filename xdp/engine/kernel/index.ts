/** Programs in the running kernel, through bpf(2): the oracle of tests, the engine `kernel`, and the baseline of benchmarks. */
export { kernelAvailable, requireKernel } from "./available.js";
export type { KernelAvailability } from "./available.js";
export type { ProgInfo } from "./bpf.js";
export { onCpu, possibleCpus } from "./cpu.js";
export { createKernelEngine, KernelEngine } from "./engine.js";
export { KernelError, KernelUnavailableError, KernelVerifierError } from "./errors.js";
export { KernelObject } from "./load.js";
export type { KernelLoadOptions, KernelProgram } from "./load.js";
export { KernelMachine } from "./machine.js";
export type { KernelMachineOptions } from "./machine.js";
export { KernelMap, KernelProgArray } from "./map.js";
export { MAX_TEST_PACKET, TestRun } from "./test-run.js";
