/** What a CO-RE relocation puts into its instruction, computed from a path in the object's types and one in the target's. */
import { resolved, sizeOfType } from "./btf_types.js";
import type { BtfTypes } from "./btf_types.js";
import { CoreProblem, fieldOf, subjectOf } from "./core_path.js";
import type { CorePath } from "./core_path.js";
import type { BtfType } from "./spec.js";

/** Value of one path. */
interface PathValue {
  readonly value: bigint;
  /** Bytes of the field that a load or store at this offset moves; 0 where that is of no matter. */
  readonly size: number;
  readonly type?: BtfType;
  /** Whether the instruction has to hold this value before; bit fields may be read in several ways. */
  readonly expected: boolean;
}

/** What becomes of an instruction. */
export interface CoreResult {
  /** What the instruction has to hold before; undefined where it may hold anything. */
  readonly before?: bigint;
  readonly after: bigint;
  /** The instruction cannot do what it should: nothing like it is in the target. */
  readonly poison: boolean;
  /** Sizes of the field, where a load or store moves it. */
  readonly sizeBefore: number;
  readonly sizeAfter: number;
  /** A load or store of the other size would give another value. */
  readonly unsafeSize: boolean;
}

/** The instruction cannot be made to do what it should. */
const POISON: CoreResult = { after: 0n, poison: true, sizeBefore: 0, sizeAfter: 0, unsafeSize: false };

/**
 * Value of a relocation.
 * @param target undefined where nothing in the target matches.
 * @throws CoreProblem where there is no such value.
 */
export function coreResult(kind: string, local: CorePath, target: CorePath | undefined): CoreResult {
  const before = pathValue(kind, local);
  const after = target === undefined ? missingValue(kind) : pathValue(kind, target);
  if (!after) return POISON;
  const unsafeSize = before.size !== after.size && !canResize(before.type, after.type);
  return { ...(before.expected ? { before: before.value } : {}), after: after.value, poison: false, sizeBefore: before.size, sizeAfter: after.size, unsafeSize };
}

/** What tells whether something exists, and what a type is, is 0 where it does not; all else has no value. */
function missingValue(kind: string): PathValue | undefined {
  const isAnswer = kind.endsWith("_exists") || subjectOf(kind) === "type";
  return isAnswer ? { value: 0n, size: 0, expected: false } : undefined;
}

/** Smaller and larger pointers and unsigned integers are extended by zeros, as loads do it. */
function canResize(before: BtfType | undefined, after: BtfType | undefined): boolean {
  if (before?.kind === "ptr" && after?.kind === "ptr") return true;
  return before?.kind === "int" && after?.kind === "int" && !isPlainSigned(before) && !isPlainSigned(after);
}

function isPlainSigned(type: Extract<BtfType, { kind: "int" }>): boolean {
  return type.signed && !type.char && !type.bool;
}

function pathValue(kind: string, path: CorePath): PathValue {
  switch (kind) {
    case "field_exists":
    case "enumval_exists":
    case "type_exists":
    case "type_matches":
      return { value: 1n, size: 0, expected: true };
    case "type_id_target":
      // Ids change when objects are linked.
      return { value: BigInt(path.rootId), size: 0, expected: false };
    case "type_size":
      return { value: BigInt(bytesOf(path.types, path.rootId)), size: 0, expected: true };
    case "enumval_value":
      return { value: enumValue(path), size: 0, expected: true };
    default:
      return fieldValue(kind, path);
  }
}

function bytesOf(types: BtfTypes, id: number): number {
  const size = sizeOfType(types, id);
  if (size === undefined) throw new CoreProblem("a type without size is asked for its size");
  return size;
}

function enumValue({ types, steps }: CorePath): bigint {
  const type = resolved(types, steps[0]?.typeId ?? 0);
  const value = type.kind === "enum" ? type.values[steps[0]?.index ?? 0]?.value : undefined;
  if (type.kind !== "enum" || value === undefined) throw new CoreProblem("the value of an enumeration is not there");
  // Values of up to 32 bits are kept signed, whatever the enumeration says.
  return BigInt.asUintN(64, type.size === 8 ? BigInt(value) : BigInt.asIntN(32, BigInt(value)));
}

function fieldValue(kind: string, path: CorePath): PathValue {
  const { types, bitOffset } = path;
  const { typeId, isMember, bitSize: declared } = fieldOf(path);
  const type = resolved(types, typeId);
  const plain = declared === 0;
  let bytes = plain ? bytesOf(types, typeId) : "size" in type ? type.size : 0;
  const bits = plain ? bytes * 8 : declared;
  let offset = Math.floor(bitOffset / 8);
  if (!plain) {
    if (bytes === 0) throw new CoreProblem("a bit field of a type without size");
    // The smallest aligned integer that holds all of the field.
    for (offset = aligned(bitOffset, bytes); bitOffset + bits - offset * 8 > bytes * 8; offset = aligned(bitOffset, bytes)) {
      if (bytes >= 8) throw new CoreProblem("a bit field that no load of 64 bits holds");
      bytes *= 2;
    }
  }
  switch (kind) {
    case "field_byte_offset":
      return { value: BigInt(offset), size: plain ? bytes : 0, ...(plain ? { type } : {}), expected: plain };
    case "field_byte_size":
      return { value: BigInt(bytes), size: 0, expected: plain };
  }
  if (!isMember) throw new CoreProblem(`${kind} is asked of an element of an array`);
  switch (kind) {
    case "field_signed":
      return { value: (type.kind === "enum" || type.kind === "int") && type.signed ? 1n : 0n, size: 0, expected: true };
    case "field_lshift_u64":
      return { value: BigInt.asUintN(64, BigInt(64 - (bitOffset + bits - offset * 8))), size: 0, expected: plain };
    case "field_rshift_u64":
      return { value: BigInt.asUintN(64, BigInt(64 - bits)), size: 0, expected: true };
    default:
      throw new CoreProblem(`relocations of kind ${kind} are not known`);
  }
}

function aligned(bitOffset: number, bytes: number): number {
  return Math.floor(bitOffset / 8 / bytes) * bytes;
}
