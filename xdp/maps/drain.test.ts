/** What programs send to user space: records of ring buffers, events of perf event arrays. */
import { describe, expect, it } from "vitest";
import { createInterpreter } from "../engine/interpreter.js";
import { counting } from "../engine/testing/case.js";
import { createWasmEngine } from "../engine/wasm/engine.js";
import { drainPerfEvents, drainRingbuf, openPerfReaders, pushUserRingbuf } from "./drain.js";
import type { MapHandle } from "./handle.js";
import { seedMaps } from "./seed.js";
import { mapSpec } from "./testing/program_side.js";
import { runProgram } from "./testing/run_program.js";

const RING = mapSpec(27, 0, 0, 4096, { name: "ring" });
const EVENTS = mapSpec(4, 4, 4, 2, { name: "events" });
const ENGINES = [["interpreter", createInterpreter], ["wasm", createWasmEngine]] as const;

/** The first bytes of the packet as a record: as many as its byte 14 says. */
const COPY = `
  r6 = r1
  r2 = *(u32 *)(r6 +0)
  r3 = *(u32 *)(r6 +4)
  r4 = r2
  r4 += 16
  if r4 > r3 goto out
  r7 = *(u8 *)(r2 +14)
  r8 = *(u8 *)(r2 +15)
  r1 = r6
  r2 = 0
  r3 = r10
  r3 += -256
  r4 = r7
  if r4 == 0 goto out
  call bpf_xdp_load_bytes
  if r8 == 1 goto discard
  r1 = map[ring] ll
  r2 = r10
  r2 += -256
  r3 = r7
  r4 = 0
  call bpf_ringbuf_output
  exit
  discard:
  r1 = map[ring] ll
  r2 = 40
  r3 = 0
  call bpf_ringbuf_reserve
  if r0 == 0 goto out
  r1 = r0
  r2 = 0
  call bpf_ringbuf_discard
  r0 = 1000
  exit
  out: r0 = 2000
  exit`;

const frame = (bytes: number, discard = 0): Uint8Array => counting(200).with(14, bytes).with(15, discard);

describe.each(ENGINES)("ring buffers on the %s", (_, make) => {
  it("give submitted records in order, without those that were discarded", () => {
    const { machine, run } = runProgram(COPY, [RING], make);
    const ring = machine.maps[0] as MapHandle;
    expect(drainRingbuf(ring)).toEqual([]);
    expect(run([frame(20), frame(20, 1), frame(5), frame(64)])).toEqual([0, 1000, 0, 0]);
    expect(drainRingbuf(ring)).toEqual([frame(20).slice(0, 20), frame(5).slice(0, 5), frame(64).slice(0, 64)]);
    expect(drainRingbuf(ring)).toEqual([]);
  });

  it("are full until somebody takes records out, over the end of the ring", () => {
    const { machine, run } = runProgram(COPY, [RING], make);
    const ring = machine.maps[0] as MapHandle;
    let next = 1;
    const sent: number[] = [];
    const got: number[] = [];
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < 60; i++) {
        const size = 16 + ((next * 37) % 180);
        const [ret] = run([frame(size).with(0, next & 255)]);
        if (ret === 0) sent.push((next << 8) | size);
        else expect(ret).toBe(-11);
        next++;
      }
      for (const record of drainRingbuf(ring)) {
        const number = sent[got.length] as number;
        expect(record).toEqual(frame(number & 255).with(0, (number >> 8) & 255).slice(0, number & 255));
        got.push(number);
      }
    }
    expect(got).toEqual(sent);
    expect(sent.length).toBeGreaterThan(500);
    expect(sent.length).toBeLessThan(1100);
  });

  it("wait for a record that is still written", () => {
    const keep = "r1 = map[ring] ll\n r2 = 8\n r3 = 0\n call bpf_ringbuf_reserve\n if r0 == 0 goto none\n *(u64 *)(r0 +0) = 5\n none: r0 = 7\n exit";
    const { machine, run } = runProgram(keep, [RING], make);
    expect(run([counting(64)])).toEqual([7]);
    expect(drainRingbuf(machine.maps[0] as MapHandle)).toEqual([]);
  });
});

it("ring buffers have sizes as libbpf makes them", () => {
  const sizes = [1, 4096, 5000, 8192, 100_000].map((entries) => runProgram("r1 = map[ring] ll\n r2 = 1\n call bpf_ringbuf_query\n exit", [mapSpec(27, 0, 0, entries, { name: "ring" })]).run([counting(64)])[0]);
  expect(sizes).toEqual([4096, 4096, 8192, 8192, 131_072]);
});

/** Event of 12 bytes with `flags`. */
const event = (flags: string): string => `r6 = r1\n *(u64 *)(r10 -16) = 1\n *(u64 *)(r10 -8) = 2\n r2 = map[events] ll\n r3 = ${flags}\n r4 = r10\n r4 += -16\n r5 = 12\n call bpf_perf_event_output\n exit`;
const META = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0);

describe.each(ENGINES)("perf event arrays on the %s", (_, make) => {
  it("give events by CPU, once somebody reads", () => {
    const { machine, run } = runProgram(event("0xffffffff ll"), [EVENTS], make);
    const events = machine.maps[0] as MapHandle;
    expect(run([counting(64)])).toEqual([-2]);
    openPerfReaders(events, 2);
    expect(run([counting(64), counting(64)], 1)).toEqual([0, 0]);
    expect(run([counting(64)], 0)).toEqual([0]);
    expect(drainPerfEvents(events)).toEqual({ events: [{ cpu: 0, data: META }, { cpu: 1, data: META }, { cpu: 1, data: META }], lost: 0 });
    expect(drainPerfEvents(events).events).toEqual([]);
    expect(events.delete(Uint8Array.of(1, 0, 0, 0))).toBe(true);
    expect(run([counting(64)], 1)).toEqual([-2]);
  });

  it("append the packet, also what lies in its fragments", () => {
    for (const length of [64, 3520, 6000]) {
      const { machine, run } = runProgram(event(`0x${length.toString(16)}ffffffff ll`), [EVENTS], make);
      openPerfReaders(machine.maps[0] as MapHandle, 2);
      expect(run([counting(length)])).toEqual([0]);
      const [first] = drainPerfEvents(machine.maps[0] as MapHandle).events;
      expect(Buffer.from(first?.data ?? []).equals(Buffer.concat([META, counting(length)]))).toBe(true);
    }
  });

  it("of another CPU are refused, as the kernel does", () => {
    const { machine, run } = runProgram(event("1"), [EVENTS], make);
    openPerfReaders(machine.maps[0] as MapHandle, 2);
    expect([run([counting(64)], 0), run([counting(64)], 1)]).toEqual([[-95], [0]]);
  });

  it("are lost where the buffer is full, and counted", () => {
    const { machine, run } = runProgram(event("0xffffffff ll"), [EVENTS], make);
    openPerfReaders(machine.maps[0] as MapHandle, 1, 40);
    expect(run([counting(64), counting(64), counting(64), counting(64)])).toEqual([0, 0, -28, -28]);
    expect(drainPerfEvents(machine.maps[0] as MapHandle)).toMatchObject({ events: [{ cpu: 0 }, { cpu: 0 }], lost: 2 });
    expect(run([counting(64)])).toEqual([0]);
  });
});

const REQUESTS = mapSpec(31, 0, 0, 4096, { name: "requests" });
/** Sums the first bytes of samples, stops behind one that starts with 255; sum * 1000 + what the helper gave. */
const DRAIN = `
    *(u64 *)(r10 -8) = 0
    r1 = map[requests] ll
    r2 = subprog[sample]
    r3 = r10
    r3 += -8
    r4 = 0
    call bpf_user_ringbuf_drain
    r1 = *(u64 *)(r10 -8)
    r1 *= 1000
    r0 += r1
    exit
  sample:
    r6 = r2
    *(u64 *)(r10 -8) = 0
    r3 = r1
    r1 = r10
    r1 += -8
    r2 = 1
    r4 = 0
    r5 = 0
    call bpf_dynptr_read
    r1 = *(u64 *)(r10 -8)
    r2 = *(u64 *)(r6 +0)
    r2 += r1
    *(u64 *)(r6 +0) = r2
    r0 = 0
    if r1 != 255 goto on
    r0 = 1
  on:
    exit`;

describe.each(ENGINES)("user ring buffers on the %s", (_, make) => {
  it("give programs what was written, once, as far as they take it", () => {
    const { machine, run } = runProgram(DRAIN, [REQUESTS], make);
    const ring = machine.maps[0] as MapHandle;
    expect(run([counting(64)])).toEqual([0]);
    for (const first of [1, 2, 255, 3]) expect(pushUserRingbuf(ring, Uint8Array.of(first, 9, 9))).toBe(true);
    expect(run([counting(64), counting(64), counting(64)])).toEqual([258_003, 3001, 0]);
  });

  it("go round their end, and refuse what does not fit", () => {
    const { machine, run } = runProgram(DRAIN, [REQUESTS], make);
    const ring = machine.maps[0] as MapHandle;
    for (let round = 0; round < 30; round++) {
      let written = 0;
      while (pushUserRingbuf(ring, new Uint8Array(300 + round).fill(1))) written++;
      expect(written).toBe(Math.floor(4096 / (Math.ceil((308 + round) / 8) * 8)));
      expect(run([counting(64)])).toEqual([written * 1001]);
    }
  });

  it("are seeded with samples of any length", () => {
    const { machine, run } = runProgram(DRAIN, [REQUESTS], make);
    seedMaps(machine.maps, { requests: [{ value: [4, 5] }, { value: "0x060708" }] });
    expect(run([counting(64)])).toEqual([10_002]);
    expect(() => seedMaps(machine.maps, { requests: [{ value: Array.from({ length: 5000 }, () => 1) }] })).toThrow("does not fit");
  });
});
