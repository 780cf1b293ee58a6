/**
 * How a packet's cost travels in the two 32-bit counters of the engines: the high one holds x86 time in 1/16 ns, the low one
 * the card's cycles and, above them, what the packet asks of the memory engine.
 *
 * A loop could run one part of the low counter into the other. The high counter tells whether it did: every slot has an x86
 * cost, so that a packet's x86 time bounds how often anything repeated. Packets beyond the bound are estimated from that time.
 */
import type { ObjectSpec, ProgramCosts, ProgramSpec } from "../../xdp/index.js";
import type { KernelProfile, OffloadProfile } from "../profiles/schema.js";
import { repeatingSlots } from "./cycles.js";
import { callCounts } from "./flow.js";
import { nfpCosts } from "./nfp.js";
import type { NfpCosts } from "./nfp.js";
import { x86Costs } from "./x86.js";

/** A read of the memory engine is this many units; an atomic add as many as its cost is of a read's: 27, to 0.05 %. */
const READ_UNITS = 34;
/** Programs that one packet may run through by tail calls. */
const MAX_CHAIN = 34;
/** Bits of the low counter for memory units, at least and at most. */
const FEWEST_BITS = 12;
const MOST_BITS = 18;

/** Costs of all programs of an object, and how to read the counters. */
export interface CostPlan {
  /** What engines add up. */
  costsFor(program: ProgramSpec): ProgramCosts;
  /** Static length on the card, NFP instructions, of one program. */
  instructions(program: ProgramSpec): number;
  /** Cycles of a packet on a core of the card, without the firmware's. */
  cycles(low: number, high: number): number;
  /** Cycles of the memory engine that it takes. */
  memoryCycles(low: number, high: number): number;
  /** Packets so far whose cycles were estimated; see the head of this module. */
  estimated(): number;
  /** What {@link cycles} and {@link memoryCycles} do, as data, for whoever reads counters elsewhere. */
  readonly reading: CounterReading;
}

/**
 * How the counters of a packet are read. Up to `longest` of the high one, the low one holds cycles in its lowest `cycleBits`
 * bits and units of the memory engine, of `unit` cycles each, above them; beyond, both are estimated by these means.
 */
export interface CounterReading {
  readonly cycleBits: number;
  readonly longest: number;
  readonly meanCycles: number;
  readonly meanUnits: number;
  readonly unit: number;
  /** Cycles that a packet waits for answers where no other thread of its core has work, for each cycle of the memory engine. */
  readonly wait: number;
}

interface Costs {
  readonly nfp: NfpCosts;
  readonly x86: Uint32Array;
  readonly units: Uint16Array;
}

/** Plans the costs of `object` on the card `device`, and on the processor of `kernel` (default: one that finds all in its cache). */
export function planCosts(object: ObjectSpec, device: OffloadProfile, kernel?: KernelProfile): CostPlan {
  const unit = device.memoryReadCycles / READ_UNITS;
  const atomicUnits = unit > 0 ? device.memoryAtomicCycles / unit : 0;
  const known = new Map<ProgramSpec, Costs>();
  const costOf = (program: ProgramSpec): Costs => {
    let costs = known.get(program);
    if (costs === undefined) {
      const nfp = nfpCosts(program, device, object.maps);
      costs = { nfp, x86: x86Costs(program, object.maps, kernel), units: Uint16Array.from(nfp.reads, (reads, slot) => Math.round((reads * READ_UNITS + nfp.atomics[slot] * atomicUnits) / nfp.spread[slot])) };
      known.set(program, costs);
    }
    return costs;
  };

  const bounds = boundsOf(object, costOf);
  const { memoryBits, longest } = divide(bounds);
  const cycleBits = 32 - memoryBits;
  const mask = 2 ** cycleBits - 1;
  let estimated = 0;
  return {
    costsFor(program) {
      const { nfp, x86, units } = costOf(program);
      return { low: nfp.cycles.map((value, slot) => (value | (units[slot] << cycleBits)) >>> 0), high: x86 };
    },
    instructions: (program) => costOf(program).nfp.instructions,
    cycles(low, high) {
      if (high <= longest) return low & mask;
      estimated++;
      return high * bounds.meanCycles;
    },
    memoryCycles: (low, high) => (high <= longest ? low >>> cycleBits : high * bounds.meanUnits) * unit,
    estimated: () => estimated,
    reading: { cycleBits, longest, meanCycles: bounds.meanCycles, meanUnits: bounds.meanUnits, unit, wait: waitOf(object, device, costOf) },
  };
}

/**
 * Reads are waited for, posted adds are not: the wait of the program's reads over all that it asks of the engine. At most that of
 * reads alone, which bounds every path.
 */
function waitOf(object: ObjectSpec, device: OffloadProfile, costOf: (program: ProgramSpec) => Costs): number {
  if (device.memoryReadCycles === 0) return 0;
  let reads = 0;
  let engine = 0;
  for (const program of object.programs) {
    if (program.type !== "xdp") continue;
    const { nfp } = costOf(program);
    nfp.reads.forEach((count, slot) => {
      reads += count;
      engine += (count * device.memoryReadCycles + nfp.atomics[slot] * device.memoryAtomicCycles) / nfp.spread[slot];
    });
  }
  const wait = Math.max(0, device.mapLatencyCycles - device.mapReadCycles);
  return engine === 0 ? 0 : Math.min(wait / device.memoryReadCycles, (reads * wait) / engine);
}

/** How many bits of the low counter are for memory: as many as let packets run longest before either part overflows. */
function divide(bounds: Bounds): { readonly memoryBits: number; readonly longest: number } {
  let best = { memoryBits: FEWEST_BITS, longest: -2 };
  for (let memoryBits = FEWEST_BITS; memoryBits <= MOST_BITS; memoryBits++) {
    const longest = Math.min(
      room(2 ** (32 - memoryBits) - 1 - bounds.cycles, bounds.cyclesByTime),
      room(2 ** memoryBits - 1 - bounds.units, bounds.unitsByTime),
    );
    if (longest > best.longest) best = { memoryBits, longest };
  }
  return best;
}

/** Most that everything which runs once adds up to; most that a unit of x86 time in a loop adds; and the static mix. */
interface Bounds {
  cycles: number;
  units: number;
  cyclesByTime: number;
  unitsByTime: number;
  meanCycles: number;
  meanUnits: number;
}

function boundsOf(object: ObjectSpec, costOf: (program: ProgramSpec) => Costs): Bounds {
  const bounds: Bounds = { cycles: 0, units: 0, cyclesByTime: 0, unitsByTime: 0, meanCycles: 0, meanUnits: 0 };
  let x86 = 0;
  for (const program of object.programs) {
    if (program.type !== "xdp") continue;
    const costs = costOf(program);
    const repeating = repeatingSlots(program);
    const counts = callCounts(program);
    let cycles = 0;
    let units = 0;
    program.functions.forEach(({ start, end }, i) => {
      for (let slot = start; slot < end; slot++) {
        const slotCycles = costs.nfp.cycles[slot];
        const slotUnits = costs.units[slot];
        cycles += slotCycles * counts[i];
        units += slotUnits * counts[i];
        x86 += costs.x86[slot];
        bounds.meanCycles += slotCycles;
        bounds.meanUnits += slotUnits;
        if (repeating[slot] === 0) continue;
        bounds.cyclesByTime = Math.max(bounds.cyclesByTime, slotCycles / costs.x86[slot]);
        bounds.unitsByTime = Math.max(bounds.unitsByTime, slotUnits / costs.x86[slot]);
      }
    });
    bounds.cycles = Math.max(bounds.cycles, cycles);
    bounds.units = Math.max(bounds.units, units);
  }
  if (object.maps.some((map) => map.type === "BPF_MAP_TYPE_PROG_ARRAY")) {
    bounds.cycles *= MAX_CHAIN;
    bounds.units *= MAX_CHAIN;
  }
  if (x86 > 0) {
    bounds.meanCycles /= x86;
    bounds.meanUnits /= x86;
  }
  return bounds;
}

/** x86 time up to which `left` cannot be used up; without loops there is no limit, unless what runs once does not fit. */
function room(left: number, byTime: number): number {
  if (left < 0) return -1;
  return byTime === 0 ? Infinity : Math.floor(left / byTime);
}
