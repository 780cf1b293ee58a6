/**
 * A thread of the flow processing cores' pool: runs the packets of its queues, round by round, batch by batch in its area of
 * the shared memory, and writes what became of them to the round's rows. The last to finish a round takes it through the
 * baseline's model. Runs from the built package.
 */
import { workerData } from "node:worker_threads";
import { Rss } from "../../nic/index.js";
import { abi } from "../../xdp/index.js";
import { RxMetadata } from "../run/rx-metadata.js";
import { loopOn } from "../run/space.js";
import { LOOP_COLUMNS, LOOP_COUNT, LOOP_FIRST, LOOP_FROM, LOOP_SLOTS, LOOP_SLOT_BY_PACKET, LOOP_TAKEN, LOOP_TO } from "../runtime/abi.js";
import { attachEngine } from "./attach.js";
import { finish, keepPace } from "./pace.js";
import { CONTROL_DONE, CONTROL_LEFT, CONTROL_READY, CONTROL_ROUND, CONTROL_STOP } from "./task.js";
import type { PoolData, PoolTask } from "./task.js";

const { RESULT_BYTES, RESULT_DATA, RESULT_FRAG_LENGTH, RESULT_LENGTH, RESULT_META_LENGTH, SLOT_FRAGS } = abi;

const data = workerData as PoolData;
const bytes = new Uint8Array(data.memory.buffer);
const words = new Uint32Array(data.memory.buffer);
const progress = new Int32Array(data.progress);
const control = new Int32Array(data.control);
const elapsed = new Float64Array(data.elapsed);

/** The task of piscina: rounds until the end. */
export default function run({ worker }: PoolTask): void {
  const engine = attachEngine(data, worker);
  const loop = loopOn(data.memory);
  const area = data.areas[worker];
  const address = data.loops[worker];
  const state = new Uint32Array(data.memory.buffer, address);
  const first = new Float64Array(data.memory.buffer, address + LOOP_FIRST, 1);
  const metadata = data.metadata === undefined ? undefined : new RxMetadata(new Rss(data.metadata.rss, data.metadata.queues), data.memory.buffer as unknown as SharedArrayBuffer);
  Atomics.add(control, CONTROL_READY, 1);
  Atomics.notify(control, CONTROL_READY);
  for (let round = 1; ; round++) {
    while (Atomics.load(control, CONTROL_ROUND) < round) Atomics.wait(control, CONTROL_ROUND, round - 1);
    if (Atomics.load(control, CONTROL_STOP) !== 0) return;
    const to = state[LOOP_TO / 4];
    for (let at = state[LOOP_FROM / 4]; at < to; ) {
      keepPace(progress, worker, first[0] + at);
      at = loop.take(address, at);
      const count = state[LOOP_COUNT / 4];
      if (count === 0) continue;
      metadata?.write(area.descriptors, count);
      const begin = performance.now();
      engine.runBatch(count);
      elapsed[worker] += performance.now() - begin;
      if (state[LOOP_COLUMNS / 4] !== 0 && state[LOOP_SLOT_BY_PACKET / 4] === 1) keepPackets(area, state, count);
      loop.gather(address);
    }
    finish(progress, worker);
    if (Atomics.sub(control, CONTROL_LEFT, 1) !== 1) continue;
    loop.serve_baseline(address);
    Atomics.store(control, CONTROL_DONE, round);
    Atomics.notify(control, CONTROL_DONE);
  }
}

/** Copies packets out of the slots, which the next batch overwrites, and points their results at the copies. */
function keepPackets({ results, slots, slotStride }: PoolData["areas"][number], state: Uint32Array, count: number): void {
  const taken = state[LOOP_TAKEN / 4] >>> 2;
  for (let i = 0; i < count; i++) {
    const at = (results + i * RESULT_BYTES) >>> 2;
    const first = words[at + (RESULT_DATA >> 2)];
    const slot = slots + i * slotStride;
    // A program that only reads may have run on the frame where it lies, which stays.
    if (first < slot || first >= slot + slotStride) continue;
    const copy = state[LOOP_SLOTS / 4] + (words[taken + i] - state[LOOP_FROM / 4]) * slotStride;
    const start = first - words[at + (RESULT_META_LENGTH >> 2)];
    const end = first + words[at + (RESULT_LENGTH >> 2)];
    bytes.copyWithin(copy + (start - slot), start, end);
    const frags = words[at + (RESULT_FRAG_LENGTH >> 2)];
    if (frags > 0) bytes.copyWithin(copy + SLOT_FRAGS, slot + SLOT_FRAGS, slot + SLOT_FRAGS + frags);
    words[at + (RESULT_DATA >> 2)] = first + copy - slot;
  }
}
