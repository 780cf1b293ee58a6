/** Makes the machine and its engines by name. */
import { createInterpreter, createKernelEngine, createMachine, KernelMachine } from "../../xdp/index.js";
import type { Engine, EngineName, MachineOptions, MachineView } from "../../xdp/index.js";
import type { PoolData } from "../pool/task.js";

/** A machine that engines can be made for. */
export interface Host {
  readonly view: MachineView;
  /** The engine of worker 0; call it when the maps are seeded. */
  engine(): Engine;
  /** What another thread needs to make the engine for its area; call it when the maps are seeded. */
  shared(): Pick<PoolData, "engine" | "program">;
  close(): void;
}

export function makeHost(name: EngineName, options: MachineOptions): Host {
  if (name === "kernel") return kernelHost(options);
  const machine = createMachine(options);
  return { view: machine, engine: () => createInterpreter(machine), shared: () => ({ engine: "interpreter" }), close: () => undefined };
}

function kernelHost(options: MachineOptions): Host {
  const machine = new KernelMachine(options);
  let engine: { close(): void } | undefined;
  return {
    view: machine,
    engine: () => {
      const made = createKernelEngine(machine);
      engine = made;
      return made;
    },
    shared: () => {
      throw new Error("the kernel engine runs on one thread");
    },
    close: () => {
      engine?.close();
      machine.close();
    },
  };
}
