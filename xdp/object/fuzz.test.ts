import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ObjectError, loadObject, summarizeObject } from "./index.js";
import { FIXTURES, fixtureBytes } from "./testing/fixtures.js";

/** Loads what may be damaged: a spec or an ObjectError of one line, nothing else. */
function survives(bytes: Uint8Array): void {
  try {
    summarizeObject(loadObject(bytes, "damaged.o"));
  } catch (error) {
    if (!(error instanceof ObjectError)) throw error;
    expect(error.message).not.toContain("\n");
  }
}

describe("damaged objects", () => {
  const names = Object.keys(FIXTURES);

  it.each(names)("%s: bits flipped, bytes set, files cut and joined", (name) => {
    const good = fixtureBytes(name);
    const place = fc.nat({ max: good.length - 1 });
    const change = fc.record({ at: place, value: fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)), run: fc.constantFrom(1, 1, 1, 4, 8) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), fc.option(place, { freq: 8 }), (changes, cut) => {
        const bytes = good.slice(0, cut ?? good.length);
        for (const { at, value, run } of changes) bytes.fill(value, at, at + run);
        survives(bytes);
      }),
      { numRuns: 1500 },
    );
  });

  it("every single bit of the ELF header and the section table", () => {
    const good = fixtureBytes("calls");
    const table = Number(new DataView(good.buffer).getBigUint64(40, true));
    for (let at = 0; at < good.length; at++) {
      if (at >= 64 && at < table) continue;
      for (let bit = 0; bit < 8; bit++) {
        const bytes = good.slice();
        bytes[at] = (bytes[at] as number) ^ (1 << bit);
        survives(bytes);
      }
    }
  });

  it("arbitrary bytes behind a sound start", () => {
    const header = fixtureBytes("calls").slice(0, 64);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (tail) => survives(new Uint8Array([...header, ...tail]))), { numRuns: 500 });
  });
});
