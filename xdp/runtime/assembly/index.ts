/** The wasm runtime's exports, all maps and helpers: everything a program calls, and everything the control plane calls to look at maps. */
import { MACHINE, MACHINE_CPUS } from "../../abi";

export * from "./maps/index";

/** Possible CPUs of the machine. */
export function machine_cpus(): u32 {
  return load<u32>(MACHINE + MACHINE_CPUS);
}
