/**
 * What all protocols share: a view is a header seen in place in the bytes of a frame; a layer is a header that
 * the builder is about to write. Both know their own protocol and, through numbers only, their neighbours.
 */
import type { PseudoHeader } from "./checksum.js";
import { IPPROTO_EXPERIMENT, IPPROTO_NONE } from "./numbers.js";

/** The protocols that have a view. */
export type ProtocolName =
  | "ethernet"
  | "vlan"
  | "arp"
  | "ipv4"
  | "ipv6"
  | "hop-by-hop"
  | "routing"
  | "fragment"
  | "destination"
  | "ah"
  | "tcp"
  | "udp"
  | "icmp"
  | "icmpv6"
  | "gre"
  | "vxlan";

/**
 * A header in place: nothing is copied or checked on construction. Getters of fields past the end of the bytes
 * give 0; ask {@link fits} first when that matters. One view can be re-aimed at many packets with {@link aim}.
 */
export abstract class View {
  bytes: Uint8Array;
  /** First byte of the header. */
  offset: number;
  /** End of what the header and its content may occupy, at most `bytes.length`. */
  end: number;

  constructor(bytes: Uint8Array, offset = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.offset = offset;
    this.end = end;
  }

  abstract get protocol(): ProtocolName;

  /** Length of the header in bytes, options included, as the header itself says; never below the fixed part. */
  abstract get headerLength(): number;

  /** Points this view at another header. */
  aim(bytes: Uint8Array, offset: number, end: number = bytes.length): this {
    this.bytes = bytes;
    this.offset = offset;
    this.end = end;
    return this;
  }

  /** Whether the whole header, options included, lies before {@link end}. */
  get fits(): boolean {
    return this.offset + this.headerLength <= this.end;
  }

  /** First byte after the header. */
  get payloadOffset(): number {
    return this.offset + this.headerLength;
  }

  /** What follows the header, a view of the same memory. */
  get payload(): Uint8Array {
    return this.bytes.subarray(Math.min(this.payloadOffset, this.end), this.end);
  }
}

/** Where a layer is written, and what it can know of its surroundings. */
export interface Site {
  readonly bytes: Uint8Array;
  /** First byte of this layer's header. */
  readonly at: number;
  /** End of this layer's content. */
  readonly end: number;
  /** The layer that follows, if any. */
  readonly inner: Layer | undefined;
  /** Addresses of the enclosing IP header, for transport checksums. */
  readonly pseudo: PseudoHeader | undefined;
}

/** A header (or payload) in the builder's hands. */
export interface Layer {
  readonly name: ProtocolName | "payload";
  /** Bytes that it takes in the frame. */
  readonly headerLength: number;
  /** EtherType by which Ethernet, a VLAN tag or GRE names it. */
  readonly etherType?: number;
  /** Number by which IP names it. */
  readonly ipProtocol?: number;
  /** UDP port by which UDP names it. */
  readonly udpPort?: number;
  /** Addresses that this header gives to the transport checksums within. */
  pseudo?(at: number, outer: PseudoHeader | undefined): PseudoHeader | undefined;
  /** Writes the header. Layers are written from the outermost to the innermost. */
  write(site: Site): void;
  /** Fills the checksum when all bytes within are final. Layers are sealed from the innermost to the outermost. */
  seal?(site: Site): void;
}

/** Layers that cannot be joined, or a field out of its range. */
export class BuildError extends Error {
  override readonly name = "BuildError";
  /** The layer at fault. */
  readonly layer: string;

  constructor(layer: string, message: string) {
    super(`${layer}: ${message}`);
    this.layer = layer;
  }
}

/** `value` when it fits in `bits` bits, otherwise a {@link BuildError} that names the field. */
export function fieldValue(layer: string, field: string, value: number, bits: number): number {
  if (!Number.isInteger(value) || value < 0 || value >= 2 ** bits) {
    throw new BuildError(layer, `${field} is ${value}; give an integer from 0 to ${2 ** bits - 1}`);
  }
  return value;
}

/** The EtherType of what follows: `given`, or that of the inner layer. */
export function etherTypeOf(layer: string, given: number | undefined, inner: Layer | undefined, otherwise: number): number {
  if (given !== undefined) return fieldValue(layer, "type", given, 16);
  if (inner === undefined || inner.name === "payload") return otherwise;
  if (inner.etherType !== undefined) return inner.etherType;
  throw new BuildError(layer, `no EtherType names ${inner.name}; put an IP layer between, or give the type`);
}

/** The IP protocol number of what follows: `given`, or that of the inner layer. */
export function ipProtocolOf(layer: string, given: number | undefined, inner: Layer | undefined): number {
  if (given !== undefined) return fieldValue(layer, "protocol", given, 8);
  if (inner === undefined) return IPPROTO_NONE;
  if (inner.name === "payload") return IPPROTO_EXPERIMENT;
  if (inner.ipProtocol !== undefined) return inner.ipProtocol;
  throw new BuildError(layer, `no IP protocol number names ${inner.name}; put udp or gre between, or give the protocol`);
}
