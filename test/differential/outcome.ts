/** Runs frames through any engine of the contract and takes down what came out, packet by packet and map by map. */
import {
  DESC_BYTES,
  DESC_CPU,
  DESC_FRAME,
  DESC_IFINDEX,
  DESC_LENGTH,
  DESC_PACKET,
  DESC_QUEUE,
  RESULT_BYTES,
  RESULT_DATA,
  RESULT_FRAG_LENGTH,
  RESULT_LENGTH,
  RESULT_META_LENGTH,
  RESULT_RET,
  SLOT_FRAGS,
} from "../../xdp/abi.js";
import type { Engine, MachineView } from "../../xdp/engine/contract.js";
import { describeFault, readFault } from "../../xdp/engine/index.js";
import type { MapHandle } from "../../xdp/maps/index.js";

/** One packet after the program. */
export interface Outcome {
  readonly ret: number;
  readonly metaLength: number;
  /** From data to data_end. */
  readonly linearLength: number;
  /** Metadata, linear part and fragments. */
  readonly bytes: Uint8Array;
  /** In words, where the program did what it may not. */
  readonly fault?: string;
}

/** Every packet comes in on the loopback's only queue and runs on CPU 0: what the kernel can do too. */
const IFINDEX = 1;

/** Frames with 8 readable bytes behind each, in the machine's memory; returns their addresses. */
function placeFrames(machine: MachineView, frames: readonly Uint8Array[]): number[] {
  const sizes = frames.map((frame) => Math.ceil((frame.length + 8) / 8) * 8);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  let at = machine.layout.allocate(total, 64, "frames");
  const memory = new Uint8Array(machine.layout.buffer);
  return frames.map((frame, i) => {
    const address = at;
    memory.set(frame, address);
    at += sizes[i];
    return address;
  });
}

/** Runs all frames in order, in batches as large as the worker takes. */
export function runFrames(machine: MachineView, engine: Engine, frames: readonly Uint8Array[]): Outcome[] {
  const addresses = placeFrames(machine, frames);
  const { worker } = engine;
  const outcomes: Outcome[] = [];
  for (let first = 0; first < frames.length; first += worker.batchSize) {
    const count = Math.min(worker.batchSize, frames.length - first);
    const view = new DataView(machine.layout.buffer);
    for (let i = 0; i < count; i++) {
      const descriptor = worker.descriptors + i * DESC_BYTES;
      view.setUint32(descriptor + DESC_FRAME, addresses[first + i], true);
      view.setUint32(descriptor + DESC_LENGTH, frames[first + i].length, true);
      view.setUint32(descriptor + DESC_IFINDEX, IFINDEX, true);
      view.setUint32(descriptor + DESC_QUEUE, 0, true);
      view.setUint32(descriptor + DESC_CPU, 0, true);
      view.setUint32(descriptor + DESC_PACKET, first + i, true);
    }
    engine.runBatch(count);
    for (let i = 0; i < count; i++) outcomes.push(readOutcome(machine, engine, i));
  }
  return outcomes;
}

function readOutcome(machine: MachineView, { worker }: Engine, i: number): Outcome {
  const view = new DataView(machine.layout.buffer);
  const memory = new Uint8Array(machine.layout.buffer);
  const result = worker.results + i * RESULT_BYTES;
  const field = (offset: number): number => view.getUint32(result + offset, true);
  const data = field(RESULT_DATA);
  const metaLength = field(RESULT_META_LENGTH);
  const linearLength = field(RESULT_LENGTH);
  const fragLength = field(RESULT_FRAG_LENGTH);
  const frags = worker.slots + i * worker.slotStride + SLOT_FRAGS;
  const bytes = new Uint8Array(metaLength + linearLength + fragLength);
  bytes.set(memory.subarray(data - metaLength, data + linearLength));
  bytes.set(memory.subarray(frags, frags + fragLength), metaLength + linearLength);
  const fault = readFault(view, result);
  return { ret: field(RESULT_RET), metaLength, linearLength, bytes, ...(fault === undefined ? {} : { fault: describeFault(machine, fault).message }) };
}

/** A map's entries, key to value, in hexadecimal. */
export type MapDump = ReadonlyMap<string, string>;

/** Maps whose entries mean something else in a kernel: programs, maps, rings and sockets by descriptor. */
const NOT_COMPARABLE: ReadonlySet<string> = new Set(["BPF_MAP_TYPE_PROG_ARRAY", "BPF_MAP_TYPE_PERF_EVENT_ARRAY", "BPF_MAP_TYPE_XSKMAP", "BPF_MAP_TYPE_ARRAY_OF_MAPS", "BPF_MAP_TYPE_HASH_OF_MAPS", "BPF_MAP_TYPE_RINGBUF"]);

/** All comparable maps by name, without those ignored; of per-CPU values, those of the first `cpus`. Entries that are there but hold nothing (of device maps) are left out. */
export function dumpMaps(maps: readonly MapHandle[], cpus: number, ignored: readonly string[] = []): ReadonlyMap<string, MapDump> {
  return new Map(maps.filter(({ spec }) => !NOT_COMPARABLE.has(spec.type) && !ignored.includes(spec.name)).map((map) => [map.spec.name, dumpMap(map, cpus)]));
}

function dumpMap(map: MapHandle, cpus: number): MapDump {
  const size = map.spec.type.includes("PERCPU") ? Math.ceil(map.spec.valueSize / 8) * 8 * cpus : map.spec.valueSize;
  const array = map.spec.type.endsWith("ARRAY");
  const entries: [string, string][] = [];
  for (const key of map.keys()) {
    const value = map.lookup(key);
    // Entries of arrays are always there: those that are zero say nothing, and there are many.
    if (value === undefined || (array && value.every((byte) => byte === 0))) continue;
    entries.push([hex(key), hex(value.subarray(0, size))]);
  }
  return new Map(entries);
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
