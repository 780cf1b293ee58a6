/**
 * The indexed reader: a capture's bytes are read straight into a Trace's frames, its records are parsed there, and only
 * columns are written. Packets that do not fit one window are read again (or given back) for the next.
 */
import type { Trace } from "../trace.js";
import { CaptureError } from "./errors.js";
import type { CaptureInput } from "./input.js";
import { PARSE_HEADROOM } from "./reader.js";
import type { CaptureInterface, CaptureReader, RecordParser } from "./reader.js";

/** Bytes read at a time: they are parsed while they are still in the processor's cache. */
const CHUNK_BYTES = 1 << 19;
/** Less is not worth a call of the system. */
const SMALLEST_READ = 1 << 12;

/** Reads any input through any {@link RecordParser}. `read` is synchronous if the input is. */
export class WindowReader implements CaptureReader {
  readonly warnings: string[] = [];
  readonly #input: CaptureInput;
  readonly #parser: RecordParser;
  #ended = false;
  /** The window being filled: bytes of its frames that are filled and not yet parsed are `[#from, #end)`. */
  #from = 0;
  #end = 0;
  /** Bytes of the current record that must be seen to go on. */
  #need = 0;

  constructor(input: CaptureInput, parser: RecordParser) {
    this.#input = input;
    this.#parser = parser;
  }

  get format(): "pcap" | "pcapng" {
    return this.#parser.format;
  }

  get file(): string {
    return this.#input.file;
  }

  get interfaces(): readonly CaptureInterface[] {
    return this.#parser.interfaces;
  }

  get bytesRead(): number {
    return this.#input.bytesRead;
  }

  get size(): number | undefined {
    return this.#input.size;
  }

  read(into: Trace): boolean | Promise<boolean> {
    this.#begin(into);
    if (this.#input.fill !== undefined) return this.#readAsync(into);
    while (this.#step(into));
    return this.#finish(into);
  }

  close(): void {
    this.#ended = true;
    this.#input.close();
  }

  async #readAsync(into: Trace): Promise<boolean> {
    do {
      await this.#input.fill?.();
    } while (this.#step(into));
    return this.#finish(into);
  }

  #begin(into: Trace): void {
    into.clear();
    this.#from = PARSE_HEADROOM;
    this.#end = PARSE_HEADROOM;
    this.#need = 1;
  }

  /** Reads and parses one chunk; false when the window is done. */
  #step(trace: Trace): boolean {
    if (this.#ended) return false;
    const beyond = this.#from - this.#end;
    if (beyond > 0) return this.#pass(beyond);
    const limit = Math.min(trace.frames.length, this.#end + this.#chunk(trace));
    if (this.#from + this.#need > trace.frames.length) return this.#overflow(trace);
    const n = this.#input.read(trace.frames, this.#end, limit);
    if (n === 0) {
      this.#ended = true;
      this.#warnIfCut(this.#end - this.#from);
      return false;
    }
    this.#end += n;
    if (this.#end - this.#from < this.#need) return true;
    this.#parse(trace);
    if (this.#need > 0) return true;
    this.#giveBack(trace);
    return false;
  }

  /**
   * How much to read now. Where the packets so far show that a whole chunk is more than the window has rows for, it is as
   * much as they would need: what a window cannot hold has to be read twice.
   */
  #chunk({ count, storage }: Trace): number {
    if (count === 0) return CHUNK_BYTES;
    const perPacket = (this.#from - PARSE_HEADROOM) / count;
    const wanted = Math.ceil((storage.packets - count) * perPacket) - (this.#end - this.#from);
    return Math.max(this.#need, Math.min(CHUNK_BYTES, Math.max(SMALLEST_READ, wanted)));
  }

  #parse(trace: Trace): void {
    try {
      this.#need = this.#parser.parse(trace, this.#from, this.#end, this.#input.position - this.#end);
    } catch (error) {
      // Nothing after a damaged record can be trusted: a caller that goes on sees the end.
      this.#ended = true;
      throw error;
    }
    this.#from = this.#parser.at;
  }

  /** Passes over bytes that nobody wants, such as a block of secrets, without the window's room. */
  #pass(bytes: number): boolean {
    const passed = this.#input.skip(bytes);
    if (passed === 0) {
      this.#ended = true;
      this.#warnIfCut(1);
      return false;
    }
    // What was passed is not in the frames: the window goes on after what is.
    this.#from -= passed;
    return true;
  }

  /** The next record does not fit. It opens the next window, unless this one holds nothing yet. */
  #overflow(trace: Trace): boolean {
    const empty = trace.count === 0;
    this.#giveBack(trace);
    if (!empty) return false;
    if (this.#from === PARSE_HEADROOM) {
      throw new CaptureError(
        { file: this.file, offset: this.#input.position, packet: this.#parser.packets + 1 },
        `a record of ${this.#need} bytes does not fit a window of ${trace.frames.length} bytes`,
        "give the trace more room for frames",
      );
    }
    // Only records without packets so far: start over in the same window.
    this.#from = PARSE_HEADROOM;
    this.#end = PARSE_HEADROOM;
    return true;
  }

  #giveBack(trace: Trace): void {
    const left = this.#end - this.#from;
    if (left > 0) this.#input.unread(trace.frames.subarray(this.#from, this.#end));
    this.#end = Math.min(this.#from, this.#end);
  }

  #finish(trace: Trace): boolean {
    trace.epochNs = this.#parser.clock.epochNs;
    trace.used = Math.min(trace.frames.length, Math.ceil(this.#end / 8) * 8);
    return trace.count > 0;
  }

  #warnIfCut(left: number): void {
    const { file, position, cut } = this.#input;
    if (left === 0 && !this.#parser.inRecord && cut === undefined) return;
    this.warnings.push(cutWarning({ file, position, packets: this.#parser.packets, how: cut }));
  }
}

/** The one warning for a capture that ends too early: `packets` whole ones were read before `position`. */
export function cutWarning(at: {
  readonly file: string;
  readonly position: number;
  readonly packets: number;
  readonly how?: string | undefined;
}): string {
  const how = at.how ?? "the capture is cut off";
  const kept = at.packets === 1 ? "the whole packet before it is" : `the ${at.packets} whole packets before it are`;
  return `${at.file}: ${how} at byte ${at.position}, in packet ${at.packets + 1}: ${kept} used`;
}
