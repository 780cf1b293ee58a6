import { describe, expect, test } from "vitest";
import { DESC_BYTES, DESC_CPU, DESC_FRAME, DESC_LENGTH, RESULT_BYTES, RESULT_FAULT, RESULT_RET } from "../../abi.js";
import { createMachine } from "../machine.js";
import { createInterpreter } from "../interpreter.js";
import { Choices } from "../testing/random-programs.js";
import { mapOf, programOf } from "../testing/object.js";
import type { Engine } from "../contract.js";
import type { Machine } from "../machine.js";
import { createWasmEngine } from "./engine.js";

const TYPES = ["BPF_MAP_TYPE_HASH", "BPF_MAP_TYPE_PERCPU_HASH", "BPF_MAP_TYPE_LRU_HASH", "BPF_MAP_TYPE_LRU_PERCPU_HASH"];
/** Words, parts of words, and one that is too long to be inlined. */
const KEY_SIZES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 15, 16, 20, 31, 40, 48, 50];
const PACKETS = 64;
const CPUS = 2;

/** The packet's bytes are the key; the value's first byte comes back, with a bit for "found". */
function source(keySize: number): string {
  const copies = Array.from({ length: keySize }, (_, i) => `r3 = *(u8 *)(r6 +${i})\n *(u8 *)(r10 -${64 - i}) = r3`);
  return `
    r6 = *(u32 *)(r1 +0)
    r7 = *(u32 *)(r1 +4)
    r2 = r6
    r2 += ${keySize}
    if r2 > r7 goto out
    ${copies.join("\n")}
    r1 = map[keys]
    r2 = r10
    r2 += -64
    call bpf_map_lookup_elem
    if r0 == 0 goto out
    r0 = *(u8 *)(r0 +0)
    r0 |= 256
    exit
  out:
    r0 = 0
    exit`;
}

/** Keys that differ in their last byte only, or anywhere. */
function keys(choices: Choices, keySize: number): Uint8Array[] {
  const base = Uint8Array.from({ length: keySize }, () => choices.below(256));
  return Array.from({ length: 40 }, (_, i) => {
    const key = base.slice();
    if (i % 2 === 0) key[keySize - 1] = i;
    else for (let at = 0; at < keySize; at++) if (choices.once(3)) key[at] = choices.below(256);
    return key;
  });
}

function results(machine: Machine, engine: Engine, packets: readonly Uint8Array[]): number[] {
  const view = new DataView(machine.layout.buffer);
  const { worker } = engine;
  engine.runBatch(packets.length);
  return packets.map((_, i) => {
    expect(view.getUint32(worker.results + i * RESULT_BYTES + RESULT_FAULT, true)).toBe(0);
    return view.getUint32(worker.results + i * RESULT_BYTES + RESULT_RET, true);
  });
}

describe.each([1, 2])("%i worker(s)", (workers) => {
  test.each(TYPES)("inlined lookups in %s find what was put in", (type) => {
    for (const keySize of KEY_SIZES) {
      const choices = new Choices(keySize);
      const map = mapOf({ name: "keys", type, key: keySize, value: 8, entries: 64 });
      const machine = createMachine({ object: { file: "t.o", license: "GPL", programs: [programOf("main", source(keySize), ["keys"])], maps: [map] }, entry: "main", cpus: CPUS, workers, batchSize: PACKETS });
      const all = keys(choices, keySize);
      const stored = new Map<string, number>();
      const perCpu = type.includes("PERCPU");
      for (const [i, key] of all.entries()) {
        if (i % 3 === 0) continue;
        const value = new Uint8Array(perCpu ? 8 * CPUS : 8);
        for (let cpu = 0; cpu < value.length / 8; cpu++) value[cpu * 8] = i + cpu * 100;
        machine.maps[0]?.update(key, value);
        stored.set(key.join(), i);
      }
      const packets = Array.from({ length: PACKETS }, () => choices.pick(all));
      const at = machine.layout.allocate(64 * PACKETS, 64, "frames");
      const view = new DataView(machine.layout.buffer);
      for (const [i, key] of packets.entries()) {
        const { descriptors } = machine.workers[0] as Engine["worker"];
        new Uint8Array(machine.layout.buffer).set(key, at + i * 64);
        view.setUint32(descriptors + i * DESC_BYTES + DESC_FRAME, at + i * 64, true);
        view.setUint32(descriptors + i * DESC_BYTES + DESC_LENGTH, 56, true);
        view.setUint32(descriptors + i * DESC_BYTES + DESC_CPU, i % CPUS, true);
      }
      const expected = packets.map((key, i) => {
        const value = stored.get(key.join());
        return value === undefined ? 0 : 256 | (value + (perCpu ? (i % CPUS) * 100 : 0));
      });
      expect(results(machine, createWasmEngine(machine), packets), `keys of ${keySize}`).toEqual(expected);
      expect(results(machine, createInterpreter(machine), packets)).toEqual(expected);
    }
  });
});
