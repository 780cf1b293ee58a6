/** The wasm against the same model in TypeScript: every figure must be the same number, not a close one. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Egress } from "./egress.js";
import { Egress as PlainEgress } from "./testing/egress.js";
import { Timeline as PlainTimeline } from "./testing/timeline.js";
import { ADMITTED, Timeline, UNDECIDED } from "./timeline.js";
import type { TimelineSpec } from "./timeline.js";

interface Packet {
  readonly gap: number;
  readonly queue: number;
  readonly service: number;
  readonly shared: number;
  readonly waits: number;
}

const share = (most: number): fc.Arbitrary<number> => fc.double({ min: 0, max: most, noNaN: true });
/** Short and long services, so that servers get free out of order; gaps that let queues fill and empty. */
const packets = fc.array(
  fc.record({
    gap: fc.oneof(fc.constant(0), share(30), share(3000)),
    queue: fc.integer({ min: 0, max: 5 }),
    service: fc.oneof(fc.constantFrom(0, 100, 100.5), share(200), share(20_000)),
    shared: fc.oneof(fc.constant(0), share(60)),
    waits: fc.oneof(fc.constant(0), share(5000)),
  }),
  { maxLength: 600 },
);
const device: fc.Arbitrary<TimelineSpec> = fc
  .record({
    servers: fc.constantFrom("queue" as const, "pool" as const),
    queues: fc.constant(6),
    cores: fc.integer({ min: 1, max: 40 }),
    contexts: fc.integer({ min: 1, max: 8 }),
    ringSize: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 21, max: 600 })),
    mac: fc.option(fc.record({ pps: fc.integer({ min: 1e6, max: 1e9 }), room: fc.integer({ min: 1, max: 40 }), overload: fc.option(fc.record({ pps: fc.integer({ min: 5e5, max: 1e8 }), belowPps: fc.integer({ min: 1e6, max: 1e9 }) })) })),
  })
  .map(({ mac, ...rest }) => ({
    ...rest,
    ...(mac === null ? {} : { macPps: mac.pps, macBuffer: mac.room, ...(mac.overload === null ? {} : { overload: mac.overload }) }),
  }));

function histogram(one: { count: number; sum: number; max: number; percentile(share: number): number }): number[] {
  return [one.count, one.sum, one.max, ...[0.1, 0.5, 0.9, 0.99, 0.999, 1].map((part) => one.percentile(part))];
}

/** Answers and departures of every packet, and all that the timeline knows at the end. */
function through(timeline: Timeline | PlainTimeline, list: readonly Packet[], batch: number): unknown {
  const seen: number[] = [];
  const waiting: Packet[] = [];
  const flush = (): void => {
    for (const { service, shared, waits } of waiting.splice(0)) seen.push(timeline.complete(service, shared, service + waits));
  };
  let at = 0;
  for (const packet of list) {
    at += packet.gap;
    if (waiting.length === batch) flush();
    seen.push(timeline.decidable(packet.queue));
    let answer = timeline.offer(at, packet.queue);
    if (answer === UNDECIDED) {
      flush();
      answer = timeline.offer(at, packet.queue);
    }
    seen.push(answer);
    if (answer === ADMITTED) waiting.push(packet);
  }
  flush();
  const { admitted, completed, busy, sharedBusy, macBusy, macDrops, collapses, lastDeparture, pending, latency, wait, occupancy } = timeline;
  return {
    seen, admitted, completed, busy, sharedBusy, macBusy, macDrops, collapses, lastDeparture, pending, drops: [...timeline.ringDrops],
    latency: histogram(latency), wait: histogram(wait), occupancy: { ...occupancy.toJSON(), most: occupancy.max },
  };
}

interface Leaving {
  readonly gap: number;
  readonly work: number;
  readonly fate: number;
  readonly lane: number;
  readonly bytes: number;
}

function leave(egress: Egress | PlainEgress, list: readonly Leaving[]): unknown {
  let at = 0;
  const took = list.map(({ gap, work, fate, lane, bytes }) => {
    at += gap;
    if (fate === 0) return egress.consume(at + work);
    return fate === 1 ? egress.transmit(at, at + work, lane, bytes * 8) : egress.pass(at, at + work, lane, bytes);
  });
  const { sent, txDrops, txBusy, busBusy, hostBusy, delivered, hostDrops, toWire, toHost } = egress;
  return { took, sent, txDrops, txBusy, busBusy, hostBusy, delivered: [...delivered], hostDrops: [...hostDrops], wire: histogram(toWire), host: histogram(toHost) };
}

describe("the device model in wasm", () => {
  it("gives the same figures as the plain one: any device, any packets, any batches", () => {
    fc.assert(
      fc.property(device, packets, fc.integer({ min: 1, max: 300 }), (spec, list, batch) => {
        expect(through(new Timeline(spec), list, batch)).toEqual(through(new PlainTimeline(spec), list, batch));
      }),
      { numRuns: 300 },
    );
  });
  it("does so over long runs in which servers get free far out of order", () => {
    let state = 99;
    const random = (): number => (state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff) / 0x80000000;
    for (const [cores, contexts, load] of [[120, 4, 1.1], [50, 8, 0.9], [3, 1, 2], [72, 4, 0.3]] as const) {
      const list = Array.from({ length: 60_000 }, () => {
        const service = [50, 400, 4000, 40_000 * random()][Math.floor(random() * 4)];
        return { gap: (random() * 2 * 6100) / cores / load, queue: Math.floor(random() * 6), service, shared: random() < 0.5 ? 0 : 40 * random(), waits: service * random() * 3 };
      });
      const spec = { servers: "pool", queues: 6, cores, contexts, ringSize: 512, macPps: 53.2e6, overload: { pps: 34.6e6, belowPps: 60e6 } } as const;
      expect(through(new Timeline(spec), list, 256)).toEqual(through(new PlainTimeline(spec), list, 256));
    }
  });
  it("gives the same figures behind the cores", () => {
    const packet = fc.record({ gap: share(300), work: share(500), fate: fc.integer({ min: 0, max: 2 }), lane: fc.integer({ min: 0, max: 2 }), bytes: fc.integer({ min: 60, max: 1500 }) });
    const spec = fc.record({
      ports: fc.constant(3), queues: fc.constant(3), lineNsPerBit: share(1), txQueue: fc.integer({ min: 1, max: 20 }), busNsPerByte: fc.oneof(fc.constant(0), share(1)),
      ringSize: fc.integer({ min: 1, max: 20 }), hostNs: fc.oneof(fc.constant(0), share(300)), interruptNs: fc.oneof(fc.constant(0), share(1000)),
    });
    fc.assert(
      fc.property(spec, fc.array(packet, { maxLength: 300 }), (egress, list) => {
        expect(leave(new Egress(egress), list)).toEqual(leave(new PlainEgress(egress), list));
      }),
      { numRuns: 200 },
    );
  });
});
