/**
 * Recipes of single frames for {@link variedFrames}: each is a protocol stack with random fields. Addresses, ports
 * and protocol numbers come mostly from small sets, so that programs under test hit their tables as well as miss.
 */
import { packet } from "../packet/builder.js";
import type { PacketBuilder } from "../packet/builder.js";
import { fragmentIpv4, fragmentIpv6 } from "../packet/fragment.js";
import { ETH_P_8021AD, ETH_P_8021Q, ETH_P_QINQ1 } from "../packet/numbers.js";
import { randomMac } from "./noise.js";
import { u16 } from "./payload.js";
import type { Random } from "./random.js";

/** Gives one frame. */
export type Recipe = (random: Random) => Uint8Array;

const PORTS = [7, 9, 22, 53, 80, 123, 389, 443, 1900, 4242, 8080, 11_211];

/** Half of the time a port that programs know, otherwise any. */
export function port(random: Random): number {
  return random.oneIn(2) ? random.pick(PORTS) : random.below(0x10000);
}

/** An IPv4 address: of a few hosts, of documentation networks, special, or any. */
export function address4(random: Random): Uint8Array {
  const kind = random.below(8);
  if (kind < 3) return Uint8Array.of(10, 0, 0, random.below(8));
  if (kind < 5) return Uint8Array.of(192, 0, 2, random.below(16));
  if (kind === 5) return Uint8Array.of(198, 51, 100, random.below(256));
  if (kind === 6) return Uint8Array.from(random.pick([[127, 0, 0, 1], [255, 255, 255, 255], [224, 0, 0, 1], [0, 0, 0, 0]]));
  return random.bytes(4);
}

/** An IPv6 address, in the manner of {@link address4}. */
export function address6(random: Random): Uint8Array {
  const address = new Uint8Array(16);
  const kind = random.below(8);
  if (kind === 7) return random.bytes(16);
  if (kind === 6) address.set(random.pick([[0xff, 2], [0xfe, 0x80], [0, 0], [0, 0x64, 0xff, 0x9b]]));
  else address.set([0x20, 1, 0x0d, 0xb8, 0, random.below(3)]);
  address[15] = random.below(16);
  return address;
}

function ip4(random: Random): { src: Uint8Array; dst: Uint8Array; ttl: number; id: number; tos: number; dontFragment: boolean } {
  const ttl = random.pick([0, 1, 2, 64, 255]);
  return { src: address4(random), dst: address4(random), ttl, id: random.below(0x10000), tos: random.below(256), dontFragment: random.oneIn(2) };
}

function ip6(random: Random): { src: Uint8Array; dst: Uint8Array; hopLimit: number; trafficClass: number; flowLabel: number } {
  const hopLimit = random.pick([0, 1, 2, 64, 255]);
  return { src: address6(random), dst: address6(random), hopLimit, trafficClass: random.below(256), flowLabel: random.below(0x100000) };
}

function eth(random: Random): PacketBuilder {
  const dst = random.oneIn(8) ? "ff:ff:ff:ff:ff:ff" : random.oneIn(8) ? "01:00:5e:00:00:01" : randomMac(random);
  return packet().eth({ src: randomMac(random), dst });
}

/** Ethernet with up to `most` VLAN tags. */
function tagged(random: Random, most: number): PacketBuilder {
  let builder = eth(random);
  for (let left = random.between(1, most); left > 0; left--) {
    const tpid = random.pick([ETH_P_8021Q, ETH_P_8021AD, ETH_P_QINQ1]);
    builder = builder.vlan({ tpid, id: random.pick([0, 1, 5, 100, 4095, random.below(4096)]), priority: random.below(8), dropEligible: random.oneIn(4) });
  }
  return builder;
}

function ip(random: Random, start: PacketBuilder): PacketBuilder {
  return random.oneIn(2) ? start.ipv4(ip4(random)) : start.ipv6(ip6(random));
}

function payload(random: Random): Uint8Array {
  return random.bytes(random.oneIn(4) ? random.below(1400) : random.below(40));
}

function udp(random: Random, start: PacketBuilder): PacketBuilder {
  return start.udp({ srcPort: port(random), dstPort: port(random), checksum: random.oneIn(8) ? 0 : undefined }).payload(payload(random));
}

function tcp(random: Random, start: PacketBuilder): PacketBuilder {
  const options = random.oneIn(2)
    ? undefined
    : { mss: random.pick([536, 1440, 1460, 8960]), sackPermitted: random.oneIn(2), windowScale: random.below(15), timestamps: random.oneIn(2) ? { value: random.u32(), echo: random.u32() } : undefined };
  const flags = random.pick([2, 18, 16, 24, 17, 4, 0, 255, 1, 41]);
  const fields = { srcPort: port(random), dstPort: port(random), sequence: random.u32(), acknowledgement: random.u32(), window: random.below(0x10000) };
  return start.tcp({ ...fields, flags, options }).payload(payload(random));
}

function transport(random: Random, start: PacketBuilder): PacketBuilder {
  return random.oneIn(2) ? udp(random, start) : tcp(random, start);
}

/** A tunnelled packet: what GRE, VXLAN or IP in IP carries, tunnels within tunnels included. */
function tunnelled(random: Random, depth: number): PacketBuilder {
  let builder = ip(random, eth(random));
  for (let left = depth; left > 0; left--) {
    const kind = random.below(4);
    if (kind === 0) builder = ip(random, builder);
    else if (kind === 1) builder = ip(random, builder.gre(greFields(random)));
    else if (kind === 2) builder = ip(random, builder.gre(greFields(random)).eth());
    else builder = ip(random, builder.udp({ srcPort: port(random) }).vxlan({ vni: random.below(0x1000000) }).eth());
  }
  return transport(random, builder);
}

function greFields(random: Random): { key?: number; sequence?: number; checksum?: true } {
  return {
    key: random.oneIn(2) ? random.u32() : undefined,
    sequence: random.oneIn(2) ? random.u32() : undefined,
    checksum: random.oneIn(2) ? true : undefined,
  };
}

/** IPv6 with up to `most` extension headers in any order, as only a forger writes them. */
function extended(random: Random, most: number): PacketBuilder {
  let builder = eth(random).ipv6(ip6(random));
  for (let left = random.between(1, most); left > 0; left--) {
    const kind = random.below(5);
    if (kind === 0) builder = builder.hopByHop({ options: random.oneIn(2) ? Uint8Array.of(5, 2, 0, 0) : undefined });
    else if (kind === 1) builder = builder.destination({ options: random.bytes(random.below(20)) });
    else if (kind === 2) builder = builder.routing({ type: random.pick([0, 2, 4]), addresses: [address6(random)], segmentsLeft: random.below(2) });
    else if (kind === 3) builder = builder.fragment({ id: random.u32() });
    else builder = builder.ah({ spi: random.u32(), icv: new Uint8Array(4 * random.between(1, 8)) });
  }
  return random.oneIn(4) ? builder : transport(random, builder);
}

function ipv4Fragment(random: Random): Uint8Array {
  const whole = transport(random, eth(random).ipv4({ ...ip4(random), options: random.bytes(4 * random.below(3)) })).payload(600);
  return random.pick(fragmentIpv4(whole.build(), random.pick([128, 300, 576])));
}

function ipv6Fragment(random: Random): Uint8Array {
  const whole = transport(random, eth(random).ipv6(ip6(random))).payload(700);
  return random.pick(fragmentIpv6(whole.build(), random.pick([128, 300, 576]), random.u32()));
}

function arp(random: Random): Uint8Array {
  const fields = { operation: random.pick([1, 2, 8]), senderIp: address4(random), targetIp: address4(random), senderMac: randomMac(random) };
  const start = random.oneIn(3) ? tagged(random, 2) : eth(random);
  return start.arp(fields).build({ minLength: random.pick([0, 60]) });
}

function icmp6(random: Random): PacketBuilder {
  const type = random.pick([1, 2, 3, 128, 129, 133, 135, 136]);
  return eth(random).ipv6(ip6(random)).icmpv6({ type, id: random.below(0x10000), sequence: random.below(100), target: address6(random) }).payload(payload(random));
}

/** IEEE 802.3 with LLC, as spanning tree and others use it. */
function llc(random: Random): Uint8Array {
  const body = random.bytes(random.between(3, 50));
  return packet().eth({ dst: "01:80:c2:00:00:00", type: body.length }).payload(body).build({ minLength: 60 });
}

/** Every protocol of this room, well formed. */
export const RECIPES: readonly Recipe[] = [
  (random) => udp(random, eth(random).ipv4(ip4(random))).build(),
  (random) => tcp(random, eth(random).ipv4(ip4(random))).build(),
  (random) => udp(random, eth(random).ipv6(ip6(random))).build(),
  (random) => tcp(random, eth(random).ipv6(ip6(random))).build(),
  (random) => eth(random).ipv4(ip4(random)).icmp({ type: random.pick([0, 3, 5, 8, 11]), code: random.below(4) }).payload(payload(random)).build(),
  (random) => icmp6(random).build(),
  arp,
  (random) => transport(random, ip(random, tagged(random, 1))).build(),
  (random) => transport(random, ip(random, tagged(random, 2))).build(),
  (random) => transport(random, ip(random, tagged(random, 5))).build(),
  (random) => transport(random, eth(random).ipv4({ ...ip4(random), options: random.bytes(random.between(1, 40)) })).build(),
  ipv4Fragment,
  ipv6Fragment,
  (random) => extended(random, 1).build(),
  (random) => extended(random, 6).build(),
  (random) => transport(random, eth(random).ipv4(ip4(random)).ah({ spi: random.u32() })).build(),
  (random) => tunnelled(random, 1).build(),
  (random) => tunnelled(random, 3).build(),
  (random) => transport(random, eth(random).ipv4(ip4(random))).build({ minLength: 60 + random.below(60) }),
  (random) => ip(random, eth(random)).payload(payload(random)).build(),
  llc,
];

/** Stacks with one field that lies: lengths, versions, checksums, protocol numbers. */
export const FORGERIES: readonly Recipe[] = [
  (random) => udp(random, eth(random).ipv4({ ...ip4(random), ihl: random.below(16) })).build(),
  (random) => tcp(random, eth(random).ipv4({ ...ip4(random), totalLength: random.pick([0, 1, 19, 20, 21, 27, 28, 39, 65_535]) })).build(),
  (random) => udp(random, eth(random).ipv4({ ...ip4(random), version: random.pick([0, 5, 6, 15]) })).build(),
  (random) => udp(random, eth(random).ipv6({ ...ip6(random), version: random.pick([0, 4, 15]) })).build(),
  (random) => transport(random, eth(random).ipv6({ ...ip6(random), payloadLength: random.pick([0, 1, 7, 8, 19, 65_535]) })).build(),
  (random) => eth(random).ipv4(ip4(random)).udp({ srcPort: port(random), dstPort: port(random), length: random.pick([0, 1, 7, 8, 9, 65_535]) }).payload(payload(random)).build(),
  (random) => eth(random).ipv4(ip4(random)).tcp({ srcPort: port(random), dstPort: port(random), dataOffset: random.below(16) }).payload(payload(random)).build(),
  (random) => eth(random).ipv4({ ...ip4(random), checksum: "wrong" }).tcp({ dstPort: port(random), checksum: "wrong" }).payload(payload(random)).build(),
  (random) => eth(random).ipv6(ip6(random)).udp({ dstPort: port(random), checksum: random.pick(["wrong", 0]) }).payload(payload(random)).build(),
  (random) => eth(random).ipv6(ip6(random)).hopByHop({ lengthUnits: random.pick([1, 5, 255]) }).udp({ dstPort: port(random) }).payload(payload(random)).build(),
  (random) => eth(random).ipv6(ip6(random)).routing({ lengthUnits: random.below(256), addresses: [address6(random)], segmentsLeft: random.below(256) }).tcp().build(),
  (random) => eth(random).ipv6(ip6(random)).ah({ lengthUnits: random.pick([0, 1, 255]) }).tcp().build(),
  (random) => eth(random).ipv4({ ...ip4(random), protocol: random.below(256) }).payload(payload(random)).build(),
  (random) => eth(random).ipv6({ ...ip6(random), nextHeader: random.below(256) }).payload(payload(random)).build(),
  (random) => eth(random).ipv4({ ...ip4(random), fragmentOffset: 65_528, moreFragments: true }).udp({ dstPort: port(random) }).payload(payload(random)).build(),
  (random) => eth(random).ipv4(ip4(random)).gre({ version: random.below(8), key: 1 }).ipv4(ip4(random)).udp().build(),
  (random) => eth(random).vlan({ type: random.pick([0x0800, 0x86dd, 0x8100]) }).payload(payload(random)).build(),
  (random) => packet().eth({ type: random.pick([0x86dd, 0x0806, 0x88a8]) }).with(packet().ipv4(ip4(random)).layers[0]).payload(payload(random)).build(),
];

/** A frame of 14 bytes: an Ethernet header that promises `type`. */
export function bareHeader(random: Random, type: number): Uint8Array {
  const frame = random.bytes(14);
  frame.set(u16(type), 12);
  return frame;
}

/** UDP or TCP of 1,515 to `most` bytes, as jumbo frames have. */
export function jumbo(random: Random, most: number): Uint8Array {
  const start = random.oneIn(3) ? tagged(random, 2) : eth(random);
  const inner = random.oneIn(2) ? ip(random, start).udp({ srcPort: port(random), dstPort: port(random) }) : ip(random, start).tcp({ dstPort: port(random) });
  return inner.payload(random.bytes(random.between(1515, most) - inner.length)).build();
}
