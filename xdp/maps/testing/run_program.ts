/** One program with some maps, run on packets by the interpreter: for what maps give to user space. */
import { DESC_CPU, DESC_FRAME, DESC_IFINDEX, DESC_LENGTH, DESC_PACKET, RESULT_FAULT, RESULT_RET } from "../../abi.js";
import type { Engine } from "../../engine/contract.js";
import { createInterpreter } from "../../engine/interpreter.js";
import type { Machine } from "../../engine/machine.js";
import { createMachine } from "../../engine/machine.js";
import { programOf } from "../../engine/testing/object.js";
import type { MapSpec } from "../../object/spec.js";

/** What {@link runProgram} keeps, so that more packets can follow. */
export interface ProgramRun {
  readonly machine: Machine;
  /** Gives each packet's return value. `cpu` of all of them. */
  run(frames: readonly Uint8Array[], cpu?: number): number[];
}

/** `asm` names the maps by their names. */
export function runProgram(asm: string, maps: readonly MapSpec[], make: (machine: Machine) => Engine = createInterpreter, cpus = 2): ProgramRun {
  const object = { file: "run.o", license: "GPL", maps, programs: [programOf("main", asm, maps.map(({ name }) => name))] };
  const machine = createMachine({ object, entry: "main", cpus, maxFrame: 9000 });
  const engine = make(machine);
  return {
    machine,
    run: (frames, cpu = 0) => frames.map((frame, i) => runOne(machine, engine, frame, cpu, i)),
  };
}

function runOne(machine: Machine, engine: Engine, frame: Uint8Array, cpu: number, number: number): number {
  const address = machine.layout.allocate(frame.length + 8, 64, "frame");
  new Uint8Array(machine.layout.buffer).set(frame, address);
  const view = new DataView(machine.layout.buffer);
  const { descriptors, results } = engine.worker;
  for (const [field, value] of [[DESC_FRAME, address], [DESC_LENGTH, frame.length], [DESC_IFINDEX, 1], [DESC_CPU, cpu], [DESC_PACKET, number]] as const) view.setUint32(descriptors + field, value, true);
  engine.runBatch(1);
  const result = new DataView(machine.layout.buffer);
  if (result.getUint32(results + RESULT_FAULT, true) !== 0) throw new Error("the program faulted");
  return result.getInt32(results + RESULT_RET, true);
}

