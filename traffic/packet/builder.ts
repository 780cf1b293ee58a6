/**
 * Builds frames from layers, outermost first:
 *
 * ```ts
 * packet().eth().ipv4({ src: "10.0.0.1", dst: "192.0.2.7" }).udp({ dstPort: 53 }).payload(32).build();
 * ```
 *
 * Lengths, type and protocol fields and checksums are right, those inside tunnels too, unless a field is given:
 * then the frame carries what was asked, however wrong.
 */
import { ipBytes } from "./address.js";
import { ahLayer } from "./ah.js";
import type { AhSpec } from "./ah.js";
import { arpLayer } from "./arp.js";
import type { ArpSpec } from "./arp.js";
import type { PseudoHeader } from "./checksum.js";
import { ethernetLayer } from "./ethernet.js";
import type { EthernetSpec } from "./ethernet.js";
import { greLayer } from "./gre.js";
import type { GreSpec } from "./gre.js";
import { icmpLayer } from "./icmp.js";
import type { IcmpSpec } from "./icmp.js";
import { icmpv6Layer } from "./icmpv6.js";
import type { Icmpv6Spec } from "./icmpv6.js";
import { ipv4Layer } from "./ipv4.js";
import type { Ipv4Spec } from "./ipv4.js";
import { ipv6Layer } from "./ipv6.js";
import type { Ipv6Spec } from "./ipv6.js";
import { ipv6FragmentLayer } from "./ipv6-fragment.js";
import type { Ipv6FragmentSpec } from "./ipv6-fragment.js";
import { ipv6OptionsLayer } from "./ipv6-options.js";
import type { Ipv6OptionsSpec } from "./ipv6-options.js";
import { ipv6RoutingLayer } from "./ipv6-routing.js";
import type { Ipv6RoutingSpec } from "./ipv6-routing.js";
import { tcpLayer } from "./tcp.js";
import type { TcpSpec } from "./tcp.js";
import { udpLayer } from "./udp.js";
import type { UdpSpec } from "./udp.js";
import { BuildError } from "./view.js";
import type { Layer, Site } from "./view.js";
import { vlanLayer } from "./vlan.js";
import type { VlanSpec } from "./vlan.js";
import { vxlanLayer } from "./vxlan.js";
import type { VxlanSpec } from "./vxlan.js";

/** What either IP header takes; the addresses decide which one it is. */
export interface IpSpec {
  readonly src: string | Uint8Array;
  readonly dst: string | Uint8Array;
  /** TTL or hop limit; default 64. */
  readonly ttl?: number;
}

/** How a frame is finished. */
export interface BuildOptions {
  /** Zero bytes are added behind the outermost content up to this frame length; Ethernet pads to 60. */
  readonly minLength?: number;
  /** The frame is cut to this many bytes after all fields are filled, as a snapshot length does. */
  readonly cutTo?: number;
}

/** A frame in the making. Every call gives a new builder, so a common start can be shared. */
export class PacketBuilder {
  readonly layers: readonly Layer[];

  constructor(layers: readonly Layer[] = []) {
    this.layers = layers;
  }

  /** Ethernet; inside GRE or VXLAN the inner frame's. */
  eth(spec: EthernetSpec = {}): PacketBuilder {
    return this.with(ethernetLayer(spec));
  }
  vlan(spec: VlanSpec = {}): PacketBuilder {
    return this.with(vlanLayer(spec));
  }
  arp(spec: ArpSpec = {}): PacketBuilder {
    return this.with(arpLayer(spec));
  }
  ipv4(spec: Ipv4Spec): PacketBuilder {
    return this.with(ipv4Layer(spec));
  }
  ipv6(spec: Ipv6Spec): PacketBuilder {
    return this.with(ipv6Layer(spec));
  }
  /** IPv4 or IPv6, whichever the addresses are. */
  ip(spec: IpSpec): PacketBuilder {
    const src = ipBytes(spec.src);
    const dst = ipBytes(spec.dst);
    if (src.length !== dst.length) throw new BuildError("ip", "src and dst are of different families; give both of one");
    return src.length === 4 ? this.ipv4({ src, dst, ttl: spec.ttl }) : this.ipv6({ src, dst, hopLimit: spec.ttl });
  }
  hopByHop(spec: Ipv6OptionsSpec = {}): PacketBuilder {
    return this.with(ipv6OptionsLayer("hop-by-hop", spec));
  }
  destination(spec: Ipv6OptionsSpec = {}): PacketBuilder {
    return this.with(ipv6OptionsLayer("destination", spec));
  }
  routing(spec: Ipv6RoutingSpec = {}): PacketBuilder {
    return this.with(ipv6RoutingLayer(spec));
  }
  /** An IPv6 fragment header; to split a whole frame, see `fragmentIpv6`. */
  fragment(spec: Ipv6FragmentSpec = {}): PacketBuilder {
    return this.with(ipv6FragmentLayer(spec));
  }
  ah(spec: AhSpec = {}): PacketBuilder {
    return this.with(ahLayer(spec));
  }
  tcp(spec: TcpSpec = {}): PacketBuilder {
    return this.with(tcpLayer(spec));
  }
  udp(spec: UdpSpec = {}): PacketBuilder {
    return this.with(udpLayer(spec));
  }
  icmp(spec: IcmpSpec = {}): PacketBuilder {
    return this.with(icmpLayer(spec));
  }
  icmpv6(spec: Icmpv6Spec = {}): PacketBuilder {
    return this.with(icmpv6Layer(spec));
  }
  gre(spec: GreSpec = {}): PacketBuilder {
    return this.with(greLayer(spec));
  }
  vxlan(spec: VxlanSpec = {}): PacketBuilder {
    return this.with(vxlanLayer(spec));
  }
  /** Bytes, text as UTF-8, or a number of bytes that count up from 0. */
  payload(content: Uint8Array | string | number): PacketBuilder {
    return this.with(payloadLayer(content));
  }
  /** A layer of the caller's own. */
  with(layer: Layer): PacketBuilder {
    return new PacketBuilder([...this.layers, layer]);
  }

  /** Bytes that {@link build} gives, before padding and cutting. */
  get length(): number {
    return this.layers.reduce((sum, layer) => sum + layer.headerLength, 0);
  }

  /**
   * The frame.
   * @throws BuildError when a field is out of range or two layers cannot be joined
   */
  build(options: BuildOptions = {}): Uint8Array {
    const end = this.length;
    const bytes = new Uint8Array(Math.max(end, options.minLength ?? 0));
    const sites = this.#sites(bytes, end);
    this.layers.forEach((layer, i) => layer.write(sites[i]));
    for (let i = sites.length - 1; i >= 0; i--) this.layers[i].seal?.(sites[i]);
    return options.cutTo === undefined ? bytes : bytes.slice(0, options.cutTo);
  }

  #sites(bytes: Uint8Array, end: number): Site[] {
    let at = 0;
    let pseudo: PseudoHeader | undefined;
    return this.layers.map((layer, i) => {
      const site = { bytes, at, end, inner: this.layers[i + 1], pseudo };
      pseudo = layer.pseudo?.(at, pseudo);
      at += layer.headerLength;
      return site;
    });
  }
}

/** Starts a frame. */
export function packet(): PacketBuilder {
  return new PacketBuilder();
}

function payloadLayer(content: Uint8Array | string | number): Layer {
  const data =
    typeof content === "number"
      ? Uint8Array.from({ length: content }, (_, i) => i & 0xff)
      : typeof content === "string"
        ? new TextEncoder().encode(content)
        : content;
  return {
    name: "payload",
    headerLength: data.length,
    write: ({ bytes, at }) => bytes.set(data, at),
  };
}
