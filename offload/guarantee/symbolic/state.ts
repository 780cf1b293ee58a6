/** What a path holds at one place: registers, stack, the packet so far, and the conditions under which it is taken. */
import { Facts } from "./domain.js";
import type { Comparison } from "./domain.js";
import { M32 } from "./expr.js";
import type { Expr, Exprs } from "./expr.js";
import type { MapSpec } from "../../../xdp/index.js";

/** Place of the packet's first byte as it came in: what is in front of it is a number above 0, too. */
export const ORIGIN = 0x10_0000;

/** What a register holds. Places on the stack count from the frame's top. */
export type Value =
  | { readonly kind: "number"; readonly e: Expr }
  | { readonly kind: "packet"; readonly at: Expr }
  | { readonly kind: "stack"; readonly frame: number; readonly at: Expr }
  /** What a lookup found; with `hit` it may be 0. */
  | { readonly kind: "value"; readonly lookup: number; readonly at: Expr; readonly hit: Expr | undefined }
  | { readonly kind: "global"; readonly map: number; readonly at: Expr }
  | { readonly kind: "ctx"; readonly at: Expr }
  | { readonly kind: "map"; readonly map: number }
  | { readonly kind: "unknown" };

export const UNKNOWN: Value = { kind: "unknown" };

/** A condition of a path, and those before it. */
export interface Condition {
  readonly before: Condition | undefined;
  readonly op: Comparison;
  readonly a: Expr;
  readonly b: Expr;
}

/** A lookup on a path, and those before it. */
export interface Lookup {
  readonly before: Lookup | undefined;
  readonly id: number;
  readonly map: number;
  readonly key: readonly Expr[];
  /** Undefined where the map always, or never, has what is looked up. */
  readonly hit: Expr | undefined;
}

/** A tail call that was taken, and those before it. */
export interface TailTaken {
  readonly before: TailTaken | undefined;
  readonly map: number;
  readonly key: Expr;
  readonly program: string;
}

export interface SymbolicFrame {
  regs: Value[];
  /** Bytes by place below the top, -512 to -1. */
  stack: Map<number, Expr>;
  /** Values that are no numbers, by place. */
  spills: Map<number, Value>;
  /** Slot behind the call, or -1. */
  readonly back: number;
}

export class PathState {
  frames: SymbolicFrame[];
  facts: Facts;
  conditions: Condition | undefined;
  lookups: Lookup | undefined;
  lookupCount = 0;
  tails: TailTaken | undefined;
  /** Where the packet begins and ends, against how it came in. */
  head = 0;
  tail = 0;
  /** Bytes of metadata in front of it; undefined where nobody knows. */
  meta: number | undefined = 0;
  /** Bytes that were written, by place. */
  packet: Map<number, Expr>;
  /** Something was written where nobody knows. */
  scrambled = false;
  /** Where it begins is not known any more. */
  lost = false;
  /** Counts writes: places that are expressions read another byte then. */
  version = 0;

  constructor(frames: SymbolicFrame[], facts: Facts, packet = new Map<number, Expr>()) {
    this.frames = frames;
    this.facts = facts;
    this.packet = packet;
  }

  static atStart(exprs: Exprs): PathState {
    const state = new PathState([], new Facts());
    state.enterProgram(exprs);
    state.assume("le", exprs.number(14), lengthOf(exprs));
    state.conditions = undefined;
    return state;
  }

  /** Begins a program: an entry, or what a tail call leads to. */
  enterProgram(exprs: Exprs): void {
    const frame: SymbolicFrame = { regs: Array.from({ length: 11 }, () => UNKNOWN), stack: new Map(), spills: new Map(), back: -1 };
    frame.regs[1] = { kind: "ctx", at: exprs.zero };
    frame.regs[10] = { kind: "stack", frame: 0, at: exprs.zero };
    this.frames = [frame];
  }

  /** Goes on to another program; what is asked of the prog array is kept. False where the same entry held another before. */
  tailCall(exprs: Exprs, program: string, maps: readonly Pick<MapSpec, "values">[]): boolean {
    const [, , map, key] = this.top.regs;
    if (map.kind === "map" && key.kind === "number") {
      const low = exprs.and(key.e, exprs.constant(M32));
      const entries = maps[map.map].values?.filter((value) => value.program === program);
      // What the object puts into the array says which entry it is.
      if (entries?.length === 1 && !this.assume("eq", low, exprs.number(entries[0].key))) return false;
      const at = this.facts.only(low);
      if (entries !== undefined && at !== undefined && !entries.some((entry) => BigInt(entry.key) === at)) return false;
      for (let one = this.tails; one !== undefined; one = one.before) if (one.map === map.map && one.program !== program && (one.key === low || (at !== undefined && this.facts.only(one.key) === at))) return false;
      this.tails = { before: this.tails, map: map.map, key: low, program };
    }
    this.enterProgram(exprs);
    return true;
  }

  get top(): SymbolicFrame {
    return this.frames[this.frames.length - 1];
  }

  /** Another that goes on from here; what holds so far is shared, and neither adds to it. */
  copy(): PathState {
    const { facts } = this;
    this.facts = new Facts(facts);
    const copy = new PathState(this.frames.map((frame) => ({ ...frame, regs: frame.regs.slice(), stack: new Map(frame.stack), spills: new Map(frame.spills) })), new Facts(facts), new Map(this.packet));
    copy.conditions = this.conditions;
    copy.lookups = this.lookups;
    copy.lookupCount = this.lookupCount;
    copy.tails = this.tails;
    copy.head = this.head;
    copy.tail = this.tail;
    copy.meta = this.meta;
    copy.scrambled = this.scrambled;
    copy.version = this.version;
    copy.lost = this.lost;
    return copy;
  }

  /** A comparison holds from here on; false where it cannot. */
  assume(op: Comparison, a: Expr, b: Expr): boolean {
    this.conditions = { before: this.conditions, op, a, b };
    return this.facts.assert(op, a, b);
  }
}

export function lengthOf(exprs: Exprs): Expr {
  return exprs.variable("length", { kind: "length" }, 16);
}
