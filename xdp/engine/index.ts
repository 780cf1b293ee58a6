/** Engines: one contract, several ways to run a program; and the machine that they run on. */
export type { Engine, EngineName, MachineOptions, MachineProgram, MachineView, ProgramCosts, WorkerArea } from "./contract.js";
export { Layout, MemoryError } from "./layout.js";
export { createMachine } from "./machine.js";
export type { Machine } from "./machine.js";
export { describeFault, readFault } from "./faults.js";
export type { FaultDescription, FaultRecord } from "./faults.js";
export { verifyMachine } from "./verified.js";
export { Stepper, attachInterpreter, createInterpreter } from "./interpreter.js";
export type { StepState } from "./interpreter.js";
export { ENGINES } from "./contract.js";
export * from "./kernel/index.js";
export { attachWasmEngine, createWasmEngine } from "./wasm/engine.js";
export { compileMachine, machineBytes } from "./wasm/compile.js";
export { printWat } from "./wasm/wat.js";
export type { WasmProgram } from "./wasm/compile.js";
