/** The machine: one shared memory with maps, programs, helpers' tables and an area for each worker. */
import {
  MACHINE,
  MACHINE_CPUS,
  MACHINE_HELPERS,
  MACHINE_HELPER_COUNT,
  MACHINE_PRINTK,
  MACHINE_PRINTK_SIZE,
  MACHINE_PRINTK_USED,
  MACHINE_SEED,
  MACHINE_SHARED,
  MACHINE_SLICES,
  MACHINE_TIMERS,
  MAX_LINEAR,
  MIN_PACKET,
  TIMERS_CAPACITY,
  TIMERS_HEAP,
  TIMERS_HEAP_ENTRY_BYTES,
  TIMERS_NEXT,
  TIMERS_SLOTS,
  TIMER_BYTES,
} from "../abi.js";
import { HELPERS, KFUNCS, KFUNC_BY_NAME, placeNetwork } from "../helpers/index.js";
import { BPF_CALL, BPF_JMP } from "../isa/index.js";
import { createMaps } from "../maps/index.js";
import type { MapHandle } from "../maps/index.js";
import { adaptProgram, defaultTarget, fillKconfig } from "../object/index.js";
import type { BtfTarget, MapSpec, ObjectSpec, ProgramSpec } from "../object/index.js";
import { instantiateRuntime } from "../runtime/runtime.js";
import type { Runtime } from "../runtime/runtime.js";
import { mapsOf } from "./check_program.js";
import type { MachineOptions, MachineProgram, MachineView, WorkerArea } from "./contract.js";
import { Layout } from "./layout.js";
import { choosePrograms, placePrograms } from "./programs.js";
import { placeWorker } from "./workers.js";

const MAX_CPUS = 256;
const MAX_BATCH = 4096;
const MAX_WORKERS = 256;
/** The longest frame that bpf_xdp_load_bytes and its kin can see all of. */
const MAX_FRAME = 65535;
const PRINTK_BYTES = 1 << 20;

/** A machine, as {@link createMachine} makes it. */
export interface Machine extends MachineView {
  /** Runtime of this thread; another thread makes its own with `instantiateRuntime(machine.layout.memory)`. */
  readonly runtime: Runtime;
  /** Longest frame that a worker's slots take, bytes. */
  readonly maxFrame: number;
  /** Number of a program in prog arrays less 1. Throws the reason where the object has the program but it cannot run here; undefined where it is not loaded. */
  programIndex(name: string): number | undefined;
  /** What the programs have printed so far, a line a call, in order; all workers. */
  printk(): string[];
  /** Bytes of printed lines that were lost because the buffer was full. */
  printkLost(): number;
}

/**
 * Makes a machine for one entry program of an object.
 * @throws UnsupportedError, ProgramError, ObjectError, MapError, MemoryError, NetworkError, AddressError; RangeError for options out of range.
 */
export function createMachine(options: MachineOptions): Machine {
  const { entry, cpus = 1, workers = 1, batchSize = 256, maxFrame = MAX_LINEAR, seed = 1n } = options;
  requireRange("cpus", cpus, 1, MAX_CPUS);
  requireRange("workers", workers, 1, MAX_WORKERS);
  requireRange("batchSize", batchSize, 1, MAX_BATCH);
  requireRange("maxFrame", maxFrame, MIN_PACKET, MAX_FRAME);

  let target: BtfTarget | undefined;
  const btf = (): BtfTarget => (target ??= options.btf ?? defaultTarget());
  const { programs: chosen, refused } = choosePrograms(options.object, entry, (program) => adaptProgram(options.object, program, { btf, hasKfunc: (name) => KFUNC_BY_NAME.has(name) }));
  const object = fillKconfig(options.object, options.kconfig, chosen);
  const layout = new Layout();
  const runtime = instantiateRuntime(layout.memory);
  writeHeader(layout, cpus, workers > 1, seed);
  placeHelpers(layout);
  const indices = new Map(chosen.map((program, index) => [program.name, index]));
  const programIndex = (name: string): number | undefined => {
    const error = refused.get(name);
    if (error) throw error;
    return indices.get(name);
  };

  const used = new Set(chosen.flatMap((program) => [...mapsOf(program)]));
  const maps: readonly MapHandle[] = createMaps(layout, withoutUnusedValues(object, used), {
    cpus,
    seed,
    runtime: runtime.exports,
    ...(object.btf === undefined ? {} : { btf: object.btf }),
    programIndex,
    isUsed: (map) => used.has(map),
  });
  if (options.network) placeNetwork(layout, options.network);
  if (chosen.some(takesSlices)) new DataView(layout.buffer).setUint32(MACHINE + MACHINE_SLICES, 1, true);
  if (chosen.some(hasTimers)) placeTimers(layout);
  const programs = placePrograms(layout, chosen, maps, options.costs);
  const areas: WorkerArea[] = [];
  for (let i = 0; i < workers; i++) areas.push(placeWorker(layout, batchSize, maxFrame));

  return {
    layout,
    object,
    programs,
    entry: programs[0] as MachineProgram,
    maps,
    workers: areas,
    cpus,
    shared: workers > 1,
    facts: new Map(),
    ...(target ? { btf: target.name } : {}),
    runtime,
    maxFrame,
    programIndex,
    printk: () => readPrintk(layout),
    printkLost: () => printkLost(layout),
  };
}

function requireRange(name: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max) throw new RangeError(`${name} is ${value}: it must be a whole number from ${min} to ${max}`);
}

function writeHeader(layout: Layout, cpus: number, shared: boolean, seed: bigint): void {
  const printk = layout.allocate(PRINTK_BYTES, 64, "the bpf_trace_printk buffer");
  const view = new DataView(layout.buffer);
  view.setUint32(MACHINE + MACHINE_CPUS, cpus, true);
  view.setUint32(MACHINE + MACHINE_SHARED, shared ? 1 : 0, true);
  view.setBigUint64(MACHINE + MACHINE_SEED, BigInt.asUintN(64, seed), true);
  view.setUint32(MACHINE + MACHINE_PRINTK, printk, true);
  view.setUint32(MACHINE + MACHINE_PRINTK_SIZE, PRINTK_BYTES, true);
}

function placeHelpers(layout: Layout): void {
  const all = [...HELPERS, ...KFUNCS];
  const count = Math.max(...all.map(({ id }) => id)) + 1;
  const table = layout.allocate(count * 8, 64, "the table of helpers");
  const bytes = new Uint8Array(layout.buffer);
  for (const { id, args } of all) bytes.set(args, table + id * 8);
  const view = new DataView(layout.buffer);
  view.setUint32(MACHINE + MACHINE_HELPERS, table, true);
  view.setUint32(MACHINE + MACHINE_HELPER_COUNT, count, true);
}

/** Pointers into fragments come from slices only: other programs must not reach there. */
function takesSlices({ externs }: ProgramSpec): boolean {
  return externs?.some(({ name }) => name.startsWith("bpf_dynptr_slice")) ?? false;
}

/** Timers at the same time, in all maps. */
const MAX_TIMERS = 65536;
const BPF_FUNC_timer_init = 169;

function hasTimers({ insns }: ProgramSpec): boolean {
  return insns.some(({ op, src, imm }) => op === (BPF_JMP | BPF_CALL) && src === 0 && imm === BPF_FUNC_timer_init);
}

function placeTimers(layout: Layout): void {
  const table = layout.allocate(TIMERS_SLOTS + MAX_TIMERS * TIMER_BYTES, 64, "the timers");
  const heap = layout.allocate(2 * MAX_TIMERS * TIMERS_HEAP_ENTRY_BYTES, 64, "the times of the timers");
  const view = new DataView(layout.buffer);
  view.setUint32(table + TIMERS_CAPACITY, MAX_TIMERS, true);
  view.setUint32(table + TIMERS_HEAP, heap, true);
  view.setBigUint64(table + TIMERS_NEXT, 0xffff_ffff_ffff_ffffn, true);
  view.setUint32(MACHINE + MACHINE_TIMERS, table, true);
}

/** A prog array that no loaded program uses names programs that are not loaded: it stays empty. */
function withoutUnusedValues(object: ObjectSpec, used: ReadonlySet<number>): MapSpec[] {
  return object.maps.map((spec, i) => {
    if (used.has(i) || spec.values === undefined) return spec;
    const { values: _, ...rest } = spec;
    return rest;
  });
}

/** Records of the printk buffer: u32 length + 1, text, padding to 4 bytes; the first 0 ends them. */
function readPrintk(layout: Layout): string[] {
  const view = new DataView(layout.buffer);
  const start = view.getUint32(MACHINE + MACHINE_PRINTK, true);
  const end = start + Math.min(view.getUint32(MACHINE + MACHINE_PRINTK_USED, true), view.getUint32(MACHINE + MACHINE_PRINTK_SIZE, true));
  const lines: string[] = [];
  for (let at = start; at + 4 <= end; ) {
    const marked = view.getUint32(at, true);
    if (marked === 0) break;
    // A copy: TextDecoder takes no shared memory.
    lines.push(new TextDecoder().decode(new Uint8Array(layout.buffer, at + 4, marked - 1).slice()).replace(/\n$/, ""));
    at += 4 + ((marked - 1 + 3) & ~3);
  }
  return lines;
}

function printkLost(layout: Layout): number {
  const view = new DataView(layout.buffer);
  return Math.max(0, view.getUint32(MACHINE + MACHINE_PRINTK_USED, true) - view.getUint32(MACHINE + MACHINE_PRINTK_SIZE, true));
}
