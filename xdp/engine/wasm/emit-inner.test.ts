/** Programs that look up a map in a map of maps and use it: as the interpreter does, with inner maps that come and go between batches. */
import { describe, expect, test } from "vitest";
import { DESC_BYTES, DESC_FRAME, DESC_LENGTH, RESULT_BYTES, RESULT_FAULT, RESULT_RET } from "../../abi.js";
import type { Engine } from "../contract.js";
import { createInterpreter } from "../interpreter.js";
import { createMachine } from "../machine.js";
import type { Machine } from "../machine.js";
import { mapOf, programOf } from "../testing/object.js";
import { Choices } from "../testing/random-programs.js";
import { createWasmEngine } from "./engine.js";

const PACKETS = 64;
const FRAME = 64;
const OUTERS = ["BPF_MAP_TYPE_ARRAY_OF_MAPS", "BPF_MAP_TYPE_HASH_OF_MAPS"];
const INNERS = ["BPF_MAP_TYPE_HASH", "BPF_MAP_TYPE_LRU_HASH", "BPF_MAP_TYPE_ARRAY", "BPF_MAP_TYPE_PERCPU_ARRAY", "BPF_MAP_TYPE_PERCPU_HASH"];
const MAPS = ["outer", "one", "two"];

/** Byte 0 of the packet says which inner map, byte 1 the key, byte 2 what to do: count, put in, or delete. */
const SOURCE = (outerKey: string): string => `
    r6 = *(u32 *)(r1 +0)
    r7 = *(u32 *)(r1 +4)
    r2 = r6
    r2 += 16
    if r2 > r7 goto out
    ${outerKey}
    *(u32 *)(r10 -4) = r3
    r1 = map[outer]
    r2 = r10
    r2 += -4
    call bpf_map_lookup_elem
    if r0 == 0 goto out
    r8 = r0
    r3 = *(u8 *)(r6 +1)
    *(u32 *)(r10 -8) = r3
    r9 = *(u8 *)(r6 +2)
    if r9 > 200 goto delete
    if r9 > 120 goto put
    r1 = r8
    r2 = r10
    r2 += -8
    call bpf_map_lookup_elem
    if r0 == 0 goto missing
    r1 = *(u64 *)(r0 +0)
    r1 += 1
    *(u64 *)(r0 +0) = r1
    r0 = r1
    exit
  put:
    *(u64 *)(r10 -16) = r9
    r1 = r8
    r2 = r10
    r2 += -8
    r3 = r10
    r3 += -16
    r4 = 0
    call bpf_map_update_elem
    r0 += 1000
    exit
  delete:
    r1 = r8
    r2 = r10
    r2 += -8
    call bpf_map_delete_elem
    r0 += 2000
    exit
  missing:
    r0 = 3000
    exit
  out:
    r0 = 4000
    exit`;

interface Side {
  readonly machine: Machine;
  readonly engine: Engine;
}

function results({ machine, engine }: Side, frames: readonly Uint8Array[]): number[] {
  const at = machine.layout.allocate(FRAME * PACKETS, 64, "frames");
  const view = new DataView(machine.layout.buffer);
  frames.forEach((frame, i) => {
    new Uint8Array(machine.layout.buffer).set(frame, at + i * FRAME);
    view.setUint32(engine.worker.descriptors + i * DESC_BYTES + DESC_FRAME, at + i * FRAME, true);
    view.setUint32(engine.worker.descriptors + i * DESC_BYTES + DESC_LENGTH, FRAME, true);
  });
  engine.runBatch(PACKETS);
  return frames.map((_, i) => {
    expect(view.getUint32(engine.worker.results + i * RESULT_BYTES + RESULT_FAULT, true)).toBe(0);
    return view.getUint32(engine.worker.results + i * RESULT_BYTES + RESULT_RET, true);
  });
}

describe.each(OUTERS)("%s", (outer) => {
  test.each(INNERS)("of %s: what the interpreter does", (type) => {
    const shape = { type, key: 4, value: 8, entries: 64 };
    for (const [seed, outerKey] of ["r3 = 1", "r3 = 9", "r3 = *(u8 *)(r6 +0)\n r3 &= 3"].entries()) {
      const choices = new Choices(seed + 1);
      const maps = [mapOf({ name: "outer", type: outer, value: 4, entries: 3, inner: { name: "inner", ...shape }, put: { 1: "one" } }), mapOf({ name: "one", ...shape }), mapOf({ name: "two", ...shape })];
      const sides = [createInterpreter, createWasmEngine].map((engine): Side => {
        const machine = createMachine({ object: { file: "t.o", license: "GPL", programs: [programOf("main", SOURCE(outerKey), MAPS)], maps }, entry: "main", batchSize: PACKETS });
        return { machine, engine: engine(machine) };
      });
      for (let round = 0; round < 6; round++) {
        const frames = Array.from({ length: PACKETS }, () => Uint8Array.from({ length: FRAME }, (_, at) => (at === 1 ? choices.below(80) : choices.below(256))));
        const [expected, found] = sides.map((one) => results(one, frames));
        expect(found).toEqual(expected);
        const key = Uint8Array.of(choices.below(3), 0, 0, 0);
        const inner = choices.below(3);
        for (const { machine } of sides) {
          const map = machine.maps[0];
          if (inner === 0) map?.delete(key);
          else map?.update(key, Uint8Array.of((machine.maps[inner]?.id ?? 0) + 1, 0, 0, 0));
        }
      }
    }
  });
});
