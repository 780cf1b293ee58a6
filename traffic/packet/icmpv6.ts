/** ICMPv6 (RFC 4443), with the target address of neighbour discovery (RFC 4861). */
import { ipv6Bytes } from "./address.js";
import type { AddressLike } from "./address.js";
import { get16, get32, get8, put16, put32 } from "./bytes.js";
import { fillChecksum, forgeChecksum, pseudoHeaderSum, sumsUp } from "./checksum.js";
import type { ChecksumOverride, ChecksumState, PseudoHeader } from "./checksum.js";
import { IPPROTO_ICMPV6 } from "./numbers.js";
import { View, fieldValue } from "./view.js";
import type { Layer, Site } from "./view.js";

// Fields, by first byte
const TYPE = 0;
const CODE = 1;
const CHECKSUM = 2;
const BODY = 4;
const SEQUENCE = 6;
const TARGET = 8;
const TARGET_END = 24;

export const ICMPV6_DEST_UNREACH = 1;
export const ICMPV6_PKT_TOOBIG = 2;
export const ICMPV6_TIME_EXCEED = 3;
export const ICMPV6_ECHO_REQUEST = 128;
export const ICMPV6_ECHO_REPLY = 129;
export const ICMPV6_ROUTER_SOLICITATION = 133;
export const ICMPV6_NEIGHBOUR_SOLICITATION = 135;
export const ICMPV6_NEIGHBOUR_ADVERTISEMENT = 136;

/** An ICMPv6 header in place: the common 4 bytes, 4 whose meaning the type decides, and a target where there is one. */
export class Icmpv6View extends View {
  get protocol(): "icmpv6" {
    return "icmpv6";
  }
  get headerLength(): number {
    return this.hasTarget ? TARGET_END : TARGET;
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
  /** The 4 bytes after the checksum as a number: MTU of "packet too big", flags of an advertisement. */
  get body(): number {
    return get32(this.bytes, this.offset + BODY);
  }
  set body(body: number) {
    put32(this.bytes, this.offset + BODY, body);
  }
  /** Identifier of echo messages. */
  get id(): number {
    return get16(this.bytes, this.offset + BODY);
  }
  set id(id: number) {
    put16(this.bytes, this.offset + BODY, id);
  }
  /** Sequence number of echo messages. */
  get sequence(): number {
    return get16(this.bytes, this.offset + SEQUENCE);
  }
  set sequence(sequence: number) {
    put16(this.bytes, this.offset + SEQUENCE, sequence);
  }
  /** Whether the type is a neighbour solicitation or advertisement. */
  get hasTarget(): boolean {
    return this.type === ICMPV6_NEIGHBOUR_SOLICITATION || this.type === ICMPV6_NEIGHBOUR_ADVERTISEMENT;
  }
  /** Sixteen bytes, where {@link hasTarget}. */
  get target(): Uint8Array {
    return this.bytes.subarray(this.offset + TARGET, this.offset + TARGET_END);
  }
  set target(address: AddressLike) {
    this.bytes.set(ipv6Bytes(address), this.offset + TARGET);
  }
  /** State of the checksum over this message, which ends at {@link end}. */
  checksumState(pseudo: PseudoHeader): ChecksumState {
    const sum = pseudoHeaderSum(this.bytes, pseudo, IPPROTO_ICMPV6, this.end - this.offset);
    return sumsUp(this.bytes, this.offset, this.end, sum) ? "good" : "bad";
  }
  /** Writes the right checksum of this message, which ends at {@link end}. */
  fillChecksum(pseudo: PseudoHeader): void {
    const sum = pseudoHeaderSum(this.bytes, pseudo, IPPROTO_ICMPV6, this.end - this.offset);
    fillChecksum(this.bytes, this.offset + CHECKSUM, this.offset, this.end, sum);
  }
}

/** What the builder takes for an ICMPv6 header. */
export interface Icmpv6Spec {
  /** Default {@link ICMPV6_ECHO_REQUEST}. */
  readonly type?: number;
  readonly code?: number;
  readonly id?: number;
  readonly sequence?: number;
  /** The 4 bytes after the checksum as a number, instead of `id` and `sequence`. */
  readonly body?: number;
  /** Target of a neighbour solicitation or advertisement; default ::. */
  readonly target?: AddressLike;
  readonly checksum?: ChecksumOverride;
}

/** An ICMPv6 header to be built. */
export function icmpv6Layer(spec: Icmpv6Spec): Layer {
  const type = fieldValue("icmpv6", "type", spec.type ?? ICMPV6_ECHO_REQUEST, 8);
  const hasTarget = type === ICMPV6_NEIGHBOUR_SOLICITATION || type === ICMPV6_NEIGHBOUR_ADVERTISEMENT;
  return {
    name: "icmpv6",
    headerLength: hasTarget ? TARGET_END : TARGET,
    ipProtocol: IPPROTO_ICMPV6,
    write({ bytes, at, end }: Site) {
      const view = new Icmpv6View(bytes, at, end);
      view.type = type;
      view.code = fieldValue("icmpv6", "code", spec.code ?? 0, 8);
      view.id = fieldValue("icmpv6", "id", spec.id ?? 0, 16);
      view.sequence = fieldValue("icmpv6", "sequence", spec.sequence ?? 0, 16);
      if (spec.body !== undefined) view.body = fieldValue("icmpv6", "body", spec.body, 32);
      if (hasTarget) view.target = spec.target ?? "::";
    },
    seal({ bytes, at, end, pseudo }: Site) {
      if (pseudo !== undefined) new Icmpv6View(bytes, at, end).fillChecksum(pseudo);
      forgeChecksum(bytes, at + CHECKSUM, spec.checksum);
    },
  };
}
