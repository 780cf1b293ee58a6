/** Bounds over loops, beside what packets really take: never below it, and not far above. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { loadObject } from "../../xdp/index.js";
import type { ProgramSpec } from "../../xdp/index.js";
import { findProfile } from "../profiles/profiles.js";
import type { OffloadProfile } from "../profiles/schema.js";
import { guarantee } from "./guarantee.js";
import { randomRuns } from "./testing/random-runs.js";

const FOLDER = fileURLToPath(new URL("testing", import.meta.url));
const object = loadObject(readFileSync(join(FOLDER, "loops.bpf.o")), "loops.bpf.o");
const card = findProfile("agilio-cx-2x40-lean") as OffloadProfile;
const hasClang = ["clang-19", "llvm-strip-19"].every((tool) => spawnSync(tool, ["--version"]).status === 0);

describe("loops", () => {
  it.each([
    ["iterator", 1.06], ["callback", 1.01], ["callbacks_in_each_other", 1.3], ["iterators_in_each_other", 2], ["global_function", 1.01],
  ])("%s: the bound is at most %f times what the slowest packet takes", (name, most) => {
    const found = guarantee(object, object.programs.find((program) => program.name === name) as ProgramSpec, card);
    const { cycles } = randomRuns(object, name, card, 512, 9);
    expect(cycles + card.firmwareCycles).toBeLessThanOrEqual(found.cycles);
    expect(found.cycles / (cycles + card.firmwareCycles)).toBeLessThan(most);
    expect(found.example?.run.cycles).toBeLessThanOrEqual(found.cycles);
  });

  it.skipIf(!hasClang)("are what clang 19 makes of their source", () => {
    const out = mkdtempSync(join(tmpdir(), "beeline-loops-"));
    try {
      const file = join(out, "loops.bpf.o");
      execFileSync("clang-19", ["-O2", "-g", "-Wall", "-Werror", "-target", "bpf", "-mcpu=v3", "-fdebug-compilation-dir=.", "-I/usr/include/x86_64-linux-gnu", "-c", "loops.bpf.c", "-o", file], { cwd: FOLDER });
      execFileSync("llvm-strip-19", ["-g", file]);
      expect(readFileSync(file).equals(readFileSync(join(FOLDER, "loops.bpf.o")))).toBe(true);
    } finally {
      rmSync(out, { recursive: true });
    }
  });
});
