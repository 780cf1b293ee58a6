/** What is claimed of a register must hold of its number: claims by abstract arithmetic against the arithmetic itself. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ALU_OPS, BPF_MOV } from "../../isa/alu.js";
import { BPF_ADD, BPF_AND, BPF_ARSH, BPF_DIV, BPF_LSH, BPF_MOD, BPF_MUL, BPF_OR, BPF_RSH, BPF_SUB, BPF_XOR } from "../../isa/alu.js";
import { BPF_JMP, BPF_JMP32, BPF_K, BPF_X } from "../../isa/class.js";
import { JUMP_OPS } from "../../isa/jump.js";
import { alu32, alu64 } from "./alu-values.js";
import { refineByBranch } from "./branch-facts.js";
import { newState, register } from "./state.js";
import { LIMIT, UNKNOWN, scalar } from "./value.js";
import type { Value } from "./value.js";

const s64 = (value: bigint): bigint => BigInt.asIntN(64, value);

/** The operation as RFC 9669 defines it, `bits` wide, unsigned. */
function compute(operation: number, a: bigint, b: bigint, bits: number): bigint {
  const shift = b & BigInt(bits - 1);
  switch (operation) {
    case BPF_ADD: return BigInt.asUintN(bits, a + b);
    case BPF_SUB: return BigInt.asUintN(bits, a - b);
    case BPF_MUL: return BigInt.asUintN(bits, a * b);
    case BPF_DIV: return b === 0n ? 0n : a / b;
    case BPF_MOD: return b === 0n ? a : a % b;
    case BPF_OR: return a | b;
    case BPF_AND: return a & b;
    case BPF_XOR: return a ^ b;
    case BPF_LSH: return BigInt.asUintN(bits, a << shift);
    case BPF_RSH: return a >> shift;
    case BPF_ARSH: return BigInt.asUintN(bits, BigInt.asIntN(bits, a) >> shift);
    default: throw new Error(`operation ${operation}`);
  }
}

function holds(value: Value, number: bigint): boolean {
  if (value.kind === "unknown") return true;
  return value.kind === "scalar" && s64(number) >= BigInt(value.min) && s64(number) <= BigInt(value.max);
}

/** Numbers at the edges of what fits somewhere, or any. */
const number = fc.oneof(
  fc.constantFrom(0n, 1n, 7n, 8n, 31n, 32n, 63n, 255n, 0x7fffn, 0xffffn, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn, 0x1_0000_0000n, 2n ** 52n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 64n - 8n),
  fc.bigInt({ min: 0n, max: 300n }),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
);

/** A number, and something true that may be known of it. */
const known = fc.tuple(number, fc.constantFrom("exact", "range", "nothing"), fc.nat(40), fc.nat(40)).map(([n, how, below, above]): [bigint, Value] => {
  const signed = s64(n);
  if (how === "nothing" || signed > BigInt(LIMIT) || signed < BigInt(-LIMIT)) return [n, UNKNOWN];
  const exact = Number(signed);
  return [n, how === "exact" ? scalar(exact, exact) : scalar(exact - below, exact + above)];
});

const OPERATIONS = ALU_OPS.map(({ code }) => code).filter((code) => code !== BPF_MOV);

test("arithmetic on what is known holds of every number", () => {
  fc.assert(
    fc.property(fc.constantFrom(...OPERATIONS), known, known, (operation, [a, knownA], [b, knownB]) => {
      const wide = compute(operation, a, b, 64);
      expect(holds(alu64(operation, knownA, knownB, 0), wide), `64 bits: ${wide}`).toBe(true);
      const narrow = compute(operation, BigInt.asUintN(32, a), BigInt.asUintN(32, b), 32);
      expect(holds(alu32(operation, knownA, knownB), narrow), `32 bits: ${narrow}`).toBe(true);
    }),
    { numRuns: 30_000 },
  );
});

/** The condition of a jump, on the low `bits` bits. */
function compare(name: string, a: bigint, b: bigint, bits: number): boolean {
  const [x, y] = name.startsWith("js") && name !== "jset" ? [BigInt.asIntN(bits, a), BigInt.asIntN(bits, b)] : [BigInt.asUintN(bits, a), BigInt.asUintN(bits, b)];
  switch (name) {
    case "jeq": return x === y;
    case "jne": return x !== y;
    case "jset": return (x & y) !== 0n;
    case "jgt": case "jsgt": return x > y;
    case "jge": case "jsge": return x >= y;
    case "jlt": case "jslt": return x < y;
    default: return x <= y;
  }
}

test("what a branch tells holds of every number that takes it", () => {
  fc.assert(
    fc.property(fc.constantFrom(...JUMP_OPS), fc.boolean(), fc.boolean(), known, known, fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), ({ code, name }, wide, byRegister, [a, knownA], [b, knownB], imm) => {
      const state = newState();
      state.registers[1] = knownA;
      state.registers[2] = knownB;
      const right = byRegister ? b : BigInt.asUintN(64, BigInt(imm));
      const taken = compare(name, a, right, wide ? 64 : 32);
      refineByBranch(state, { op: (wide ? BPF_JMP : BPF_JMP32) | code | (byRegister ? BPF_X : BPF_K), dst: 1, src: byRegister ? 2 : 0, off: 0, imm: byRegister ? 0 : imm }, taken);
      expect(holds(register(state, 1), a)).toBe(true);
      expect(holds(register(state, 2), b)).toBe(true);
    }),
    { numRuns: 30_000 },
  );
});
