/** Packets whose start is moved in place, without a helper, end where the runtime's function puts them, with the same bytes. */
import { expect, test } from "vitest";
import { createInterpreter } from "../interpreter.js";
import { createMachine } from "../machine.js";
import type { Machine } from "../machine.js";
import { objectOf } from "../testing/object.js";
import { Bench, difference, placeFrames } from "../testing/random-programs-run.js";
import { machineBytes } from "./compile.js";
import { createWasmEngine } from "./engine.js";
import { printWat } from "./wat.js";

const LENGTHS = [14, 15, 33, 34, 60, 100, 1500];
const STEPS = [-20, 20, -40, 4, -216, -217, 46, -65, -1, 0, 86];

const move = (step: number): string => `r1 = r6\n r2 = ${step}\n call bpf_xdp_adjust_head\n r7 <<= 1\n r7 -= r0\n r2 = *(u32 *)(r6 +0)\n r3 = *(u32 *)(r6 +4)\n r4 = r2\n r4 += 1\n if r4 > r3 goto out\n *(u8 *)(r2 +0) = 7\n`;

/** Moves by these steps, and returns how many failed; writes a byte at the packet's start after each. */
function moving(steps: readonly number[], more = ""): string {
  return `r6 = r1\n r7 = 0\n ${steps.map(move).join("")} ${more} r0 = r7\n exit\n out: r0 = 1\n exit`;
}

function machineOf(asm: string, maxFrame: number): Machine {
  return createMachine({ object: objectOf({ description: "", asm, frags: true }), entry: "main", batchSize: LENGTHS.length + 1, maxFrame });
}

test.each([
  { what: "alone", more: "", maxFrame: 2000, calls: 0 },
  { what: "where frames may have several parts", more: "", maxFrame: 9000, calls: 0 },
  { what: "with a helper that looks at the packet", more: "r1 = r6\n call bpf_xdp_get_buff_len\n r7 += r0\n", maxFrame: 2000, calls: 0 },
  { what: "with another that moves it", more: "r1 = r6\n r2 = -1\n call bpf_xdp_adjust_tail\n r7 += r0\n", maxFrame: 2000, calls: 0 },
  { what: "with metadata", more: "r1 = r6\n r2 = -8\n call bpf_xdp_adjust_meta\n r7 += r0\n r1 = r6\n r2 = -4\n call bpf_xdp_adjust_head\n", maxFrame: 2000, calls: 3 },
])("steps of the packet's start, $what", ({ more, maxFrame, calls }) => {
  for (const first of STEPS) {
    for (const second of STEPS) {
      const machine = machineOf(moving([first, second], more), maxFrame);
      const wat = printWat(machineBytes(machine));
      expect(wat.split("\n").filter((line) => line.trim() === "call $bpf_xdp_adjust_head")).toHaveLength(calls);
      const bench = new Bench(machine, placeFrames(machine, [...LENGTHS, ...(maxFrame > 4096 ? [5000] : [])], 1));
      expect(difference(bench.run(createInterpreter(machine), 0), bench.run(createWasmEngine(machine), 0)), `${first}, ${second}`).toBeUndefined();
    }
  }
}, 120_000);
