/** Every arithmetic and jump instruction, one a program, on all pairs of edge values and on random ones: engines against the kernel. */
import { describe, expect, it } from "vitest";
import { kernelAvailable } from "../../xdp/engine/kernel/index.js";
import { assemble } from "../../xdp/isa/index.js";
import type { ObjectSpec } from "../../xdp/object/index.js";
import { firstDifference } from "./compare.js";
import { ENGINES, runInKernel, runInMachine } from "./engines.js";

const { available } = kernelAvailable();

const EDGES = [
  0n, 1n, 2n, 3n, 7n, 31n, 32n, 33n, 63n, 64n, 65n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0x8000n, 0xffffn, 0x7fffffffn, 0x80000000n, 0x80000001n, 0xffffffffn,
  0x100000000n, 0x7fffffff80000000n, 0x7fffffffffffffffn, 0x8000000000000000n, 0x8000000000000001n, 0xffffffff00000000n, 0xffffffff80000000n, 0xfffffffffffffffen, 0xffffffffffffffffn,
];

function frame(a: bigint, b: bigint): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, a, true);
  view.setBigUint64(8, b, true);
  return bytes;
}

/** A linear congruential generator (Knuth's MMIX constants): the same pairs in every run. */
function* randomPairs(count: number): Iterable<[bigint, bigint]> {
  let state = 1n;
  const next = (): bigint => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return state ^ (state >> 33n);
  };
  for (let i = 0; i < count; i++) yield [next(), next()];
}

const FRAMES = [...EDGES.flatMap((a) => EDGES.map((b) => frame(a, b))), ...[...randomPairs(100)].map(([a, b]) => frame(a, b))];

/** r1 and r2 come from the packet, r1 goes back into it. */
function program(code: string): ObjectSpec {
  const insns = assemble(`
    r6 = *(u32 *)(r1 + 0)
    r7 = *(u32 *)(r1 + 4)
    r2 = r6
    r2 += 16
    if r2 > r7 goto out
    r1 = *(u64 *)(r6 + 0)
    r2 = *(u64 *)(r6 + 8)
    ${code}
    *(u64 *)(r6 + 0) = r1
    out:
    r0 = 2
    exit`);
  const functions = [{ name: "one", start: 0, end: insns.length, linkage: "global" as const }];
  return { file: code, license: "GPL", maps: [], programs: [{ name: "one", section: "xdp", type: "xdp", frags: false, attach: "device", autoload: true, insns, functions, lines: [] }] };
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
    const work = { object: program(code), entry: "one", frames: FRAMES };
    const oracle = runInKernel(work);
    for (const engine of ENGINES) expect(firstDifference(code, FRAMES, oracle, runInMachine(work, engine))).toBeUndefined();
  });
});
