/**
 * Streams of classic pcap, read by the package pcap-parser. What it lacks is mended here:
 * it refuses nanosecond captures, believes any length (and would buffer 2 GiB for one), says nothing of a tail that was cut
 * off, and copies all that it holds for every piece it gets.
 */
import { EventEmitter } from "node:events";
import { parse } from "pcap-parser";
import type { Packet, PacketHeader } from "pcap-parser";
import { MAX_FRAME_BYTES } from "../trace.js";
import type { Trace } from "../trace.js";
import { CLASSIC_HEADER_BYTES } from "./classic-header.js";
import type { ClassicHeader } from "./classic-header.js";
import { classicInterface, oversized } from "./classic-parser.js";
import { CaptureClock } from "./clock.js";
import { CaptureError } from "./errors.js";
import type { CaptureInput } from "./input.js";
import { linkGrowth, writeEthernet } from "./link-type.js";
import { PARSE_HEADROOM, wireLength } from "./reader.js";
import type { CaptureInterface, CaptureReader } from "./reader.js";
import { cutWarning } from "./window-reader.js";

/** pcap-parser copies what it holds for each piece: pieces of this size keep that to one copy of a byte or little more. */
const FEED_BYTES = 1 << 16;
const RECORD_HEADER = 16;

/** Whether pcap-parser can read such a capture: not those with other record headers or the order of old lengths. */
export function pcapParserReads(header: ClassicHeader): boolean {
  return header.recordHeader === RECORD_HEADER && header.versionMinor >= 4;
}

/** Reads a stream that starts with a classic pcap's file header; see {@link pcapParserReads}. */
export class PcapParserReader implements CaptureReader {
  readonly format = "pcap";
  readonly interfaces: readonly CaptureInterface[];
  readonly warnings: string[] = [];
  readonly #input: CaptureInput;
  readonly #header: ClassicHeader;
  readonly #clock = new CaptureClock();
  readonly #feed = new Feed();
  /** Parsed and not yet delivered: at most what one feed holds. */
  #pending: Packet[] = [];
  #next = 0;
  #delivered = 0;
  #parsed = 0;
  /** Offset of the first byte that is not in a parsed packet. */
  #parsedOffset = CLASSIC_HEADER_BYTES;
  #ended = false;
  #started = false;

  constructor(input: CaptureInput, header: ClassicHeader) {
    this.#input = input;
    this.#header = header;
    this.interfaces = [classicInterface(header, input.file)];
    const parser = parse(this.#feed);
    parser.on("packetHeader", (packet) => this.#check(packet));
    parser.on("packet", (packet) => {
      this.#pending.push(packet);
      this.#parsed++;
      this.#parsedOffset += RECORD_HEADER + packet.data.length;
    });
    parser.on("error", (error) => {
      throw new CaptureError({ file: this.file }, "pcap-parser cannot read it", error.message, error);
    });
  }

  get file(): string {
    return this.#input.file;
  }

  get bytesRead(): number {
    return this.#input.bytesRead;
  }

  get size(): number | undefined {
    return this.#input.size;
  }

  async read(into: Trace): Promise<boolean> {
    into.clear();
    while (this.#deliver(into) && !this.#ended) await this.#feedMore();
    into.epochNs = this.#clock.epochNs;
    return into.count > 0;
  }

  close(): void {
    this.#ended = true;
    this.#pending = [];
    this.#next = 0;
    this.#input.close();
  }

  /** Moves pending packets into the trace; true if it has room for more. */
  #deliver(trace: Trace): boolean {
    while (this.#next < this.#pending.length) {
      if (!this.#place(trace, this.#pending[this.#next])) return false;
      this.#next++;
      this.#delivered++;
    }
    this.#pending = [];
    this.#next = 0;
    return trace.count < trace.storage.packets;
  }

  #place(trace: Trace, packet: Packet): boolean {
    const { handling, fcsBytes } = this.#header;
    const { header, data } = packet;
    if (!trace.fits(PARSE_HEADROOM + data.length)) {
      if (trace.count > 0) return false;
      throw new CaptureError(
        { file: this.file, packet: this.#delivered + 1 },
        `a packet of ${data.length} bytes does not fit a window of ${trace.frames.length} bytes`,
        "give the trace more room for frames",
      );
    }
    const original = Math.max(header.originalLength, data.length);
    const onWire = Math.max(0, original - fcsBytes);
    const start = trace.used + PARSE_HEADROOM;
    const end = start + Math.min(data.length, onWire);
    trace.frames.set(data, start);
    const frame = writeEthernet(trace.frames, start, end, handling);
    const i = trace.count++;
    const tickNs = 1e9 / this.#header.ticksPerSecond;
    const fraction = header.timestampMicroseconds * tickNs;
    this.#clock.start(header.timestampSeconds, fraction);
    trace.time[i] = this.#clock.relative(header.timestampSeconds, fraction);
    trace.offset[i] = frame;
    trace.length[i] = end - frame;
    trace.originalLength[i] = wireLength(onWire + linkGrowth(handling), end - frame);
    trace.iface[i] = 0;
    trace.port[i] = 0;
    trace.used = Math.min(trace.frames.length, Math.ceil((start + data.length) / 8) * 8);
    return true;
  }

  #check(packet: PacketHeader): void {
    if (packet.capturedLength <= MAX_FRAME_BYTES) return;
    throw oversized(
      { file: this.file, offset: this.#parsedOffset, packet: this.#parsed + 1 },
      packet.capturedLength,
    );
  }

  async #feedMore(): Promise<void> {
    const bytes = Buffer.allocUnsafeSlow(FEED_BYTES);
    let filled = 0;
    while (filled < FEED_BYTES) {
      await this.#input.fill?.();
      const n = this.#input.read(bytes, filled, FEED_BYTES);
      if (n === 0) {
        this.#ended = true;
        break;
      }
      filled += n;
    }
    if (!this.#started) {
      this.#started = true;
      makeAcceptable(bytes, this.#header.littleEndian);
    }
    try {
      this.#feed.emit("data", bytes.subarray(0, filled));
    } catch (error) {
      this.#ended = true;
      throw error;
    }
    const { file, position } = this.#input;
    if (this.#ended && position > this.#parsedOffset) {
      this.warnings.push(cutWarning({ file, position, packets: this.#parsed }));
    }
  }
}

/** A stream that is pushed to: pcap-parser parses during `emit`, so nothing runs ahead of the trace. */
class Feed extends EventEmitter {
  pause(): void {}
  resume(): void {}
}

/** Gives the file header the magic number and version that pcap-parser knows; the fields it reads are laid out alike. */
function makeAcceptable(bytes: Buffer, littleEndian: boolean): void {
  if (littleEndian) bytes.writeUInt32LE(0xa1b2c3d4, 0);
  else bytes.writeUInt32BE(0xa1b2c3d4, 0);
  if (littleEndian) bytes.writeUInt16LE(4, 6);
  else bytes.writeUInt16BE(4, 6);
}
