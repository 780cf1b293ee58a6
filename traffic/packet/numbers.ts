/**
 * Numbers by which one header names the next, under the kernel's names
 * (IANA's ieee-802-numbers and protocol-numbers registries).
 */

/** EtherTypes. */
export const ETH_P_IP = 0x0800;
export const ETH_P_ARP = 0x0806;
/** Transparent Ethernet bridging: an Ethernet frame inside GRE. */
export const ETH_P_TEB = 0x6558;
export const ETH_P_8021Q = 0x8100;
export const ETH_P_IPV6 = 0x86dd;
export const ETH_P_8021AD = 0x88a8;
/** IEEE local experimental EtherType: what the builder writes when nothing else names the content. */
export const ETH_P_802_EX1 = 0x88b5;
/** The tag of old QinQ equipment. */
export const ETH_P_QINQ1 = 0x9100;
/** Values of the type field from here on are EtherTypes, smaller ones are IEEE 802.3 lengths. */
export const ETH_P_802_3_MIN = 0x0600;

/** IP protocol numbers and IPv6 next headers. */
export const IPPROTO_HOPOPTS = 0;
export const IPPROTO_ICMP = 1;
export const IPPROTO_IPIP = 4;
export const IPPROTO_TCP = 6;
export const IPPROTO_UDP = 17;
export const IPPROTO_IPV6 = 41;
export const IPPROTO_ROUTING = 43;
export const IPPROTO_FRAGMENT = 44;
export const IPPROTO_GRE = 47;
export const IPPROTO_AH = 51;
export const IPPROTO_ICMPV6 = 58;
export const IPPROTO_NONE = 59;
export const IPPROTO_DSTOPTS = 60;
export const IPPROTO_ETHERNET = 143;
/** Reserved for experiments (RFC 3692): what the builder writes when nothing else names the content. */
export const IPPROTO_EXPERIMENT = 253;

/** UDP ports that carry VXLAN: IANA's, and the one that Linux used before. */
export const VXLAN_PORT = 4789;
export const VXLAN_PORT_LINUX = 8472;

/** Whether `type` is the EtherType of a VLAN tag. */
export function isVlanType(type: number): boolean {
  return type === ETH_P_8021Q || type === ETH_P_8021AD || type === ETH_P_QINQ1;
}
