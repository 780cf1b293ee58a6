/** What is said of expressions holds for every number that they can be: random expressions, and comparisons that hold for random bytes. */
import { describe, expect, it } from "vitest";
import { Numbers } from "../testing/random-runs.js";
import type { Comparison } from "./domain.js";
import { Facts } from "./domain.js";
import { evaluate, Exprs, M64, signed } from "./expr.js";
import type { Expr } from "./expr.js";

const ROUNDS = 3000;
const CONSTANTS = [0n, 1n, 2n, 4n, 7n, 8n, 15n, 16n, 63n, 0x7fn, 0x80n, 0xffn, 0x100n, 0x800n, 0xffffn, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn, 1n << 63n, M64, M64 - 7n];

function randomExpr(exprs: Exprs, numbers: Numbers, variables: readonly Expr[], depth: number): Expr {
  if (depth === 0 || numbers.below(6) === 0) return numbers.below(4) === 0 ? exprs.constant(numbers.pick(CONSTANTS)) : numbers.pick(variables);
  const part = (): Expr => randomExpr(exprs, numbers, variables, depth - 1);
  const constant = (): Expr => exprs.constant(numbers.pick(CONSTANTS));
  const either = (): Expr => (numbers.below(3) === 0 ? part() : constant());
  switch (numbers.below(14)) {
    case 0: return exprs.add(part(), either());
    case 1: return exprs.sub(part(), either());
    case 2: return exprs.mul(part(), either());
    case 3: return exprs.and(part(), either());
    case 4: return exprs.or(part(), either());
    case 5: return exprs.xor(part(), either());
    case 6: return exprs.shl(part(), exprs.number(numbers.below(64)));
    case 7: return exprs.shr(part(), exprs.number(numbers.below(64)));
    case 8: return exprs.sar(part(), exprs.number(numbers.below(64)));
    case 9: return exprs.sext(part(), numbers.pick([8, 16, 32]));
    case 10: return exprs.swap(part(), numbers.pick([2, 4, 8]));
    case 11: return exprs.binary(numbers.pick(["div", "mod"] as const), part(), either());
    case 12: return exprs.cat(Array.from({ length: 2 + numbers.below(6) }, () => exprs.byte(part(), numbers.below(8))));
    default: return exprs.and(part(), exprs.constant(0xffff_ffffn));
  }
}

function holding(x: bigint, y: bigint): Comparison[] {
  const all: [Comparison, boolean][] = [["eq", x === y], ["ne", x !== y], ["lt", x < y], ["le", x <= y], ["slt", signed(x) < signed(y)], ["sle", signed(x) <= signed(y)]];
  return all.filter(([, holds]) => holds).map(([op]) => op);
}

describe("facts", () => {
  it("never contradict what is so", () => {
    let contradictions = 0;
    for (let round = 1; round <= ROUNDS; round++) {
      const numbers = new Numbers(round);
      const exprs = new Exprs();
      const variables = [0, 1, 2, 3].map((index) => exprs.variable(`b${index}`, { kind: "byte", index }, 8));
      const bytes = variables.map(() => BigInt(numbers.pick([0, 1, 0x7f, 0x80, 0xff, numbers.below(256)])));
      const value = (e: Expr): bigint => evaluate(e, (variable) => bytes[variables.indexOf(variable)]);
      const pool = Array.from({ length: 6 }, () => randomExpr(exprs, numbers, variables, 4));
      let facts = new Facts();
      for (let i = 0; i < 12; i++) {
        const [a, b] = [numbers.pick(pool), numbers.below(2) === 0 ? numbers.pick(pool) : exprs.constant(numbers.below(2) === 0 ? numbers.pick(CONSTANTS) : value(numbers.pick(pool)))];
        const op = numbers.pick(holding(value(a), value(b)));
        if (numbers.below(3) === 0) facts = new Facts(facts);
        if (!facts.assert(op, a, b)) expect.fail(`round ${round}: ${op} of ${value(a)} and ${value(b)} is said to be impossible`);
        for (const e of pool) if (!facts.allows(e, value(e))) expect.fail(`round ${round}: ${value(e)} is said to be impossible for ${e.op}`);
      }
      // And something that is not so is often seen: else nothing would ever be left out.
      const [a] = pool;
      if (!facts.assert("eq", a, exprs.constant(value(a))) || !facts.assert("ne", a, exprs.constant(value(a)))) contradictions++;
    }
    expect(contradictions).toBe(ROUNDS);
  });

  it("see protocols, masks and bounds that contradict each other", () => {
    const exprs = new Exprs();
    const byte = (index: number): Expr => exprs.variable(`b${index}`, { kind: "byte", index }, 8);
    const protocol = byte(23);
    const both = new Facts();
    expect([both.assert("eq", protocol, exprs.number(6)), both.assert("eq", protocol, exprs.number(17))]).toEqual([true, false]);
    const version = exprs.shr(byte(14), exprs.number(4));
    const masked = new Facts();
    expect([masked.assert("eq", version, exprs.number(4)), masked.assert("eq", byte(14), exprs.number(0x60))]).toEqual([true, false]);
    const port = exprs.swap(exprs.cat([byte(36), byte(37)]), 2);
    const bounds = new Facts();
    expect([bounds.assert("lt", port, exprs.number(1024)), bounds.assert("eq", byte(36), exprs.number(4))]).toEqual([true, false]);
    const pair = new Facts();
    expect([pair.assert("lt", byte(1), byte(2)), pair.assert("le", byte(2), byte(1))]).toEqual([true, false]);
  });
});
