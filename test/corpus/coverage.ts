/** How much of a program the frames and map contents of the corpus run reach: what is never run is never compared. */
import { DESC_BYTES, DESC_FRAME, DESC_IFINDEX, DESC_LENGTH } from "../../xdp/abi.js";
import { createMachine, Stepper } from "../../xdp/engine/index.js";
import { possibleCpus } from "../../xdp/engine/kernel/index.js";
import { LD_IMM64 } from "../../xdp/isa/index.js";
import type { ObjectSpec, ProgramSpec } from "../../xdp/object/index.js";
import type { NetworkSpec } from "../../xdp/helpers/index.js";
import type { Entry } from "./setup.js";
import { applySetup } from "./setup.js";

/** Of a program that loops for long, so many instructions are enough. */
const MOST_STEPS = 3_000_000;

export interface Coverage {
  /** Instructions that ran, and that the program has. */
  readonly reached: number;
  readonly of: number;
  /** Source lines, or slots, that never ran. */
  readonly missed: readonly string[];
}

export function coverageOf(object: ObjectSpec, program: ProgramSpec, frames: readonly Uint8Array[], setup: readonly Entry[], network?: NetworkSpec): Coverage {
  const longest = Math.max(...frames.map(({ length }) => length));
  const machine = createMachine({ object, entry: program.name, cpus: possibleCpus(), maxFrame: longest, batchSize: 1, network });
  applySetup(setup, machine.maps, machine.cpus, (name) => {
    const index = machine.programIndex(name);
    return index === undefined ? undefined : index + 1;
  });
  const address = machine.layout.allocate(longest + 8, 64, "a frame");
  const stepper = new Stepper(machine);
  const seen = new Uint8Array(program.insns.length);
  let steps = 0;
  for (const frame of frames) {
    const view = new DataView(machine.layout.buffer);
    new Uint8Array(machine.layout.buffer).set(frame, address);
    const { descriptors } = stepper.worker;
    new Uint8Array(machine.layout.buffer).fill(0, descriptors, descriptors + DESC_BYTES);
    view.setUint32(descriptors + DESC_FRAME, address, true);
    view.setUint32(descriptors + DESC_LENGTH, frame.length, true);
    view.setUint32(descriptors + DESC_IFINDEX, 1, true);
    stepper.start(0);
    do {
      if (stepper.program === 0) seen[stepper.insn] = 1;
      steps++;
    } while (stepper.step() === "running" && steps < MOST_STEPS);
  }
  const real = program.insns.flatMap((_, i) => (i > 0 && program.insns[i - 1].op === LD_IMM64 && program.insns[i].op === 0 ? [] : [i]));
  const missed = real.filter((i) => seen[i] === 0);
  return { reached: real.length - missed.length, of: real.length, missed: [...new Set(missed.map((i) => lineOf(program, i)))] };
}

function lineOf({ lines }: ProgramSpec, insn: number): string {
  const line = lines.findLast((info) => info.insn <= insn);
  return line === undefined ? `slot ${insn}` : `${line.line}: ${line.text.trim()}`;
}
