/** Arithmetic: every operation, width and source, over edge values. Expectations are RFC 9669's definitions in BigInt. */
import { EPILOGUE, counting, prologue, withU64 } from "../case.js";
import type { CasePacket, EngineCase } from "../case.js";
import { IMMEDIATES, OPERANDS, pairs, s32, s64, u32, u64 } from "../operands.js";

type Width = 32 | 64;

interface Operation {
  readonly symbol: string;
  /** The mathematical result of unsigned operands of `width` bits; cut to the width afterwards. */
  readonly of: (a: bigint, b: bigint, width: Width) => bigint;
  /** Immediates that a verifier takes. */
  readonly takes?: (imm: bigint, width: Width) => boolean;
}

const signed = (value: bigint, width: Width): bigint => BigInt.asIntN(width, value);
/** JavaScript's BigInt division rounds toward zero, as C's does. */
const OPERATIONS: readonly Operation[] = [
  { symbol: "+=", of: (a, b) => a + b },
  { symbol: "-=", of: (a, b) => a - b },
  { symbol: "*=", of: (a, b) => a * b },
  { symbol: "/=", of: (a, b) => (b === 0n ? 0n : a / b), takes: (imm) => imm !== 0n },
  { symbol: "%=", of: (a, b) => (b === 0n ? a : a % b), takes: (imm) => imm !== 0n },
  { symbol: "s/=", of: (a, b, w) => (b === 0n ? 0n : signed(a, w) / signed(b, w)), takes: (imm) => imm !== 0n },
  { symbol: "s%=", of: (a, b, w) => (b === 0n ? a : signed(a, w) % signed(b, w)), takes: (imm) => imm !== 0n },
  { symbol: "|=", of: (a, b) => a | b },
  { symbol: "&=", of: (a, b) => a & b },
  { symbol: "^=", of: (a, b) => a ^ b },
  { symbol: "=", of: (_, b) => b },
  { symbol: "<<=", of: (a, b, w) => a << (b & BigInt(w - 1)), takes: (imm, w) => imm >= 0n && imm < BigInt(w) },
  { symbol: ">>=", of: (a, b, w) => a >> (b & BigInt(w - 1)), takes: (imm, w) => imm >= 0n && imm < BigInt(w) },
  { symbol: "s>>=", of: (a, b, w) => signed(a, w) >> (b & BigInt(w - 1)), takes: (imm, w) => imm >= 0n && imm < BigInt(w) },
];

const cut = (value: bigint, width: Width): bigint => BigInt.asUintN(width, value);

function result({ of }: Operation, a: bigint, b: bigint, width: Width): bigint {
  return cut(of(cut(a, width), cut(b, width), width), width);
}

function name(register: string, width: Width): string {
  return (width === 64 ? "r" : "w") + register;
}

/** `r8 OP r3`: operands from the packet at 16 and 24, result at 32. */
function registerCase(operation: Operation, width: Width): EngineCase {
  return {
    description: `${name("8", width)} ${operation.symbol} ${name("3", width)}`,
    asm: `${prologue(40)}
      r8 = *(u64 *)(r6 +16)
      r3 = *(u64 *)(r6 +24)
      ${name("8", width)} ${operation.symbol} ${name("3", width)}
      *(u64 *)(r6 +32) = r8
      ${EPILOGUE}`,
    packets: pairs().map(([a, b]): CasePacket => {
      const frame = withU64(counting(40), [16, a], [24, b]);
      return { in: frame, ret: 2, data: withU64(frame, [32, result(operation, a, b, width)]) };
    }),
  };
}

/** `r8 OP r8`: one register is both operands. */
function sameCase(operation: Operation, width: Width): EngineCase {
  const { description, ...rest } = unaryCase(`${name("8", width)} ${operation.symbol} ${name("8", width)}`, (a) => result(operation, a, a, width));
  return { description: `${description}, the same register`, ...rest };
}

/** Every register as destination of every other one, in both widths: what they hold then, added up in r0. */
function everyRegister(): EngineCase {
  const registers = Array.from({ length: 10 }, (_, i) => i);
  const values = registers.map((i) => u64(0x9e37_79b9_7f4a_7c15n * BigInt(i + 1)));
  const lines = values.map((value, i) => `r${i} = 0x${value.toString(16)} ll`);
  for (const dst of registers) {
    for (const src of registers) {
      const width = (dst + src) % 3 === 0 ? 32 : 64;
      const xor = (dst * 3 + src) % 2 === 0;
      const [a, b] = [values[dst] as bigint, values[src] as bigint];
      values[dst] = cut(xor ? a ^ b : a + b, width);
      lines.push(`${name(`${dst}`, width)} ${xor ? "^=" : "+="} ${name(`${src}`, width)}`);
    }
  }
  lines.push(...registers.slice(1).map((i) => `r0 += r${i}`), "r1 = r0", "r1 >>= 32", "r0 ^= r1", "exit");
  const sum = values.reduce((a, b) => u64(a + b), 0n);
  return { description: "every register as destination and as source", asm: lines.join("\n"), ret: Number(u32(sum ^ (sum >> 32n))) };
}

/** `r8 OP imm` for many immediates in one program: operand at 16, results from 24 on. */
function immediateCase(operation: Operation, width: Width, immediates: readonly bigint[], kernel: boolean): EngineCase {
  const length = 24 + immediates.length * 8;
  return {
    description: `${name("8", width)} ${operation.symbol} imm${kernel ? "" : " that verifiers refuse"}`,
    kernel,
    asm: `${prologue(length)}
      r3 = *(u64 *)(r6 +16)
      ${immediates.map((imm, i) => `r8 = r3\n ${name("8", width)} ${operation.symbol} ${imm}\n *(u64 *)(r6 +${24 + i * 8}) = r8`).join("\n")}
      ${EPILOGUE}`,
    packets: OPERANDS.map((a): CasePacket => {
      const frame = withU64(counting(length), [16, a]);
      return { in: frame, ret: 2, data: withU64(frame, ...immediates.map((imm, i) => [24 + i * 8, result(operation, a, u64(imm), width)] as const)) };
    }),
  };
}

/** One operand, one result. */
function unaryCase(statement: string, of: (a: bigint) => bigint): EngineCase {
  return {
    description: statement,
    asm: `${prologue(40)}
      r8 = *(u64 *)(r6 +16)
      r3 = *(u64 *)(r6 +16)
      ${statement}
      *(u64 *)(r6 +32) = r8
      ${EPILOGUE}`,
    packets: OPERANDS.map((a): CasePacket => {
      const frame = withU64(counting(40), [16, a]);
      return { in: frame, ret: 2, data: withU64(frame, [32, u64(of(a))]) };
    }),
  };
}

/** The low `bits` bits with their bytes the other way round. */
function swapped(value: bigint, bits: number): bigint {
  let out = 0n;
  for (let i = 0; i < bits; i += 8) out = (out << 8n) | ((value >> BigInt(i)) & 0xffn);
  return out;
}

const WIDTHS: readonly Width[] = [64, 32];

export const ALU_CASES: readonly EngineCase[] = [
  ...WIDTHS.flatMap((width) => OPERATIONS.map((operation) => registerCase(operation, width))),
  ...WIDTHS.flatMap((width) => OPERATIONS.map((operation) => sameCase(operation, width))),
  everyRegister(),
  ...WIDTHS.flatMap((width) =>
    OPERATIONS.flatMap((operation) => {
      const { takes = (): boolean => true } = operation;
      const refused = IMMEDIATES.filter((imm) => !takes(imm, width));
      const taken = immediateCase(operation, width, IMMEDIATES.filter((imm) => takes(imm, width)), true);
      return refused.length === 0 ? [taken] : [taken, immediateCase(operation, width, refused, false)];
    }),
  ),
  unaryCase("r8 = -r8", (a) => -a),
  unaryCase("w8 = -w8", (a) => u32(-a)),
  unaryCase("r8 = (s8) r3", (a) => BigInt.asIntN(8, a)),
  unaryCase("r8 = (s16) r3", (a) => BigInt.asIntN(16, a)),
  unaryCase("r8 = (s32) r3", (a) => s32(a)),
  unaryCase("w8 = (s8) w3", (a) => u32(BigInt.asIntN(8, a))),
  unaryCase("w8 = (s16) w3", (a) => u32(BigInt.asIntN(16, a))),
  unaryCase("r8 = (s8) r8", (a) => BigInt.asIntN(8, a)),
  unaryCase("r8 = (s16) r8", (a) => BigInt.asIntN(16, a)),
  unaryCase("r8 = (s32) r8", (a) => s32(a)),
  unaryCase("w8 = (s8) w8", (a) => u32(BigInt.asIntN(8, a))),
  unaryCase("w8 = (s16) w8", (a) => u32(BigInt.asIntN(16, a))),
  ...[16, 32, 64].flatMap((bits) => [
    unaryCase(`r8 = le${bits} r8`, (a) => BigInt.asUintN(bits, a)),
    unaryCase(`r8 = be${bits} r8`, (a) => swapped(a, bits)),
    unaryCase(`r8 = bswap${bits} r8`, (a) => swapped(a, bits)),
  ]),
  {
    description: "64-bit immediates",
    asm: `${prologue(80)}
      ${[0x1234_5678_9abc_def0n, 0x8000_0000_0000_0000n, 0xffff_ffff_ffff_ffffn, 0x1_0000_0000n, 0xffff_ffffn].map((v, i) => `r8 = 0x${v.toString(16)} ll\n *(u64 *)(r6 +${16 + i * 8}) = r8`).join("\n")}
      ${EPILOGUE}`,
    packets: [{
      in: counting(80),
      ret: 2,
      data: withU64(counting(80), [16, 0x1234_5678_9abc_def0n], [24, 0x8000_0000_0000_0000n], [32, 0xffff_ffff_ffff_ffffn], [40, 0x1_0000_0000n], [48, 0xffff_ffffn]),
    }],
  },
  {
    description: "an operation on a register with itself",
    asm: `${prologue(48)}
      r8 = *(u64 *)(r6 +16)
      r3 = r8
      r3 += r3
      *(u64 *)(r6 +24) = r3
      r8 ^= r8
      *(u64 *)(r6 +32) = r8
      ${EPILOGUE}`,
    packets: OPERANDS.map((a): CasePacket => {
      const frame = withU64(counting(48), [16, a]);
      return { in: frame, ret: 2, data: withU64(frame, [24, u64(s64(a) * 2n)], [32, 0n]) };
    }),
  },
];
