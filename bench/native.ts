/** The benchmark programs compiled as native code by the clang of this machine, where there is one: what C could do at best. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BenchCase } from "./cases.js";
import { spreadOf } from "./statistics.js";

/** Batches of the native runner, packets (native/run.c). */
const BATCH = 256;
/** A round: so many passes, each about so long. */
const PASSES = 101;
const PASS_NS = 200_000;

export interface NativeProgram {
  /** Host time of a packet in one round, ns. */
  measure(): number;
  /** What the program returned for the packet that it ran last. */
  readonly verdict: number;
}

/** Why native programs cannot be measured here, or undefined. */
export async function nativeMissing(): Promise<string | undefined> {
  if (spawnSync(compiler(), ["--version"]).status !== 0) return `${compiler()} is not installed`;
  try {
    await import("koffi");
    return undefined;
  } catch {
    return "the optional package koffi is not installed";
  }
}

function compiler(): string {
  return process.env["CLANG"] ?? "clang-19";
}

/** Compiles the programs of cases, in a folder of their own. */
export class NativeBuild {
  private readonly folder = mkdtempSync(join(tmpdir(), "beeline-native-"));
  private readonly sources: string;
  private next = 0;

  /** `sources`: the folder bench/ of the repository. */
  constructor(sources: string) {
    this.sources = sources;
  }

  /** Compiles, loads, seeds the maps. Throws Error with the compiler's words. */
  async load(one: BenchCase): Promise<NativeProgram> {
    const library = join(this.folder, `${this.next++}.so`);
    const flags = [...(one.writes ? ["-DWRITES"] : []), ...(one.ringbuf ? ["-DNATIVE_RINGBUF"] : [])];
    const { status, stderr } = spawnSync(compiler(), ["-O2", "-shared", "-fPIC", "-w", ...flags, `-DPROGRAM="${join(this.sources, "programs", `${one.file}.bpf.c`)}"`, join(this.sources, "native/run.c"), "-o", library], { encoding: "utf8" });
    if (status !== 0) throw new Error(`${one.file}: clang: ${stderr}`);
    const { default: koffi } = await import("koffi");
    const native = koffi.load(library);
    const setup = native.func("void native_setup(const uint8_t *frame, uint32_t length, uint64_t time)");
    const load = native.func("void native_load(uint32_t index, const uint8_t *keys, const uint8_t *values, uint32_t count)");
    const run = native.func("uint32_t native_run(uint32_t batches)") as (batches: number) => number;
    setup(one.frame, one.frame.length, 1_000_000_000);
    one.maps.forEach(({ keys, values, count }, index) => void (count > 0 && load(index, keys, values, count)));
    const time = (batches: number): number => {
      const begin = performance.now();
      run(batches);
      return (performance.now() - begin) * 1e6;
    };
    time(100);
    const batches = Math.max(1, Math.ceil((PASS_NS * 100) / time(100)));
    // The median of short passes, as of the engines: what else the machine does meanwhile is not the program's time.
    const measure = (): number => spreadOf(Array.from({ length: PASSES }, () => time(batches))).median / (batches * BATCH);
    measure();
    return { measure, verdict: run(1) };
  }

  close(): void {
    rmSync(this.folder, { recursive: true });
  }
}
