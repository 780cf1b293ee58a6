/** One engine with a program and packets, ready to be measured round by round. */
import { Bench } from "tinybench";
import { KernelMachine, createInterpreter, createKernelEngine, createMachine, createWasmEngine, drainRingbuf, verifyMachine } from "../xdp/index.js";
import type { EngineName, KernelEngine, MachineOptions, MachineView, MapHandle } from "../xdp/index.js";
import type { Trace } from "../traffic/index.js";
import { Workload } from "./workload.js";
import type { Mode } from "./workload.js";

/** What is run. */
export interface SubjectOptions extends Pick<MachineOptions, "object" | "entry" | "network" | "btf" | "kconfig" | "costs"> {
  readonly trace: Trace;
  readonly mode: Mode;
  /** Seeds the maps; called once a machine. */
  readonly setup?: (machine: MachineView) => void;
  /** Time that a round takes, ms. Default 25. */
  readonly roundMs?: number;
}

/** Something that can be measured again and again. */
export interface Subject {
  readonly engine: EngineName;
  /** Host time of a packet in one round, ns. */
  measure(): number;
  close(): void;
}

const BATCH = 256;
const MAX_FRAME = 3520;
const RINGBUF = 27;
/** A sample takes about so long: much longer than reading the clock, much shorter than the time slice of whatever else runs here. */
const SAMPLE_MS = 0.2;
const ROUND_MS = 25;

/** Makes the machine and compiles the program; runs it once to warm up. Throws what making a machine and an engine throws. */
export function makeSubject(engine: EngineName, options: SubjectOptions): Subject {
  return engine === "kernel" ? new KernelSubject(options) : new MachineSubject(engine, options);
}

function ringsOf(maps: readonly MapHandle[]): MapHandle[] {
  return maps.filter((map) => map.spec.typeId === RINGBUF);
}

class MachineSubject implements Subject {
  readonly engine: EngineName;
  private readonly bench: Bench;
  private readonly packets: number;

  constructor(name: "wasm" | "interpreter", { trace, mode, setup, roundMs = ROUND_MS, ...rest }: SubjectOptions) {
    this.engine = name;
    const machine = createMachine({ ...rest, batchSize: BATCH, maxFrame: MAX_FRAME });
    setup?.(machine);
    // As run does; a program that is refused keeps its checks.
    verifyMachine(machine);
    const workload = new Workload(machine, trace, mode, MAX_FRAME);
    const pass = workload.pass(name === "wasm" ? createWasmEngine(machine) : createInterpreter(machine));
    const rings = ringsOf(machine.maps);
    // What user space does meanwhile is not the program's time.
    const drain = (): void => rings.forEach((ring) => void drainRingbuf(ring));
    const passes = Math.max(1, Math.round(SAMPLE_MS / shortest(pass, drain)));
    this.packets = passes * workload.packets;
    this.bench = new Bench({ time: roundMs, iterations: 1, warmup: false });
    this.bench.add(name, () => {
      for (let i = 0; i < passes; i++) pass();
    }, { beforeEach: drain });
    this.measure();
  }

  measure(): number {
    const [task] = this.bench.runSync();
    const result = task.result;
    if (!("latency" in result)) throw new Error(`the benchmark ended as ${result.state}`);
    this.bench.reset();
    return (result.latency.p50 * 1e6) / this.packets;
  }

  close(): void {
    this.bench.reset();
  }
}

/** The shortest of a few calls, ms. */
function shortest(pass: () => void, before: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 5; i++) {
    before();
    const begin = performance.now();
    pass();
    least = Math.min(least, performance.now() - begin);
  }
  return Math.max(least, SAMPLE_MS / 1000);
}

/** Packets of a trace that are measured in the kernel: each costs system calls of its own. */
const SAMPLED = 64;
const SAMPLE_REPEATS = 2000;
/** Bytes of ring buffer that are reckoned for a packet, so that the ring, which nobody drains, does not run full. */
const RING_BYTES = 64;

class KernelSubject implements Subject {
  readonly engine = "kernel";
  private readonly options: SubjectOptions;
  private readonly mode: Mode;
  private machine: KernelMachine;
  private kernel: KernelEngine;
  private workload: Workload;
  private repeats: number;

  constructor(options: SubjectOptions) {
    this.options = options;
    this.mode = options.mode;
    [this.machine, this.kernel, this.workload] = this.make();
    this.repeats = 1000;
    if (this.mode === "trace") return;
    const ns = Math.max(1, this.measure());
    this.repeats = Math.max(1000, Math.min(2e6, Math.floor(((options.roundMs ?? ROUND_MS) * 1e6) / ns)));
    for (const ring of ringsOf(this.machine.maps)) this.repeats = Math.min(this.repeats, Math.floor(ring.spec.maxEntries / RING_BYTES));
    this.measure();
  }

  private make(): [KernelMachine, KernelEngine, Workload] {
    const { trace, mode, setup, object, entry, kconfig } = this.options;
    const machine = new KernelMachine({ object, entry, batchSize: 1, maxFrame: MAX_FRAME, ...(kconfig ? { kconfig } : {}) });
    setup?.(machine);
    const workload = new Workload(machine, trace, mode, MAX_FRAME);
    return [machine, createKernelEngine(machine, 0, { substitute: true }), workload];
  }

  measure(): number {
    if (ringsOf(this.machine.maps).length > 0) {
      this.close();
      [this.machine, this.kernel, this.workload] = this.make();
    }
    const { kernel, workload, mode } = this;
    if (mode === "same") {
      workload.single(0);
      return kernel.measure(this.repeats);
    }
    const sampled = Math.min(SAMPLED, workload.packets);
    let sum = 0;
    for (let k = 0; k < sampled; k++) {
      workload.single(Math.floor((k * workload.packets) / sampled));
      sum += kernel.measure(SAMPLE_REPEATS);
    }
    return sum / sampled;
  }

  close(): void {
    this.kernel.close();
    this.machine.close();
  }
}
