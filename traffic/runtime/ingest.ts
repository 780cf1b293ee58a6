/** The wasm loop that parses usual records (AssemblyScript, in `assembly/`), on the memory in which a trace lies. */
import { loadWasm } from "./load.js";

/** The exports of `assembly/index.ts`; addresses and counts are unsigned 32-bit integers. */
export interface Ingest {
  readonly at: WebAssembly.Global;
  readonly parse_classic: (...args: number[]) => number;
  readonly parse_enhanced: (...args: number[]) => number;
}

let module: WebAssembly.Module | undefined;
const instances = new WeakMap<WebAssembly.Memory, Ingest>();

/** The loop on `memory`; one instance a thread and memory. Throws where the package has not been built. */
export function ingestOn(memory: WebAssembly.Memory): Ingest {
  const known = instances.get(memory);
  if (known !== undefined) return known;
  module ??= loadWasm("traffic/runtime/ingest.wasm");
  const made = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Ingest;
  instances.set(memory, made);
  return made;
}
