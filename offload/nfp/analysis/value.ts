/** What a register or a stack word can hold, over all paths that come together. */
import type { PointerKind } from "../facts.js";
import { isExactly, joinScalars, sameScalar, UNKNOWN, widen } from "./scalar.js";
import type { Scalar } from "./scalar.js";

export interface PointerValue {
  readonly kind: Exclude<PointerKind, "none">;
  readonly id: number;
  readonly offset: number;
  readonly distance: "constant" | "paths" | "variable";
  readonly aligned: boolean;
  readonly room: number;
  readonly map: number;
  /** Function whose frame a stack pointer points into. */
  readonly frame: number;
  /** The result of a lookup before it was compared with NULL. */
  readonly nullable: boolean;
}

/** Kinds of pointer, or a pointer and a number, that come together. */
export interface Mixed {
  readonly kind: "mixed";
  readonly kinds: readonly [PointerKind, PointerKind];
}

export type Value = Scalar | PointerValue | Mixed;

export function pointer(kind: PointerValue["kind"], more: Partial<PointerValue> = {}): PointerValue {
  return { kind, id: 0, offset: 0, distance: "constant", aligned: true, room: 0, map: -1, frame: 0, nullable: false, ...more };
}

export function isScalar(value: Value): value is Scalar {
  return value.kind === "scalar";
}
export function isPointer(value: Value): value is PointerValue {
  return value.kind !== "scalar" && value.kind !== "mixed";
}

/** The number that a register holds; of a pointer nothing is known. */
export function scalarOf(value: Value | undefined): Scalar {
  return value !== undefined && isScalar(value) ? value : UNKNOWN;
}

/** Pointers that one map value was not checked on yet are numbers where they are NULL. */
function isNull(value: Value): boolean {
  return isScalar(value) && isExactly(value, 0n);
}

const kindOf = (value: Value): PointerKind => (isPointer(value) ? value.kind : "none");

/**
 * What holds of both values.
 * @param id of pointers whose variable parts differ: a number for this place where paths come together
 * @param often true where values came together here so often that bounds must not creep
 */
export function join(old: Value, next: Value, id: number, often: boolean): Value {
  if (old === next) return old;
  if (old.kind === "mixed") return old;
  if (next.kind === "mixed") return next;
  if (isScalar(old) && isScalar(next)) {
    const both = joinScalars(old, next);
    return often && !sameScalar(old, both) ? widen(old, both) : both;
  }
  if (isPointer(old) && isNull(next) && old.kind === "value") return { ...old, nullable: true };
  if (isPointer(next) && isNull(old) && next.kind === "value") return { ...next, nullable: true };
  if (!isPointer(old) || !isPointer(next) || old.kind !== next.kind) return { kind: "mixed", kinds: [kindOf(old), kindOf(next)] };
  return joinPointers(old, next, id, often);
}

function joinPointers(old: PointerValue, next: PointerValue, id: number, often: boolean): PointerValue {
  const moved = old.offset !== next.offset || old.id !== next.id;
  if (!moved && old.distance === next.distance && old.room === next.room && old.map === next.map && old.frame === next.frame && old.nullable === next.nullable && old.aligned === next.aligned) return old;
  const aligned = old.aligned && next.aligned && (old.offset - next.offset) % 4 === 0;
  const variable = old.distance === "variable" || next.distance === "variable";
  const distance = variable ? "variable" : old.offset !== next.offset || old.distance === "paths" || next.distance === "paths" ? "paths" : "constant";
  const common = { map: old.map === next.map ? old.map : -1, frame: old.frame === next.frame ? old.frame : -1, nullable: old.nullable || next.nullable, aligned, distance } as const;
  if (old.kind !== "packet") {
    return { ...old, ...common, id: old.id === next.id ? old.id : id };
  }
  // A packet pointer's distance is variable where its id says so; farthest is what counts.
  const reach = Math.max(old.offset + old.room, next.offset + next.room);
  if (!moved) return { ...old, ...common, room: often && next.room > old.room ? FARTHEST : Math.max(old.room, next.room) };
  const room = old.id === id && reach <= old.room ? old.room : often ? FARTHEST : reach;
  return { ...old, ...common, id, offset: 0, distance: "variable", room: Math.max(0, room) };
}

/** Farthest that a packet access can be from the packet's start (the verifier's MAX_PACKET_OFF). */
export const FARTHEST = 0xffff;

export function same(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (isScalar(a) && isScalar(b)) return sameScalar(a, b);
  if (!isPointer(a) || !isPointer(b)) return a.kind === b.kind;
  return a.kind === b.kind && a.id === b.id && a.offset === b.offset && a.distance === b.distance && a.aligned === b.aligned
    && a.room === b.room && a.map === b.map && a.frame === b.frame && a.nullable === b.nullable;
}
