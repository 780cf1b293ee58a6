import { describe, expect, test } from "vitest";
import { DESC_BYTES, DESC_FRAME, DESC_LENGTH, RESULT_BYTES, RESULT_FAULT, RESULT_RET } from "../../abi.js";
import { createInterpreter } from "../interpreter.js";
import { createMachine } from "../machine.js";
import { Choices } from "../testing/random-programs.js";
import { mapOf, programOf } from "../testing/object.js";
import type { Engine } from "../contract.js";
import type { Machine } from "../machine.js";
import { createWasmEngine } from "./engine.js";

const PACKETS = 256;
const FRAME = 64;

/** Looks up the packet's first bytes; length of the key: the packet's byte 4, or a constant. The value's number + 1 comes back. */
function source(bits: number | undefined): string {
  return `
    r6 = *(u32 *)(r1 +0)
    r7 = *(u32 *)(r1 +4)
    r2 = r6
    r2 += 16
    if r2 > r7 goto out
    ${bits === undefined ? "r3 = *(u8 *)(r6 +4)" : `r3 = ${bits}`}
    *(u32 *)(r10 -8) = r3
    r3 = *(u32 *)(r6 +0)
    *(u32 *)(r10 -4) = r3
    r1 = map[prefixes]
    r2 = r10
    r2 += -8
    call bpf_map_lookup_elem
    if r0 == 0 goto out
    r0 = *(u32 *)(r0 +0)
    r0 += 1
    exit
  out:
    r0 = 0
    exit`;
}

interface Prefix {
  readonly bits: number;
  readonly address: number;
}

/** Few different addresses, so that prefixes lie in one another. */
function someAddress(choices: Choices): number {
  const top = choices.pick([0x0a000000, 0x0a000000, 0x0a010000, 0xc0000000, 0, 0xffff0000]);
  return (top | (choices.once(2) ? choices.below(8) : choices.below(65536))) >>> 0;
}

const covers = ({ bits, address }: Prefix, other: number): boolean => bits === 0 || (address ^ other) >>> (32 - bits) === 0;

function results(machine: Machine, engine: Engine): number[] {
  const view = new DataView(machine.layout.buffer);
  engine.runBatch(PACKETS);
  return Array.from({ length: PACKETS }, (_, i) => {
    const at = engine.worker.results + i * RESULT_BYTES;
    expect(view.getUint32(at + RESULT_FAULT, true)).toBe(0);
    return view.getUint32(at + RESULT_RET, true);
  });
}

/** Of one worker, and shared. */
describe.each([1, 2])("tries of %i workers", (workers) => {
  const entries = 256;
  test.each([undefined, 0, 8, 15, 16, 24, 31, 32, 33])("inlined lookups of keys of %s bits find the longest prefix", (bits) => {
    for (let seed = 1; seed <= 6; seed++) {
      const choices = new Choices(seed * 100 + workers + (bits ?? 99));
      const map = mapOf({ name: "prefixes", type: "BPF_MAP_TYPE_LPM_TRIE", key: 8, value: 4, entries, flags: 1 });
      const machine = createMachine({ object: { file: "t.o", license: "GPL", programs: [programOf("main", source(bits), ["prefixes"])], maps: [map] }, entry: "main", batchSize: PACKETS, workers });
      const stored = new Map<string, Prefix & { value: number }>();
      for (let i = 0; i < Math.min(entries, 200); i++) {
        const length = choices.pick([0, 3, 8, 12, 15, 16, 17, 20, 24, 28, 31, 32]);
        const address = length === 0 ? 0 : (someAddress(choices) >>> (32 - length)) * 2 ** (32 - length);
        const key = new DataView(new ArrayBuffer(8));
        key.setUint32(0, length, true);
        key.setUint32(4, address);
        const bytes = new Uint8Array(key.buffer);
        if (choices.once(4) && stored.delete(`${length}/${address}`)) machine.maps[0]?.delete(bytes);
        else {
          machine.maps[0]?.update(bytes, Uint8Array.of(i, 0, 0, 0));
          stored.set(`${length}/${address}`, { bits: length, address, value: i });
        }
      }
      const at = machine.layout.allocate(FRAME * PACKETS, 64, "frames");
      const view = new DataView(machine.layout.buffer);
      const expected = Array.from({ length: PACKETS }, (_, i) => {
        const address = someAddress(choices);
        const limit = bits ?? choices.pick([0, 7, 15, 16, 20, 32, 33, 255]);
        view.setUint32(at + i * FRAME, address);
        view.setUint8(at + i * FRAME + 4, limit);
        const { descriptors } = machine.workers[0] as Engine["worker"];
        view.setUint32(descriptors + i * DESC_BYTES + DESC_FRAME, at + i * FRAME, true);
        view.setUint32(descriptors + i * DESC_BYTES + DESC_LENGTH, 56, true);
        if (limit > 32) return 0;
        const matching = [...stored.values()].filter((one) => one.bits <= limit && covers(one, address));
        const best = matching.toSorted((a, b) => b.bits - a.bits)[0];
        return best === undefined ? 0 : best.value + 1;
      });
      expect(results(machine, createWasmEngine(machine))).toEqual(expected);
      expect(results(machine, createInterpreter(machine))).toEqual(expected);
    }
  });
});
