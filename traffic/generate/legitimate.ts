/** What users and servers send to each other: DNS, HTTP, HTTPS and QUIC, in one direction, as one port of a card sees it. */
import { packet } from "../packet/builder.js";
import type { PacketBuilder } from "../packet/builder.js";
import { TCP_ACK, TCP_FIN, TCP_PSH, TCP_SYN } from "../packet/tcp.js";
import { DNS_A, DNS_AAAA, dnsAnswer, dnsQuery } from "./dns.js";
import { drawPort } from "./flood.js";
import type { Ports } from "./flood.js";
import { join, randomText, u16 } from "./payload.js";
import { Endpoints } from "./pool.js";
import type { Addresses } from "./pool.js";
import type { Random } from "./random.js";
import type { Traffic } from "./source.js";
import type { LinkAddresses } from "./template.js";

/** Between whom legitimate traffic flows. */
export interface LegitimateOptions extends LinkAddresses {
  readonly from: Addresses;
  readonly to: Addresses;
}

/** What {@link httpsClients}, {@link httpClients} and {@link quicClients} take. */
export interface ConnectionOptions extends LegitimateOptions {
  /** Connections that are open at a time, whose packets interleave; default 32. */
  readonly concurrent?: number;
  /** Default 443 (80 for HTTP). */
  readonly port?: number;
}

const CLIENT_PORTS: Ports = { min: 32_768, max: 60_999 };
const MTU_PAYLOAD = 1440;

function start(options: LegitimateOptions, src: Uint8Array, dst: Uint8Array): PacketBuilder {
  return packet().eth({ src: options.srcMac, dst: options.dstMac }).ip({ src, dst });
}

/** Answers of name servers (`from`, port 53) to a resolver (`to`). */
export function dnsAnswers(options: LegitimateOptions): Traffic {
  const endpoints = new Endpoints(options.from, options.to);
  return (random) => () => {
    const { src, dst } = endpoints.draw(random);
    const answer = dnsAnswer(random, hostName(random), random.oneIn(3) ? DNS_AAAA : DNS_A, random.between(1, 6));
    return start(options, src, dst).udp({ srcPort: 53, dstPort: drawPort(CLIENT_PORTS, random) }).payload(answer).build({ minLength: 60 });
  };
}

/** Queries of clients to name servers. */
export function dnsQueries(options: LegitimateOptions): Traffic {
  const endpoints = new Endpoints(options.from, options.to);
  return (random) => () => {
    const { src, dst } = endpoints.draw(random);
    const query = dnsQuery(random, hostName(random), random.oneIn(3) ? DNS_AAAA : DNS_A);
    return start(options, src, dst).udp({ srcPort: drawPort(CLIENT_PORTS, random), dstPort: 53 }).payload(query).build({ minLength: 60 });
  };
}

function hostName(random: Random): string {
  return `${random.pick(["www", "api", "cdn", "mail", "img"])}.${randomText(random, random.between(4, 12))}.example`;
}

/** Clients of a TLS server: handshakes, a few requests, acknowledgements of what they download, a close. */
export function httpsClients(options: ConnectionOptions): Traffic {
  return connections(options, (random, flow) => tcpConnection(flow, random, options.port ?? 443, tlsMessages(random)));
}

/** Clients of an HTTP/1.1 server. */
export function httpClients(options: ConnectionOptions): Traffic {
  return connections(options, (random, flow) => {
    const requests = Array.from({ length: random.between(1, 4) }, () =>
      join(`GET /${randomText(random, random.between(1, 40))} HTTP/1.1\r\nHost: ${hostName(random)}\r\nUser-Agent: Mozilla/5.0\r\nAccept: */*\r\n\r\n`),
    );
    return tcpConnection(flow, random, options.port ?? 80, requests);
  });
}

/** Clients of an HTTP/3 server: a padded Initial packet, then short ones (RFC 9000 sections 14.1, 17). */
export function quicClients(options: ConnectionOptions): Traffic {
  return connections(options, (random, flow) => quicConnection(flow, random, options.port ?? 443));
}

/** The frames of one connection, lazily. */
type Connection = Iterator<Uint8Array>;

/** What the frames of a connection have in common. */
interface FlowStart {
  readonly start: PacketBuilder;
  readonly srcPort: number;
}

/** Interleaves a number of connections; one that ends makes room for a new one. */
function connections(options: ConnectionOptions, open: (random: Random, flow: FlowStart) => Connection): Traffic {
  const endpoints = new Endpoints(options.from, options.to);
  const concurrent = options.concurrent ?? 32;
  if (!Number.isInteger(concurrent) || concurrent < 1) throw new RangeError(`${concurrent} concurrent connections; give at least 1`);
  return (random) => {
    const active: Connection[] = [];
    return () => {
      const slot = random.below(concurrent);
      let frame = active[slot]?.next();
      if (frame === undefined || frame.done === true) {
        const { src, dst } = endpoints.draw(random);
        active[slot] = open(random, { start: start(options, src, dst), srcPort: drawPort(CLIENT_PORTS, random) });
        frame = active[slot].next();
      }
      return frame.value as Uint8Array;
    };
  };
}

/** A ClientHello's record, the end of the handshake, then application data. */
function tlsMessages(random: Random): Uint8Array[] {
  const requests = Array.from({ length: random.between(1, 6) }, () => tlsRecord(23, random.bytes(random.between(60, 1200))));
  return [tlsRecord(22, clientHello(random)), join(tlsRecord(20, Uint8Array.of(1)), tlsRecord(23, random.bytes(53))), ...requests];
}

function tlsRecord(type: number, body: Uint8Array): Uint8Array {
  return join(type, u16(0x0303), u16(body.length), body);
}

function tlsExtension(type: number, body: Uint8Array): Uint8Array {
  return join(u16(type), u16(body.length), body);
}

/** RFC 8446 section 4.1.2: version, random, session, three cipher suites, a server name and the versions. */
function clientHello(random: Random): Uint8Array {
  const host = hostName(random);
  const extensions = join(
    tlsExtension(0, join(u16(host.length + 3), 0, u16(host.length), host)),
    tlsExtension(43, join(2, u16(0x0304))),
    tlsExtension(10, join(u16(2), u16(29))),
    tlsExtension(13, join(u16(2), u16(0x0403))),
    tlsExtension(51, join(u16(36), u16(29), u16(32), random.bytes(32))),
  );
  const body = join(u16(0x0303), random.bytes(32), 32, random.bytes(32), u16(6), u16(0x1301), u16(0x1302), u16(0x1303), 1, 0, u16(extensions.length), extensions);
  return join(1, 0, u16(body.length), body);
}

function* tcpConnection({ start, srcPort }: FlowStart, random: Random, dstPort: number, messages: readonly Uint8Array[]): Generator<Uint8Array> {
  let sequence = random.u32();
  let acknowledgement = 0;
  const segment = (flags: number, data: Uint8Array = new Uint8Array(0)): Uint8Array => {
    const options = flags === TCP_SYN ? { mss: 1460, sackPermitted: true, windowScale: 7 } : undefined;
    const tcp = { srcPort, dstPort, sequence, acknowledgement, flags, window: flags === TCP_SYN ? 64_240 : 502, options };
    sequence = (sequence + data.length + (flags & (TCP_SYN | TCP_FIN) ? 1 : 0)) >>> 0;
    return start.tcp(tcp).payload(data).build({ minLength: 60 });
  };
  yield segment(TCP_SYN);
  acknowledgement = random.u32();
  yield segment(TCP_ACK);
  for (const message of messages) {
    for (let at = 0; at < message.length; at += MTU_PAYLOAD) yield segment(TCP_PSH | TCP_ACK, message.subarray(at, at + MTU_PAYLOAD));
    for (let downloads = random.below(6); downloads > 0; downloads--) {
      acknowledgement = (acknowledgement + random.between(1, 2 * MTU_PAYLOAD)) >>> 0;
      yield segment(TCP_ACK);
    }
  }
  yield segment(TCP_FIN | TCP_ACK);
  acknowledgement = (acknowledgement + 1) >>> 0;
  yield segment(TCP_ACK);
}

function* quicConnection({ start, srcPort }: FlowStart, random: Random, dstPort: number): Generator<Uint8Array> {
  const datagram = (data: Uint8Array): Uint8Array => start.udp({ srcPort, dstPort }).payload(data).build({ minLength: 60 });
  const id = random.bytes(8);
  // Long header: Initial, version 1, connection identifiers, no token, the length of the rest as a two-byte
  // variable integer; 1200 bytes in all.
  const initial = join(0xc0 | random.below(4), 0, 0, 0, 1, 8, id, 0, 0, u16(0x4000 | 1182));
  yield datagram(join(initial, random.bytes(1200 - initial.length)));
  for (let left = random.between(4, 30); left > 0; left--) {
    yield datagram(join(0x40 | random.below(64), id, random.bytes(random.oneIn(4) ? random.between(200, 1180) : random.between(20, 60))));
  }
}
