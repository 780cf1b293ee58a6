/** A device under recorded packets at a rate: what is lost and how long packets take. Everything is modelled. */
import { ADMITTED, DROPPED_MAC, indirectionTable, wireBytes } from "../../nic/index.js";
import type { Pattern } from "../../nic/index.js";
import type { CostPlan } from "../cost/plan.js";
import type { DeviceProfile } from "../profiles/schema.js";
import { DeviceModel } from "../run/model.js";
import type { Bound, LatencyResult } from "../types.js";
import type { Packets } from "./record.js";

/** Packets and what is known of their costs. */
export interface Workload {
  readonly record: Packets;
  readonly plan: CostPlan;
  /** The program looks at packets' bytes. */
  readonly touches: boolean;
}

export interface Trial {
  /** Packets that came, a second, millions; and bits on the wire, Gb/s. */
  readonly offeredMpps: number;
  readonly offeredGbps: number;
  readonly packets: number;
  /** Lost packets by cause. */
  readonly drops: { readonly mac: number; readonly ring: number; readonly host: number; readonly tx: number };
  /** Share lost, 0 to 1. */
  readonly loss: number;
  /** From arrival to the end of the program, or to the end of transmission where that takes longer; what the host adds is apart. */
  readonly latencyNs: LatencyResult;
  readonly toHostNs?: LatencyResult;
  /** Rates that the parts alone would allow, Mpps; of a card's the host's and the bus's too. */
  readonly limits: Readonly<Partial<Record<Bound, number>>>;
  readonly parts: Readonly<Record<string, number>>;
}

/** How packets come. */
export interface Offer {
  readonly mpps: number;
  readonly pattern?: Pattern;
  /** Packets to bring; the record repeats. Default 100,000. */
  readonly packets?: number;
}

/** Mean wire bits of a packet. */
export function meanBits(record: Packets): number {
  let bits = 0;
  for (let i = 0; i < record.count; i++) bits += wireBytes(record.wire[i]) * 8;
  return record.count === 0 ? 0 : bits / record.count;
}

/** Runs `offer` through `profile`. Packets go to the ports in turn; no port's line is asked for more than it carries. */
export function simulate(profile: DeviceProfile, workload: Workload, offer: Offer): Trial {
  const { record, plan, touches } = workload;
  const model = new DeviceModel(profile, plan, touches);
  const queues = indirectionTable(profile.rssTableSize, profile.queues);
  const mask = queues.length - 1;
  const { timeline } = model;
  const total = offer.packets ?? 100_000;
  const spacing = 1e3 / offer.mpps;
  const lineNs = 1e9 / profile.linkBps;
  const portFree = new Float64Array(profile.ports);
  const burst = offer.pattern?.kind === "bursts" ? offer.pattern.packets : 1;
  const poisson = offer.pattern?.kind === "poisson";
  let seed = 0x2545f491;
  let next = 0;
  let last = 0;
  let bits = 0;
  let macDrops = 0;
  for (let i = 0; i < total; i++) {
    const at = i % record.count;
    const port = i % profile.ports;
    if (poisson) {
      seed ^= seed << 13;
      seed ^= seed >>> 17;
      seed ^= seed << 5;
      next -= Math.log(((seed >>> 0) + 1) / 4294967297) * spacing;
    } else next = (i - (i % burst)) * spacing;
    const wire = wireBytes(record.wire[at]) * 8;
    const arrival = Math.max(next, portFree[port], last);
    portFree[port] = Math.max(next, portFree[port]) + wire * lineNs;
    last = arrival;
    bits += wire;
    const hash = record.hash[at];
    const queue = hash === 0 ? 0 : queues[hash & mask];
    model.receive(arrival, port, record.wire[at]);
    const answer = timeline.offer(arrival, queue);
    if (answer !== ADMITTED) {
      if (answer === DROPPED_MAC) macDrops++;
      continue;
    }
    const low = record.low[at];
    const high = record.high[at];
    const verdict = record.verdict[at];
    model.complete(model.service(low, high, verdict), low, high, queue, arrival, verdict, port, record.length[at]);
  }
  const result = model.result({ admitted: null, reasons: [], checked: [], instructions: 0, notes: [] });
  const host = result.behind?.hostRingDrops ?? 0;
  const tx = result.behind?.txDrops ?? 0;
  const drops = { mac: macDrops, ring: result.drops.ring, host, tx };
  const lost = drops.mac + drops.ring + host + tx;
  return {
    offeredMpps: last > 0 ? (total - 1) / last * 1e3 : 0,
    offeredGbps: last > 0 ? bits / last : 0,
    packets: total,
    drops,
    loss: lost / total,
    latencyNs: longest(result.latencyNs, result.behind?.toWireNs),
    ...(result.behind === undefined ? {} : { toHostNs: result.behind.toHostNs }),
    limits: result.limits,
    parts: result.parts,
  };
}

/** The worst of the ways that packets end, figure by figure: a bound on all of them. */
function longest(...all: readonly (LatencyResult | undefined)[]): LatencyResult {
  const most = (key: keyof LatencyResult): number => Math.max(...all.map((one) => one?.[key] ?? 0));
  return { mean: most("mean"), p50: most("p50"), p99: most("p99"), p999: most("p999"), max: most("max") };
}
