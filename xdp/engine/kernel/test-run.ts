/** BPF_PROG_TEST_RUN of one XDP program: packets in, verdict and bytes out, with memory that is taken once. */
import { XDP_MD_BYTES } from "../../abi.js";
import { loadPass } from "./available.js";
import { bpf, close } from "./bpf.js";
import { EINVAL, ENODEV, KernelError } from "./errors.js";
import type { NativeMemory } from "./libc.js";
import { libc } from "./libc.js";
import { ATTR_BYTES, BPF_PROG_TEST_RUN, TEST_RUN } from "./uapi.js";

/** The longest packet that the kernel takes: 3520 bytes and 17 fragments of a page. */
export const MAX_TEST_PACKET = 3520 + 17 * 4096;

const CTX_IN = ATTR_BYTES;
const CTX_OUT = CTX_IN + 32;
const DATA_IN = CTX_OUT + 32;
const DATA_BYTES = MAX_TEST_PACKET + 256;
const DATA_OUT = DATA_IN + DATA_BYTES + (8 - (DATA_BYTES % 8));

/**
 * Runs a program again and again. The results of the last {@link run} are its fields; {@link output} is overwritten by the next.
 */
export class TestRun {
  /** Where the packet to run goes, metadata first. */
  readonly input: Uint8Array;
  /** Metadata, linear part and fragments of the packet after the program, behind each other. */
  readonly output: Uint8Array;
  /** What the program returned. */
  ret = 0;
  metaLength = 0;
  /** Bytes from data to data_end. */
  linearLength = 0;
  fragLength = 0;
  /** Mean host time of one run in whole nanoseconds, as the kernel measured it. */
  durationNs = 0;
  private readonly memory: NativeMemory;
  private readonly view: DataView;

  constructor(progFd: number) {
    this.memory = libc().allocate(DATA_OUT + DATA_BYTES);
    const { view, address, bytes } = this.memory;
    this.view = view;
    this.input = bytes.subarray(DATA_IN, DATA_IN + DATA_BYTES);
    this.output = bytes.subarray(DATA_OUT, DATA_OUT + DATA_BYTES);
    view.setUint32(TEST_RUN.fd, progFd, true);
    for (const [field, place] of [[TEST_RUN.dataIn, DATA_IN], [TEST_RUN.dataOut, DATA_OUT], [TEST_RUN.ctxIn, CTX_IN], [TEST_RUN.ctxOut, CTX_OUT]]) {
      view.setBigUint64(field, BigInt(address + place), true);
    }
    view.setUint32(TEST_RUN.ctxSizeIn, XDP_MD_BYTES, true);
  }

  /**
   * Runs the packet in {@link input}: `length` bytes, the first `meta` of them metadata.
   * `ifindex` 0 is the loopback of the network namespace, queue 0; other interfaces must exist and have the queue.
   * `repeat` runs it that often on the same buffer, whose changes stay from run to run. Throws {@link KernelError}.
   */
  run(length: number, meta = 0, ifindex = 0, queue = 0, repeat = 1): void {
    if (length > this.input.length) throw new KernelError("BPF_PROG_TEST_RUN", EINVAL, hint(length - meta, ifindex, queue));
    const { view } = this;
    view.setUint32(TEST_RUN.dataSizeIn, length, true);
    view.setUint32(TEST_RUN.dataSizeOut, DATA_BYTES, true);
    view.setUint32(TEST_RUN.ctxSizeOut, XDP_MD_BYTES, true);
    view.setUint32(TEST_RUN.repeat, repeat, true);
    view.setUint32(CTX_IN, meta, true);
    view.setUint32(CTX_IN + 4, length, true);
    view.setUint32(CTX_IN + 12, ifindex, true);
    view.setUint32(CTX_IN + 16, queue, true);
    const result = bpf(BPF_PROG_TEST_RUN, this.memory.address, TEST_RUN.size);
    if (result < 0) throw new KernelError("BPF_PROG_TEST_RUN", -result, result === -EINVAL || result === -ENODEV ? hint(length - meta, ifindex, queue) : "");
    this.ret = view.getUint32(TEST_RUN.retval, true);
    this.durationNs = view.getUint32(TEST_RUN.duration, true);
    this.metaLength = view.getUint32(CTX_OUT, true);
    this.linearLength = view.getUint32(CTX_OUT + 4, true) - this.metaLength;
    this.fragLength = view.getUint32(TEST_RUN.dataSizeOut, true) - this.metaLength - this.linearLength;
  }

  /** Gives the memory back. */
  close(): void {
    this.memory.free();
  }
}

/** Whether the kernel runs packets as from this interface and receive queue. Tried on a program of its own, so that no map changes. */
export function runsFrom(ifindex: number, queue: number): boolean {
  const fd = loadPass();
  const test = new TestRun(fd);
  try {
    test.run(64, 0, ifindex, queue);
    return true;
  } catch (error) {
    if (error instanceof KernelError) return false;
    throw error;
  } finally {
    test.close();
    close(fd);
  }
}

function hint(length: number, ifindex: number, queue: number): string {
  if (length > MAX_TEST_PACKET) return `it takes no packets above ${MAX_TEST_PACKET} bytes, and this one has ${length}`;
  if (length < 14) return `it takes no packets below 14 bytes, and this one has ${length}`;
  return `ifindex ${ifindex} must be an interface here with more than ${queue} receive queues, and the program not one of a devmap or cpumap`;
}
