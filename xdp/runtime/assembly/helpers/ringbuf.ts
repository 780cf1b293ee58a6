/** Helpers on ring buffers (kernel/bpf/ringbuf.c). Nobody sleeps on a ring here: the wakeup flags are checked and change nothing. */
import { MAP_TYPE } from "../../../abi";
import { BPF_MAP_TYPE_RINGBUF, BPF_RB_FORCE_WAKEUP, BPF_RB_NO_WAKEUP, EAGAIN, EINVAL } from "../../../maps/uapi";
import { is_ringbuf_record } from "../check";
import { E2BIG } from "./errno";
import { RINGBUF, dynptr_memory, set_dynptr } from "./dynptr";
import { copyBytes } from "../maps/bytes";
import { ringbuf_commit, ringbuf_query, ringbuf_reserve } from "../maps/index";

const WAKEUP_FLAGS: u64 = BPF_RB_NO_WAKEUP | BPF_RB_FORCE_WAKEUP;

// @ts-ignore: decorator
@inline
function isRingbuf(map: u64): bool {
  return load<u32>(u32(map), MAP_TYPE) == BPF_MAP_TYPE_RINGBUF;
}

export function bpf_ringbuf_output(env: u32, map: u64, data: u64, size: u64, flags: u64): u64 {
  if (flags & ~WAKEUP_FLAGS || !isRingbuf(map)) return u64(i64(-EINVAL));
  const record = ringbuf_reserve(u32(map), size);
  if (record == 0) return u64(i64(-EAGAIN));
  copyBytes(record, u32(data), u32(size));
  ringbuf_commit(record, false);
  return 0;
}

/** The record's bytes are what an earlier record left there, as in the kernel; the first ones are zero. */
export function bpf_ringbuf_reserve(env: u32, map: u64, size: u64, flags: u64): u64 {
  return flags || !isRingbuf(map) ? 0 : u64(ringbuf_reserve(u32(map), size));
}

export function bpf_ringbuf_submit(env: u32, sample: u64, flags: u64): u64 {
  ringbuf_commit(u32(sample), false);
  return 0;
}

export function bpf_ringbuf_discard(env: u32, sample: u64, flags: u64): u64 {
  ringbuf_commit(u32(sample), true);
  return 0;
}

export function bpf_ringbuf_query(env: u32, map: u64, flags: u64): u64 {
  return isRingbuf(map) ? ringbuf_query(u32(map), flags) : 0;
}

/** Largest dynptr (24 bits of size). */
const MAX_DYNPTR: u32 = 0xffffff;

export function bpf_ringbuf_reserve_dynptr(env: u32, map: u64, size: u64, flags: u64, ptr: u64): u64 {
  const tooLarge = u32(size) > MAX_DYNPTR;
  const record = flags || tooLarge || !isRingbuf(map) ? 0 : ringbuf_reserve(u32(map), u64(u32(size)));
  set_dynptr(u32(ptr), u64(record), RINGBUF, u32(size));
  if (record) return 0;
  return u64(i64(!flags && tooLarge ? -E2BIG : -EINVAL));
}

/** Null dynptrs, of reservations that failed, are let go as well. */
function end_record(ptr: u32, discard: bool): u64 {
  const record = dynptr_memory(ptr, RINGBUF);
  if (record && is_ringbuf_record(u64(record))) ringbuf_commit(record, discard);
  set_dynptr(ptr, 0, 0, 0);
  return 0;
}

export function bpf_ringbuf_submit_dynptr(env: u32, ptr: u64, flags: u64): u64 {
  return end_record(u32(ptr), false);
}

export function bpf_ringbuf_discard_dynptr(env: u32, ptr: u64, flags: u64): u64 {
  return end_record(u32(ptr), true);
}
