/** What the threads of the pool tell each other; everything here is sent by structured clone. */
import type { WasmProgram, WorkerArea } from "../../xdp/index.js";

/** What every worker thread gets at its start. */
export interface PoolData {
  readonly engine: "wasm" | "interpreter";
  readonly memory: WebAssembly.Memory;
  /** The compiled program (engine wasm). */
  readonly program?: WasmProgram;
  readonly areas: readonly WorkerArea[];
  /** Addresses of the shared tables of descriptors and results, and of copies of packets (0 where nobody reads them). */
  readonly descriptors: number;
  readonly results: number;
  readonly packets: number;
  /** By worker: number of the packet that it has come to, modulo 2^31; see {@link ./pace.js}. */
  readonly progress: SharedArrayBuffer;
}

/** Places `start` to `start + count - 1` of the shared tables, to be run in order in the area of worker `worker`. */
export interface PoolTask {
  readonly worker: number;
  readonly start: number;
  readonly count: number;
}
