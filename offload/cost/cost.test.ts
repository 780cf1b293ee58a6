import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { MapSpec } from "../../xdp/index.js";
import { findProfile } from "../profiles/profiles.js";
import type { OffloadProfile } from "../profiles/schema.js";
import { array, COUNT_BY_QUEUE, hash, objectSpec, PORT_FILTER, programSpec } from "../testing/object.js";
import { repeatingSlots } from "./cycles.js";
import { analyseKinds, KIND_CTX, KIND_MAP, KIND_PACKET, KIND_SCALAR, KIND_STACK, KIND_UNKNOWN, KIND_VALUE } from "./kinds.js";
import { nfpCosts } from "./nfp.js";
import { planCosts } from "./plan.js";
import { x86Costs, X86_UNITS } from "./x86.js";

const card = findProfile("agilio-cx-2x40") as OffloadProfile;
const lean = findProfile("agilio-cx-2x40-lean") as OffloadProfile;
const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);

/** Cycles of the straight path through a program without jumps. */
function cycles(text: string, maps = [array("values", 256, 1)], device = card): number {
  return sum(nfpCosts(programSpec(text, maps), device).cycles);
}

/** Cycles of `reads` blocking reads of map memory; the values lie in global data, so that no lookup of the firmware is in it. */
function cyclesOfReads(reads: number): number {
  const loads = Array.from({ length: reads }, (_, i) => `r1 = *(u32 *)(r0 + ${i * 8})`).join("\n");
  return lean.firmwareCycles + cycles(`r0 = map[values][0]+0\n${loads}\nr0 = 1\nexit`, undefined, lean);
}

function lookupNs(map: MapSpec): number {
  return x86Costs(programSpec(`r2 = r10\nr1 = map[${map.name}]\ncall bpf_map_lookup_elem\nexit`, [map]), [map])[3] / X86_UNITS;
}

/** What the counters say of a path through a program, given as the slots that execute. */
function readPath(text: string, slots: readonly number[]) {
  const object = objectSpec(text, [array("values", 256, 1)]);
  const plan = planCosts(object, card);
  const costs = plan.costsFor(object.programs[0]);
  const low = slots.reduce((total, slot) => (total + costs.low[slot]) >>> 0, 0);
  const high = slots.reduce((total, slot) => (total + costs.high[slot]) >>> 0, 0);
  return { cycles: plan.cycles(low, high), memory: plan.memoryCycles(low, high), estimated: plan.estimated(), nfp: nfpCosts(object.programs[0], card) };
}

const LOOP = "r0 = map[values][0]+0\nagain:\nr1 = *(u32 *)(r0 + 0)\nif r1 != 0 goto again\nr0 = 1\nexit";

/** The slots of LOOP that `rounds` rounds execute. */
function roundsOf(rounds: number): number[] {
  return [0, ...Array.from({ length: rounds }, () => [2, 3]).flat(), 4, 5];
}

describe("pointer kinds", () => {
  it("follows packet, stack, map and context pointers", () => {
    const program = programSpec(COUNT_BY_QUEUE, [array("seen", 8, 4)]);
    const kinds = analyseKinds(program);
    expect(kinds.of(0, 1)).toBe(KIND_CTX);
    expect(kinds.of(1, 6)).toBe(KIND_SCALAR);
    expect(kinds.of(4, 2)).toBe(KIND_STACK);
    expect([kinds.of(6, 1), kinds.mapOf(6, 1)]).toEqual([KIND_MAP, 0]);
    expect([kinds.of(8, 0), kinds.mapOf(8, 0)]).toEqual([KIND_VALUE, 0]);
  });
  it("keeps pointers through the stack, and says unknown where paths disagree", () => {
    const spilled = programSpec("r2 = *(u32 *)(r1 + 0)\n*(u64 *)(r10 - 8) = r2\nr3 = *(u64 *)(r10 - 8)\nr0 = *(u8 *)(r3 + 0)\nexit");
    expect(analyseKinds(spilled).of(3, 3)).toBe(KIND_PACKET);
    const mixed = programSpec("r2 = *(u32 *)(r1 + 0)\nr3 = r10\nif r3 > 5 goto join\nr3 = r2\njoin:\nr0 = *(u8 *)(r3 - 8)\nexit");
    expect(analyseKinds(mixed).of(4, 3)).toBe(KIND_UNKNOWN);
  });
  it("a packet length is no pointer", () => {
    const program = programSpec("r2 = *(u32 *)(r1 + 0)\nr3 = *(u32 *)(r1 + 4)\nr3 -= r2\nr0 = r3\nexit");
    expect(analyseKinds(program).of(3, 3)).toBe(KIND_SCALAR);
  });
});

describe("cycles on the card", () => {
  it("XDP_DROP takes 416.9 cycles with stock firmware, as published", () => {
    const total = card.firmwareCycles + cycles("r0 = 1\nexit");
    expect(Math.abs(total / 416.9 - 1)).toBeLessThan(0.02);
  });
  it("each further blocking read of map memory costs 24.8 cycles: published series of 4 to 14 reads, firmware stripped", () => {
    const published: [reads: number, cycles: number][] = [[4, 337.8], [6, 388.3], [8, 437.3], [10, 484.6], [12, 536.9], [14, 585.4]];
    // What the measured programs do beside their reads is not published: it is taken from the first of them.
    const beside = published[0][1] - cyclesOfReads(published[0][0]);
    for (const [reads, measured] of published) expect(Math.abs((cyclesOfReads(reads) + beside) / measured - 1)).toBeLessThan(0.01);
  });
  it("adds without fetch are posted, with fetch they block", () => {
    const posted = cycles("r0 = map[values][0]+0\nr1 = 1\nlock *(u64 *)(r0 + 0) += r1\nlock *(u64 *)(r0 + 0) += r1\nexit");
    const fetched = cycles("r0 = map[values][0]+0\nr1 = 1\nr1 = atomic_fetch_add((u64 *)(r0 + 0), r1)\nr1 = atomic_fetch_add((u64 *)(r0 + 0), r1)\nexit");
    expect(fetched - posted).toBeGreaterThan(15);
  });
  it("knows the slower way of adds and comparisons that can go both ways", () => {
    const maps = [array("values", 256, 1)];
    const add = nfpCosts(programSpec("r2 = *(u32 *)(r1 + 0)\nr1 = *(u32 *)(r2 + 0)\nr0 = map[values][0]+0\nlock *(u64 *)(r0 + 0) += r1\nr0 = 1\nexit", maps), card, maps);
    // Usual: 4 to choose, 3 for the posted add, 3 for the branch over the other. Else 7 to choose, and the command 25 behind the packet's: 11 have passed.
    expect([add.fallen[4], add.slowestFallen[4]]).toEqual([4 + 3 + 3, 7 + (25 - 11) + 2]);
    const compare = nfpCosts(programSpec("r2 = *(u32 *)(r1 + 0)\nr1 = *(u64 *)(r2 + 0)\nif r1 != 7 goto out\nr0 = 2\nexit\nout:\nr0 = 1\nexit"), card);
    expect([compare.fallen[2], compare.taken[2], compare.slowestTaken[2]]).toEqual([4, 5, 7]);
    expect(compare.slowestFallen[2]).toBe(4);
  });
  it("counts what the memory engine does", () => {
    const costs = nfpCosts(programSpec(COUNT_BY_QUEUE, [array("seen", 8, 4)]), card);
    expect([sum(costs.reads), sum(costs.atomics)]).toEqual([card.mapLookupReads, 1]);
  });
  it("a program that is never reached costs nothing there", () => {
    const costs = nfpCosts(programSpec("r0 = 1\nexit\nr0 = 2\nexit"), card);
    expect([...costs.cycles.subarray(2)]).toEqual([0, 0]);
  });
});

describe("x86 time", () => {
  it("sums the published costs of instructions", () => {
    const units = x86Costs(programSpec("r0 = 1\nr0 *= r0\nexit"), []);
    expect([...units]).toEqual([Math.round(0.095 * X86_UNITS), Math.round(1.135 * X86_UNITS), 1]);
  });
  it("takes maps by type and key", () => {
    expect(lookupNs(array("a", 8, 1))).toBeCloseTo(1.5, 1);
    expect(lookupNs(hash("h", 4, 8, 1))).toBeCloseTo(8.5, 1);
    expect(lookupNs(hash("h", 16, 8, 1))).toBeCloseTo(26.8, 1);
    expect(lookupNs(hash("h", 6, 8, 1))).toBeCloseTo(10.1, 1);
    expect(lookupNs(hash("h", 40, 8, 1))).toBeGreaterThan(50);
  });
});

describe("repeating slots", () => {
  it("finds loops and what they call", () => {
    expect([...repeatingSlots(programSpec(PORT_FILTER))].every((one) => one === 0)).toBe(true);
    const loop = programSpec("r1 = 0\nr2 = 5\nagain:\nr1 += 1\nif r1 < r2 goto again\nr0 = 1\nexit");
    expect([...repeatingSlots(loop)]).toEqual([0, 0, 1, 1, 0, 0]);
    const self = programSpec("r1 = 9\nagain:\nif r1 > 10 goto again\nexit");
    expect([...repeatingSlots(self)]).toEqual([0, 1, 0]);
  });
});

describe("counters", () => {
  it("give back cycles and memory engine cycles of a path", () => {
    const path = readPath("r0 = map[values][0]+0\nr1 = *(u32 *)(r0 + 0)\nr2 = *(u32 *)(r0 + 8)\nlock *(u64 *)(r0 + 0) += r1\nexit", [0, 2, 3, 4, 5]);
    expect(path.cycles).toBe(sum(path.nfp.cycles));
    expect(path.memory / (2 * card.memoryReadCycles + card.memoryAtomicCycles)).toBeCloseTo(1, 2);
    expect(path.estimated).toBe(0);
  });
  it("say what a packet waits for where it is alone: reads, and no posted adds", () => {
    const wait = (body: string): number => planCosts(objectSpec(`r0 = map[values][0]+0\nr1 = 1\n${body}\nr0 = 1\nexit`, [array("values", 256, 1)]), card).reading.wait;
    const most = (card.mapLatencyCycles - card.mapReadCycles) / card.memoryReadCycles;
    expect(wait("r2 = *(u32 *)(r0 + 0)")).toBeCloseTo(most, 9);
    expect(wait("lock *(u32 *)(r0 + 0) += r1")).toBe(0);
    const both = wait("r2 = *(u32 *)(r0 + 16)\nlock *(u32 *)(r0 + 0) += r1");
    expect(both).toBeGreaterThan(0);
    expect(both).toBeLessThan(most);
  });
  it("stay exact through loops, and say when a loop ran too long for them", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), (rounds) => {
        const path = readPath(LOOP, roundsOf(rounds));
        const { cycles, reads } = path.nfp;
        expect(path.estimated).toBe(0);
        expect(path.cycles).toBe(cycles[0] + rounds * (cycles[2] + cycles[3]) + cycles[4] + cycles[5]);
        expect(path.memory).toBeCloseTo(rounds * reads[2] * card.memoryReadCycles, 6);
      }),
      { numRuns: 20 },
    );
    const long = readPath(LOOP, roundsOf(100_000));
    expect(long.estimated).toBe(1);
    const { cycles } = long.nfp;
    expect(long.cycles / (100_000 * (cycles[2] + cycles[3]))).toBeGreaterThan(0.3);
    expect(long.cycles / (100_000 * (cycles[2] + cycles[3]))).toBeLessThan(3);
  });
});
