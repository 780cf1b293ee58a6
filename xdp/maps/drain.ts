/** What programs send to user space, taken out between batches: records of ring buffers, events of perf event arrays; and user ring buffers, which go the other way. */
import { MAP_DATA } from "../abi.js";
import { MapError } from "./error.js";
import { PERF_DATA, PERF_LOST, PERF_SIZE, PERF_USED, RINGBUF_CONSUMER, RINGBUF_MASK, RINGBUF_PRODUCER, SLOTS_DATA } from "./fields.js";
import type { MapHandle } from "./handle.js";
import { RuntimeMapHandle } from "./runtime_handle.js";
import { BPF_MAP_TYPE_PERF_EVENT_ARRAY, BPF_MAP_TYPE_RINGBUF, BPF_MAP_TYPE_USER_RINGBUF, BPF_RINGBUF_BUSY_BIT, BPF_RINGBUF_DISCARD_BIT, BPF_RINGBUF_HDR_SZ } from "./uapi.js";

/** Bytes of a perf buffer where the reader does not say: 64 pages, which many readers take. */
const PERF_BYTES = 262144;

/** An event that a program wrote with bpf_perf_event_output. */
export interface PerfEvent {
  readonly cpu: number;
  /** The program's bytes, then those of the packet that it asked for. Without the padding that perf adds. */
  readonly data: Uint8Array;
}

/** What {@link drainPerfEvents} gives. */
export interface PerfEvents {
  /** By CPU, and in order for each. */
  readonly events: readonly PerfEvent[];
  /** Events that did not fit since the last time: the program got -ENOSPC. */
  readonly lost: number;
}

function runtimeMap(handle: MapHandle, typeId: number, what: string): RuntimeMapHandle {
  if (!(handle instanceof RuntimeMapHandle) || handle.spec.typeId !== typeId) throw new MapError(handle.spec.name, `is no ${what} of a machine`);
  return handle;
}

function viewOf(handle: RuntimeMapHandle): DataView {
  const { buffer } = handle.memory;
  return new DataView(buffer);
}

/**
 * Takes the submitted records out of a ring buffer, in order; those that were discarded are passed over, and one that is still being
 * written ends it. Makes room for new ones. Throws MapError for other maps.
 */
export function drainRingbuf(handle: MapHandle): Uint8Array[] {
  const map = runtimeMap(handle, BPF_MAP_TYPE_RINGBUF, "ring buffer");
  const view = viewOf(map);
  const data = view.getUint32(map.header + MAP_DATA, true);
  const mask = BigInt(view.getUint32(map.header + RINGBUF_MASK, true));
  const producer = view.getBigUint64(map.header + RINGBUF_PRODUCER, true);
  const records: Uint8Array[] = [];
  let at = view.getBigUint64(map.header + RINGBUF_CONSUMER, true);
  while (at < producer) {
    const record = data + Number(at & mask);
    const length = view.getUint32(record, true);
    if ((length & BPF_RINGBUF_BUSY_BIT) !== 0) break;
    const bytes = length & ~BPF_RINGBUF_DISCARD_BIT;
    if (bytes === length) records.push(map.memory.slice(record + BPF_RINGBUF_HDR_SZ, record + BPF_RINGBUF_HDR_SZ + bytes));
    at += BigInt((bytes + BPF_RINGBUF_HDR_SZ + 7) & ~7);
  }
  view.setBigUint64(map.header + RINGBUF_CONSUMER, at, true);
  return records;
}

/**
 * Writes a sample to a user ring buffer, for programs to drain; false where it does not fit. Throws MapError for other maps.
 */
export function pushUserRingbuf(handle: MapHandle, sample: Uint8Array): boolean {
  const map = runtimeMap(handle, BPF_MAP_TYPE_USER_RINGBUF, "user ring buffer");
  const view = viewOf(map);
  const producer = view.getBigUint64(map.header + RINGBUF_PRODUCER, true);
  const bytes = (sample.length + BPF_RINGBUF_HDR_SZ + 7) & ~7;
  if (producer - view.getBigUint64(map.header + RINGBUF_CONSUMER, true) + BigInt(bytes) > BigInt(map.spec.maxEntries)) return false;
  const record = view.getUint32(map.header + MAP_DATA, true) + Number(producer & BigInt(view.getUint32(map.header + RINGBUF_MASK, true)));
  map.memory.set(sample, record + BPF_RINGBUF_HDR_SZ);
  view.setUint32(record, sample.length, true);
  view.setBigUint64(map.header + RINGBUF_PRODUCER, producer + BigInt(bytes), true);
  return true;
}

/**
 * Opens a reader for every CPU that the map has an entry for, as `perf_buffer__new()` of libbpf does: without one the program's output
 * fails with -ENOENT, as in the kernel. Readers that are open stay. `bytes`: what fits for one CPU until it is drained, default 256 KiB.
 */
export function openPerfReaders(handle: MapHandle, cpus: number, bytes: number = PERF_BYTES): void {
  const map = runtimeMap(handle, BPF_MAP_TYPE_PERF_EVENT_ARRAY, "perf event array");
  const key = new Uint8Array(4);
  for (let cpu = 0; cpu < Math.min(cpus, map.spec.maxEntries); cpu++) {
    new DataView(key.buffer).setUint32(0, cpu, true);
    if (map.lookup(key) !== undefined) continue;
    const buffer = map.reserve(PERF_DATA + bytes);
    viewOf(map).setUint32(buffer + PERF_SIZE, bytes, true);
    const value = new Uint8Array(4);
    new DataView(value.buffer).setUint32(0, buffer, true);
    map.update(key, value);
  }
}

/** Takes the events out of a perf event array. Not while a batch runs. Throws MapError for other maps. */
export function drainPerfEvents(handle: MapHandle): PerfEvents {
  const map = runtimeMap(handle, BPF_MAP_TYPE_PERF_EVENT_ARRAY, "perf event array");
  const view = viewOf(map);
  const slots = view.getUint32(map.header + SLOTS_DATA, true);
  const events: PerfEvent[] = [];
  let lost = 0;
  for (let cpu = 0; cpu < map.spec.maxEntries; cpu++) {
    const buffer = view.getUint32(slots + 4 * cpu, true);
    if (buffer === 0) continue;
    const end = buffer + PERF_DATA + view.getUint32(buffer + PERF_USED, true);
    for (let at = buffer + PERF_DATA; at < end; ) {
      const length = view.getUint32(at, true);
      events.push({ cpu, data: map.memory.slice(at + 4, at + 4 + length) });
      at += 4 + ((length + 3) & ~3);
    }
    lost += view.getUint32(buffer + PERF_LOST, true);
    view.setUint32(buffer + PERF_USED, 0, true);
    view.setUint32(buffer + PERF_LOST, 0, true);
  }
  return { events, lost };
}
