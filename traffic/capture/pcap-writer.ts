/** Writes classic pcap (draft-ietf-opsawg-pcap). */
import type { Trace } from "../trace.js";
import { MAX_FRAME_BYTES } from "../trace.js";
import { LINKTYPE_ETHERNET } from "./link-type.js";
import { OutputClock } from "./output-clock.js";
import { OutputFile } from "./output-file.js";

/** How a pcap is written. */
export interface PcapWriterOptions {
  /** Timestamps in nanoseconds; default true. With false they are in microseconds, rounded down. */
  readonly nanoseconds?: boolean;
  /** Byte order of the file; default true. */
  readonly littleEndian?: boolean;
  /** Bytes kept of a packet; default and most {@link MAX_FRAME_BYTES}. */
  readonly snaplen?: number;
  /** Link type; default Ethernet. */
  readonly linkType?: number;
  /** What packets' times are relative to, nanoseconds since 1970; default 0. */
  readonly epochNs?: bigint;
}

const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const MAX_SECONDS = 0xffff_ffff;

/** A pcap that appears under its name when it is complete. Throws {@link CaptureError} when it cannot be written. */
export class PcapWriter {
  /** Packets written. */
  packets = 0;
  readonly #out: OutputFile;
  readonly #view: DataView;
  readonly #clock = new OutputClock();
  readonly #littleEndian: boolean;
  readonly #nanoseconds: boolean;
  readonly #snaplen: number;

  constructor(path: string, options: PcapWriterOptions = {}) {
    this.#littleEndian = options.littleEndian ?? true;
    this.#nanoseconds = options.nanoseconds ?? true;
    this.#snaplen = Math.min(options.snaplen ?? MAX_FRAME_BYTES, MAX_FRAME_BYTES);
    this.#clock.epochNs = options.epochNs ?? 0n;
    this.#out = new OutputFile(path);
    const { buffer } = this.#out;
    this.#view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    this.#writeHeader(options.linkType ?? LINKTYPE_ETHERNET);
  }

  /** What packets' times are relative to, nanoseconds since 1970. */
  get epochNs(): bigint {
    return this.#clock.epochNs;
  }

  set epochNs(value: bigint) {
    this.#clock.epochNs = value;
  }

  /** Writes one packet; `timeNs` is relative to {@link epochNs}, `originalLength` is what was on the wire. */
  write(packet: Uint8Array, timeNs: number, originalLength = packet.length): void {
    const littleEndian = this.#littleEndian;
    const clock = this.#clock;
    clock.split(timeNs, MAX_SECONDS, this.#out.file, this.packets + 1);
    const captured = Math.min(packet.length, this.#snaplen);
    const at = this.#out.reserve(RECORD_HEADER + captured);
    const view = this.#view;
    view.setUint32(at, clock.seconds, littleEndian);
    view.setUint32(at + 4, this.#nanoseconds ? clock.nanoseconds : Math.floor(clock.nanoseconds / 1000), littleEndian);
    view.setUint32(at + 8, captured, littleEndian);
    view.setUint32(at + 12, Math.max(originalLength, packet.length), littleEndian);
    this.#out.buffer.set(captured === packet.length ? packet : packet.subarray(0, captured), at + RECORD_HEADER);
    this.packets++;
  }

  /** Writes all packets of a trace, and takes its epoch. */
  writeTrace(trace: Trace): void {
    this.epochNs = trace.epochNs;
    for (let i = 0; i < trace.count; i++) this.write(trace.frame(i), trace.time[i], trace.originalLength[i]);
  }

  /** Completes the file and puts it in its place. */
  close(): void {
    this.#out.close();
  }

  /** Leaves no file behind (and an older one of that name untouched). */
  abort(): void {
    this.#out.abort();
  }

  #writeHeader(linkType: number): void {
    const littleEndian = this.#littleEndian;
    const at = this.#out.reserve(FILE_HEADER);
    const view = this.#view;
    view.setUint32(at, this.#nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, littleEndian);
    view.setUint16(at + 4, 2, littleEndian);
    view.setUint16(at + 6, 4, littleEndian);
    view.setUint32(at + 8, 0, littleEndian);
    view.setUint32(at + 12, 0, littleEndian);
    view.setUint32(at + 16, this.#snaplen, littleEndian);
    view.setUint32(at + 20, linkType, littleEndian);
  }
}
