/**
 * How many different sources the traffic has: what stands for the entries that packets reach in maps keyed by something of
 * the packet, unless the user says better. Keys of flows have more, keys of services fewer.
 */
import { MAX_FRAME_BYTES, Trace } from "../../traffic/index.js";
import type { CaptureReader } from "../../traffic/index.js";
import type { ObjectSpec } from "../../xdp/index.js";
import { SET_BY_USER as SET } from "../profiles/profiles.js";
import type { DeviceProfile } from "../profiles/schema.js";

/** Packets that are looked at. */
export const SAMPLE = 262_144;

const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const VLAN = new Set([0x8100, 0x88a8]);

/** Whether it matters for `object` on `device` how many entries packets reach. */
export function needsSources(object: ObjectSpec, device: DeviceProfile): boolean {
  if (device.kind !== "offload" || device.memoryReadCycles === 0 || device.memorySpreadMost <= 1) return false;
  const from = device.memorySpreadFrom;
  if (device.entriesInUse !== 1 || device.sources.entriesInUse?.source === SET) return false;
  return object.maps.some(({ maxEntries, valueSize, dataSection }) => maxEntries > from || (dataSection !== undefined && valueSize > from));
}

/** `device` with what the traffic says of its entries in use. */
export function withSources<Device extends DeviceProfile>(device: Device, sources: number): Device {
  if (device.kind !== "offload") return device;
  return { ...device, entriesInUse: sources, sources: { ...device.sources, entriesInUse: { evidence: "measured", source: `different source addresses among the first ${SAMPLE.toLocaleString("en-US")} packets of the traffic` } } };
}

/** Different IPv4 and IPv6 source addresses among the first {@link SAMPLE} packets; at least 1. Closes nothing. */
export async function countSources(reader: CaptureReader): Promise<number> {
  const trace = Trace.allocate(4 * 1024 * 1024 + MAX_FRAME_BYTES, 32_768);
  const seen = new Set<number>();
  let packets = 0;
  while (packets < SAMPLE && (await reader.read(trace))) {
    for (let i = 0; i < trace.count; i++) {
      const source = sourceOf(trace.frames, trace.offset[i], trace.length[i]);
      if (source >= 0) seen.add(source);
    }
    packets += trace.count;
  }
  return Math.max(1, seen.size);
}

/** The address as a number, those of IPv6 folded to 48 bits; -1 where there is none. */
function sourceOf(frames: Uint8Array, start: number, length: number): number {
  let at = start + 12;
  const end = start + length;
  for (let tags = 0; tags < 2 && at + 6 <= end && VLAN.has(half(frames, at)); tags++) at += 4;
  if (at + 2 > end) return -1;
  const type = half(frames, at);
  if (type === IPV4 && at + 18 <= end) return word(frames, at + 14);
  if (type !== IPV6 || at + 26 > end) return -1;
  return ((word(frames, at + 10) ^ word(frames, at + 14)) & 0xffff) * 0x1_0000_0000 + ((Math.imul(word(frames, at + 18), 31) ^ word(frames, at + 22)) >>> 0);
}

function half(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 8) | bytes[at + 1];
}

function word(bytes: Uint8Array, at: number): number {
  return ((half(bytes, at) << 16) | half(bytes, at + 2)) >>> 0;
}
