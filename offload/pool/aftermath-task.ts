/** What a run and the thread of its aftermath tell each other; sent by structured clone. */

export interface AftermathData {
  /** The loop's compiled module, and the memory that it works on. */
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Address of the loop's state, which says what is to be served. */
  readonly loop: number;
  /** AFTERMATH_*, i32 each. */
  readonly control: SharedArrayBuffer;
}

/** 1 when the thread is up; how many windows it was handed, and how many of them it has served; 1 at the end. */
export const AFTERMATH_READY = 0;
export const AFTERMATH_HANDED = 1;
export const AFTERMATH_SERVED = 2;
export const AFTERMATH_STOP = 3;
export const AFTERMATH_WORDS = 4;
