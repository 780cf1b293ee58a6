import { describe, expect, it } from "vitest";
import { Trace, packet } from "../traffic/index.js";
import { assemble, verifyProgram } from "../xdp/index.js";
import type { ObjectSpec } from "../xdp/index.js";
import { compareResults } from "./compare.js";
import { machineFacts } from "./facts.js";
import { runBench } from "./measure.js";
import type { BenchResult } from "./measure.js";
import { ruleList } from "./rule-list.js";
import { geometricMean, spreadOf } from "./statistics.js";

function object(text: string): ObjectSpec {
  const insns = assemble(text);
  return { file: "test.o", license: "GPL", maps: [], programs: [{ name: "prog", section: "xdp", type: "xdp", frags: false, attach: "device", autoload: true, insns, functions: [{ name: "prog", start: 0, end: insns.length, linkage: "global" }], lines: [] }] };
}
function traceOf(frames: readonly Uint8Array[]): Trace {
  const trace = Trace.allocate(4096, frames.length);
  for (const frame of frames) trace.push(frame, 0);
  return trace;
}
const trace = traceOf([packet().eth().ip({ src: "10.0.0.1", dst: "10.0.0.2" }).udp({ srcPort: 1, dstPort: 53 }).build(), packet().eth().ip({ src: "10.0.0.3", dst: "10.0.0.2" }).udp({ srcPort: 1, dstPort: 53 }).build()]);
const LONG = `r0 = 0\n${"r0 += 1\n".repeat(500)}r0 = 2\nexit\n`;

describe("statistics", () => {
  it("takes the middle of odd and even numbers of measurements", () => {
    expect(spreadOf([3, 1, 20])).toEqual({ median: 3, min: 1, max: 20 });
    expect(spreadOf([4, 1, 2, 10])).toEqual({ median: 3, min: 1, max: 10 });
    expect(() => spreadOf([])).toThrow("nothing was measured");
  });
  it("multiplies ratios", () => expect(geometricMean([0.5, 2, 8])).toBeCloseTo(2));
});

describe("a measurement", () => {
  it.each(["same", "trace"] as const)("gives times by engine, of a longer program longer ones (%s)", (mode) => {
    const measure = (text: string): BenchResult => runBench({ object: object(text), entry: "prog", trace, mode, engines: ["wasm", "interpreter"], rounds: 3, roundMs: 5 });
    const short = measure("r0 = 2\nexit\n");
    const long = measure(LONG);
    expect(short).toMatchObject({ program: "test.o", entry: "prog", mode, rounds: 3, provenance: "measured", notes: [] });
    const { wasm, interpreter } = short.engines;
    expect(wasm?.nsPerPacket.min).toBeGreaterThan(0);
    expect(wasm?.mpps).toBeCloseTo(1e3 / (wasm?.nsPerPacket.median ?? 0));
    expect(interpreter?.nsPerPacket.median).toBeGreaterThanOrEqual(interpreter?.nsPerPacket.min ?? 0);
    expect(long.engines.interpreter?.nsPerPacket.min).toBeGreaterThan(interpreter?.nsPerPacket.median ?? 0);
    expect(Object.keys(short.engines)).toEqual(["wasm", "interpreter"]);
  });
  it("needs packets that a NIC receives, and rounds", () => {
    const options = { object: object("r0 = 2\nexit\n"), entry: "prog", mode: "trace", engines: ["wasm"] } as const;
    expect(() => runBench({ ...options, trace: traceOf([new Uint8Array(13)]) })).toThrow("no packet of 14 to 3520 bytes");
    expect(() => runBench({ ...options, trace, rounds: 0 })).toThrow("0 rounds: give a whole number from 1 on");
  });
});

const result = (median: number, min: number, max: number): BenchResult => ({
  program: "a.o", entry: "prog", mode: "same", rounds: 7, provenance: "measured", machine: machineFacts(), notes: [], engines: { wasm: { nsPerPacket: { median, min, max }, mpps: 1e3 / median } },
});

describe("comparing", () => {
  it.each([
    [result(10, 9, 11), result(20, 19, 21), "slower"],
    [result(20, 19, 21), result(10, 9, 11), "faster"],
    [result(10, 9, 11), result(10.4, 10.4, 10.5), "same"],
    [result(10, 9, 14), result(12, 9, 13), "same"],
    [result(10, 9, 10.5), result(12, 9.5, 13), "same"],
  ])("tells changes from noise (%#)", (before, after, change) => {
    expect(compareResults(before, after)).toMatchObject([{ engine: "wasm", change }]);
  });
  it("says nothing of engines that only one has", () => {
    expect(compareResults({ ...result(1, 1, 1), engines: {} }, result(2, 2, 2))).toEqual([]);
  });
});

describe("rule lists", () => {
  it.each([100, 1000, 4000])("of about %i instructions are taken", (length) => {
    const object = ruleList(length, 1);
    expect(object.programs[0].insns.length).toBeGreaterThan(length * 0.9);
    expect(object.programs[0].insns.length).toBeLessThan(length * 1.1);
    expect(verifyProgram(object, object.programs[0])).toMatchObject({ message: "", accepted: true });
  });
});
