/**
 * Numbers of a path as expressions over what a packet, the maps and the card decide. All are 64 bits wide, unsigned; narrower
 * ones have masks. An expression with the same content is the same object, so that a byte read twice is one and the same.
 */

export const M64 = 0xffff_ffff_ffff_ffffn;
export const M32 = 0xffff_ffffn;

/** What decides a variable. */
export type Source =
  /** A byte of the packet as it came in, by place. */
  | { readonly kind: "byte"; readonly index: number }
  /** A byte of the packet at a place that is itself an expression. */
  | { readonly kind: "select"; readonly at: Expr }
  /** Bytes of the packet. */
  | { readonly kind: "length" }
  /** Whether a lookup finds an entry: 1 or 0. */
  | { readonly kind: "hit"; readonly lookup: number }
  /** A byte of what a lookup found, as read the nth time. */
  | { readonly kind: "value"; readonly lookup: number; readonly offset: number }
  /** A byte of global data. */
  | { readonly kind: "global"; readonly map: number; readonly offset: number }
  | { readonly kind: "ifindex" | "queue" }
  /** Nothing that can be chosen: a random number, the time, what a helper says. */
  | { readonly kind: "free" };

export type Operation = "const" | "var" | "cat" | "add" | "sub" | "mul" | "div" | "mod" | "and" | "or" | "xor" | "shl" | "shr" | "sar" | "sext" | "swap";

export class Expr {
  readonly id: number;
  readonly op: Operation;
  readonly args: readonly Expr[];
  /** Of a constant; of sext and swap the bits. */
  readonly value: bigint;
  readonly source: Source | undefined;
  /** Bits that can be 1. */
  readonly may: bigint;
  /** Operations on top of each other. */
  readonly depth: number;
  constructor(id: number, op: Operation, args: readonly Expr[], value: bigint, source: Source | undefined, may: bigint) {
    this.id = id;
    this.op = op;
    this.args = args;
    this.value = value;
    this.source = source;
    this.may = may;
    this.depth = args.reduce((most, arg) => Math.max(most, arg.depth), 0) + 1;
  }

  get isConst(): boolean {
    return this.op === "const";
  }
}

/** All bits up to the highest one of `mask`. */
function filled(mask: bigint): bigint {
  return mask === 0n ? 0n : (1n << BigInt(mask.toString(2).length)) - 1n;
}

export function swapBytes(value: bigint, bytes: number): bigint {
  let out = 0n;
  for (let i = 0; i < bytes; i++) out = (out << 8n) | ((value >> BigInt(8 * i)) & 255n);
  return out;
}

export function signed(value: bigint): bigint {
  return BigInt.asIntN(64, value);
}

/** One operation on numbers. */
export function compute(op: Operation, value: bigint, args: readonly bigint[]): bigint {
  const [a = 0n, b = 0n] = args;
  switch (op) {
    case "const": return value;
    case "cat": return args.reduceRight((sum, byte) => (sum << 8n) | byte, 0n);
    case "add": return (a + b) & M64;
    case "sub": return (a - b) & M64;
    case "mul": return (a * b) & M64;
    case "div": return b === 0n ? 0n : a / b;
    case "mod": return b === 0n ? a : a % b;
    case "and": return a & b;
    case "or": return a | b;
    case "xor": return a ^ b;
    case "shl": return (a << (b & 63n)) & M64;
    case "shr": return a >> (b & 63n);
    case "sar": return BigInt.asUintN(64, signed(a) >> (b & 63n));
    case "sext": return BigInt.asUintN(64, BigInt.asIntN(Number(value), a));
    case "swap": return swapBytes(a, Number(value) / 8);
    case "var": return 0n;
  }
}

/** Makes expressions; one for each path search, so that what is alike is the same. */
export class Exprs {
  private readonly made = new Map<string, Expr>();
  private readonly constants = new Map<bigint, Expr>();
  private count = 0;
  readonly zero = this.constant(0n);

  get size(): number {
    return this.count;
  }

  constant(value: bigint): Expr {
    const masked = value & M64;
    let known = this.constants.get(masked);
    if (known === undefined) this.constants.set(masked, (known = new Expr(this.count++, "const", [], masked, undefined, masked)));
    return known;
  }

  number(value: number): Expr {
    return this.constant(BigInt(value));
  }

  /** A variable that is the same wherever `key` is. */
  variable(key: string, source: Source, bits: number): Expr {
    let known = this.made.get(key);
    if (known === undefined) this.made.set(key, (known = new Expr(this.count++, "var", [], 0n, source, (1n << BigInt(bits)) - 1n)));
    return known;
  }

  /** A number that nobody decides. */
  free(bits = 64): Expr {
    return new Expr(this.count++, "var", [], 0n, { kind: "free" }, (1n << BigInt(bits)) - 1n);
  }

  add(a: Expr, b: Expr): Expr {
    if (a.isConst) return this.add2(b, a);
    return this.add2(a, b);
  }

  private add2(a: Expr, b: Expr): Expr {
    if (b.isConst) {
      if (b.value === 0n) return a;
      if (a.isConst) return this.constant(a.value + b.value);
      if (a.op === "add" && a.args[1].isConst) return this.add(a.args[0], this.constant(a.args[1].value + b.value));
    } else if (a.op === "add" && a.args[1].isConst) return this.add(this.add(a.args[0], b), a.args[1]);
    else if (b.op === "add" && b.args[1].isConst) return this.add(this.add(a, b.args[0]), b.args[1]);
    return this.make("add", [a, b], 0n, (filled(a.may) + filled(b.may)) > M64 ? M64 : filled(filled(a.may) + filled(b.may)));
  }

  sub(a: Expr, b: Expr): Expr {
    if (b.isConst) return this.add(a, this.constant(-b.value));
    if (a === b) return this.zero;
    // (x + c) - x
    const [x, c] = this.split(a);
    const [y, d] = this.split(b);
    if (x === y) return this.constant(c - d);
    return this.make("sub", [a, b], 0n, M64);
  }

  /** An expression as another one and a constant. */
  split(e: Expr): [Expr | undefined, bigint] {
    if (e.isConst) return [undefined, e.value];
    return e.op === "add" && e.args[1].isConst ? [e.args[0], e.args[1].value] : [e, 0n];
  }

  mul(a: Expr, b: Expr): Expr {
    if (a.isConst && !b.isConst) return this.mul(b, a);
    if (b.isConst) {
      if (b.value === 0n) return this.zero;
      if (b.value === 1n) return a;
      if ((b.value & (b.value - 1n)) === 0n) return this.shl(a, this.number(b.value.toString(2).length - 1));
    }
    const most = filled(a.may) * filled(b.may);
    return this.make("mul", [a, b], 0n, most > M64 ? M64 : filled(most));
  }

  binary(op: "div" | "mod", a: Expr, b: Expr): Expr {
    return this.make(op, [a, b], 0n, filled(a.may));
  }

  and(a: Expr, b: Expr): Expr {
    if (a.isConst && !b.isConst) return this.and(b, a);
    if (b.isConst) {
      if ((a.may & ~b.value & M64) === 0n) return a;
      if ((a.may & b.value) === 0n) return this.zero;
      if (a.op === "and" && a.args[1].isConst) return this.and(a.args[0], this.constant(a.args[1].value & b.value));
      // The low bytes of bytes.
      if (a.op === "cat" && b.value !== 0n && ((b.value + 1n) & b.value) === 0n && b.value.toString(2).length % 8 === 0) return this.cat(a.args.slice(0, b.value.toString(2).length / 8));
    }
    if (a === b) return a;
    return this.make("and", [a, b], 0n, a.may & b.may);
  }

  or(a: Expr, b: Expr): Expr {
    if (a.isConst && !b.isConst) return this.or(b, a);
    if ((b.isConst && b.value === 0n) || a === b) return a;
    const joined = this.joined(a, b);
    if (joined !== undefined) return joined;
    return this.make("or", [a, b], 0n, a.may | b.may);
  }

  /** Bytes that were put together with shifts. */
  private joined(a: Expr, b: Expr): Expr | undefined {
    if ((a.may & b.may) !== 0n || a.isConst || b.isConst) return undefined;
    const x = this.bytesIfPlain(a);
    const y = this.bytesIfPlain(b);
    if (x === undefined || y === undefined) return undefined;
    const bytes = Array.from({ length: Math.max(x.length, y.length) }, (_, i) => (x[i] === undefined || x[i] === this.zero ? (y[i] ?? this.zero) : x[i]));
    return this.cat(bytes);
  }

  private bytesIfPlain(e: Expr): readonly Expr[] | undefined {
    if (e.op === "cat") return e.args;
    if (e.may <= 255n && (e.op === "var" || e.op === "and" || e.op === "shr")) return [e];
    if (e.op === "shl" && e.args[1].isConst && e.args[1].value % 8n === 0n) {
      const inner = this.bytesIfPlain(e.args[0]);
      const by = Number(e.args[1].value / 8n);
      return inner === undefined || inner.length + by > 8 ? undefined : [...Array.from({ length: by }, () => this.zero), ...inner];
    }
    return undefined;
  }

  xor(a: Expr, b: Expr): Expr {
    if (a.isConst && !b.isConst) return this.xor(b, a);
    if (b.isConst && b.value === 0n) return a;
    if (a === b) return this.zero;
    return this.make("xor", [a, b], 0n, b.isConst ? a.may | b.value : a.may | b.may);
  }

  shl(a: Expr, by: Expr): Expr {
    if (!by.isConst) return this.make("shl", [a, by], 0n, M64);
    const bits = by.value & 63n;
    if (bits === 0n) return a;
    if (a.op === "shl" && a.args[1].isConst && a.args[1].value + bits < 64n) return this.shl(a.args[0], this.constant(a.args[1].value + bits));
    if (a.op === "shr" && a.args[1].isConst && a.args[1].value === bits) return this.and(a.args[0], this.constant((M64 << bits) & M64));
    return this.make("shl", [a, this.constant(bits)], 0n, (a.may << bits) & M64);
  }

  shr(a: Expr, by: Expr): Expr {
    if (!by.isConst) return this.make("shr", [a, by], 0n, filled(a.may));
    const bits = by.value & 63n;
    if (bits === 0n) return a;
    if (a.may >> bits === 0n) return this.zero;
    if (a.op === "shl" && a.args[1].isConst && a.args[1].value === bits) return this.and(a.args[0], this.constant(M64 >> bits));
    if (a.op === "cat" && bits % 8n === 0n) return this.cat(a.args.slice(Number(bits / 8n)));
    if (a.op === "shr" && a.args[1].isConst && a.args[1].value + bits < 64n) return this.shr(a.args[0], this.constant(a.args[1].value + bits));
    return this.make("shr", [a, this.constant(bits)], 0n, a.may >> bits);
  }

  sar(a: Expr, by: Expr): Expr {
    if (a.may < 1n << 63n) return this.shr(a, by.isConst ? by : this.and(by, this.number(63)));
    return this.make("sar", [a, by], 0n, M64);
  }

  /** The low `bits` as a signed number. */
  sext(a: Expr, bits: number): Expr {
    if (bits === 64 || a.may < 1n << BigInt(bits - 1)) return a;
    return this.make("sext", [this.and(a, this.constant((1n << BigInt(bits)) - 1n))], BigInt(bits), M64);
  }

  /** The low `bytes` the other way round. */
  swap(a: Expr, bytes: number): Expr {
    const low = this.and(a, this.constant((1n << BigInt(bytes * 8)) - 1n));
    if (low.op === "swap" && low.value === BigInt(bytes * 8)) return low.args[0];
    if (low.op === "cat" || low.may <= 255n) return this.cat(Array.from({ length: bytes }, (_, i) => this.byte(low, bytes - 1 - i)));
    return this.make("swap", [low], BigInt(bytes * 8), (1n << BigInt(bytes * 8)) - 1n);
  }

  /** Byte `i` of a number, from the lowest. */
  byte(e: Expr, i: number): Expr {
    if (e.isConst) return this.constant((e.value >> BigInt(8 * i)) & 255n);
    if (e.op === "cat") return e.args[i] ?? this.zero;
    if (e.op === "swap") return i < Number(e.value) / 8 ? this.byte(e.args[0], Number(e.value) / 8 - 1 - i) : this.zero;
    return this.and(this.shr(e, this.number(8 * i)), this.number(255));
  }

  /** A number of bytes, the lowest first. */
  cat(bytes: readonly Expr[]): Expr {
    let used = bytes.length;
    while (used > 0 && bytes[used - 1] === this.zero) used--;
    const kept = bytes.slice(0, used);
    if (kept.length === 0) return this.zero;
    if (kept.length === 1) return kept[0];
    if (kept.every((byte) => byte.isConst)) return this.constant(compute("cat", 0n, kept.map(({ value }) => value)));
    const whole = this.whole(kept);
    if (whole !== undefined) return whole;
    return this.make("cat", kept, 0n, kept.reduceRight((may, byte) => (may << 8n) | byte.may, 0n));
  }

  /** Bytes that were taken apart from one number. */
  private whole(bytes: readonly Expr[]): Expr | undefined {
    const [first] = bytes;
    if (first.op !== "and" || first.args[1].value !== 255n) return undefined;
    const [number] = first.args;
    const masked = this.and(number, this.constant((1n << BigInt(8 * bytes.length)) - 1n));
    return masked.op !== "cat" && bytes.every((byte, i) => byte === this.byte(number, i)) ? masked : undefined;
  }

  private make(op: Operation, args: readonly Expr[], value: bigint, may: bigint): Expr {
    if (args.every((arg) => arg.isConst)) return this.constant(compute(op, value, args.map((arg) => arg.value)));
    const key = `${op} ${value} ${args.map(({ id }) => id).join(" ")}`;
    let known = this.made.get(key);
    if (known === undefined) this.made.set(key, (known = new Expr(this.count++, op, args, value, undefined, may)));
    return known;
  }
}

/** The number that an expression is, where variables have the numbers that `of` says. */
export function evaluate(e: Expr, of: (variable: Expr) => bigint, known = new Map<Expr, bigint>()): bigint {
  if (e.isConst) return e.value;
  const before = known.get(e);
  if (before !== undefined) return before;
  const value = e.op === "var" ? of(e) & e.may : compute(e.op, e.value, e.args.map((arg) => evaluate(arg, of, known)));
  known.set(e, value);
  return value;
}
