import type { PacketBatch } from "../types.js";

/** Packet `i` as the program left it, all its parts; a view where it has one part. Sinks that call this set `data`. */
export function packetBytes(batch: PacketBatch, i: number): Uint8Array {
  const linear = batch.memory.subarray(batch.data[i], batch.data[i] + batch.length[i]);
  const more = batch.fragLength[i];
  if (more === 0) return linear;
  const whole = new Uint8Array(linear.length + more);
  whole.set(linear);
  whole.set(batch.memory.subarray(batch.frags[i], batch.frags[i] + more), linear.length);
  return whole;
}
