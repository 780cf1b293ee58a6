import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Egress } from "./egress.js";
import { Series } from "./series.js";
import { ADMITTED, Timeline } from "./timeline.js";
import type { TimelineSpec } from "./timeline.js";

/** Exponential times with mean 1 from a seed. */
function exponential(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return -Math.log(1 - ((t ^ (t >>> 14)) >>> 0) / 2 ** 32);
  };
}

/** `packets` Poisson arrivals at load `rho` of all cores, mean service 100 ns. */
function poisson(spec: TimelineSpec, rho: number, packets: number, exponentialService: boolean): { timeline: Timeline; rate: number } {
  const timeline = new Timeline(spec);
  const gap = exponential(7);
  const service = exponential(99);
  const spacing = 100 / rho / spec.cores;
  let at = 0;
  for (let i = 0; i < packets; i++) {
    at += gap() * spacing;
    if (timeline.offer(at, 0) === ADMITTED) timeline.complete(exponentialService ? service() * 100 : 100);
  }
  return { timeline, rate: packets / at };
}

/** Mean wait of M/M/c in services. */
function erlangWait(c: number, rho: number): number {
  const load = c * rho;
  let term = 1;
  let sum = 1;
  for (let k = 1; k < c; k++) sum += term *= load / k;
  const last = (term * load) / c / (1 - rho);
  return last / (sum + last) / (c * (1 - rho));
}

/** Mean of what packets found, over the whole series: stretches weigh by their packets, of which Poisson arrivals bring about as many each. */
function meanOf(series: Series): number {
  const { mean } = series.toJSON();
  return mean.slice(0, -1).reduce((a, b) => a + b, 0) / (mean.length - 1);
}

describe("queueing theory", () => {
  const wide = 16384;
  it.each([[0.5], [0.7], [0.8]])("M/D/1 at load %d: mean wait, utilisation and Little's law within 2 %%", (rho) => {
    const { timeline, rate } = poisson({ servers: "queue", queues: 1, cores: 1, ringSize: wide }, rho, 2_000_000, false);
    expect(Math.abs(timeline.wait.mean / ((100 * rho) / (2 * (1 - rho))) - 1)).toBeLessThan(0.02);
    expect(Math.abs(timeline.busy / timeline.lastDeparture / rho - 1)).toBeLessThan(0.02);
    // A ring's descriptor is held until the packet is done: what arrivals find is the number in the system.
    expect(Math.abs(meanOf(timeline.occupancy) / (rate * timeline.latency.mean) - 1)).toBeLessThan(0.02);
  });
  it.each([[1, 0.7], [4, 0.8], [50, 0.95]])("M/M/%i at load %d: mean wait, utilisation and Little's law within 2 %%", (cores, rho) => {
    const { timeline, rate } = poisson({ servers: "pool", queues: 1, cores, ringSize: wide }, rho, 2_000_000, true);
    expect(Math.abs(timeline.wait.mean / (100 * erlangWait(cores, rho)) - 1)).toBeLessThan(cores === 50 ? 0.05 : 0.02);
    expect(Math.abs(timeline.busy / (timeline.lastDeparture * cores) / rho - 1)).toBeLessThan(0.02);
    expect(Math.abs(meanOf(timeline.occupancy) / (rate * timeline.wait.mean) - 1)).toBeLessThan(0.02);
  });
});

/** Rate of two cores, packets a microsecond, under more packets than can be served. */
function saturated(contexts: number, service: number, alone: number): number {
  const timeline = new Timeline({ servers: "pool", queues: 1, cores: 2, contexts, ringSize: 64 });
  for (let i = 0; i < 40_000; i++) if (timeline.offer(i * 10, 0) === ADMITTED) timeline.complete(service, 0, alone);
  return (timeline.completed / timeline.lastDeparture) * 1000;
}

function total(values: Float64Array): number {
  return values.reduce((a, b) => a + b, 0);
}

describe("hardware threads", () => {
  it("hide waits for memory: with enough of them a core works all the time, with one it waits", () => {
    expect(saturated(4, 100, 400)).toBeCloseTo(20, 1);
    expect(saturated(2, 100, 400)).toBeCloseTo(10, 1);
    expect(saturated(1, 100, 400)).toBeCloseTo(5, 1);
    expect(saturated(8, 100, 400)).toBeCloseTo(20, 1);
  });
  it("a packet that is alone takes its whole time", () => {
    const timeline = new Timeline({ servers: "pool", queues: 1, cores: 2, contexts: 4, ringSize: 64 });
    expect(timeline.offer(5, 0)).toBe(ADMITTED);
    expect(timeline.complete(100, 0, 400)).toBe(405);
  });
});

describe("the MAC's overload fault", () => {
  const spec = { servers: "pool", queues: 1, cores: 20, ringSize: 512, macPps: 53.2e6, overload: { pps: 34.6e6, belowPps: 60e6 } } as const;
  /** Share of `count` packets spaced `gap` ns that are served, each in `service` ns; and how often the MAC fell. */
  const serve = (cores: number, gap: number, service: number, count = 200_000): { mpps: number; collapses: number } => {
    const timeline = new Timeline({ ...spec, cores });
    for (let i = 0; i < count; i++) if (timeline.offer(i * gap, 0) === ADMITTED) timeline.complete(service);
    return { mpps: (timeline.completed / (count * gap)) * 1000, collapses: timeline.collapses };
  };
  it("takes 34.6 Mpps where cores do 38.4 and more arrives", () => {
    const { mpps, collapses } = serve(20, 8.4, 521);
    expect(Math.abs(mpps / 34.6 - 1)).toBeLessThan(0.02);
    expect(collapses).toBe(1);
  });
  it("does not show below capacity, nor where the cores are faster than what it shows at, nor where they are the slower", () => {
    expect(serve(20, 30, 521).collapses).toBe(0);
    expect(serve(50, 8.4, 521)).toMatchObject({ collapses: 0 });
    expect(serve(50, 8.4, 521).mpps).toBeCloseTo(53.2, 0);
    expect(serve(10, 8.4, 521).mpps).toBeCloseTo(19.2, 0);
  });
});

describe("Egress", () => {
  const spec = { ports: 2, lineNsPerBit: 0.025, txQueue: 16, busNsPerByte: 0.14, queues: 2, ringSize: 8, hostNs: 180, interruptNs: 1000 };
  it("conserves packets, never overtakes, and drops what the host or the line do not take", () => {
    const packet = fc.record({ gap: fc.integer({ min: 0, max: 200 }), work: fc.integer({ min: 0, max: 500 }), fate: fc.integer({ min: 0, max: 2 }), lane: fc.integer({ min: 0, max: 1 }), bytes: fc.integer({ min: 60, max: 1500 }) });
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 300 }), (packets) => {
        const egress = new Egress(spec);
        let at = 0;
        const asked = [0, 0, 0];
        for (const { gap, work, fate, lane, bytes } of packets) {
          at += gap;
          asked[fate]++;
          if (fate === 0) egress.consume(at + work);
          else if (fate === 1) egress.transmit(at, at + work, lane, bytes * 8);
          else egress.pass(at, at + work, lane, bytes);
        }
        expect(egress.sent + egress.txDrops).toBe(asked[1]);
        expect(total(egress.delivered) + total(egress.hostDrops)).toBe(asked[2]);
        expect([egress.toWire.count, egress.toHost.count]).toEqual([egress.sent, total(egress.delivered)]);
      }),
    );
  });
  it("backs up at the rate that the host drains", () => {
    const egress = new Egress(spec);
    for (let i = 0; i < 10_000; i++) egress.pass(i * 50, i * 50 + 20, 0, 64);
    expect(egress.delivered[0] / 10_000).toBeCloseTo(50 / 180, 1);
    expect(egress.hostBusy / (10_000 * 50)).toBeGreaterThan(0.99);
  });
  it("waits for the interrupt where the host is idle", () => {
    const egress = new Egress(spec);
    egress.pass(10_000, 10_100, 0, 100);
    expect(egress.toHost.max).toBeCloseTo(100 + 14 + 1000 + 180, 6);
  });
});

describe("Series", () => {
  it("keeps means and maxima in at most 128 stretches, however long the run", () => {
    fc.assert(
      fc.property(fc.array(fc.record({ gap: fc.integer({ min: 0, max: 50_000 }), value: fc.integer({ min: 0, max: 100 }) }), { minLength: 1, maxLength: 500 }), (points) => {
        const series = new Series(10);
        let at = 1e6;
        for (const { gap, value } of points) series.record((at += gap), value);
        const { mean, max, startNs, stepNs } = series.toJSON();
        expect(mean.length).toBeLessThanOrEqual(128);
        expect(startNs + mean.length * stepNs).toBeGreaterThan(at);
        expect(Math.max(...max)).toBe(Math.max(...points.map(({ value }) => value)));
        expect(mean.every((value, i) => value <= max[i])).toBe(true);
      }),
    );
  });
});
