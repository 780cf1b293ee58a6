/**
 * What an engine is, to the rooms above: something that runs a batch of packets through one entry program.
 */
import type { MapHandle } from "../maps/handle.js";
import type { BtfTarget } from "../object/core_target.js";
import type { ObjectSpec, ProgramSpec } from "../object/spec.js";
import type { NetworkSpec } from "../helpers/network.js";
import type { Facts } from "../verifier/facts.js";
import type { Layout } from "./layout.js";

export const ENGINES = ["wasm", "interpreter", "kernel"] as const;
export type EngineName = (typeof ENGINES)[number];

/** Costs by slot of one program: two unsigned 32-bit counters that add up as the packet's path executes. */
export interface ProgramCosts {
  /** Index: slot. Added to the low half of RESULT_COST. */
  readonly low: Uint32Array;
  /** Index: slot. Added to the high half. */
  readonly high: Uint32Array;
}

export interface MachineOptions {
  readonly object: ObjectSpec;
  /** Name of the entry program. */
  readonly entry: string;
  /** Possible CPUs, 1 to 256. Default 1. */
  readonly cpus?: number;
  /** Workers that will run batches on this memory at the same time. Default 1; above 1 atomics and map locks are real. */
  readonly workers?: number;
  /** Largest batch, 1 to 4096 packets. Default 256. */
  readonly batchSize?: number;
  /** Longest frame that will be given, bytes. Default 3520 (MAX_LINEAR). */
  readonly maxFrame?: number;
  /** Seed of everything random. Default 1n. */
  readonly seed?: bigint;
  /** Routes, neighbours and interfaces, for bpf_fib_lookup and redirects. */
  readonly network?: NetworkSpec;
  /** Types that programs with CO-RE relocations are adapted to. Default: the running kernel's where they can be read, else the built-in ones. */
  readonly btf?: BtfTarget;
  /** Values of kernel settings (`.kconfig`) by name, written as in a `.config` file. Default: KCONFIG_DEFAULTS. */
  readonly kconfig?: Readonly<Record<string, string>>;
  /** Counts costs where given: called once a program. */
  readonly costs?: (program: ProgramSpec) => ProgramCosts;
}

/** A program in a machine's program table; the index is its number in prog arrays (stored + 1) and in fault records. */
export interface MachineProgram {
  readonly index: number;
  readonly spec: ProgramSpec;
  readonly costs?: ProgramCosts;
}

/** Where one worker's things are in the shared memory; plain numbers, so that it can be sent to another thread. */
export interface WorkerArea {
  readonly env: number;
  readonly descriptors: number;
  readonly results: number;
  readonly slots: number;
  readonly slotStride: number;
  readonly batchSize: number;
}

/** A machine: one shared memory with the maps, the programs in their tables, and an area for each worker. Implemented in machine.ts. */
export interface MachineView {
  readonly layout: Layout;
  readonly object: ObjectSpec;
  readonly programs: readonly MachineProgram[];
  readonly entry: MachineProgram;
  readonly maps: readonly MapHandle[];
  readonly workers: readonly WorkerArea[];
  readonly cpus: number;
  /** Whether several workers share the memory. */
  readonly shared: boolean;
  /** What the programs' CO-RE relocations were resolved against; absent where they have none. */
  readonly btf?: string;
  /** What was proven of programs, by index (verified.ts); engines that are made afterwards rely on it. */
  readonly facts?: Map<number, Facts>;
}

/**
 * Runs batches for one worker. The caller has written descriptors `0..count-1` of the worker's area (abi.ts, DESC_*);
 * the engine copies each frame into its slot, runs the program and writes the results (RESULT_*). A program that cannot write
 * to packets may run on the frame where it lies instead, so that RESULT_DATA need not point into a slot. Slots and frames, and
 * so the packets' bytes, stay as the program left them until the next batch.
 */
export interface Engine {
  readonly name: EngineName;
  readonly worker: WorkerArea;
  /** `count` is 1 to batchSize. */
  runBatch(count: number): void;
}
