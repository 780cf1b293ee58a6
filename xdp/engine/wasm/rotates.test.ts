/** Shifts that are put together: the same number comes out, and where they are a rotation, one instruction does it. */
import { describe, expect, test } from "vitest";
import { createInterpreter } from "../interpreter.js";
import { createMachine } from "../machine.js";
import { objectOf, programOf } from "../testing/object.js";
import { Bench, difference, machineWith, placeFrames, withEntry } from "../testing/random-programs-run.js";
import { Choices } from "../testing/random-programs.js";
import { machineBytes } from "./compile.js";
import { createWasmEngine } from "./engine.js";
import { printWat } from "./wat.js";

const REGISTERS = [0, 2, 3, 4, 5, 7, 8, 9];
const START = "r6 = *(u32 *)(r1 +0)\n r2 = *(u32 *)(r1 +4)\n r3 = r6\n r3 += 64\n if r3 > r2 goto out\n";
const MASKS = ["0xf0000000 ll", "0xffff0000 ll", "0xff000000 ll", "0xffffffff ll", "0xfffc0000 ll", "0xfffffffff0000000 ll", "7", "-65536"];

/** Little but shifts by amounts that often add up, of numbers that are copied, masked, widened; in loops; and looked at in part or as a whole. */
function randomProgram(choices: Choices): string {
  const lines = [START, ...REGISTERS.map((r, i) => `r${r} = *(${choices.pick(["u64", "u32"])} *)(r6 +${i * 8})`)];
  const r = (): number => choices.pick(REGISTERS);
  let label = 0;
  let amount = 4;
  const snippet = (depth: number): void => {
    const [a, b, wide] = [r(), r(), choices.once(2)];
    const name = (n: number): string => `${wide ? "r" : "w"}${n}`;
    const width = wide && choices.once(2) ? 64 : 32;
    const by = (): number => (amount = choices.once(3) ? 1 + choices.below(width - 1) : Math.max(1, (width - amount + width) % width)) % (wide ? 64 : 32);
    const x = r();
    switch (choices.below(depth > 0 ? 12 : 14)) {
      case 0: case 1: {
        // As compilers write it: copies of one number, both ways, with a mask or through the upper half.
        const k = 1 + choices.below(width - 1);
        if (width === 64) lines.push(`r${a} = r${x}`, `r${a} <<= ${k}`, `r${b} = r${x}`, `r${b} >>= ${64 - k}`);
        else if (choices.once(3)) lines.push(`w${a} = w${x}`, `w${a} <<= ${k}`, `w${b} = w${x}`, `w${b} >>= ${32 - k}`);
        else if (choices.once(2)) lines.push(`r${a} = r${x}`, `r${a} <<= ${k}`, `r${b} = r${x}`, `r${b} <<= 32`, `r${b} >>= ${64 - k}`);
        else lines.push(`r${b} = r${x}`, `r${a} = ${choices.pick(MASKS)}`, `r${b} &= r${a}`, `r${b} >>= ${32 - k}`, `r${a} = r${x}`, `r${a} <<= ${k}`);
        lines.push(`${name(a)} ${choices.pick(["|=", "|=", "+=", "^="])} ${name(b)}`);
        return;
      }
      case 2: case 3:
        lines.push(`${name(a)} <<= ${by()}`);
        return;
      case 4: case 5:
        lines.push(`${name(a)} >>= ${by()}`);
        return;
      case 6:
        lines.push(`${name(a)} ${choices.pick(["|=", "^=", "+=", "-=", "*=", "&="])} ${name(b)}`);
        return;
      case 7: case 8:
        lines.push(`${name(a)} = ${name(b)}`);
        return;
      case 9:
        lines.push(`r${a} = ${choices.pick(MASKS)}`);
        return;
      case 10:
        lines.push(`*(${choices.pick(["u64", "u32"])} *)(r10 -8) = r${a}`, `r${b} = *(u32 *)(r10 -8)`);
        return;
      case 11:
        lines.push(choices.once(2) ? `if ${name(a)} > ${choices.below(1 << 20)} goto l${label}` : `if ${name(a)} == ${name(b)} goto l${label}`, `w${b} += 1`, `l${label++}:`);
        return;
      default: {
        const again = `again${label++}`;
        lines.push("*(u64 *)(r10 -24) = 0", `${again}:`);
        for (let i = 0; i < 5; i++) snippet(depth + 1);
        lines.push("r1 = *(u64 *)(r10 -24)", "r1 += 1", "*(u64 *)(r10 -24) = r1", `if r1 < 3 goto ${again}`);
      }
    }
  };
  lines.push("*(u64 *)(r10 -8) = 0");
  for (let i = 0; i < 30; i++) snippet(0);
  const [first, ...rest] = REGISTERS;
  // All of them, or the low halves alone.
  const whole = choices.once(2) ? [`r1 = r${first}`, "r1 >>= 32", `r${first} ^= r1`] : [];
  lines.push(...rest.slice(0, 1 + choices.below(rest.length)).map((n) => `r${first} ^= r${n}`), ...whole, `r0 = r${first}`, "exit", "out: r0 = 1", "exit");
  return lines.join("\n");
}

test("random programs do what they do on the interpreter", () => {
  for (let from = 1; from <= 1000; from += 50) {
    const texts = Array.from({ length: 50 }, (_, i) => randomProgram(new Choices(from + i)));
    const machine = machineWith(texts.map((text, i) => programOf(`p${i + 1}`, text)), [], { batchSize: 8, maxFrame: 128 });
    const bench = new Bench(machine, placeFrames(machine, [64, 65, 80, 100], from));
    const interpreter = createInterpreter(machine);
    for (const { index } of machine.programs.slice(1)) {
      const bytes = machineBytes(withEntry(machine, index));
      const engine = createWasmEngine(machine, 0, { bytes, module: new WebAssembly.Module(bytes) });
      expect(difference(bench.run(interpreter, index), bench.run(engine, index)), `seed ${from + index - 1}:\n${texts[index - 1]}`).toBeUndefined();
    }
  }
}, 120_000);

const count = (asm: string, instruction: string): number => {
  const machine = createMachine({ object: objectOf({ description: "", asm: `${START} r7 = *(u64 *)(r6 +0)\n ${asm}\n exit\n out: r0 = 1\n exit` }), entry: "main" });
  return (printWat(machineBytes(machine)).split("(func $run_batch").at(-1) ?? "").split("\n").filter((line) => line.trim() === instruction).length;
};

describe("one rotation of", () => {
  test.each<[what: string, asm: string, instruction: string, times: number]>([
    ["64 bits", "r0 = r7\n r0 <<= 13\n r7 >>= 51\n r0 |= r7", "i64.rotl", 1],
    ["32 bits", "w0 = w7\n w0 <<= 13\n w7 >>= 19\n w0 |= w7", "i32.rotl", 1],
    ["32 bits in 64-bit registers, with a mask", "r2 = 0xfff80000 ll\n r0 = r7\n r0 &= r2\n r0 >>= 19\n r3 = r7\n r3 <<= 13\n r0 |= r3", "i32.rotl", 1],
    ["32 bits in 64-bit registers, by way of the upper half", "r0 = r7\n r0 <<= 32\n r0 >>= 51\n r3 = r7\n r3 <<= 13\n r0 += r3", "i32.rotl", 1],
    ["none where the upper half is looked at", "r0 = r7\n r0 <<= 32\n r0 >>= 51\n r3 = r7\n r3 <<= 13\n r0 |= r3\n r0 >>= 7", "i32.rotl", 0],
    ["none of different numbers", "w0 = w7\n w0 <<= 13\n w7 += 1\n w7 >>= 19\n w0 |= w7", "i32.rotl", 0],
    ["none where the amounts do not add up", "r0 = r7\n r0 <<= 13\n r7 >>= 50\n r0 |= r7", "i64.rotl", 0],
    ["none where the mask takes bits away", "r2 = 0xfff00000 ll\n r0 = r7\n r0 &= r2\n r0 >>= 19\n r3 = r7\n r3 <<= 13\n r0 |= r3", "i32.rotl", 0],
  ])("%s", (_, asm, instruction, times) => {
    expect(count(asm, instruction)).toBe(times);
  });
});
