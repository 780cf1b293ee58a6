/**
 * How many different sources the traffic has: what stands for the entries that packets reach in maps keyed by something of
 * the packet, unless the user says better. Keys of flows have more, keys of services fewer.
 */
import { MAX_FRAME_BYTES, Trace } from "../../traffic/index.js";
import type { CaptureReader } from "../../traffic/index.js";
import type { ObjectSpec } from "../../xdp/index.js";
import { SET_BY_USER as SET } from "../profiles/profiles.js";
import type { DeviceProfile } from "../profiles/schema.js";

/** Packets that are looked at; `withSources` names the number, too (without Intl, which takes milliseconds to load). */
export const SAMPLE = 262_144;

const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const VLAN = 0x8100;
const VLAN_OF_PROVIDERS = 0x88a8;

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
  return { ...device, entriesInUse: sources, sources: { ...device.sources, entriesInUse: { evidence: "measured", source: `different source addresses among the first 262,144 packets of the traffic` } } };
}

/** Different IPv4 and IPv6 source addresses among the first {@link SAMPLE} packets; at least 1. Closes nothing. */
export async function countSources(reader: CaptureReader): Promise<number> {
  const trace = Trace.allocateWasm(2 * 1024 * 1024 + MAX_FRAME_BYTES, 8192);
  const seen = new NumberSet();
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

/** A set of whole numbers from 0 to 2^48: a quarter of a million are put in before every run, so it has to be quick. */
class NumberSet {
  size = 0;
  /** Numbers plus 1 by their hash, 0 where there is none; at most half full. */
  private slots = new Float64Array(1 << 13);

  add(value: number): void {
    const { slots } = this;
    const mask = slots.length - 1;
    const key = value + 1;
    let at = spread(value) & mask;
    while (slots[at] !== key) {
      if (slots[at] === 0) {
        slots[at] = key;
        if (++this.size * 2 > mask) this.grow();
        return;
      }
      at = (at + 1) & mask;
    }
  }

  private grow(): void {
    const old = this.slots;
    this.slots = new Float64Array(old.length * 4);
    this.size = 0;
    for (const key of old) if (key !== 0) this.add(key - 1);
  }
}

function spread(value: number): number {
  const mixed = Math.imul((value >>> 0) ^ Math.imul(Math.floor(value / 0x1_0000_0000), 0x85eb_ca6b), 0x9e37_79b1);
  return mixed ^ (mixed >>> 15);
}

/** The address as a number, those of IPv6 folded to 48 bits; -1 where there is none. */
function sourceOf(frames: Uint8Array, start: number, length: number): number {
  let at = start + 12;
  const end = start + length;
  for (let tags = 0; tags < 2 && at + 6 <= end && isTag(half(frames, at)); tags++) at += 4;
  if (at + 2 > end) return -1;
  const type = half(frames, at);
  if (type === IPV4 && at + 18 <= end) return word(frames, at + 14);
  if (type !== IPV6 || at + 26 > end) return -1;
  return ((word(frames, at + 10) ^ word(frames, at + 14)) & 0xffff) * 0x1_0000_0000 + ((Math.imul(word(frames, at + 18), 31) ^ word(frames, at + 22)) >>> 0);
}

function isTag(type: number): boolean {
  return type === VLAN || type === VLAN_OF_PROVIDERS;
}

function half(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 8) | bytes[at + 1];
}

function word(bytes: Uint8Array, at: number): number {
  return ((half(bytes, at) << 16) | half(bytes, at + 2)) >>> 0;
}
