/**
 * Hash and queue of a whole window of frames in one loop. AssemblyScript, compiled by the build. It computes what
 * `Rss.hashFrame` (nic/rss/rss.ts) does for one frame, and tests hold the two together. Its tables are in a block that
 * `Rss.attach` writes; nothing here has static data: the memory is not ours.
 */
import { BLOCK_EXTENSION, BLOCK_FIELDS, BLOCK_FLOW, BLOCK_INDIRECTION } from "../block";

/** By flow type as in nic/rss/fields.ts: the types of IPv6 follow those of IPv4 in the same order; these are without ports. */
const IPV4: u32 = 5;
const TCP6: u32 = 6;
const IPV6: u32 = 11;

const FIELD_S: u32 = 1;
const FIELD_D: u32 = 2;
const FIELD_F: u32 = 4;
const FIELD_N: u32 = 8;
const FIELDS_L3: u32 = FIELD_S | FIELD_D;
const ALL_FIELDS: u32 = 15;

const ETH_HLEN: usize = 14;
/** EtherTypes as they are read, low byte first. */
const ETH_P_IP: u32 = 0x0008;
const ETH_P_IPV6: u32 = 0xdd86;
const ETH_P_8021Q: u32 = 0x0081;
const ETH_P_8021AD: u32 = 0xa888;
const ETH_P_QINQ1: u32 = 0x0091;
const MAX_VLAN_TAGS: i32 = 2;
const MAX_EXTENSION_HEADERS: i32 = 8;
const FRAGMENT: u32 = 44;

/** In place of a hash: RSS does not apply. */
const NONE: i64 = -1;

/** Bytes of the table of one input byte. */
const STEP: usize = 1024;

/** Rows 0 to count - 1 of `hash` and `queue`. `mask`: entries of the indirection table less 1. */
export function classify(frames: usize, offset: usize, length: usize, count: u32, hash: usize, queue: usize, block: usize, mask: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const start = frames + load<u32>(offset + (i << 2));
    const bytes = load<u32>(length + (i << 2));
    if (bytes >= USUAL_BYTES && isUsual(start, block)) {
      const value = eight(block, start + 26) ^ four(block + 8 * STEP, start + 34);
      store<u32>(hash + (i << 2), value);
      store<u16>(queue + (i << 1), load<u16>(block + ((value & mask) << 1), BLOCK_INDIRECTION));
      continue;
    }
    const value = hashFrame(start, start + bytes, block);
    if (value == NONE) {
      store<u32>(hash + (i << 2), 0);
      store<u16>(queue + (i << 1), 0);
    } else {
      store<u32>(hash + (i << 2), <u32>value);
      store<u16>(queue + (i << 1), load<u16>(block + ((<u32>value & mask) << 1), BLOCK_INDIRECTION));
    }
  }
}

/** Ethernet, IPv4 without options, and the ports. */
const USUAL_BYTES: u32 = 38;
/** Of the first 8 bytes of an IPv4 header: version and length 0x45, and no fragment. */
const USUAL_MASK: u64 = 0xff3f_0000_0000_00ff;
const USUAL_BITS: u64 = 0x45;

/** Whether addresses and ports of the frame are hashed, and stand where they do in most. Long enough, {@link hashFrame} says the same. */
// @ts-ignore: decorator
@inline
function isUsual(start: usize, block: usize): bool {
  if (<u32>load<u16>(start, 12) != ETH_P_IP) return false;
  const header = load<u64>(start, 14);
  if ((header & USUAL_MASK) != USUAL_BITS) return false;
  const total = <u32>bswap<u16>(<u16>(header >> 16));
  return (total == 0 || total >= 24) && load<u8>(block + <usize>load<u8>(block + <usize>load<u8>(start, 23), BLOCK_FLOW), BLOCK_FIELDS) == ALL_FIELDS;
}

function hashFrame(start: usize, end: usize, block: usize): i64 {
  const at = start + ETH_HLEN;
  if (at > end) return NONE;
  const type = <u32>load<u16>(at - 2);
  if (type == ETH_P_IP) return hashIpv4(at, end, block);
  return hashOther(at, end, type, block);
}

function hashOther(at: usize, end: usize, type: u32, block: usize): i64 {
  for (let tags = 0; tags < MAX_VLAN_TAGS && (type == ETH_P_8021Q || type == ETH_P_8021AD || type == ETH_P_QINQ1); tags++) {
    at += 4;
    if (at > end) return NONE;
    type = load<u16>(at - 2);
  }
  if (type == ETH_P_IP) return hashIpv4(at, end, block);
  return type == ETH_P_IPV6 ? hashIpv6(at, end, block) : NONE;
}

// @ts-ignore: decorator
@inline
function hashIpv4(ip: usize, end: usize, block: usize): i64 {
  if (ip + 20 > end) return NONE;
  const first = <u32>load<u8>(ip);
  const header = (first & 15) << 2;
  if (first >> 4 != 4 || header < 20) return NONE;
  const l4 = ip + header;
  let kind = IPV4;
  // More fragments, or an offset: the bits but the reserved one and "don't fragment".
  if ((load<u16>(ip, 6) & 0xff3f) == 0 && l4 + 4 <= end) {
    const total = <u32>bswap<u16>(load<u16>(ip, 2));
    if (total == 0 || total >= header + 4) kind = load<u8>(block + <usize>load<u8>(ip, 9), BLOCK_FLOW);
  }
  const fields = <u32>load<u8>(block + kind, BLOCK_FIELDS);
  if (fields == 0) return NONE;
  if (fields == ALL_FIELDS) return <i64>(eight(block, ip + 12) ^ four(block + 8 * STEP, l4));
  let hash: u32 = 0;
  let table = block;
  if ((fields & FIELDS_L3) == FIELDS_L3) {
    hash = eight(table, ip + 12);
    table += 8 * STEP;
  } else if (fields & FIELD_S) {
    hash = four(table, ip + 12);
    table += 4 * STEP;
  } else if (fields & FIELD_D) {
    hash = four(table, ip + 16);
    table += 4 * STEP;
  }
  if (kind != IPV4) hash ^= ports(fields, table, l4);
  return <i64>hash;
}

function hashIpv6(ip: usize, end: usize, block: usize): i64 {
  const header = ip + 40;
  if (header > end || load<u8>(ip) >> 4 != 6) return NONE;
  let next = <u32>load<u8>(ip, 6);
  let l4 = header;
  for (let headers = 0; load<u8>(block + next, BLOCK_EXTENSION) == 1 && headers < MAX_EXTENSION_HEADERS && l4 + 8 <= end; headers++) {
    next = load<u8>(l4);
    l4 += (<usize>load<u8>(l4, 1) + 1) << 3;
  }
  let kind = IPV6;
  if (next != FRAGMENT && l4 + 4 <= end) {
    const payload = <usize>bswap<u16>(load<u16>(ip, 4));
    if (payload == 0 || header + payload >= l4 + 4) kind = TCP6 + load<u8>(block + next, BLOCK_FLOW);
  }
  const fields = <u32>load<u8>(block + kind, BLOCK_FIELDS);
  if (fields == 0) return NONE;
  let hash: u32 = 0;
  let table = block;
  if (fields & FIELD_S) {
    hash = eight(table, ip + 8) ^ eight(table + 8 * STEP, ip + 16);
    table += 16 * STEP;
  }
  if (fields & FIELD_D) {
    hash ^= eight(table, ip + 24) ^ eight(table + 8 * STEP, ip + 32);
    table += 16 * STEP;
  }
  if (kind != IPV6) hash ^= ports(fields, table, l4);
  return <i64>hash;
}

/** The share of the first four bytes of layer 4, as far as they are hashed. */
function ports(fields: u32, table: usize, l4: usize): u32 {
  let hash: u32 = 0;
  if (fields & FIELD_F) {
    hash = two(table, l4);
    table += 2 * STEP;
  }
  return fields & FIELD_N ? hash ^ two(table, l4 + 2) : hash;
}

// @ts-ignore: decorator
@inline
function two(table: usize, at: usize): u32 {
  const w = <u32>load<u16>(at);
  return load<u32>(table + ((w & 0xff) << 2)) ^ load<u32>(table + (w >> 8 << 2), STEP);
}

// @ts-ignore: decorator
@inline
function four(table: usize, at: usize): u32 {
  const w = load<u32>(at);
  return load<u32>(table + ((w & 0xff) << 2)) ^ load<u32>(table + (w >> 6 & 0x3fc), STEP) ^
    load<u32>(table + (w >> 14 & 0x3fc), 2 * STEP) ^ load<u32>(table + (w >> 24 << 2), 3 * STEP);
}

// @ts-ignore: decorator
@inline
function eight(table: usize, at: usize): u32 {
  return four(table, at) ^ four(table + 4 * STEP, at + 4);
}
