/**
 * How a scenario's network lies in memory at MACHINE_NETWORK: what helpers/network_tables.ts writes and the runtime's
 * bpf_fib_lookup reads (AssemblyScript compiles this same file). Constants only; bytes; addresses in network order.
 */

/* ---- header: u32 count and u32 address of each table ---- */
export const NETWORK_BYTES = 40;
export const NETWORK_INTERFACES = 0;
export const NETWORK_ROUTES = 8;
export const NETWORK_NEIGHBOURS = 16;
export const NETWORK_SOCKETS = 24;
export const NETWORK_CONNECTIONS = 32;

/* ---- interface: u32 ifindex, mtu, forwarding (0 or 1), 6 bytes of MAC ---- */
export const INTERFACE_BYTES = 24;
export const INTERFACE_IFINDEX = 0;
export const INTERFACE_MTU = 4;
export const INTERFACE_FORWARDING = 8;
export const INTERFACE_MAC = 12;

/* ---- route; within a family and table longest prefix first, then lowest metric: the first that matches wins ---- */
export const ROUTE_BYTES = 96;
/** u32: AF_INET or AF_INET6. */
export const ROUTE_FAMILY = 0;
export const ROUTE_PREFIX_LENGTH = 4;
export const ROUTE_TABLE = 8;
export const ROUTE_METRIC = 12;
/** u32: RTN_*. */
export const ROUTE_TYPE = 16;
export const ROUTE_IFINDEX = 20;
/** u32: 0 where the interface's counts. */
export const ROUTE_MTU = 24;
/** u32: family of the next hop; 0 where there is none. */
export const ROUTE_VIA_FAMILY = 28;
/** u32: 1 where a source address is known. */
export const ROUTE_HAS_SOURCE = 32;
export const ROUTE_PREFIX = 40;
export const ROUTE_VIA = 56;
export const ROUTE_SOURCE = 72;

/* ---- neighbour: u32 family, ifindex, 16 bytes of address, 6 bytes of MAC ---- */
export const NEIGHBOUR_BYTES = 32;
export const NEIGHBOUR_FAMILY = 0;
export const NEIGHBOUR_IFINDEX = 4;
export const NEIGHBOUR_ADDRESS = 8;
export const NEIGHBOUR_MAC = 24;

/* ---- socket: struct bpf_sock as programs see it, then what only helpers look at ---- */
export const SOCKET_BYTES = 96;
/** u32 each; ports: local in host order, remote (u16) in network order. */
export const SOCKET_BOUND_DEV = 0;
export const SOCKET_FAMILY = 4;
export const SOCKET_TYPE = 8;
export const SOCKET_PROTOCOL = 12;
export const SOCKET_MARK = 16;
export const SOCKET_PRIORITY = 20;
export const SOCKET_SRC_IP4 = 24;
export const SOCKET_SRC_IP6 = 28;
export const SOCKET_SRC_PORT = 44;
export const SOCKET_DST_PORT = 48;
export const SOCKET_DST_IP4 = 52;
export const SOCKET_DST_IP6 = 56;
export const SOCKET_STATE = 72;
export const SOCKET_RX_QUEUE = 76;
/** Bytes of struct bpf_sock. */
export const SOCKET_VISIBLE = 80;
export const SOCKET_V6ONLY = 80;
export const SOCKET_SYNCOOKIES = 84;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const IPPROTO_TCP = 6;
export const IPPROTO_UDP = 17;
export const TCP_ESTABLISHED = 1;
export const TCP_CLOSE = 7;
export const TCP_LISTEN = 10;

/**
 * ---- connection: struct nf_conn as a 6.18 kernel of x86-64 has it (programs find their way by its BTF) ----
 * u32 status and mark; two tuples, of each direction: 16 bytes of source, u16 port, u16 family, 16 bytes of destination,
 * u16 port, u8 protocol, u8 direction.
 */
export const CONNECTION_BYTES = 256;
export const CONNECTION_VISIBLE = 248;
export const CONNECTION_STATUS = 128;
export const CONNECTION_MARK = 168;
export const CONNECTION_ORIGINAL = 32;
export const CONNECTION_REPLY = 88;
export const TUPLE_SOURCE = 0;
export const TUPLE_SOURCE_PORT = 16;
export const TUPLE_FAMILY = 18;
export const TUPLE_DESTINATION = 20;
export const TUPLE_DESTINATION_PORT = 36;
export const TUPLE_PROTOCOL = 38;
export const TUPLE_DIRECTION = 39;

export const AF_INET = 2;
export const AF_INET6 = 10;
export const RTN_UNICAST = 1;
export const RTN_LOCAL = 2;
export const RTN_BLACKHOLE = 6;
export const RTN_UNREACHABLE = 7;
export const RTN_PROHIBIT = 8;
export const RT_TABLE_DEFAULT = 253;
export const RT_TABLE_MAIN = 254;
export const RT_TABLE_LOCAL = 255;
