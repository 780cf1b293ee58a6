/** Helpers that move the packet's ends, or copy from and to it: net/core/filter.c, driver mode. */
import {
  ENV_DATA,
  ENV_DATA_END,
  ENV_DATA_META,
  ENV_FRAG_LENGTH,
  ENV_HARD_START,
  ENV_LOW_WATER,
  MIN_PACKET,
  SLOT_FRAGS,
  SLOT_LINEAR_END,
  XDP_FRAME_BYTES,
} from "../../../abi";
import { EACCES, EFAULT, EINVAL } from "./errno";

/** A fragment is a page. */
const FRAGMENT: u32 = 4096;

// @ts-ignore: decorator
@inline
function fail(errno: i32): u64 {
  return u64(i64(-errno));
}

/** What lies below the lowest byte given so far is an earlier packet's: it is zeroed when it becomes visible. */
function open_headroom(env: u32, from: u32): void {
  const low = load<u32>(env, ENV_LOW_WATER);
  if (from >= low) return;
  // At most the headroom: a fill leaves compiled code, which takes longer than the stores.
  let at = from;
  for (; at + 8 <= low; at += 8) store<u64>(at, 0);
  for (; at < low; at++) store<u8>(at, 0);
  store<u32>(env, from, ENV_LOW_WATER);
}

/** Bytes of metadata before the packet. */
function meta_length(env: u32): u32 {
  const data = load<u32>(env, ENV_DATA);
  const meta = load<u32>(env, ENV_DATA_META);
  return meta < data ? data - meta : 0;
}

/** Metadata moves with the packet's start; the kernel keeps the first bytes of the headroom, and ETH_HLEN bytes stay. */
export function bpf_xdp_adjust_head(env: u32, ctx: u64, delta: u64): u64 {
  const data = load<u32>(env, ENV_DATA);
  const meta = meta_length(env);
  const moved = i64(data) + i64(i32(delta));
  const lowest = i64(load<u32>(env, ENV_HARD_START)) + XDP_FRAME_BYTES + i64(meta);
  if (moved < lowest || moved > i64(load<u32>(env, ENV_DATA_END)) - MIN_PACKET) return fail(EINVAL);
  const to = u32(moved);
  open_headroom(env, to - meta);
  if (meta) memory.copy(to - meta, data - meta, meta);
  store<u32>(env, to, ENV_DATA);
  store<u32>(env, to - meta, ENV_DATA_META);
  return 0;
}

/** Multiples of 4 bytes only. */
export function bpf_xdp_adjust_meta(env: u32, ctx: u64, delta: u64): u64 {
  const data = load<u32>(env, ENV_DATA);
  const moved = i64(load<u32>(env, ENV_DATA_META)) + i64(i32(delta));
  const lowest = i64(load<u32>(env, ENV_HARD_START)) + XDP_FRAME_BYTES;
  if (moved < lowest || moved > i64(data)) return fail(EINVAL);
  const to = u32(moved);
  if ((data - to) & 3 || data - to > 255) return fail(EACCES);
  open_headroom(env, to);
  store<u32>(env, to, ENV_DATA_META);
  return 0;
}

/** A packet in several buffers gives and takes at its last fragment, which does not grow beyond its page. */
function adjust_fragments(env: u32, delta: i32): u64 {
  const length = load<u32>(env, ENV_FRAG_LENGTH);
  if (delta >= 0) {
    const last = ((length - 1) & (FRAGMENT - 1)) + 1;
    if (u32(delta) > FRAGMENT - last) return fail(EINVAL);
    memory.fill(load<u32>(env, ENV_HARD_START) + SLOT_FRAGS + length, 0, delta);
    store<u32>(env, length + delta, ENV_FRAG_LENGTH);
    return 0;
  }
  // An int that cannot be negated: the kernel then finds nothing to take away.
  if (delta == i32.MIN_VALUE) return 0;
  const shrink = u64(-i64(delta));
  const end = load<u32>(env, ENV_DATA_END);
  const linear = end - load<u32>(env, ENV_DATA);
  // The subtraction is a signed int in the kernel too: a packet is never shorter than ETH_HLEN.
  if (i64(shrink) > i64(linear) + i64(length) - MIN_PACKET) return fail(EINVAL);
  if (shrink < u64(length)) {
    store<u32>(env, length - u32(shrink), ENV_FRAG_LENGTH);
    return 0;
  }
  store<u32>(env, 0, ENV_FRAG_LENGTH);
  store<u32>(env, end - (u32(shrink) - length), ENV_DATA_END);
  return 0;
}

export function bpf_xdp_adjust_tail(env: u32, ctx: u64, delta: u64): u64 {
  const offset = i32(delta);
  if (load<u32>(env, ENV_FRAG_LENGTH)) return adjust_fragments(env, offset);
  const end = load<u32>(env, ENV_DATA_END);
  const moved = i64(end) + i64(offset);
  if (moved > i64(load<u32>(env, ENV_HARD_START)) + SLOT_LINEAR_END) return fail(EINVAL);
  if (moved < i64(load<u32>(env, ENV_DATA)) + MIN_PACKET) return fail(EINVAL);
  if (offset > 0) memory.fill(end, 0, offset);
  store<u32>(env, u32(moved), ENV_DATA_END);
  return 0;
}

/** Length of all parts. */
export function bpf_xdp_get_buff_len(env: u32, ctx: u64): u64 {
  return u64(load<u32>(env, ENV_DATA_END) - load<u32>(env, ENV_DATA) + load<u32>(env, ENV_FRAG_LENGTH));
}

/** Copies between the packet, whatever its parts, and memory. */
function copy(env: u32, offset64: u64, buffer: u32, length64: u64, toPacket: bool): u64 {
  const offset = u32(offset64);
  const length = u32(length64);
  if (offset > 0xffff || length > 0xffff) return fail(EFAULT);
  const data = load<u32>(env, ENV_DATA);
  const linear = load<u32>(env, ENV_DATA_END) - data;
  if (offset + length > linear + load<u32>(env, ENV_FRAG_LENGTH)) return fail(EINVAL);
  const inLinear = offset < linear ? min(length, linear - offset) : 0;
  if (inLinear) move(data + offset, buffer, inLinear, toPacket);
  const rest = length - inLinear;
  if (rest) move(load<u32>(env, ENV_HARD_START) + SLOT_FRAGS + (offset + inLinear - linear), buffer + inLinear, rest, toPacket);
  return 0;
}

// @ts-ignore: decorator
@inline
function move(packet: u32, buffer: u32, length: u32, toPacket: bool): void {
  if (toPacket) memory.copy(packet, buffer, length);
  else memory.copy(buffer, packet, length);
}

export function bpf_xdp_load_bytes(env: u32, ctx: u64, offset: u64, to: u64, length: u64): u64 {
  return copy(env, offset, u32(to), length, false);
}

export function bpf_xdp_store_bytes(env: u32, ctx: u64, offset: u64, from: u64, length: u64): u64 {
  return copy(env, offset, u32(from), length, true);
}
