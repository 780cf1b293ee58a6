/** Areas of workers: environment, batch tables and packet slots, each worker's on pages of its own. */
import {
  DESC_BYTES,
  ENV_BYTES,
  ENV_DESCRIPTORS,
  ENV_RESULTS,
  ENV_SLOTS,
  ENV_SLOT_STRIDE,
  MAX_LINEAR,
  RESULT_BYTES,
  SLOT_FRAGS,
  WASM_PAGE,
} from "../abi.js";
import type { WorkerArea } from "./contract.js";
import type { Layout } from "./layout.js";

/** A fragment is a page, and the last may grow to its end. */
const FRAGMENT = 4096;
const LINE = 64;

/** Distance of packet slots: an odd multiple of a cache line, so that the packets of a batch do not fall into the same sets. */
export function slotStride(maxFrame: number): number {
  const fragments = Math.ceil(Math.max(0, maxFrame - MAX_LINEAR) / FRAGMENT) * FRAGMENT;
  // One line more than the fragments: word-wise copies may write up to 7 bytes too many.
  const lines = (SLOT_FRAGS + fragments) / LINE + 1;
  return (lines % 2 === 0 ? lines + 1 : lines) * LINE;
}

/** Reserves one worker's area and writes where it is into its environment. */
export function placeWorker(layout: Layout, batchSize: number, maxFrame: number): WorkerArea {
  const slotStrideBytes = slotStride(maxFrame);
  const tables = layout.allocate(ENV_BYTES + batchSize * (DESC_BYTES + RESULT_BYTES), WASM_PAGE, "a worker's tables");
  const env = tables;
  const descriptors = env + ENV_BYTES;
  const results = descriptors + batchSize * DESC_BYTES;
  const slots = layout.allocate(batchSize * slotStrideBytes, WASM_PAGE, "a worker's packet slots");
  const view = new DataView(layout.buffer);
  view.setUint32(env + ENV_DESCRIPTORS, descriptors, true);
  view.setUint32(env + ENV_RESULTS, results, true);
  view.setUint32(env + ENV_SLOTS, slots, true);
  view.setUint32(env + ENV_SLOT_STRIDE, slotStrideBytes, true);
  return { env, descriptors, results, slots, slotStride: slotStrideBytes, batchSize };
}
