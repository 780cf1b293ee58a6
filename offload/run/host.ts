/** Makes the machine and its engines by name. */
import { createInterpreter, createMachine } from "../../xdp/index.js";
import type { Engine, EngineName, MachineOptions, MachineView } from "../../xdp/index.js";
import type { PoolData } from "../pool/task.js";

/** A machine that engines can be made for. */
export interface Host {
  readonly view: MachineView;
  /** The engine of worker 0; call it when the maps are seeded. */
  engine(): Engine;
  /** What another thread needs to make the engine for its area. */
  shared(): Pick<PoolData, "engine" | "program">;
  close(): void;
}

export function makeHost(_name: EngineName, options: MachineOptions): Host {
  const machine = createMachine(options);
  return { view: machine, engine: () => createInterpreter(machine), shared: () => ({ engine: "interpreter" }), close: () => undefined };
}
