import { execFileSync } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import { expect, it } from "vitest";
import { inFreshNetns, kernelAvailable, KernelError } from "./index.js";

/** bpf() may be allowed where namespaces are not. */
function namespaces(): boolean {
  if (!kernelAvailable().available) return false;
  try {
    return inFreshNetns(() => true);
  } catch (error) {
    if (error instanceof KernelError) return false;
    throw error;
  }
}

const net = (): string => readlinkSync("/proc/thread-self/ns/net");

it.skipIf(!namespaces())("has a namespace of its own, for itself and its children, and comes back", () => {
  const before = net();
  const inside = inFreshNetns(() => ({
    name: net(),
    child: execFileSync("readlink", ["/proc/self/ns/net"], { encoding: "utf8" }).trim(),
    interfaces: readFileSync("/proc/thread-self/net/dev", "utf8").trim().split("\n").slice(2),
  }));
  expect(inside.name).not.toBe(before);
  expect(inside.child).toBe(inside.name);
  expect(inside.interfaces.map((line) => line.trim().split(":")[0])).toEqual(["lo"]);
  expect(net()).toBe(before);
});

it.skipIf(!namespaces())("comes back when the work fails", () => {
  const before = net();
  expect(() =>
    inFreshNetns(() => {
      throw new Error("no");
    }),
  ).toThrow("no");
  expect(net()).toBe(before);
});
