import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { abi, createMachine, loadObject, Stepper } from "../../xdp/index.js";
import type { ObjectSpec } from "../../xdp/index.js";
import { RANDOM_MAPS, randomProgram } from "../../xdp/engine/testing/random-programs.js";
import { isConditional } from "../nfp/meta.js";
import { findProfile } from "../profiles/profiles.js";
import type { OffloadProfile } from "../profiles/schema.js";
import { nfpCosts } from "./nfp.js";

const { DESC_FRAME, DESC_LENGTH } = abi;
const card = findProfile("agilio-cx-2x40") as OffloadProfile;
const FRAME = 96;
const MOST_STEPS = 20_000;

/** Relative errors of the slots' sum against the ways that packets really took, one a packet. */
function errorsOf(object: ObjectSpec, entry: string, packets: readonly Uint8Array[]): number[] {
  const machine = createMachine({ object, entry });
  const program = object.programs.find(({ name }) => name === entry) ?? object.programs[0];
  const costs = nfpCosts(program, card, object.maps);
  const stepper = new Stepper(machine);
  const frame = machine.layout.allocate(FRAME + 8, 64, "frame");
  const view = new DataView(machine.layout.buffer);
  return packets.map((bytes) => {
    new Uint8Array(machine.layout.buffer).set(bytes, frame);
    view.setUint32(stepper.worker.descriptors + DESC_FRAME, frame, true);
    view.setUint32(stepper.worker.descriptors + DESC_LENGTH, FRAME, true);
    stepper.start(0);
    const first = stepper.program;
    let [ways, slots] = [costs.cycles[0] - costs.fallen[0], 0];
    let state = "running";
    for (let steps = 0; state === "running" && steps < MOST_STEPS && stepper.program === first; steps++) {
      const slot = stepper.insn;
      slots += costs.cycles[slot];
      state = stepper.step();
      const jumped = isConditional(program.insns[slot]) && state === "running" && stepper.insn !== slot + 1;
      ways += jumped ? costs.taken[slot] : costs.fallen[slot];
    }
    return slots / ways - 1;
  });
}

/** Numbers that look random and are always the same. */
function numbers(): () => number {
  let state = 12345;
  return () => (state = (Math.imul(state, 1103515245) + 12345) & 0x7fff_ffff) >>> 8;
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + Math.abs(b), 0) / values.length;

describe("both ways of a branch", () => {
  it("add up to what packets take, or nearly so, in compiled programs", () => {
    const random = numbers();
    const packets = Array.from({ length: 24 }, (_, i) => {
      const bytes = Uint8Array.from({ length: FRAME }, () => random() & 255);
      bytes.set([8, 0, 0x45], 12);
      bytes[23] = [17, 6, 1, 4][i % 4];
      if (i % 5 === 0) bytes.set([0x86, 0xdd], 12);
      return bytes;
    });
    const folder = new URL("../../bench/programs/", import.meta.url);
    const errors = readdirSync(folder).filter((name) => name.endsWith(".bpf.o")).flatMap((name) => {
      const object = loadObject(readFileSync(new URL(name, folder)), name);
      return object.programs.filter(({ type }) => type === "xdp").flatMap((program) => errorsOf(object, program.name, packets));
    });
    expect(errors.length).toBeGreaterThan(300);
    expect(mean(errors)).toBeLessThan(0.01);
    expect(Math.max(...errors.map(Math.abs))).toBeLessThan(0.1);
  });

  it("add up, or nearly so, in random programs", () => {
    const random = numbers();
    const errors = Array.from({ length: 60 }, () => {
      const program = randomProgram({ main: Array.from({ length: 6 }, () => random() + 1), functions: [[random() + 1]] }, { name: "main", clocks: false });
      return errorsOf({ file: "random.o", license: "GPL", programs: [program], maps: [...RANDOM_MAPS] }, "main", [Uint8Array.from({ length: FRAME }, () => random() & 255)])[0];
    });
    expect(mean(errors)).toBeLessThan(0.002);
    expect(Math.max(...errors.map(Math.abs))).toBeLessThan(0.02);
  });
});
