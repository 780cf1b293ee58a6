/** The function that the analysis is in, and what reads and writes of memory do to what is known of it. */
import type { Insn } from "../../object/spec.js";
import type { Facts } from "../../verifier/facts.js";
import { classifyAccess, isOffStack } from "./access.js";
import type { MapFacts } from "./map-facts.js";
import { WHOLE_FRAME, forgetSpills, frameBits } from "./state.js";
import type { State } from "./state.js";
import { hintOf } from "./value.js";
import type { Value } from "./value.js";

/** What callers need to know of a function. It starts at the best and gets worse until nothing changes. */
export interface Summary {
  /** It may read stack that is not its own. */
  readsAbove: boolean;
  /** It may store to stack that is not its own. */
  writesAbove: boolean;
  /** It may move the packet's ends. */
  changesPacket: boolean;
  /** What it returns. */
  result: Value | undefined;
}

/** The function that an instruction belongs to, and what is collected about it on the way. */
export interface FunctionContext {
  readonly insns: readonly Insn[];
  readonly maps: readonly MapFacts[];
  /** What the verifier proved of the program; undefined where it was not verified. */
  readonly proof: Facts | undefined;
  /** Frames that are surely above this function's. */
  readonly depth: number;
  readonly summary: Summary;
  /** Bits (as State.written) of the frame that may be read before this function writes them. */
  readBeforeWrite: bigint;
  /** Bits of the frame that may be read at all. */
  frameReads: bigint;
  /** A local call: what the function at `slot` does to its caller. It is told what it is called with. */
  callee(slot: number, state: State): Summary;
}

/** Kinds of memory (REGION_*) that the access at `slot` was verified to be in bounds of; 0 where it was not verified. */
export function regionsAt({ proof }: FunctionContext, slot: number): number {
  return proof?.inBounds(slot) ? (proof.regions[slot] as number) : 0;
}

/** Bytes of the frame that are looked at: those not written yet must read as 0. */
export function readFrame(state: State, from: number, to: number, context: FunctionContext): void {
  context.frameReads |= frameBits(from, to - from);
  context.readBeforeWrite |= frameBits(from, to - from) & ~state.written;
  if (to > 0) context.summary.readsAbove = true;
}

/** All of the frame is looked at, and the callers' may be. */
export function readWhole(state: State, context: FunctionContext): void {
  context.frameReads = WHOLE_FRAME;
  context.readBeforeWrite |= WHOLE_FRAME & ~state.written;
  context.summary.readsAbove = true;
}

/** A read through a pointer that may point anywhere. */
export function readAnywhere(state: State, base: Value, context: FunctionContext): void {
  context.frameReads = WHOLE_FRAME;
  const hint = hintOf(base);
  if (hint !== "none" && hint !== "stack") return;
  readWhole(state, context);
}

/** Memory changes at `base` + `off`; nothing is known of what is there then. `regions`: as of {@link classifyAccess}. */
export function overwrite(state: State, base: Value, off: number, bytes: number, context: FunctionContext, regions = 0): void {
  const access = classifyAccess(state, base, off, bytes, true, context.depth, regions);
  if (base.kind === "stack" && (access.check === "frame" || access.check === "proven")) {
    forgetSpills(state, base.min + off, base.max + off + bytes);
    if (base.max + off + bytes > 0) context.summary.writesAbove = true;
    return;
  }
  if (access.check === "proven" || isOffStack(access)) return;
  state.spills.clear();
  context.summary.writesAbove = true;
}
