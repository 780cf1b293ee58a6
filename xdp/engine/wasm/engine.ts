/** The WebAssembly engine as the rooms above use it: compile once a machine, attach once a worker. */
import { instantiateRuntime } from "../../runtime/runtime.js";
import type { Engine, WorkerArea } from "../contract.js";
import type { Machine } from "../machine.js";
import { compileMachine, instantiate } from "./compile.js";
import type { WasmProgram } from "./compile.js";

/** The engine for a worker of a machine of this thread. `program`: what {@link compileMachine} made of it, where it is at hand already. */
export function createWasmEngine(machine: Machine, worker = 0, program: WasmProgram = compileMachine(machine)): Engine {
  const area = machine.workers[worker];
  if (!area) throw new RangeError(`worker ${worker} of a machine with ${machine.workers.length}`);
  return instantiate(program, machine.layout.memory, machine.runtime.instance.exports, area);
}

/** The engine on another thread, from what was sent there: the program, the machine's memory, the worker's area. */
export function attachWasmEngine(program: WasmProgram, memory: WebAssembly.Memory, area: WorkerArea): Engine {
  return instantiate(program, memory, instantiateRuntime(memory).instance.exports, area);
}
