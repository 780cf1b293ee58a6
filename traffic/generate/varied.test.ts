import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { get16 } from "../packet/bytes.js";
import { verifyChecksums } from "../packet/checksums.js";
import { dissect } from "../packet/dissect.js";
import { printPacket } from "../packet/print.js";
import { Random } from "./random.js";
import { RECIPES } from "./recipes.js";
import { everyCut, variedFrames } from "./varied.js";

function digest(frames: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const frame of frames) hash.update(`${frame.length}:`).update(frame);
  return hash.digest("hex").slice(0, 16);
}

describe("variedFrames", () => {
  const frames = variedFrames(1, 4000);

  it("gives the same frames for the same seed, on every machine", () => {
    expect(digest(variedFrames(1, 4000))).toBe(digest(frames));
    expect(digest(variedFrames(2, 4000))).not.toBe(digest(frames));
    expect(digest(frames)).toBe("c672e479b69a1b88");
  });

  it("begins the same whatever the count", () => {
    expect(digest(variedFrames(1, 100))).toBe(digest(frames.slice(0, 100)));
  });

  it("keeps to its limits and reaches both", () => {
    const lengths = frames.map((frame) => frame.length);
    expect(Math.min(...lengths)).toBe(14);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(9000);
    expect(Math.max(...lengths)).toBeGreaterThan(8000);
    const narrow = variedFrames(1, 500, { minLength: 0, maxLength: 1600 }).map((frame) => frame.length);
    expect(Math.min(...narrow)).toBeLessThan(14);
    expect(Math.max(...narrow)).toBeLessThanOrEqual(1600);
  });

  it("is cut at every place from 14 to 74 bytes", () => {
    const lengths = new Set(frames.map((frame) => frame.length));
    for (let length = 14; length <= 74; length++) expect(lengths).toContain(length);
  });

  it("holds every protocol, whole and cut, and every state of checksums", () => {
    const whole = new Set<string>();
    const cut = new Set<string>();
    const states = new Set<string>();
    for (const frame of frames) {
      const found = dissect(frame);
      for (const view of found.headers) whole.add(view.protocol);
      if (found.cut !== undefined) cut.add(found.cut);
      for (const { protocol, state } of verifyChecksums(frame)) states.add(`${protocol} ${state}`);
      expect(printPacket(frame)).toMatch(/^[^\n]+$/);
    }
    const all = ["ah", "arp", "destination", "ethernet", "fragment", "gre", "hop-by-hop", "icmp", "icmpv6", "ipv4", "ipv6", "routing", "tcp", "udp", "vlan", "vxlan"];
    expect([...whole].toSorted()).toEqual(all);
    expect([...cut].toSorted()).toEqual(all);
    for (const protocol of ["udp", "tcp", "icmp", "icmpv6"]) {
      for (const state of ["good", "bad", "unknown"]) expect(states).toContain(`${protocol} ${state}`);
    }
    expect(states).toContain("udp absent");
  });
});

describe("recipes", () => {
  it("are well formed: headers whole, checksums right", () => {
    const random = new Random(5);
    for (let round = 0; round < 100; round++) {
      for (const [i, recipe] of RECIPES.entries()) {
        const frame = recipe(random);
        const found = dissect(frame);
        expect(found.cut, `recipe ${i}: ${printPacket(frame)}`).toBeUndefined();
        // UDP without a checksum is bad over IPv6, and is meant to be there.
        const bad = verifyChecksums(frame).filter(({ state, protocol, offset }) => state === "bad" && !(protocol === "udp" && get16(frame, offset + 6) === 0));
        expect(bad, printPacket(frame)).toEqual([]);
      }
    }
  });
});

describe("everyCut", () => {
  it("gives every shorter frame from 14 bytes on", () => {
    const frame = Uint8Array.from({ length: 20 }, (_, i) => i);
    expect(everyCut(frame).map((cut) => cut.length)).toEqual([14, 15, 16, 17, 18, 19]);
    expect(everyCut(frame, 0)[3]).toEqual(Uint8Array.of(0, 1, 2));
    expect(everyCut(frame.slice(0, 5))).toEqual([]);
  });
});
