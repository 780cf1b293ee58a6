/** Random packets through a program, with what each costs on a card as runs count it. */
import { abi, createMachine, createWasmEngine } from "../../../xdp/index.js";
import type { MapHandle, ObjectSpec } from "../../../xdp/index.js";
import { planCosts } from "../../cost/plan.js";
import type { OffloadProfile } from "../../profiles/schema.js";
import { planVliw } from "../../cost/vliw.js";

const { DESC_BYTES, DESC_FRAME, DESC_IFINDEX, DESC_LENGTH, DESC_PACKET, DESC_QUEUE, RESULT_BYTES, RESULT_COST, RESULT_FAULT } = abi;
const LONGEST = 256;
const BATCH = 64;

/** Numbers that look random and are always the same. */
export class Numbers {
  private state: number;
  constructor(seed: number) {
    this.state = (seed * 2654435761) >>> 0;
  }
  below(limit: number): number {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.state / 2 ** 32) * limit);
  }
  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)];
  }
}

export interface CostRun {
  readonly runs: number;
  /** Most cycles of a core that a packet took, without the firmware's; and most of the memory engine. */
  readonly cycles: number;
  readonly memoryCycles: number;
}

/** A frame with headers that programs look for, or bytes from the program's own comparisons. */
export function randomFrame(numbers: Numbers, constants: readonly number[]): Uint8Array {
  const bytes = Uint8Array.from({ length: 60 + numbers.below(LONGEST - 60) }, () => (numbers.below(4) === 0 ? numbers.pick(constants) & 255 : numbers.pick([0, 1, 0xff, 0x80, numbers.below(256)])));
  const kind = numbers.below(8);
  let at = 14;
  if (kind === 0) return bytes.subarray(0, 14 + numbers.below(bytes.length - 14));
  for (let tags = kind === 1 ? numbers.below(3) : 0; tags > 0; tags--) {
    bytes.set([0x81, 0], at - 2);
    at += 4;
  }
  const six = numbers.below(3) === 0;
  bytes.set(six ? [0x86, 0xdd, 0x60] : [8, 0, numbers.pick([0x45, 0x45, 0x46, 0x4f])], at - 2);
  bytes[at + (six ? 6 : 9)] = numbers.pick([6, 17, 17, 1, 58, 4, 41, 47, 0, 43, 44, 50]);
  if (!six) bytes.set([0, numbers.below(bytes.length), 0, 0, numbers.pick([0, 0, 0x40, 0x20]), 0], at + 2);
  // Ports and the like that the program knows.
  for (let i = 0; i < 3; i++) {
    const value = numbers.pick(constants);
    const place = at + 8 + numbers.below(40);
    if (place + 2 <= bytes.length) bytes.set(numbers.below(2) === 0 ? [value & 255, (value >> 8) & 255] : [(value >> 8) & 255, value & 255], place);
  }
  return bytes;
}

/** Entries that lookups may find: keys of few different bytes. */
export function fillMap(map: MapHandle, numbers: Numbers): void {
  const { keySize, type } = map.spec;
  for (let i = 0; i < 40; i++) {
    const key = Uint8Array.from({ length: keySize }, () => numbers.pick([0, 0, 1, 2, numbers.below(256)]));
    if (type === "BPF_MAP_TYPE_LPM_TRIE") key.set([numbers.below(keySize * 8 - 31), 0, 0, 0]);
    try {
      map.update(key, Uint8Array.from({ length: map.valueBytes }, () => numbers.pick([0, 0, 1, numbers.below(256)])));
    } catch {
      // Not every map takes what is random.
      return;
    }
  }
}

/** Runs `packets` random packets. Throws what making the machine throws. */
export function randomRuns(object: ObjectSpec, entry: string, device: OffloadProfile, packets: number, seed: number): CostRun {
  const numbers = new Numbers(seed);
  const plan = device.lanes > 0 ? planVliw(object, device) : planCosts(object, device);
  const machine = createMachine({ object, entry, batchSize: BATCH, costs: (program) => plan.costsFor(program) });
  for (const map of machine.maps) if (!/PROG_ARRAY|OF_MAPS|DEVMAP|CPUMAP|XSKMAP|RINGBUF|PERF/.test(map.spec.type) && map.spec.dataSection === undefined) fillMap(map, numbers);
  const engine = createWasmEngine(machine);
  const constants = [0, ...machine.entry.spec.insns.map(({ imm }) => imm)];
  const frames = machine.layout.allocate(BATCH * LONGEST, 64, "frames");
  const view = new DataView(machine.layout.buffer);
  let [runs, cycles, memoryCycles] = [0, 0, 0];
  for (let done = 0; done < packets; done += BATCH) {
    for (let i = 0; i < BATCH; i++) {
      const bytes = randomFrame(numbers, constants);
      const at = engine.worker.descriptors + i * DESC_BYTES;
      new Uint8Array(machine.layout.buffer).set(bytes, frames + i * LONGEST);
      view.setUint32(at + DESC_FRAME, frames + i * LONGEST, true);
      view.setUint32(at + DESC_LENGTH, bytes.length, true);
      view.setUint32(at + DESC_IFINDEX, 1, true);
      view.setUint32(at + DESC_QUEUE, numbers.below(4), true);
      view.setUint32(at + DESC_PACKET, done + i, true);
    }
    engine.runBatch(BATCH);
    for (let i = 0; i < BATCH; i++) {
      const at = engine.worker.results + i * RESULT_BYTES;
      if (view.getUint32(at + RESULT_FAULT, true) !== 0) continue;
      const [low, high] = [view.getUint32(at + RESULT_COST, true), view.getUint32(at + RESULT_COST + 4, true)];
      const before = plan.estimated();
      const took = plan.cycles(low, high);
      // A packet that was too long for the counters is only estimated.
      if (plan.estimated() !== before) continue;
      runs++;
      cycles = Math.max(cycles, took);
      memoryCycles = Math.max(memoryCycles, plan.memoryCycles(low, high));
    }
  }
  return { runs, cycles, memoryCycles };
}
