import { describe, expect, it } from "vitest";
import { findProfile, overrideProfile } from "../profiles/profiles.js";
import type { OffloadProfile } from "../profiles/schema.js";
import { array, hash, programSpec } from "../testing/object.js";
import { nfpCosts } from "./nfp.js";
import { spreadOf } from "./locality.js";

const lean = findProfile("agilio-cx-2x40-lean") as OffloadProfile;
const busy = overrideProfile(lean, { entriesInUse: 1e7 }) as OffloadProfile;
const maps = [hash("flows", 4, 8, 2_000_000), array("config", 8, 16)];

/** A lookup by an address of the packet in `flows`, and one by key 0 in `config`; each value is read. */
const TWO = `r6 = *(u32 *)(r1 + 0)
r7 = *(u32 *)(r1 + 4)
r2 = r6
r2 += 34
if r2 > r7 goto out
r3 = *(u32 *)(r6 + 26)
*(u32 *)(r10 - 4) = r3
r2 = r10
r2 += -4
r1 = map[flows]
call bpf_map_lookup_elem
if r0 == 0 goto out
r3 = *(u32 *)(r0 + 0)
r3 = 0
*(u32 *)(r10 - 4) = r3
r2 = r10
r2 += -4
r1 = map[config]
call bpf_map_lookup_elem
if r0 == 0 goto out
r3 = *(u32 *)(r0 + 0)
out:
r0 = 1
exit`;

/** Spread of the lookup in `flows`, the read of its value, the lookup in `config` and the read of its value. */
function spreads(device: OffloadProfile, among = maps): number[] {
  const { spread } = nfpCosts(programSpec(TWO, among), device, among);
  return [11, 13, 20, 22].map((slot) => spread[slot]);
}

describe("locality of map memory", () => {
  it("is one word's where all packets share the entry, and spreads where keys are the packets'", () => {
    expect(spreads(lean)).toEqual([1, 1, 1, 1]);
    expect(spreads(busy)).toEqual([4, 4, 1, 1]);
  });
  it("is bounded by the entries that a map has", () => {
    expect(spreads(busy, [hash("flows", 4, 8, 1), maps[1]])).toEqual([1, 1, 1, 1]);
    expect(spreads(busy, [hash("flows", 4, 8, 4096), maps[1]])).toEqual([1, 1, 1, 1]);
    const [some] = spreads(busy, [hash("flows", 4, 8, 65_536), maps[1]]);
    expect(some).toBeGreaterThan(1);
    expect(some).toBeLessThan(4);
  });
  it("grows with entries from none to all of the published gain", () => {
    const gains = [1, 4096, 10_000, 100_000, 1_048_576, 1e8].map((entries) => spreadOf(lean, entries));
    expect(gains.toSorted((a, b) => a - b)).toEqual(gains);
    expect([gains[0], gains[1], gains[4], gains[5]]).toEqual([1, 1, 4, 4]);
  });
});

/** Cycles of the lookup in `flows`. */
function cycles(device: OffloadProfile, among = maps): number {
  return nfpCosts(programSpec(TWO, among), device, among).fallen[11];
}

describe("lookups on the card", () => {
  it("cost more with larger keys and fuller tables, and little in arrays", () => {
    const small = cycles(lean);
    expect(cycles(lean, [hash("flows", 16, 8, 100), maps[1]]) - small).toBe(3 * lean.mapKeyCycles);
    expect(cycles(overrideProfile(lean, { mapFill: 1 }) as OffloadProfile)).toBeGreaterThan(small + lean.mapReadCycles / 2);
    expect(cycles(lean, [array("flows", 8, 100), maps[1]])).toBeLessThan(20);
  });
});
