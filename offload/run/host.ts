/** Makes the machine and its engines by name. */
import { compileMachine, createInterpreter, createKernelEngine, createMachine, createWasmEngine, KernelMachine } from "../../xdp/index.js";
import type { Engine, EngineName, KernelEngine, MachineOptions, MachineView } from "../../xdp/index.js";
import type { PoolData } from "../pool/task.js";

/** A machine that engines can be made for. */
export interface Host {
  readonly view: MachineView;
  /** The engine of worker 0; call it when the maps are seeded. */
  engine(): Engine;
  /** What another thread needs to make the engine for its area; call it when the maps are seeded. */
  shared(): Pick<PoolData, "engine" | "program">;
  /** What a user should know of how packets ran, after the run. */
  warnings(): string[];
  close(): void;
}

/** `name`: which engine; all but the kernel run on this process's machine. Throws what making a machine throws. */
export function makeHost(name: EngineName, options: MachineOptions): Host {
  if (name === "kernel") return kernelHost(options);
  const machine = createMachine(options);
  return {
    view: machine,
    engine: () => (name === "wasm" ? createWasmEngine(machine) : createInterpreter(machine)),
    shared: () => (name === "wasm" ? { engine: name, program: compileMachine(machine) } : { engine: name }),
    warnings: () => [],
    close: () => undefined,
  };
}

function kernelHost(options: MachineOptions): Host {
  const machine = new KernelMachine(options);
  let engine: KernelEngine | undefined;
  return {
    view: machine,
    engine: () => {
      const made = createKernelEngine(machine, 0, { substitute: true });
      engine = made;
      return made;
    },
    shared: () => {
      throw new Error("the kernel engine runs on one thread");
    },
    warnings: () => {
      const out = ["engine kernel: time is this host's, and costs are not counted, so that modelled figures are those of an empty program"];
      const substituted = engine?.substituted ?? 0;
      if (substituted > 0) out.push(`engine kernel: ${substituted} packets ran as from the loopback (ifindex 1, queue 0) on a CPU that is here, for this host has not theirs`);
      return out;
    },
    close: () => {
      engine?.close();
      machine.close();
    },
  };
}
