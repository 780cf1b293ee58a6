/**
 * Looks for slow packets by trying: where a path's conditions cannot be followed, or no bytes were found that meet them. Packets
 * are changed here and there, the slower ones are kept; the numbers that look random are always the same.
 */
import { abi, createMachine, createWasmEngine, seedMaps } from "../../xdp/index.js";
import type { Machine, ObjectSpec } from "../../xdp/index.js";
import type { CostPlan } from "../cost/plan.js";
import type { OffloadProfile } from "../profiles/schema.js";
import type { ExamplePacket } from "./example.js";
import { PLAIN } from "./frame.js";
import type { Seeds, TrialOptions, Trials } from "./trial.js";

const { DESC_BYTES, DESC_FRAME, DESC_IFINDEX, DESC_LENGTH, DESC_PACKET, RESULT_BYTES, RESULT_COST, RESULT_FAULT } = abi;
const BATCH = 64;
const ROUNDS = 48;
const LONGEST = 1514;
const SHORTEST = 60;
/** Packets that others are made from. */
const KEPT = 12;

/** How many packets are tried. */
export const TRIED = BATCH * ROUNDS;

interface Candidate {
  readonly packet: Uint8Array;
  readonly cycles: number;
}

/** The slowest packet found from `start` on, with `seeds` in the maps; or why none could be run. */
export function hunt(object: ObjectSpec, entry: string, device: OffloadProfile, trials: Trials, options: TrialOptions, start: readonly Uint8Array[], seeds: Seeds): ExamplePacket | string {
  const { plan } = trials;
  const machine = machineFor(object, entry, device, plan, options, seeds);
  if (typeof machine === "string") return machine;
  const engine = createWasmEngine(machine);
  const frames = machine.layout.allocate(BATCH * (LONGEST + 6), 64, "frames");
  const view = new DataView(machine.layout.buffer);
  const memory = new Uint8Array(machine.layout.buffer);
  const maker = new Maker(machine.programs.flatMap(({ spec }) => spec.insns.map(({ imm }) => imm)));
  let kept: Candidate[] = [];
  const seen = new Set<number>();
  for (let round = 0; round < ROUNDS; round++) {
    const packets = Array.from({ length: BATCH }, (_, i) => (round === 0 ? maker.first(i, start) : maker.from(kept.map(({ packet }) => packet))));
    packets.forEach((packet, i) => {
      const at = engine.worker.descriptors + i * DESC_BYTES;
      memory.set(packet, frames + i * (LONGEST + 6));
      view.setUint32(at + DESC_FRAME, frames + i * (LONGEST + 6), true);
      view.setUint32(at + DESC_LENGTH, packet.length, true);
      view.setUint32(at + DESC_IFINDEX, 1, true);
      view.setUint32(at + DESC_PACKET, round * BATCH + i, true);
    });
    engine.runBatch(BATCH);
    packets.forEach((packet, i) => {
      const at = engine.worker.results + i * RESULT_BYTES;
      const cycles = plan.cycles(view.getUint32(at + RESULT_COST, true), view.getUint32(at + RESULT_COST + 4, true));
      // One packet of each cost is enough to go on from.
      if (view.getUint32(at + RESULT_FAULT, true) !== 0 || seen.has(cycles)) return;
      seen.add(cycles);
      kept.push({ packet, cycles });
    });
    kept = kept.toSorted((a, b) => b.cycles - a.cycles).slice(0, KEPT);
  }
  // What packets before left in the maps is gone when one runs alone.
  let best: ExamplePacket | undefined;
  for (const { packet } of kept.slice(0, 4)) {
    const run = trials.run(packet, seeds);
    if (run !== undefined && run.cycles > (best?.run.cycles ?? 0)) best = { packet, maps: seeds, run };
  }
  return best ?? "every packet that was tried faults, or goes on for too long";
}

/** Or why the program cannot be run here. */
function machineFor(object: ObjectSpec, entry: string, device: OffloadProfile, plan: CostPlan, { btf, kconfig }: TrialOptions, seeds: Seeds): Machine | string {
  try {
    const machine = createMachine({ object, entry, cpus: device.queues, batchSize: BATCH, costs: (program) => plan.costsFor(program), ...(btf === undefined ? {} : { btf }), ...(kconfig === undefined ? {} : { kconfig }) });
    seedMaps(machine.maps, seeds, machine.object.btf, (name) => machine.programIndex(name));
    return machine;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Makes packets. */
class Maker {
  private state = 0x2545f491;
  private readonly constants: readonly number[];

  constructor(constants: readonly number[]) {
    this.constants = constants.length === 0 ? [0] : constants;
  }

  /** The first round: what is given, and frames of the usual kinds. */
  first(i: number, start: readonly Uint8Array[]): Uint8Array {
    if (i < start.length) return start[i].slice(0, LONGEST);
    const packet = Uint8Array.from({ length: this.length() }, (_, at) => PLAIN[at] ?? (i % 2 === 0 ? 0 : this.below(256)));
    if (i % 4 === 1) packet[23] = 6;
    if (i % 4 === 2) packet.set([0x86, 0xdd, 0x60, 0, 0, 0, 0, 8, this.below(2) === 0 ? 17 : 6, 64], 12);
    return packet;
  }

  /** One that is like one of the kept, or like two of them. */
  from(kept: readonly Uint8Array[]): Uint8Array {
    if (kept.length === 0) return this.first(this.below(64), []);
    let packet = kept[Math.floor((this.below(1000) / 1000) ** 2 * kept.length)].slice();
    if (this.below(8) === 0) {
      const other = kept[this.below(kept.length)];
      const cut = this.below(Math.min(packet.length, other.length));
      packet.set(other.subarray(0, cut));
    }
    if (this.below(6) === 0) {
      const length = this.length();
      const resized = Uint8Array.from({ length }, (_, at) => packet[at] ?? this.below(256));
      packet = resized;
    }
    for (let changes = 1 + this.below(4); changes > 0; changes--) this.change(packet);
    return packet;
  }

  private change(packet: Uint8Array): void {
    // Headers are in front.
    const at = this.below(this.below(3) === 0 ? packet.length : Math.min(packet.length, 96));
    const constant = this.constants[this.below(this.constants.length)];
    switch (this.below(7)) {
      case 0:
        packet[at] = this.below(256);
        return;
      case 1:
        packet[at] ^= 1 << this.below(8);
        return;
      case 2:
        packet[at] = constant & 255;
        return;
      case 3:
        packet[at] = constant & 255;
        if (at + 1 < packet.length) packet[at + 1] = (constant >> 8) & 255;
        return;
      case 4:
        packet[at] = (constant >> 8) & 255;
        if (at + 1 < packet.length) packet[at + 1] = constant & 255;
        return;
      case 5:
        packet.fill(this.below(2) === 0 ? 255 : this.below(256), at, Math.min(packet.length, at + 1 + this.below(32)));
        return;
      default:
        packet.copyWithin(at, Math.max(0, at - this.below(24)), at);
    }
  }

  private length(): number {
    return this.below(3) === 0 ? LONGEST : SHORTEST + this.below(LONGEST - SHORTEST);
  }

  private below(limit: number): number {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.state / 2 ** 32) * limit);
  }
}
