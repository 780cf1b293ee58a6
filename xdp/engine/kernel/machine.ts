/**
 * The machine of the kernel engine: maps and programs are in the kernel; the shared memory holds only what batches need
 * (descriptors, results, packet slots), where every other engine has it too.
 */
import type { MachineOptions, MachineProgram, MachineView, WorkerArea } from "../contract.js";
import { Layout } from "../layout.js";
import { placeWorker } from "../workers.js";
import type { ObjectSpec } from "../../object/index.js";
import { selectProgram } from "../../object/index.js";
import { MAX_LINEAR } from "../../abi.js";
import { possibleCpus } from "./cpu.js";
import type { KernelLoadOptions, KernelProgram } from "./load.js";
import { KernelObject } from "./load.js";
import type { KernelMap } from "./map.js";

const DEFAULT_BATCH = 256;

/** {@link MachineOptions} that mean something in a kernel: it has its own CPUs, network, randomness and no costs. */
export type KernelMachineOptions = Pick<MachineOptions, "object" | "entry" | "workers" | "batchSize" | "maxFrame"> & KernelLoadOptions;

export class KernelMachine implements MachineView {
  readonly layout = new Layout();
  readonly object: ObjectSpec;
  /** All programs of the object; those that prog arrays name are loaded with the entry. */
  readonly programs: readonly MachineProgram[];
  readonly entry: MachineProgram;
  readonly maps: readonly KernelMap[];
  readonly workers: readonly WorkerArea[];
  /** The kernel's possible CPUs: per-CPU values have as many parts. */
  readonly cpus: number;
  readonly shared = false;
  private readonly kernelObject: KernelObject;

  /** Makes the maps; seed them, then make an engine. Throws KernelUnavailableError, KernelError, ObjectError. */
  constructor(options: KernelMachineOptions) {
    const { object, entry, workers = 1, batchSize = DEFAULT_BATCH, maxFrame = MAX_LINEAR } = options;
    this.object = object;
    this.programs = object.programs.map((spec, index) => ({ index, spec }));
    const chosen = selectProgram(object, entry);
    this.entry = this.programs[object.programs.indexOf(chosen)];
    this.cpus = possibleCpus();
    this.kernelObject = new KernelObject(object, options);
    this.maps = this.kernelObject.maps;
    this.workers = Array.from({ length: workers }, () => placeWorker(this.layout, batchSize, maxFrame));
  }

  /** The entry program in the kernel; loaded, and read-only data frozen, with the first call. Throws KernelVerifierError. */
  load(): KernelProgram {
    return this.kernelObject.load(this.entry.spec.name);
  }

  /** Gives maps and programs back to the kernel. */
  close(): void {
    this.kernelObject.close();
  }
}
