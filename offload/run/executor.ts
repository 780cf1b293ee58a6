/**
 * One engine at work: writes descriptors, runs the batch, hands the results to columns. The time that batches take on this
 * host is measured here.
 */
import { abi } from "../../xdp/index.js";
import type { Engine, MachineView } from "../../xdp/index.js";
import type { DeviceClock } from "./clock.js";
import type { Columns } from "./columns.js";
import type { RxMetadata } from "./rx-metadata.js";
import { verdictOf } from "./tally.js";

const {
  DESC_BYTES, DESC_CPU, DESC_FRAME, DESC_IFINDEX, DESC_LENGTH, DESC_PACKET, DESC_QUEUE, DESC_TIME, RESULT_BYTES, RESULT_COST, RESULT_DATA, RESULT_FAULT,
  RESULT_FAULT_INSN, RESULT_FAULT_PROGRAM, RESULT_FRAG_LENGTH, RESULT_LENGTH, RESULT_META_LENGTH, RESULT_REDIRECT_KEY, RESULT_REDIRECT_KIND,
  RESULT_REDIRECT_MAP, RESULT_REDIRECT_TARGET, RESULT_RET, SLOT_FRAGS,
} = abi;
const XDP_REDIRECT = 4;

export class Executor {
  /** Time spent in the engine, ms. */
  elapsed = 0;
  private readonly engine: Engine;
  private readonly words: Uint32Array;
  /** Row in the columns of each descriptor. */
  private readonly rows: Uint32Array;
  private readonly metadata: RxMetadata | undefined;
  private pending = 0;

  constructor(engine: Engine, machine: MachineView, metadata?: RxMetadata) {
    this.engine = engine;
    this.metadata = metadata;
    this.words = new Uint32Array(machine.layout.buffer);
    this.rows = new Uint32Array(engine.worker.batchSize);
  }

  get count(): number {
    return this.pending;
  }

  get full(): boolean {
    return this.pending === this.engine.worker.batchSize;
  }

  /** Appends row `row` of the columns to the batch. */
  add(columns: Columns, row: number, clock: DeviceClock): void {
    const { words } = this;
    const at = (this.engine.worker.descriptors + this.pending * DESC_BYTES) >>> 2;
    const queue = columns.queue[row];
    words[at + (DESC_FRAME >> 2)] = columns.frame[row];
    words[at + (DESC_LENGTH >> 2)] = columns.captured[row];
    clock.write(words, at + (DESC_TIME >> 2), columns.time[row]);
    words[at + (DESC_IFINDEX >> 2)] = columns.port[row] + 1;
    words[at + (DESC_QUEUE >> 2)] = queue;
    words[at + (DESC_CPU >> 2)] = queue;
    words[at + (DESC_PACKET >> 2)] = columns.packet[row];
    this.metadata?.write(at, columns.frame[row], columns.captured[row], columns.hash[row]);
    this.rows[this.pending++] = row;
  }

  /** Runs what was added and writes the outcomes to the columns. Returns how many packets ran; {@link row} names them. */
  run(columns: Columns): number {
    const count = this.pending;
    if (count === 0) return 0;
    const begin = performance.now();
    this.engine.runBatch(count);
    this.elapsed += performance.now() - begin;
    this.pending = 0;
    const { results, slots, slotStride } = this.engine.worker;
    for (let i = 0; i < count; i++) readResult(this.words, results + i * RESULT_BYTES, slots + i * slotStride + SLOT_FRAGS, columns, this.rows[i]);
    return count;
  }

  /** Row of the `i`-th packet of the batch that ran last. */
  row(i: number): number {
    return this.rows[i];
  }

  /** Address of its result. */
  result(i: number): number {
    return this.engine.worker.results + i * RESULT_BYTES;
  }
}

/** Copies a result record to row `row`. */
export function readResult(words: Uint32Array, result: number, frags: number, columns: Columns, row: number): void {
  const at = result >>> 2;
  const ret = words[at + (RESULT_RET >> 2)];
  const verdict = verdictOf(ret);
  columns.ret[row] = ret;
  columns.verdict[row] = verdict;
  columns.data[row] = words[at + (RESULT_DATA >> 2)];
  columns.length[row] = words[at + (RESULT_LENGTH >> 2)];
  columns.frags[row] = frags;
  columns.fragLength[row] = words[at + (RESULT_FRAG_LENGTH >> 2)];
  columns.metaLength[row] = words[at + (RESULT_META_LENGTH >> 2)];
  const fault = words[at + (RESULT_FAULT >> 2)];
  columns.fault[row] = fault;
  columns.faultProgram[row] = fault === 0 ? 0 : words[at + (RESULT_FAULT_PROGRAM >> 2)];
  columns.faultInsn[row] = fault === 0 ? 0 : words[at + (RESULT_FAULT_INSN >> 2)];
  const redirected = verdict === XDP_REDIRECT;
  columns.redirectKind[row] = redirected ? words[at + (RESULT_REDIRECT_KIND >> 2)] : 0;
  columns.redirectMap[row] = redirected ? words[at + (RESULT_REDIRECT_MAP >> 2)] : 0;
  columns.redirectKey[row] = redirected ? words[at + (RESULT_REDIRECT_KEY >> 2)] : 0;
  columns.redirectTarget[row] = redirected ? words[at + (RESULT_REDIRECT_TARGET >> 2)] : 0;
  columns.costLow[row] = words[at + (RESULT_COST >> 2)];
  columns.costHigh[row] = words[at + (RESULT_COST >> 2) + 1];
}
