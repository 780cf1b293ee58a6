/** Traces in wasm memories, where readers parse in wasm. Memories are used again: each reserves gigabytes of addresses. */
import { Trace, traceBytes } from "../../trace.js";

const PAGE = 65536;
const idle: WebAssembly.Memory[] = [];

/** Calls `use` with an empty trace of that room, which is lost afterwards. */
export async function withWasmTrace<T>(frameBytes: number, packets: number, use: (trace: Trace) => T | Promise<T>): Promise<T> {
  const memory = idle.pop() ?? new WebAssembly.Memory({ initial: 1, maximum: 1024, shared: true });
  try {
    const missing = Math.ceil((PLACE + traceBytes(frameBytes, packets) - memory.buffer.byteLength) / PAGE);
    if (missing > 0) memory.grow(missing);
    const buffer = memory.buffer as unknown as SharedArrayBuffer;
    return await use(new Trace({ buffer, byteOffset: PLACE, frameBytes, packets, memory }));
  } finally {
    idle.push(memory);
  }
}

/** Not 0, so that a forgotten base address shows. */
const PLACE = 4096;
