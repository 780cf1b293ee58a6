/** Several captures as one, by timestamp, at constant memory: one window of each is held. */
import { MAX_FRAME_BYTES, Trace } from "../trace.js";
import { CaptureError } from "./errors.js";
import type { CaptureInterface, CaptureReader } from "./reader.js";

/** Room for each capture's window: the largest frame with its block, and a few thousand small ones. */
const WINDOW_BYTES = 8 * MAX_FRAME_BYTES;
const WINDOW_PACKETS = 1 << 14;

/** How much of each capture is held. */
export interface MergeOptions {
  /** Bytes of frames; default 2 MiB. */
  readonly windowBytes?: number;
  /** Packets; default 16,384. */
  readonly windowPackets?: number;
}

/**
 * Merges captures by timestamp. Packets with the same time come in the order of `readers`; those of one capture keep their
 * order, so one that is out of order stays so. Interfaces are numbered over all captures. Closing closes all of them.
 */
export function mergeCaptures(readers: readonly CaptureReader[], options: MergeOptions = {}): CaptureReader {
  if (readers.length === 1) return readers[0];
  return new MergedReader(readers, options);
}

/** One capture and what is held of it. */
interface Lane {
  readonly reader: CaptureReader;
  readonly window: Trace;
  /** Index in the merge's interfaces of each interface of the capture. */
  readonly interfaces: number[];
  /** The next packet of the window. */
  next: number;
  /** Time 0 of the capture, nanoseconds after that of the merge. */
  base: number;
  ended: boolean;
}

class MergedReader implements CaptureReader {
  readonly format = "merged";
  readonly interfaces: CaptureInterface[] = [];
  readonly #lanes: readonly Lane[];
  /** Time of each lane's next packet; infinity at its end. */
  readonly #heads: Float64Array;
  #epochNs: bigint | undefined;
  #taken = 0;

  constructor(readers: readonly CaptureReader[], options: MergeOptions) {
    this.#lanes = readers.map((reader) => ({
      reader,
      window: Trace.allocate(options.windowBytes ?? WINDOW_BYTES, options.windowPackets ?? WINDOW_PACKETS),
      interfaces: [],
      next: 0,
      base: 0,
      ended: false,
    }));
    this.#heads = new Float64Array(readers.length);
  }

  get file(): string {
    return this.#lanes.map((lane) => lane.reader.file).join(", ");
  }

  get warnings(): readonly string[] {
    return this.#lanes.flatMap((lane) => lane.reader.warnings);
  }

  get bytesRead(): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.reader.bytesRead, 0);
  }

  get size(): number | undefined {
    return this.#lanes.reduce<number | undefined>((sum, { reader }) => {
      return sum === undefined || reader.size === undefined ? undefined : sum + reader.size;
    }, 0);
  }

  async read(into: Trace): Promise<boolean> {
    into.clear();
    if (this.#epochNs === undefined) await this.#start();
    into.epochNs = this.#epochNs ?? 0n;
    let empty: number;
    while ((empty = this.#take(into)) >= 0) await this.#refill(empty);
    return into.count > 0;
  }

  close(): void {
    for (const lane of this.#lanes) {
      lane.reader.close();
      lane.ended = true;
    }
    this.#heads.fill(Infinity);
  }

  async #start(): Promise<void> {
    for (let i = 0; i < this.#lanes.length; i++) await this.#refill(i);
    for (const { window, ended } of this.#lanes) {
      if (!ended && (this.#epochNs === undefined || window.epochNs < this.#epochNs)) this.#epochNs = window.epochNs;
    }
    this.#epochNs ??= 0n;
    for (let i = 0; i < this.#lanes.length; i++) this.#rebase(i);
  }

  async #refill(i: number): Promise<void> {
    const lane = this.#lanes[i];
    lane.next = 0;
    if (!(await lane.reader.read(lane.window))) lane.ended = true;
    this.#numberInterfaces(lane);
    this.#rebase(i);
  }

  #rebase(i: number): void {
    const lane = this.#lanes[i];
    lane.base = Number(lane.window.epochNs - (this.#epochNs ?? 0n));
    this.#heads[i] = lane.ended ? Infinity : lane.base + lane.window.time[0];
  }

  #numberInterfaces(lane: Lane): void {
    for (const described of lane.reader.interfaces.slice(lane.interfaces.length)) {
      if (this.interfaces.length > MAX_INTERFACE) {
        throw new CaptureError({ file: this.file }, `more than ${MAX_INTERFACE + 1} interfaces`, "merge fewer captures");
      }
      lane.interfaces.push(this.interfaces.length);
      this.interfaces.push(described);
    }
  }

  /** Moves packets until the window is full or all captures have ended (-1), or one needs its next window (its index). */
  #take(into: Trace): number {
    const heads = this.#heads;
    for (;;) {
      let first = 0;
      for (let i = 1; i < heads.length; i++) if (heads[i] < heads[first]) first = i;
      if (heads.length === 0 || heads[first] === Infinity) return -1;
      const lane = this.#lanes[first];
      const { window, next } = lane;
      const length = window.length[next];
      if (!into.fits(length)) {
        if (into.count === 0) this.#refuse(lane, length, into);
        return -1;
      }
      into.push(window.frame(next), heads[first], window.originalLength[next], lane.interfaces[window.iface[next]]);
      this.#taken++;
      lane.next++;
      if (lane.next === window.count) return first;
      heads[first] = lane.base + window.time[lane.next];
    }
  }

  #refuse(lane: Lane, length: number, into: Trace): never {
    throw new CaptureError(
      { file: lane.reader.file },
      `a frame of ${length} bytes (packet ${this.#taken + 1} of the merge) does not fit a window of ${into.frames.length} bytes`,
      "give the trace more room for frames",
    );
  }
}

const MAX_INTERFACE = 0xffff;
