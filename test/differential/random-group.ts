/**
 * A group of random programs over random maps, on random packets: run on the interpreter, the JIT and, where there is one, the kernel. What
 * is dear to set up (maps, machine, module) is shared by the group; what one program leaves in the maps the next one finds, on every engine alike.
 */
import { DESC_BYTES, DESC_CPU, DESC_FRAME, DESC_IFINDEX, DESC_LENGTH, DESC_PACKET, DESC_QUEUE, DESC_TIME, MACHINE, MACHINE_MAPS, MACHINE_PROGRAMS, RESULT_BYTES, RESULT_COST, RESULT_DATA, RESULT_FRAG_LENGTH, RESULT_LENGTH, RESULT_META_LENGTH, RESULT_RET, SLOT_FRAGS } from "../../xdp/abi.js";
import { variedFrames } from "../../traffic/generate/varied.js";
import type { Engine, MachineView, ProgramCosts } from "../../xdp/engine/contract.js";
import { createInterpreter, createMachine, describeFault, readFault } from "../../xdp/engine/index.js";
import type { Machine } from "../../xdp/engine/index.js";
import { KernelObject, KernelVerifierError, onCpu, possibleCpus, TestRun } from "../../xdp/engine/kernel/index.js";
import { instantiate, machineBytes } from "../../xdp/engine/wasm/compile.js";
import { Choices, Code } from "../../xdp/engine/testing/random-programs-code.js";
import { isPerCpu, isQueue, mapSpec, randomMaps, seedMaps } from "../../xdp/engine/testing/random-programs-maps.js";
import { listing } from "../../xdp/engine/testing/random-programs-run.js";
import { FRAME_LENGTHS } from "../../xdp/engine/testing/random-programs-parts.js";
import { RANDOM_MAPS, randomProgram } from "../../xdp/engine/testing/random-programs.js";
import type { RandomShape } from "../../xdp/engine/testing/random-programs.js";
import { BPF_PSEUDO_MAP_IDX, BPF_PSEUDO_MAP_IDX_VALUE, LD_IMM64 } from "../../xdp/isa/index.js";
import { BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_PROG_ARRAY } from "../../xdp/maps/uapi.js";
import type { MapHandle } from "../../xdp/maps/index.js";
import type { MapSpec, ObjectSpec, ProgramSpec } from "../../xdp/object/index.js";
import { EDGES } from "./assembled.js";

const TAIL_CALL = 12;
const CPUS = Math.min(possibleCpus(), 256);
/** Longer than the linear part, so that some packets have fragments. */
const MAX_FRAME = 9000;
/** Frames of a group: what wires bring, bytes of few values, words at the edges of arithmetic. */
const VARIED = 4;
const ROW = 32;
const PLAIN = 3;
const WORDS = 2;

/** What a group is made from. */
export interface RandomGroup {
  readonly maps: readonly MapSpec[];
  /** Of the entries that are in the maps before. */
  readonly seed: number;
  readonly shapes: readonly RandomShape[];
  readonly frames: readonly Uint8Array[];
}

export interface GroupResult {
  /** Programs that ran. */
  readonly ran: number;
  /** Programs that the kernel's verifier refused, with the last line of its log. */
  readonly refused: readonly string[];
  /** The first difference, in words, with the program that showed it. */
  readonly difference?: { readonly program: number; readonly text: string };
}

export function randomGroup(seed: number, programs: number): RandomGroup {
  const choices = new Choices(seed);
  const seeds = (least: number, most: number): number[] => Array.from({ length: least + choices.below(most) }, () => choices.u32());
  return {
    maps: [...RANDOM_MAPS, ...randomMaps(choices)],
    seed: choices.u32(),
    shapes: Array.from({ length: programs }, () => ({ main: seeds(1, 8), functions: Array.from({ length: choices.below(4) }, () => seeds(1, 3)) })),
    frames: [...variedPick(choices), ...Array.from({ length: PLAIN }, () => plainFrame(choices)), ...Array.from({ length: WORDS }, () => wordsFrame(choices))],
  };
}

/** Kinds take turns in a row of varied frames: any of a longer row, so that each group has others. */
function variedPick(choices: Choices): Uint8Array[] {
  const row = variedFrames(choices.u32(), ROW, { maxLength: MAX_FRAME });
  return Array.from({ length: VARIED }, () => choices.pick(row));
}

/** Bytes of few values, so that comparisons hold now and then; of the lengths that programs check for. */
function plainFrame(choices: Choices): Uint8Array {
  const length = choices.once(6) ? 100 + choices.below(1400) : choices.pick(FRAME_LENGTHS);
  return Uint8Array.from({ length }, () => (choices.once(3) ? choices.below(256) : choices.below(4)));
}

function wordsFrame(choices: Choices): Uint8Array {
  const word = (): bigint => (choices.once(3) ? (BigInt(choices.u32()) << 32n) | BigInt(choices.u32()) : choices.pick(EDGES));
  return new Uint8Array(BigUint64Array.from({ length: 12 }, word).buffer);
}

/** How a group is run. */
export interface GroupRun {
  /** Whether the kernel runs too. */
  readonly kernel: boolean;
  /** What the JIT gets instead of a program: to see that differences are found. */
  readonly jitGets?: (program: ProgramSpec) => ProgramSpec;
}

/** Runs the group's programs, each on all its frames, and stops at the first difference. */
export function runGroup(group: RandomGroup, { kernel, jitGets }: GroupRun): GroupResult {
  const programs = group.shapes.map((shape, i) => randomProgram(shape, { name: `p${i + 1}`, clocks: false, maps: group.maps }));
  const oracle = kernel ? new KernelRun(group, programs) : undefined;
  try {
    const taken = oracle ? programs.filter((program) => oracle.takes(program)) : programs;
    if (taken.length === 0) return { ran: 0, refused: oracle?.refused ?? [] };
    const ours = new OurRun(group, taken, jitGets);
    for (const [i, program] of taken.entries()) {
      const text = ours.run(i) ?? oracle?.differs(program, ours);
      if (text !== undefined) return { ran: i + 1, refused: oracle?.refused ?? [], difference: { program: programs.indexOf(program), text: `${text}\n${listing(program)}` } };
    }
    const text = oracle?.differsInQueues(ours);
    return { ran: taken.length, refused: oracle?.refused ?? [], ...(text === undefined ? {} : { difference: { program: -1, text } }) };
  } finally {
    oracle?.close();
  }
}

/** What can be seen of a packet. */
interface Outcome {
  readonly ret: number;
  readonly meta: number;
  readonly linear: number;
  readonly bytes: Uint8Array;
}

function outcomeDiffers(a: Outcome, b: Outcome): string | undefined {
  if (a.ret !== b.ret) return `return values ${a.ret} and ${b.ret}`;
  if (a.meta !== b.meta) return `${a.meta} and ${b.meta} bytes of metadata`;
  if (a.linear !== b.linear) return `${a.linear} and ${b.linear} bytes in the linear part`;
  if (a.bytes.length !== b.bytes.length) return `${a.bytes.length} and ${b.bytes.length} bytes`;
  if (Buffer.compare(a.bytes, b.bytes) === 0) return undefined;
  const at = a.bytes.findIndex((byte, i) => byte !== b.bytes[i]);
  return `byte ${at - a.meta} of the packet is ${a.bytes[at]} and ${b.bytes[at]}`;
}

/** Indices of the maps that a program names. */
function mapsOf({ insns }: ProgramSpec): Set<number> {
  return new Set(insns.flatMap(({ op, src, imm }) => (op === LD_IMM64 && (src === BPF_PSEUDO_MAP_IDX || src === BPF_PSEUDO_MAP_IDX_VALUE) ? [imm] : [])));
}

/** A map's entries as text, by key; of per-CPU values, the bytes that are values. */
function dump(map: MapHandle): Map<string, string> {
  const { spec } = map;
  const entries = new Map<string, string>();
  for (const key of map.keys()) {
    const value = map.lookup(key);
    if (value !== undefined) entries.set(text(key), isPerCpu(spec) ? perCpuText(value, spec.valueSize) : text(value));
  }
  return entries;
}

function perCpuText(value: Uint8Array, size: number): string {
  const stride = Math.ceil(size / 8) * 8;
  return Array.from({ length: CPUS }, (_, cpu) => text(value.subarray(cpu * stride, cpu * stride + size))).join(" ");
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
}

function dumpsDiffer(name: string, a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): string | undefined {
  for (const [key, value] of a) if (b.get(key) !== value) return `map ${name}, key ${key}: ${value} and ${b.get(key) ?? "nothing"}`;
  for (const [key, value] of b) if (!a.has(key)) return `map ${name}, key ${key}: nothing and ${value}`;
  return undefined;
}

/** Interpreter and JIT, on one machine that both start from in turn. The JIT's module holds all the programs as targets of tail calls. */
class OurRun {
  readonly machine: Machine;
  private readonly interpreter: Engine;
  private readonly jit: Engine;
  private readonly places: readonly number[];
  private readonly frames: readonly Uint8Array[];
  private readonly start: number;
  private readonly length: number;
  outcomes: Outcome[] = [];

  constructor({ maps, seed, frames }: RandomGroup, programs: readonly ProgramSpec[], jitGets?: (program: ProgramSpec) => ProgramSpec) {
    const select = mapSpec("select", BPF_MAP_TYPE_ARRAY, 4, 4, 1);
    const progs: MapSpec = { ...mapSpec("progs", BPF_MAP_TYPE_PROG_ARRAY, 4, 4, programs.length + 1), values: programs.map(({ name }, i) => ({ key: i + 1, program: name })) };
    const object: ObjectSpec = { file: "random.o", license: "GPL", programs: [dispatcher(maps.length), ...programs], maps: [...maps, select, progs] };
    this.machine = createMachine({ object, entry: "dispatcher", cpus: CPUS, costs, batchSize: frames.length, maxFrame: MAX_FRAME });
    seedMaps(new Choices(seed), this.machine.maps.slice(0, maps.length), CPUS);
    this.frames = frames;
    this.places = place(this.machine, frames);
    this.interpreter = createInterpreter(this.machine);
    // As V8 compiles by default, which is quicker: it is our code that is tested here, not V8's optimiser.
    const bytes = machineBytes(jitGets ? replaced(this.machine, jitGets) : this.machine, { inPlace: true });
    this.jit = instantiate({ bytes, module: new WebAssembly.Module(bytes) }, this.machine.layout.memory, this.machine.runtime.instance.exports, this.machine.workers[0]);
    const view = new DataView(this.machine.layout.buffer);
    this.start = view.getUint32(MACHINE + MACHINE_MAPS, true);
    this.length = view.getUint32(MACHINE + MACHINE_PROGRAMS, true) - this.start;
  }

  /** Runs a program on both. A difference between them, or undefined; then the JIT's {@link outcomes} and the maps are what to compare with a kernel. */
  run(program: number): string | undefined {
    const { machine } = this;
    machine.maps.at(-2)?.update(new Uint8Array(4), Uint8Array.of(program + 1, (program + 1) >> 8, 0, 0));
    const maps = new Uint8Array(machine.layout.buffer, this.start, this.length);
    const before = maps.slice();
    const expected = this.batch(this.interpreter);
    const after = maps.slice();
    maps.set(before);
    const found = this.batch(this.jit);
    this.outcomes = found.map(({ outcome }) => outcome);
    for (const [i, a] of expected.entries()) {
      const b = found[i];
      const differs = a.fault === undefined && b.fault === undefined ? outcomeDiffers(a.outcome, b.outcome) : `faults: ${a.fault} and ${b.fault}`;
      if (differs !== undefined) return `interpreter and JIT, packet ${i}: ${differs}\n  in: ${text(this.frames[i])}`;
      if (a.cost !== b.cost) return `interpreter and JIT, packet ${i}: costs ${a.cost} and ${b.cost}`;
    }
    if (Buffer.compare(after, maps) === 0) return undefined;
    const at = after.findIndex((byte, i) => byte !== maps[i]);
    const map = machine.maps.findLast(({ header }) => header <= this.start + at);
    return `interpreter and JIT: byte ${at} of the maps (near ${map?.spec.name}) is ${after[at]} and ${maps[at]}`;
  }

  private batch(engine: Engine): { outcome: Outcome; fault: string | undefined; cost: bigint }[] {
    const { machine, frames } = this;
    const { worker } = engine;
    const view = new DataView(machine.layout.buffer);
    const memory = new Uint8Array(machine.layout.buffer);
    for (const [i, frame] of frames.entries()) {
      const descriptor = worker.descriptors + i * DESC_BYTES;
      memory.set(frame, this.places[i]);
      view.setUint32(descriptor + DESC_FRAME, this.places[i], true);
      view.setUint32(descriptor + DESC_LENGTH, frame.length, true);
      view.setBigUint64(descriptor + DESC_TIME, 1_000_000_000n, true);
      view.setUint32(descriptor + DESC_IFINDEX, 1, true);
      view.setUint32(descriptor + DESC_QUEUE, 0, true);
      view.setUint32(descriptor + DESC_CPU, 0, true);
      view.setUint32(descriptor + DESC_PACKET, i, true);
      memory.fill(0xa5, worker.slots + i * worker.slotStride, worker.slots + i * worker.slotStride + 512);
    }
    engine.runBatch(frames.length);
    return frames.map((_, i) => {
      const result = worker.results + i * RESULT_BYTES;
      const u32 = (field: number): number => view.getUint32(result + field, true);
      const [data, meta, linear, rest] = [u32(RESULT_DATA), u32(RESULT_META_LENGTH), u32(RESULT_LENGTH), u32(RESULT_FRAG_LENGTH)];
      const fragments = worker.slots + i * worker.slotStride + SLOT_FRAGS;
      const bytes = Buffer.concat([memory.subarray(data - meta, data + linear), memory.subarray(fragments, fragments + rest)]);
      const fault = readFault(view, result);
      return { outcome: { ret: u32(RESULT_RET), meta, linear, bytes }, fault: fault && describeFault(machine, fault).message, cost: view.getBigUint64(result + RESULT_COST, true) };
    });
  }
}

/** The machine, as far as a compiler looks at it, with other programs. */
function replaced(machine: Machine, by: (program: ProgramSpec) => ProgramSpec): MachineView {
  return { ...machine, programs: machine.programs.map((program) => ({ ...program, spec: by(program.spec) })) };
}

/** Costs that differ from slot to slot; the dispatcher's are 0. */
function costs({ name, insns }: ProgramSpec): ProgramCosts {
  return { low: Uint32Array.from(insns, (_, i) => (name === "dispatcher" ? 0 : 1 + ((i * 13) % 97))), high: new Uint32Array(insns.length) };
}

/** Tail call to the program that the map `select` names. */
function dispatcher(select: number): ProgramSpec {
  const code = new Code();
  code.wide(3, BPF_PSEUDO_MAP_IDX_VALUE, select, 0);
  code.load(4, 3, 3, 0);
  code.wide(2, BPF_PSEUDO_MAP_IDX, select + 1, 0);
  code.helper(TAIL_CALL);
  code.set(0, -1);
  code.exit();
  const insns = code.finish();
  return { name: "dispatcher", section: "xdp", type: "xdp", frags: false, attach: "device", autoload: true, insns, functions: [{ name: "dispatcher", start: 0, end: insns.length, linkage: "static" }], lines: [] };
}

function place(machine: MachineView, frames: readonly Uint8Array[]): number[] {
  return frames.map((frame) => machine.layout.allocate(frame.length + 8, 64, "frames"));
}

/** The kernel: the same maps with the same entries, each program loaded and run by itself. */
class KernelRun {
  readonly refused: string[] = [];
  private readonly object: KernelObject;
  private readonly frames: readonly Uint8Array[];
  private readonly fds = new Map<ProgramSpec, number>();

  constructor({ maps, seed, frames }: RandomGroup, programs: readonly ProgramSpec[]) {
    this.object = new KernelObject({ file: "random.o", license: "GPL", programs, maps });
    this.frames = frames;
    seedMaps(new Choices(seed), this.object.maps, possibleCpus());
  }

  /** Loads the program; false where the verifier refuses it. */
  takes(program: ProgramSpec): boolean {
    try {
      this.fds.set(program, this.object.load(program.name).fd);
      return true;
    } catch (error) {
      if (!(error instanceof KernelVerifierError)) throw error;
      this.refused.push(error.message);
      return false;
    }
  }

  /** Runs the program and compares what the packets and its maps are then. */
  differs(program: ProgramSpec, ours: OurRun): string | undefined {
    const test = new TestRun(this.fds.get(program) as number);
    try {
      const found = onCpu(0, () => {
        for (const [i, frame] of this.frames.entries()) {
          test.input.set(frame);
          test.run(frame.length, 0, 1, 0);
          const { ret, metaLength: meta, linearLength: linear, fragLength, output } = test;
          const differs = outcomeDiffers(ours.outcomes[i], { ret, meta, linear, bytes: output.subarray(0, meta + linear + fragLength) });
          if (differs !== undefined) return `engines here and kernel, packet ${i}: ${differs}\n  in: ${text(frame)}\n  out: ${text(ours.outcomes[i].bytes)}\n  kernel: ${text(output.subarray(0, meta + linear + fragLength))}`;
        }
        return undefined;
      });
      if (found !== undefined) return found;
    } finally {
      test.close();
    }
    for (const index of mapsOf(program)) {
      const [here, there] = [ours.machine.maps[index], this.object.maps[index]];
      // Reading a queue empties it: that is for the end.
      if (isQueue(here.spec)) continue;
      const differs = dumpsDiffer(here.spec.name, dump(here), dump(there));
      if (differs !== undefined) return `engines here and kernel, after ${this.frames.length} packets: ${differs}`;
    }
    return undefined;
  }

  /** Empties the queues of both. */
  differsInQueues(ours: OurRun): string | undefined {
    for (const [index, there] of this.object.maps.entries()) {
      const here = ours.machine.maps[index];
      if (!isQueue(here.spec)) continue;
      for (let i = 0; i <= here.spec.maxEntries; i++) {
        const [a, b] = [here, there].map((map) => text(map.pop?.() ?? new Uint8Array(0)));
        if (a !== b) return `engines here and kernel: element ${i} of ${here.spec.name} is ${a || "not there"} and ${b || "not there"}`;
      }
    }
    return undefined;
  }

  close(): void {
    this.object.close();
  }
}

/** The smallest group that still shows a difference which `program` of `group` shows when it runs alone; undefined where it takes the others too. */
export function shrink(group: RandomGroup, program: number, run: GroupRun): { readonly group: RandomGroup; readonly text: string } | undefined {
  let best: RandomGroup = { ...group, shapes: group.shapes.slice(program, program + 1) };
  let found = runGroup(best, run).difference;
  for (let smaller = found !== undefined; smaller; ) {
    smaller = false;
    for (const candidate of simpler(best)) {
      const { difference } = runGroup(candidate, run);
      if (difference === undefined) continue;
      [best, found, smaller] = [candidate, difference, true];
      break;
    }
  }
  return found && { group: best, text: found.text };
}

/** Groups of one program with a frame or a snippet less. The first snippet stays: what the registers hold at the start is made from it. */
function* simpler(group: RandomGroup): Iterable<RandomGroup> {
  const { frames, shapes: [{ main, functions }] } = group;
  for (let i = 0; frames.length > 1 && i < frames.length; i++) yield { ...group, frames: frames.toSpliced(i, 1) };
  for (let i = 1; i < main.length; i++) yield { ...group, shapes: [{ main: main.toSpliced(i, 1), functions }] };
  for (const [i, seeds] of functions.entries()) {
    for (let k = 0; k < seeds.length; k++) yield { ...group, shapes: [{ main, functions: functions.with(i, seeds.toSpliced(k, 1)) }] };
  }
}
