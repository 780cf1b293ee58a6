/**
 * Amplification attacks as the victim sees them: answers that it never asked for, from reflectors, with the
 * service's port as source. Payloads are plausible messages of each service.
 */
import { packet } from "../packet/builder.js";
import { fragmentIpv4, fragmentIpv6 } from "../packet/fragment.js";
import { dnsBigAnswer } from "./dns.js";
import { drawPort } from "./flood.js";
import type { Ports } from "./flood.js";
import { ber, join, randomText, u16 } from "./payload.js";
import { Endpoints } from "./pool.js";
import type { Addresses } from "./pool.js";
import type { Random } from "./random.js";
import { ETH_ZLEN } from "./sizes.js";
import type { Traffic } from "./source.js";
import type { LinkAddresses } from "./template.js";

/** An abused service: its port and what its answers look like. */
interface Service {
  readonly port: number;
  answer(random: Random): Uint8Array;
}

/** The services whose answers {@link amplification} sends. */
export type AmplifierName = "dns" | "ntp" | "memcached" | "ssdp" | "cldap";

/** Ports of the abused services (CISA alert TA14-017A). */
const SERVICES: Readonly<Record<AmplifierName, Service>> = {
  dns: { port: 53, answer: (random) => dnsBigAnswer(random, `${randomText(random, 8)}.example`, random.between(1000, 4000)) },
  ntp: { port: 123, answer: ntpMonlist },
  memcached: { port: 11_211, answer: memcachedValue },
  ssdp: { port: 1900, answer: ssdpResponse },
  cldap: { port: 389, answer: cldapEntry },
};

/** What {@link amplification} takes. */
export interface AmplificationOptions extends LinkAddresses {
  readonly service: AmplifierName;
  /** Reflectors. */
  readonly from: Addresses;
  readonly to: Addresses;
  /** Default 1024 to 65535, drawn for each answer. */
  readonly dstPort?: Ports;
  /** Largest IP packet in bytes; larger answers come in fragments. Default 1500. */
  readonly mtu?: number;
}

/** Answers of one service. An answer larger than the MTU is sent as its fragments, one frame after the other. */
export function amplification(options: AmplificationOptions): Traffic {
  const service = SERVICES[options.service];
  const endpoints = new Endpoints(options.from, options.to);
  const mtu = options.mtu ?? 1500;
  return (random) => {
    const waiting: Uint8Array[] = [];
    return () => {
      const next = waiting.shift();
      if (next !== undefined) return next;
      const { src, dst } = endpoints.draw(random);
      const dstPort = drawPort(options.dstPort ?? { min: 1024, max: 65_535 }, random);
      const start = packet().eth({ src: options.srcMac, dst: options.dstMac });
      const id = random.below(0x10000);
      const ip = src.length === 4 ? start.ipv4({ src, dst, id, ttl: random.between(40, 60) }) : start.ipv6({ src, dst });
      const frame = ip.udp({ srcPort: service.port, dstPort }).payload(service.answer(random)).build({ minLength: 60 });
      waiting.push(...(src.length === 4 ? fragmentIpv4(frame, mtu) : fragmentIpv6(frame, mtu, id)).map(padded));
      return waiting.shift() as Uint8Array;
    };
  };
}

/** A last fragment may be smaller than Ethernet sends. */
function padded(frame: Uint8Array): Uint8Array {
  if (frame.length >= ETH_ZLEN) return frame;
  const longer = new Uint8Array(ETH_ZLEN);
  longer.set(frame);
  return longer;
}

/** A full mode 7 answer to MON_GETLIST_1: 6 items of 72 bytes (ntpdc's protocol). */
function ntpMonlist(random: Random): Uint8Array {
  return join(0xd7, random.below(0x80), 3, 42, u16(6), u16(72), random.bytes(6 * 72));
}

/** The first datagram of a large value (memcached protocol.txt: 8 bytes of frame header, then text). */
function memcachedValue(random: Random): Uint8Array {
  // Readers take a first byte of 0x80 for the binary protocol, so the request identifier stays below it.
  const head = join(u16(random.below(0x8000)), u16(0), u16(750), u16(0), `VALUE ${randomText(random, 6)} 0 1048576\r\n`);
  return join(head, randomText(random, 1400 - head.length));
}

/** An answer to M-SEARCH (UPnP Device Architecture 1.1, section 1.3.3). */
function ssdpResponse(random: Random): Uint8Array {
  const host = `192.168.${random.below(256)}.${random.between(1, 254)}`;
  const uuid = `${randomText(random, 8)}-${randomText(random, 4)}-${randomText(random, 4)}-${randomText(random, 4)}-${randomText(random, 12)}`;
  return join(
    [
      "HTTP/1.1 200 OK",
      "CACHE-CONTROL: max-age=1800",
      "EXT:",
      `LOCATION: http://${host}:49152/rootDesc.xml`,
      "SERVER: Linux/3.10 UPnP/1.1 MiniUPnPd/1.9",
      "ST: upnp:rootdevice",
      `USN: uuid:${uuid}::upnp:rootdevice`,
      "",
      "",
    ].join("\r\n"),
  );
}

/** The root entry of a directory server, then the end of the search (RFC 4511 section 4.5). */
function cldapEntry(random: Random): Uint8Array {
  const domain = `DC=${randomText(random, 6)},DC=example`;
  const id = ber(0x02, random.between(1, 0x7f));
  const attributes = [
    attribute("currentTime", "20240101000000.0Z"),
    attribute("namingContexts", domain, `CN=Configuration,${domain}`, `CN=Schema,CN=Configuration,${domain}`, `DC=DomainDnsZones,${domain}`),
    attribute("supportedControl", ...Array.from({ length: random.between(30, 60) }, () => `1.2.840.113556.1.4.${random.between(300, 2400)}`)),
    attribute("supportedLDAPVersion", "3", "2"),
    attribute("dnsHostName", `dc${random.below(10)}.${randomText(random, 6)}.example`),
  ];
  const entry = ber(0x30, id, ber(0x64, ber(0x04, ""), ber(0x30, ...attributes)));
  return join(entry, ber(0x30, id, ber(0x65, ber(0x0a, 0), ber(0x04, ""), ber(0x04, ""))));
}

function attribute(type: string, ...values: readonly string[]): Uint8Array {
  return ber(0x30, ber(0x04, type), ber(0x31, ...values.map((value) => ber(0x04, value))));
}
