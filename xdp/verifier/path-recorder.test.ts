/** What packets do is a way through the recorded graph: random programs near the border, and the compiled ones of the benchmarks. */
import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DESC_FRAME, DESC_LENGTH } from "../abi.js";
import { Stepper, createMachine } from "../engine/index.js";
import { loadObject } from "../object/index.js";
import type { Insn, ProgramSpec } from "../object/index.js";
import type { PathGraph } from "./path-recorder.js";
import { PathRecorder } from "./path-recorder.js";
import { ConcreteMachine } from "./testing/concrete.js";
import { Random, VALUE_BYTES, borderProgram } from "./testing/border.js";
import { verifyProgram } from "./verify.js";

const PROGRAMS = 1500;
const MOST_STEPS = 3000;

/** Follows a run through a graph: all places where it may be. */
class Follower {
  private places: Set<number>;
  private readonly graph: PathGraph;
  private readonly nodeOf: Int32Array;

  constructor(graph: PathGraph) {
    this.graph = graph;
    this.nodeOf = new Int32Array(graph.steps.length);
    for (let node = 0; node + 1 < graph.starts.length; node++) this.nodeOf.fill(node, graph.starts[node], graph.starts[node + 1]);
    this.places = new Set([graph.starts[graph.roots.get(0) as number] as number]);
  }

  /** The run is at an instruction; false where no recorded path is. */
  at(insn: number): boolean {
    const { steps, starts, edges, edgeStarts } = this.graph;
    const next = new Set<number>();
    let any = false;
    for (const place of this.places) {
      if (steps[place] !== insn) continue;
      any = true;
      const node = this.nodeOf[place] as number;
      if (place + 1 < (starts[node + 1] as number)) next.add(place + 1);
      else for (let e = edgeStarts[node] as number; e < (edgeStarts[node + 1] as number); e++) next.add(starts[edges[e] as number] as number);
    }
    this.places = next;
    return any;
  }
}

const interesting = (random: Random): number => random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256), random.below(256)]);

describe("recorded paths", () => {
  it("hold every run of random programs near the border", () => {
    let runs = 0;
    for (let seed = 1; seed <= PROGRAMS; seed++) {
      const { object, program } = borderProgram(seed);
      const record = new PathRecorder();
      if (!verifyProgram(object, program, { limit: 10_000, record }).accepted) continue;
      const graph = record.graph();
      const random = new Random(seed);
      for (let run = 0; run < 5; run++) {
        const bounds = program.insns.map(({ imm }: Insn) => imm & 255);
        const packet = Uint8Array.from({ length: random.pick([20, 32, 33, 64, 20 + random.below(80)]) }, () => (random.below(3) === 0 ? random.pick(bounds) : interesting(random)));
        const machine = new ConcreteMachine(program.insns, packet, Uint8Array.from({ length: VALUE_BYTES }, () => random.below(256)));
        const follower = new Follower(graph);
        runs++;
        for (let steps = 0; steps < MOST_STEPS; steps++) {
          if (!follower.at(machine.pc)) expect.fail(`seed ${seed}, run ${run}: no recorded path is at instruction ${machine.pc}`);
          if (!machine.step()) break;
        }
      }
    }
    expect(runs).toBeGreaterThan(PROGRAMS / 4);
  });

  it("hold every run of compiled programs", { timeout: 60_000 }, () => {
    const folder = new URL("../../bench/programs/", import.meta.url);
    const random = new Random(7);
    let runs = 0;
    for (const name of readdirSync(folder).filter((file) => file.endsWith(".bpf.o"))) {
      const object = loadObject(readFileSync(new URL(name, folder)), name);
      for (const program of object.programs.filter(({ type }) => type === "xdp")) {
        const record = new PathRecorder();
        expect(verifyProgram(object, program, { record }).message).toBe("");
        const graph = record.graph();
        const machine = createMachine({ object, entry: program.name });
        const stepper = new Stepper(machine);
        const view = new DataView(machine.layout.buffer);
        const frame = machine.layout.allocate(128, 64, "frame");
        for (let run = 0; run < 40; run++) {
          const bytes = Uint8Array.from({ length: 96 }, () => interesting(random));
          bytes.set([8, 0, 0x45], 12);
          bytes[23] = random.pick([17, 6, 1, 4]);
          if (random.below(5) === 0) bytes.set([0x86, 0xdd], 12);
          new Uint8Array(machine.layout.buffer).set(bytes, frame);
          view.setUint32(stepper.worker.descriptors + DESC_FRAME, frame, true);
          view.setUint32(stepper.worker.descriptors + DESC_LENGTH, random.pick([96, 64, 40]), true);
          stepper.start(0);
          const follower = new Follower(graph);
          runs++;
          for (let steps = 0; steps < MOST_STEPS && stepper.program === 0; steps++) {
            if (!follower.at(stepper.insn)) expect.fail(`${name} ${program.name}, run ${run}: no recorded path is at instruction ${stepper.insn}`);
            if (stepper.step() !== "running") break;
          }
        }
      }
    }
    expect(runs).toBeGreaterThan(200);
  });

  it("says how often what turns can turn", () => {
    const object = loadObject(readFileSync(new URL("../../test/differential/programs/callbacks.bpf.o", import.meta.url)), "callbacks.bpf.o");
    const turnsOf = (name: string): number[][] => {
      const record = new PathRecorder();
      verifyProgram(object, object.programs.find((program) => program.name === name) as ProgramSpec, { record });
      return [...record.graph().turns.values()].map(({ most, made }) => [most, made.length]);
    };
    // By mask; more than the kernel allows, which turns not once; by mask.
    expect(turnsOf("callbacks_loop")).toEqual([[127, 0], [0, 0], [3, 0]]);
    // Entries of the maps.
    expect(turnsOf("callbacks_entries").map(([most]) => most)).toEqual([64, 8, 16, 16]);
    // An iterator from -3 to at most 31, made in one place and advanced in two.
    expect(turnsOf("callbacks_kfuncs")).toEqual([[34, 1], [34, 1]]);
  });
});
