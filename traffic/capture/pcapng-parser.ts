/**
 * Blocks of a pcapng (draft-ietf-opsawg-pcapng), parsed where they lie: a packet's bytes stay where the file was read to.
 * Blocks that hold no packets and describe no interface are passed over by their length, unread.
 */
import { MAX_FRAME_BYTES } from "../trace.js";
import type { Trace } from "../trace.js";
import { requireHandling } from "./classic-header.js";
import { oversized } from "./classic-parser.js";
import { CaptureClock } from "./clock.js";
import { CaptureError } from "./errors.js";
import { writeEthernet } from "./link-type.js";
import { PcapngInterface } from "./pcapng-interface.js";
import { PcapngLoop } from "./pcapng-loop.js";
import { eachOption, readInterfaceOptions } from "./pcapng-options.js";
import { wireLength } from "./reader.js";
import type { CaptureInterface, RecordParser } from "./reader.js";

const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 1;
const PACKET = 2;
const SIMPLE_PACKET = 3;
const ENHANCED_PACKET = 6;

const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const SECTION_HEADER_BYTES = 28;
/** Type, length and length again. */
const SMALLEST_BLOCK = 12;
/** A packet block is its packet and its options; no writer gives those a megabyte. */
const LARGEST_BLOCK = MAX_FRAME_BYTES + (1 << 20);
const FLAGS_OPTION = 2;

/** Parses blocks; see {@link RecordParser}. The first one is a section header, as the sniffer saw. */
export class PcapngParser implements RecordParser {
  readonly format = "pcapng";
  readonly clock = new CaptureClock();
  readonly interfaces: CaptureInterface[] = [];
  at = 0;
  packets = 0;
  readonly #file: string;
  #littleEndian = true;
  /** Of the current section. */
  #section: PcapngInterface[] = [];
  /** The length that must follow, at the end of a block that was passed over; 0 between blocks. */
  #trailer = 0;
  #lastTime = 0;
  #optionFcs = 0;
  readonly #loop = new PcapngLoop();

  constructor(file: string) {
    this.#file = file;
  }

  get inRecord(): boolean {
    return this.#trailer !== 0;
  }

  parse(trace: Trace, from: number, end: number, fileOffset: number): number {
    const { frames, storage } = trace;
    const view = new DataView(frames.buffer, frames.byteOffset, frames.byteLength);
    let at = from;
    let need = 0;
    for (;;) {
      if (this.#trailer !== 0) {
        need = 4;
        if (end - at < need) break;
        this.#checkTrailer(view, at, this.#trailer, fileOffset);
        this.#trailer = 0;
        at += 4;
      }
      if (trace.count >= storage.packets) {
        need = 0;
        break;
      }
      need = SMALLEST_BLOCK;
      if (end - at < need) break;
      const type = view.getUint32(at, this.#littleEndian);
      if (type === SECTION_HEADER) {
        need = SECTION_HEADER_BYTES;
        if (end - at < need) break;
        this.#startSection(view, at, fileOffset);
      }
      const length = view.getUint32(at + 4, this.#littleEndian);
      if (length < SMALLEST_BLOCK) {
        throw this.#damaged(fileOffset + at, `block length ${length} is less than ${SMALLEST_BLOCK}`);
      }
      const padded = length + (-length & 3);
      const isPacket = type === ENHANCED_PACKET || type === PACKET || type === SIMPLE_PACKET;
      if (!isPacket && type !== INTERFACE_DESCRIPTION) {
        this.#trailer = length;
        at += padded - 4;
        continue;
      }
      if (length > LARGEST_BLOCK) {
        throw this.#damaged(fileOffset + at, `block length ${length} is above the limit of ${LARGEST_BLOCK}`);
      }
      need = padded;
      if (end - at < need) break;
      this.#checkTrailer(view, at + padded - 4, length, fileOffset);
      if (isPacket) this.#packet(trace, view, type, at, at + padded, fileOffset);
      else this.#describeInterface(view, at, at + padded, fileOffset);
      at += padded;
      if (type === ENHANCED_PACKET) at = this.#takeUsual(trace, at, end);
    }
    this.at = at;
    return need;
  }

  /** Where one packet was, more of the usual kind may follow. */
  #takeUsual(trace: Trace, from: number, end: number): number {
    const before = trace.count;
    const at = this.#loop.take(trace, from, end, this.#littleEndian, this.#section);
    const taken = trace.count - before;
    if (taken > 0) this.#lastTime = trace.time[trace.count - 1];
    this.packets += taken;
    return at;
  }

  #startSection(view: DataView, at: number, fileOffset: number): void {
    const little = view.getUint32(at + 8, true) === BYTE_ORDER_MAGIC;
    if (!little && view.getUint32(at + 8, false) !== BYTE_ORDER_MAGIC) {
      throw this.#damaged(fileOffset + at + 8, "the section header has no byte-order magic");
    }
    this.#littleEndian = little;
    const major = view.getUint16(at + 12, little);
    if (major !== 1) {
      throw new CaptureError(
        { file: this.#file, offset: fileOffset + at + 12 },
        `pcapng version ${major}.${view.getUint16(at + 14, little)} is not supported`,
        "convert it to version 1.0 with `editcap -F pcapng`",
      );
    }
    const length = view.getUint32(at + 4, little);
    if (length < SECTION_HEADER_BYTES) {
      throw this.#damaged(fileOffset + at, `section header length ${length} is less than ${SECTION_HEADER_BYTES}`);
    }
    this.#section = [];
  }

  #describeInterface(view: DataView, at: number, end: number, fileOffset: number): void {
    const littleEndian = this.#littleEndian;
    const place = { file: this.#file, offset: fileOffset + at };
    if (end - at < 20) throw this.#damaged(place.offset, `interface description of ${end - at} bytes is too short`);
    const index = this.interfaces.length;
    if (index > MAX_INTERFACE) {
      throw new CaptureError(place, `more than ${MAX_INTERFACE + 1} interfaces`, "split the capture");
    }
    const linkType = view.getUint16(at + 8, littleEndian);
    const snaplen = view.getUint32(at + 12, littleEndian);
    const options = readInterfaceOptions(view, at + 16, end - 4, littleEndian, place);
    this.#section.push(new PcapngInterface(index, { linkType, snaplen, options }, this.clock));
    const ticksPerSecond = Number(options.ticksPerSecond);
    const { name, fcsBytes } = options;
    this.interfaces.push({ name, linkType, snaplen, ticksPerSecond, fcsBytes, file: this.#file });
  }

  #packet(trace: Trace, view: DataView, type: number, at: number, blockEnd: number, fileOffset: number): void {
    const littleEndian = this.#littleEndian;
    const simple = type === SIMPLE_PACKET;
    const start = at + (simple ? 12 : 28);
    if (start + 4 > blockEnd) {
      throw this.#damaged(fileOffset + at, `packet block of ${blockEnd - at} bytes is too short`, this.packets + 1);
    }
    let number = 0;
    if (type === ENHANCED_PACKET) number = view.getUint32(at + 8, littleEndian);
    else if (type === PACKET) number = view.getUint16(at + 8, littleEndian);
    if (number >= this.#section.length) throw this.#unknownInterface(fileOffset + at, number);
    const iface = this.#section[number];
    let original = view.getUint32(simple ? at + 8 : at + 24, littleEndian);
    let captured: number;
    if (simple) {
      captured = Math.min(original, blockEnd - 4 - start);
      if (iface.snaplen > 0 && captured > iface.snaplen) captured = iface.snaplen;
    } else {
      captured = view.getUint32(at + 20, littleEndian);
    }
    if (captured > MAX_FRAME_BYTES) {
      throw oversized({ file: this.#file, offset: fileOffset + at, packet: this.packets + 1 }, captured);
    }
    if (start + captured + 4 > blockEnd) {
      throw this.#damaged(
        fileOffset + at,
        `captured length ${captured} is more than its block of ${blockEnd - at} bytes holds`,
        this.packets + 1,
      );
    }
    if (!simple) {
      this.#lastTime = iface.timeNs(view.getUint32(at + 12, littleEndian), view.getUint32(at + 16, littleEndian));
    }
    let fcs = iface.fcsBytes;
    const options = start + ((captured + 3) & ~3);
    if (!simple && blockEnd - 4 - options >= 8) {
      const own = this.#fcsOption(view, options, blockEnd - 4);
      if (own > 0) fcs = own;
    }
    if (original < captured) original = captured;
    const onWire = original > fcs ? original - fcs : 0;
    const end = start + Math.min(captured, onWire);
    let frame = start;
    if (iface.linkType !== 1) {
      const place = { file: this.#file, offset: fileOffset + at, packet: this.packets + 1 };
      frame = writeEthernet(trace.frames, start, end, iface.handling ?? requireHandling(iface.linkType, place));
    }
    const i = trace.count++;
    trace.time[i] = this.#lastTime;
    trace.offset[i] = frame;
    trace.length[i] = end - frame;
    trace.originalLength[i] = wireLength(onWire + iface.growth, end - frame);
    trace.iface[i] = iface.index;
    trace.port[i] = 0;
    this.packets++;
  }

  /** Length in bytes of the frame check sequence that a packet's own flags give (bits 5 to 8), or 0. */
  #fcsOption(view: DataView, from: number, end: number): number {
    this.#optionFcs = 0;
    const littleEndian = this.#littleEndian;
    eachOption(view, from, end, littleEndian, (code, at, length) => {
      if (code === FLAGS_OPTION && length === 4) this.#optionFcs = (view.getUint32(at, littleEndian) >>> 5) & 0xf;
    });
    return this.#optionFcs;
  }

  #checkTrailer(view: DataView, at: number, length: number, fileOffset: number): void {
    const trailer = view.getUint32(at, this.#littleEndian);
    if (trailer === length) return;
    throw this.#damaged(fileOffset + at, `a block of ${length} bytes ends with a length of ${trailer}`);
  }

  #unknownInterface(offset: number, number: number): CaptureError {
    const what = `interface ${number} has no description (the section has ${this.#section.length})`;
    return this.#damaged(offset, what, this.packets + 1);
  }

  #damaged(offset: number, what: string, packet?: number): CaptureError {
    return new CaptureError(
      { file: this.#file, offset, packet },
      what,
      "the file is damaged there, capture or copy it again",
    );
  }
}

/** The Trace's interface column has 16 bits. */
const MAX_INTERFACE = 0xffff;
