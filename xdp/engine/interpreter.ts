/** The reference interpreter, as an engine and as a debugger that stops between instructions. */
import { ENV_PROGRAM, ENV_SCRATCH, ENV_STACK_TOP, INTERPRETER_DEPTH, INTERPRETER_INSN, INTERPRETER_REGISTERS, STACK_FRAME_BYTES } from "../abi.js";
import { instantiateRuntime } from "../runtime/runtime.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Engine, WorkerArea } from "./contract.js";
import type { Machine } from "./machine.js";

/** The interpreter for one worker of a machine of this thread. */
export function createInterpreter(machine: Machine, worker = 0): Engine {
  return engine(machine.runtime, areaOf(machine, worker));
}

/** The interpreter for a worker on another thread: the machine's memory and the worker's area, as they were sent here. */
export function attachInterpreter(memory: WebAssembly.Memory, area: WorkerArea): Engine {
  return engine(instantiateRuntime(memory), area);
}

function engine(runtime: Runtime, worker: WorkerArea): Engine {
  const { env } = worker;
  const run = runtime.exports.interpreter_run_batch;
  return { name: "interpreter", worker, runBatch: (count) => run(env, count) };
}

function areaOf(machine: Machine, worker: number): WorkerArea {
  const area = machine.workers[worker];
  if (!area) throw new RangeError(`worker ${worker} of a machine with ${machine.workers.length}`);
  return area;
}

/** Where a stepped packet stands. */
export type StepState = "running" | "done" | "fault";

const STATES: readonly StepState[] = ["running", "done", "fault"];

/** Runs one packet an instruction at a time. Registers and position may be looked at between two steps. */
export class Stepper {
  readonly worker: WorkerArea;
  readonly #runtime: Runtime;
  readonly #layout: Machine["layout"];
  #packet = 0;

  constructor(machine: Machine, worker = 0) {
    this.worker = areaOf(machine, worker);
    this.#runtime = machine.runtime;
    this.#layout = machine.layout;
  }

  /** Takes packet `packet` of the worker's descriptors to the first instruction of the entry program. */
  start(packet: number): void {
    this.#packet = packet;
    this.#runtime.exports.interpreter_begin(this.worker.env, packet);
  }

  /** Runs at most `count` instructions. At the end, the packet's result is written. */
  step(count = 1): StepState {
    return STATES[this.#runtime.exports.interpreter_step(this.worker.env, this.#packet, count)] as StepState;
  }

  /** Index of the program that runs, in the machine's table. */
  get program(): number {
    return this.#view().getUint32(this.worker.env + ENV_PROGRAM, true);
  }

  /** Slot of the next instruction; after a fault or at the end, of the last. */
  get insn(): number {
    return this.#view().getUint32(this.worker.env + ENV_SCRATCH + INTERPRETER_INSN, true);
  }

  /** Functions around the one that runs, 0 to 7. */
  get depth(): number {
    return this.#view().getUint32(this.worker.env + ENV_SCRATCH + INTERPRETER_DEPTH, true);
  }

  /** r0 to r10. */
  registers(): BigUint64Array {
    const view = this.#view();
    return BigUint64Array.from({ length: 11 }, (_, i) => view.getBigUint64(this.worker.env + ENV_SCRATCH + INTERPRETER_REGISTERS + i * 8, true));
  }

  /** The innermost function's stack, 512 bytes; the last lies right below r10. */
  stack(): Uint8Array {
    const low = this.worker.env + ENV_STACK_TOP - (this.depth + 1) * STACK_FRAME_BYTES;
    return new Uint8Array(this.#layout.buffer, low, STACK_FRAME_BYTES).slice();
  }

  #view(): DataView {
    return new DataView(this.#layout.buffer);
  }
}
