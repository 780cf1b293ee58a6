import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GlobalError, ObjectError, adaptProgram, btfTarget, builtinTarget, chainPrograms, fillKconfig, loadObject, setGlobals, summarizeObject } from "./index.js";
import type { BtfTarget } from "./index.js";
import { FIXTURES, btfOf, fixture, fixtureBytes } from "./testing/fixtures.js";

/** Loads what may be damaged: a spec or an ObjectError of one line, nothing else. */
function survives(bytes: Uint8Array): void {
  try {
    summarizeObject(loadObject(bytes, "damaged.o"));
  } catch (error) {
    if (!(error instanceof ObjectError)) throw error;
    expect(error.message).not.toContain("\n");
  }
}

/** Does something with what may be damaged: a result or an error of one line, nothing else. */
function tries(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof ObjectError || error instanceof GlobalError)) throw error;
    expect(error.message).not.toContain("\n");
  }
}

/** All that happens to an object between file and engine. */
function prepares(bytes: Uint8Array, targets: readonly BtfTarget[]): void {
  tries(() => {
    const spec = loadObject(bytes, "damaged.o");
    for (const target of targets) for (const program of spec.programs) tries(() => adaptProgram(spec, program, { btf: () => target }));
    tries(() => fillKconfig(spec));
    for (const name of ["port", "rules[1].ports[0]", "mode", "hidden", "device"]) tries(() => setGlobals(spec, { [name]: "1" }));
    for (const program of spec.programs.slice(0, 2)) tries(() => chainPrograms([{ object: spec, program: program.name }, { object: fixture("chain_first") }]));
  });
}

/** The bytes with a few changed. */
function damaged(good: Uint8Array): fc.Arbitrary<Uint8Array> {
  const change = fc.record({ at: fc.nat({ max: good.length - 1 }), value: fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)), run: fc.constantFrom(1, 1, 1, 4) });
  return fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => {
    const bytes = good.slice();
    for (const { at, value, run } of changes) bytes.fill(value, at, at + run);
    return bytes;
  });
}

describe("damaged objects on their way to an engine", () => {
  it.each(["core", "externs", "settable", "chain_second", "kernel"])("%s", (name) => {
    const targets = [builtinTarget(), btfTarget(btfOf("core_new"), "core_new")];
    fc.assert(fc.property(damaged(fixtureBytes(name)), (bytes) => prepares(bytes, targets)), { numRuns: 300 });
  });

  it("damaged BTF to adapt to", () => {
    const spec = fixture("core");
    fc.assert(
      fc.property(damaged(btfOf("core_new")), (bytes) => {
        tries(() => {
          const target = btfTarget(bytes, "damaged.btf");
          for (const program of spec.programs) tries(() => adaptProgram(spec, program, { btf: () => target }));
        });
      }),
      { numRuns: 2000 },
    );
  });
});

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
