/**
 * Writes pcapng (draft-ietf-opsawg-pcapng), little-endian, with nanosecond timestamps, and with what a card knows of a
 * packet as options: verdict, RSS hash, receive queue, packet number. Wireshark and tshark show them.
 */
import { MAX_FRAME_BYTES } from "../trace.js";
import { LINKTYPE_ETHERNET } from "./link-type.js";
import { OutputClock } from "./output-clock.js";
import { OutputFile } from "./output-file.js";

/** How a pcapng is written. */
export interface PcapngWriterOptions {
  /** The program that writes; default "Beeline". */
  readonly application?: string;
  /** A comment on the whole file. */
  readonly comment?: string;
  /** What packets' times are relative to, nanoseconds since 1970; default 0. */
  readonly epochNs?: bigint;
}

/** An interface of a capture that is written. */
export interface PcapngInterfaceDescription {
  readonly name?: string;
  readonly description?: string;
  /** Bits per second, up to 2^53. */
  readonly speed?: number;
  /** Link type; default Ethernet. */
  readonly linkType?: number;
  /** Bytes kept of a packet; default 0, all. */
  readonly snaplen?: number;
}

/** What is written with a packet. An object may be reused from packet to packet. */
export interface PacketNotes {
  /** Index of the interface; default 0. */
  iface?: number;
  /** Bytes on the wire; default the packet's length. */
  originalLength?: number;
  /** What the XDP program returned, 0 to 2^32 - 1 (XDP_ABORTED is 0, XDP_DROP 1, XDP_PASS 2, XDP_TX 3, XDP_REDIRECT 4). */
  verdict?: number | undefined;
  /** Toeplitz hash of the packet, 32 bits. */
  hash?: number | undefined;
  /** Receive queue. */
  queue?: number | undefined;
  /** Number that is the same wherever the packet shows up, up to 2^53. */
  packetId?: number | undefined;
  comment?: string | undefined;
}

const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 1;
const ENHANCED_PACKET = 6;

const OPT_COMMENT = 1;
const SHB_USERAPPL = 4;
const IF_NAME = 2;
const IF_DESCRIPTION = 3;
const IF_SPEED = 8;
const IF_TSRESOL = 9;
const EPB_HASH = 3;
const EPB_PACKETID = 5;
const EPB_QUEUE = 6;
const EPB_VERDICT = 7;
/** First octet of epb_hash and of epb_verdict. */
const HASH_TOEPLITZ = 5;
const VERDICT_LINUX_XDP = 2;

const PACKET_HEADER = 28;
/** Room for the options of fixed size: verdict, hash, packet number, queue, end. */
const FIXED_OPTIONS = 16 + 12 + 12 + 8 + 4;
const MAX_OPTION = 0xffff;
/** Seconds whose nanoseconds fit 64 bits. */
const MAX_SECONDS = 18_446_744_072;

/** A pcapng that appears under its name when it is complete. Throws {@link CaptureError} when it cannot be written. */
export class PcapngWriter {
  /** Packets written. */
  packets = 0;
  readonly #out: OutputFile;
  readonly #view: DataView;
  readonly #clock = new OutputClock();
  readonly #snaplens: number[] = [];

  constructor(path: string, options: PcapngWriterOptions = {}) {
    this.#clock.epochNs = options.epochNs ?? 0n;
    this.#out = new OutputFile(path);
    const { buffer } = this.#out;
    this.#view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    this.#writeSection(options);
  }

  /** What packets' times are relative to, nanoseconds since 1970. */
  get epochNs(): bigint {
    return this.#clock.epochNs;
  }

  set epochNs(value: bigint) {
    this.#clock.epochNs = value;
  }

  /** Describes an interface and returns its index. One is needed before the first packet; more may come at any time. */
  addInterface(described: PcapngInterfaceDescription = {}): number {
    const fixed = Buffer.alloc(8);
    fixed.writeUInt16LE(described.linkType ?? LINKTYPE_ETHERNET, 0);
    fixed.writeUInt32LE(described.snaplen ?? 0, 4);
    const options = [option(IF_TSRESOL, Uint8Array.of(9))];
    if (described.name !== undefined) options.unshift(option(IF_NAME, Buffer.from(described.name)));
    if (described.description !== undefined) options.push(option(IF_DESCRIPTION, Buffer.from(described.description)));
    if (described.speed !== undefined) {
      const speed = Buffer.alloc(8);
      speed.writeBigUInt64LE(BigInt(Math.round(described.speed)));
      options.push(option(IF_SPEED, speed));
    }
    this.#writeBlock(INTERFACE_DESCRIPTION, [fixed, ...options]);
    this.#snaplens.push(described.snaplen ?? 0);
    return this.#snaplens.length - 1;
  }

  /** Writes one packet; `timeNs` is relative to {@link epochNs}. */
  write(packet: Uint8Array, timeNs: number, notes: PacketNotes = NO_NOTES): void {
    const iface = notes.iface ?? 0;
    if (iface >= this.#snaplens.length) throw new RangeError(`interface ${iface} is not described, call addInterface first`);
    const limit = this.#snaplens[iface] === 0 ? MAX_FRAME_BYTES : Math.min(this.#snaplens[iface], MAX_FRAME_BYTES);
    const captured = Math.min(packet.length, limit);
    const padded = (captured + 3) & ~3;
    this.#clock.split(timeNs, MAX_SECONDS, this.#out.file, this.packets + 1);
    const comment = notes.comment === undefined ? undefined : option(OPT_COMMENT, Buffer.from(notes.comment));
    const bytes = PACKET_HEADER + padded + optionBytes(notes) + (comment?.length ?? 0) + 4;
    const at = this.#out.reserve(bytes);
    const view = this.#view;
    view.setUint32(at, ENHANCED_PACKET, true);
    view.setUint32(at + 4, bytes, true);
    view.setUint32(at + 8, iface, true);
    this.#writeTicks(at + 12);
    view.setUint32(at + 20, captured, true);
    view.setUint32(at + 24, Math.max(notes.originalLength ?? 0, packet.length), true);
    const { buffer } = this.#out;
    buffer.set(captured === packet.length ? packet : packet.subarray(0, captured), at + PACKET_HEADER);
    for (let i = captured; i < padded; i++) buffer[at + PACKET_HEADER + i] = 0;
    let next = at + PACKET_HEADER + padded;
    if (comment !== undefined) {
      buffer.set(comment, next);
      next += comment.length;
    }
    this.#writeNotes(next, notes);
    view.setUint32(at + bytes - 4, bytes, true);
    this.packets++;
  }

  /** Completes the file and puts it in its place. */
  close(): void {
    this.#out.close();
  }

  /** Leaves no file behind (and an older one of that name untouched). */
  abort(): void {
    this.#out.abort();
  }

  #writeNotes(from: number, notes: PacketNotes): void {
    const view = this.#view;
    let at = from;
    if (notes.verdict !== undefined) {
      // Type octet, then the action as a 64-bit number that is not aligned.
      this.#optionHeader(at, EPB_VERDICT, 9);
      view.setUint8(at + 4, VERDICT_LINUX_XDP);
      view.setUint32(at + 5, notes.verdict, true);
      view.setUint32(at + 9, 0, true);
      view.setUint8(at + 13, 0);
      view.setUint16(at + 14, 0);
      at += 16;
    }
    if (notes.hash !== undefined) {
      this.#optionHeader(at, EPB_HASH, 5);
      view.setUint8(at + 4, HASH_TOEPLITZ);
      // Most significant octet first: hashes are octet strings, and so it reads as the number it is.
      view.setUint32(at + 5, notes.hash, false);
      view.setUint8(at + 9, 0);
      view.setUint16(at + 10, 0);
      at += 12;
    }
    if (notes.packetId !== undefined) {
      this.#optionHeader(at, EPB_PACKETID, 8);
      view.setUint32(at + 4, notes.packetId % 0x1_0000_0000, true);
      view.setUint32(at + 8, Math.floor(notes.packetId / 0x1_0000_0000), true);
      at += 12;
    }
    if (notes.queue !== undefined) {
      this.#optionHeader(at, EPB_QUEUE, 4);
      view.setUint32(at + 4, notes.queue, true);
      at += 8;
    }
    if (hasOptions(notes)) view.setUint32(at, 0, true);
  }

  #optionHeader(at: number, code: number, length: number): void {
    this.#view.setUint16(at, code, true);
    this.#view.setUint16(at + 2, length, true);
  }

  /** Nanoseconds since 1970 in 64 bits, high half first: the product is made of two that are exact. */
  #writeTicks(at: number): void {
    const { seconds, nanoseconds } = this.#clock;
    const upper = Math.floor(seconds / 0x1_0000) * 1e9;
    const lower = (seconds % 0x1_0000) * 1e9 + nanoseconds;
    const low = (upper % 0x1_0000) * 0x1_0000 + (lower % 0x1_0000_0000);
    const carry = low >= 0x1_0000_0000 ? 1 : 0;
    const high = Math.floor(upper / 0x1_0000) + Math.floor(lower / 0x1_0000_0000) + carry;
    this.#view.setUint32(at, high, true);
    this.#view.setUint32(at + 4, low, true);
  }

  #writeSection(options: PcapngWriterOptions): void {
    const fixed = Buffer.alloc(16, 0xff);
    fixed.writeUInt32LE(0x1a2b3c4d, 0);
    fixed.writeUInt16LE(1, 4);
    fixed.writeUInt16LE(0, 6);
    const list = [option(SHB_USERAPPL, Buffer.from(options.application ?? "Beeline"))];
    if (options.comment !== undefined) list.unshift(option(OPT_COMMENT, Buffer.from(options.comment)));
    this.#writeBlock(SECTION_HEADER, [fixed, ...list]);
  }

  #writeBlock(type: number, parts: readonly Uint8Array[]): void {
    const body = Buffer.concat([...parts, END_OF_OPTIONS]);
    const bytes = body.length + 12;
    const header = Buffer.alloc(8);
    header.writeUInt32LE(type, 0);
    header.writeUInt32LE(bytes, 4);
    this.#out.write(Buffer.concat([header, body, header.subarray(4)]));
  }
}

const NO_NOTES: PacketNotes = {};
const END_OF_OPTIONS = new Uint8Array(4);

function hasOptions(notes: PacketNotes): boolean {
  return (
    notes.verdict !== undefined ||
    notes.hash !== undefined ||
    notes.packetId !== undefined ||
    notes.queue !== undefined ||
    notes.comment !== undefined
  );
}

/** Bytes of the options of fixed size that a packet has, and of the end mark. */
function optionBytes(notes: PacketNotes): number {
  if (!hasOptions(notes)) return 0;
  let bytes = FIXED_OPTIONS;
  if (notes.verdict === undefined) bytes -= 16;
  if (notes.hash === undefined) bytes -= 12;
  if (notes.packetId === undefined) bytes -= 12;
  if (notes.queue === undefined) bytes -= 8;
  return bytes;
}

/** An option with its header and padding; longer than an option can be, it is cut. */
function option(code: number, value: Uint8Array): Buffer {
  const length = Math.min(value.length, MAX_OPTION);
  const bytes = Buffer.alloc(4 + ((length + 3) & ~3));
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt16LE(length, 2);
  bytes.set(value.subarray(0, length), 4);
  return bytes;
}
