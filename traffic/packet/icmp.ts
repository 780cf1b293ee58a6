/** ICMP (RFC 792). */
import { get16, get8, put16 } from "./bytes.js";
import { fillChecksum, forgeChecksum, sumsUp } from "./checksum.js";
import type { ChecksumOverride, ChecksumState } from "./checksum.js";
import { IPPROTO_ICMP } from "./numbers.js";
import { View, fieldValue } from "./view.js";
import type { Layer, Site } from "./view.js";

// Fields, by first byte
const TYPE = 0;
const CODE = 1;
const CHECKSUM = 2;
const ID = 4;
const SEQUENCE = 6;
const END = 8;

export const ICMP_ECHOREPLY = 0;
export const ICMP_DEST_UNREACH = 3;
export const ICMP_REDIRECT = 5;
export const ICMP_ECHO = 8;
export const ICMP_TIME_EXCEEDED = 11;

/** An ICMP header in place: the common 4 bytes, and 4 whose meaning the type decides. */
export class IcmpView extends View {
  get protocol(): "icmp" {
    return "icmp";
  }
  get headerLength(): number {
    return END;
  }
  get type(): number {
    return get8(this.bytes, this.offset + TYPE);
  }
  set type(type: number) {
    this.bytes[this.offset + TYPE] = type;
  }
  get code(): number {
    return get8(this.bytes, this.offset + CODE);
  }
  set code(code: number) {
    this.bytes[this.offset + CODE] = code;
  }
  get checksum(): number {
    return get16(this.bytes, this.offset + CHECKSUM);
  }
  set checksum(checksum: number) {
    put16(this.bytes, this.offset + CHECKSUM, checksum);
  }
  /** Identifier of echo messages. */
  get id(): number {
    return get16(this.bytes, this.offset + ID);
  }
  set id(id: number) {
    put16(this.bytes, this.offset + ID, id);
  }
  /** Sequence number of echo messages; next-hop MTU of "fragmentation needed". */
  get sequence(): number {
    return get16(this.bytes, this.offset + SEQUENCE);
  }
  set sequence(sequence: number) {
    put16(this.bytes, this.offset + SEQUENCE, sequence);
  }
  /** State of the checksum over this message, which ends at {@link end}. */
  get checksumState(): ChecksumState {
    return sumsUp(this.bytes, this.offset, this.end) ? "good" : "bad";
  }
  /** Writes the right checksum of this message, which ends at {@link end}. */
  fillChecksum(): void {
    fillChecksum(this.bytes, this.offset + CHECKSUM, this.offset, this.end);
  }
}

/** What the builder takes for an ICMP header. */
export interface IcmpSpec {
  /** Default {@link ICMP_ECHO}. */
  readonly type?: number;
  readonly code?: number;
  readonly id?: number;
  readonly sequence?: number;
  readonly checksum?: ChecksumOverride;
}

/** An ICMP header to be built. */
export function icmpLayer(spec: IcmpSpec): Layer {
  return {
    name: "icmp",
    headerLength: END,
    ipProtocol: IPPROTO_ICMP,
    write({ bytes, at, end }: Site) {
      const view = new IcmpView(bytes, at, end);
      view.type = fieldValue("icmp", "type", spec.type ?? ICMP_ECHO, 8);
      view.code = fieldValue("icmp", "code", spec.code ?? 0, 8);
      view.id = fieldValue("icmp", "id", spec.id ?? 0, 16);
      view.sequence = fieldValue("icmp", "sequence", spec.sequence ?? 0, 16);
    },
    seal({ bytes, at, end }: Site) {
      new IcmpView(bytes, at, end).fillChecksum();
      forgeChecksum(bytes, at + CHECKSUM, spec.checksum);
    },
  };
}
