/**
 * How often programs hit in LRU maps that are too small for their keys: keys by Zipf's law, through a program that looks up
 * and inserts what it misses, on our engines and on the kernel (BPF_PROG_TEST_RUN). Rates may differ by a percentage point.
 */
import { afterEach, describe, expect, it } from "vitest";
import type { Engine } from "../engine/contract.js";
import { createInterpreter } from "../engine/interpreter.js";
import { KernelObject, TestRun, allowedCpus, kernelAvailable, onCpu, possibleCpus } from "../engine/kernel/index.js";
import type { Machine } from "../engine/machine.js";
import { programOf } from "../engine/testing/object.js";
import { createWasmEngine } from "../engine/wasm/engine.js";
import type { MapSpec, ObjectSpec } from "../object/spec.js";
import { mapSpec } from "./testing/program_side.js";
import { runProgram } from "./testing/run_program.js";

const { available } = kernelAvailable();
/** Keys in one packet, behind its Ethernet header. */
const KEYS = 16;
const FIRST = 16;

/** Looks each key up, inserts what is missing; returns the hits. */
const CACHE = `
  r6 = *(u32 *)(r1 +0)
  r2 = *(u32 *)(r1 +4)
  r7 = 0
  r3 = r6
  r3 += ${FIRST + 4 * KEYS}
  if r3 > r2 goto out
  *(u64 *)(r10 -16) = 1
  ${Array.from({ length: KEYS }, (_, i) => `
  r1 = *(u32 *)(r6 +${FIRST + 4 * i})
  *(u32 *)(r10 -4) = r1
  r1 = map[cache] ll
  r2 = r10
  r2 += -4
  call bpf_map_lookup_elem
  if r0 != 0 goto hit${i}
  r1 = map[cache] ll
  r2 = r10
  r2 += -4
  r3 = r10
  r3 += -16
  r4 = 0
  call bpf_map_update_elem
  goto next${i}
  hit${i}: r7 += 1
  next${i}: r7 += 0`).join("\n")}
  out: r0 = r7
  exit`;

/** Ranks by Zipf's law (exponent 1), scattered over the keys, in packets of {@link KEYS}. */
function packets(keys: number, lookups: number, seed: number): Uint8Array[] {
  const sums = new Float64Array(keys);
  let sum = 0;
  for (let rank = 0; rank < keys; rank++) sums[rank] = sum += 1 / (rank + 1);
  let state = seed;
  const draw = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const wanted = (state / 2 ** 32) * sum;
    let low = 0;
    for (let high = keys - 1; low < high; ) {
      const middle = (low + high) >> 1;
      if ((sums[middle] as number) < wanted) low = middle + 1;
      else high = middle;
    }
    return Math.imul(low + 1, 0x9e3779b1) >>> 0;
  };
  return Array.from({ length: Math.ceil(lookups / KEYS) }, () => {
    const packet = new Uint8Array(FIRST + 4 * KEYS);
    const view = new DataView(packet.buffer);
    for (let i = 0; i < KEYS; i++) view.setUint32(FIRST + 4 * i, draw(), true);
    return packet;
  });
}

/** CPU of packet `i`: changes now and then where there are several. */
const cpuOf = (i: number, cpus: readonly number[]): number => cpus[Math.floor(i / 50) % cpus.length] as number;

/** Share of hits in the second half. */
function hitRate(hits: readonly number[]): number {
  const half = hits.slice(hits.length >> 1);
  return half.reduce((sum, n) => sum + n, 0) / (half.length * KEYS);
}

function ownRate(spec: MapSpec, make: (machine: Machine) => Engine, frames: readonly Uint8Array[], cpus: readonly number[]): number {
  const { run } = runProgram(CACHE, [spec], make, possibleCpus());
  return hitRate(frames.flatMap((frame, i) => run([frame], cpuOf(i, cpus))));
}

function kernelRate(object: KernelObject, frames: readonly Uint8Array[], cpus: readonly number[]): number {
  const test = new TestRun(object.load("main").fd);
  try {
    return hitRate(frames.map((frame, i) => onCpu(cpuOf(i, cpus), () => {
      test.input.set(frame);
      test.run(frame.length);
      return test.ret;
    })));
  } finally {
    test.close();
  }
}

const SIZES = [100, 1000, 10_000] as const;
const KINDS = [
  { name: "LRU hash", typeId: 9, flags: 0 },
  { name: "LRU hash with BPF_F_NO_COMMON_LRU", typeId: 9, flags: 2 },
  { name: "LRU per-CPU hash", typeId: 10, flags: 0 },
] as const;

describe("hit rates of LRU maps", () => {
  let object: KernelObject | undefined;
  afterEach(() => object?.close());

  describe.each(KINDS)("$name", ({ typeId, flags }) => {
    it.skipIf(!available).each(SIZES)("with %i entries are the kernel's within a percentage point", (entries) => {
      const spec = mapSpec(typeId, 4, 8, entries, { name: "cache", flags });
      const all = allowedCpus();
      for (const cpus of all.length > 1 ? [all.slice(0, 1), all.slice(0, 2)] : [all]) {
        const frames = packets(entries * 10, Math.max(16_000, entries * 4), entries);
        const spec32: ObjectSpec = { file: "lru", license: "GPL", maps: [spec], programs: [programOf("main", CACHE, ["cache"])] };
        object?.close();
        object = new KernelObject(spec32);
        const kernel = kernelRate(object, frames, cpus);
        const own = [createInterpreter, createWasmEngine].map((make) => ownRate(spec, make, frames, cpus));
        expect(kernel).toBeGreaterThan(0.2);
        for (const rate of own) expect(Math.abs(rate - kernel), `${rate} here, ${kernel} in the kernel`).toBeLessThan(0.01);
        expect(own[0]).toBe(own[1]);
      }
    });
  });
});
