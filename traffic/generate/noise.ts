/** What else is on a wire: ARP, pings and errors, neighbour discovery, link-layer chatter, garbage. */
import { packet } from "../packet/builder.js";
import { ICMP_DEST_UNREACH, ICMP_ECHO, ICMP_TIME_EXCEEDED } from "../packet/icmp.js";
import { ICMPV6_ECHO_REQUEST, ICMPV6_NEIGHBOUR_SOLICITATION, ICMPV6_PKT_TOOBIG } from "../packet/icmpv6.js";
import * as numbers from "../packet/numbers.js";
import { join, u16 } from "./payload.js";
import { AddressPool, Endpoints } from "./pool.js";
import type { Addresses } from "./pool.js";
import type { Random } from "./random.js";
import { drawSizes } from "./sizes.js";
import type { Sizes } from "./sizes.js";
import type { Traffic } from "./source.js";
import { WeightedChoice } from "./weighted.js";

/** Broadcast ARP requests between addresses of an IPv4 network. */
export function arpRequests(network: Addresses): Traffic {
  const pool = new AddressPool(network);
  if (!pool.has(4)) throw new RangeError("arpRequests needs IPv4 addresses; IPv6 has neighbour discovery (icmpNoise)");
  return (random) => () => {
    const senderIp = pool.draw(random, 4);
    // One host, one hardware address: otherwise every second request looks like an address conflict.
    const senderMac = join(2, 0, senderIp);
    const arp = { senderMac, senderIp, targetIp: pool.draw(random, 4) };
    return packet().eth({ src: senderMac, dst: "ff:ff:ff:ff:ff:ff" }).arp(arp).build({ minLength: 60 });
  };
}

/** Pings, unreachables and expired packets; for IPv6 also neighbour solicitations. */
export function icmpNoise(options: { readonly from: Addresses; readonly to: Addresses }): Traffic {
  const endpoints = new Endpoints(options.from, options.to);
  return (random) => () => {
    const { src, dst } = endpoints.draw(random);
    const echo = { id: random.below(0x10000), sequence: random.below(0x10000) };
    // An error quotes the head of the packet that caused it, which came from the error's destination.
    const quoted = packet().ip({ src: dst, dst: src }).udp({ srcPort: random.between(1024, 65_535), dstPort: 33_434 }).payload(8).build();
    const kind = random.below(4);
    const start = packet().eth();
    if (src.length === 4) {
      const ip = start.ipv4({ src, dst, id: random.below(0x10000) });
      if (kind < 2) return ip.icmp({ type: ICMP_ECHO, ...echo }).payload(56).build({ minLength: 60 });
      return ip.icmp(kind === 2 ? { type: ICMP_DEST_UNREACH, code: 3 } : { type: ICMP_TIME_EXCEEDED }).payload(quoted).build({ minLength: 60 });
    }
    if (kind < 2) return start.ipv6({ src, dst }).icmpv6({ type: ICMPV6_ECHO_REQUEST, ...echo }).payload(56).build();
    if (kind === 2) return start.ipv6({ src, dst }).icmpv6({ type: ICMPV6_PKT_TOOBIG, body: 1280 }).payload(quoted).build();
    return start.ipv6({ src, dst, hopLimit: 255 }).icmpv6({ type: ICMPV6_NEIGHBOUR_SOLICITATION, target: dst }).payload(join(1, 1, randomMac(random))).build();
  };
}

/** EtherTypes that a parser may meet, known to this room or not (MPLS, PPPoE, LLDP, 802.1X, PTP, loopback). */
export const PLAUSIBLE_ETHERTYPES: readonly number[] = [
  numbers.ETH_P_IP,
  numbers.ETH_P_IPV6,
  numbers.ETH_P_ARP,
  numbers.ETH_P_8021Q,
  numbers.ETH_P_8021AD,
  numbers.ETH_P_QINQ1,
  numbers.ETH_P_TEB,
  0x8847,
  0x8848,
  0x8863,
  0x8864,
  0x88cc,
  0x888e,
  0x88f7,
  0x9000,
  0x0026,
  0xffff,
];

/** Random bytes behind an Ethernet header with a plausible type; what parsers must survive. Default sizes 14 to 300. */
export function garbage(options: { readonly size?: Sizes } = {}): Traffic {
  const sizes = drawSizes(options.size ?? { min: 14, max: 300 });
  return (random) => () => {
    const frame = random.bytes(sizes(random));
    frame.set(u16(random.pick(PLAUSIBLE_ETHERTYPES)), 12);
    return frame;
  };
}

/** Traffic of several kinds, each as often as its weight says. */
export function mixTraffic(...parts: readonly (readonly [weight: number, traffic: Traffic])[]): Traffic {
  const choice = new WeightedChoice(parts.map(([weight]) => weight));
  return (random) => {
    const open = parts.map(([, traffic], i) => traffic(random.fork(`part ${i}`)));
    return () => open[choice.draw(random)]();
  };
}

/** A locally administered unicast address. */
export function randomMac(random: Random): Uint8Array {
  const mac = random.bytes(6);
  mac[0] = (mac[0] & 0xfc) | 2;
  return mac;
}
