/**
 * What the branches of a path say of its expressions: bounds, known bits, numbers that are excluded, and how pairs compare.
 * It only ever says "cannot be" where nothing can be; what it cannot tell it lets pass.
 */
import { M64, swapBytes } from "./expr.js";
import type { Expr } from "./expr.js";

export type Comparison = "eq" | "ne" | "lt" | "le" | "slt" | "sle";

/** What is known of a number. */
interface Known {
  readonly low: bigint;
  readonly high: bigint;
  /** Bits that are 0, and that are 1. */
  readonly zeros: bigint;
  readonly ones: bigint;
  /** Numbers that it is not. */
  readonly not: readonly bigint[];
}

const HALF = 1n << 63n;
const LESS = 1;
const EQUAL = 2;
const GREATER = 4;
const FLIPPED = [0, 4, 2, 6, 1, 5, 3, 7];
/** How far down bounds are sought for, and how many layers of changes are gone through. */
const DEEP = 5;
const LAYERS = 24;
const MOST_EXCLUDED = 64;

function known(low: bigint, high: bigint, zeros = 0n, ones = 0n, not: readonly bigint[] = []): Known {
  return { low, high, zeros, ones, not };
}

function topBits(bound: bigint): bigint {
  return bound === 0n ? M64 : M64 ^ ((1n << BigInt(bound.toString(2).length)) - 1n);
}

/** What holds on one path; what is added goes into a layer of its own over what held before. */
export class Facts {
  private readonly parent: Facts | undefined;
  private readonly layers: number;
  private readonly numbers: Map<Expr, Known>;
  private readonly pairs: Map<number, number>;

  constructor(parent?: Facts) {
    if (parent !== undefined && parent.layers >= LAYERS) {
      this.parent = undefined;
      this.layers = 0;
      this.numbers = new Map();
      this.pairs = new Map();
      parent.copyInto(this);
    } else {
      this.parent = parent;
      this.layers = parent === undefined ? 0 : parent.layers + 1;
      this.numbers = new Map();
      this.pairs = new Map();
    }
  }

  private copyInto(to: Facts): void {
    this.parent?.copyInto(to);
    for (const [e, one] of this.numbers) to.numbers.set(e, one);
    for (const [key, one] of this.pairs) to.pairs.set(key, one);
  }

  private stored(e: Expr): Known | undefined {
    return this.numbers.get(e) ?? this.parent?.stored(e);
  }

  private pair(key: number): number {
    return this.pairs.get(key) ?? this.parent?.pair(key) ?? LESS | EQUAL | GREATER;
  }

  /** The one number that it can be, if there is only one. */
  only(e: Expr): bigint | undefined {
    if (e.isConst) return e.value;
    const { low, high } = this.of(e);
    return low === high ? low : undefined;
  }

  /** Lowest and highest number. */
  range(e: Expr): readonly [bigint, bigint] {
    const { low, high } = this.of(e);
    return [low, high];
  }

  /** Can it be this number, for all that is known of it? */
  allows(e: Expr, value: bigint): boolean {
    const { low, high, zeros, ones, not } = this.of(e);
    return value >= low && value <= high && (value & zeros) === 0n && (~value & ones) === 0n && !not.includes(value);
  }

  private of(e: Expr, deep = 0): Known {
    if (e.isConst) return known(e.value, e.value, ~e.value & M64, e.value);
    const before = this.stored(e);
    const top = M64 & ~e.may;
    const base = before ?? known(0n, e.may, top);
    if (deep >= DEEP || e.op === "var") return base;
    return meet(base, this.fromBelow(e, deep + 1)) ?? base;
  }

  /** What the parts of an expression say of it. */
  private fromBelow(e: Expr, deep: number): Known {
    const args = e.args.map((arg) => this.of(arg, deep));
    const [a, b] = args;
    const all = known(0n, e.may, M64 & ~e.may);
    switch (e.op) {
      case "cat": {
        let [low, high, zeros, ones] = [0n, 0n, 0n, 0n];
        for (let i = args.length - 1; i >= 0; i--) {
          low = (low << 8n) | args[i].low;
          high = (high << 8n) | args[i].high;
          zeros = (zeros << 8n) | (args[i].zeros & 255n);
          ones = (ones << 8n) | args[i].ones;
        }
        return known(low, high, zeros | (M64 & ~e.may), ones);
      }
      case "add":
        if (a.high + b.high <= M64) return known(a.low + b.low, a.high + b.high);
        // Less a constant that is never more than the number.
        if (e.args[1].isConst && a.low + b.low > M64) return known((a.low + b.low) & M64, (a.high + b.high) & M64);
        return all;
      case "sub":
        return a.low >= b.high ? known(a.low - b.high, a.high - b.low) : all;
      case "mul":
        return a.high * b.high <= M64 ? known(a.low * b.low, a.high * b.high) : all;
      case "and":
        return known(0n, a.high < b.high ? a.high : b.high, (a.zeros | b.zeros) & M64, a.ones & b.ones);
      case "or":
        return known(a.low > b.low ? a.low : b.low, M64, a.zeros & b.zeros, a.ones | b.ones);
      case "xor":
        return known(0n, M64, (a.zeros & b.zeros) | (a.ones & b.ones), (a.zeros & b.ones) | (a.ones & b.zeros));
      case "shl": {
        if (!e.args[1].isConst) return all;
        const by = e.args[1].value;
        const bits = known(0n, M64, ((a.zeros << by) | ((1n << by) - 1n)) & M64, (a.ones << by) & M64);
        return a.high << by <= M64 ? { ...bits, low: a.low << by, high: a.high << by } : bits;
      }
      case "shr": {
        if (!e.args[1].isConst) return known(0n, a.high);
        const by = e.args[1].value;
        return known(a.low >> by, a.high >> by, (a.zeros >> by) | (M64 ^ (M64 >> by)), a.ones >> by);
      }
      case "div":
        return b.low > 0n ? known(a.low / b.high, a.high / b.low) : all;
      case "mod":
        return b.low > 0n ? known(0n, b.high - 1n < a.high ? b.high - 1n : a.high) : known(0n, a.high);
      case "swap": {
        const bytes = Number(e.value) / 8;
        return a.low === a.high ? known(swapBytes(a.low, bytes), swapBytes(a.low, bytes)) : known(0n, e.may, swapBytes(a.zeros & e.may, bytes) | (M64 & ~e.may), swapBytes(a.ones, bytes));
      }
      default:
        return all;
    }
  }

  /** Adds what is known of an expression; false where nothing is left. */
  private refine(e: Expr, more: Known): boolean {
    const before = this.of(e);
    const now = meet(before, more);
    if (now === undefined) return false;
    if (e.isConst || (same(now, before) && this.stored(e) !== undefined)) return true;
    this.numbers.set(e, now);
    return this.below(e, now);
  }

  /** What an expression says of its parts. */
  private below(e: Expr, now: Known): boolean {
    const [x, c] = e.args;
    switch (e.op) {
      case "cat": {
        let fixed = true;
        for (let i = e.args.length - 1; i >= 0; i--) {
          const by = BigInt(8 * i);
          const bits = known(fixed ? (now.low >> by) & 255n : 0n, fixed ? (now.high >> by) & 255n : 255n, (now.zeros >> by) & 255n, (now.ones >> by) & 255n);
          fixed &&= now.low >> by === now.high >> by;
          if (!this.refine(e.args[i], bits)) return false;
        }
        return true;
      }
      case "add": {
        if (!c.isConst) return true;
        const low = (now.low - c.value) & M64;
        const high = (now.high - c.value) & M64;
        return low > high || this.refine(x, known(low, high, 0n, 0n, now.not.map((value) => (value - c.value) & M64)));
      }
      case "and":
        if (!c.isConst) return true;
        return this.refine(x, known(0n, M64, now.zeros & c.value, now.ones & c.value));
      case "or":
        return this.refine(x, known(0n, now.high, now.zeros)) && this.refine(c, known(0n, now.high, now.zeros));
      case "xor":
        return !c.isConst || this.refine(x, known(0n, M64, (now.zeros & ~c.value) | (now.ones & c.value), (now.ones & ~c.value) | (now.zeros & c.value)));
      case "shl":
        if (!c.isConst || x.may << c.value > M64) return true;
        return this.refine(x, known(now.low >> c.value, now.high >> c.value, now.zeros >> c.value, now.ones >> c.value));
      case "shr": {
        if (!c.isConst) return true;
        const rest = (1n << c.value) - 1n;
        const high = (now.high << c.value) | rest;
        return this.refine(x, known((now.low << c.value) & M64, high > M64 ? M64 : high, (now.zeros << c.value) & M64, (now.ones << c.value) & M64));
      }
      case "mul":
        return !c.isConst || c.value === 0n || x.may * c.value > M64 || this.refine(x, known((now.low + c.value - 1n) / c.value, now.high / c.value));
      case "swap": {
        const bytes = Number(e.value) / 8;
        const only = now.low === now.high ? swapBytes(now.low, bytes) : undefined;
        return this.refine(x, only === undefined ? known(0n, e.may, swapBytes(now.zeros & e.may, bytes), swapBytes(now.ones & e.may, bytes)) : known(only, only));
      }
      case "sext": {
        const mask = (1n << e.value) - 1n;
        if (now.low === now.high) return this.refine(x, known(now.low & mask, now.low & mask));
        return this.refine(x, known(0n, M64, now.zeros & mask, now.ones & mask));
      }
      default:
        return true;
    }
  }

  /** Adds a comparison that holds; false where it cannot, for what holds already. */
  assert(op: Comparison, a: Expr, b: Expr): boolean {
    if (op === "slt" || op === "sle") return this.assertSigned(op, a, b);
    if (!this.relate(a, b, op === "eq" ? EQUAL : op === "ne" ? LESS | GREATER : op === "lt" ? LESS : LESS | EQUAL)) return false;
    const x = this.of(a);
    const y = this.of(b);
    switch (op) {
      case "eq":
        return this.refine(a, y) && this.refine(b, this.of(a));
      case "ne": {
        const left = x.low === x.high ? this.exclude(b, x.low) : true;
        return left && (y.low === y.high ? this.exclude(a, y.low) : true);
      }
      case "lt":
        if (y.high === 0n || x.low === M64) return false;
        return this.refine(a, known(0n, y.high - 1n)) && this.refine(b, known(x.low + 1n, M64));
      case "le":
        return this.refine(a, known(0n, y.high)) && this.refine(b, known(x.low, M64));
    }
  }

  private assertSigned(op: "slt" | "sle", a: Expr, b: Expr): boolean {
    const x = this.of(a);
    const y = this.of(b);
    const sign = (one: Known): number => (one.high < HALF || (one.zeros & HALF) !== 0n ? 1 : one.low >= HALF || (one.ones & HALF) !== 0n ? -1 : 0);
    const [left, right] = [sign(x), sign(y)];
    if (left === 1 && right === -1) return false;
    if (left === -1 && right === 1) return true;
    if (left !== 0 && left === right) return this.assert(op === "slt" ? "lt" : "le", a, b);
    // Below a negative number, or above one that is not.
    if (right === -1) return this.refine(a, known(HALF, y.high));
    if (left === 1) return this.refine(b, known(x.low, HALF - 1n));
    return true;
  }

  private relate(a: Expr, b: Expr, allowed: number): boolean {
    if (a === b) return (allowed & EQUAL) !== 0;
    if (a.isConst && b.isConst) return (allowed & (a.value < b.value ? LESS : a.value > b.value ? GREATER : EQUAL)) !== 0;
    const flipped = a.id > b.id;
    const key = flipped ? b.id * 0x400_0000 + a.id : a.id * 0x400_0000 + b.id;
    const now = this.pair(key) & (flipped ? FLIPPED[allowed] : allowed);
    if (now === 0) return false;
    this.pairs.set(key, now);
    return true;
  }

  private exclude(e: Expr, value: bigint): boolean {
    if (!this.allows(e, value)) return true;
    const before = this.of(e);
    if (before.low === before.high) return false;
    return this.refine(e, { ...before, not: before.not.length < MOST_EXCLUDED ? [...before.not, value] : before.not });
  }
}

function same(a: Known, b: Known): boolean {
  return a.low === b.low && a.high === b.high && a.zeros === b.zeros && a.ones === b.ones && a.not.length === b.not.length;
}

/** What both say; undefined where they contradict each other. */
function meet(a: Known, b: Known): Known | undefined {
  const zeros = a.zeros | b.zeros;
  const ones = a.ones | b.ones;
  if ((zeros & ones) !== 0n) return undefined;
  let low = a.low > b.low ? a.low : b.low;
  let high = a.high < b.high ? a.high : b.high;
  if (ones > low) low = ones;
  const most = M64 & ~zeros;
  if (most < high) high = most;
  const not = a.not.length === 0 ? b.not : b.not.length === 0 ? a.not : [...new Set([...a.not, ...b.not])];
  while (not.includes(low) && low <= high) low++;
  while (not.includes(high) && high >= low) high--;
  if (low > high) return undefined;
  if (low === high) return ((low & zeros) !== 0n || (~low & ones) !== 0n) ? undefined : known(low, high, ~low & M64, low, []);
  // Bits above the highest that the bound has are 0; those that both bounds share are known.
  const shared = topBits(low ^ high);
  const moreZeros = zeros | (~low & shared & M64);
  const moreOnes = ones | (low & shared);
  if ((moreZeros & moreOnes) !== 0n) return undefined;
  return known(low, high, moreZeros, moreOnes, not);
}
