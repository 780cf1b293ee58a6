/** The scenarios' committed files are what their sources make. */
import { spawnSync, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { captureOfScenario } from "./dos-udp-flood/generate.js";

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), "dos-udp-flood");
const hasClang = spawnSync("clang-19", ["--version"]).status === 0;

describe("dos-udp-flood", () => {
  it("has the capture that its generator makes", () => {
    const committed = gunzipSync(readFileSync(join(FOLDER, "traffic.pcapng.gz")));
    expect(Buffer.from(captureOfScenario()).equals(committed)).toBe(true);
  });

  it.skipIf(!hasClang)("has the object that clang makes of its program", () => {
    const output = mkdtempSync(join(tmpdir(), "beeline-clang-"));
    try {
      const object = join(output, "program.bpf.o");
      execFileSync("sh", ["build.sh", object], { cwd: FOLDER });
      expect(readFileSync(object).equals(readFileSync(join(FOLDER, "program.bpf.o")))).toBe(true);
    } finally {
      rmSync(output, { recursive: true });
    }
  });
});
