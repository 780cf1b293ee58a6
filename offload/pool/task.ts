/** What the threads of the pool are told; everything here is sent by structured clone. */
import type { RssSpec } from "../../nic/index.js";
import type { WasmProgram, WorkerArea } from "../../xdp/index.js";

/** What every worker thread gets at its start. */
export interface PoolData {
  readonly engine: "wasm" | "interpreter";
  readonly memory: WebAssembly.Memory;
  /** The compiled program (engine wasm). */
  readonly program?: WasmProgram;
  readonly areas: readonly WorkerArea[];
  /** By worker: address of the state of its loop, which says what it takes. */
  readonly loops: readonly number[];
  /** How the NIC hashes, where programs ask for it. */
  readonly metadata?: { readonly rss: RssSpec; readonly queues: number };
  /** CONTROL_*, i32 each. */
  readonly control: SharedArrayBuffer;
  /** By worker: number of the packet that it has come to, modulo 2^31; see {@link ./pace.js}. */
  readonly progress: SharedArrayBuffer;
  /** By worker: time spent in its engine's batches, ms (f64). */
  readonly elapsed: SharedArrayBuffer;
}

/** Number of the round that is to be run; number of the one that all workers have run; workers that still run it; 1 at the end; workers that are up. */
export const CONTROL_ROUND = 0;
export const CONTROL_DONE = 1;
export const CONTROL_LEFT = 2;
export const CONTROL_STOP = 3;
export const CONTROL_READY = 4;
export const CONTROL_WORDS = 5;

/** A worker's task: all rounds of the run, until it is told to stop. */
export interface PoolTask {
  readonly worker: number;
}
