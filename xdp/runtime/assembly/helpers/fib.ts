/** bpf_fib_lookup: routes and neighbours of the scenario, answered as net/core/filter.c does for XDP (the MTU is always checked). */
import { MACHINE, MACHINE_NETWORK } from "../../../abi";
import {
  AF_INET,
  AF_INET6,
  INTERFACE_BYTES,
  INTERFACE_FORWARDING,
  INTERFACE_IFINDEX,
  INTERFACE_MAC,
  INTERFACE_MTU,
  NEIGHBOUR_ADDRESS,
  NEIGHBOUR_BYTES,
  NEIGHBOUR_FAMILY,
  NEIGHBOUR_IFINDEX,
  NEIGHBOUR_MAC,
  NETWORK_INTERFACES,
  NETWORK_NEIGHBOURS,
  NETWORK_ROUTES,
  ROUTE_BYTES,
  ROUTE_FAMILY,
  ROUTE_HAS_SOURCE,
  ROUTE_IFINDEX,
  ROUTE_METRIC,
  ROUTE_MTU,
  ROUTE_PREFIX,
  ROUTE_PREFIX_LENGTH,
  ROUTE_SOURCE,
  ROUTE_TABLE,
  ROUTE_TYPE,
  ROUTE_VIA,
  ROUTE_VIA_FAMILY,
  RTN_BLACKHOLE,
  RTN_PROHIBIT,
  RTN_UNICAST,
  RTN_UNREACHABLE,
  RT_TABLE_DEFAULT,
  RT_TABLE_LOCAL,
  RT_TABLE_MAIN,
} from "../../../helpers/network_layout";
import { EAFNOSUPPORT, EINVAL, ENODEV } from "./errno";

/* struct bpf_fib_lookup */
const PARAMS_BYTES: u64 = 64;
const FAMILY: usize = 0;
const TOT_LEN: usize = 6;
const IFINDEX: usize = 8;
const RT_METRIC: usize = 12;
const SRC: usize = 16;
const DST: usize = 32;
const TBID: usize = 48;
const SMAC: usize = 52;
const DMAC: usize = 58;

const BPF_FIB_LOOKUP_DIRECT: u32 = 1;
const BPF_FIB_LOOKUP_OUTPUT: u32 = 2;
const BPF_FIB_LOOKUP_SKIP_NEIGH: u32 = 4;
const BPF_FIB_LOOKUP_TBID: u32 = 8;
const BPF_FIB_LOOKUP_SRC: u32 = 16;
const BPF_FIB_LOOKUP_MASK: u32 = 63;

const BLACKHOLE: u64 = 1;
const UNREACHABLE: u64 = 2;
const PROHIBIT: u64 = 3;
const NOT_FWDED: u64 = 4;
const FWD_DISABLED: u64 = 5;
const NO_NEIGH: u64 = 7;
const FRAG_NEEDED: u64 = 8;
const NO_SRC_ADDR: u64 = 9;

export function find_interface(network: u32, ifindex: u32): u32 {
  const count = load<u32>(network, NETWORK_INTERFACES);
  let at = load<u32>(network, NETWORK_INTERFACES + 4);
  for (let i: u32 = 0; i < count; i++, at += INTERFACE_BYTES) if (load<u32>(at, INTERFACE_IFINDEX) == ifindex) return at;
  return 0;
}

/** Whether the first `bits` bits at `a` and `b` are the same. */
function same_prefix(a: u32, b: u32, bits: u32): bool {
  let i: u32 = 0;
  for (; bits >= 8; bits -= 8, i++) if (load<u8>(a + i) != load<u8>(b + i)) return false;
  return bits == 0 || (load<u8>(a + i) ^ load<u8>(b + i)) >> (8 - bits) == 0;
}

/** The first route of a table (or of two, as one) that matches; `oif` 0 takes any interface. */
function find_route(network: u32, family: u32, table: u32, orTable: u32, address: u32, oif: u32): u32 {
  const count = load<u32>(network, NETWORK_ROUTES);
  let at = load<u32>(network, NETWORK_ROUTES + 4);
  for (let i: u32 = 0; i < count; i++, at += ROUTE_BYTES) {
    if (load<u32>(at, ROUTE_FAMILY) != family) continue;
    const id = load<u32>(at, ROUTE_TABLE);
    if (id != table && id != orTable) continue;
    if (!same_prefix(at + ROUTE_PREFIX, address, load<u32>(at, ROUTE_PREFIX_LENGTH))) continue;
    const refuses = load<u32>(at, ROUTE_TYPE) >= u32(RTN_BLACKHOLE);
    if (oif && !refuses && load<u32>(at, ROUTE_IFINDEX) != oif) continue;
    return at;
  }
  return 0;
}

function route_for(network: u32, params: u32, family: u32, flags: u32): u32 {
  // IPv6 takes the output interface as a wish only.
  const oif = family == u32(AF_INET) && flags & BPF_FIB_LOOKUP_OUTPUT ? load<u32>(params, IFINDEX) : 0;
  const address = params + u32(DST);
  if (flags & BPF_FIB_LOOKUP_DIRECT) {
    let table: u32 = RT_TABLE_MAIN;
    if (flags & BPF_FIB_LOOKUP_TBID) {
      table = load<u32>(params, TBID);
      store<u32>(params, 0, TBID);
    }
    // 0 is "unspecified", which the kernel takes as main; IPv4 keeps main and local in one table until rules part them.
    if (table == 0) table = RT_TABLE_MAIN;
    return find_route(network, family, table, table, address, oif);
  }
  let route: u32;
  if (family == u32(AF_INET)) route = find_route(network, family, RT_TABLE_LOCAL, RT_TABLE_MAIN, address, oif);
  else {
    route = find_route(network, family, RT_TABLE_LOCAL, RT_TABLE_LOCAL, address, oif);
    if (!route) route = find_route(network, family, RT_TABLE_MAIN, RT_TABLE_MAIN, address, oif);
  }
  return route ? route : find_route(network, family, RT_TABLE_DEFAULT, RT_TABLE_DEFAULT, address, oif);
}

function find_neighbour(network: u32, family: u32, ifindex: u32, address: u32): u32 {
  const bits: u32 = family == u32(AF_INET) ? 32 : 128;
  const count = load<u32>(network, NETWORK_NEIGHBOURS);
  let at = load<u32>(network, NETWORK_NEIGHBOURS + 4);
  for (let i: u32 = 0; i < count; i++, at += NEIGHBOUR_BYTES) {
    if (load<u32>(at, NEIGHBOUR_FAMILY) != family || load<u32>(at, NEIGHBOUR_IFINDEX) != ifindex) continue;
    if (same_prefix(at + NEIGHBOUR_ADDRESS, address, bits)) return at;
  }
  return 0;
}

/** Multicast, link-local and loopback addresses are never forwarded. */
function never_forwarded(address: u32): bool {
  const first = load<u8>(address);
  if (first == 0xff) return true;
  if (first == 0xfe && (load<u8>(address, 1) & 0xc0) == 0x80) return true;
  return load<u64>(address) == 0 && load<u64>(address, 8) == 0x0100000000000000;
}

export function bpf_fib_lookup(env: u32, ctx: u64, params64: u64, plen: u64, flags64: u64): u64 {
  const params = u32(params64);
  const flags = u32(flags64);
  if (plen < PARAMS_BYTES || flags & ~BPF_FIB_LOOKUP_MASK) return u64(i64(-EINVAL));
  const family: u32 = load<u8>(params, FAMILY);
  if (family != u32(AF_INET) && family != u32(AF_INET6)) return u64(i64(-EAFNOSUPPORT));
  const six = family == u32(AF_INET6);
  if (six && (never_forwarded(params + u32(DST)) || never_forwarded(params + u32(SRC)))) return NOT_FWDED;

  // A host that nobody has configured does not forward.
  const network = load<u32>(MACHINE, MACHINE_NETWORK);
  if (!network) return FWD_DISABLED;
  const input = find_interface(network, load<u32>(params, IFINDEX));
  if (!input) return u64(i64(-ENODEV));
  if (!load<u32>(input, INTERFACE_FORWARDING)) return FWD_DISABLED;

  const route = route_for(network, params, family, flags);
  if (!route) return NOT_FWDED;
  const type = load<u32>(route, ROUTE_TYPE);
  if (type == u32(RTN_BLACKHOLE)) return BLACKHOLE;
  if (type == u32(RTN_UNREACHABLE)) return UNREACHABLE;
  if (type == u32(RTN_PROHIBIT)) return PROHIBIT;
  if (type != u32(RTN_UNICAST)) return NOT_FWDED;
  const output = find_interface(network, load<u32>(route, ROUTE_IFINDEX));
  if (!output) return NOT_FWDED;

  const ownMtu = load<u32>(route, ROUTE_MTU);
  const mtu = ownMtu ? ownMtu : load<u32>(output, INTERFACE_MTU);
  if (u32(load<u16>(params, TOT_LEN)) > mtu) {
    store<u16>(params, u16(mtu), TOT_LEN);
    return FRAG_NEEDED;
  }
  return answer(network, params, family, flags, route, output, mtu);
}

/** Writes the next hop into the parameters, in the kernel's order: what is written before a refusal stays. */
function answer(network: u32, params: u32, family: u32, flags: u32, route: u32, output: u32, mtu: u32): u64 {
  const six = family == u32(AF_INET6);
  const via = load<u32>(route, ROUTE_VIA_FAMILY);
  if (six && via) memory.copy(params + u32(DST), route + ROUTE_VIA, 16);
  store<u32>(params, load<u32>(route, ROUTE_METRIC), RT_METRIC);
  store<u32>(params, load<u32>(output, INTERFACE_IFINDEX), IFINDEX);
  if (flags & BPF_FIB_LOOKUP_SRC) {
    const known = load<u32>(route, ROUTE_HAS_SOURCE) != 0;
    if (six) {
      if (!known) return NO_SRC_ADDR;
      memory.copy(params + u32(SRC), route + ROUTE_SOURCE, 16);
    } else store<u32>(params, known ? load<u32>(route, ROUTE_SOURCE) : 0, SRC);
  }
  let hop = family;
  if (!six && via) {
    if (via == u32(AF_INET6)) {
      hop = AF_INET6;
      store<u8>(params, u8(AF_INET6), FAMILY);
      memory.copy(params + u32(DST), route + ROUTE_VIA, 16);
    } else store<u32>(params, load<u32>(route, ROUTE_VIA), DST);
  }
  if (!(flags & BPF_FIB_LOOKUP_SKIP_NEIGH)) {
    const neighbour = find_neighbour(network, hop, load<u32>(output, INTERFACE_IFINDEX), params + u32(DST));
    if (!neighbour) return NO_NEIGH;
    memory.copy(params + u32(DMAC), neighbour + NEIGHBOUR_MAC, 6);
    memory.copy(params + u32(SMAC), output + INTERFACE_MAC, 6);
  }
  store<u32>(params, 0, TBID);
  if (mtu) store<u16>(params, u16(mtu), TOT_LEN);
  return 0;
}
