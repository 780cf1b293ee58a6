import { describe, expect, it } from "vitest";
import { findProfile, overrideProfile } from "./profiles.js";
import { withCrowding, withRings } from "./rings.js";
import type { KernelProfile } from "./schema.js";

const cx5 = findProfile("linux-xdp-native-cx5") as KernelProfile;
const on = (cores: number, ringSize: number): KernelProfile => withRings(overrideProfile(cx5, { queues: cores, ringSize }) as KernelProfile);

describe("receive rings and the cache", () => {
  it("cost nothing while the cache holds them", () => {
    expect(on(1, 1024)).toMatchObject({ touchNs: cx5.touchNs, txNs: cx5.txNs, redirectNs: cx5.redirectNs });
    expect(on(6, 256)).toMatchObject({ touchNs: cx5.touchNs, txNs: cx5.txNs });
  });
  it("cost more with every core and with longer rings, packets that are sent on first", () => {
    expect(on(6, 512).touchNs).toBe(cx5.touchNs);
    expect(on(6, 512).txNs).toBeGreaterThan(cx5.txNs + 20);
    const touches = [3, 4, 5, 6].map((cores) => on(cores, 1024).touchNs);
    expect(touches.toSorted((a, b) => a - b)).toEqual(touches);
    expect(touches[3]).toBeLessThan(cx5.touchNs + cx5.ringMissNs);
  });
  it("crowding grows with each doubling of processors, and leaves the program alone", () => {
    const generic = findProfile("linux-xdp-generic-nfp") as KernelProfile;
    const at = (queues: number): KernelProfile => withCrowding(overrideProfile(generic, { queues }) as KernelProfile);
    expect(at(1)).toMatchObject({ driverNs: generic.driverNs, txNs: generic.txNs });
    expect(at(4).driverNs / at(2).driverNs).toBeCloseTo((1 + 2 * generic.crowding) / (1 + generic.crowding), 9);
    expect(at(8).programScale).toBe(generic.programScale);
  });
  it("leave cards and paths without figures alone", () => {
    for (const name of ["agilio-cx-2x40", "linux-xdp-generic"]) expect(withRings(findProfile(name))).toBe(findProfile(name));
  });
});
