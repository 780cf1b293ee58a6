/** TCP (RFC 9293). */
import { get16, get32, get8, put16, put32 } from "./bytes.js";
import { fillChecksum, forgeChecksum, pseudoHeaderSum, sumsUp } from "./checksum.js";
import type { ChecksumOverride, ChecksumState, PseudoHeader } from "./checksum.js";
import { IPPROTO_TCP } from "./numbers.js";
import { decodeTcpOptions, encodeTcpOptions } from "./tcp-options.js";
import type { TcpOptions } from "./tcp-options.js";
import { BuildError, View, fieldValue } from "./view.js";
import type { Layer, Site } from "./view.js";

// Fields, by first byte
const SRC_PORT = 0;
const DST_PORT = 2;
const SEQUENCE = 4;
const ACKNOWLEDGEMENT = 8;
const DATA_OFFSET = 12;
const FLAGS = 13;
const WINDOW = 14;
const CHECKSUM = 16;
const URGENT = 18;
const OPTIONS = 20;

/** Flags of the byte at offset 13. */
export const TCP_FIN = 0x01;
export const TCP_SYN = 0x02;
export const TCP_RST = 0x04;
export const TCP_PSH = 0x08;
export const TCP_ACK = 0x10;
export const TCP_URG = 0x20;
export const TCP_ECE = 0x40;
export const TCP_CWR = 0x80;

/** A TCP header in place. */
export class TcpView extends View {
  get protocol(): "tcp" {
    return "tcp";
  }
  /** 4 times {@link dataOffset}, never below 20. */
  get headerLength(): number {
    return Math.max(OPTIONS, this.dataOffset * 4);
  }
  get srcPort(): number {
    return get16(this.bytes, this.offset + SRC_PORT);
  }
  set srcPort(port: number) {
    put16(this.bytes, this.offset + SRC_PORT, port);
  }
  get dstPort(): number {
    return get16(this.bytes, this.offset + DST_PORT);
  }
  set dstPort(port: number) {
    put16(this.bytes, this.offset + DST_PORT, port);
  }
  get sequence(): number {
    return get32(this.bytes, this.offset + SEQUENCE);
  }
  set sequence(sequence: number) {
    put32(this.bytes, this.offset + SEQUENCE, sequence);
  }
  get acknowledgement(): number {
    return get32(this.bytes, this.offset + ACKNOWLEDGEMENT);
  }
  set acknowledgement(acknowledgement: number) {
    put32(this.bytes, this.offset + ACKNOWLEDGEMENT, acknowledgement);
  }
  /** Header length in units of 4 bytes, as it stands in the packet: below 5 is malformed. */
  get dataOffset(): number {
    return get8(this.bytes, this.offset + DATA_OFFSET) >>> 4;
  }
  set dataOffset(units: number) {
    const at = this.offset + DATA_OFFSET;
    this.bytes[at] = (units << 4) | (this.bytes[at] & 0xf);
  }
  /** `TCP_*` bits. */
  get flags(): number {
    return get8(this.bytes, this.offset + FLAGS);
  }
  set flags(flags: number) {
    this.bytes[this.offset + FLAGS] = flags;
  }
  get window(): number {
    return get16(this.bytes, this.offset + WINDOW);
  }
  set window(window: number) {
    put16(this.bytes, this.offset + WINDOW, window);
  }
  get checksum(): number {
    return get16(this.bytes, this.offset + CHECKSUM);
  }
  set checksum(checksum: number) {
    put16(this.bytes, this.offset + CHECKSUM, checksum);
  }
  get urgent(): number {
    return get16(this.bytes, this.offset + URGENT);
  }
  set urgent(urgent: number) {
    put16(this.bytes, this.offset + URGENT, urgent);
  }
  /** Option bytes, padding included, as far as the segment holds them. */
  get optionBytes(): Uint8Array {
    return this.bytes.subarray(this.offset + OPTIONS, Math.min(this.payloadOffset, this.end));
  }
  /** The options that could be read. */
  get options(): TcpOptions {
    return decodeTcpOptions(this.optionBytes);
  }
  /** State of the checksum over this segment, which ends at {@link end}. */
  checksumState(pseudo: PseudoHeader): ChecksumState {
    const sum = pseudoHeaderSum(this.bytes, pseudo, IPPROTO_TCP, this.end - this.offset);
    return sumsUp(this.bytes, this.offset, this.end, sum) ? "good" : "bad";
  }
  /** Writes the right checksum of this segment, which ends at {@link end}. */
  fillChecksum(pseudo: PseudoHeader): void {
    const sum = pseudoHeaderSum(this.bytes, pseudo, IPPROTO_TCP, this.end - this.offset);
    fillChecksum(this.bytes, this.offset + CHECKSUM, this.offset, this.end, sum);
  }
}

/** What the builder takes for a TCP header. */
export interface TcpSpec {
  readonly srcPort?: number;
  readonly dstPort?: number;
  readonly sequence?: number;
  readonly acknowledgement?: number;
  /** `TCP_*` bits; default {@link TCP_ACK}. */
  readonly flags?: number;
  /** Default 65535. */
  readonly window?: number;
  readonly urgent?: number;
  /** Options by name, or as bytes; at most 40 bytes, padded to a multiple of 4. */
  readonly options?: TcpOptions | Uint8Array;
  /** Forged header length, units of 4 bytes. */
  readonly dataOffset?: number;
  readonly checksum?: ChecksumOverride;
}

/** A TCP header to be built. */
export function tcpLayer(spec: TcpSpec): Layer {
  const options = spec.options instanceof Uint8Array ? spec.options : encodeTcpOptions(spec.options ?? {});
  if (options.length > 40) throw new BuildError("tcp", `${options.length} bytes of options; at most 40 fit`);
  const headerLength = OPTIONS + Math.ceil(options.length / 4) * 4;
  return {
    name: "tcp",
    headerLength,
    ipProtocol: IPPROTO_TCP,
    write({ bytes, at, end }: Site) {
      const view = new TcpView(bytes, at, end);
      view.srcPort = fieldValue("tcp", "srcPort", spec.srcPort ?? 49152, 16);
      view.dstPort = fieldValue("tcp", "dstPort", spec.dstPort ?? 80, 16);
      view.sequence = fieldValue("tcp", "sequence", spec.sequence ?? 0, 32);
      view.acknowledgement = fieldValue("tcp", "acknowledgement", spec.acknowledgement ?? 0, 32);
      view.dataOffset = fieldValue("tcp", "dataOffset", spec.dataOffset ?? headerLength / 4, 4);
      view.flags = fieldValue("tcp", "flags", spec.flags ?? TCP_ACK, 8);
      view.window = fieldValue("tcp", "window", spec.window ?? 65535, 16);
      view.urgent = fieldValue("tcp", "urgent", spec.urgent ?? 0, 16);
      bytes.set(options, at + OPTIONS);
    },
    seal({ bytes, at, end, pseudo }: Site) {
      if (pseudo !== undefined) new TcpView(bytes, at, end).fillChecksum(pseudo);
      forgeChecksum(bytes, at + CHECKSUM, spec.checksum);
    },
  };
}
