/**
 * BPF_MAP_TYPE_RINGBUF: records of any length behind each other, each with the kernel's header: its length, with one bit
 * while the program still writes it and one where it was thrown away. Layout: maps/fields.ts.
 */
import { MAP_DATA, MAP_MAX_ENTRIES } from "../../../abi";
import { RINGBUF_CONSUMER, RINGBUF_MASK, RINGBUF_PENDING, RINGBUF_PRODUCER } from "../../../maps/fields";
import { BPF_RB_AVAIL_DATA, BPF_RB_CONS_POS, BPF_RB_PROD_POS, BPF_RB_RING_SIZE, BPF_RINGBUF_BUSY_BIT, BPF_RINGBUF_DISCARD_BIT, BPF_RINGBUF_HDR_SZ } from "../../../maps/uapi";
import { isShared, lockMap, unlockMap } from "./lock";

const BUSY: u32 = <u32>BPF_RINGBUF_BUSY_BIT;
const DISCARD: u32 = <u32>BPF_RINGBUF_DISCARD_BIT;
const HEADER: u32 = BPF_RINGBUF_HDR_SZ;
const MAX_RECORD: u64 = 0x3fffffff;

/** Bytes that a record of this length takes. */
@inline
function span(length: u32): u32 {
  return (length + HEADER + 7) & ~7;
}

@inline
function lengthAt(record: u32): u32 {
  return atomic.load<u32>(record);
}

/** Moves the end of what was committed without a gap. What was consumed was committed, and may be overwritten. */
function advancePending(header: u32): void {
  const data = load<u32>(header, MAP_DATA);
  const mask = load<u32>(header, RINGBUF_MASK);
  const producer = load<u64>(header, RINGBUF_PRODUCER);
  let pending = max(load<u64>(header, RINGBUF_PENDING), atomic.load<u64>(header, RINGBUF_CONSUMER));
  while (pending < producer) {
    const length = lengthAt(data + (<u32>pending & mask));
    if (length & BUSY) break;
    pending += <u64>span(length & ~DISCARD);
  }
  store<u64>(header, pending, RINGBUF_PENDING);
}

/** Address of a new record's bytes, 0 where it does not fit. The JIT emits the same inline where one worker has the ring. */
export function ringbuf_reserve(header: u32, size: u64): u32 {
  if (size > MAX_RECORD) return 0;
  const bytes = <u64>span(<u32>size);
  if (bytes > <u64>load<u32>(header, MAP_MAX_ENTRIES)) return 0;
  lockMap(header);
  const data = load<u32>(header, MAP_DATA);
  const mask = load<u32>(header, RINGBUF_MASK);
  const producer = load<u64>(header, RINGBUF_PRODUCER);
  const next = producer + bytes;
  // Readers of the ring consume what was committed without a gap, and nothing else.
  if (next - atomic.load<u64>(header, RINGBUF_CONSUMER) > <u64>mask) {
    unlockMap(header);
    return 0;
  }
  const record = data + (<u32>producer & mask);
  // The upper half in the kernel: the page in which the record lies, counted from its bookkeeping, which takes three.
  store<u64>(record, <u64>(<u32>size | BUSY) | (<u64>(((<u32>producer & mask) >> 12) + 3) << 32));
  store<u64>(header, next, RINGBUF_PRODUCER);
  if (isShared()) advancePending(header);
  unlockMap(header);
  return record + HEADER;
}

/** Ends the writing of a record; `sample` has been checked to be one. */
export function ringbuf_commit(sample: u32, discard: bool): void {
  const length = lengthAt(sample - HEADER) ^ BUSY;
  const word = discard ? length | DISCARD : length;
  if (isShared()) atomic.store<u32>(sample - HEADER, word);
  else store<u32>(sample - HEADER, word);
}

export function ringbuf_query(header: u32, flags: u64): u64 {
  const consumer = atomic.load<u64>(header, RINGBUF_CONSUMER);
  const producer = atomic.load<u64>(header, RINGBUF_PRODUCER);
  switch (<u32>min<u64>(flags, 4)) {
    case BPF_RB_AVAIL_DATA: return producer - consumer;
    case BPF_RB_RING_SIZE: return <u64>load<u32>(header, MAP_MAX_ENTRIES);
    case BPF_RB_CONS_POS: return consumer;
    case BPF_RB_PROD_POS: return producer;
    default: return 0;
  }
}

/** Start of the bytes of the record that `address` is in, where the program still writes it; else 0. */
function openRecord(header: u32, address: u32): u32 {
  if (!isShared()) advancePending(header);
  const data = load<u32>(header, MAP_DATA);
  const mask = load<u32>(header, RINGBUF_MASK);
  const producer = atomic.load<u64>(header, RINGBUF_PRODUCER);
  for (let at = load<u64>(header, RINGBUF_PENDING); at < producer; ) {
    const record = data + (<u32>at & mask);
    const length = lengthAt(record);
    const size = length & ~(BUSY | DISCARD);
    const start = record + HEADER;
    // A record of no bytes is where it starts.
    if (length & BUSY && address >= start && (address < start + size || (size == 0 && address == start))) return start;
    at += <u64>span(size);
  }
  return 0;
}

/** Whether [address, address + size) lies inside one record that was reserved and not submitted. */
export function ringbuf_access_ok(header: u32, address: u32, size: u32): bool {
  const start = openRecord(header, address);
  if (start == 0) return false;
  const length = lengthAt(start - HEADER) & ~(BUSY | DISCARD);
  const offset = address - start;
  return offset <= length && size <= length - offset;
}

/** Whether `address` is where the bytes of a record start that was reserved and not submitted. */
export function ringbuf_is_record(header: u32, address: u32): bool {
  return openRecord(header, address) == address;
}
