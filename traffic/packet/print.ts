/** One line a packet, in the manner of `tcpdump -n`. What is cut is marked as tcpdump does: `[|udp]`. */
import { formatIp, formatIpv6, formatMac } from "./address.js";
import type { ArpView } from "./arp.js";
import { dissect } from "./dissect.js";
import type { Dissection, HeaderView } from "./dissect.js";
import * as icmp from "./icmp.js";
import type { IcmpView } from "./icmp.js";
import * as icmpv6 from "./icmpv6.js";
import type { Icmpv6View } from "./icmpv6.js";
import { ETH_P_802_3_MIN } from "./numbers.js";
import type { TcpOptions } from "./tcp-options.js";
import type { TcpView } from "./tcp.js";
import type { UdpView } from "./udp.js";

/** The line of `frame`, an Ethernet frame. Never throws. */
export function printPacket(frame: Uint8Array): string {
  const found = dissect(frame);
  let line = "";
  let addresses: { src: string; dst: string } | undefined;
  for (const view of found.headers) {
    if (view.protocol === "ipv4" || view.protocol === "ipv6") {
      addresses = { src: formatIp(view.src), dst: formatIp(view.dst) };
      line += view.protocol === "ipv4" ? "IP " : "IP6 ";
      if (!hasPorts(found, view)) line += `${addresses.src} > ${addresses.dst}: `;
      line += fragmentOf(view);
    } else if (addresses !== undefined && (view.protocol === "udp" || view.protocol === "tcp")) {
      line += `${addresses.src}.${view.srcPort} > ${addresses.dst}.${view.dstPort}: `;
      line += view.protocol === "tcp" ? tcpText(view) : udpText(found, view);
    } else {
      line += headerText(view);
    }
  }
  return (line + rest(found, frame)).trimEnd();
}

/** Whether a whole TCP or UDP header follows `view` before the next IP header: then the addresses wait for the ports. */
function hasPorts(found: Dissection, view: HeaderView): boolean {
  for (let i = found.headers.indexOf(view) + 1; i < found.headers.length; i++) {
    const { protocol } = found.headers[i];
    if (protocol === "tcp" || protocol === "udp") return true;
    if (protocol === "ipv4" || protocol === "ipv6" || protocol === "gre" || protocol === "icmp") return false;
  }
  return false;
}

function headerText(view: HeaderView): string {
  switch (view.protocol) {
    case "vlan":
      return `vlan ${view.id}, p ${view.priority}${view.dropEligible ? ", DEI" : ""}, `;
    case "arp":
      return arpText(view);
    case "hop-by-hop":
      return "HBH ";
    case "destination":
      return "DSTOPT ";
    case "routing":
      return `srcrt (type=${view.type}, segleft=${view.segmentsLeft}) `;
    case "fragment":
      return view.isFragment ? `frag (${hex(view.id)}:${view.fragmentOffset}|${view.end - view.payloadOffset}${view.moreFragments ? "+" : ""}) ` : "";
    case "ah":
      return `AH(spi=${hex(view.spi)},seq=${hex(view.sequence)}): `;
    case "icmp":
      return icmpText(view);
    case "icmpv6":
      return icmpv6Text(view);
    case "gre":
      return `GREv${view.version}${view.hasKey ? `, key=${hex(view.key)}` : ""}${view.hasSequence ? `, seq ${view.sequence}` : ""}, length ${view.end - view.offset}: `;
    case "vxlan":
      return `vni ${view.vni}: `;
    default:
      return "";
  }
}

function fragmentOf(view: HeaderView): string {
  if (view.protocol !== "ipv4" || !view.isFragment) return "";
  return `frag (${view.id}:${view.fragmentOffset}|${view.end - view.payloadOffset}${view.moreFragments ? "+" : ""}) `;
}

function udpText(found: Dissection, view: UdpView): string {
  const next = found.headers.at(found.headers.indexOf(view) + 1)?.protocol ?? found.cut;
  return next === "vxlan" ? "VXLAN, " : `UDP, length ${Math.max(0, view.length - 8)}`;
}

const FLAG_LETTERS = ["F", "S", "R", "P", ".", "U", "E", "W"];

function tcpText(view: TcpView): string {
  const flags = FLAG_LETTERS.filter((_, bit) => (view.flags & (1 << bit)) !== 0).join("") || "none";
  const length = Math.max(0, view.end - view.payloadOffset);
  // As tcpdump: a range where the segment uses up sequence space, nothing where it only acknowledges.
  const range = length > 0 ? `, seq ${view.sequence}:${(view.sequence + length) >>> 0}` : view.flags & 7 ? `, seq ${view.sequence}` : "";
  const ack = view.flags & 0x10 ? `, ack ${view.acknowledgement}` : "";
  const options = optionText(view.options);
  return `Flags [${flags}]${range}${ack}, win ${view.window}${options ? `, options [${options}]` : ""}, length ${length}`;
}

function optionText(options: TcpOptions): string {
  const parts = [];
  if (options.mss !== undefined) parts.push(`mss ${options.mss}`);
  if (options.sackPermitted === true) parts.push("sackOK");
  if (options.timestamps !== undefined) parts.push(`TS val ${options.timestamps.value} ecr ${options.timestamps.echo}`);
  if (options.windowScale !== undefined) parts.push(`wscale ${options.windowScale}`);
  if (options.sack !== undefined) parts.push(`sack ${options.sack.length}`);
  return parts.join(",");
}

function arpText(view: ArpView): string {
  if (!view.isEthernetIpv4) return `ARP, hardware ${view.hardwareType}, protocol ${hex(view.protocolType)}`;
  const sender = formatIp(view.senderIp);
  const length = view.end - view.offset;
  if (view.operation === 1) return `ARP, Request who-has ${formatIp(view.targetIp)} tell ${sender}, length ${length}`;
  if (view.operation === 2) return `ARP, Reply ${sender} is-at ${formatMac(view.senderMac)}, length ${length}`;
  return `ARP, operation ${view.operation}, length ${length}`;
}

const ICMP_NAMES: Readonly<Record<number, string>> = {
  [icmp.ICMP_ECHOREPLY]: "echo reply",
  [icmp.ICMP_DEST_UNREACH]: "destination unreachable",
  [icmp.ICMP_REDIRECT]: "redirect",
  [icmp.ICMP_ECHO]: "echo request",
  [icmp.ICMP_TIME_EXCEEDED]: "time exceeded",
};

function icmpText(view: IcmpView): string {
  const name = ICMP_NAMES[view.type] ?? `type-#${view.type}`;
  const echo = view.type === icmp.ICMP_ECHO || view.type === icmp.ICMP_ECHOREPLY;
  return `ICMP ${name}${echo ? `, id ${view.id}, seq ${view.sequence}` : `, code ${view.code}`}, length ${view.end - view.offset}`;
}

const ICMPV6_NAMES: Readonly<Record<number, string>> = {
  [icmpv6.ICMPV6_DEST_UNREACH]: "destination unreachable",
  [icmpv6.ICMPV6_PKT_TOOBIG]: "packet too big",
  [icmpv6.ICMPV6_TIME_EXCEED]: "time exceeded",
  [icmpv6.ICMPV6_ECHO_REQUEST]: "echo request",
  [icmpv6.ICMPV6_ECHO_REPLY]: "echo reply",
  [icmpv6.ICMPV6_ROUTER_SOLICITATION]: "router solicitation",
  [icmpv6.ICMPV6_NEIGHBOUR_SOLICITATION]: "neighbor solicitation",
  [icmpv6.ICMPV6_NEIGHBOUR_ADVERTISEMENT]: "neighbor advertisement",
};

function icmpv6Text(view: Icmpv6View): string {
  const name = ICMPV6_NAMES[view.type] ?? `type-#${view.type}`;
  const echo = view.type === icmpv6.ICMPV6_ECHO_REQUEST || view.type === icmpv6.ICMPV6_ECHO_REPLY;
  const detail = echo ? `, id ${view.id}, seq ${view.sequence}` : view.hasTarget ? `, target ${formatIpv6(view.target)}` : "";
  return `ICMP6, ${name}${detail}, length ${view.end - view.offset}`;
}

/** What the headers did not say: the cut, or a payload that nothing printed. */
function rest(found: Dissection, frame: Uint8Array): string {
  if (found.cut !== undefined) return `[|${found.cut === "ethernet" ? "ether" : found.cut}]`;
  const last = found.headers.at(-1);
  if (last === undefined) return "";
  const length = found.end - found.payloadOffset;
  if (last.protocol === "ethernet" || last.protocol === "vlan") {
    return last.type < ETH_P_802_3_MIN ? `802.3, length ${last.type}` : `ethertype ${hex4(last.type)}, length ${frame.length}`;
  }
  if (found.payloadType !== undefined && last.protocol !== "gre") return `ip-proto-${found.payloadType}, length ${length}`;
  if (last.protocol === "gre") return `proto ${hex4(last.type)}, length ${length}`;
  return "";
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

function hex4(value: number): string {
  return `0x${value.toString(16).padStart(4, "0")}`;
}
