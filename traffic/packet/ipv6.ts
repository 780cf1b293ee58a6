/** The fixed IPv6 header (RFC 8200 section 3). */
import { ipv6Bytes } from "./address.js";
import type { AddressLike } from "./address.js";
import { get16, get32, get8, put16, put32 } from "./bytes.js";
import type { PseudoHeader } from "./checksum.js";
import { ETH_P_IPV6, IPPROTO_IPV6, IPPROTO_NONE } from "./numbers.js";
import { View, fieldValue, ipProtocolOf } from "./view.js";
import type { Layer, Site } from "./view.js";

// Fields, by first byte
const VERSION_CLASS_FLOW = 0;
const PAYLOAD_LENGTH = 4;
const NEXT_HEADER = 6;
const HOP_LIMIT = 7;
const SRC = 8;
const DST = 24;
const END = 40;

/** An IPv6 header in place. */
export class Ipv6View extends View {
  get protocol(): "ipv6" {
    return "ipv6";
  }
  get headerLength(): number {
    return END;
  }
  /** As it stands in the packet; 6 if it is IPv6. */
  get version(): number {
    return get8(this.bytes, this.offset) >>> 4;
  }
  set version(version: number) {
    this.#first(28, 0xf, version);
  }
  get trafficClass(): number {
    return (get16(this.bytes, this.offset) >>> 4) & 0xff;
  }
  set trafficClass(value: number) {
    this.#first(20, 0xff, value);
  }
  /** 20 bits. */
  get flowLabel(): number {
    return get32(this.bytes, this.offset + VERSION_CLASS_FLOW) & 0xfffff;
  }
  set flowLabel(label: number) {
    this.#first(0, 0xfffff, label);
  }
  /** Bytes after this header, extension headers included; 0 also announces a jumbogram. */
  get payloadLength(): number {
    return get16(this.bytes, this.offset + PAYLOAD_LENGTH);
  }
  set payloadLength(length: number) {
    put16(this.bytes, this.offset + PAYLOAD_LENGTH, length);
  }
  /** Number of what follows (`IPPROTO_*`), an extension header perhaps. */
  get nextProtocol(): number {
    return get8(this.bytes, this.offset + NEXT_HEADER);
  }
  set nextProtocol(protocol: number) {
    this.bytes[this.offset + NEXT_HEADER] = protocol;
  }
  get hopLimit(): number {
    return get8(this.bytes, this.offset + HOP_LIMIT);
  }
  set hopLimit(limit: number) {
    this.bytes[this.offset + HOP_LIMIT] = limit;
  }
  /** Sixteen bytes, a view of the frame. */
  get src(): Uint8Array {
    return this.bytes.subarray(this.offset + SRC, this.offset + DST);
  }
  set src(address: AddressLike) {
    this.bytes.set(ipv6Bytes(address), this.offset + SRC);
  }
  /** Sixteen bytes, a view of the frame. */
  get dst(): Uint8Array {
    return this.bytes.subarray(this.offset + DST, this.offset + END);
  }
  set dst(address: AddressLike) {
    this.bytes.set(ipv6Bytes(address), this.offset + DST);
  }
  /** End of the content by {@link payloadLength}, held to what the frame has; 0 with bytes behind it is not believed. */
  get contentEnd(): number {
    const length = this.payloadLength;
    if (length === 0 && this.nextProtocol !== IPPROTO_NONE) return this.end;
    return Math.min(this.end, this.offset + END + length);
  }
  /** Addresses for the transport checksums within; a routing header replaces the destination. */
  get pseudoHeader(): PseudoHeader {
    return { version: 6, srcAt: this.offset + SRC, dstAt: this.offset + DST };
  }

  #first(shift: number, mask: number, value: number): void {
    const at = this.offset + VERSION_CLASS_FLOW;
    put32(this.bytes, at, (get32(this.bytes, at) & ~(mask << shift)) | ((value & mask) << shift));
  }
}

/** What the builder takes for an IPv6 header. Length and next header are right unless they are given. */
export interface Ipv6Spec {
  readonly src: AddressLike;
  readonly dst: AddressLike;
  /** Default 64. */
  readonly hopLimit?: number;
  readonly trafficClass?: number;
  readonly flowLabel?: number;
  /** Default: what the next layer is. */
  readonly nextHeader?: number;
  /** Forged version. */
  readonly version?: number;
  /** Forged payload length, bytes. */
  readonly payloadLength?: number;
}

/** An IPv6 header to be built. */
export function ipv6Layer(spec: Ipv6Spec): Layer {
  return {
    name: "ipv6",
    headerLength: END,
    etherType: ETH_P_IPV6,
    ipProtocol: IPPROTO_IPV6,
    pseudo: (at) => ({ version: 6, srcAt: at + SRC, dstAt: at + DST }),
    write({ bytes, at, end, inner }: Site) {
      const view = new Ipv6View(bytes, at, end);
      view.version = fieldValue("ipv6", "version", spec.version ?? 6, 4);
      view.trafficClass = fieldValue("ipv6", "trafficClass", spec.trafficClass ?? 0, 8);
      view.flowLabel = fieldValue("ipv6", "flowLabel", spec.flowLabel ?? 0, 20);
      view.payloadLength = fieldValue("ipv6", "payloadLength", spec.payloadLength ?? end - at - END, 16);
      view.nextProtocol = ipProtocolOf("ipv6", spec.nextHeader, inner);
      view.hopLimit = fieldValue("ipv6", "hopLimit", spec.hopLimit ?? 64, 8);
      view.src = spec.src;
      view.dst = spec.dst;
    },
  };
}
