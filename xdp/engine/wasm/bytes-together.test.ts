import { describe, expect, test } from "vitest";
import { DESC_BYTES, DESC_FRAME, DESC_LENGTH, RESULT_BYTES, RESULT_DATA, RESULT_FAULT, RESULT_LENGTH, RESULT_RET } from "../../abi.js";
import type { Engine } from "../contract.js";
import { createInterpreter } from "../interpreter.js";
import { createMachine } from "../machine.js";
import type { Machine } from "../machine.js";
import { programOf } from "../testing/object.js";
import { Choices } from "../testing/random-programs.js";
import { machineBytes } from "./compile.js";
import { createWasmEngine } from "./engine.js";
import { printWat } from "./wat.js";

const START = "r6 = *(u32 *)(r1 +0)\n r2 = *(u32 *)(r1 +4)\n r3 = r6\n r3 += 48\n if r3 > r2 goto out\n r7 = r6\n r7 += 16\n";
const FRAME = 64;
const PACKETS = 4;

function machineOf(body: string): Machine {
  return createMachine({ object: { file: "t.o", license: "GPL", programs: [programOf("main", `${START}${body}\n exit\n out: r0 = 0\n exit`, [])], maps: [] }, entry: "main", batchSize: PACKETS });
}

/** All that a program leaves of a few packets. */
function results(body: string, make: (machine: Machine) => Engine): (number | number[])[] {
  const machine = machineOf(body);
  const engine = make(machine);
  const at = machine.layout.allocate(128 * PACKETS, 64, "frames");
  const bytes = new Uint8Array(machine.layout.buffer);
  const view = new DataView(machine.layout.buffer);
  const { descriptors, results: records } = engine.worker;
  for (let i = 0; i < PACKETS; i++) {
    for (let k = 0; k < FRAME; k++) bytes[at + i * 128 + k] = (k * 37 + i * 101 + 129) & 255;
    view.setUint32(descriptors + i * DESC_BYTES + DESC_FRAME, at + i * 128, true);
    view.setUint32(descriptors + i * DESC_BYTES + DESC_LENGTH, FRAME, true);
  }
  engine.runBatch(PACKETS);
  return Array.from({ length: PACKETS }, (_, i) => {
    const record = records + i * RESULT_BYTES;
    const data = view.getUint32(record + RESULT_DATA, true);
    const length = view.getUint32(record + RESULT_LENGTH, true);
    return [view.getUint32(record + RESULT_RET, true), view.getUint32(record + RESULT_FAULT, true), ...bytes.subarray(data, data + length)];
  });
}

/** Programs of nothing but what could be put together, and what must keep it apart. */
function randomBody(choices: Choices): string {
  const r = (): string => `r${choices.pick([0, 1, 2, 3, 4, 5, 8, 9])}`;
  const base = (): string => choices.pick(["r6", "r6", "r6", "r7"]);
  const lines = [0, 1, 2, 3, 4, 5, 8, 9].map((i) => `r${i} = ${i * 77}`);
  let at = choices.below(16);
  let label = 0;
  const off = (): number => (at = choices.once(6) ? choices.below(16) : (at + choices.pick([1, 1, 1, -1, 0, 2]) + 16) % 16);
  const size = (): string => choices.pick(["u8", "u8", "u8", "u8", "u16", "u32", "u64"]);
  const bits = (): number => 8 * choices.below(8);
  for (let i = 0; i < 60; i++) {
    const [a, b] = [r(), r()];
    const w = (name: string): string => (choices.once(2) ? name.replace("r", "w") : name);
    const wide = choices.once(2);
    const [x, y] = wide ? [a, b] : [a.replace("r", "w"), b.replace("r", "w")];
    switch (choices.below(14)) {
      case 0: case 1: case 2: case 3:
        lines.push(`${a} = *(${size()} *)(${base()} +${off()})`);
        break;
      case 4: case 5:
        lines.push(`${x} <<= ${bits() % (wide ? 64 : 32)}`);
        break;
      case 6: case 7:
        lines.push(`${x} |= ${y}`);
        break;
      case 8:
        lines.push(`${x} = ${y}`);
        break;
      case 9:
        lines.push(`${x} >>= ${bits() % (wide ? 64 : 32)}`);
        break;
      case 10: case 11:
        lines.push(`*(${size()} *)(${base()} +${off()}) = ${a}`);
        break;
      case 12:
        if (choices.once(3)) lines.push(`r7 = r6`, `r7 += ${choices.below(24)}`);
        else lines.push(`*(u64 *)(r10 -8) = ${a}`, `${b} = *(u32 *)(r10 -${choices.pick([8, 4])})`);
        break;
      default:
        if (choices.once(3)) lines.push(`if ${w("r4")} > 99 goto l${label}`, `${a} = *(u8 *)(r6 +${off()})`, `${a} <<= 8`, `l${label++}:`);
        else lines.push(`${x} &= ${choices.pick([15, 255, 65535])}`);
    }
  }
  return `${lines.join("\n")}\n r0 ^= r1\n r0 ^= r2\n r0 ^= r3\n r0 ^= r4\n r0 ^= r5\n r0 ^= r8\n r0 ^= r9`;
}

const code = (body: string): string => printWat(machineBytes(machineOf(body))).split("run_batch").at(-1) ?? "";
const count = (body: string, instruction: string): number => code(body).split("\n").filter((line) => line.trim().startsWith(instruction)).length;

describe("bytes put together and taken apart", () => {
  test("random programs do what they do on the interpreter", () => {
    for (let seed = 1; seed <= 500; seed++) {
      const body = randomBody(new Choices(seed));
      expect(results(body, createWasmEngine), `seed ${seed}:\n${body}`).toEqual(results(body, createInterpreter));
    }
  });

  test.each<[what: string, body: string, instruction: string]>([
    ["two bytes", "r0 = *(u8 *)(r6 +12)\n r4 = *(u8 *)(r6 +13)\n w4 <<= 8\n w4 |= w0\n w0 = w4", "i64.load16_u offset=12 "],
    ["four bytes, the higher ones first", "r0 = *(u8 *)(r6 +9)\n w0 <<= 8\n r4 = *(u8 *)(r6 +8)\n w0 |= w4\n r3 = *(u8 *)(r6 +10)\n w3 <<= 16\n r4 = *(u8 *)(r6 +11)\n w4 <<= 24\n w4 |= w3\n w4 |= w0\n w0 = w4", "i64.load32_u offset=8 "],
  ])("one load of %s", (_, body, instruction) => {
    expect(count(body, instruction)).toBe(1);
    expect(count(body, "i64.load8_u")).toBe(0);
  });

  test("one store of eight bytes, and one of two", () => {
    const bytes = Array.from({ length: 7 }, (_, i) => `r3 = r2\n r3 >>= ${(7 - i) * 8}\n *(u8 *)(r6 +${7 - i}) = r3`).join("\n");
    const body = `r2 = *(u64 *)(r6 +16)\n r4 = *(u16 *)(r6 +30)\n *(u8 *)(r6 +0) = r2\n ${bytes}\n *(u8 *)(r6 +12) = r4\n w4 >>= 8\n *(u8 *)(r6 +13) = r4\n r0 = 1`;
    expect(count(body, "i64.store8")).toBe(0);
    expect(code(body)).toMatch(/i64\.store align=1/);
    expect(count(body, "i64.store16 offset=12")).toBe(1);
  });
});
