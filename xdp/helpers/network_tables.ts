/** A NetworkSpec as the tables that the runtime's bpf_fib_lookup reads. */
import { MACHINE, MACHINE_NETWORK } from "../abi.js";
import { parseIp, parseMac, parsePrefix } from "./address.js";
import type { ConnectionSpec, InterfaceSpec, NetworkSpec, RouteSpec, SocketSpec } from "./network.js";
import * as L from "./network_layout.js";

/** IPv6 routes that give no metric have this one (IP6_RT_PRIO_USER). */
const IPV6_METRIC = 1024;

const TYPES = { unicast: L.RTN_UNICAST, local: L.RTN_LOCAL, blackhole: L.RTN_BLACKHOLE, unreachable: L.RTN_UNREACHABLE, prohibit: L.RTN_PROHIBIT } as const;

/** Where the tables go: a machine's layout. */
export interface NetworkMemory {
  readonly buffer: SharedArrayBuffer;
  allocate(bytes: number, align: number, what: string): number;
}

interface ParsedRoute {
  readonly spec: RouteSpec;
  readonly family: number;
  readonly address: Uint8Array;
  readonly length: number;
  readonly table: number;
  readonly metric: number;
}

/**
 * Writes the tables into memory and their address into the machine's header.
 * @throws AddressError for an address that is none; NetworkError where a route or neighbour names an interface that is not there.
 */
export function placeNetwork(memory: NetworkMemory, network: NetworkSpec): void {
  checkInterfaces(network);
  const routes = network.routes.map(parseRoute).toSorted(byPreference);
  const header = memory.allocate(L.NETWORK_BYTES, 8, "the network");
  const interfaces = memory.allocate(network.interfaces.length * L.INTERFACE_BYTES, 8, "the interfaces");
  const routeTable = memory.allocate(routes.length * L.ROUTE_BYTES, 8, "the routes");
  const neighbours = memory.allocate(network.neighbours.length * L.NEIGHBOUR_BYTES, 8, "the neighbours");
  const sockets = memory.allocate((network.sockets?.length ?? 0) * L.SOCKET_BYTES, 16, "the sockets");
  const connections = memory.allocate((network.conntrack?.length ?? 0) * L.CONNECTION_BYTES, 16, "the connections");
  const view = new DataView(memory.buffer);
  const bytes = new Uint8Array(memory.buffer);
  const u32 = (at: number, value: number): void => view.setUint32(at, value, true);

  const tables = [
    [L.NETWORK_INTERFACES, network.interfaces.length, interfaces],
    [L.NETWORK_ROUTES, routes.length, routeTable],
    [L.NETWORK_NEIGHBOURS, network.neighbours.length, neighbours],
    [L.NETWORK_CONNECTIONS, network.conntrack?.length ?? 0, connections],
    [L.NETWORK_SOCKETS, network.sockets?.length ?? 0, sockets],
  ] as const;
  for (const [field, count, address] of tables) {
    u32(header + field, count);
    u32(header + field + 4, address);
  }
  network.interfaces.forEach((spec, i) => {
    const at = interfaces + i * L.INTERFACE_BYTES;
    u32(at + L.INTERFACE_IFINDEX, spec.ifindex);
    u32(at + L.INTERFACE_MTU, spec.mtu);
    u32(at + L.INTERFACE_FORWARDING, spec.forwarding ? 1 : 0);
    bytes.set(parseMac(spec.mac), at + L.INTERFACE_MAC);
  });
  routes.forEach((route, i) => {
    const at = routeTable + i * L.ROUTE_BYTES;
    const via = route.spec.via === undefined ? undefined : parseIp(route.spec.via);
    const source = sourceOf(route, routes);
    u32(at + L.ROUTE_FAMILY, route.family);
    u32(at + L.ROUTE_PREFIX_LENGTH, route.length);
    u32(at + L.ROUTE_TABLE, route.table);
    u32(at + L.ROUTE_METRIC, route.metric);
    u32(at + L.ROUTE_TYPE, TYPES[route.spec.type]);
    u32(at + L.ROUTE_IFINDEX, route.spec.ifindex);
    u32(at + L.ROUTE_MTU, route.spec.mtu ?? 0);
    u32(at + L.ROUTE_VIA_FAMILY, via ? familyOf(via) : 0);
    u32(at + L.ROUTE_HAS_SOURCE, source ? 1 : 0);
    bytes.set(route.address, at + L.ROUTE_PREFIX);
    if (via) bytes.set(via, at + L.ROUTE_VIA);
    if (source) bytes.set(source, at + L.ROUTE_SOURCE);
  });
  network.neighbours.forEach((spec, i) => {
    const at = neighbours + i * L.NEIGHBOUR_BYTES;
    const address = parseIp(spec.address);
    u32(at + L.NEIGHBOUR_FAMILY, familyOf(address));
    u32(at + L.NEIGHBOUR_IFINDEX, spec.ifindex);
    bytes.set(address, at + L.NEIGHBOUR_ADDRESS);
    bytes.set(parseMac(spec.mac), at + L.NEIGHBOUR_MAC);
  });
  network.conntrack?.forEach((spec, i) => placeConnection(spec, connections + i * L.CONNECTION_BYTES, view, bytes));
  network.sockets?.forEach((spec, i) => placeSocket(spec, sockets + i * L.SOCKET_BYTES, view, bytes));
  u32(MACHINE + MACHINE_NETWORK, header);
}

/** Assured, confirmed, replied to, source and destination NAT done. */
const SETTLED = 0x18e;

function placeConnection(spec: ConnectionSpec, at: number, view: DataView, bytes: Uint8Array): void {
  const source = parseIp(spec.source.address);
  const destination = parseIp(spec.destination.address);
  if (source.length !== destination.length) throw new NetworkError(`the connection from ${spec.source.address} goes to ${spec.destination.address}, which is of another family`);
  view.setUint32(at + L.CONNECTION_STATUS, spec.status ?? SETTLED, true);
  view.setUint32(at + L.CONNECTION_MARK, spec.mark ?? 0, true);
  const ends = [
    [L.CONNECTION_ORIGINAL, source, spec.source.port, destination, spec.destination.port],
    [L.CONNECTION_REPLY, destination, spec.destination.port, source, spec.source.port],
  ] as const;
  ends.forEach(([tuple, from, fromPort, to, toPort], direction) => {
    bytes.set(from, at + tuple + L.TUPLE_SOURCE);
    view.setUint16(at + tuple + L.TUPLE_SOURCE_PORT, fromPort);
    view.setUint16(at + tuple + L.TUPLE_FAMILY, familyOf(source), true);
    bytes.set(to, at + tuple + L.TUPLE_DESTINATION);
    view.setUint16(at + tuple + L.TUPLE_DESTINATION_PORT, toPort);
    bytes[at + tuple + L.TUPLE_PROTOCOL] = spec.protocol === "tcp" ? L.IPPROTO_TCP : L.IPPROTO_UDP;
    bytes[at + tuple + L.TUPLE_DIRECTION] = direction;
  });
}

function placeSocket(spec: SocketSpec, at: number, view: DataView, bytes: Uint8Array): void {
  const u32 = (field: number, value: number): void => view.setUint32(at + field, value, true);
  const local = parseIp(spec.address);
  const peer = spec.peer && parseIp(spec.peer.address);
  if (peer && peer.length !== local.length) throw new NetworkError(`the socket at ${spec.address} is connected to ${spec.peer?.address}, which is of another family`);
  for (const port of [spec.port, spec.peer?.port ?? 0]) if (!Number.isInteger(port) || port < 0 || port > 0xffff) throw new NetworkError(`the socket at ${spec.address} has port ${port}: ports are 0 to 65535`);
  const six = local.length === 16;
  const tcp = spec.protocol === "tcp";
  u32(L.SOCKET_FAMILY, six ? L.AF_INET6 : L.AF_INET);
  u32(L.SOCKET_TYPE, tcp ? L.SOCK_STREAM : L.SOCK_DGRAM);
  u32(L.SOCKET_PROTOCOL, tcp ? L.IPPROTO_TCP : L.IPPROTO_UDP);
  u32(L.SOCKET_MARK, spec.mark ?? 0);
  u32(L.SOCKET_PRIORITY, spec.priority ?? 0);
  bytes.set(local, at + (six ? L.SOCKET_SRC_IP6 : L.SOCKET_SRC_IP4));
  if (peer) bytes.set(peer, at + (six ? L.SOCKET_DST_IP6 : L.SOCKET_DST_IP4));
  u32(L.SOCKET_SRC_PORT, spec.port);
  view.setUint16(at + L.SOCKET_DST_PORT, spec.peer?.port ?? 0);
  u32(L.SOCKET_STATE, peer ? L.TCP_ESTABLISHED : tcp ? L.TCP_LISTEN : L.TCP_CLOSE);
  // No queue is known: the kernel says -1.
  u32(L.SOCKET_RX_QUEUE, 0xffff_ffff);
  u32(L.SOCKET_V6ONLY, spec.v6only ? 1 : 0);
  u32(L.SOCKET_SYNCOOKIES, spec.syncookies ?? 1);
}

/** A route or neighbour that does not fit the interfaces. */
export class NetworkError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "NetworkError";
  }
}

function checkInterfaces(network: NetworkSpec): void {
  const known = new Map<number, InterfaceSpec>();
  for (const spec of network.interfaces) {
    if (known.has(spec.ifindex)) throw new NetworkError(`interfaces ${known.get(spec.ifindex)?.name} and ${spec.name} have the same ifindex ${spec.ifindex}`);
    known.set(spec.ifindex, spec);
  }
  const indices = [...known.keys()].join(", ") || "none";
  for (const { prefix, type, ifindex } of network.routes) {
    if (type === "unicast" && !known.has(ifindex)) throw new NetworkError(`route ${prefix} leaves by ifindex ${ifindex}, and the network's interfaces are ${indices}`);
  }
  for (const { address, ifindex } of network.neighbours) {
    if (!known.has(ifindex)) throw new NetworkError(`neighbour ${address} is at ifindex ${ifindex}, and the network's interfaces are ${indices}`);
  }
}

function parseRoute(spec: RouteSpec): ParsedRoute {
  const { address, length } = parsePrefix(spec.prefix);
  const family = familyOf(address);
  if (spec.via !== undefined && family === L.AF_INET6 && familyOf(parseIp(spec.via)) === L.AF_INET) {
    throw new NetworkError(`route ${spec.prefix} is of IPv6 and goes via ${spec.via}, which is not`);
  }
  const metric = spec.metric || (family === L.AF_INET6 ? IPV6_METRIC : 0);
  return { spec, family, address, length, table: spec.table ?? L.RT_TABLE_MAIN, metric };
}

function familyOf(address: Uint8Array): number {
  return address.length === 4 ? L.AF_INET : L.AF_INET6;
}

/** Longest prefix first; local routes before others, as the kernel's merged table has them; then lowest metric, then as given. */
function byPreference(a: ParsedRoute, b: ParsedRoute): number {
  return b.length - a.length || b.table - a.table || a.metric - b.metric;
}

/** The source address that the kernel would take: the route's own, else an address of the interface, which is a local route here. */
function sourceOf(route: ParsedRoute, routes: readonly ParsedRoute[]): Uint8Array | undefined {
  if (route.spec.src !== undefined) return parseIp(route.spec.src);
  const full = route.address.length * 8;
  return routes.find((r) => r.spec.type === "local" && r.family === route.family && r.length === full && r.spec.ifindex === route.spec.ifindex)?.address;
}
