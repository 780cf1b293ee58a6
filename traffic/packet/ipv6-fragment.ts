/** The fragment header of IPv6 (RFC 8200 section 4.5). */
import { get16, get32, get8, put16, put32 } from "./bytes.js";
import { IPPROTO_FRAGMENT } from "./numbers.js";
import { BuildError, View, fieldValue, ipProtocolOf } from "./view.js";
import type { Layer, Site } from "./view.js";

// Fields, by first byte
const NEXT_HEADER = 0;
const OFFSET_FLAGS = 2;
const ID = 4;
const END = 8;

/** Bytes of a fragment header. */
export const FRAGMENT_HLEN = END;

/** A fragment header in place. */
export class Ipv6FragmentView extends View {
  get protocol(): "fragment" {
    return "fragment";
  }
  get headerLength(): number {
    return END;
  }
  get nextProtocol(): number {
    return get8(this.bytes, this.offset + NEXT_HEADER);
  }
  set nextProtocol(protocol: number) {
    this.bytes[this.offset + NEXT_HEADER] = protocol;
  }
  /** Place of this fragment in its datagram, bytes: a multiple of 8. */
  get fragmentOffset(): number {
    return get16(this.bytes, this.offset + OFFSET_FLAGS) & 0xfff8;
  }
  set fragmentOffset(bytes: number) {
    const flags = get16(this.bytes, this.offset + OFFSET_FLAGS) & 7;
    put16(this.bytes, this.offset + OFFSET_FLAGS, (bytes & 0xfff8) | flags);
  }
  get moreFragments(): boolean {
    return (get16(this.bytes, this.offset + OFFSET_FLAGS) & 1) !== 0;
  }
  set moreFragments(more: boolean) {
    const word = get16(this.bytes, this.offset + OFFSET_FLAGS);
    put16(this.bytes, this.offset + OFFSET_FLAGS, more ? word | 1 : word & ~1);
  }
  /** Whether the packet holds only a part of its datagram; false for an atomic fragment (RFC 6946). */
  get isFragment(): boolean {
    return this.fragmentOffset !== 0 || this.moreFragments;
  }
  get id(): number {
    return get32(this.bytes, this.offset + ID);
  }
  set id(id: number) {
    put32(this.bytes, this.offset + ID, id);
  }
}

/** What the builder takes for a fragment header. */
export interface Ipv6FragmentSpec {
  readonly id?: number;
  /** Bytes, a multiple of 8. */
  readonly fragmentOffset?: number;
  readonly moreFragments?: boolean;
  /** Default: what the next layer is. */
  readonly nextHeader?: number;
}

/** A fragment header to be built. */
export function ipv6FragmentLayer(spec: Ipv6FragmentSpec): Layer {
  const offset = fieldValue("fragment", "fragmentOffset", spec.fragmentOffset ?? 0, 16);
  if (offset % 8 !== 0) throw new BuildError("fragment", `fragmentOffset is ${offset}; give a multiple of 8`);
  return {
    name: "fragment",
    headerLength: END,
    ipProtocol: IPPROTO_FRAGMENT,
    pseudo: (_at, outer) => outer,
    write({ bytes, at, end, inner }: Site) {
      const view = new Ipv6FragmentView(bytes, at, end);
      view.nextProtocol = ipProtocolOf("fragment", spec.nextHeader, inner);
      view.fragmentOffset = offset;
      view.moreFragments = spec.moreFragments ?? false;
      view.id = fieldValue("fragment", "id", spec.id ?? 0, 32);
    },
  };
}
