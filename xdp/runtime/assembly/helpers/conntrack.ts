/** bpf_xdp_ct_lookup on the scenario's connections (net/netfilter/nf_conntrack_bpf.c). */
import { MACHINE, MACHINE_NETWORK } from "../../../abi";
import {
  AF_INET,
  AF_INET6,
  CONNECTION_BYTES,
  CONNECTION_MARK,
  CONNECTION_ORIGINAL,
  CONNECTION_REPLY,
  CONNECTION_VISIBLE,
  IPPROTO_TCP,
  IPPROTO_UDP,
  NETWORK_CONNECTIONS,
  TUPLE_DESTINATION,
  TUPLE_DESTINATION_PORT,
  TUPLE_FAMILY,
  TUPLE_PROTOCOL,
  TUPLE_SOURCE,
  TUPLE_SOURCE_PORT,
} from "../../../helpers/network_layout";
import { EAFNOSUPPORT, EINVAL, ENOENT } from "./errno";

const ENONET: i32 = 64;
const EPROTO: i32 = 71;
/* struct bpf_ct_opts, with and without the zone's direction */
const OPTS_NEW: u32 = 16;
const OPTS_OLD: u32 = 12;
const NETNS: usize = 0;
const ERROR: usize = 4;
const PROTOCOL: usize = 8;
const DIRECTION: usize = 9;
const ZONE: usize = 10;
const RESERVED: usize = 13;
const TUPLE_4: u32 = 12;
const TUPLE_6: u32 = 36;

/** Whether a program may touch these bytes since they are of one connection: read them all, write the mark. */
export function in_connection(start: u64, end: u64, write: u32): bool {
  const at = load<u32>(MACHINE, MACHINE_NETWORK);
  if (!at) return false;
  const first = u64(load<u32>(at, NETWORK_CONNECTIONS + 4));
  if (start < first || end > first + u64(load<u32>(at, NETWORK_CONNECTIONS)) * CONNECTION_BYTES) return false;
  const offset = (start - first) % CONNECTION_BYTES;
  const size = end - start;
  return write ? offset == CONNECTION_MARK && size == 4 : offset + size <= u64(CONNECTION_VISIBLE);
}

/** Errors of the options and the tuple, in the kernel's order; 0 where there are none. */
function problem(opts: u32, size: u32, tupleSize: u32): i32 {
  if (size != OPTS_NEW && size != OPTS_OLD) return EINVAL;
  if (size == OPTS_NEW ? load<u8>(opts, RESERVED) != 0 || load<u16>(opts, RESERVED + 1) != 0 : load<u16>(opts, ZONE) != 0) return EINVAL;
  const protocol: u32 = load<u8>(opts, PROTOCOL);
  if (protocol != u32(IPPROTO_TCP) && protocol != u32(IPPROTO_UDP)) return EPROTO;
  const netns = load<i32>(opts, NETNS);
  if (netns < -1) return EINVAL;
  if (tupleSize != TUPLE_4 && tupleSize != TUPLE_6) return EAFNOSUPPORT;
  // There is one network namespace, and it has no number.
  return netns >= 0 ? ENONET : 0;
}

function is_same(a: u32, b: u32, bytes: u32): bool {
  return memory.compare(a, b, bytes) == 0;
}

function fits(tuple: u32, wanted: u32, six: bool, protocol: u32): bool {
  const bytes: u32 = six ? 16 : 4;
  if (u32(load<u8>(tuple, TUPLE_PROTOCOL)) != protocol || u32(load<u16>(tuple, TUPLE_FAMILY)) != u32(six ? AF_INET6 : AF_INET)) return false;
  if (load<u16>(tuple, TUPLE_SOURCE_PORT) != load<u16>(wanted + bytes * 2) || load<u16>(tuple, TUPLE_DESTINATION_PORT) != load<u16>(wanted + bytes * 2, 2)) return false;
  return is_same(tuple + u32(TUPLE_SOURCE), wanted, bytes) && is_same(tuple + u32(TUPLE_DESTINATION), wanted + bytes, bytes);
}

/** The connection, or 0 with the reason in the options. */
export function bpf_xdp_ct_lookup(env: u32, ctx: u64, tuple64: u64, tuple_size: u64, opts64: u64, opts_size: u64): u64 {
  const opts = u32(opts64);
  const size = u32(opts_size);
  let error = problem(opts, size, u32(tuple_size));
  if (!error) {
    const found = find(u32(tuple64), u32(tuple_size) == TUPLE_6, opts, size);
    if (found) return u64(found);
    error = ENOENT;
  }
  if (size >= 8) store<i32>(opts, -error, ERROR);
  return 0;
}

function find(wanted: u32, six: bool, opts: u32, size: u32): u32 {
  const at = load<u32>(MACHINE, MACHINE_NETWORK);
  // All connections are in the default zone.
  if (!at || (size == OPTS_NEW && load<u16>(opts, ZONE))) return 0;
  const protocol: u32 = load<u8>(opts, PROTOCOL);
  let connection = load<u32>(at, NETWORK_CONNECTIONS + 4);
  for (let i: u32 = 0, count = load<u32>(at, NETWORK_CONNECTIONS); i < count; i++, connection += CONNECTION_BYTES) {
    const original = fits(connection + u32(CONNECTION_ORIGINAL), wanted, six, protocol);
    if (!original && !fits(connection + u32(CONNECTION_REPLY), wanted, six, protocol)) continue;
    store<u8>(opts, original ? 0 : 1, DIRECTION);
    return connection;
  }
  return 0;
}

export function bpf_ct_release(env: u32, connection: u64): u64 {
  return 0;
}
