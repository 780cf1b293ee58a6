/** What a measurement was taken on, so that a reader can tell whether another one compares. */
import { availableParallelism, cpus, loadavg, release } from "node:os";

export interface MachineFacts {
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
  readonly os: string;
  /** Mean number of runnable threads over the last minute: above the number of cores, times are of a busy machine. */
  readonly load: number;
}

export function machineFacts(): MachineFacts {
  return { cpu: cpus()[0]?.model.trim() ?? "unknown", cores: availableParallelism(), node: process.version, os: `${process.platform} ${release()} ${process.arch}`, load: Math.round(loadavg()[0] * 100) / 100 };
}

/** `2 x AMD EPYC, Node v20.20.2, linux 6.18 x64, load 0.31` */
export function describeFacts({ cores, cpu, node, os, load }: MachineFacts): string {
  return `${cores} x ${cpu}, Node ${node}, ${os}, load ${load.toFixed(2)}`;
}
