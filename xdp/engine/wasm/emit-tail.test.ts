/** Tail calls of programs that were taken in where the call is: as the interpreter makes them, also after entries have changed, round and round, and from functions. */
import { describe, expect, test } from "vitest";
import { DESC_BYTES, DESC_FRAME, DESC_LENGTH, RESULT_BYTES, RESULT_COST, RESULT_FAULT, RESULT_RET } from "../../abi.js";
import type { ProgramSpec } from "../../object/index.js";
import type { Engine } from "../contract.js";
import { createInterpreter } from "../interpreter.js";
import { createMachine } from "../machine.js";
import type { Machine } from "../machine.js";
import { mapOf, programOf } from "../testing/object.js";
import { Choices } from "../testing/random-programs.js";
import { createWasmEngine } from "./engine.js";

const PACKETS = 64;
const FRAME = 64;
const PROGRAMS = 6;
const ENTRIES = 8;
const MAPS = ["jump", "trail"];

/** r3: a constant, one that no entry has, or what the packet says. */
function index(choices: Choices): string {
  const packet = `r3 = *(u8 *)(r6 +${choices.below(FRAME / 2)})\n`;
  return choices.pick([`r3 = ${choices.below(ENTRIES)}`, `r3 = ${choices.below(ENTRIES)}`, `r3 = ${ENTRIES}`, `${packet}r3 &= 7`, packet]);
}

const tailCall = (choices: Choices): string => `
    r1 = r8
    ${index(choices)}
    r2 = map[jump]
    call bpf_tail_call`;

/** Notes that it was here, then goes on to one or two others, itself or from a function; at the end says who it is. */
function source(choices: Choices, number: number): string {
  const inFunction = choices.once(4);
  return `
    r8 = r1
    r6 = *(u32 *)(r1 +0)
    r7 = *(u32 *)(r1 +4)
    r2 = r6
    r2 += ${FRAME / 2}
    if r2 > r7 goto out
    r9 = 0
    *(u32 *)(r10 -4) = r9
    r1 = map[trail]
    r2 = r10
    r2 += -4
    call bpf_map_lookup_elem
    if r0 == 0 goto out
    r1 = *(u64 *)(r0 +0)
    r1 *= 31
    r1 += ${number + 1}
    *(u64 *)(r0 +0) = r1
    ${choices.once(3) ? `r4 = *(u8 *)(r6 +${choices.below(8)})\n    if r4 > 128 goto out` : ""}
    ${inFunction ? `r1 = r8\n    r2 = r6\n    call function\n    if r0 > 200 goto out` : ""}
    ${choices.once(6) ? "" : tailCall(choices)}
    ${choices.once(3) ? tailCall(choices) : ""}
  out:
    r0 = ${number + 1}
    exit
  ${inFunction ? `function:
    r8 = r1
    r6 = r2
    ${tailCall(choices)}
    r0 = ${100 + number}
    exit` : ""}`;
}

interface Side {
  readonly machine: Machine;
  readonly engine: Engine;
}

function costs({ insns }: ProgramSpec): { low: Uint32Array; high: Uint32Array } {
  return { low: Uint32Array.from(insns, (_, i) => i + 1), high: new Uint32Array(insns.length).fill(1) };
}

function side(programs: readonly ProgramSpec[], filled: Readonly<Record<number, string>>, engine: (machine: Machine) => Engine): Side {
  const maps = [mapOf({ name: "jump", type: "BPF_MAP_TYPE_PROG_ARRAY", value: 4, entries: ENTRIES, programs: filled }), mapOf({ name: "trail", type: "BPF_MAP_TYPE_ARRAY", entries: 1 })];
  const machine = createMachine({ object: { file: "t.o", license: "GPL", programs, maps }, entry: "p0", batchSize: PACKETS, costs });
  return { machine, engine: engine(machine) };
}

function give({ machine, engine }: Side, frames: readonly Uint8Array[]): void {
  const at = machine.layout.allocate(FRAME * PACKETS, 64, "frames");
  const view = new DataView(machine.layout.buffer);
  frames.forEach((frame, i) => {
    new Uint8Array(machine.layout.buffer).set(frame, at + i * FRAME);
    view.setUint32(engine.worker.descriptors + i * DESC_BYTES + DESC_FRAME, at + i * FRAME, true);
    view.setUint32(engine.worker.descriptors + i * DESC_BYTES + DESC_LENGTH, FRAME, true);
  });
}

function outcome({ machine, engine }: Side): unknown {
  engine.runBatch(PACKETS);
  const view = new DataView(machine.layout.buffer);
  const packets = Array.from({ length: PACKETS }, (_, i) => {
    const at = engine.worker.results + i * RESULT_BYTES;
    return [view.getUint32(at + RESULT_RET, true), view.getUint32(at + RESULT_FAULT, true), view.getBigUint64(at + RESULT_COST, true)];
  });
  return { packets, trail: Buffer.from(machine.maps[1]?.lookup(new Uint8Array(4)) ?? []).toString("hex") };
}

describe("tail calls that were taken in", () => {
  test.each(Array.from({ length: 60 }, (_, i) => i + 1))("do what the interpreter does, seed %i", (seed) => {
    const choices = new Choices(seed);
    const programs = Array.from({ length: PROGRAMS }, (_, i) => programOf(`p${i}`, source(choices, i), MAPS));
    const filled = Object.fromEntries(Array.from({ length: ENTRIES }, (_, i) => [i, `p${choices.below(PROGRAMS)}`] as const).filter(() => !choices.once(4)));
    const sides = [createInterpreter, createWasmEngine].map((engine) => side(programs, filled, engine));
    const frames = Array.from({ length: PACKETS }, () => Uint8Array.from({ length: FRAME }, () => choices.below(256)));
    for (const one of sides) give(one, frames);
    for (let round = 0; round < 5; round++) {
      const [expected, found] = sides.map(outcome);
      expect(found).toEqual(expected);
      const key = Uint8Array.of(choices.below(ENTRIES), 0, 0, 0);
      const program = choices.once(3) ? 0 : 1 + choices.below(PROGRAMS);
      for (const { machine } of sides) {
        if (program === 0) machine.maps[0]?.delete(key);
        else machine.maps[0]?.update(key, Uint8Array.of(program, 0, 0, 0));
      }
    }
  });
});
