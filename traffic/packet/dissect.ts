/**
 * Walks a frame from its Ethernet header inwards and gives a view of every header that it knows, through VLAN
 * stacks, extension headers and tunnels. For tools and tests; hot paths parse for themselves.
 */
import { AhView } from "./ah.js";
import { ArpView } from "./arp.js";
import { EthernetView } from "./ethernet.js";
import { GreView } from "./gre.js";
import { IcmpView } from "./icmp.js";
import { Icmpv6View } from "./icmpv6.js";
import { Ipv4View } from "./ipv4.js";
import { Ipv6View } from "./ipv6.js";
import { Ipv6FragmentView } from "./ipv6-fragment.js";
import { Ipv6OptionsView } from "./ipv6-options.js";
import { Ipv6RoutingView } from "./ipv6-routing.js";
import * as numbers from "./numbers.js";
import { TcpView } from "./tcp.js";
import { UdpView } from "./udp.js";
import type { ProtocolName } from "./view.js";
import { VlanView } from "./vlan.js";
import { VxlanView } from "./vxlan.js";

/** Any header that {@link dissect} finds; `protocol` tells them apart. */
export type HeaderView =
  | EthernetView
  | VlanView
  | ArpView
  | Ipv4View
  | Ipv6View
  | Ipv6OptionsView
  | Ipv6RoutingView
  | Ipv6FragmentView
  | AhView
  | TcpView
  | UdpView
  | IcmpView
  | Icmpv6View
  | GreView
  | VxlanView;

/** What {@link dissect} found. */
export interface Dissection {
  /** Whole headers, outermost first. */
  readonly headers: readonly HeaderView[];
  /** The protocol of the header that the frame breaks off in, or that has an impossible length or version. */
  readonly cut: ProtocolName | undefined;
  /** First byte after the last header. */
  readonly payloadOffset: number;
  /** End of the innermost content: padding and trailers lie behind it. */
  readonly end: number;
  /** EtherType or IP protocol of the payload, where the last header names one. */
  readonly payloadType: number | undefined;
}

/** Headers within headers deeper than this are taken as payload: forged frames must not cost more than real ones. */
const MAX_HEADERS = 64;

/** What comes next, in the terms of the header that names it. */
type Next =
  | { readonly space: "ether"; readonly number: number }
  | { readonly space: "ip"; readonly number: number }
  | { readonly space: "header"; readonly name: ProtocolName };

/**
 * The headers of `bytes`, a frame that begins with an Ethernet header, or with `first`.
 * Never throws: what is cut or malformed ends the walk.
 */
export function dissect(bytes: Uint8Array, first: "ethernet" | "ipv4" | "ipv6" = "ethernet"): Dissection {
  const headers: HeaderView[] = [];
  let at = 0;
  let end = bytes.length;
  let next: Next | undefined = { space: "header", name: first };
  let ipv6 = false;
  while (next !== undefined && headers.length < MAX_HEADERS) {
    const view = viewOf(next, bytes, at, end, ipv6);
    if (view === undefined) break;
    if (!view.fits || malformed(view)) return { headers, cut: view.protocol, payloadOffset: at, end, payloadType: undefined };
    headers.push(view);
    if (view.protocol === "ipv6") ipv6 = true;
    else if (view.protocol === "ipv4" || view.protocol === "gre" || view.protocol === "vxlan") ipv6 = false;
    if (view instanceof Ipv4View || view instanceof Ipv6View || view instanceof UdpView) end = view.contentEnd;
    view.end = end;
    at = view.payloadOffset;
    next = nextOf(view);
  }
  const payloadType = next === undefined || next.space === "header" ? undefined : next.number;
  return { headers, cut: undefined, payloadOffset: at, end, payloadType };
}

function malformed(view: HeaderView): boolean {
  if (view instanceof Ipv4View) return view.version !== 4 || view.ihl < 5;
  if (view instanceof Ipv6View) return view.version !== 6;
  return view instanceof TcpView && view.dataOffset < 5;
}

function viewOf(next: Next, bytes: Uint8Array, at: number, end: number, ipv6: boolean): HeaderView | undefined {
  if (next.space === "ether") return byEtherType(next.number, bytes, at, end);
  if (next.space === "ip") return byIpProtocol(next.number, bytes, at, end, ipv6);
  if (next.name === "ipv4") return new Ipv4View(bytes, at, end);
  if (next.name === "ipv6") return new Ipv6View(bytes, at, end);
  if (next.name === "vxlan") return new VxlanView(bytes, at, end);
  return new EthernetView(bytes, at, end);
}

function byEtherType(type: number, bytes: Uint8Array, at: number, end: number): HeaderView | undefined {
  if (numbers.isVlanType(type)) return new VlanView(bytes, at, end);
  switch (type) {
    case numbers.ETH_P_IP:
      return new Ipv4View(bytes, at, end);
    case numbers.ETH_P_IPV6:
      return new Ipv6View(bytes, at, end);
    case numbers.ETH_P_ARP:
      return new ArpView(bytes, at, end);
    case numbers.ETH_P_TEB:
      return new EthernetView(bytes, at, end);
    default:
      return undefined;
  }
}

function byIpProtocol(protocol: number, bytes: Uint8Array, at: number, end: number, ipv6: boolean): HeaderView | undefined {
  switch (protocol) {
    case numbers.IPPROTO_TCP:
      return new TcpView(bytes, at, end);
    case numbers.IPPROTO_UDP:
      return new UdpView(bytes, at, end);
    case numbers.IPPROTO_ICMP:
      return new IcmpView(bytes, at, end);
    case numbers.IPPROTO_ICMPV6:
      return new Icmpv6View(bytes, at, end);
    case numbers.IPPROTO_IPIP:
      return new Ipv4View(bytes, at, end);
    case numbers.IPPROTO_IPV6:
      return new Ipv6View(bytes, at, end);
    case numbers.IPPROTO_GRE:
      return new GreView(bytes, at, end);
    case numbers.IPPROTO_AH:
      return new AhView(bytes, at, end);
    default:
      return ipv6 ? extension(protocol, bytes, at, end) : undefined;
  }
}

/** Extension headers are numbered as IP protocols but mean nothing over IPv4. */
function extension(protocol: number, bytes: Uint8Array, at: number, end: number): HeaderView | undefined {
  switch (protocol) {
    case numbers.IPPROTO_HOPOPTS:
      return new Ipv6OptionsView(bytes, at, end);
    case numbers.IPPROTO_DSTOPTS: {
      const view = new Ipv6OptionsView(bytes, at, end);
      view.kind = "destination";
      return view;
    }
    case numbers.IPPROTO_ROUTING:
      return new Ipv6RoutingView(bytes, at, end);
    case numbers.IPPROTO_FRAGMENT:
      return new Ipv6FragmentView(bytes, at, end);
    default:
      return undefined;
  }
}

function nextOf(view: HeaderView): Next | undefined {
  switch (view.protocol) {
    case "ethernet":
    case "vlan":
      return view.type < numbers.ETH_P_802_3_MIN ? undefined : { space: "ether", number: view.type };
    case "gre":
      return view.version === 0 ? { space: "ether", number: view.type } : undefined;
    case "ipv4":
      return view.fragmentOffset > 0 ? undefined : { space: "ip", number: view.nextProtocol };
    case "fragment":
      return view.fragmentOffset > 0 ? undefined : { space: "ip", number: view.nextProtocol };
    case "ipv6":
    case "hop-by-hop":
    case "destination":
    case "routing":
    case "ah":
      return { space: "ip", number: view.nextProtocol };
    case "udp":
      return view.dstPort === numbers.VXLAN_PORT || view.dstPort === numbers.VXLAN_PORT_LINUX ? { space: "header", name: "vxlan" } : undefined;
    case "vxlan":
      return view.hasVni ? { space: "header", name: "ethernet" } : undefined;
    default:
      return undefined;
  }
}
