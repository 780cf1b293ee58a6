/** The committed objects are what their sources compile to. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { loadObject } from "./index.js";
import { FIXTURES, LINKED_FIXTURES, TYPE_FIXTURES, compile, fixture, link } from "./testing/fixtures.js";

const hasClang = ["clang-19", "llvm-strip-19"].every((tool) => spawnSync(tool, ["--version"]).status === 0);

describe.skipIf(!hasClang)("rebuilding the fixtures (needs clang-19)", () => {
  const folder = mkdtempSync(join(tmpdir(), "beeline-fixtures-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([...Object.keys(FIXTURES), ...Object.keys(TYPE_FIXTURES)])("%s", (name) => {
    const output = join(folder, `${name}.bpf.o`);
    compile(name, output);
    expect(loadObject(new Uint8Array(readFileSync(output)), `${name}.bpf.o`)).toEqual(fixture(name));
  });

  it.skipIf(spawnSync("bpftool", ["version"]).status !== 0).each(Object.keys(LINKED_FIXTURES))("%s, linked (needs bpftool)", (name) => {
    expect(loadObject(new Uint8Array(readFileSync(link(name, folder))), `${name}.bpf.o`)).toEqual(fixture(name));
  });
});
