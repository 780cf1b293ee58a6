/** Arithmetic and comparisons of a path, on numbers and pointers. */
import {
  BPF_ADD, BPF_ALU64, BPF_AND, BPF_ARSH, BPF_DIV, BPF_END, BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JLE, BPF_JLT, BPF_JMP32, BPF_JNE, BPF_JSET, BPF_JSGE, BPF_JSGT, BPF_JSLE, BPF_JSLT, BPF_LSH, BPF_MOD, BPF_MOV,
  BPF_MUL, BPF_NEG, BPF_OR, BPF_RSH, BPF_SUB, BPF_TO_BE, BPF_X, BPF_XOR, classOf, operationOf,
} from "../../../xdp/index.js";
import type { Insn } from "../../../xdp/index.js";
import type { Comparison } from "./domain.js";
import { M32 } from "./expr.js";
import type { Expr, Exprs } from "./expr.js";
import { number } from "./memory.js";
import { UNKNOWN } from "./state.js";
import type { PathState, Value } from "./state.js";

/** Operations on top of each other beyond which a number is one that nobody decides: hashes, which no branch can be solved for. */
const DEEPEST = 300;

/** Does an arithmetic instruction. */
export function compute(exprs: Exprs, state: PathState, insn: Insn): void {
  const { regs } = state.top;
  const wide = classOf(insn.op) === BPF_ALU64;
  const operation = operationOf(insn.op);
  const left = regs[insn.dst];
  const right: Value = operation !== BPF_END && operation !== BPF_NEG && (insn.op & BPF_X) !== 0 ? regs[insn.src] : number(exprs.number(insn.imm));
  let result: Value;
  if (operation === BPF_MOV && wide && insn.off === 0) result = right;
  else if (wide && (operation === BPF_ADD || operation === BPF_SUB) && (left.kind !== "number" || right.kind !== "number")) result = pointers(exprs, operation, left, right);
  else if ((operation === BPF_MOV || left.kind === "number") && right.kind === "number") {
    const e = numbers(exprs, insn, operation, wide, left.kind === "number" ? left.e : exprs.zero, right.e);
    result = number(e.depth > DEEPEST ? exprs.free() : e);
  } else result = wide ? UNKNOWN : number(exprs.free(32));
  regs[insn.dst] = result;
}

function pointers(exprs: Exprs, operation: number, left: Value, right: Value): Value {
  if (operation === BPF_SUB) {
    if (left.kind === "packet" && right.kind === "packet") return number(exprs.sub(left.at, right.at));
    if (left.kind === "stack" && right.kind === "stack" && left.frame === right.frame) return number(exprs.sub(left.at, right.at));
    return right.kind === "number" && "at" in left ? { ...left, at: exprs.sub(left.at, right.e) } : UNKNOWN;
  }
  if (right.kind === "number" && "at" in left) return { ...left, at: exprs.add(left.at, right.e) };
  return left.kind === "number" && "at" in right ? { ...right, at: exprs.add(right.at, left.e) } : UNKNOWN;
}

function numbers(exprs: Exprs, insn: Insn, operation: number, wide: boolean, left: Expr, right: Expr): Expr {
  const low = (e: Expr): Expr => exprs.and(e, exprs.constant(M32));
  const bits = wide ? 64 : 32;
  const [a, b] = wide ? [left, right] : [low(left), low(right)];
  const cut = (e: Expr): Expr => (wide ? e : low(e));
  const by = (): Expr => exprs.and(b, exprs.number(bits - 1));
  switch (operation) {
    case BPF_ADD: return cut(exprs.add(a, b));
    case BPF_SUB: return cut(exprs.sub(a, b));
    case BPF_MUL: return cut(exprs.mul(a, b));
    case BPF_DIV: return insn.off === 0 ? exprs.binary("div", a, b) : exprs.free(bits);
    case BPF_MOD: return insn.off === 0 ? exprs.binary("mod", a, b) : exprs.free(bits);
    case BPF_OR: return exprs.or(a, b);
    case BPF_AND: return exprs.and(a, b);
    case BPF_XOR: return exprs.xor(a, b);
    case BPF_LSH: return cut(exprs.shl(a, by()));
    case BPF_RSH: return exprs.shr(a, by());
    case BPF_ARSH: return cut(exprs.sar(exprs.sext(a, bits), by()));
    case BPF_NEG: return cut(exprs.sub(exprs.zero, a));
    case BPF_MOV: return cut(insn.off === 0 ? b : exprs.sext(right, insn.off));
    case BPF_END: {
      const bytes = insn.imm / 8;
      return wide || (insn.op & BPF_TO_BE) !== 0 ? exprs.swap(left, bytes) : exprs.and(left, exprs.constant((1n << BigInt(insn.imm)) - 1n));
    }
    default: return exprs.free(bits);
  }
}

/** A comparison, and which way round its sides are. */
const COMPARISONS: Readonly<Record<number, readonly [Comparison, swapped: boolean]>> = {
  [BPF_JEQ]: ["eq", false], [BPF_JNE]: ["ne", false], [BPF_JLT]: ["lt", false], [BPF_JLE]: ["le", false], [BPF_JGT]: ["lt", true], [BPF_JGE]: ["le", true],
  [BPF_JSLT]: ["slt", false], [BPF_JSLE]: ["sle", false], [BPF_JSGT]: ["slt", true], [BPF_JSGE]: ["sle", true],
};
/** What holds where it does not. */
const NEGATED: Readonly<Record<Comparison, readonly [Comparison, swapped: boolean]>> = { eq: ["ne", false], ne: ["eq", false], lt: ["le", true], le: ["lt", true], slt: ["sle", true], sle: ["slt", true] };

/** A conditional jump goes one way; false where it cannot. */
export function branch(exprs: Exprs, state: PathState, insn: Insn, jumps: boolean): boolean {
  const { regs } = state.top;
  const left = regs[insn.dst];
  const right: Value = (insn.op & BPF_X) !== 0 ? regs[insn.src] : number(exprs.number(insn.imm));
  const operation = operationOf(insn.op);
  const narrow = classOf(insn.op) === BPF_JMP32;
  if (left.kind === "number" && right.kind === "number") return numbersGo(exprs, state, operation, narrow, left.e, right.e, jumps);
  if (narrow) return true;
  if (left.kind === "packet" && right.kind === "packet") return numbersGo(exprs, state, operation, false, left.at, right.at, jumps);
  const isNull = right.kind === "number" && right.e === exprs.zero;
  if (!isNull || (operation !== BPF_JEQ && operation !== BPF_JNE) || left.kind === "number" || left.kind === "unknown") return true;
  const becomesNull = (operation === BPF_JEQ) === jumps;
  if (left.kind !== "value" || left.hit === undefined) return !becomesNull;
  return state.assume("eq", left.hit, exprs.number(becomesNull ? 0 : 1));
}

function numbersGo(exprs: Exprs, state: PathState, operation: number, narrow: boolean, left: Expr, right: Expr, jumps: boolean): boolean {
  const isSigned = operation === BPF_JSLT || operation === BPF_JSLE || operation === BPF_JSGT || operation === BPF_JSGE;
  const side = (e: Expr): Expr => (!narrow ? e : isSigned ? exprs.sext(e, 32) : exprs.and(e, exprs.constant(M32)));
  const [a, b] = [side(left), side(right)];
  if (operation === BPF_JSET) return state.assume(jumps ? "ne" : "eq", exprs.and(a, b), exprs.zero);
  const found = COMPARISONS[operation];
  if (found === undefined) return true;
  const [op, swapped] = found;
  const [x, y] = swapped ? [b, a] : [a, b];
  if (jumps) return state.assume(op, x, y);
  const [not, back] = NEGATED[op];
  return back ? state.assume(not, y, x) : state.assume(not, x, y);
}
