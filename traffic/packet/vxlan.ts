/** VXLAN (RFC 7348). */
import { get32, get8, put32 } from "./bytes.js";
import { VXLAN_PORT } from "./numbers.js";
import { View, fieldValue } from "./view.js";
import type { Layer, Site } from "./view.js";

// Fields, by first byte
const FLAGS = 0;
const VNI = 4;
const END = 8;

const HAS_VNI = 0x08;

/** A VXLAN header in place. */
export class VxlanView extends View {
  get protocol(): "vxlan" {
    return "vxlan";
  }
  get headerLength(): number {
    return END;
  }
  get flags(): number {
    return get8(this.bytes, this.offset + FLAGS);
  }
  set flags(flags: number) {
    this.bytes[this.offset + FLAGS] = flags;
  }
  /** Whether the identifier is valid, as it must be. */
  get hasVni(): boolean {
    return (this.flags & HAS_VNI) !== 0;
  }
  /** Network identifier, 24 bits. */
  get vni(): number {
    return get32(this.bytes, this.offset + VNI) >>> 8;
  }
  set vni(vni: number) {
    const at = this.offset + VNI;
    put32(this.bytes, at, (vni << 8) | (get32(this.bytes, at) & 0xff));
  }
}

/** What the builder takes for a VXLAN header; the next layer is an inner `eth`. */
export interface VxlanSpec {
  /** Network identifier, 24 bits; default 1. */
  readonly vni?: number;
  /** Default 0x08, the identifier is valid. */
  readonly flags?: number;
}

/** A VXLAN header to be built. */
export function vxlanLayer(spec: VxlanSpec): Layer {
  return {
    name: "vxlan",
    headerLength: END,
    udpPort: VXLAN_PORT,
    write({ bytes, at, end }: Site) {
      const view = new VxlanView(bytes, at, end);
      view.flags = fieldValue("vxlan", "flags", spec.flags ?? HAS_VNI, 8);
      view.vni = fieldValue("vxlan", "vni", spec.vni ?? 1, 24);
    },
  };
}
