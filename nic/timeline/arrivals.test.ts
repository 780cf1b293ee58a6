import { describe, expect, it } from "vitest";
import { Trace } from "../../traffic/index.js";
import { Arrivals, parseRate } from "./arrivals.js";
import { Histogram } from "./histogram.js";

function trace(...packets: [time: number, length: number, port?: number][]): Trace {
  const out = Trace.allocate(65536, packets.length);
  for (const [time, length, port] of packets) {
    const i = out.push(new Uint8Array(length), time);
    out.port[i] = port ?? 0;
  }
  return out;
}
function times(rate: string, packets: Trace, ports = 1, linkBps = 10e9): number[] {
  const out = new Float64Array(packets.count);
  new Arrivals(parseRate(rate), ports, linkBps).fill(packets, out);
  return [...out];
}

describe("arrivals", () => {
  it("keeps the capture's times, and never goes back", () => {
    expect(times("pcap", trace([0, 60], [100, 60], [50, 60], [70, 60], [120, 60]))).toEqual([0, 100, 100, 100, 120]);
    expect(times("pcap", trace([-5, 60], [3, 60]))).toEqual([0, 3]);
  });
  it("sends 64-byte frames (60 without FCS) at 14.881 Mpps on 10 Gb/s", () => {
    const [, second, third] = times("line", trace([0, 60], [9, 40], [9, 1514]));
    expect(second).toBeCloseTo(67.2, 6);
    expect(third).toBeCloseTo(134.4, 6);
  });
  it("sends on two ports at once at line rate", () => {
    const out = times("line", trace([0, 60, 0], [0, 60, 1], [0, 60, 0], [0, 60, 1]), 2);
    expect(out.map((time) => Math.round(time * 10) / 10)).toEqual([0, 0, 67.2, 67.2]);
  });
  it("spaces by packets and by bits", () => {
    expect(times("10Mpps", trace([0, 60], [0, 600], [0, 60]), 1, 100e9)).toEqual([0, 100, 200]);
    const [, second, third] = times("25Gbps", trace([0, 60], [0, 1514], [0, 60]), 1, 100e9);
    expect(second).toBeCloseTo((84 * 8) / 25, 9);
    expect(third).toBeCloseTo(((84 + 1538) * 8) / 25, 9);
  });
  it("brings packets at random or in bursts, at the rate asked for and as fast as the line allows", () => {
    const many = trace(...Array.from({ length: 60_000 }, () => [0, 0] as [number, number]));
    const random = times("10Mpps/poisson", many, 1, 400e9);
    expect(Math.abs(random[59_999] / 59_999 / 100 - 1)).toBeLessThan(0.02);
    const gaps = random.slice(1).map((time, i) => time - random[i]);
    // Line rate lets none come closer than 1.68 ns; else the gaps are exponential: half below 69.3 ns.
    expect(gaps.filter((gap) => gap < 69.3).length / gaps.length).toBeCloseTo(0.5, 1);
    expect(times("10Mpps/poisson", many, 1, 400e9)).toEqual(random);
    expect(times("10Mpps/burst=3", trace([0, 60], [0, 60], [0, 60], [0, 60]), 1, 100e9).map(Math.round)).toEqual([0, 7, 13, 300]);
    for (const wrong of ["line/poisson", "10Mpps/burst=0", "10Mpps/burst", "10Mpps/poisson/burst=2"]) expect(() => parseRate(wrong)).toThrow("is not one of");
  });
  it("brings no more than the line carries, and counts what came late", () => {
    const packets = trace([0, 60], [0, 60], [0, 60]);
    const arrivals = new Arrivals(parseRate("20Mpps"), 1, 10e9);
    const out = new Float64Array(3);
    arrivals.fill(packets, out);
    expect([...out].map((time) => Math.round(time * 10) / 10)).toEqual([0, 67.2, 134.4]);
    expect(arrivals.limited).toBe(2);
    expect(times("25Gbps", packets, 1, 10e9)).toEqual(times("line", packets, 1, 10e9));
  });
  it("goes on behind the first pass when the capture loops", () => {
    const packets = trace([0, 60], [100, 60], [200, 60]);
    const arrivals = new Arrivals({ kind: "pcap" }, 1, 1e9);
    const out = new Float64Array(3);
    arrivals.fill(packets, out);
    arrivals.restart(3);
    arrivals.fill(packets, out);
    expect([...out]).toEqual([300, 400, 500]);
    arrivals.restart(3);
    arrivals.fill(packets, out);
    expect([...out]).toEqual([600, 700, 800]);
  });
  it("reads rates", () => {
    expect(parseRate("10Mpps")).toEqual({ kind: "packets", pps: 10e6 });
    expect(parseRate("1.5 kpps")).toEqual({ kind: "packets", pps: 1500 });
    expect(parseRate("25Gb/s")).toEqual({ kind: "bits", bps: 25e9 });
    for (const bad of ["", "10", "fast", "0Mpps", "-1Mpps", "10 Mpackets", "Gbps"]) expect(() => parseRate(bad)).toThrow(`rate '${bad}' is not one of`);
  });
});

describe("histogram", () => {
  it("gives percentiles within 1.6 %, and exact count, mean and maximum", () => {
    const histogram = new Histogram();
    const values = Array.from({ length: 10_000 }, (_, i) => 0.5 + (i * 7919) % 10_000);
    for (const value of values) histogram.record(value);
    values.sort((a, b) => a - b);
    for (const share of [0.01, 0.5, 0.9, 0.99, 0.999]) {
      const exact = values[Math.ceil(share * values.length) - 1];
      expect(histogram.percentile(share)).toBeGreaterThanOrEqual(exact);
      expect(histogram.percentile(share)).toBeLessThanOrEqual(exact * 1.016);
    }
    expect(histogram.percentile(1)).toBe(values[values.length - 1]);
    expect(histogram.mean).toBeCloseTo(values.reduce((a, b) => a + b) / values.length, 6);
    expect(new Histogram().percentile(0.5)).toBe(0);
  });
  it("takes 0 and enormous values", () => {
    const histogram = new Histogram();
    histogram.record(0);
    histogram.record(1e30);
    expect(histogram.percentile(0.5)).toBeLessThan(0.1);
    expect(histogram.percentile(1)).toBe(1e30);
    expect(histogram.count).toBe(2);
  });
});
