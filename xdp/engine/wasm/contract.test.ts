import { createMachine } from "../machine.js";
import { runEngineContract } from "../testing/run.js";
import { createWasmEngine } from "./engine.js";

runEngineContract("wasm", { createMachine, createEngine: (machine) => createWasmEngine(machine) });
