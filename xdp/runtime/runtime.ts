/** Loads the wasm runtime (maps, helpers, interpreter; written in AssemblyScript in `assembly/`) on a machine's memory. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { MapRuntime } from "../maps/index.js";

/** An export of the runtime that takes and gives 32-bit integers only (`u64` parameters are BigInt to JavaScript). */
type Call32 = (...args: number[]) => number;

/** The exports that TypeScript calls itself; engines pass all of {@link Runtime.instance} on to their own wasm. */
export interface RuntimeExports extends MapRuntime {
  readonly interpreter_run_batch: (env: number, count: number) => void;
  readonly interpreter_begin: (env: number, packet: number) => void;
  /** 0 where there is more to run, 1 at the end, 2 after a fault. */
  readonly interpreter_step: (env: number, packet: number, count: number) => number;
  readonly load_packet: (env: number, packet: number) => void;
  readonly store_result: (env: number, packet: number, ret: number) => void;
  readonly check_access: (env: number, address: bigint, size: number, write: number) => number;
}

/** One instance of the runtime on one memory. */
export interface Runtime {
  readonly instance: WebAssembly.Instance;
  readonly exports: RuntimeExports & Readonly<Record<string, Call32>>;
}

/** Thrown where the runtime has not been built. */
export class RuntimeMissingError extends Error {
  readonly looked: readonly string[];
  constructor(looked: readonly string[]) {
    super("the wasm runtime is missing from this installation: run npm run build:runtime");
    this.name = "RuntimeMissingError";
    this.looked = looked;
  }
}

const FILE = join("dist", "xdp", "runtime", "runtime.wasm");
let compiled: WebAssembly.Module | undefined;

/** The runtime, compiled once a thread. Found in the package's `dist`, from there as well as from the TypeScript sources. */
export function runtimeModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(readFileSync(findRuntime()));
  return compiled;
}

function findRuntime(): string {
  const looked: string[] = [];
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const file = join(folder, FILE);
    if (existsSync(file)) return file;
    looked.push(file);
    if (dirname(folder) === folder) throw new RuntimeMissingError(looked);
  }
}

/** The runtime on `memory`, which must be a {@link Layout}'s. Every thread needs an instance of its own. */
export function instantiateRuntime(memory: WebAssembly.Memory, module: WebAssembly.Module = runtimeModule()): Runtime {
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  return { instance, exports: instance.exports as unknown as Runtime["exports"] };
}
