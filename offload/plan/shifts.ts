/**
 * How the highest rate shifts: with the size of packets, with the share of attack in the traffic, and with how full maps are.
 * Each row is the search for the highest rate on packets that were changed so, or on what they cost where maps are as full.
 */
import type { MapSpec, ObjectSpec, ProgramSpec } from "../../xdp/index.js";
import { BPF_PSEUDO_MAP_IDX, LD_IMM64 } from "../../xdp/index.js";
import type { DeviceProfile } from "../profiles/schema.js";
import type { Bound } from "../types.js";
import { PlanError } from "./error.js";
import type { Packets, PathRecord } from "./record.js";
import { highestRate } from "./search.js";
import type { Workload } from "./simulate.js";
import type { Workloads } from "./workloads.js";

interface Rate {
  readonly mpps: number;
  readonly gbps: number;
  readonly bound: Bound;
}

export interface SizeRow extends Rate {
  /** Frame with check sequence, bytes. */
  readonly bytes: number;
}

export interface AttackRow extends Rate {
  /** Share of attack among the packets. */
  readonly share: number;
}

export interface AttackShift {
  /** What counts as attack: packets with this label, or those that the program stops. */
  readonly attack: string;
  readonly by: "label" | "verdict";
  /** Share of attack in the traffic as it is; and shares of attack, and of all else, that the program stops. */
  readonly share: number;
  readonly stopped: number;
  readonly hurt: number;
  readonly rows: readonly AttackRow[];
}

export interface FillRow extends Rate {
  readonly fill: number;
}

/** What a search for the highest rate needs besides packets. */
export interface Search {
  readonly device: DeviceProfile;
  /** Largest share lost. */
  readonly loss: number;
  readonly packets: number;
}

const SIZES = [64, 128, 256, 512, 1024, 1518];
const SHARES = [0, 0.25, 0.5, 0.75, 0.9, 1];
const FILLS = [0, 0.25, 0.5, 0.75, 1];
const XDP_DROP = 1;
/** Packets of a remixed record, at most. */
const REMIXED = 20_000;

function rateOf({ device, loss, packets }: Search, workload: Workload): Rate {
  const { mpps, gbps, bound } = highestRate(device, workload, loss, undefined, packets);
  return { mpps, gbps, bound };
}

/** All packets of one size; what they cost on the cores stays. */
export function bySize(search: Search, workload: Workload): SizeRow[] {
  return SIZES.map((bytes) => ({ bytes, ...rateOf(search, { ...workload, record: resized(workload.record, bytes - 4) }) }));
}

/** What the program puts on or takes off packets, it does at any size. */
function resized(record: Packets, wire: number): Packets {
  const count = Math.min(record.count, REMIXED);
  const length = new Uint32Array(count);
  for (let i = 0; i < count; i++) length[i] = Math.max(14, wire + record.length[i] - record.wire[i]);
  const { low, high, hash, verdict } = record;
  return { count, low, high, hash, verdict, wire: new Uint32Array(count).fill(wire), length };
}

/** The traffic's packets in other shares of attack and of the rest, each in its own order. Nothing where the traffic has only one of both. */
export function byAttackShare(search: Search, workload: Workload, record: PathRecord, attack?: string): AttackShift | undefined {
  const label = labelOf(record, attack);
  const attacks: number[] = [];
  const others: number[] = [];
  const stops = (at: number): boolean => record.verdict[at] <= XDP_DROP;
  for (let i = 0; i < record.count; i++) {
    const isAttack = label === undefined ? stops(i) : record.label[i] === label;
    (isAttack ? attacks : others).push(i);
  }
  if (attacks.length === 0 || others.length === 0) return undefined;
  return {
    attack: label === undefined ? "packets that the program drops" : record.labels[label - 1],
    by: label === undefined ? "verdict" : "label",
    share: attacks.length / record.count,
    stopped: attacks.filter(stops).length / attacks.length,
    hurt: others.filter(stops).length / others.length,
    rows: SHARES.map((share) => ({ share, ...rateOf(search, { ...workload, record: remixed(record, attacks, others, share) }) })),
  };
}

/** Number of the label that is the attack: the one that was named, else one that is called so. */
function labelOf({ labels }: PathRecord, attack: string | undefined): number | undefined {
  const at = attack === undefined ? labels.findIndex((label) => /attack|flood|ddos|malicious/i.test(label)) : labels.indexOf(attack);
  if (at >= 0) return at + 1;
  if (attack === undefined) return undefined;
  throw new PlanError(`no packet is labelled '${attack}': ${labels.length === 0 ? "the traffic has no labels (a scenario's interfaces give them)" : `labels are ${labels.join(", ")}`}`);
}

/** Attack packets spread evenly among the others. */
function remixed(record: Packets, attacks: readonly number[], others: readonly number[], share: number): Packets {
  const count = Math.min(REMIXED, Math.max(record.count, 1000));
  let attacked = 0;
  const take = Array.from({ length: count }, (_, i) => {
    if (Math.floor((i + 1) * share + 1e-9) > attacked) return attacks[attacked++ % attacks.length];
    return others[(i - attacked) % others.length];
  });
  const of = (column: Uint32Array): Uint32Array => Uint32Array.from(take, (at) => column[at]);
  return { count, low: of(record.low), high: of(record.high), hash: of(record.hash), wire: of(record.wire), length: of(record.length), verdict: Uint8Array.from(take, (at) => record.verdict[at]) };
}

/** Hash tables as full as a share, and packets' keys spread over what is in them. Nothing where the program has no such map. */
export async function byFill(search: Search, works: Workloads, object: ObjectSpec, program: ProgramSpec): Promise<FillRow[]> {
  if (search.device.kind === "offload" && search.device.lanes > 0) return [];
  if (!hashTables(object, program).some(({ maxEntries }) => maxEntries > 1)) return [];
  const rows: FillRow[] = [];
  for (const mapFill of FILLS) {
    const device = { ...search.device, mapFill };
    const { workload } = await works.for(device);
    rows.push({ fill: mapFill, ...rateOf({ ...search, device }, workload) });
  }
  return rows;
}

export function hashTables({ maps }: ObjectSpec, { insns }: ProgramSpec): MapSpec[] {
  const named = new Set(insns.filter(({ op, src }) => op === LD_IMM64 && src === BPF_PSEUDO_MAP_IDX).map(({ imm }) => imm));
  return maps.filter(({ type }, i) => named.has(i) && type.includes("HASH"));
}
