/**
 * Tests that need the kernel's bpf() or a tool skip where it is missing. Where everything must run, BEELINE_REQUIRE_KERNEL
 * is set, and then nothing may be missing.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { kernelAvailable } from "../xdp/index.js";

const required = process.env.BEELINE_REQUIRE_KERNEL !== undefined;

describe.skipIf(!required)("what the tests need", () => {
  it("is a kernel with bpf()", () => {
    expect(kernelAvailable()).toEqual({ available: true, reason: "" });
  });

  it.each(["clang-19", "llvm-strip-19", "bpftool", "tcpdump", "tshark"])("is %s", (tool) => {
    expect(spawnSync(tool, ["--version"]).error).toBeUndefined();
  });

  it("is the objects of xdp-tools", () => {
    expect(existsSync("/usr/lib/x86_64-linux-gnu/bpf/xdp-dispatcher.o")).toBe(true);
  });
});
