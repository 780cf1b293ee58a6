/** IPv4 (RFC 791), with options and fragments. */
import { ipv4Bytes } from "./address.js";
import type { AddressLike } from "./address.js";
import { get16, get32, get8, put16 } from "./bytes.js";
import { fillChecksum, forgeChecksum, sumsUp } from "./checksum.js";
import type { ChecksumOverride, ChecksumState, PseudoHeader } from "./checksum.js";
import { ETH_P_IP, IPPROTO_IPIP } from "./numbers.js";
import { BuildError, View, fieldValue, ipProtocolOf } from "./view.js";
import type { Layer, Site } from "./view.js";

// Fields, by first byte
const VERSION_IHL = 0;
const TOS = 1;
const TOTAL_LENGTH = 2;
const ID = 4;
const FRAGMENT = 6;
const TTL = 8;
const PROTOCOL = 9;
const CHECKSUM = 10;
const SRC = 12;
const DST = 16;
const OPTIONS = 20;

const DF = 0x4000;
const MF = 0x2000;
const FRAGMENT_MASK = 0x1fff;

/** An IPv4 header in place. */
export class Ipv4View extends View {
  get protocol(): "ipv4" {
    return "ipv4";
  }
  /** 4 times {@link ihl}, never below 20. */
  get headerLength(): number {
    return Math.max(OPTIONS, this.ihl * 4);
  }
  /** As it stands in the packet; 4 if it is IPv4. */
  get version(): number {
    return get8(this.bytes, this.offset + VERSION_IHL) >>> 4;
  }
  set version(version: number) {
    this.bytes[this.offset + VERSION_IHL] = (version << 4) | this.ihl;
  }
  /** Header length in units of 4 bytes, as it stands in the packet: below 5 is malformed. */
  get ihl(): number {
    return get8(this.bytes, this.offset + VERSION_IHL) & 0xf;
  }
  set ihl(ihl: number) {
    this.bytes[this.offset + VERSION_IHL] = (this.version << 4) | (ihl & 0xf);
  }
  /** Differentiated services and ECN. */
  get tos(): number {
    return get8(this.bytes, this.offset + TOS);
  }
  set tos(tos: number) {
    this.bytes[this.offset + TOS] = tos;
  }
  /** Bytes of header and content. */
  get totalLength(): number {
    return get16(this.bytes, this.offset + TOTAL_LENGTH);
  }
  set totalLength(length: number) {
    put16(this.bytes, this.offset + TOTAL_LENGTH, length);
  }
  get id(): number {
    return get16(this.bytes, this.offset + ID);
  }
  set id(id: number) {
    put16(this.bytes, this.offset + ID, id);
  }
  get dontFragment(): boolean {
    return (get16(this.bytes, this.offset + FRAGMENT) & DF) !== 0;
  }
  set dontFragment(set: boolean) {
    this.#flag(DF, set);
  }
  get moreFragments(): boolean {
    return (get16(this.bytes, this.offset + FRAGMENT) & MF) !== 0;
  }
  set moreFragments(set: boolean) {
    this.#flag(MF, set);
  }
  /** Place of this fragment in its datagram, bytes: a multiple of 8, at most 65,528. */
  get fragmentOffset(): number {
    return (get16(this.bytes, this.offset + FRAGMENT) & FRAGMENT_MASK) * 8;
  }
  set fragmentOffset(bytes: number) {
    const flags = get16(this.bytes, this.offset + FRAGMENT) & ~FRAGMENT_MASK;
    put16(this.bytes, this.offset + FRAGMENT, flags | ((bytes >>> 3) & FRAGMENT_MASK));
  }
  /** Whether the packet holds only a part of its datagram. */
  get isFragment(): boolean {
    return (get16(this.bytes, this.offset + FRAGMENT) & (MF | FRAGMENT_MASK)) !== 0;
  }
  get ttl(): number {
    return get8(this.bytes, this.offset + TTL);
  }
  set ttl(ttl: number) {
    this.bytes[this.offset + TTL] = ttl;
  }
  /** Number of what follows (`IPPROTO_*`). */
  get nextProtocol(): number {
    return get8(this.bytes, this.offset + PROTOCOL);
  }
  set nextProtocol(protocol: number) {
    this.bytes[this.offset + PROTOCOL] = protocol;
  }
  get checksum(): number {
    return get16(this.bytes, this.offset + CHECKSUM);
  }
  set checksum(checksum: number) {
    put16(this.bytes, this.offset + CHECKSUM, checksum);
  }
  /** Four bytes, a view of the frame. */
  get src(): Uint8Array {
    return this.bytes.subarray(this.offset + SRC, this.offset + DST);
  }
  set src(address: AddressLike) {
    this.bytes.set(ipv4Bytes(address), this.offset + SRC);
  }
  /** Four bytes, a view of the frame. */
  get dst(): Uint8Array {
    return this.bytes.subarray(this.offset + DST, this.offset + OPTIONS);
  }
  set dst(address: AddressLike) {
    this.bytes.set(ipv4Bytes(address), this.offset + DST);
  }
  /** Source as an unsigned number, without a view. */
  get srcNumber(): number {
    return get32(this.bytes, this.offset + SRC);
  }
  /** Destination as an unsigned number, without a view. */
  get dstNumber(): number {
    return get32(this.bytes, this.offset + DST);
  }
  /** Option bytes, padding included; empty without options. */
  get options(): Uint8Array {
    return this.bytes.subarray(this.offset + OPTIONS, this.offset + this.headerLength);
  }
  /** End of the content by {@link totalLength}, held to what the frame has; a length below the header's is not believed. */
  get contentEnd(): number {
    const length = this.totalLength;
    return length < this.headerLength ? this.end : Math.min(this.end, this.offset + length);
  }
  /** Addresses for the transport checksums within. */
  get pseudoHeader(): PseudoHeader {
    return { version: 4, srcAt: this.offset + SRC, dstAt: this.offset + DST };
  }
  /** State of the header's checksum. */
  get checksumState(): ChecksumState {
    if (!this.fits) return "unknown";
    return sumsUp(this.bytes, this.offset, this.payloadOffset) ? "good" : "bad";
  }
  /** Writes the right checksum. */
  fillChecksum(): void {
    fillChecksum(this.bytes, this.offset + CHECKSUM, this.offset, this.payloadOffset);
  }

  #flag(flag: number, set: boolean): void {
    const word = get16(this.bytes, this.offset + FRAGMENT);
    put16(this.bytes, this.offset + FRAGMENT, set ? word | flag : word & ~flag);
  }
}

/** What the builder takes for an IPv4 header. Lengths, protocol and checksum are right unless they are given. */
export interface Ipv4Spec {
  readonly src: AddressLike;
  readonly dst: AddressLike;
  /** Default 64. */
  readonly ttl?: number;
  readonly tos?: number;
  readonly id?: number;
  readonly dontFragment?: boolean;
  readonly moreFragments?: boolean;
  /** Bytes, a multiple of 8. */
  readonly fragmentOffset?: number;
  /** Option bytes, at most 40; padded with end-of-options to a multiple of 4. */
  readonly options?: Uint8Array;
  /** Default: what the next layer is. */
  readonly protocol?: number;
  /** Forged version. */
  readonly version?: number;
  /** Forged header length, units of 4 bytes. */
  readonly ihl?: number;
  /** Forged total length, bytes. */
  readonly totalLength?: number;
  readonly checksum?: ChecksumOverride;
}

/** An IPv4 header to be built. */
export function ipv4Layer(spec: Ipv4Spec): Layer {
  const options = spec.options ?? new Uint8Array(0);
  if (options.length > 40) throw new BuildError("ipv4", `${options.length} bytes of options; at most 40 fit`);
  const headerLength = OPTIONS + Math.ceil(options.length / 4) * 4;
  const offset = fieldValue("ipv4", "fragmentOffset", spec.fragmentOffset ?? 0, 16);
  if (offset % 8 !== 0) throw new BuildError("ipv4", `fragmentOffset is ${offset}; give a multiple of 8`);
  return {
    name: "ipv4",
    headerLength,
    etherType: ETH_P_IP,
    ipProtocol: IPPROTO_IPIP,
    pseudo: (at) => ({ version: 4, srcAt: at + SRC, dstAt: at + DST }),
    write({ bytes, at, end, inner }: Site) {
      const view = new Ipv4View(bytes, at, end);
      view.version = fieldValue("ipv4", "version", spec.version ?? 4, 4);
      view.ihl = headerLength / 4;
      view.tos = fieldValue("ipv4", "tos", spec.tos ?? 0, 8);
      view.totalLength = fieldValue("ipv4", "totalLength", spec.totalLength ?? end - at, 16);
      view.id = fieldValue("ipv4", "id", spec.id ?? 0, 16);
      view.dontFragment = spec.dontFragment ?? false;
      view.moreFragments = spec.moreFragments ?? false;
      view.fragmentOffset = offset;
      view.ttl = fieldValue("ipv4", "ttl", spec.ttl ?? 64, 8);
      view.nextProtocol = ipProtocolOf("ipv4", spec.protocol, inner);
      view.src = spec.src;
      view.dst = spec.dst;
      bytes.set(options, at + OPTIONS);
    },
    seal({ bytes, at, end }: Site) {
      const view = new Ipv4View(bytes, at, end);
      if (spec.ihl !== undefined) view.ihl = fieldValue("ipv4", "ihl", spec.ihl, 4);
      // A forged header length moves the end of what the checksum covers, so that only the length is wrong.
      view.fillChecksum();
      forgeChecksum(bytes, at + CHECKSUM, spec.checksum);
    },
  };
}
