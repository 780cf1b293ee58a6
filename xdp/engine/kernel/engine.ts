/**
 * The engine `kernel`: one BPF_PROG_TEST_RUN a packet, results where the other engines write them. Its limits are the kernel's:
 * - time is the host's and randomness the kernel's; results that depend on them are not reproducible;
 * - packets of 14 to 73,152 bytes;
 * - the packet's CPU must be one that this process may run on, and its interface must exist in this network namespace with that receive
 *   queue (the loopback, ifindex 1, has queue 0), unless the engine is told to put others in their place;
 * - interfaces and CPUs that device and CPU maps are seeded with must exist;
 * - where a redirect goes cannot be seen, and it goes nowhere; costs and faults are 0.
 */
import {
  DESC_BYTES,
  DESC_CPU,
  DESC_FRAME,
  DESC_IFINDEX,
  DESC_LENGTH,
  DESC_QUEUE,
  RESULT_BYTES,
  RESULT_DATA,
  RESULT_FRAG_LENGTH,
  RESULT_LENGTH,
  RESULT_META_LENGTH,
  RESULT_RET,
  SLOT_FRAGS,
  SLOT_LINEAR_END,
  XDP_PACKET_HEADROOM,
} from "../../abi.js";
import type { Engine, WorkerArea } from "../contract.js";
import { allowedCpus, onCpu } from "./cpu.js";
import type { KernelMachine } from "./machine.js";
import { runsFrom, TestRun } from "./test-run.js";

const LOOPBACK = 1;

export interface KernelEngineOptions {
  /**
   * Packets for CPUs, interfaces and queues that are not here run on one of the CPUs that are, as from the loopback (ifindex 1, queue 0), and are
   * counted in {@link KernelEngine.substituted}. Default: they are refused.
   */
  readonly substitute?: boolean;
}

/** A {@link KernelMachine}'s engine for one worker; loads the program. Throws KernelVerifierError. */
export function createKernelEngine(machine: KernelMachine, worker = 0, options: KernelEngineOptions = {}): KernelEngine {
  const area = machine.workers[worker];
  if (area === undefined) throw new RangeError(`worker ${worker} of a machine with ${machine.workers.length}`);
  return new KernelEngine(machine, area, new TestRun(machine.load().fd), options);
}

/** See the head of this module. {@link runBatch} throws KernelError where the kernel takes a packet not at all. */
export class KernelEngine implements Engine {
  readonly name = "kernel";
  readonly worker: WorkerArea;
  /** Packets that ran with another CPU, interface or queue than theirs. */
  substituted = 0;
  private readonly machine: KernelMachine;
  private readonly test: TestRun;
  /** CPUs to choose from, where others may be put in the place of those that are not here. */
  private readonly cpus: readonly number[] | undefined;
  /** By interface and queue, whether the kernel has them. */
  private readonly known = new Map<string, boolean>();

  constructor(machine: KernelMachine, worker: WorkerArea, test: TestRun, options: KernelEngineOptions) {
    this.machine = machine;
    this.worker = worker;
    this.test = test;
    this.cpus = options.substitute === true ? allowedCpus() : undefined;
  }

  runBatch(count: number): void {
    const { buffer } = this.machine.layout;
    const view = new DataView(buffer);
    const memory = new Uint8Array(buffer);
    // Packets in a row on one CPU share the pinning.
    for (let i = 0; i < count; ) {
      const cpu = view.getUint32(this.worker.descriptors + i * DESC_BYTES + DESC_CPU, true);
      let end = i + 1;
      while (end < count && view.getUint32(this.worker.descriptors + end * DESC_BYTES + DESC_CPU, true) === cpu) end++;
      const start = i;
      const here = this.cpus === undefined || this.cpus.includes(cpu);
      onCpu(here ? cpu : this.cpus[cpu % this.cpus.length], () => {
        for (let k = start; k < end; k++) this.runPacket(k, view, memory, here);
      });
      i = end;
    }
  }

  /**
   * Runs packet 0 of the area's descriptors `repeat` times in the kernel, for benchmarks, and returns the mean host time of one run in
   * nanoseconds (whole ones, as the kernel measures it; about 25 of them are the floor of an empty program). The buffer is not reset between runs.
   */
  measure(repeat: number): number {
    const { buffer } = this.machine.layout;
    const view = new DataView(buffer);
    const cpu = view.getUint32(this.worker.descriptors + DESC_CPU, true);
    onCpu(cpu, () => this.runPacket(0, view, new Uint8Array(buffer), true, repeat));
    return this.test.durationNs;
  }

  private runPacket(i: number, view: DataView, memory: Uint8Array, cpuHere: boolean, repeat = 1): void {
    const { test, worker } = this;
    const descriptor = worker.descriptors + i * DESC_BYTES;
    const frame = view.getUint32(descriptor + DESC_FRAME, true);
    const length = view.getUint32(descriptor + DESC_LENGTH, true);
    test.input.set(memory.subarray(frame, frame + Math.min(length, test.input.length)));
    const ifindex = view.getUint32(descriptor + DESC_IFINDEX, true);
    const queue = view.getUint32(descriptor + DESC_QUEUE, true);
    const here = this.cpus === undefined || this.hasQueue(ifindex, queue);
    if (!here || !cpuHere) this.substituted++;
    test.run(length, 0, here ? ifindex : LOOPBACK, here ? queue : 0, repeat);

    const { output, metaLength, linearLength, fragLength } = test;
    const slot = worker.slots + i * worker.slotStride;
    // Where in the slot the program left the packet is not known: it is put where packets start, or lower where it would not fit.
    const data = slot + Math.min(XDP_PACKET_HEADROOM, SLOT_LINEAR_END - linearLength);
    memory.set(output.subarray(0, metaLength + linearLength), data - metaLength);
    memory.set(output.subarray(metaLength + linearLength, metaLength + linearLength + fragLength), slot + SLOT_FRAGS);
    const result = worker.results + i * RESULT_BYTES;
    memory.fill(0, result, result + RESULT_BYTES);
    view.setUint32(result + RESULT_RET, test.ret, true);
    view.setUint32(result + RESULT_DATA, data, true);
    view.setUint32(result + RESULT_LENGTH, linearLength, true);
    view.setUint32(result + RESULT_FRAG_LENGTH, fragLength, true);
    view.setUint32(result + RESULT_META_LENGTH, metaLength, true);
  }

  private hasQueue(ifindex: number, queue: number): boolean {
    const name = `${ifindex}/${queue}`;
    const known = this.known.get(name) ?? runsFrom(ifindex, queue);
    this.known.set(name, known);
    return known;
  }

  /** Gives the engine's memory back. */
  close(): void {
    this.test.close();
  }
}
