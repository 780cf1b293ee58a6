/** Every arithmetic and jump instruction, one a program, on all pairs of edge values and on random ones: engines against the kernel. */
import { describe, expect, it } from "vitest";
import { kernelAvailable } from "../../xdp/engine/kernel/index.js";
import { pairFrames, programOf } from "./assembled.js";
import { firstDifference } from "./compare.js";
import { ENGINES, runInKernel, runInMachine } from "./engines.js";

const { available } = kernelAvailable();

const FRAMES = pairFrames();

/** r1 and r2 come from the packet, r1 goes back into it. */
function around(code: string): string {
  return `r1 = *(u64 *)(r6 + 0)\nr2 = *(u64 *)(r6 + 8)\n${code}\n*(u64 *)(r6 + 0) = r1`;
}

const OPERATIONS = ["+=", "-=", "*=", "/=", "s/=", "%=", "s%=", "|=", "&=", "^=", "<<=", ">>=", "s>>=", "="];
const IMMEDIATES = [0, 1, -1, 7, -7, 31, 0x7fffffff, -0x80000000];
const COMPARISONS = ["==", "!=", ">", ">=", "<", "<=", "s>", "s>=", "s<", "s<=", "&"];
const UNARY = [
  "r1 = -r1", "w1 = -w1", "w1 = w1", "r1 = be16 r1", "r1 = be32 r1", "r1 = be64 r1", "r1 = le16 r1", "r1 = le32 r1", "r1 = le64 r1",
  "r1 = bswap16 r1", "r1 = bswap32 r1", "r1 = bswap64 r1", "r1 = (s8)r2", "r1 = (s16)r2", "r1 = (s32)r2", "w1 = (s8)w2", "w1 = (s16)w2",
  "r1 = *(s8 *)(r6 + 3)", "r1 = *(s16 *)(r6 + 3)", "r1 = *(s32 *)(r6 + 3)", "r1 = *(u8 *)(r6 + 3)", "r1 = *(u16 *)(r6 + 3)", "r1 = *(u32 *)(r6 + 3)", "r1 = *(u64 *)(r6 + 3)",
  "*(u8 *)(r6 + 9) = -2", "*(u16 *)(r6 + 9) = -2", "*(u32 *)(r6 + 9) = -2", "*(u64 *)(r6 + 5) = -2\nr1 = *(u64 *)(r6 + 0)",
];

function immediatesFor(operation: string, bits: number): number[] {
  if (operation.includes("<<") || operation.includes(">>")) return [0, 1, bits - 1];
  return operation.includes("/") || operation.includes("%") ? IMMEDIATES.filter((value) => value !== 0) : IMMEDIATES;
}

const ARITHMETIC = OPERATIONS.flatMap((operation) => [
  `r1 ${operation} r2`,
  `w1 ${operation} w2`,
  ...immediatesFor(operation, 64).map((value) => `r1 ${operation} ${value}`),
  ...immediatesFor(operation, 32).map((value) => `w1 ${operation} ${value}`),
]);

const JUMPS = COMPARISONS.flatMap((comparison) => ["r", "w"].flatMap((width) => [`${width}2`, ...IMMEDIATES.map(String)].map((other) => `r3 = 0\nif ${width}1 ${comparison} ${other} goto yes\nr3 = 1\nyes: r1 = r3`)));

describe.skipIf(!available)("instructions against the kernel", () => {
  it.each([...UNARY, ...ARITHMETIC, ...JUMPS])("%s", (code) => {
    const work = { object: programOf(around(code), 2), entry: "one", frames: FRAMES };
    const oracle = runInKernel(work);
    for (const engine of ENGINES) expect(firstDifference(code, FRAMES, oracle, runInMachine(work, engine))).toBeUndefined();
  });
});
