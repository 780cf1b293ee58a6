/** Loads and stores on a path. What is not followed is a number that nobody decides, which forbids nothing. */
import type { Expr, Exprs } from "./expr.js";
import { lengthOf, ORIGIN, UNKNOWN } from "./state.js";
import type { PathState, Value } from "./state.js";

const XDP_MD_DATA = 0n;
const XDP_MD_DATA_END = 4n;
const XDP_MD_DATA_META = 8n;
const XDP_MD_INGRESS_IFINDEX = 12n;
const XDP_MD_RX_QUEUE_INDEX = 16n;

/** Global data that never changes, by map; undefined of others. */
export type Constants = (map: number) => Uint8Array | undefined;

export class Memory {
  private readonly exprs: Exprs;
  private readonly constants: Constants;
  private reads = 0;

  constructor(exprs: Exprs, constants: Constants) {
    this.exprs = exprs;
    this.constants = constants;
  }

  load(state: PathState, pointer: Value, off: number, bytes: number): Value {
    const { exprs } = this;
    switch (pointer.kind) {
      case "ctx": {
        const at = state.facts.only(exprs.add(pointer.at, exprs.number(off)));
        return at === undefined ? this.unknown(bytes) : this.loadContext(state, at, bytes);
      }
      case "stack": {
        const at = state.facts.only(exprs.add(pointer.at, exprs.number(off)));
        if (at === undefined) return UNKNOWN;
        const place = Number(BigInt.asIntN(64, at));
        const frame = state.frames[pointer.frame];
        const spilled = frame.spills.get(place);
        if (spilled !== undefined) return bytes === 8 ? spilled : UNKNOWN;
        const parts = Array.from({ length: bytes }, (_, i) => frame.stack.get(place + i));
        return parts.every((part) => part !== undefined) ? number(exprs.cat(parts)) : this.unknown(bytes);
      }
      default: {
        const parts = this.bytes(state, pointer, off, bytes);
        return parts === undefined ? this.unknown(bytes) : number(exprs.cat(parts));
      }
    }
  }

  /** Bytes at a pointer, each an expression; undefined where they cannot be told. */
  bytes(state: PathState, pointer: Value, off: number, bytes: number): Expr[] | undefined {
    const { exprs } = this;
    switch (pointer.kind) {
      case "packet":
        return Array.from({ length: bytes }, (_, i) => this.packetByte(state, exprs.add(pointer.at, exprs.number(off + i))));
      case "stack": {
        const at = state.facts.only(exprs.add(pointer.at, exprs.number(off)));
        if (at === undefined) return undefined;
        const place = Number(BigInt.asIntN(64, at));
        return Array.from({ length: bytes }, (_, i) => state.frames[pointer.frame].stack.get(place + i) ?? exprs.free(8));
      }
      case "value": {
        const at = state.facts.only(exprs.add(pointer.at, exprs.number(off)));
        // Others may write to it meanwhile: each read is one of its own.
        const read = this.reads++;
        return Array.from({ length: bytes }, (_, i) => (at === undefined ? exprs.free(8) : exprs.variable(`v${pointer.lookup}/${Number(at) + i}/${read}`, { kind: "value", lookup: pointer.lookup, offset: Number(at) + i }, 8)));
      }
      case "global": {
        const at = state.facts.only(exprs.add(pointer.at, exprs.number(off)));
        const constant = this.constants(pointer.map);
        const read = this.reads++;
        return Array.from({ length: bytes }, (_, i) => {
          if (at === undefined) return exprs.free(8);
          const place = Number(at) + i;
          return constant === undefined ? exprs.variable(`g${pointer.map}/${place}/${read}`, { kind: "global", map: pointer.map, offset: place }, 8) : exprs.number(constant[place] ?? 0);
        });
      }
      default:
        return undefined;
    }
  }

  store(state: PathState, pointer: Value, off: number, bytes: number, value: Value): void {
    const { exprs } = this;
    switch (pointer.kind) {
      case "stack": {
        const at = state.facts.only(exprs.add(pointer.at, exprs.number(off)));
        if (at === undefined) return this.forgetStack(state, pointer.frame, -512);
        this.storeStack(state, pointer.frame, Number(BigInt.asIntN(64, at)), bytes, value);
        return;
      }
      case "packet": {
        state.version++;
        const at = state.facts.only(exprs.add(pointer.at, exprs.number(off)));
        if (at === undefined) {
          state.scrambled = true;
          return;
        }
        for (let i = 0; i < bytes; i++) state.packet.set(Number(at) - ORIGIN + i, value.kind === "number" ? exprs.byte(value.e, i) : exprs.free(8));
        return;
      }
      case "unknown":
        this.forgetAll(state);
        return;
      default:
        // What maps hold is never relied on.
    }
  }

  /** Bytes become known: what a helper copied. */
  put(state: PathState, pointer: Value, parts: readonly Expr[]): void {
    parts.forEach((part, i) => this.store(state, pointer, i, 1, number(part)));
  }

  /** A helper may have written from a pointer on. */
  forget(state: PathState, pointer: Value): void {
    if (pointer.kind === "stack") {
      const at = state.facts.only(pointer.at);
      this.forgetStack(state, pointer.frame, at === undefined ? -512 : Number(BigInt.asIntN(64, at)));
    } else if (pointer.kind === "packet" || pointer.kind === "unknown") {
      state.version++;
      state.scrambled = true;
    }
  }

  forgetAll(state: PathState): void {
    state.scrambled = true;
    state.version++;
    for (let frame = 0; frame < state.frames.length; frame++) this.forgetStack(state, frame, -512);
  }

  private forgetStack(state: PathState, frame: number, from: number): void {
    const { stack, spills } = state.frames[frame];
    for (const place of stack.keys()) if (place >= from) stack.delete(place);
    for (const place of spills.keys()) if (place + 8 > from) spills.delete(place);
  }

  private storeStack(state: PathState, frameNumber: number, place: number, bytes: number, value: Value): void {
    const { stack, spills } = state.frames[frameNumber];
    for (let at = place - 7; at < place + bytes; at++) spills.delete(at);
    for (let i = 0; i < bytes; i++) {
      if (value.kind === "number") stack.set(place + i, this.exprs.byte(value.e, i));
      else stack.delete(place + i);
    }
    if (value.kind !== "number" && value.kind !== "unknown" && bytes === 8) spills.set(place, value);
  }

  private loadContext(state: PathState, at: bigint, bytes: number): Value {
    const { exprs } = this;
    if (bytes !== 4 || state.lost) return bytes === 4 ? UNKNOWN : this.unknown(bytes);
    switch (at) {
      case XDP_MD_DATA:
        return { kind: "packet", at: exprs.number(ORIGIN + state.head) };
      case XDP_MD_DATA_END:
        return { kind: "packet", at: exprs.add(lengthOf(exprs), exprs.number(ORIGIN + state.tail)) };
      case XDP_MD_DATA_META:
        return state.meta === undefined ? UNKNOWN : { kind: "packet", at: exprs.number(ORIGIN + state.head - state.meta) };
      case XDP_MD_INGRESS_IFINDEX:
        return number(exprs.variable("ifindex", { kind: "ifindex" }, 32));
      case XDP_MD_RX_QUEUE_INDEX:
        return number(exprs.variable("queue", { kind: "queue" }, 32));
      default:
        return UNKNOWN;
    }
  }

  private packetByte(state: PathState, at: Expr): Expr {
    const { exprs } = this;
    if (state.scrambled) return exprs.free(8);
    const only = state.facts.only(at);
    if (only === undefined) return exprs.variable(`s${state.version}/${at.id}`, { kind: "select", at }, 8);
    const place = Number(only) - ORIGIN;
    const written = state.packet.get(place);
    if (written !== undefined) return written;
    // In front of the packet, and behind its end where it grew, nobody knows what is there.
    return place < 0 || state.tail > 0 ? exprs.free(8) : exprs.variable(`b${place}`, { kind: "byte", index: place }, 8);
  }

  private unknown(bytes: number): Value {
    return bytes === 8 ? UNKNOWN : number(this.exprs.free(bytes * 8));
  }
}

export function number(e: Expr): Value {
  return { kind: "number", e };
}
