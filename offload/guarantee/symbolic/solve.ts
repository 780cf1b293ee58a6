/**
 * Finds numbers for which all conditions of a path hold: begins with what is plain, and mends what does not hold by going down
 * an expression with the number that it should be. Not every condition can be mended so; then there is no answer.
 */
import type { Comparison } from "./domain.js";
import type { Facts } from "./domain.js";
import { M64, signed, swapBytes } from "./expr.js";
import type { Expr } from "./expr.js";
import type { Model } from "./model.js";
import type { Condition, PathState } from "./state.js";

const ROUNDS = 400;
const DEEPEST = 40;
/** Numbers that are tried beside those that a condition leads to, and how many of its parts are looked at for variables. */
const GUESSES = 16;
const MOST_VISITED = 500;

interface Flat {
  readonly op: Comparison;
  readonly a: Expr;
  readonly b: Expr;
}

/** Numbers that look random and are always the same. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export function conditionsOf(state: PathState): Flat[] {
  const all: Flat[] = [];
  for (let one: Condition | undefined = state.conditions; one !== undefined; one = one.before) if (!(one.a.isConst && one.b.isConst)) all.push(one);
  return all.toReversed();
}

function holds({ op, a, b }: Flat, model: Model): boolean {
  const [x, y] = [model.value(a), model.value(b)];
  switch (op) {
    case "eq": return x === y;
    case "ne": return x !== y;
    case "lt": return x < y;
    case "le": return x <= y;
    case "slt": return signed(x) < signed(y);
    case "sle": return signed(x) <= signed(y);
  }
}

/** How much solving may do, in expressions that are worked out; it counts down. */
export interface Effort {
  left: number;
}

/** A model of all conditions of `state`, from `start` on; undefined where none was found. */
export function solve(state: PathState, start: Model, seed: number, effort: Effort): Model | undefined {
  const conditions = conditionsOf(state);
  const random = randomFrom(seed + 1);
  let model = start.copy();
  settle(conditions, state.facts, model);
  let broken = conditions.filter((one) => !holds(one, model));
  for (let round = 0; round < ROUNDS && broken.length > 0 && effort.left > 0; round++) {
    const one = broken[Math.floor(random() * broken.length)];
    let best: Model | undefined;
    let least = Infinity;
    for (const [e, value] of [...repairs(one, model, state.facts, random), ...guesses(one, state.facts, random)]) {
      const changed = model.copy();
      const fits = want(changed, state.facts, e, value, random, 0) && holds(one, changed);
      effort.left -= changed.work + 1;
      if (!fits) continue;
      const before = changed.work;
      const left = conditions.reduce((count, other) => count + (holds(other, changed) ? 0 : 1), 0) + random() * 0.5;
      effort.left -= changed.work - before;
      if (left < least) {
        least = left;
        best = changed;
      }
    }
    if (best === undefined) continue;
    // Sometimes worse is a way to better.
    if (least > broken.length + 1 && random() < 0.7) continue;
    model = best;
    broken = conditions.filter((other) => !holds(other, model));
  }
  return broken.length === 0 ? model : undefined;
}

/** Begins with numbers that the facts about each variable allow. */
function settle(conditions: readonly Flat[], facts: Facts, model: Model): void {
  const seen = new Set<Expr>();
  const visit = (e: Expr): void => {
    if (seen.has(e)) return;
    seen.add(e);
    e.args.forEach(visit);
    if (e.op !== "var") return;
    if (e.source?.kind === "select") {
      visit(e.source.at);
      return;
    }
    if (facts.allows(e, model.of(e))) return;
    const [low, high] = facts.range(e);
    for (const value of [low, high]) if (facts.allows(e, value) && model.set(e, value)) return;
    for (let value = low; value <= high && value < low + 256n; value++) if (facts.allows(e, value) && model.set(e, value)) return;
  };
  for (const { a, b } of conditions) {
    visit(a);
    visit(b);
  }
}

/** Variables of a condition, made anything: for what cannot be gone down. */
function guesses({ a, b }: Flat, facts: Facts, random: () => number): [Expr, bigint][] {
  const variables = new Set<Expr>();
  const seen = new Set<Expr>();
  const visit = (e: Expr): void => {
    if (seen.has(e) || seen.size > MOST_VISITED) return;
    seen.add(e);
    if (e.op === "var") variables.add(e);
    e.args.forEach(visit);
    if (e.source?.kind === "select") visit(e.source.at);
  };
  visit(a);
  visit(b);
  const list = [...variables];
  return Array.from({ length: list.length === 0 ? 0 : GUESSES }, (): [Expr, bigint] => {
    const variable = list[Math.floor(random() * list.length)];
    const [low, high] = facts.range(variable);
    const span = high - low > 0xffffn && random() < 0.5 ? 0xffn : high - low;
    return [variable, low + BigInt(Math.floor(random() * (Number(span) + 1)))];
  });
}

function all(e: Expr, values: readonly bigint[]): [Expr, bigint][] {
  return e.isConst ? [] : values.map((value): [Expr, bigint] => [e, value & M64]);
}

/** What an expression could be made so that a condition holds. */
function repairs({ op, a, b }: Flat, model: Model, facts: Facts, random: () => number): [Expr, bigint][] {
  const [x, y] = [model.value(a), model.value(b)];
  const within = (e: Expr, low: bigint, high: bigint): bigint[] => {
    const [from, to] = facts.range(e);
    const [least, most] = [from > low ? from : low, to < high ? to : high];
    if (least > most) return [];
    return [least, most, least + BigInt(Math.floor(random() * Number(most - least > 0xffff_ffffn ? 0xffff_ffffn : most - least)))];
  };
  switch (op) {
    case "eq": return [...all(a, [y]), ...all(b, [x])];
    case "ne": return [...all(a, [y + 1n, y - 1n, y ^ 1n, y ^ 0x100n, ...within(a, 0n, M64)]), ...all(b, [x + 1n, x - 1n, x ^ 1n, ...within(b, 0n, M64)])];
    case "lt": return [...all(a, y === 0n ? [] : [y - 1n, ...within(a, 0n, y - 1n)]), ...all(b, x === M64 ? [] : [x + 1n, ...within(b, x + 1n, M64)])];
    case "le": return [...all(a, [y, ...within(a, 0n, y)]), ...all(b, [x, ...within(b, x, M64)])];
    case "slt": return [...all(a, [y - 1n, M64, 0n, 1n << 63n]), ...all(b, [x + 1n, 0n, 1n, (1n << 63n) - 1n])];
    case "sle": return [...all(a, [y, M64, 0n]), ...all(b, [x, 0n, (1n << 63n) - 1n])];
  }
}

/** Changes a model so that an expression is a number; false where that way does not lead there. */
function want(model: Model, facts: Facts, e: Expr, value: bigint, random: () => number, depth: number): boolean {
  if (e.isConst) return e.value === value;
  if ((value & ~e.may) !== 0n || depth > DEEPEST) return false;
  if (e.op === "var") return e.source?.kind === "select" || facts.allows(e, value) ? model.set(e, value) : false;
  const [x, y] = e.args;
  const go = (to: Expr, number: bigint): boolean => want(model, facts, to, number & M64, random, depth + 1);
  /** Either side, the other staying as it is. */
  const either = (left: (other: bigint) => bigint, right: (other: bigint) => bigint): boolean => {
    if (y.isConst) return go(x, left(y.value));
    if (x.isConst) return go(y, right(x.value));
    const [first, second] = random() < 0.5 ? [x, y] : [y, x];
    const number = (side: Expr): bigint => (side === x ? left(model.value(y)) : right(model.value(x)));
    return go(first, number(first)) || go(second, number(second));
  };
  switch (e.op) {
    case "cat":
      return e.args.every((part, i) => go(part, (value >> BigInt(8 * i)) & 255n));
    case "add":
      return either((other) => value - other, (other) => value - other);
    case "sub":
      return either((other) => value + other, (other) => other - value);
    case "xor":
      return either((other) => value ^ other, (other) => value ^ other);
    case "and": {
      const keep = (side: Expr, mask: bigint): boolean => (value & ~mask) === 0n && go(side, (model.value(side) & ~mask & side.may) | value);
      if (y.isConst) return keep(x, y.value);
      return keep(x, model.value(y)) || keep(y, model.value(x)) || (go(x, value) && go(y, value));
    }
    case "or":
      if (y.isConst) return (y.value & ~value) === 0n && go(x, value & ~y.value & x.may);
      return go(x, value & x.may) && go(y, value & y.may);
    case "shl":
      return y.isConst && (value & ((1n << y.value) - 1n)) === 0n && go(x, value >> y.value);
    case "shr":
      return y.isConst && go(x, ((value << y.value) & M64) | (model.value(x) & ((1n << y.value) - 1n)));
    case "sext":
      return go(x, value & ((1n << e.value) - 1n));
    case "swap":
      return go(x, swapBytes(value, Number(e.value) / 8));
    case "mul":
      return y.isConst && value % y.value === 0n && go(x, value / y.value);
    case "div":
      return y.isConst && go(x, value * y.value);
    case "mod":
      return y.isConst && y.value !== 0n && value < y.value && go(x, model.value(x) - (model.value(x) % y.value) + value);
    default:
      return false;
  }
}
