/**
 * A VLAN tag (IEEE 802.1Q clause 9.6). The view starts after the tag's own EtherType, which is the type field of
 * the header before it; so stacks of tags (802.1ad, QinQ) are one view after another.
 */
import { get16, put16 } from "./bytes.js";
import { ETH_P_8021Q, ETH_P_802_EX1 } from "./numbers.js";
import { View, etherTypeOf, fieldValue } from "./view.js";
import type { Layer, Site } from "./view.js";

// Fields, by first byte
const TCI = 0;
const TYPE = 2;

/** Bytes of a tag. */
export const VLAN_HLEN = 4;

/** A VLAN tag in place. */
export class VlanView extends View {
  get protocol(): "vlan" {
    return "vlan";
  }
  get headerLength(): number {
    return VLAN_HLEN;
  }
  /** Tag control information: priority, drop eligibility and identifier in one. */
  get tci(): number {
    return get16(this.bytes, this.offset + TCI);
  }
  set tci(tci: number) {
    put16(this.bytes, this.offset + TCI, tci);
  }
  /** VLAN identifier, 0 to 4095; 0 is a mere priority tag. */
  get id(): number {
    return this.tci & 0xfff;
  }
  set id(id: number) {
    this.tci = (this.tci & 0xf000) | (id & 0xfff);
  }
  /** Priority code point, 0 to 7. */
  get priority(): number {
    return this.tci >>> 13;
  }
  set priority(priority: number) {
    this.tci = (this.tci & 0x1fff) | ((priority & 7) << 13);
  }
  /** Drop eligible indicator. */
  get dropEligible(): boolean {
    return (this.tci & 0x1000) !== 0;
  }
  set dropEligible(eligible: boolean) {
    this.tci = (this.tci & 0xefff) | (eligible ? 0x1000 : 0);
  }
  /** EtherType of what follows. */
  get type(): number {
    return get16(this.bytes, this.offset + TYPE);
  }
  set type(type: number) {
    put16(this.bytes, this.offset + TYPE, type);
  }
}

/** What the builder takes for a VLAN tag. */
export interface VlanSpec {
  /** 0 to 4095; default 1. */
  readonly id?: number;
  /** 0 to 7; default 0. */
  readonly priority?: number;
  readonly dropEligible?: boolean;
  /** EtherType of the tag itself: 0x8100 (default), 0x88a8 or 0x9100. */
  readonly tpid?: number;
  /** Default: what the next layer is. */
  readonly type?: number;
}

/** A VLAN tag to be built. */
export function vlanLayer(spec: VlanSpec): Layer {
  const id = fieldValue("vlan", "id", spec.id ?? 1, 12);
  const priority = fieldValue("vlan", "priority", spec.priority ?? 0, 3);
  return {
    name: "vlan",
    headerLength: VLAN_HLEN,
    etherType: fieldValue("vlan", "tpid", spec.tpid ?? ETH_P_8021Q, 16),
    write({ bytes, at, inner }: Site) {
      const view = new VlanView(bytes, at);
      view.id = id;
      view.priority = priority;
      view.dropEligible = spec.dropEligible ?? false;
      view.type = etherTypeOf("vlan", spec.type, inner, ETH_P_802_EX1);
    },
  };
}
