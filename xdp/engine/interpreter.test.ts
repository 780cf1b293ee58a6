import { createInterpreter, createMachine } from "./index.js";
import { runEngineContract } from "./testing/run.js";

runEngineContract("interpreter", { createMachine, createEngine: (machine) => createInterpreter(machine) });
