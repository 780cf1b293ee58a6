import { describe, expect, it } from "vitest";
import { findProfile, overrideProfile } from "../profiles/profiles.js";
import { array, hash, objectSpec } from "../testing/object.js";
import { framesReader, udpFrame } from "../validate/measure.js";
import { SAMPLE, countSources, needsSources, withSources } from "./sources.js";

const card = findProfile("agilio-cx-2x40");

describe("sources of the traffic", () => {
  it("counts different source addresses, tagged frames and IPv6 too", async () => {
    const frames = [1, 2, 3, 2, 1].map((flow) => udpFrame(flow, 60));
    expect(await countSources(framesReader(frames, 1000, 1))).toBe(3);
    const tagged = new Uint8Array(64);
    tagged.set(frames[0].subarray(0, 12));
    tagged.set([0x81, 0, 0, 7], 12);
    tagged.set(frames[0].subarray(12), 16);
    const six = new Uint8Array(60);
    six.set([0x86, 0xdd, 0x60], 12);
    six[37] = 9;
    expect(await countSources(framesReader([frames[0], tagged], 10, 1))).toBe(1);
    expect(await countSources(framesReader([frames[0], six], 10, 1))).toBe(2);
    expect(await countSources(framesReader([new Uint8Array(20)], 10, 1))).toBe(1);
  });
  it("counts many, and none twice", async () => {
    const frames = Array.from({ length: 30_000 }, (_, i) => {
      const frame = new Uint8Array(60);
      const six = i % 3 === 0;
      frame.set(six ? [0x86, 0xdd] : [8, 0], 12);
      new DataView(frame.buffer).setUint32(six ? 36 : 26, i * 65_537);
      return frame;
    });
    expect(await countSources(framesReader(frames, 60_000, 1))).toBe(30_000);
  });
  it("says how many packets it looked at", () => {
    const { sources } = withSources(card, 5);
    expect(sources.entriesInUse?.source).toContain(` ${SAMPLE.toLocaleString("en-US")} packets`);
  });
  it("is asked for only where a map is large enough to gain, and nobody has said", () => {
    const large = objectSpec("r0 = 1\nexit", [hash("h", 4, 8, 100_000)]);
    expect(needsSources(large, card)).toBe(true);
    expect(needsSources(objectSpec("r0 = 1\nexit", [array("a", 8, 256)]), card)).toBe(false);
    expect(needsSources(large, overrideProfile(card, { entriesInUse: 1 }))).toBe(false);
    expect(needsSources(large, findProfile("hxdp-fpga"))).toBe(false);
    expect(needsSources(large, findProfile("linux-xdp-generic"))).toBe(false);
    expect(withSources(card, 77)).toMatchObject({ entriesInUse: 77, sources: { entriesInUse: { evidence: "measured" } } });
  });
});
