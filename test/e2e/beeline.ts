/** Runs the built command line in a process of its own. */
import { spawnSync } from "node:child_process";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
export const SCENARIO = resolve(ROOT, "scenarios/dos-udp-flood");
export const PROGRAM = resolve(SCENARIO, "program.bpf.o");
export const CAPTURE = resolve(SCENARIO, "traffic.pcapng.gz");

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function beeline(args: readonly string[], input?: Uint8Array): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [resolve(ROOT, "dist/ui/cli/main.js"), ...args], { cwd: ROOT, input, encoding: "utf8", maxBuffer: 2 ** 28 });
  return { status, stdout, stderr };
}
