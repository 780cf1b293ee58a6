/** Everything that is said of a number holds for all numbers that it may be: random scalars, random members, every operation. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BPF_ADD, BPF_AND, BPF_ARSH, BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JLE, BPF_JLT, BPF_JNE, BPF_JSET, BPF_JSGE, BPF_JSGT, BPF_JSLE, BPF_JSLT, BPF_LSH, BPF_MUL, BPF_NEG, BPF_OR, BPF_RSH, BPF_SUB, BPF_XOR } from "../isa/index.js";
import { alu, signExtend32, signExtend64, swap, truncate } from "./scalar-alu.js";
import { compare } from "./scalar-branch.js";
import { Draft, constant, covers } from "./scalar.js";
import type { Scalar } from "./scalar.js";
import { s64, tnumIn, tnumMul, tnumNext, tnumRange, u64 } from "./tnum.js";

const RUNS = { numRuns: 3000 };

function allows(scalar: Scalar, value: bigint): boolean {
  return covers(scalar, constant(value));
}

const number = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.bigInt({ min: -300n, max: 300n }).map(u64),
  fc.integer({ min: 0, max: 63 }).map((bit) => 1n << BigInt(bit)),
  fc.constantFrom(0x7fffffffn, 0x80000000n, 0xffffffffn, 0x1_0000_0000n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n),
);

/** A scalar, and a number that it allows. */
const member = fc.tuple(number, number, number, fc.integer({ min: 0, max: 5 })).map(([value, other, mask, kind]): { readonly scalar: Scalar; readonly value: bigint } => {
  const d = new Draft();
  switch (kind) {
    case 0:
      return { scalar: constant(value), value };
    case 1:
      d.umin = value < other ? value : other;
      d.umax = value < other ? other : value;
      break;
    case 2: {
      const [x, y] = [s64(value), s64(other)];
      d.smin = x < y ? x : y;
      d.smax = x < y ? y : x;
      break;
    }
    case 3:
      d.bits = { value: value & u64(~mask), mask };
      break;
    case 4: {
      const [x, y] = [Number(value & 0xffffffffn), Number(other & 0xffffffffn)];
      d.u32min = Math.min(x, y);
      d.u32max = Math.max(x, y);
      break;
    }
    default:
  }
  return { scalar: d.sync().done(), value };
});

function concrete(op: number, bits: 32 | 64, a: bigint, b: bigint): bigint {
  const x = BigInt.asUintN(bits, a);
  const y = BigInt.asUintN(bits, b);
  const results: Readonly<Record<number, bigint>> = {
    [BPF_ADD]: x + y, [BPF_SUB]: x - y, [BPF_MUL]: x * y, [BPF_AND]: x & y, [BPF_OR]: x | y, [BPF_XOR]: x ^ y, [BPF_NEG]: -x,
    [BPF_LSH]: x << (y % BigInt(bits)), [BPF_RSH]: x >> (y % BigInt(bits)), [BPF_ARSH]: BigInt.asIntN(bits, x) >> (y % BigInt(bits)),
  };
  return BigInt.asUintN(bits, results[op] ?? 0n);
}

describe("scalars", () => {
  it("agree with themselves in small numbers as in any", () => {
    const small = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 0x7fff_ffff }));
    const bound = fc.oneof(small, fc.integer({ min: -40, max: 40 }), fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }));
    fc.assert(
      fc.property(small, small, fc.array(bound, { minLength: 8, maxLength: 8 }), (value, mask, bounds) => {
        const make = (): Draft => {
          const d = new Draft();
          d.bits = { value: BigInt(value & ~mask), mask: BigInt(mask) };
          const [a, b, c, e, f, g, h, i] = bounds as [number, number, number, number, number, number, number, number];
          if (a >= 0) d.umin = BigInt(a);
          if (b >= 0) d.umax = BigInt(b);
          if (c % 3 !== 0) d.smin = BigInt(c);
          if (e % 3 !== 0) d.smax = BigInt(e);
          if (f >= 0) d.u32min = f;
          if (g >= 0) d.u32max = g;
          if (h % 3 !== 0) d.s32min = h;
          if (i % 3 !== 0) d.s32max = i;
          return d;
        };
        expect(make().sync()).toEqual(make().syncFully());
      }),
      RUNS,
    );
  });

  it("allow the number that they were made for", () => {
    fc.assert(fc.property(member, ({ scalar, value }) => allows(scalar, value)), RUNS);
  });

  it.each([BPF_ADD, BPF_SUB, BPF_MUL, BPF_AND, BPF_OR, BPF_XOR, BPF_NEG])("operation 0x%x allows every result", (op) => {
    fc.assert(
      fc.property(member, member, fc.boolean(), (a, b, is64) => allows(alu(op, is64, a.scalar, b.scalar), concrete(op, is64 ? 64 : 32, a.value, b.value))),
      RUNS,
    );
  });

  it.each([BPF_LSH, BPF_RSH, BPF_ARSH])("shift 0x%x allows every result", (op) => {
    fc.assert(
      fc.property(member, fc.integer({ min: 0, max: 63 }), fc.boolean(), (a, by, is64) => {
        const shift = BigInt(is64 ? by : by % 32);
        return allows(alu(op, is64, a.scalar, constant(shift)), concrete(op, is64 ? 64 : 32, a.value, shift));
      }),
      RUNS,
    );
  });

  it("conversions allow every result", () => {
    fc.assert(
      fc.property(member, fc.constantFrom(1, 2, 4), fc.constantFrom(16, 32, 64), ({ scalar, value }, size, bits) => {
        let swapped = 0n;
        for (let at = 0; at < bits; at += 8) swapped = (swapped << 8n) | ((value >> BigInt(at)) & 0xffn);
        return (
          allows(truncate(scalar, size), BigInt.asUintN(size * 8, value)) && allows(signExtend64(scalar, size), u64(BigInt.asIntN(size * 8, value))) &&
          (size === 4 || allows(signExtend32(scalar, size), BigInt.asUintN(32, BigInt.asIntN(size * 8, value)))) && allows(swap(scalar, bits, true), swapped)
        );
      }),
      RUNS,
    );
  });

  it.each([BPF_JEQ, BPF_JNE, BPF_JGT, BPF_JGE, BPF_JLT, BPF_JLE, BPF_JSET, BPF_JSGT, BPF_JSGE, BPF_JSLT, BPF_JSLE])("comparison 0x%x keeps both numbers on the way that they take", (op) => {
    fc.assert(
      fc.property(member, member, fc.boolean(), (a, b, is32) => {
        const bits = is32 ? 32 : 64;
        const [x, y] = [BigInt.asUintN(bits, a.value), BigInt.asUintN(bits, b.value)];
        const [p, q] = [BigInt.asIntN(bits, x), BigInt.asIntN(bits, y)];
        const outcomes: Readonly<Record<number, boolean>> = {
          [BPF_JEQ]: x === y, [BPF_JNE]: x !== y, [BPF_JGT]: x > y, [BPF_JGE]: x >= y, [BPF_JLT]: x < y, [BPF_JLE]: x <= y, [BPF_JSET]: (x & y) !== 0n,
          [BPF_JSGT]: p > q, [BPF_JSGE]: p >= q, [BPF_JSLT]: p < q, [BPF_JSLE]: p <= q,
        };
        const taken = outcomes[op] as boolean;
        const told = compare(op, is32, a.scalar, b.scalar);
        expect(told.taken === undefined || told.taken === taken).toBe(true);
        return taken ? allows(told.takenLeft, a.value) && allows(told.takenRight, b.value) : allows(told.elseLeft, a.value) && allows(told.elseRight, b.value);
      }),
      RUNS,
    );
  });

  it("tristate numbers name their next member", () => {
    const bits = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(bits, bits, fc.integer({ min: 0, max: 300 }), (value, mask, z) => {
        const t = { value: BigInt(value & ~mask), mask: BigInt(mask) };
        const members = Array.from({ length: 256 }, (_, i) => i).filter((i) => tnumIn(t, { value: BigInt(i), mask: 0n }));
        return tnumNext(t, BigInt(z)) === BigInt(members.find((member) => member > z) ?? (members.at(-1) as number));
      }),
      RUNS,
    );
  });

  it("products of tristate numbers hold every product", () => {
    fc.assert(
      fc.property(number, number, number, number, (a, b, x, y) => {
        const [left, right] = [tnumRange(a < x ? a : x, a < x ? x : a), tnumRange(b < y ? b : y, b < y ? y : b)];
        return tnumIn(tnumMul(left, right), { value: u64(a * b), mask: 0n });
      }),
      RUNS,
    );
  });
});
