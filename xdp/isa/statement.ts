/**
 * One statement of assembly text to one instruction: a list of patterns, each with what it builds.
 * Both spellings are read, the kernel's (`r1 = *(u32 *)(r2 +4)`, `goto pc+3`, `atomic64_xchg(…)`) and
 * LLVM's (`w1 = *(u32 *)(r2 + 4)`, `goto +3`, `xchg_64(…)`).
 */
import type { Insn } from "../object/spec.js";
import { ALU_OPS, BPF_ADDR_SPACE_CAST, BPF_END, BPF_MOV, BPF_NEG, BPF_TO_BE, BPF_TO_LE, SIGNED_OFF } from "./alu.js";
import { ATOMIC_OPS, BPF_CMPXCHG, BPF_LOAD_ACQ, BPF_STORE_REL, BPF_XCHG } from "./atomic.js";
import { BPF_ALU, BPF_ALU64, BPF_JMP, BPF_JMP32, BPF_LD, BPF_LDX, BPF_ST, BPF_STX, BPF_X } from "./class.js";
import { BPF_CALL, BPF_EXIT, BPF_JA, BPF_JCOND, JUMP_OPS } from "./jump.js";
import { ACCESS_SIZES, BPF_ABS, BPF_ATOMIC, BPF_IND, BPF_MEM, BPF_MEMSX } from "./load_store.js";
import { LD_IMM64 } from "./opcode.js";
import {
  BPF_PSEUDO_BTF_ID,
  BPF_PSEUDO_CALL,
  BPF_PSEUDO_FUNC,
  BPF_PSEUDO_KFUNC_CALL,
  BPF_PSEUDO_MAP_FD,
  BPF_PSEUDO_MAP_IDX,
  BPF_PSEUDO_MAP_IDX_VALUE,
  BPF_PSEUDO_MAP_VALUE,
} from "./pseudo.js";
import { REGISTER_COUNT } from "./register.js";

/** Names that the text may use. */
export interface AssembleOptions {
  /** Number of a helper by name. */
  readonly helper?: (name: string) => number | undefined;
  /** Index of a map by name. */
  readonly map?: (name: string) => number | undefined;
}

/** A statement's instruction; where it refers to a label, the field that the label's distance goes to. */
export interface Statement {
  readonly insn: Insn;
  /** `imm` of the second slot of a 64-bit immediate load. */
  readonly high?: number;
  readonly label?: { readonly name: string; readonly field: "off" | "imm" };
}

/** What a pattern may look at besides the text. */
interface Context extends AssembleOptions {
  /** Opcode in brackets before the statement, as listings have it. */
  readonly opcode?: number;
  /** Whether a label of that name stands in the text. */
  readonly isLabel: (name: string) => boolean;
}

/** A statement that cannot be built; the message says why. */
export class StatementProblem extends Error {}

type Groups = Readonly<Record<string, string>>;

interface Pattern {
  readonly pattern: RegExp;
  readonly build: (g: Groups, context: Context) => Statement | undefined;
}

const NUMBER = "[+-]?(?:0x[0-9a-f]+|[0-9]+)";
const NAME = "[A-Za-z_.$][\\w.$]*";
const TARGET = `(?:(?:pc)?(?<distance>[+-](?:0x[0-9a-f]+|[0-9]+))|(?<label>${NAME}))`;
const ADDRESS = `\\((?<base>r\\d+)(?: ?(?<sign>[+-]) ?(?<offset>0x[0-9a-f]+|\\d+))?\\)`;
const TYPED = `\\((?<type>[us](?:8|16|32|64)) ?\\*\\) ?${ADDRESS}`;
const ALU_SYMBOLS: ReadonlyMap<string, { readonly code: number; readonly off: number }> = new Map(
  ALU_OPS.flatMap(({ code, symbol, signed }) => {
    const plain: [string, { code: number; off: number }] = [symbol, { code, off: 0 }];
    return signed ? [plain, [signed.symbol, { code, off: SIGNED_OFF }] satisfies [string, { code: number; off: number }]] : [plain];
  }),
);
const JUMP_SYMBOLS = new Map(JUMP_OPS.map(({ code, symbol }) => [symbol, code]));
const SIZES = new Map(ACCESS_SIZES.map(({ code, bytes }) => [bytes * 8, code]));

function alternatives(symbols: Iterable<string>): string {
  return [...symbols].toSorted((a, b) => b.length - a.length).map((s) => s.replaceAll(/[|^*+/]/g, "\\$&")).join("|");
}

function insn(op: number, fields: Partial<Insn> = {}): Insn {
  return { op, dst: 0, src: 0, off: 0, imm: 0, ...fields };
}

function only(i: Insn): Statement {
  return { insn: i };
}

function register(text: string): number {
  const n = Number(text.slice(1));
  if (n >= REGISTER_COUNT) throw new StatementProblem(`register ${text} does not exist`);
  return n;
}

/** A 32-bit immediate, signed or written as unsigned. */
function imm32(text: string): number {
  const value = integer(text);
  if (value < -0x8000_0000n || value > 0xffff_ffffn) throw new StatementProblem(`${text} does not fit 32 bits (a 64-bit immediate is written with " ll")`);
  return Number(BigInt.asIntN(32, value));
}

function off16(value: bigint): number {
  if (value < -0x8000n || value > 0x7fffn) throw new StatementProblem(`offset ${value} does not fit 16 bits`);
  return Number(value);
}

function integer(text: string): bigint {
  const digits = text.replace(/^[+-]/, "");
  return text.startsWith("-") ? -BigInt(digits) : BigInt(digits);
}

function offset(g: Groups): number {
  return g.offset === undefined ? 0 : off16(integer(`${g.sign}${g.offset}`));
}

function size(g: Groups): number {
  const code = SIZES.get(Number(g.type?.slice(1)));
  if (code === undefined) throw new StatementProblem(`no access of type ${g.type}`);
  return code;
}

function unsignedSize(g: Groups): number {
  if (g.type?.startsWith("s")) throw new StatementProblem(`type ${g.type} is for loads only`);
  return size(g);
}

/** Registers of one instruction are all `r` or all `w`. */
function sameWidth(...registers: (string | undefined)[]): "r" | "w" {
  const letters = new Set(registers.filter((r) => r !== undefined && /^[rw]\d/.test(r)).map((r) => r?.[0]));
  if (letters.size > 1) throw new StatementProblem("r (64-bit) and w (32-bit) registers in one instruction");
  return letters.has("w") ? "w" : "r";
}

/** An instruction whose `off` or `imm` is the distance to a place. */
function toTarget(g: Groups, field: "off" | "imm", base: Insn): Statement {
  if (g.label !== undefined) return { insn: base, label: { name: g.label, field } };
  const distance = integer(g.distance as string);
  return only(field === "off" ? { ...base, off: off16(distance) } : { ...base, imm: imm32(`${distance}`) });
}

function wide(dst: string, src: number, imm: number, high = 0): Statement {
  if (dst.startsWith("w")) throw new StatementProblem("a 64-bit immediate load takes an r register");
  return { insn: insn(LD_IMM64, { dst: register(dst), src, imm }), high };
}

/** The number that a map reference holds: `3`, `idx:3`, or a name. */
function mapNumber(reference: string, context: Context): number {
  const digits = /^(?:idx:|fd:)?(\d+)$/.exec(reference)?.[1];
  if (digits !== undefined) return imm32(digits);
  const index = context.map?.(reference);
  if (index === undefined) throw new StatementProblem(context.map ? `no map is named ${reference}` : `map ${reference} by name, but no maps were given`);
  return index;
}

function aluClass(letter: "r" | "w"): number {
  return letter === "w" ? BPF_ALU : BPF_ALU64;
}

function atomic(g: Groups, imm: number): Statement {
  const bits = g.type === undefined ? Number(g.bits) : Number(g.type.slice(1));
  const code = g.type === undefined ? SIZES.get(bits) : unsignedSize(g);
  if (code === undefined || bits < 32) throw new StatementProblem(`no atomic operation of ${bits} bits`);
  return only(insn(BPF_STX | BPF_ATOMIC | code, { dst: register(g.base as string), src: register(g.src as string), off: offset(g), imm }));
}

const FETCHES = new Map(ATOMIC_OPS.filter((op) => op.name.startsWith("fetch_")).map((op) => [op.name, op.imm]));
const LOCKED = new Map(ATOMIC_OPS.filter((op) => op.symbol !== undefined).map((op) => [op.symbol as string, op.imm]));

const PATTERNS: readonly Pattern[] = [
  { pattern: /^exit$/, build: () => only(insn(BPF_JMP | BPF_EXIT)) },
  { pattern: new RegExp(`^goto ${TARGET}$`), build: (g) => toTarget(g, "off", insn(BPF_JMP | BPF_JA)) },
  { pattern: new RegExp(`^gotol ${TARGET}$`), build: (g) => toTarget(g, "imm", insn(BPF_JMP32 | BPF_JA)) },
  { pattern: new RegExp(`^may_goto ${TARGET}$`), build: (g) => toTarget(g, "off", insn(BPF_JMP | BPF_JCOND)) },
  {
    pattern: new RegExp(`^if (?<dst>[rw]\\d+) (?<symbol>${alternatives(JUMP_SYMBOLS.keys())}) (?<right>[rw]\\d+|${NUMBER}) goto ${TARGET}$`),
    build: (g) => {
      const right = g.right as string;
      const cls = sameWidth(g.dst, right) === "w" ? BPF_JMP32 : BPF_JMP;
      const op = cls | (JUMP_SYMBOLS.get(g.symbol as string) as number);
      const dst = register(g.dst as string);
      return toTarget(g, "off", /^[rw]/.test(right) ? insn(op | BPF_X, { dst, src: register(right) }) : insn(op, { dst, imm: imm32(right) }));
    },
  },
  // A call of a function of the program: by distance, or by a label of the text.
  { pattern: /^call pc(?<distance>[+-]\d+)(?:#\S+)?$/, build: (g) => toTarget(g, "imm", insn(BPF_JMP | BPF_CALL, { src: BPF_PSEUDO_CALL })) },
  {
    pattern: /^call kernel-function#(?<imm>-?\d+)(?:@(?<off>-?\d+))?$/,
    build: (g) => only(insn(BPF_JMP | BPF_CALL, { src: BPF_PSEUDO_KFUNC_CALL, imm: imm32(g.imm as string), off: off16(integer(g.off ?? "0")) })),
  },
  { pattern: new RegExp(`^call (?:${NAME}#)?(?<imm>${NUMBER})$`), build: (g) => only(insn(BPF_JMP | BPF_CALL, { imm: imm32(g.imm as string) })) },
  {
    pattern: new RegExp(`^call (?<name>${NAME})$`),
    build: (g, context) => {
      const name = g.name as string;
      if (context.isLabel(name)) return { insn: insn(BPF_JMP | BPF_CALL, { src: BPF_PSEUDO_CALL }), label: { name, field: "imm" } };
      const imm = context.helper?.(name);
      if (imm === undefined) throw new StatementProblem(`${name} is no label of this text${context.helper ? " and no helper" : ", and no helpers were given"}`);
      return only(insn(BPF_JMP | BPF_CALL, { imm }));
    },
  },
  // Atomics, before loads and moves, which their start resembles.
  {
    pattern: new RegExp(`^lock \\*${TYPED} (?<symbol>${alternatives(LOCKED.keys())}) (?<src>[rw]\\d+)$`),
    build: (g) => atomic(g, LOCKED.get(g.symbol as string) as number),
  },
  {
    pattern: new RegExp(`^(?<dst>[rw]\\d+) = atomic(?:64)?_(?<name>fetch_(?:add|or|and|xor)|xchg)\\(${TYPED}, (?<src>[rw]\\d+)\\)$`),
    build: (g) => {
      if (g.dst !== g.src) throw new StatementProblem(`the old value goes to ${g.src}, not to ${g.dst}`);
      return atomic(g, g.name === "xchg" ? BPF_XCHG : (FETCHES.get(g.name as string) as number));
    },
  },
  { pattern: new RegExp(`^[rw]0 = (?:atomic(?:64)?_)?cmpxchg\\(${TYPED}, [rw]0, (?<src>[rw]\\d+)\\)$`), build: (g) => atomic(g, BPF_CMPXCHG) },
  {
    pattern: /^(?<dst>[rw]\d+) = xchg(?:32)?_(?<bits>32|64)\((?<base>r\d+) ?(?<sign>[+-]) ?(?<offset>\d+), (?<src>[rw]\d+)\)$/,
    build: (g) => {
      if (g.dst !== g.src) throw new StatementProblem(`the old value goes to ${g.src}, not to ${g.dst}`);
      return atomic(g, BPF_XCHG);
    },
  },
  {
    pattern: /^[rw]0 = cmpxchg(?:32)?_(?<bits>32|64)\((?<base>r\d+) ?(?<sign>[+-]) ?(?<offset>\d+), [rw]0, (?<src>[rw]\d+)\)$/,
    build: (g) => atomic(g, BPF_CMPXCHG),
  },
  {
    pattern: new RegExp(`^(?<dst>[rw]\\d+) = load_acquire\\(${TYPED}\\)$`),
    build: (g) => only(insn(BPF_STX | BPF_ATOMIC | unsignedSize(g), { dst: register(g.dst as string), src: register(g.base as string), off: offset(g), imm: BPF_LOAD_ACQ })),
  },
  {
    pattern: new RegExp(`^store_release\\(${TYPED}, (?<src>[rw]\\d+)\\)$`),
    build: (g) => only(insn(BPF_STX | BPF_ATOMIC | unsignedSize(g), { dst: register(g.base as string), src: register(g.src as string), off: offset(g), imm: BPF_STORE_REL })),
  },
  // Loads and stores.
  {
    pattern: new RegExp(`^(?<dst>[rw]\\d+) = \\*${TYPED}$`),
    build: (g) => {
      const extend = g.type?.startsWith("s");
      if (g.type === "s64") throw new StatementProblem("there is no load of type s64");
      return only(insn(BPF_LDX | (extend ? BPF_MEMSX : BPF_MEM) | size(g), { dst: register(g.dst as string), src: register(g.base as string), off: offset(g) }));
    },
  },
  {
    pattern: new RegExp(`^\\*${TYPED} = (?<right>[rw]\\d+|${NUMBER})$`),
    build: (g) => {
      const right = g.right as string;
      const where = { dst: register(g.base as string), off: offset(g) };
      return only(/^[rw]/.test(right) ? insn(BPF_STX | BPF_MEM | unsignedSize(g), { ...where, src: register(right) }) : insn(BPF_ST | BPF_MEM | unsignedSize(g), { ...where, imm: imm32(right) }));
    },
  },
  {
    pattern: new RegExp(`^r0 = \\*\\((?<type>u(?:8|16|32)) ?\\*\\) ?skb\\[(?:(?<src>r\\d+)(?: ?\\+ ?(?<add>${NUMBER}))?|(?<imm>${NUMBER}))\\]$`),
    build: (g) => {
      const imm = imm32(g.imm ?? g.add ?? "0");
      return only(g.src === undefined ? insn(BPF_LD | BPF_ABS | size(g), { imm }) : insn(BPF_LD | BPF_IND | size(g), { src: register(g.src), imm }));
    },
  },
  // 64-bit immediate loads.
  {
    pattern: /^(?<dst>[rw]\d+) = map\[(?<map>[\w.:$]+)\](?:\[0\](?<high>[+-]\d+))?(?: ?ll)?$/,
    build: (g, context) => {
      const reference = g.map as string;
      const byFd = reference.startsWith("fd:");
      if (g.high === undefined) return wide(g.dst as string, byFd ? BPF_PSEUDO_MAP_FD : BPF_PSEUDO_MAP_IDX, mapNumber(reference, context));
      return wide(g.dst as string, byFd ? BPF_PSEUDO_MAP_VALUE : BPF_PSEUDO_MAP_IDX_VALUE, mapNumber(reference, context), imm32(g.high));
    },
  },
  { pattern: /^(?<dst>[rw]\d+) = btf\[(?<imm>-?\d+)(?::(?<high>-?\d+))?\]$/, build: (g) => wide(g.dst as string, BPF_PSEUDO_BTF_ID, imm32(g.imm as string), imm32(g.high ?? "0")) },
  {
    pattern: new RegExp(`^(?<dst>[rw]\\d+) = subprog\\[${TARGET}\\]$`),
    build: (g) => ({ ...toTarget(g, "imm", insn(LD_IMM64, { dst: register(g.dst as string), src: BPF_PSEUDO_FUNC })), high: 0 }),
  },
  {
    pattern: new RegExp(`^(?<dst>[rw]\\d+) = (?<imm>${NUMBER})(?<ll> ?ll)?$`),
    build: (g, context) => {
      const value = integer(g.imm as string);
      const fits = value >= -0x8000_0000n && value <= 0xffff_ffffn;
      // The kernel writes no "ll": there, the opcode in front or the size of the number tells.
      if (g.ll === undefined && context.opcode !== LD_IMM64 && (fits || g.dst?.startsWith("w"))) return undefined;
      if (value < -(1n << 63n) || value >= 1n << 64n) throw new StatementProblem(`${g.imm} does not fit 64 bits`);
      return wide(g.dst as string, 0, Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)));
    },
  },
  // Arithmetic.
  {
    pattern: /^(?<dst>[rw]\d+) = -(?<src>[rw]\d+)$/,
    build: (g) => {
      if (g.dst !== g.src) throw new StatementProblem("negation is in place, for example r1 = -r1");
      return only(insn(aluClass(sameWidth(g.dst)) | BPF_NEG, { dst: register(g.dst as string) }));
    },
  },
  {
    pattern: /^(?<dst>[rw]\d+) = (?<kind>le|be|bswap)(?<imm>16|32|64) (?<src>[rw]\d+)$/,
    build: (g) => {
      if (g.dst !== g.src) throw new StatementProblem("byte swaps are in place, for example r1 = be16 r1");
      const op = g.kind === "bswap" ? BPF_ALU64 | BPF_END : BPF_ALU | BPF_END | (g.kind === "be" ? BPF_TO_BE : BPF_TO_LE);
      return only(insn(op, { dst: register(g.dst as string), imm: Number(g.imm) }));
    },
  },
  {
    pattern: /^(?<dst>r\d+) = addr_space_cast\((?<src>r\d+), (?<to>0x[0-9a-f]+|\d+), (?<from>0x[0-9a-f]+|\d+)\)$/,
    build: (g) => {
      const to = integer(g.to as string);
      const from = integer(g.from as string);
      if (to > 0xffffn || from > 0xffffn) throw new StatementProblem("an address space is a number of 16 bits");
      const imm = Number(BigInt.asIntN(32, (to << 16n) | from));
      return only(insn(BPF_ALU64 | BPF_MOV | BPF_X, { dst: register(g.dst as string), src: register(g.src as string), off: BPF_ADDR_SPACE_CAST, imm }));
    },
  },
  {
    pattern: /^(?<dst>[rw]\d+) = \(s(?<bits>8|16|32)\) ?(?<src>[rw]\d+)$/,
    build: (g) => {
      const letter = sameWidth(g.dst, g.src);
      if (letter === "w" && g.bits === "32") throw new StatementProblem("a 32-bit register has no sign extension from 32 bits");
      return only(insn(aluClass(letter) | BPF_MOV | BPF_X, { dst: register(g.dst as string), src: register(g.src as string), off: Number(g.bits) }));
    },
  },
  {
    pattern: new RegExp(`^(?<dst>[rw]\\d+) (?<symbol>${alternatives(ALU_SYMBOLS.keys())}) (?<right>[rw]\\d+|${NUMBER})$`),
    build: (g) => {
      const right = g.right as string;
      const { code, off } = ALU_SYMBOLS.get(g.symbol as string) as { code: number; off: number };
      const op = aluClass(sameWidth(g.dst, right)) | code;
      const dst = register(g.dst as string);
      return only(/^[rw]/.test(right) ? insn(op | BPF_X, { dst, src: register(right), off }) : insn(op, { dst, off, imm: imm32(right) }));
    },
  },
];

/**
 * The instruction of one statement, without labels, slot number and comment, blanks reduced to one.
 * @throws StatementProblem where it cannot be built.
 */
export function parseStatement(text: string, context: Context): Statement {
  for (const { pattern, build } of PATTERNS) {
    const groups = pattern.exec(text);
    const statement = groups && build(groups.groups ?? {}, context);
    if (statement) return statement;
  }
  throw new StatementProblem("not an instruction");
}
