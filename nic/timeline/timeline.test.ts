import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ADMITTED, DROPPED_MAC, DROPPED_RING, Timeline, UNDECIDED } from "./timeline.js";
import type { TimelineSpec } from "./timeline.js";

interface Offered {
  readonly at: number;
  readonly queue: number;
  readonly service: number;
}

/** Runs packets through a timeline in batches of at most `batch`; answers by packet. */
function run(spec: TimelineSpec, packets: readonly Offered[], batch = Infinity): { timeline: Timeline; answers: number[] } {
  const timeline = new Timeline(spec);
  const answers: number[] = [];
  const waiting: number[] = [];
  const flush = (): void => {
    for (const service of waiting.splice(0)) timeline.complete(service);
  };
  for (const packet of packets) {
    if (timeline.pending >= batch) flush();
    let answer = timeline.offer(packet.at, packet.queue);
    if (answer === UNDECIDED) {
      flush();
      answer = timeline.offer(packet.at, packet.queue);
    }
    answers.push(answer);
    if (answer === ADMITTED) waiting.push(packet.service);
  }
  flush();
  return { timeline, answers };
}

/** The same device simulated packet by packet from its definition, with lists instead of rings. */
function slow(spec: TimelineSpec, packets: readonly Offered[]): number[] {
  const queueFree = Array<number>(spec.cores).fill(0);
  const leaves: number[][] = Array.from({ length: spec.servers === "queue" ? spec.queues : 1 }, () => []);
  return packets.map(({ at, queue, service }) => {
    const held = leaves[spec.servers === "queue" ? queue : 0];
    if (held.filter((time) => time > at).length >= spec.ringSize) return DROPPED_RING;
    const core = spec.servers === "queue" ? queue % spec.cores : queueFree.indexOf(Math.min(...queueFree));
    const start = Math.max(at, queueFree[core]);
    queueFree[core] = start + service;
    held.push(spec.servers === "queue" ? start + service : start);
    return ADMITTED;
  });
}

const constant = (count: number, spacing: number, service: number, queues = 1): Offered[] =>
  Array.from({ length: count }, (_, i) => ({ at: i * spacing, queue: i % queues, service }));

describe("Timeline", () => {
  const one: TimelineSpec = { servers: "queue", queues: 1, cores: 1, ringSize: 64 };

  it("D/D/1 below capacity: nothing waits, nothing is lost, utilisation is load", () => {
    const { timeline } = run(one, constant(10_000, 100, 60));
    expect(timeline.wait.max).toBe(0);
    expect(timeline.ringDrops[0]).toBe(0);
    expect(timeline.latency.percentile(0.999)).toBe(60);
    expect(timeline.busy / timeline.lastDeparture).toBeCloseTo(0.6, 3);
  });

  it("D/D/1 above capacity: the ring fills, then the surplus is dropped, and waits are the ring's", () => {
    const { timeline } = run(one, constant(100_000, 50, 100));
    // Half of what comes is served; a full ring of 64 waits 63 services at most.
    expect(timeline.ringDrops[0] / 100_000).toBeCloseTo(0.5, 2);
    expect(timeline.wait.max).toBeGreaterThan(62 * 100);
    expect(timeline.wait.max).toBeLessThanOrEqual(63 * 100);
    expect(timeline.completed / timeline.lastDeparture).toBeCloseTo(1 / 100, 4);
  });

  it("M/D/1: the mean wait is rho / (2 (1 - rho)) services", () => {
    const rho = 0.7;
    let state = 12345;
    const random = (): number => ((state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff) + 1) / 0x80000001;
    let at = 0;
    const packets = Array.from({ length: 400_000 }, () => ({ at: (at += (-Math.log(random()) * 100) / rho), queue: 0, service: 100 }));
    const { timeline } = run({ ...one, ringSize: 4096 }, packets);
    const expected = (100 * rho) / (2 * (1 - rho));
    expect(Math.abs(timeline.wait.mean / expected - 1)).toBeLessThan(0.03);
  });

  it("a pool serves with all cores: c cores carry c times the load, and an ingress queue waits for the first free one", () => {
    const pool: TimelineSpec = { servers: "pool", queues: 4, cores: 50, ringSize: 256 };
    const light = run(pool, constant(20_000, 10, 490, 4));
    expect(light.timeline.wait.max).toBe(0);
    const heavy = run(pool, constant(50_000, 5, 500, 4));
    const rate = heavy.timeline.completed / heavy.timeline.lastDeparture;
    expect(Math.abs(rate / (50 / 500) - 1)).toBeLessThan(0.01);
    expect(heavy.timeline.ringDrops.reduce((a, b) => a + b)).toBe(50_000 - heavy.timeline.completed);
  });

  it("a shared unit bounds the pool: cores wait for it", () => {
    const timeline = new Timeline({ servers: "pool", queues: 1, cores: 50, ringSize: 256 });
    for (let i = 0; i < 50_000; i++) {
      if (timeline.offer(i * 10, 0) === ADMITTED) timeline.complete(400, 20);
    }
    // Cores alone carry 125 packets a microsecond, arrivals are 100, the shared unit does 50.
    expect(Math.abs(timeline.completed / timeline.lastDeparture / 0.05 - 1)).toBeLessThan(0.01);
    expect(timeline.ringDrops[0]).toBe(50_000 - timeline.completed);
  });

  it("a MAC that takes 1 packet in 20 ns passes that and drops the rest", () => {
    const spec: TimelineSpec = { servers: "pool", queues: 1, cores: 50, ringSize: 256, macPps: 50e6, macBuffer: 16 };
    const { timeline, answers } = run(spec, constant(100_000, 10, 100));
    expect(timeline.macDrops).toBe(answers.filter((answer) => answer === DROPPED_MAC).length);
    expect(timeline.completed / 100_000).toBeCloseTo(0.5, 2);
    expect(timeline.wait.max).toBeLessThanOrEqual(16 * 20);
  });

  it("decides as a packet-by-packet simulation does, whatever the batches, and conserves packets", () => {
    const packet = fc.record({ gap: fc.integer({ min: 0, max: 60 }), queue: fc.integer({ min: 0, max: 3 }), service: fc.integer({ min: 0, max: 200 }) });
    const spec = fc.record({
      servers: fc.constantFrom("queue" as const, "pool" as const),
      queues: fc.constant(4),
      cores: fc.integer({ min: 1, max: 5 }),
      ringSize: fc.integer({ min: 1, max: 12 }),
    });
    fc.assert(
      fc.property(spec, fc.array(packet, { maxLength: 200 }), fc.integer({ min: 1, max: 64 }), (device, gaps, batch) => {
        let at = 0;
        const packets = gaps.map(({ gap, queue, service }) => ({ at: (at += gap), queue, service }));
        const { timeline, answers } = run(device, packets, batch);
        expect(answers).toEqual(slow(device, packets));
        const dropped = timeline.ringDrops.reduce((a, b) => a + b) + timeline.macDrops;
        expect(timeline.completed + dropped).toBe(packets.length);
        expect(timeline.latency.count).toBe(timeline.completed);
        expect(timeline.pending).toBe(0);
      }),
    );
  });

  it("says how many packets can be decided before costs must be told", () => {
    const timeline = new Timeline({ ...one, ringSize: 3 });
    expect(timeline.decidable(0)).toBe(3);
    for (let i = 0; i < 3; i++) expect(timeline.offer(0, 0)).toBe(ADMITTED);
    expect(timeline.decidable(0)).toBe(0);
    expect(timeline.offer(10, 0)).toBe(UNDECIDED);
    timeline.complete(5);
    expect(timeline.offer(10, 0)).toBe(ADMITTED);
    timeline.complete(5);
    timeline.complete(5);
    expect(timeline.offer(11, 0)).toBe(ADMITTED);
  });
});
