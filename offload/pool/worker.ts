/**
 * A thread of the flow processing cores' pool: takes shards of packets, runs them batch by batch in its area of the shared
 * memory, and writes the results to the shared tables. Runs from the built package.
 */
import { workerData } from "node:worker_threads";
import type { Engine } from "../../xdp/index.js";
import { abi } from "../../xdp/index.js";
import { attachEngine } from "./attach.js";
import { finish, keepPace } from "./pace.js";
import type { PoolData, PoolTask } from "./task.js";

const { DESC_BYTES, DESC_PACKET, RESULT_BYTES, RESULT_DATA, RESULT_FRAG_LENGTH, RESULT_LENGTH, RESULT_META_LENGTH, SLOT_FRAGS } = abi;

const data = workerData as PoolData;
const bytes = new Uint8Array(data.memory.buffer);
const words = new Uint32Array(data.memory.buffer);
const progress = new Int32Array(data.progress);
const engines = new Map<number, Engine>();

/** The task of piscina: runs one shard. */
export default function run(task: PoolTask): void {
  let engine = engines.get(task.worker);
  if (engine === undefined) engines.set(task.worker, (engine = attachEngine(data, task.worker)));
  const area = data.areas[task.worker];
  for (let done = 0; done < task.count; ) {
    const count = Math.min(area.batchSize, task.count - done);
    const place = task.start + done;
    const from = data.descriptors + place * DESC_BYTES;
    keepPace(progress, task.worker, words[(from + DESC_PACKET) >>> 2]);
    bytes.copyWithin(area.descriptors, from, from + count * DESC_BYTES);
    engine.runBatch(count);
    if (data.packets !== 0) keepPackets(area.results, area.slots, area.slotStride, count, data.packets + place * area.slotStride);
    bytes.copyWithin(data.results + place * RESULT_BYTES, area.results, area.results + count * RESULT_BYTES);
    done += count;
  }
  finish(progress, task.worker);
}

/** Copies packets out of the slots, which the next batch overwrites, and points their results at the copies. */
function keepPackets(results: number, slots: number, stride: number, count: number, to: number): void {
  for (let i = 0; i < count; i++) {
    const at = (results + i * RESULT_BYTES) >>> 2;
    const first = words[at + (RESULT_DATA >> 2)];
    const slot = slots + i * stride;
    // A program that only reads may have run on the frame where it lies, which stays.
    if (first < slot || first >= slot + stride) continue;
    const copy = to + i * stride;
    const start = first - words[at + (RESULT_META_LENGTH >> 2)];
    const end = first + words[at + (RESULT_LENGTH >> 2)];
    bytes.copyWithin(copy + (start - slot), start, end);
    const frags = words[at + (RESULT_FRAG_LENGTH >> 2)];
    if (frags > 0) bytes.copyWithin(copy + SLOT_FRAGS, slot + SLOT_FRAGS, slot + SLOT_FRAGS + frags);
    words[at + (RESULT_DATA >> 2)] = first + copy - slot;
  }
}
