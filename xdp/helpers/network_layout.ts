/**
 * How a scenario's network lies in memory at MACHINE_NETWORK: what helpers/network_tables.ts writes and the runtime's
 * bpf_fib_lookup reads (AssemblyScript compiles this same file). Constants only; bytes; addresses in network order.
 */

/* ---- header: u32 count and u32 address of each table ---- */
export const NETWORK_BYTES = 24;
export const NETWORK_INTERFACES = 0;
export const NETWORK_ROUTES = 8;
export const NETWORK_NEIGHBOURS = 16;

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
