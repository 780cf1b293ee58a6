/**
 * How V8 compiles our modules. Left alone it would start every function in Liftoff and optimise after some calls; but it
 * cannot replace a running loop (no on-stack replacement for wasm), and run_batch is one loop a call, so that the first
 * batches, or one large batch, would run unoptimised. Without Liftoff and lazy compilation, `new WebAssembly.Module`
 * compiles everything optimised at once: slower to compile (about 4 us an instruction), hot from the first packet.
 */
import { setFlagsFromString } from "node:v8";

/** Compiles a module so that its first call runs at full speed. The flags hold for this one compilation only. */
export function compileOptimised(bytes: BufferSource): WebAssembly.Module {
  setFlagsFromString("--no-liftoff");
  setFlagsFromString("--no-wasm-lazy-compilation");
  setFlagsFromString("--no-wasm-tier-up");
  try {
    return new WebAssembly.Module(bytes);
  } finally {
    setFlagsFromString("--liftoff");
    setFlagsFromString("--wasm-lazy-compilation");
    setFlagsFromString("--wasm-tier-up");
  }
}
