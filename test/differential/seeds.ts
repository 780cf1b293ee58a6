/** Map set-ups that make the branches of programs reachable, taken from the frames that will be run. */
import { MapError, type MapHandle } from "../../xdp/maps/index.js";

/** Fills maps before a program is loaded; deterministic, and the same for every engine. */
export type Seed = (maps: Maps, frames: readonly Uint8Array[]) => void;

/** A machine's maps by name. */
export class Maps {
  private readonly maps: readonly MapHandle[];
  readonly cpus: number;

  constructor(maps: readonly MapHandle[], cpus: number) {
    this.maps = maps;
    this.cpus = cpus;
  }

  /** Undefined where the object has no such map. */
  find(name: string): MapHandle | undefined {
    return this.maps.find(({ spec }) => spec.name === name);
  }

  get(name: string): MapHandle {
    const map = this.find(name);
    if (map === undefined) throw new Error(`no map ${name}`);
    return map;
  }

  /** One value for all CPUs, as bpf(2) wants it for per-CPU maps. */
  everyCpu(value: Uint8Array): Uint8Array {
    const padded = Math.ceil(value.length / 8) * 8;
    const all = new Uint8Array(padded * this.cpus);
    for (let cpu = 0; cpu < this.cpus; cpu++) all.set(value, cpu * padded);
    return all;
  }
}

export function u32(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
}

export function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  bytes.set(u32(value));
  return bytes;
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** Addresses and ports as they stand in a frame without tags or options that hide them. */
export interface Endpoints {
  readonly macs: readonly Uint8Array[];
  readonly ipv4: readonly Uint8Array[];
  readonly ipv6: readonly Uint8Array[];
  /** Network byte order. */
  readonly ports: readonly Uint8Array[];
}

export function endpointsOf(frame: Uint8Array): Endpoints {
  const type = frame.length < 14 ? 0 : frame[12] * 256 + frame[13];
  const macs = [frame.slice(0, 6), frame.slice(6, 12)];
  if (type === 0x0800 && frame.length >= 38) {
    const ports = 14 + (frame[14] & 15) * 4;
    return { macs, ipv4: [frame.slice(26, 30), frame.slice(30, 34)], ipv6: [], ports: frame.length < ports + 4 ? [] : [frame.slice(ports, ports + 2), frame.slice(ports + 2, ports + 4)] };
  }
  if (type === 0x86dd && frame.length >= 58) {
    return { macs, ipv4: [], ipv6: [frame.slice(22, 38), frame.slice(38, 54)], ports: [frame.slice(54, 56), frame.slice(56, 58)] };
  }
  return { macs, ipv4: [], ipv6: [], ports: [] };
}

/** xdp-filter's maps: some addresses and ports of the frames, for source, destination, TCP and UDP in every combination. */
export const seedXdpFilter: Seed = (maps, frames) => {
  const put = (name: string, key: Uint8Array, flags: number): void => maps.find(name)?.update(key, maps.everyCpu(u64(flags)));
  for (let i = 0; i < frames.length; i += 5) {
    const { macs, ipv4, ipv6, ports } = endpointsOf(frames[i]);
    const flags = 1 + ((i / 5) % 15);
    const side = i & 1;
    // Few hardware addresses, or nothing would be left to say.
    if (i % 100 === 0) put("filter_ethernet", macs[side], flags);
    if (ipv4.length > 0) put("filter_ipv4", ipv4[side], flags);
    if (ipv6.length > 0) put("filter_ipv6", ipv6[side], flags);
    // Ports are an array, indexed as they stand in the packet.
    if (ports.length > 0) put("filter_ports", concat(ports[side], new Uint8Array(2)), flags);
  }
};

/** xdp-dispatcher's configuration: `programs` slots in use, each with the verdicts (bits) after which the next one runs. */
export function seedDispatcher(programs: number, chainCallActions: readonly number[]): Seed {
  return (maps) => {
    const [key] = maps.get(".rodata").keys();
    const conf = maps.get(".rodata").lookup(key) ?? new Uint8Array(0);
    const view = new DataView(conf.buffer);
    view.setUint8(2, programs);
    for (const [i, actions] of chainCallActions.entries()) view.setUint32(4 + i * 4, actions, true);
    maps.get(".rodata").update(key, conf);
  };
}

/** Prefixes of every length over the frames' source addresses. */
export const seedPrefixes: Seed = (maps, frames) => {
  for (let i = 0; i < frames.length; i += 11) {
    const { ipv4, ipv6 } = endpointsOf(frames[i]);
    const bits = i % 33;
    if (ipv4.length > 0) maps.get("blocked4").update(concat(u32(Math.max(bits, 9)), ipv4[0]), u64(0));
    if (ipv6.length > 0) maps.get("blocked6").update(concat(u32(Math.max(bits * 4, 20)), ipv6[0]), u64(0));
  }
  maps.get("blocked4").delete(concat(u32(0), new Uint8Array(4)));
};

/** Targets that exist in every kernel: the loopback, and the CPUs. */
export const seedTargets: Seed = (maps) => {
  for (const key of [0, 2, 3, 7]) maps.get("ports").update(u32(key), u32(1));
  for (const key of [1, 4, 9, 100]) maps.get("named_ports").update(u32(key), concat(u32(1), u32(0)));
  for (let key = 0; key < Math.min(2, maps.cpus); key++) maps.get("cpus").update(u32(key), u32(192));
};

/** The default scenario's filter with lists of its frames' sources and ports, and bursts that no source reaches: without a clock in its verdicts. */
export const seedFloodFilter: Seed = (maps, frames) => {
  const [key] = maps.get(".rodata").keys();
  const conf = maps.get(".rodata").lookup(key) ?? new Uint8Array(0);
  // rate_pps and burst.
  conf.set(concat(u64(1), u64(2 ** 20)), 0);
  maps.get(".rodata").update(key, conf);
  for (let i = 0; i < frames.length; i += 13) {
    const { ipv4, ipv6, ports } = endpointsOf(frames[i]);
    if (ipv4.length > 0) maps.get("blocklist_v4").update(concat(u32(16 + (i % 17)), ipv4[0]), u32(1));
    if (ipv6.length > 0) maps.get("blocklist_v6").update(concat(u32(64 + (i % 65)), ipv6[0]), u32(1));
    if (ports.length > 0 && i % 3 === 0) maps.get("amplification_ports").update(ports[0], u32(i % 200));
  }
};

/** Different values for every CPU. */
export const seedPerCpu: Seed = (maps) => {
  for (const key of [1, 3]) {
    const counts = maps.everyCpu(u64(key));
    const totals = maps.everyCpu(u64(key * 7));
    for (let at = 0; at < counts.length; at += 8) {
      counts[at + 1] = at + 3;
      totals[at + 1] = at + 5;
    }
    maps.get("counts").update(u32(key), counts);
    maps.get("totals").update(u32(key), totals);
  }
};

/** A load balancer's services (of every third frame), its rings, and backends of which some are down. */
export const seedBalancer: Seed = (maps, frames) => {
  for (let i = 0; i < frames.length; i += 3) {
    const { ipv4, ports } = endpointsOf(frames[i]);
    if (ipv4.length === 0 || ports.length === 0) continue;
    // Some services take every port.
    const port = i % 2 === 0 ? ports[1] : new Uint8Array(2);
    try {
      maps.get("services").update(concat(ipv4[1], port, Uint8Array.of(frames[i][23], 0)), u32(i));
    } catch (error) {
      if (!(error instanceof MapError)) throw error;
      // The map is full, on every engine with the same entries.
      break;
    }
  }
  for (let slot = 0; slot < 251 * 4; slot++) maps.get("ring").update(u32(slot), u32((slot * 7 + (slot >> 4)) % 64));
  for (let number = 0; number < 64; number++) {
    const up = number % 9 !== 0;
    maps.get("backends").update(u32(number), concat(up ? Uint8Array.of(10, 1, 0, number) : new Uint8Array(4), u32(0), u64(0), u64(0)));
  }
};
