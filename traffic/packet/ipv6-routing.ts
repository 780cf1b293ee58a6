/** The routing header of IPv6 (RFC 8200 section 4.4); addresses of type 2 (RFC 6275) and segment routing, type 4 (RFC 8754). */
import { ipv6Bytes } from "./address.js";
import type { AddressLike } from "./address.js";
import { get8 } from "./bytes.js";
import type { PseudoHeader } from "./checksum.js";
import { IPPROTO_ROUTING } from "./numbers.js";
import { BuildError, View, fieldValue, ipProtocolOf } from "./view.js";
import type { Layer, Site } from "./view.js";

// Fields, by first byte
const NEXT_HEADER = 0;
const LENGTH = 1;
const TYPE = 2;
const SEGMENTS_LEFT = 3;
const LAST_ENTRY = 4;
const ADDRESSES = 8;

/** Segment routing: the list is written back to front, so the final destination comes first. */
export const IPV6_SRCRT_TYPE_4 = 4;

/** A routing header in place. */
export class Ipv6RoutingView extends View {
  get protocol(): "routing" {
    return "routing";
  }
  get headerLength(): number {
    return 8 + this.lengthUnits * 8;
  }
  get nextProtocol(): number {
    return get8(this.bytes, this.offset + NEXT_HEADER);
  }
  set nextProtocol(protocol: number) {
    this.bytes[this.offset + NEXT_HEADER] = protocol;
  }
  /** Length in units of 8 bytes, the first 8 not counted. */
  get lengthUnits(): number {
    return get8(this.bytes, this.offset + LENGTH);
  }
  set lengthUnits(units: number) {
    this.bytes[this.offset + LENGTH] = units;
  }
  get type(): number {
    return get8(this.bytes, this.offset + TYPE);
  }
  set type(type: number) {
    this.bytes[this.offset + TYPE] = type;
  }
  get segmentsLeft(): number {
    return get8(this.bytes, this.offset + SEGMENTS_LEFT);
  }
  set segmentsLeft(left: number) {
    this.bytes[this.offset + SEGMENTS_LEFT] = left;
  }
  /** Whole addresses that the header has room for. */
  get addressCount(): number {
    return this.lengthUnits >> 1;
  }
  /** Sixteen bytes of address `i`, as listed. */
  address(i: number): Uint8Array {
    const at = this.offset + ADDRESSES + 16 * i;
    return this.bytes.subarray(at, at + 16);
  }
  /**
   * `outer` with the final destination of this route in place of the next hop: what transport checksums cover
   * (RFC 8200 section 8.1). `outer` itself when the route is done, its type unknown, or the list cut.
   */
  finalDestination(outer: PseudoHeader): PseudoHeader {
    const known = this.type === 0 || this.type === 2 || this.type === IPV6_SRCRT_TYPE_4;
    if (!known || this.segmentsLeft === 0 || this.addressCount === 0 || !this.fits) return outer;
    const index = this.type === IPV6_SRCRT_TYPE_4 ? 0 : this.addressCount - 1;
    return { version: 6, srcAt: outer.srcAt, dstAt: this.offset + ADDRESSES + 16 * index };
  }
}

/** What the builder takes for a routing header. */
export interface Ipv6RoutingSpec {
  /** Default 4, segment routing. */
  readonly type?: number;
  /** Addresses as they are listed in the packet; for type 4 the final destination is the first. */
  readonly addresses?: readonly AddressLike[];
  /** Default 0: the route is done, the IPv6 destination is the final one. */
  readonly segmentsLeft?: number;
  /** Default: what the next layer is. */
  readonly nextHeader?: number;
  /** Forged length, units of 8 bytes. */
  readonly lengthUnits?: number;
}

/** A routing header to be built. */
export function ipv6RoutingLayer(spec: Ipv6RoutingSpec): Layer {
  const addresses = (spec.addresses ?? []).map(ipv6Bytes);
  if (addresses.length > 127) throw new BuildError("routing", `${addresses.length} addresses; at most 127 fit`);
  const type = fieldValue("routing", "type", spec.type ?? IPV6_SRCRT_TYPE_4, 8);
  const segmentsLeft = fieldValue("routing", "segmentsLeft", spec.segmentsLeft ?? 0, 8);
  const final = type === IPV6_SRCRT_TYPE_4 ? 0 : addresses.length - 1;
  return {
    name: "routing",
    headerLength: ADDRESSES + 16 * addresses.length,
    ipProtocol: IPPROTO_ROUTING,
    pseudo(at, outer) {
      if (outer === undefined || segmentsLeft === 0 || addresses.length === 0) return outer;
      return { ...outer, dstAt: at + ADDRESSES + 16 * final };
    },
    write({ bytes, at, end, inner }: Site) {
      const view = new Ipv6RoutingView(bytes, at, end);
      view.nextProtocol = ipProtocolOf("routing", spec.nextHeader, inner);
      view.lengthUnits = fieldValue("routing", "lengthUnits", spec.lengthUnits ?? 2 * addresses.length, 8);
      view.type = type;
      view.segmentsLeft = segmentsLeft;
      if (type === IPV6_SRCRT_TYPE_4) bytes[at + LAST_ENTRY] = Math.max(0, addresses.length - 1);
      for (const [i, address] of addresses.entries()) bytes.set(address, at + ADDRESSES + 16 * i);
    },
  };
}
