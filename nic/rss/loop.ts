/** The wasm loop that steers whole windows (AssemblyScript, in `assembly/`), with its tables in the memory of the traces. */
import { loadWasm } from "../../traffic/index.js";
import type { Trace } from "../../traffic/index.js";
import { BLOCK_EXTENSION, BLOCK_FIELDS, BLOCK_FLOW, BLOCK_INDIRECTION } from "./block.js";

/** What the loop looks up; see nic/rss/block.ts. */
export interface RssTables {
  readonly toeplitz: Uint32Array;
  readonly flow: Uint8Array;
  readonly extension: Uint8Array;
  readonly fields: Uint8Array;
  /** A power of 2 of entries. */
  readonly indirection: Uint16Array;
}

export interface RssLoop {
  /** As `Rss.classify`; false, and nothing is done, where trace and columns are not in the loop's memory. */
  classify(trace: Trace, hash: Uint32Array, queue: Uint16Array): boolean;
}

type Classify = (frames: number, offset: number, length: number, count: number, hash: number, queue: number, block: number, mask: number) => void;

let module: WebAssembly.Module | undefined;

/** Writes the tables to `address` of `memory`, a multiple of 8, and makes the loop. Throws WasmMissingError. */
export function makeLoop(memory: WebAssembly.Memory, address: number, tables: RssTables): RssLoop {
  module ??= loadWasm("nic/rss/rss.wasm");
  const { classify } = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as { classify: Classify };
  new Uint32Array(memory.buffer, address).set(tables.toeplitz);
  const bytes = new Uint8Array(memory.buffer, address);
  bytes.set(tables.flow, BLOCK_FLOW);
  bytes.set(tables.extension, BLOCK_EXTENSION);
  bytes.set(tables.fields, BLOCK_FIELDS);
  new Uint16Array(memory.buffer, address + BLOCK_INDIRECTION).set(tables.indirection);
  const mask = tables.indirection.length - 1;
  return {
    classify(trace, hash, queue) {
      const { storage, frames, offset, length, count } = trace;
      if (storage.memory !== memory || hash.buffer !== frames.buffer || queue.buffer !== frames.buffer) return false;
      classify(frames.byteOffset, offset.byteOffset, length.byteOffset, count, hash.byteOffset, queue.byteOffset, address, mask);
      return true;
    },
  };
}
