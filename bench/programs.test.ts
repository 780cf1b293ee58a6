import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { abi, createInterpreter, createMachine, createWasmEngine, loadObject } from "../xdp/index.js";
import type { Machine } from "../xdp/index.js";
import { Trace } from "../traffic/index.js";
import { benchCases } from "./cases.js";
import type { BenchCase } from "./cases.js";
import { Workload } from "./workload.js";

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), "programs");
const objects = readdirSync(FOLDER).filter((name) => name.endsWith(".bpf.o"));

/** Same tools as those that made the committed objects: other versions make other code. */
function toolsMissing(): boolean {
  return ["clang-19", "llvm-strip-19"].some((tool) => spawnSync(tool, ["--version"]).status !== 0);
}

describe.skipIf(toolsMissing())("benchmark programs are built from their sources", () => {
  const folder = mkdtempSync(join(tmpdir(), "beeline-programs-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  it("with the same bytes", () => {
    const { status, stderr } = spawnSync("sh", [join(FOLDER, "build.sh"), folder], { encoding: "utf8" });
    expect(stderr).toBe("");
    expect(status).toBe(0);
    expect(readdirSync(folder).toSorted()).toEqual(objects.toSorted());
    for (const name of objects) expect(readFileSync(join(folder, name)).equals(readFileSync(join(FOLDER, name))), name).toBe(true);
  });
});

/** Verdicts and lengths of two batches of the case's packet. */
function results(one: BenchCase, file: string, engine: "wasm" | "interpreter"): number[] {
  const path = join(FOLDER, `${file}.bpf.o`);
  const machine: Machine = createMachine({ object: loadObject(readFileSync(path), path), entry: one.entry });
  for (const { name, keys, values, count } of one.maps) {
    const map = machine.maps.find(({ spec }) => spec.name === name);
    for (let i = 0; i < count; i++) map?.update(keys.subarray(i * map.spec.keySize, (i + 1) * map.spec.keySize), values.subarray(i * map.spec.valueSize, (i + 1) * map.spec.valueSize));
  }
  const trace = Trace.allocate(4096, 1);
  trace.push(one.frame, 0);
  const pass = new Workload(machine, trace, "same", 3520).pass(engine === "wasm" ? createWasmEngine(machine) : createInterpreter(machine));
  pass();
  pass();
  const words = new Uint32Array(machine.layout.buffer);
  return Array.from({ length: 256 }, (_, i) => (machine.workers[0].results + i * abi.RESULT_BYTES) >>> 2).flatMap((at) => [words[at + (abi.RESULT_RET >> 2)], words[at + (abi.RESULT_LENGTH >> 2)], words[at + (abi.RESULT_FAULT >> 2)]]);
}

describe("benchmark programs", () => {
  it.each(benchCases().filter(({ maps }) => maps.every(({ count }) => count <= 4096)))("$title: does its work on both engines", (one) => {
    const wasm = results(one, one.file, "wasm");
    expect(wasm.slice(-3)).toEqual([one.verdict, one.frame.length, 0]);
    expect(results(one, one.file, "interpreter")).toEqual(wasm);
    if (one.small) expect(results(one, `${one.file}.x16`, "wasm")).toEqual(wasm);
  });
});
