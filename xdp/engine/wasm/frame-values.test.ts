/** What lies on the stack, kept in locals: programs see the same bytes, whichever way they were written and are read. */
import { describe, expect, test } from "vitest";
import { createInterpreter } from "../interpreter.js";
import { createMachine } from "../machine.js";
import type { Machine } from "../machine.js";
import { objectOf, programOf } from "../testing/object.js";
import type { EngineCase } from "../testing/case.js";
import { Bench, difference, machineWith, placeFrames, withEntry } from "../testing/random-programs-run.js";
import { Choices } from "../testing/random-programs.js";
import { verifyMachine } from "../verified.js";
import { machineBytes } from "./compile.js";
import { createWasmEngine } from "./engine.js";
import { printWat } from "./wat.js";

const MAPS: NonNullable<EngineCase["maps"]> = [
  { name: "array", type: "BPF_MAP_TYPE_ARRAY", value: 8, entries: 4 },
  { name: "short", type: "BPF_MAP_TYPE_HASH", key: 5, value: 8, entries: 8 },
  { name: "long", type: "BPF_MAP_TYPE_LRU_HASH", key: 16, value: 8, entries: 8 },
  { name: "trie", type: "BPF_MAP_TYPE_LPM_TRIE", key: 8, value: 8, entries: 8, flags: 1 },
];
const NAMES = MAPS.map(({ name }) => name);
const START = "r6 = r1\n r2 = *(u32 *)(r1 +0)\n r3 = *(u32 *)(r1 +4)\n r4 = r2\n r4 += 32\n if r4 > r3 goto out\n r7 = *(u64 *)(r2 +0)\n r8 = *(u64 *)(r2 +8)\n r9 = *(u64 *)(r2 +16)\n";
const FRAME = 40;

/** Stores and loads of all sizes on a few words, at places that are known and that are not; lookups by what lies there; ways that part and meet; a function that writes there. */
function randomProgram(choices: Choices): string {
  const lines = [START, ...Array.from({ length: FRAME / 8 }, (_, i) => `*(u64 *)(r10 -${(i + 1) * 8}) = ${choices.pick([0, 0, -1, 1234567])}`)];
  const sizes = [["u8", 1], ["u16", 2], ["u32", 4], ["u64", 8]] as const;
  const place = (bytes: number): string => `-${bytes * (1 + choices.below(FRAME / bytes))}`;
  const register = (): string => choices.pick(["r7", "r8", "r9"]);
  let label = 0;
  let calls = false;
  const snippet = (depth: number): void => {
    const [type, bytes] = choices.pick(sizes);
    switch (choices.below(depth > 1 ? 9 : 12)) {
      case 0: case 1: case 2:
        lines.push(`*(${type} *)(r10 ${place(bytes)}) = ${choices.once(3) ? choices.pick([0, 1, -2, 255, 70000]) : register()}`);
        return;
      case 3: case 4:
        lines.push(`r0 = *(${bytes < 8 && choices.once(3) ? type.replace("u", "s") : type} *)(r10 ${place(bytes)})`, `${register()} ^= r0`);
        return;
      case 5: {
        const at = register();
        lines.push(`r0 = ${at}`, "r0 &= 7", "r1 = r10", "r1 += r0", `*(u8 *)(r1 -${8 * (1 + choices.below(4))}) = ${register()}`);
        return;
      }
      case 6:
        lines.push(`*(u8 *)(r10 ${place(1)}) = 7`, `lock *(u32 *)(r10 ${place(4)}) += ${register()}`, `${register()} <<= ${choices.below(20)}`);
        return;
      case 7: case 8: {
        const map = choices.pick(MAPS);
        const keyBytes = map.key ?? 4;
        const off = -8 * (1 + choices.below(FRAME / 8 - 1)) - (keyBytes > 8 ? 8 : 0);
        if (map.name === "array") lines.push(`r0 = ${register()}`, `r0 &= ${choices.pick([3, 7])}`, `*(u32 *)(r10 ${off}) = r0`);
        if (map.name === "trie") lines.push(`*(u32 *)(r10 ${off}) = ${choices.pick([32, 24])}`, `*(u32 *)(r10 ${off + 4}) = ${choices.pick(["r8", "10"])}`);
        lines.push(`r1 = map[${map.name}]`, "r2 = r10", `r2 += ${off}`, "call bpf_map_lookup_elem", `if r0 == 0 goto l${label}`, `r0 = *(u64 *)(r0 +0)`, `${register()} += r0`, `l${label++}:`);
        return;
      }
      case 9: {
        const skip = `l${label++}`;
        lines.push(`if ${register()} > ${choices.below(1 << 20)} goto ${skip}`);
        for (let i = 0; i < 3; i++) snippet(depth + 1);
        lines.push(`${skip}:`);
        return;
      }
      case 10: {
        const again = `l${label++}`;
        lines.push(`*(u64 *)(r10 -56) = 0`, `${again}:`);
        for (let i = 0; i < 3; i++) snippet(depth + 1);
        lines.push("r0 = *(u64 *)(r10 -56)", "r0 += 1", "*(u64 *)(r10 -56) = r0", `if r0 < 3 goto ${again}`);
        return;
      }
      default:
        calls = true;
        lines.push("r1 = r10", `r1 += -${8 * (1 + choices.below(3))}`, `r2 = ${register()}`, "call writer", `${register()} += r0`);
    }
  };
  for (let i = 0; i < 25; i++) snippet(0);
  return `${lines.join("\n")}\n r0 = r7\n r0 ^= r8\n r0 ^= r9\n r1 = r0\n r1 >>= 32\n r0 ^= r1\n exit\n out: r0 = 1\n exit${calls ? "\n writer: *(u32 *)(r1 +0) = r2\n r0 = *(u64 *)(r1 +0)\n *(u64 *)(r10 -8) = r0\n r0 = *(u32 *)(r10 -4)\n exit" : ""}`;
}

const bytes = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);

function machineFor(texts: readonly string[]): Machine {
  const { maps } = objectOf({ description: "", asm: "r0 = 0\n exit", maps: MAPS });
  const machine = machineWith(texts.map((text, i) => programOf(`p${i + 1}`, text, NAMES)), maps, { batchSize: 8, maxFrame: 128 });
  for (const map of machine.maps.slice(0, MAPS.length)) {
    const { spec } = map;
    if (spec.name === "trie") map.update(Uint8Array.of(24, 0, 0, 0, 10, 0, 0, 0), bytes(8, 3));
    else if (spec.name === "array") map.update(bytes(4, 0), bytes(8, 5));
    else for (const value of [0, 255]) map.update(bytes(spec.keySize, value), bytes(8, value + 1));
  }
  return machine;
}

test.each([{ verified: false }, { verified: true }])("random programs do what they do on the interpreter (verified: $verified)", ({ verified }) => {
  for (let from = 1; from <= 400; from += 50) {
    const texts = Array.from({ length: 50 }, (_, i) => randomProgram(new Choices(from + i)));
    const machine = machineFor(texts);
    if (verified) expect(verifyMachine(machine).filter(({ accepted }) => accepted).length).toBeGreaterThan(40);
    const bench = new Bench(machine, placeFrames(machine, [32, 33, 40, 64, 64, 100, 20], from));
    const interpreter = createInterpreter(machine);
    for (const { index } of machine.programs.slice(1)) {
      const code = machineBytes(withEntry(machine, index));
      const engine = createWasmEngine(machine, 0, { bytes: code, module: new WebAssembly.Module(code) });
      const expected = bench.run(interpreter, index);
      expect(difference(expected, bench.run(engine, index)), `seed ${from + index - 1}:\n${texts[index - 1]}`).toBeUndefined();
    }
  }
}, 120_000);

const textOf = (asm: string): string => printWat(machineBytes(createMachine({ object: objectOf({ description: "", asm, maps: MAPS }), entry: "main" }))).split("(func $run_batch").at(-1) ?? "";

const frameAccesses = (asm: string): string[] => textOf(asm).split("\n").filter((line) => /offset=8(1[0-9][0-9]|0[0-9][0-9])/.test(line)).map((line) => line.trim().split(" ")[0] as string);

describe("the code", () => {
  test.each<[what: string, asm: string, accesses: string[]]>([
    ["what is stored and loaded again is not in memory", "r0 = *(u32 *)(r1 +16)\n *(u64 *)(r10 -8) = r0\n r0 = *(u32 *)(r10 -8)\n r2 = *(u8 *)(r10 -5)\n r0 += r2\n exit", []],
    ["a key of parts, in a hash", `${START} *(u64 *)(r10 -16) = 0\n *(u64 *)(r10 -8) = 0\n *(u32 *)(r10 -16) = r7\n *(u16 *)(r10 -12) = r8\n *(u8 *)(r10 -10) = r9\n r1 = map[long]\n r2 = r10\n r2 += -16\n call bpf_map_lookup_elem\n r0 = 2\n exit\n out: r0 = 1\n exit`, []],
    ["an index that is in bounds", `${START} r7 &= 3\n *(u32 *)(r10 -4) = r7\n r1 = map[array]\n r2 = r10\n r2 += -4\n call bpf_map_lookup_elem\n r0 = *(u32 *)(r0 +0)\n exit\n out: r0 = 1\n exit`, []],
    ["what a helper reads is stored", `${START} *(u64 *)(r10 -8) = r7\n r1 = r10\n r1 += -8\n r2 = 8\n r3 = 0\n r4 = 0\n r5 = 0\n r3 = r10\n r3 += -8\n r1 = 0\n r2 = 0\n r4 = 8\n r5 = 0\n call bpf_csum_diff\n r0 = 2\n exit\n out: r0 = 1\n exit`, ["i64.store"]],
    ["bytes at a place that is not known come from memory", `${START} *(u64 *)(r10 -8) = r7\n r8 &= 7\n r1 = r10\n r1 += r8\n *(u8 *)(r1 -8) = r9\n r0 = *(u64 *)(r10 -8)\n exit\n out: r0 = 1\n exit`, ["i64.store", "i64.load"]],
  ])("%s", (_, asm, accesses) => {
    expect(frameAccesses(asm)).toEqual(accesses);
  });
});
