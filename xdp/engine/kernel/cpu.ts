/** CPUs: how many the kernel could have, which one runs now, and staying on one. */
import { readFileSync } from "node:fs";
import { KernelError } from "./errors.js";
import { libc } from "./libc.js";

let possible: number | undefined;

/** num_possible_cpus(): how many values a per-CPU map's entry has. */
export function possibleCpus(): number {
  possible ??= countCpus(readFileSync("/sys/devices/system/cpu/possible", "utf8"));
  return possible;
}

/** `0-3,5` names 5 CPUs. */
function countCpus(list: string): number {
  let count = 0;
  for (const range of list.trim().split(",")) {
    const [first, last = first] = range.split("-").map(Number);
    count += last - first + 1;
  }
  return count;
}

/** Bytes of a CPU mask: 1024 CPUs. */
const MASK_BYTES = 128;

/** CPUs that the calling thread may run on, ascending. */
export function allowedCpus(): readonly number[] {
  const { numbers, syscall, errno, allocate } = libc();
  const mask = allocate(MASK_BYTES);
  try {
    if (syscall(numbers.schedGetaffinity, 0, MASK_BYTES, mask.address) < 0) throw new KernelError("sched_getaffinity", errno());
    return Array.from({ length: MASK_BYTES * 8 }, (_, cpu) => cpu).filter((cpu) => (mask.bytes[cpu >> 3] & (1 << (cpu & 7))) !== 0);
  } finally {
    mask.free();
  }
}

/**
 * Runs `work` with the calling thread on one CPU, so that per-CPU values and bpf_get_smp_processor_id have one answer,
 * then gives the thread its CPUs back. Throws {@link KernelError} where the CPU is not there.
 */
export function onCpu<T>(cpu: number, work: () => T): T {
  const { numbers, syscall, errno, allocate } = libc();
  const memory = allocate(2 * MASK_BYTES);
  const before = memory.address;
  const only = memory.address + MASK_BYTES;
  try {
    if (syscall(numbers.schedGetaffinity, 0, MASK_BYTES, before) < 0) throw new KernelError("sched_getaffinity", errno());
    memory.bytes[MASK_BYTES + (cpu >> 3)] = 1 << (cpu & 7);
    if (syscall(numbers.schedSetaffinity, 0, MASK_BYTES, only) < 0) throw new KernelError(`sched_setaffinity to CPU ${cpu}`, errno());
    try {
      return work();
    } finally {
      syscall(numbers.schedSetaffinity, 0, MASK_BYTES, before);
    }
  } finally {
    memory.free();
  }
}
