/** A path that a packet takes is never said to contradict itself: compiled and random programs, followed where packets really went. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { abi, BPF_PSEUDO_FUNC, createMachine, LD_IMM64, loadObject, Stepper } from "../../../xdp/index.js";
import type { ObjectSpec, ProgramSpec } from "../../../xdp/index.js";
import { borderProgram } from "../../../xdp/verifier/testing/border.js";
import { fillMap, Numbers, randomFrame } from "../testing/random-runs.js";
import { Machine } from "./machine.js";
import type { PathState } from "./state.js";

const { DESC_FRAME, DESC_IFINDEX, DESC_LENGTH, DESC_QUEUE } = abi;
const MOST_STEPS = 1500;

interface Place {
  readonly program: ProgramSpec;
  readonly slot: number;
}

/** Instructions that one packet executes. */
function tracer(object: ObjectSpec, entry: string, numbers: Numbers): () => Place[] {
  const machine = createMachine({ object, entry, batchSize: 1 });
  for (const map of machine.maps) if (!/PROG_ARRAY|OF_MAPS|DEVMAP|CPUMAP|XSKMAP|RINGBUF|PERF/.test(map.spec.type) && map.spec.dataSection === undefined) fillMap(map, numbers);
  const stepper = new Stepper(machine);
  const view = new DataView(machine.layout.buffer);
  const frame = machine.layout.allocate(512, 64, "frame");
  const constants = machine.programs.flatMap(({ spec }) => spec.insns.map(({ imm }) => imm));
  return () => {
    const bytes = randomFrame(numbers, constants);
    new Uint8Array(machine.layout.buffer).set(bytes, frame);
    view.setUint32(stepper.worker.descriptors + DESC_FRAME, frame, true);
    view.setUint32(stepper.worker.descriptors + DESC_LENGTH, Math.max(14, bytes.length), true);
    view.setUint32(stepper.worker.descriptors + DESC_IFINDEX, 1, true);
    view.setUint32(stepper.worker.descriptors + DESC_QUEUE, numbers.below(4), true);
    stepper.start(0);
    const trace: Place[] = [];
    for (let steps = 0; steps < MOST_STEPS; steps++) {
      trace.push({ program: machine.programs[stepper.program].spec, slot: stepper.insn });
      const state = stepper.step();
      // What faults is no path of the verifier's.
      if (state === "fault") return [];
      if (state === "done") return trace;
    }
    // What goes on for longer has no end that could be followed.
    return [];
  };
}

/** Where the followed path is said to be impossible; undefined where it is not. */
function contradiction(object: ObjectSpec, trace: readonly Place[]): string | undefined {
  const machine = new Machine(object);
  let states: PathState[] = [machine.start()];
  for (const [i, { program, slot }] of trace.entries()) {
    const next = trace[i + 1];
    // Only a tail call leads to another program's first instruction, or to its own.
    const tail = next !== undefined && (next.program !== program || next.slot === 0);
    // From a function it comes back: what is in between is not followed.
    if (tail && states.some(({ frames }) => frames.length > 1)) return undefined;
    states = states.flatMap((state) => {
      if (!tail) return machine.step(state, program, slot, next?.slot ?? -1);
      return state.tailCall(machine.exprs, next.program.name, object.maps) ? [state] : [];
    });
    if (states.length === 0) return `${program.name}, instruction ${slot} to ${next?.slot}`;
    if (states.length > 64) return undefined;
  }
  return undefined;
}

describe("following paths", () => {
  it.each(["bench/programs", "test/differential/programs"])("never contradicts what packets do in %s", { timeout: 120_000 }, (folder) => {
    const url = new URL(`../../../${folder}/`, import.meta.url);
    let traces = 0;
    const wrong: string[] = [];
    for (const name of readdirSync(url).filter((file) => file.endsWith(".bpf.o"))) {
      const object = loadObject(readFileSync(new URL(name, url)), name);
      for (const program of object.programs.filter(({ type, insns }) => type === "xdp" && !insns.some(({ op, src }) => op === LD_IMM64 && src === BPF_PSEUDO_FUNC))) {
        const trace = tracer(object, program.name, new Numbers(7));
        for (let run = 0; run < 12; run++) {
          const found = contradiction(object, trace());
          traces++;
          if (found !== undefined) wrong.push(`${name}, run ${run}: ${found}`);
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(traces).toBeGreaterThan(100);
  });

  it("never contradicts what packets do in random programs", { timeout: 120_000 }, () => {
    const wrong: string[] = [];
    for (let seed = 1; seed <= 400; seed++) {
      const { object, program } = borderProgram(seed);
      const trace = tracer(object, program.name, new Numbers(seed));
      for (let run = 0; run < 6; run++) {
        const found = contradiction(object, trace());
        if (found !== undefined) wrong.push(`seed ${seed}, run ${run}: ${found}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});
