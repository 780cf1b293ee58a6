/** Sockets of the scenario's network, found as net/core/filter.c and the kernel's socket tables find them. */
import { MACHINE, MACHINE_NETWORK } from "../../../abi";
import {
  AF_INET,
  AF_INET6,
  IPPROTO_TCP,
  IPPROTO_UDP,
  NETWORK_SOCKETS,
  SOCKET_BYTES,
  SOCKET_DST_IP4,
  SOCKET_DST_IP6,
  SOCKET_DST_PORT,
  SOCKET_FAMILY,
  SOCKET_PROTOCOL,
  SOCKET_SRC_IP4,
  SOCKET_SRC_IP6,
  SOCKET_SRC_PORT,
  SOCKET_STATE,
  SOCKET_SYNCOOKIES,
  SOCKET_V6ONLY,
  SOCKET_VISIBLE,
  TCP_ESTABLISHED,
  TCP_LISTEN,
} from "../../../helpers/network_layout";
import { EINVAL, ENOENT, EPROTONOSUPPORT } from "./errno";
import { header_length, is_cookie, make_cookie, wanted_mss } from "./syncookie";

/* struct bpf_sock_tuple, of IPv4 and IPv6 */
const TUPLE_4: u32 = 12;
const TUPLE_6: u32 = 36;
const TCP_HEADER: u64 = 20;
const IPV4_HEADER: u64 = 20;
const IPV6_HEADER: u64 = 40;
const FIN: u32 = 1;
const SYN: u32 = 2;
const RST: u32 = 4;
const ACK: u32 = 16;

// @ts-ignore: decorator
@inline
function network(): u32 {
  return load<u32>(MACHINE, MACHINE_NETWORK);
}

/** Whether a number is a socket that a lookup gave. */
export function is_socket(value: u64): bool {
  const at = network();
  if (!at || value >> 32) return false;
  const distance = u32(value) - load<u32>(at, NETWORK_SOCKETS + 4);
  return distance < load<u32>(at, NETWORK_SOCKETS) * SOCKET_BYTES && distance % SOCKET_BYTES == 0;
}

/** Whether a sockmap takes the socket: TCP that is connected or listens, and UDP. */
export function socket_may_be_kept(socket: u32): bool {
  const state = load<u32>(socket, SOCKET_STATE);
  return load<u32>(socket, SOCKET_PROTOCOL) == IPPROTO_UDP || state == TCP_ESTABLISHED || state == TCP_LISTEN;
}

/** Whether a program may read these bytes since they are of one socket. */
export function in_socket(start: u64, end: u64): bool {
  const at = network();
  if (!at) return false;
  const first = u64(load<u32>(at, NETWORK_SOCKETS + 4));
  if (start < first || end > first + u64(load<u32>(at, NETWORK_SOCKETS)) * SOCKET_BYTES) return false;
  const offset = (start - first) % SOCKET_BYTES;
  return offset + (end - start) <= u64(SOCKET_VISIBLE);
}

function is_any(address: u32, six: bool): bool {
  return six ? load<u64>(address) == 0 && load<u64>(address, 8) == 0 : load<u32>(address) == 0;
}

function is_same(a: u32, b: u32, six: bool): bool {
  return six ? load<u64>(a) == load<u64>(b) && load<u64>(a, 8) == load<u64>(b, 8) : load<u32>(a) == load<u32>(b);
}

/** How well a socket fits a packet from `saddr`:`sport` to `daddr`:`dport`; 0: not at all. A connected one before one bound to the address, before any. */
function score(socket: u32, six: bool, saddr: u32, daddr: u32, sport: u32, dport: u32): i32 {
  if (load<u32>(socket, SOCKET_SRC_PORT) != u32(bswap<u16>(u16(dport)))) return 0;
  const own = load<u32>(socket, SOCKET_FAMILY) == u32(AF_INET6);
  const remote: u32 = load<u16>(socket, SOCKET_DST_PORT);
  if (own != six) return !own || load<u32>(socket, SOCKET_V6ONLY) || remote || !is_any(socket + SOCKET_SRC_IP6, true) ? 0 : 1;
  const local = socket + u32(six ? SOCKET_SRC_IP6 : SOCKET_SRC_IP4);
  const any = is_any(local, six);
  if (!any && !is_same(local, daddr, six)) return 0;
  if (remote == 0) return any ? 2 : 4;
  return remote == sport && is_same(socket + u32(six ? SOCKET_DST_IP6 : SOCKET_DST_IP4), saddr, six) ? 8 : 0;
}

function look_up(tuple: u32, size: u32, netns: u64, flags: u64, protocol: u32): u64 {
  const six = size == TUPLE_6;
  if (!six && size != TUPLE_4) return 0;
  // There is one network namespace: the current one, which any negative number names.
  if (flags || (i32(netns) >= 0)) return 0;
  const at = network();
  if (!at) return 0;
  const addresses: u32 = six ? 16 : 4;
  const sport: u32 = load<u16>(tuple + addresses * 2);
  const dport: u32 = load<u16>(tuple + addresses * 2, 2);
  let best: u32 = 0;
  let most = 0;
  const count = load<u32>(at, NETWORK_SOCKETS);
  let socket = load<u32>(at, NETWORK_SOCKETS + 4);
  for (let i: u32 = 0; i < count; i++, socket += SOCKET_BYTES) {
    if (load<u32>(socket, SOCKET_PROTOCOL) != protocol) continue;
    const fits = score(socket, six, tuple, tuple + addresses, sport, dport);
    if (fits <= most) continue;
    best = socket;
    most = fits;
  }
  return u64(best);
}

export function bpf_sk_lookup_tcp(env: u32, ctx: u64, tuple: u64, size: u64, netns: u64, flags: u64): u64 {
  return look_up(u32(tuple), u32(size), netns, flags, IPPROTO_TCP);
}

export function bpf_skc_lookup_tcp(env: u32, ctx: u64, tuple: u64, size: u64, netns: u64, flags: u64): u64 {
  return look_up(u32(tuple), u32(size), netns, flags, IPPROTO_TCP);
}

export function bpf_sk_lookup_udp(env: u32, ctx: u64, tuple: u64, size: u64, netns: u64, flags: u64): u64 {
  return look_up(u32(tuple), u32(size), netns, flags, IPPROTO_UDP);
}

export function bpf_sk_release(env: u32, socket: u64): u64 {
  return 0;
}

// @ts-ignore: decorator
@inline
function fail(errno: i32): u64 {
  return u64(i64(-errno));
}

// @ts-ignore: decorator
@inline
function listens(socket: u32): bool {
  return load<u32>(socket, SOCKET_PROTOCOL) == u32(IPPROTO_TCP) && load<u32>(socket, SOCKET_STATE) == u32(TCP_LISTEN);
}

/** 4 or 6 where the header is of a family that the socket takes, else -errno. */
function version_for(socket: u32, ip: u32, length: u64): i32 {
  const version = load<u8>(ip) >> 4;
  const six = load<u32>(socket, SOCKET_FAMILY) == u32(AF_INET6);
  if (version == 4) return six && load<u32>(socket, SOCKET_V6ONLY) ? -EINVAL : 4;
  if (version != 6) return -EPROTONOSUPPORT;
  return length < IPV6_HEADER || !six ? -EINVAL : 6;
}

export function bpf_tcp_check_syncookie(env: u32, socket: u64, ip: u64, ip_length: u64, th: u64, th_length: u64): u64 {
  const sk = u32(socket);
  if (th_length < TCP_HEADER || !listens(sk) || !load<u32>(sk, SOCKET_SYNCOOKIES)) return fail(EINVAL);
  const flags: u32 = load<u8>(u32(th), 13);
  if (!(flags & ACK) || flags & (RST | SYN)) return fail(ENOENT);
  if (ip_length < IPV4_HEADER) return fail(EINVAL);
  // The kernel first looks whether cookies were sent of late, which is so where it always sends them.
  if (load<u32>(sk, SOCKET_SYNCOOKIES) != 2) return fail(ENOENT);
  const version = version_for(sk, u32(ip), ip_length);
  if (version < 0) return fail(-version);
  return is_cookie(env, u32(ip), u32(th), version == 6) ? 0 : fail(ENOENT);
}

export function bpf_tcp_gen_syncookie(env: u32, socket: u64, ip: u64, ip_length: u64, th: u64, th_length: u64): u64 {
  const sk = u32(socket);
  if (th_length < TCP_HEADER || u32(th_length) != header_length(u32(th)) || !listens(sk)) return fail(EINVAL);
  if (!load<u32>(sk, SOCKET_SYNCOOKIES)) return fail(ENOENT);
  const flags: u32 = load<u8>(u32(th), 13);
  if (!(flags & SYN) || flags & (ACK | FIN | RST) || ip_length < IPV4_HEADER) return fail(EINVAL);
  const version = version_for(sk, u32(ip), ip_length);
  if (version < 0) return fail(-version);
  // With 1 the kernel sends cookies where the queue is full, and here it never is.
  if (load<u32>(sk, SOCKET_SYNCOOKIES) != 2) return fail(ENOENT);
  return make_cookie(env, u32(ip), u32(th), version == 6, wanted_mss(u32(th), version == 6));
}
