/**
 * How V8 compiles our modules. Left alone it would start every function in Liftoff and optimise after some calls; but it
 * cannot replace a running loop (no on-stack replacement for wasm), and run_batch is one loop a call, so that the first
 * batches, or one large batch, would run unoptimised. Without Liftoff and lazy compilation, `new WebAssembly.Module`
 * compiles everything optimised at once: slower to compile (about 4 us an instruction), hot from the first packet.
 *
 * V8 also looks at its stack limit on every turn of every loop and at every call, so that a thread that never comes back can
 * be ended. Where all loops are known to end, nobody needs that, and small programs are a tenth faster without. The stack
 * cannot overflow either: at most MAX_CALL_FRAMES functions deep, below a JavaScript frame that was checked.
 */
import { createHash } from "node:crypto";
import { setFlagsFromString } from "node:v8";

/** Modules of this process by their bytes: the same program on the same machine is compiled once. */
const compiled = new Map<string, WeakRef<WebAssembly.Module>>();

const EAGER = ["liftoff", "wasm-lazy-compilation", "wasm-tier-up"];

/** Compiles a module so that its first call runs at full speed. The flags hold for this one compilation only. `ends`: all its loops are known to end. */
export function compileOptimised(bytes: Uint8Array<ArrayBuffer>, ends: boolean): WebAssembly.Module {
  const name = `${ends} ${createHash("sha256").update(bytes).digest("base64")}`;
  const known = compiled.get(name)?.deref();
  if (known !== undefined) return known;
  const off = ends ? [...EAGER, "wasm-stack-checks"] : EAGER;
  for (const flag of off) setFlagsFromString(`--no-${flag}`);
  try {
    const module = new WebAssembly.Module(bytes);
    compiled.set(name, new WeakRef(module));
    return module;
  } finally {
    for (const flag of off) setFlagsFromString(`--${flag}`);
  }
}
