/** Ethernet II (IEEE 802.3 clause 3): destination, source, type. The frame check sequence is never part of a frame here. */
import { macBytes } from "./address.js";
import type { AddressLike } from "./address.js";
import { get16, put16 } from "./bytes.js";
import { ETH_P_802_EX1, ETH_P_TEB, IPPROTO_ETHERNET } from "./numbers.js";
import { View, etherTypeOf } from "./view.js";
import type { Layer, Site } from "./view.js";

// Fields, by first byte
const DST = 0;
const SRC = 6;
const TYPE = 12;

/** Bytes of an Ethernet header. */
export const ETH_HLEN = 14;

/** An Ethernet header in place. */
export class EthernetView extends View {
  get protocol(): "ethernet" {
    return "ethernet";
  }
  get headerLength(): number {
    return ETH_HLEN;
  }
  /** Six bytes, a view of the frame. */
  get dst(): Uint8Array {
    return this.bytes.subarray(this.offset + DST, this.offset + SRC);
  }
  set dst(address: AddressLike) {
    this.bytes.set(macBytes(address), this.offset + DST);
  }
  /** Six bytes, a view of the frame. */
  get src(): Uint8Array {
    return this.bytes.subarray(this.offset + SRC, this.offset + TYPE);
  }
  set src(address: AddressLike) {
    this.bytes.set(macBytes(address), this.offset + SRC);
  }
  /** EtherType; values below 0x0600 are lengths of IEEE 802.3 frames. */
  get type(): number {
    return get16(this.bytes, this.offset + TYPE);
  }
  set type(type: number) {
    put16(this.bytes, this.offset + TYPE, type);
  }
}

/** What the builder takes for an Ethernet header. */
export interface EthernetSpec {
  /** Default 02:00:00:00:00:02. */
  readonly dst?: AddressLike;
  /** Default 02:00:00:00:00:01. */
  readonly src?: AddressLike;
  /** Default: what the next layer is. */
  readonly type?: number;
}

/** An Ethernet header to be built; inside GRE or VXLAN it is the inner frame's. */
export function ethernetLayer(spec: EthernetSpec): Layer {
  const dst = macBytes(spec.dst ?? "02:00:00:00:00:02");
  const src = macBytes(spec.src ?? "02:00:00:00:00:01");
  return {
    name: "ethernet",
    headerLength: ETH_HLEN,
    etherType: ETH_P_TEB,
    ipProtocol: IPPROTO_ETHERNET,
    write({ bytes, at, inner }: Site) {
      const view = new EthernetView(bytes, at);
      view.dst = dst;
      view.src = src;
      view.type = etherTypeOf("ethernet", spec.type, inner, ETH_P_802_EX1);
    },
  };
}
