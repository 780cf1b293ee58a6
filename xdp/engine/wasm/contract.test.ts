import { createMachine } from "../machine.js";
import { runEngineContract } from "../testing/run.js";
import { createWasmEngine } from "./engine.js";

runEngineContract("wasm", { createMachine, createEngine: (machine) => createWasmEngine(machine) });
// Atomics and locks are real where workers share the memory.
runEngineContract("wasm on shared memory", { createMachine: (options) => createMachine({ ...options, workers: 2 }), createEngine: (machine) => createWasmEngine(machine) });
