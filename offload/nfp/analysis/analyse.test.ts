import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { abi, BPF_ALU, BPF_LDX, BPF_MEM, bytesOf, classOf, createMachine, disassemble, modeOf, Stepper } from "../../../xdp/index.js";
import type { Insn } from "../../../xdp/index.js";
import { RANDOM_MAPS, randomProgram } from "../../../xdp/engine/testing/random-programs.js";
import { array, programSpec } from "../../testing/object.js";
import { analyse } from "./analyse.js";

const { DESC_FRAME, DESC_LENGTH, ENV_SCRATCH, INTERPRETER_REGISTERS, RESULT_RET } = abi;
const FRAME = 96;
const MOST_STEPS = 20_000;
const seed = fc.integer({ min: 1, max: 0x7fff_ffff });
const shape = fc.record({ main: fc.array(seed, { minLength: 1, maxLength: 10 }), functions: fc.array(fc.array(seed, { minLength: 1, maxLength: 3 }), { maxLength: 3 }) });
const GARBAGE = 0x5eed_f00d_0000_0000n;

/** Writes 32 bits of a register, and leaves the upper half to whoever wants it cleared. */
function writesHalf({ op }: Insn): boolean {
  return classOf(op) === BPF_ALU || (classOf(op) === BPF_LDX && modeOf(op) === BPF_MEM && bytesOf(op) < 8);
}

function bench(random: { main: number[]; functions: number[][] }, bytes: Uint8Array) {
  const program = randomProgram(random, { name: "main", clocks: false });
  const machine = createMachine({ object: { file: "random.o", license: "GPL", programs: [program], maps: [...RANDOM_MAPS] }, entry: "main" });
  const stepper = new Stepper(machine);
  const frame = machine.layout.allocate(FRAME + 8, 64, "frame");
  const view = new DataView(machine.layout.buffer);
  view.setUint32(stepper.worker.descriptors + DESC_FRAME, frame, true);
  view.setUint32(stepper.worker.descriptors + DESC_LENGTH, FRAME, true);
  const memory = new Uint8Array(machine.layout.buffer);
  const clean = memory.slice();
  clean.set(bytes, frame);
  /** One packet, from the same memory each time; `look` sees registers before each instruction and may change them behind it. */
  const run = (look: (slot: number, registers: () => BigUint64Array) => void, behind?: (slot: number, poke: (register: number) => void) => void): string => {
    memory.set(clean);
    stepper.start(0);
    let state = "running";
    const poke = (register: number): void => {
      const at = stepper.worker.env + ENV_SCRATCH + INTERPRETER_REGISTERS + register * 8;
      view.setBigUint64(at, view.getBigUint64(at, true) | GARBAGE, true);
    };
    for (let steps = 0; state === "running" && steps < MOST_STEPS; steps++) {
      const slot = stepper.insn;
      look(slot, () => stepper.registers());
      state = stepper.step();
      if (state === "running") behind?.(slot, poke);
    }
    return `${state} ${view.getUint32(stepper.worker.results + RESULT_RET, true)}`;
  };
  return { program, run };
}

const packet = fc.uint8Array({ minLength: FRAME, maxLength: FRAME });

describe("facts hold of what programs do", () => {
  it("numbers lie within their bounds, and nothing runs that is dead", () => {
    fc.assert(
      fc.property(shape, packet, (random, bytes) => {
        const { program, run } = bench(random, bytes);
        const facts = analyse(program, RANDOM_MAPS);
        run((slot, registers) => {
          const where = (): string => `slot ${slot} of\n${disassemble(program.insns)}`;
          if (!facts.reached(slot)) expect.fail(`dead code ran: ${where()}`);
          const values = registers();
          for (let register = 0; register < 10; register++) {
            const { min, max, known } = facts.range(slot, register);
            const value = values[register];
            if (value < min || value > max || known?.includes(value) === false) expect.fail(`r${register} = ${value} is not in ${min}..${max} at ${where()}`);
          }
        });
      }),
      { numRuns: 50, endOnFailure: true },
    );
  });

  it("upper halves that nobody is said to read can hold anything", () => {
    fc.assert(
      fc.property(shape, packet, (random, bytes) => {
        const { program, run } = bench(random, bytes);
        const facts = analyse(program, RANDOM_MAPS);
        const clean = run(() => undefined);
        const dirty = run(() => undefined, (slot, poke) => {
          const insn = program.insns[slot];
          if (writesHalf(insn) && !facts.zeroExtends(slot)) poke(insn.dst);
        });
        if (dirty !== clean) expect.fail(`${dirty} for ${clean}:\n${disassemble(program.insns)}`);
      }),
      { numRuns: 50, endOnFailure: true },
    );
  });
});

describe("pointers", () => {
  const maps = [array("m", 16, 4)];
  const at = (text: string, slot: number, register: number) => analyse(programSpec(text, maps), maps).pointer(slot, register);

  it("come through the stack, and from lookups", () => {
    expect(at("r2 = *(u32 *)(r1 + 0)\nr2 += 14\n*(u64 *)(r10 - 8) = r2\nr3 = *(u64 *)(r10 - 8)\nr0 = *(u8 *)(r3 + 0)\nexit", 4, 3)).toMatchObject({ kind: "packet", offset: 14, distance: "constant", room: 0 });
    const lookup = "r5 = 0\n*(u32 *)(r10 - 4) = r5\nr2 = r10\nr2 += -4\nr1 = map[m]\ncall bpf_map_lookup_elem\nif r0 == 0 goto out\nr1 = *(u32 *)(r0 + 4)\nout:\nr0 = 1\nexit";
    expect(at(lookup, 8, 0)).toMatchObject({ kind: "value", map: 0, offset: 0 });
    expect(at(lookup, 6, 2)).toMatchObject({ kind: "stack", offset: -4, distance: "constant", aligned: true, caller: false });
  });
  it("know how far the packet's own numbers take them", () => {
    expect(at("r2 = *(u32 *)(r1 + 0)\nr3 = *(u8 *)(r2 + 14)\nr3 &= 15\nr3 <<= 2\nr2 += 14\nr2 += r3\nr0 = *(u8 *)(r2 + 0)\nexit", 6, 2)).toMatchObject({ kind: "packet", offset: 14, room: 60, distance: "variable" });
  });
  it("that differ by path say so", () => {
    const stacks = "r2 = *(u32 *)(r1 + 0)\nr3 = *(u32 *)(r2 + 0)\nr4 = r10\nr4 += -8\nif r3 > 5 goto on\nr4 += -8\non:\nr0 = *(u8 *)(r4 + 0)\nexit";
    expect(at(stacks, 6, 4)).toMatchObject({ kind: "stack", distance: "paths", aligned: true });
    expect(at(stacks.replace("r4 += -8\non", "r4 = r2\non"), 6, 4)).toMatchObject({ kind: "none", varies: ["stack", "packet"] });
  });
  it("of callers' stacks are told from one's own", () => {
    const program = programSpec("r1 = r10\nr1 += -8\ncall pc+1\nexit\nr0 = *(u8 *)(r1 + 0)\nexit");
    const functions = [{ name: "prog", start: 0, end: 4, linkage: "global" as const }, { name: "inner", start: 4, end: 6, linkage: "static" as const }];
    const facts = analyse({ ...program, functions }, []);
    expect(facts.pointer(4, 1)).toMatchObject({ kind: "stack", caller: true, offset: -8 });
    expect([facts.stackBytes(0), facts.stackBytes(1)]).toEqual([8, 0]);
  });
});
