/** Shifts by every count: immediates below the width, registers up to twice the width, of which the low bits count (RFC 9669, section 4.1). */
import type { EngineCase } from "../case.js";
import { s32, s64, u32, u64 } from "../operands.js";

const VALUES = [0x8123_4567_89ab_cdefn, 0x7edc_ba98_7654_3210n] as const;

const OPERATIONS = [
  { sign: "<<", wide: (a: bigint, n: bigint) => u64(a << n), narrow: (a: bigint, n: bigint) => u32(a << n) },
  { sign: ">>", wide: (a: bigint, n: bigint) => a >> n, narrow: (a: bigint, n: bigint) => u32(a) >> n },
  { sign: "s>>", wide: (a: bigint, n: bigint) => u64(s64(a) >> n), narrow: (a: bigint, n: bigint) => u32(s32(a) >> n) },
] as const;

/** All results go into one number, in order. */
const mix = (sum: bigint, value: bigint): bigint => u64((sum ^ value) * 0x1_0000_01b3n);
const low = (value: bigint): number => Number(u32(value ^ (value >> 32n)));

function shifts({ sign, wide, narrow }: (typeof OPERATIONS)[number], width: 32 | 64, byRegister: boolean): EngineCase {
  const r = width === 64 ? "r" : "w";
  const apply = width === 64 ? wide : narrow;
  const lines = ["r0 = 0"];
  let sum = 0n;
  for (const value of VALUES) {
    for (let count = 0; count < width * (byRegister ? 2 : 1); count++) {
      lines.push(`r1 = ${s64(value)} ll`, ...(byRegister ? [`r2 = ${count}`] : []), `${r}1 ${sign}= ${byRegister ? `${r}2` : count}`, "r0 ^= r1", "r3 = 0x1000001b3 ll", "r0 *= r3");
      sum = mix(sum, apply(value, BigInt(count % width)));
    }
  }
  return { description: `${r}1 ${sign}= ${byRegister ? "every register" : "every immediate"}`, asm: `${lines.join("\n")}\nr1 = r0\nr1 >>= 32\nr0 ^= r1\nexit`, ret: low(sum) };
}

/** Verifiers refuse a register that is known to be the width or more; the packet's length is added, and 64 taken off again, so that it is not. */
function hidden(testCase: EngineCase): EngineCase {
  const asm = testCase.asm.replace("r0 = 0\n", "r4 = *(u32 *)(r1 +4)\nr5 = *(u32 *)(r1 +0)\nr4 -= r5\nr0 = 0\n").replaceAll(/r2 = (\d+)\n/g, (_, count: string) => `r2 = r4\nr2 += ${Number(count) - 64}\n`);
  return { ...testCase, asm };
}

export const SHIFT_CASES: readonly EngineCase[] = OPERATIONS.flatMap((operation) =>
  ([64, 32] as const).flatMap((width) => [shifts(operation, width, false), hidden(shifts(operation, width, true))]),
);
