/**
 * Runs random programs on two engines over one machine and compares all that can be seen. Making a machine is dear, so
 * many programs share one: program 0 makes a tail call to the program that the packet's receive queue names, which is
 * how the interpreter gets to each of them.
 */
import {
  DESC_BYTES,
  DESC_CPU,
  DESC_FRAME,
  DESC_IFINDEX,
  DESC_LENGTH,
  DESC_PACKET,
  DESC_QUEUE,
  DESC_TIME,
  ENV_RX_QUEUE_INDEX,
  MACHINE,
  MACHINE_MAPS,
  MACHINE_PROGRAMS,
  RESULT_BYTES,
  RESULT_COST,
  RESULT_DATA,
  RESULT_FRAG_LENGTH,
  RESULT_LENGTH,
  RESULT_META_LENGTH,
  RESULT_RET,
  SLOT_FRAGS,
} from "../../abi.js";
import { BPF_PSEUDO_MAP_IDX, disassemble } from "../../isa/index.js";
import { mapTypeName } from "../../object/index.js";
import type { MapSpec, ObjectSpec, ProgramSpec } from "../../object/index.js";
import type { Engine, MachineProgram, MachineView, ProgramCosts } from "../contract.js";
import { readFault } from "../faults.js";
import { createMachine } from "../machine.js";
import type { Machine } from "../machine.js";
import { Choices, RANDOM_MAPS, randomProgram } from "./random-programs.js";
import { Code } from "./random-programs-code.js";
import type { RandomShape } from "./random-programs.js";

const BPF_MAP_TYPE_PROG_ARRAY = 3;
const TAIL_CALL = 12;
const CPUS = 3;

/** Program 0: tail call to program `rx_queue_index` of map `progs`. */
function dispatcher(progs: number): ProgramSpec {
  const code = new Code();
  code.load(4, 3, 1, ENV_RX_QUEUE_INDEX);
  code.wide(2, BPF_PSEUDO_MAP_IDX, progs, 0);
  code.helper(TAIL_CALL);
  code.set(0, -1);
  code.exit();
  const insns = code.finish();
  return { name: "dispatcher", section: "xdp", type: "xdp", frags: false, attach: "device", autoload: true, insns, functions: [{ name: "dispatcher", start: 0, end: insns.length, linkage: "static" }], lines: [] };
}

/** Costs that differ from slot to slot; the dispatcher's are 0. */
function costs(program: ProgramSpec): ProgramCosts {
  const isDispatcher = program.name === "dispatcher";
  const of = (factor: number): Uint32Array => Uint32Array.from(program.insns, (_, slot) => (isDispatcher ? 0 : 1 + ((slot * factor) % 97)));
  return { low: of(13), high: of(29) };
}

export interface RandomMachineOptions {
  readonly faultyOnceIn?: number;
  readonly workers?: number;
  readonly batchSize: number;
  readonly maxFrame: number;
}

/** A machine with a program a shape: names p1, p2 …, indices from 1. */
export function machineOf(shapes: readonly RandomShape[], options: RandomMachineOptions): Machine {
  const programs = shapes.map((shape, i) => randomProgram(shape, { name: `p${i + 1}`, faultyOnceIn: options.faultyOnceIn ?? 0 }));
  const machine = machineWith(programs, RANDOM_MAPS, options);
  fillMaps(machine);
  return machine;
}

/** A machine with these programs, indices from 1, which all name their maps by their places in `maps`. */
export function machineWith(programs: readonly ProgramSpec[], maps: readonly MapSpec[], options: RandomMachineOptions): Machine {
  const progs = {
    name: "progs",
    type: mapTypeName(BPF_MAP_TYPE_PROG_ARRAY),
    typeId: BPF_MAP_TYPE_PROG_ARRAY,
    keySize: 4,
    valueSize: 4,
    maxEntries: programs.length + 1,
    flags: 0,
    keyTypeId: 0,
    valueTypeId: 0,
    values: programs.map(({ name }, i) => ({ key: i + 1, program: name })),
  };
  const object: ObjectSpec = { file: "random.o", license: "GPL", programs: [dispatcher(maps.length), ...programs], maps: [...maps, progs] };
  return createMachine({ object, entry: "dispatcher", cpus: CPUS, costs, batchSize: options.batchSize, maxFrame: options.maxFrame, workers: options.workers ?? 1 });
}

/** Entries for lookups to find. */
function fillMaps(machine: Machine): void {
  const choices = new Choices(7);
  const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, () => choices.below(256));
  for (const { spec, update } of machine.maps.map((handle) => ({ spec: handle.spec, update: handle.update.bind(handle) }))) {
    const size = spec.name === "percpu" ? spec.valueSize * CPUS : spec.valueSize;
    if (spec.name === "lpm") for (const prefix of [0, 8, 24, 32]) update(Uint8Array.of(prefix, 0, 0, 0, 10, 0, 0, 1), bytes(size));
    else if (spec.name === "globals") update(new Uint8Array(4), bytes(size));
    else if (spec.name !== "out" && spec.name !== "progs") for (const key of [0, 1, 3]) update(Uint8Array.of(key, 0, 0, 0), bytes(size));
  }
}

/** The same machine with another program as entry, as far as a compiler looks at it. */
export function withEntry(machine: Machine, index: number): MachineView {
  return { ...machine, entry: machine.programs[index] as MachineProgram };
}

/** Random frames, each with an address in the machine's memory. */
export function placeFrames(machine: Pick<MachineView, "layout">, lengths: readonly number[], seed: number): readonly { address: number; length: number }[] {
  const choices = new Choices(seed);
  const places = lengths.map((length) => ({ address: machine.layout.allocate(length + 8, 64, "frames"), length }));
  const bytes = new Uint8Array(machine.layout.buffer);
  for (const { address, length } of places) for (let i = 0; i < length; i++) bytes[address + i] = choices.once(3) ? choices.below(256) : choices.below(4);
  return places;
}

/** What can be seen of one packet after the run. */
interface Outcome {
  readonly ret: number;
  readonly data: string;
  readonly meta: number;
  readonly fault: string;
  readonly cost: bigint;
}

/** Runs one engine on one program, from the same memory each time, and gives all that it did. */
export class Bench {
  private readonly machine: Machine;
  private readonly frames: readonly { address: number; length: number }[];
  private readonly start: number;
  private readonly before: Uint8Array;

  constructor(machine: Machine, frames: readonly { address: number; length: number }[]) {
    this.machine = machine;
    this.frames = frames;
    const view = new DataView(machine.layout.buffer);
    // Maps are laid out between their headers and the table of programs.
    this.start = view.getUint32(MACHINE + MACHINE_MAPS, true);
    this.before = new Uint8Array(machine.layout.buffer, this.start, view.getUint32(MACHINE + MACHINE_PROGRAMS, true) - this.start).slice();
  }

  private maps(): Uint8Array {
    return new Uint8Array(this.machine.layout.buffer, this.start, this.before.length);
  }

  /** Runs the packets for program `queue`. */
  run(engine: Engine, queue: number): { packets: Outcome[]; maps: Uint8Array } {
    const { machine, frames } = this;
    const { worker } = engine;
    const view = new DataView(machine.layout.buffer);
    const bytes = new Uint8Array(machine.layout.buffer);
    this.maps().set(this.before);
    for (const [i, { address, length }] of frames.entries()) {
      const descriptor = worker.descriptors + i * DESC_BYTES;
      view.setUint32(descriptor + DESC_FRAME, address, true);
      view.setUint32(descriptor + DESC_LENGTH, length, true);
      view.setBigUint64(descriptor + DESC_TIME, 1_000_000_007n * BigInt(i + 1), true);
      view.setUint32(descriptor + DESC_IFINDEX, 1 + (i % 2), true);
      view.setUint32(descriptor + DESC_QUEUE, queue, true);
      view.setUint32(descriptor + DESC_CPU, i % CPUS, true);
      view.setUint32(descriptor + DESC_PACKET, i, true);
      bytes.fill(0xa5, worker.slots + i * worker.slotStride, worker.slots + i * worker.slotStride + 512);
    }
    engine.runBatch(frames.length);
    const packets = frames.map((_, i): Outcome => {
      const result = worker.results + i * RESULT_BYTES;
      const u32 = (field: number): number => view.getUint32(result + field, true);
      const data = u32(RESULT_DATA);
      const fragments = latin1(machine, worker.slots + i * worker.slotStride + SLOT_FRAGS, u32(RESULT_FRAG_LENGTH));
      return {
        ret: u32(RESULT_RET),
        data: latin1(machine, data, u32(RESULT_LENGTH)) + fragments,
        meta: u32(RESULT_META_LENGTH),
        fault: faultText(view, result),
        cost: view.getBigUint64(result + RESULT_COST, true),
      };
    });
    return { packets, maps: this.maps().slice() };
  }

}

/** Bytes of the machine's memory, one a character. */
function latin1(machine: Machine, start: number, length: number): string {
  return Buffer.from(machine.layout.buffer, start, length).toString("latin1");
}

function faultText(view: DataView, result: number): string {
  const fault = readFault(view, result);
  if (!fault) return "";
  return `code ${fault.code} program ${fault.program} insn ${fault.insn} at 0x${fault.address.toString(16)}`;
}

/** Where two runs differ; undefined where they do not. */
export function difference(a: ReturnType<Bench["run"]>, b: ReturnType<Bench["run"]>): string | undefined {
  for (const [i, left] of a.packets.entries()) {
    const right = b.packets[i] as Outcome;
    for (const field of ["fault", "ret", "data", "meta", "cost"] as const) {
      if (left[field] !== right[field]) return `packet ${i}: ${field} ${text(left[field])} and ${text(right[field])}`;
    }
  }
  const at = a.maps.findIndex((byte, i) => byte !== b.maps[i]);
  return at < 0 ? undefined : `maps differ at byte ${at}: ${a.maps[at]} and ${b.maps[at]}`;
}

function text(value: string | number | bigint): string {
  return typeof value === "string" && value.length > 60 ? Buffer.from(value, "latin1").toString("hex") : String(value);
}

/** A program as text, for failures. */
export function listing(program: ProgramSpec): string {
  return disassemble(program.insns);
}
