/**
 * How a packet's cost travels in the two 32-bit counters of the engines: the high one holds x86 time in 1/16 ns, the low one
 * the card's cycles, and above them what the packet asks of the memory engine, where that provably fits.
 */
import type { ObjectSpec, ProgramCosts, ProgramSpec } from "../../xdp/index.js";
import type { OffloadProfile } from "../profiles/schema.js";
import { callCounts, repeats } from "./flow.js";
import { nfpCosts } from "./nfp.js";
import type { NfpCosts } from "./nfp.js";
import { x86Costs } from "./x86.js";

/** Bits of the low counter that hold cycles where it also holds memory units. */
const CYCLE_BITS = 20;
const MEMORY_LIMIT = 2 ** (32 - CYCLE_BITS);
/** A read of the memory engine is this many units; an atomic add as many as its cost is of a read's. */
const READ_UNITS = 5;
/** Programs that one packet may run through by tail calls. */
const MAX_CHAIN = 34;

/** Costs of all programs of an object, and how to read the counters. */
export interface CostPlan {
  costsFor(program: ProgramSpec): ProgramCosts;
  /** Static length on the card, NFP instructions, of one program; an estimate. */
  instructions(program: ProgramSpec): number;
  /** `cycles = low & cycleMask`, `memory units = low >>> memoryShift` (where memory is counted by packet). */
  readonly cycleMask: number;
  readonly memoryShift: number;
  /** Memory engine cycles of one unit. */
  readonly memoryUnit: number;
  /** 0, or where memory is not counted by packet (the program has loops): memory units by cycle, from its static mix. */
  readonly memoryShare: number;
}

/** Plans the costs of `object` on a card (any card: without one, `device` only shapes the unused counter). */
export function planCosts(object: ObjectSpec, device: OffloadProfile): CostPlan {
  const programs = object.programs.filter((program) => program.type === "xdp");
  const nfp = new Map<ProgramSpec, NfpCosts>();
  const costOf = (program: ProgramSpec): NfpCosts => {
    let costs = nfp.get(program);
    if (costs === undefined) nfp.set(program, (costs = nfpCosts(program, device)));
    return costs;
  };
  const unit = device.memoryReadCycles / READ_UNITS;
  const atomicUnits = unit > 0 ? Math.round(device.memoryAtomicCycles / unit) : 0;
  const unitsAt = (costs: NfpCosts, slot: number): number => costs.reads[slot] * READ_UNITS + costs.atomics[slot] * atomicUnits;

  let packed = true;
  let cycles = 0;
  let units = 0;
  for (const program of programs) {
    const costs = costOf(program);
    const [mostCycles, mostUnits] = most(program, costs, unitsAt);
    const chain = object.maps.some((map) => map.type === "BPF_MAP_TYPE_PROG_ARRAY") ? MAX_CHAIN : 1;
    if (repeats(program) || mostCycles * chain >= 2 ** CYCLE_BITS || mostUnits * chain >= MEMORY_LIMIT) packed = false;
    cycles += mostCycles;
    units += mostUnits;
  }

  return {
    cycleMask: packed ? 2 ** CYCLE_BITS - 1 : 0xffffffff,
    memoryShift: CYCLE_BITS,
    memoryUnit: unit,
    memoryShare: packed || cycles === 0 ? 0 : units / cycles,
    instructions: (program) => costOf(program).instructions,
    costsFor(program) {
      const costs = costOf(program);
      const low = packed ? costs.cycles.map((value, slot) => (value | (unitsAt(costs, slot) << CYCLE_BITS)) >>> 0) : costs.cycles;
      return { low, high: x86Costs(program, object.maps) };
    },
  };
}

/** Upper bounds of one run through a program without loops: every slot once each call of its function. */
function most(program: ProgramSpec, costs: NfpCosts, unitsAt: (costs: NfpCosts, slot: number) => number): [cycles: number, units: number] {
  const counts = callCounts(program);
  let cycles = 0;
  let units = 0;
  program.functions.forEach(({ start, end }, i) => {
    for (let slot = start; slot < end; slot++) {
      cycles += costs.cycles[slot] * counts[i];
      units += unitsAt(costs, slot) * counts[i];
    }
  });
  return [cycles, units];
}
