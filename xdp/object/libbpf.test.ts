/** The oracle: what libbpf loads of an object is what we make of it, instruction by instruction and map by map. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LD_IMM64, formatInsn } from "../isa/index.js";
import { btfTarget, kernelTarget, loadObject, relocateCore } from "./index.js";
import { btfOf, fixture } from "./testing/fixtures.js";
import { Capture, canCapture, differences, isCaptureOf } from "./testing/libbpf.js";

const FOLDER = fileURLToPath(new URL("testing/", import.meta.url));
const XDP_TOOLS = "/usr/lib/x86_64-linux-gnu/bpf/";
/** Refused before any program is tried: its programs attach to one that has to run. */
const NOT_LOADABLE: ReadonlySet<string> = new Set(["xdpdump_bpf.o"]);
const capable = canCapture();

/** A call without the name of the helper. */
function anonymous(words: string): string {
  return words.replace(/^call \w+#/, "call #");
}

describe.skipIf(!capable)("what libbpf loads (needs root, bpf(), bpftool and cc)", () => {
  let capture: Capture;
  beforeAll(() => {
    capture = new Capture();
  });
  afterAll(() => capture.close());

  function compare(path: string, least: number): void {
    const spec = loadObject(new Uint8Array(readFileSync(path)), path);
    const captured = capture.load(path);
    const pairs = spec.programs.flatMap((ours) => captured.filter((c) => isCaptureOf(ours, c)).map((theirs) => [ours, theirs] as const));
    expect(pairs.length).toBeGreaterThanOrEqual(least);
    for (const [ours, theirs] of pairs) expect(differences(spec, ours, theirs)).toEqual([]);
  }

  /** Programs as libbpf loads them where `types` are the kernel's. */
  function compareAdapted(name: string, types: string | undefined, least: number): void {
    const spec = fixture(name);
    const raw = types === undefined ? undefined : btfOf(types);
    const target = raw ? btfTarget(raw, `${types}`) : kernelTarget();
    if (!target) throw new Error("the kernel has no BTF");
    const captured = capture.load(`${FOLDER}${name}.bpf.o`, raw);
    const adapted = spec.programs.map((p) => relocateCore(spec, p, target));
    const pairs = adapted.flatMap((ours) => captured.filter((c) => isCaptureOf(ours, c)).map((theirs) => [ours, theirs] as const));
    expect(pairs.length).toBe(least);
    for (const [ours, theirs] of pairs) expect(differences(spec, ours, theirs)).toEqual([]);
  }

  it.each([
    ["calls", 2],
    ["globals", 1],
    ["tail_calls", 3],
    ["map_in_map", 1],
    ["v4", 1],
    ["kernel", 2],
    ["types", 1],
    ["externs", 2],
  ] as const)("fixture %s: %i programs", (name, least) => compare(`${FOLDER}${name}.bpf.o`, least));

  describe("CO-RE relocations", () => {
    it.each(["core_new", "core_old", "core"])("against the types of %s", (types) => compareAdapted("core", types, 4));
    it("against the running kernel's types", () => compareAdapted("core", undefined, 4));
    it("of an object that was linked of several, parts of which are left over", () => compareAdapted("linked", undefined, 3));
    it("of an object whose other programs name things of the kernel", () => compareAdapted("kernel", undefined, 5));
  });

  it("our listing is in the words of the verifier's log", () => {
    let compared = 0;
    for (const name of ["calls", "globals", "tail_calls", "map_in_map", "v4", "types"]) {
      const spec = fixture(name);
      const log = capture.log(`${FOLDER}${name}.bpf.o`);
      for (const program of spec.programs) {
        for (const { slot, op, text } of log.get(program.name) ?? []) {
          const insn = program.insns[slot];
          if (!insn) throw new Error(`${program.name}: the log has slot ${slot}`);
          expect(insn.op).toBe(op);
          // Maps are addresses in the log, and helpers have names there.
          if (insn.op === LD_IMM64 && insn.src !== 0) continue;
          expect(anonymous(formatInsn(insn, program.insns[slot + 1]))).toBe(anonymous(text));
          compared++;
        }
      }
    }
    expect(compared).toBeGreaterThan(150);
  });

  const objects = existsSync(XDP_TOOLS) ? readdirSync(XDP_TOOLS).filter((f) => f.endsWith(".o")) : [];
  it.skipIf(objects.length === 0).each(objects.length === 0 ? ["xdp-tools objects, not installed"] : objects)("%s", (name) => compare(XDP_TOOLS + name, NOT_LOADABLE.has(name) ? 0 : 1));
});

describe("the xdp-tools objects", () => {
  const objects = existsSync(XDP_TOOLS) ? readdirSync(XDP_TOOLS).filter((f) => f.endsWith(".o")) : [];
  it.skipIf(objects.length === 0)("all load", () => {
    for (const name of objects) expect(loadObject(new Uint8Array(readFileSync(XDP_TOOLS + name)), name).programs.length).toBeGreaterThan(0);
    const dispatcher = loadObject(new Uint8Array(readFileSync(`${XDP_TOOLS}xdp-dispatcher.o`)), "xdp-dispatcher.o");
    expect(dispatcher.programs[0]?.functions.map((f) => f.name)).toEqual(["xdp_dispatcher", ...Array.from({ length: 10 }, (_, i) => `prog${i}`), "compat_test"]);
    expect(dispatcher.maps).toMatchObject([{ name: ".rodata", valueSize: 124, flags: 0x80 }]);
  });
});
