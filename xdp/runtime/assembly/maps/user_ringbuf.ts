/** BPF_MAP_TYPE_USER_RINGBUF: a ring that the control plane writes and programs drain, one sample after the other. Layout as ringbuf.ts. */
import { MAP_DATA, MAP_MAX_ENTRIES } from "../../../abi";
import { RINGBUF_CONSUMER, RINGBUF_MASK, RINGBUF_PRODUCER } from "../../../maps/fields";
import { BPF_RINGBUF_BUSY_BIT, BPF_RINGBUF_DISCARD_BIT, BPF_RINGBUF_HDR_SZ, E2BIG, EAGAIN, EINVAL, ENODATA } from "../../../maps/uapi";

const BUSY: u32 = <u32>BPF_RINGBUF_BUSY_BIT;
const DISCARD: u32 = <u32>BPF_RINGBUF_DISCARD_BIT;
const HEADER: u32 = BPF_RINGBUF_HDR_SZ;
/** Longest sample that a dynptr can stand for. */
const MAX_SAMPLE: u32 = 0xffffff;

@inline
function span(length: u32): u64 {
  return (<u64>length + HEADER + 7) & ~(<u64>7);
}

@inline
function recordAt(header: u32, position: u64): u32 {
  return load<u32>(header, MAP_DATA) + (<u32>position & load<u32>(header, RINGBUF_MASK));
}

/** Bytes of the next sample, or -errno: -ENODATA where there is none, -EAGAIN where one was passed over. */
export function user_ringbuf_peek(header: u32): i32 {
  const producer = atomic.load<u64>(header, RINGBUF_PRODUCER);
  const consumer = atomic.load<u64>(header, RINGBUF_CONSUMER);
  if (producer & 7) return -EINVAL;
  if (consumer >= producer) return -ENODATA;
  const word = atomic.load<u32>(recordAt(header, consumer));
  const length = word & ~(BUSY | DISCARD);
  const bytes = span(length);
  if (bytes > producer - consumer) return -EINVAL;
  if (bytes > <u64>load<u32>(header, MAP_MAX_ENTRIES) || length > MAX_SAMPLE) return -E2BIG;
  if (word & DISCARD) {
    atomic.store<u64>(header, consumer + bytes, RINGBUF_CONSUMER);
    return -EAGAIN;
  }
  return word & BUSY ? -ENODATA : <i32>length;
}

/** Address of the bytes of the sample that was peeked at. */
export function user_ringbuf_sample(header: u32): u32 {
  return recordAt(header, atomic.load<u64>(header, RINGBUF_CONSUMER)) + HEADER;
}

/** Done with the sample that was peeked at. */
export function user_ringbuf_release(header: u32): void {
  const consumer = atomic.load<u64>(header, RINGBUF_CONSUMER);
  const length = atomic.load<u32>(recordAt(header, consumer)) & ~(BUSY | DISCARD);
  atomic.store<u64>(header, consumer + span(length), RINGBUF_CONSUMER);
}

/** Whether [address, address + size) lies inside the sample that is next. */
export function user_ringbuf_access_ok(header: u32, address: u32, size: u32): bool {
  const consumer = atomic.load<u64>(header, RINGBUF_CONSUMER);
  if (consumer >= atomic.load<u64>(header, RINGBUF_PRODUCER)) return false;
  const record = recordAt(header, consumer);
  const word = atomic.load<u32>(record);
  const offset = address - record - HEADER;
  const length = word & ~(BUSY | DISCARD);
  return !(word & (BUSY | DISCARD)) && address >= record + HEADER && offset <= length && size <= length - offset;
}
