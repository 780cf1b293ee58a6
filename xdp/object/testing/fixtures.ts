/** The objects that tests read, and how clang makes them. Each stands beside its source, so that tests need no compiler. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readElfSection } from "../elf.js";
import { loadObject } from "../load.js";
import type { ObjectSpec } from "../spec.js";

const FOLDER = fileURLToPath(new URL(".", import.meta.url));

/** Name of each fixture and what it is compiled with. */
export const FIXTURES: Readonly<Record<string, readonly string[]>> = {
  legacy_maps: ["-mcpu=v1"],
  calls: ["-g", "-mcpu=v3"],
  globals: ["-g", "-mcpu=v3"],
  tail_calls: ["-g", "-mcpu=v1"],
  map_in_map: ["-g", "-mcpu=v3"],
  several: ["-g", "-mcpu=v1"],
  v4: ["-g", "-mcpu=v4"],
  kernel: ["-g", "-mcpu=v3"],
  types: ["-g", "-mcpu=v3"],
  early: ["-g", "-mcpu=v1"],
  text_only: ["-mcpu=v2"],
  settable: ["-g", "-mcpu=v3"],
  chain_first: ["-g", "-mcpu=v3"],
  chain_second: ["-g", "-mcpu=v3"],
  legacy_sizes: ["-mcpu=v2"],
  arena: ["-g", "-mcpu=v3"],
  externs: ["-g", "-mcpu=v3"],
  core: ["-g", "-mcpu=v3"],
  unchecked: ["-g", "-mcpu=v3"],
  tail_results: ["-g", "-mcpu=v3"],
};

/** Objects that hold no programs, only types: kernels to adapt to. */
export const TYPE_FIXTURES: Readonly<Record<string, readonly string[]>> = {
  core_new: ["-g"],
  core_old: ["-g"],
};

/** Objects that bpftool links of several. */
export const LINKED_FIXTURES: Readonly<Record<string, readonly string[]>> = {
  linked: ["linked_a", "linked_b"],
};

/** Bytes of a fixture. */
export function fixtureBytes(name: string): Uint8Array {
  return new Uint8Array(readFileSync(`${FOLDER}${name}.bpf.o`));
}

/** A fixture, loaded. */
export function fixture(name: string): ObjectSpec {
  return loadObject(fixtureBytes(name), `${name}.bpf.o`);
}

/** Raw BTF of a fixture. */
export function btfOf(name: string): Uint8Array {
  const btf = readElfSection(fixtureBytes(name), name, ".BTF");
  if (!btf) throw new Error(`${name} has no BTF`);
  return btf;
}

/** Compiles a fixture with clang-19 to a file. Debug information other than BTF is stripped: it would hold paths. */
export function compile(name: string, output: string): void {
  const flags = FIXTURES[name] ?? TYPE_FIXTURES[name] ?? ["-g", "-mcpu=v3"];
  execFileSync("clang-19", ["-O2", "-target", "bpf", "-Wall", "-fdebug-compilation-dir=.", ...flags, "-c", `${name}.bpf.c`, "-o", output], { cwd: FOLDER, stdio: ["ignore", "ignore", "inherit"] });
  execFileSync("llvm-strip-19", ["--strip-debug", output]);
}

/** Links a fixture of its parts with bpftool, in `folder`; returns the file. */
export function link(name: string, folder: string): string {
  const output = join(folder, `${name}.bpf.o`);
  const parts = (LINKED_FIXTURES[name] ?? []).map((part) => {
    const object = join(folder, `${part}.o`);
    compile(part, object);
    return object;
  });
  execFileSync("bpftool", ["gen", "object", output, ...parts]);
  return output;
}
