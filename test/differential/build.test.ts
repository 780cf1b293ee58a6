/** The committed objects are what their sources say. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const PROGRAMS = fileURLToPath(new URL("programs", import.meta.url));
/** Other versions of clang give other code. */
const VERSION = "19";

interface Tools {
  readonly CLANG: string;
  readonly STRIP: string;
}

function runs(command: string, args: readonly string[]): string {
  try {
    return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    return "";
  }
}

function findTools(): Tools | undefined {
  for (const suffix of [`-${VERSION}`, ""]) {
    const tools = { CLANG: `clang${suffix}`, STRIP: `llvm-strip${suffix}` };
    if (runs(tools.CLANG, ["--version"]).includes(`version ${VERSION}.`) && runs(tools.STRIP, ["--version"]) !== "") return tools;
  }
  return undefined;
}

const tools = findTools();
const sources = readdirSync(PROGRAMS).filter((name) => name.endsWith(".bpf.c"));

describe("programs of the differential suite", () => {
  it("has an object for every source, and the other way round", () => {
    const objects = readdirSync(PROGRAMS).filter((name) => name.endsWith(".bpf.o"));
    expect(objects.toSorted()).toEqual(sources.map((name) => name.replace(/\.c$/, ".o")).toSorted());
  });

  it.skipIf(tools === undefined)(`are what clang ${VERSION} makes of their sources`, () => {
    const out = mkdtempSync(join(tmpdir(), "beeline-programs-"));
    try {
      execFileSync(join(PROGRAMS, "build.sh"), { env: { ...process.env, ...tools, OUT: out } });
      const differing = sources.map((name) => name.replace(/\.c$/, ".o")).filter((name) => !readFileSync(join(out, name)).equals(readFileSync(join(PROGRAMS, name))));
      expect(differing).toEqual([]);
    } finally {
      rmSync(out, { recursive: true });
    }
  });
});
