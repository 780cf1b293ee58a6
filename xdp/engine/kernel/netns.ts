/** A network namespace of one's own, for what the kernel should do with interfaces, routes and neighbours that nobody else sees. */
import { closeSync, openSync } from "node:fs";
import { KernelError } from "./errors.js";
import { libc } from "./libc.js";

const CLONE_NEWNET = 0x40000000;

/**
 * Runs `work` with the calling thread in a fresh network namespace, which holds nothing but a loopback (ifindex 1, one queue, down), then
 * brings the thread back. Only what happens before `work` returns is inside: system calls of this thread, test runs, and child processes
 * that are waited for (`execFileSync("ip", …)`). The namespace goes with the last thing in it. Throws {@link KernelError} without CAP_SYS_ADMIN.
 */
export function inFreshNetns<T>(work: () => T): T {
  const { numbers, syscall, errno } = libc();
  const home = openSync("/proc/thread-self/ns/net", "r");
  let left: number;
  let result: T;
  try {
    if (syscall(numbers.unshare, CLONE_NEWNET) < 0) throw new KernelError("unshare(CLONE_NEWNET)", errno(), "a network namespace needs root, or CAP_SYS_ADMIN");
    try {
      result = work();
    } finally {
      left = syscall(numbers.setns, home, CLONE_NEWNET);
    }
  } finally {
    closeSync(home);
  }
  if (left < 0) throw new KernelError("setns back to the network namespace", errno());
  return result;
}
