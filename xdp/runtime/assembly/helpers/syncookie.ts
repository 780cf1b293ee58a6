/**
 * SYN cookies: net/ipv4/syncookies.c and its IPv6 twin in what can be seen of them. The number is a keyed hash of the addresses
 * and ports, plus the minute, plus the index of the MSS; the key comes from the machine's seed, the time is the packet's.
 */
import { ENV_TIME, MACHINE, MACHINE_SEED } from "../../../abi";
import { EACCES, EINVAL } from "./errno";
import { siphash, siphash_begin, siphash_word } from "./siphash";

/** Minutes that a cookie lives at most (MAX_SYNCOOKIE_AGE). */
const MAX_AGE: u32 = 2;
const MINUTE: u64 = 60000000000;
const COOKIE_BITS: u32 = 24;
const COOKIE_MASK: u32 = (1 << COOKIE_BITS) - 1;
const TCP_HEADER: u32 = 20;
const DEFAULT_MSS_4: u32 = 536;
/** Of the smallest MTU (1280) what headers leave. */
const DEFAULT_MSS_6: u32 = 1220;
const TCPOPT_EOL: u32 = 0;
const TCPOPT_NOP: u32 = 1;
const TCPOPT_MSS: u32 = 2;

/** The four values that a cookie can tell apart. */
function mss_of(index: u32, six: bool): u32 {
  if (six) return index == 0 ? 1220 : index == 1 ? 1420 : index == 2 ? 1440 : 8940;
  return index == 0 ? 536 : index == 1 ? 1300 : index == 2 ? 1440 : 1460;
}

function index_of(mss: u32, six: bool): u32 {
  let index: u32 = 3;
  while (index > 0 && mss < mss_of(index, six)) index--;
  return index;
}

/** Value of the MSS option of a header, 0 where it has none. */
function mss_option(th: u32): u32 {
  const end = th + (u32(load<u8>(th, 12)) >> 4) * 4;
  let at = th + TCP_HEADER;
  let mss: u32 = 0;
  while (at < end) {
    const kind: u32 = load<u8>(at);
    if (kind == TCPOPT_EOL) return mss;
    if (kind == TCPOPT_NOP) {
      at++;
      continue;
    }
    if (at + 1 >= end) return mss;
    const size: u32 = load<u8>(at, 1);
    if (size < 2 || at + size > end) return mss;
    if (kind == TCPOPT_MSS && size == 4) {
      const value: u32 = bswap<u16>(load<u16>(at, 2));
      if (value) mss = value;
    }
    at += size;
  }
  return mss;
}

/** Keyed hash of the connection; `count` is the minute, `key` 0 or 1. */
function cookie_hash(ip: u32, th: u32, six: bool, count: u32, key: u64): u32 {
  const seed = load<u64>(MACHINE, MACHINE_SEED);
  siphash_begin(seed ^ 0x736f6d6570736575, (seed * 0x9e3779b97f4a7c15) ^ key);
  if (six) {
    for (let i: u32 = 8; i < 40; i += 8) siphash_word(load<u64>(ip + i));
  } else siphash_word(load<u64>(ip, 12));
  siphash_word((u64(load<u32>(th)) << 32) | u64(count));
  return u32(siphash());
}

function minute(env: u32): u32 {
  return u32(load<u64>(env, ENV_TIME) / MINUTE);
}

/** Cookie and MSS for a SYN. */
export function make_cookie(env: u32, ip: u32, th: u32, six: bool, mss: u32): u64 {
  const index = index_of(mss, six);
  const count = minute(env);
  const sequence = bswap<u32>(load<u32>(th, 4));
  const low = (cookie_hash(ip, th, six, count, 1) + index) & COOKIE_MASK;
  const cookie = cookie_hash(ip, th, six, 0, 0) + sequence + (count << COOKIE_BITS) + low;
  return u64(cookie) | (u64(mss_of(index, six)) << 32);
}

/** Whether an ACK acknowledges a cookie that was made here less than two minutes ago. */
export function is_cookie(env: u32, ip: u32, th: u32, six: bool): bool {
  const sequence = bswap<u32>(load<u32>(th, 4)) - 1;
  const cookie = bswap<u32>(load<u32>(th, 8)) - 1 - cookie_hash(ip, th, six, 0, 0) - sequence;
  const count = minute(env);
  const age = (count - (cookie >> COOKIE_BITS)) & 0xff;
  if (age >= MAX_AGE) return false;
  return ((cookie - cookie_hash(ip, th, six, count - age, 1)) & COOKIE_MASK) < 4;
}

/** MSS that a SYN asks for. */
export function wanted_mss(th: u32, six: bool): u32 {
  const mss = mss_option(th);
  return mss ? mss : six ? DEFAULT_MSS_6 : DEFAULT_MSS_4;
}

export function header_length(th: u32): u32 {
  return (u32(load<u8>(th, 12)) >> 4) * 4;
}

function generate(env: u32, ip: u64, th: u64, length: u64, six: bool): u64 {
  if (length < u64(TCP_HEADER) || u32(length) != header_length(u32(th))) return u64(i64(-EINVAL));
  return make_cookie(env, u32(ip), u32(th), six, wanted_mss(u32(th), six));
}

export function bpf_tcp_raw_gen_syncookie_ipv4(env: u32, ip: u64, th: u64, length: u64): u64 {
  return generate(env, ip, th, length, false);
}

export function bpf_tcp_raw_gen_syncookie_ipv6(env: u32, ip: u64, th: u64, length: u64): u64 {
  return generate(env, ip, th, length, true);
}

export function bpf_tcp_raw_check_syncookie_ipv4(env: u32, ip: u64, th: u64): u64 {
  return is_cookie(env, u32(ip), u32(th), false) ? 0 : u64(i64(-EACCES));
}

export function bpf_tcp_raw_check_syncookie_ipv6(env: u32, ip: u64, th: u64): u64 {
  return is_cookie(env, u32(ip), u32(th), true) ? 0 : u64(i64(-EACCES));
}
