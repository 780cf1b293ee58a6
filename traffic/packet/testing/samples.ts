/** One well-formed packet of every kind that the builder knows, by name. */
import { packet } from "../builder.js";
import type { PacketBuilder } from "../builder.js";
import { TCP_PSH, TCP_ACK, TCP_SYN } from "../tcp.js";

const V4 = { src: "10.0.0.1", dst: "192.0.2.7" };
const V6 = { src: "2001:db8::1", dst: "2001:db8:0:1::7" };
const INNER4 = { src: "172.16.0.1", dst: "172.16.0.2" };
const INNER6 = { src: "fd00::1", dst: "fd00::2" };
/** Ports that no dissector claims. */
const PORTS = { srcPort: 40001, dstPort: 40002 };

/** Name, builder, and the protocols that a dissection must find in order. */
export const SAMPLES: readonly (readonly [name: string, frame: PacketBuilder, protocols: string])[] = [
  ["arp", packet().eth({ dst: "ff:ff:ff:ff:ff:ff" }).arp({}), "ethernet arp"],
  ["udp", packet().eth().ipv4(V4).udp(PORTS).payload(512), "ethernet ipv4 udp"],
  ["udp, odd", packet().eth().ipv4(V4).udp(PORTS).payload(31), "ethernet ipv4 udp"],
  ["udp, empty", packet().eth().ipv4(V4).udp(PORTS), "ethernet ipv4 udp"],
  ["udp, jumbo", packet().eth().ipv4(V4).udp(PORTS).payload(8958), "ethernet ipv4 udp"],
  ["udp6", packet().eth().ipv6(V6).udp(PORTS).payload(100), "ethernet ipv6 udp"],
  ["tcp syn", packet().eth().ipv4({ ...V4, tos: 8, id: 77, dontFragment: true }).tcp({ ...PORTS, flags: TCP_SYN, sequence: 1, options: { mss: 1460, sackPermitted: true, timestamps: { value: 1, echo: 0 }, windowScale: 7 } }), "ethernet ipv4 tcp"],
  ["tcp data", packet().eth().ipv4(V4).tcp({ ...PORTS, flags: TCP_PSH | TCP_ACK, sequence: 5, acknowledgement: 9 }).payload(99), "ethernet ipv4 tcp"],
  ["tcp6 sack", packet().eth().ipv6({ ...V6, trafficClass: 0x20, flowLabel: 0xabcde }).tcp({ ...PORTS, acknowledgement: 9, options: { sack: [[100, 200]] } }), "ethernet ipv6 tcp"],
  ["icmp", packet().eth().ipv4(V4).icmp({ id: 1, sequence: 2 }).payload(56), "ethernet ipv4 icmp"],
  ["icmpv6", packet().eth().ipv6(V6).icmpv6({ id: 1, sequence: 2 }).payload(56), "ethernet ipv6 icmpv6"],
  ["neighbour solicitation", packet().eth().ipv6({ ...V6, hopLimit: 255 }).icmpv6({ type: 135, target: "2001:db8::9" }), "ethernet ipv6 icmpv6"],
  ["vlan", packet().eth().vlan({ id: 5, priority: 3 }).ipv4(V4).udp(PORTS).payload(10), "ethernet vlan ipv4 udp"],
  ["802.1ad", packet().eth().vlan({ id: 5, tpid: 0x88a8 }).vlan({ id: 6, dropEligible: true }).ipv6(V6).udp(PORTS).payload(10), "ethernet vlan vlan ipv6 udp"],
  ["0x9100", packet().eth().vlan({ id: 5, tpid: 0x9100 }).vlan({ id: 6 }).ipv4(V4).tcp(PORTS), "ethernet vlan vlan ipv4 tcp"],
  ["ipv4 options", packet().eth().ipv4({ ...V4, options: Uint8Array.of(0x94, 4, 0, 0, 1, 1) }).udp(PORTS).payload(10), "ethernet ipv4 udp"],
  ["hop-by-hop", packet().eth().ipv6(V6).hopByHop({ options: Uint8Array.of(5, 2, 0, 0) }).udp(PORTS).payload(10), "ethernet ipv6 hop-by-hop udp"],
  ["destination", packet().eth().ipv6(V6).destination({}).tcp(PORTS).payload(10), "ethernet ipv6 destination tcp"],
  ["segment routing", packet().eth().ipv6(V6).routing({ addresses: ["2001:db8::aa", "2001:db8:0:1::7"], segmentsLeft: 1 }).udp(PORTS).payload(10), "ethernet ipv6 routing udp"],
  ["routing type 2", packet().eth().ipv6(V6).routing({ type: 2, addresses: ["2001:db8::bb"], segmentsLeft: 1 }).tcp(PORTS), "ethernet ipv6 routing tcp"],
  ["atomic fragment", packet().eth().ipv6(V6).fragment({ id: 9 }).udp(PORTS).payload(10), "ethernet ipv6 fragment udp"],
  ["ah6", packet().eth().ipv6(V6).ah({ spi: 7 }).tcp(PORTS).payload(3), "ethernet ipv6 ah tcp"],
  ["ah4", packet().eth().ipv4(V4).ah({ spi: 7 }).udp(PORTS).payload(3), "ethernet ipv4 ah udp"],
  ["extension chain", packet().eth().ipv6(V6).hopByHop().destination().routing({ addresses: ["2001:db8::cc"] }).fragment().ah().destination().udp(PORTS).payload(9), "ethernet ipv6 hop-by-hop destination routing fragment ah destination udp"],
  ["4in4", packet().eth().ipv4(V4).ipv4(INNER4).udp(PORTS).payload(10), "ethernet ipv4 ipv4 udp"],
  ["6in4", packet().eth().ipv4(V4).ipv6(INNER6).udp(PORTS).payload(10), "ethernet ipv4 ipv6 udp"],
  ["4in6", packet().eth().ipv6(V6).ipv4(INNER4).tcp(PORTS).payload(10), "ethernet ipv6 ipv4 tcp"],
  ["6in6", packet().eth().ipv6(V6).ipv6(INNER6).tcp(PORTS).payload(10), "ethernet ipv6 ipv6 tcp"],
  ["gre", packet().eth().ipv4(V4).gre().ipv4(INNER4).icmp({}).payload(8), "ethernet ipv4 gre ipv4 icmp"],
  ["gre, all fields", packet().eth().ipv4(V4).gre({ checksum: true, key: 0xdeadbeef, sequence: 3 }).ipv6(INNER6).udp(PORTS).payload(9), "ethernet ipv4 gre ipv6 udp"],
  ["gre, ethernet", packet().eth().ipv6(V6).gre({ key: 1 }).eth().ipv4(INNER4).udp(PORTS).payload(9), "ethernet ipv6 gre ethernet ipv4 udp"],
  ["vxlan", packet().eth().ipv4(V4).udp({}).vxlan({ vni: 0x123456 }).eth().ipv4(INNER4).tcp(PORTS).payload(9), "ethernet ipv4 udp vxlan ethernet ipv4 tcp"],
  ["vxlan6", packet().eth().ipv6(V6).udp({}).vxlan({}).eth().vlan({}).ipv6(INNER6).udp(PORTS).payload(9), "ethernet ipv6 udp vxlan ethernet vlan ipv6 udp"],
];
