/**
 * What the analysis knows of a register's number. Everything is a fact about the 64 bits, never a type that forbids
 * something: a pointer that leaves its object is still a number, and its accesses are then checked.
 */

/** Where a pointer of unknown offset probably points: which check is tried first. */
export type Hint = "none" | "packet" | "stack" | "value";

export type Value =
  | { readonly kind: "unknown"; readonly hint: Hint }
  /** As signed 64-bit number in [min, max]; both within ±2^52. */
  | { readonly kind: "scalar"; readonly min: number; readonly max: number }
  /** The context + off. */
  | { readonly kind: "ctx"; readonly off: number }
  /** Top of this function's frame (its r10) + [min, max]; positive offsets are the callers' frames. */
  | { readonly kind: "stack"; readonly min: number; readonly max: number }
  /** The packet's first byte + V + off, where V >= 0 is the same number for all pointers with this id. V is 0 for id 0. */
  | { readonly kind: "packet"; readonly id: number; readonly off: number }
  /** The packet's end + off. */
  | { readonly kind: "packetEnd"; readonly off: number }
  /** Header of the machine's map `index`. */
  | { readonly kind: "map"; readonly index: number }
  /**
   * A value of a map, `size` bytes, + [min, max]. Where `nullable`, it may be 0 instead, like all others with this id; min = max = 0 then.
   * A `record` is one of a ring buffer, that the program has reserved and not submitted yet. `inner`: it is the header of a map
   * that the machine's map of maps of this index holds, and no byte of it is the program's.
   */
  | { readonly kind: "value"; readonly size: number; readonly access: MapAccess; readonly min: number; readonly max: number; readonly nullable: boolean; readonly id: number; readonly record?: true; readonly inner?: number };

/** What a program may do with a map's values. */
export type MapAccess = "both" | "read" | "write";

export const UNKNOWN: Value = { kind: "unknown", hint: "none" };
const HINTED: { readonly [hint in Hint]: Value } = {
  none: UNKNOWN,
  packet: { kind: "unknown", hint: "packet" },
  stack: { kind: "unknown", hint: "stack" },
  value: { kind: "unknown", hint: "value" },
};

/** Bounds beyond this are not tracked; sums and products of two bounds stay exact numbers. */
export const LIMIT = 2 ** 52;
export const U32_MAX = 2 ** 32 - 1;
/** Pointers further from their object than this are not tracked. As the kernel's MAX_PACKET_OFF. */
const FAR = 65535;

export function unknown(hint: Hint): Value {
  return HINTED[hint];
}

export function scalar(min: number, max: number): Value {
  return min >= -LIMIT && max <= LIMIT && min <= max ? { kind: "scalar", min, max } : UNKNOWN;
}

export function constant(value: number): Value {
  return scalar(value, value);
}

export const U32: Value = { kind: "scalar", min: 0, max: U32_MAX };

export function packet(id: number, off: number): Value {
  return Math.abs(off) <= FAR ? { kind: "packet", id, off } : HINTED.packet;
}

export function packetEnd(off: number): Value {
  return Math.abs(off) < FAR / 2 ? { kind: "packetEnd", off } : HINTED.packet;
}

export function stack(min: number, max: number): Value {
  return min >= -FAR && max <= FAR ? { kind: "stack", min, max } : HINTED.stack;
}

/** The only number a scalar can be; undefined where there are several. */
export function constantOf(value: Value): number | undefined {
  return value.kind === "scalar" && value.min === value.max ? value.min : undefined;
}

/** What is tried first when a pointer of this kind is not proven. */
export function hintOf(value: Value): Hint {
  switch (value.kind) {
    case "unknown":
      return value.hint;
    case "packet":
    case "packetEnd":
      return "packet";
    case "stack":
      return "stack";
    case "value":
      return "value";
    default:
      return "none";
  }
}

export function sameValue(a: Value, b: Value): boolean {
  if (a === b) return true;
  switch (a.kind) {
    case "unknown":
      return b.kind === "unknown" && a.hint === b.hint;
    case "scalar":
      return b.kind === "scalar" && a.min === b.min && a.max === b.max;
    case "ctx":
      return b.kind === "ctx" && a.off === b.off;
    case "stack":
      return b.kind === "stack" && a.min === b.min && a.max === b.max;
    case "packet":
      return b.kind === "packet" && a.id === b.id && a.off === b.off;
    case "packetEnd":
      return b.kind === "packetEnd" && a.off === b.off;
    case "map":
      return b.kind === "map" && a.index === b.index;
    case "value":
      return b.kind === "value" && a.size === b.size && a.access === b.access && a.min === b.min && a.max === b.max && a.nullable === b.nullable && a.id === b.id && a.record === b.record && a.inner === b.inner;
  }
}

/** Whether the number is all in its low bytes. */
export function fitsIn(value: Value, bytes: number): boolean {
  return value.kind === "scalar" && value.min >= 0 && value.max < 2 ** (bytes * 8);
}

/** Whether the number can be told to be below 2^32 and not negative. */
export function isU32(value: Value): boolean {
  return value.kind === "scalar" && value.min >= 0 && value.max <= U32_MAX;
}
