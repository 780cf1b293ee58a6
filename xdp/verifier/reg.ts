/** One register, or one spilled to the stack. Never changes: a state that changes a register puts another in its place. */
import type { MapInfo } from "./map-info.js";
import type { Scalar } from "./scalar.js";
import { UNKNOWN, ZERO, constant, sameScalar } from "./scalar.js";
import { CONST_PTR_TO_DYNPTR, NOT_INIT, PTR_TO_CTX, PTR_TO_STACK, SCALAR_VALUE } from "./types.js";

/** Mark the id of a number that is another's plus {@link Reg.off}: as 64 bits, as 32 bits (the sum's upper half is 0). */
export const ADD_CONST64 = 0x4000_0000;
export const ADD_CONST32 = 0x2000_0000;
export const ADD_CONST = ADD_CONST64 | ADD_CONST32;

/** A structure that a pointer points to: of the program's own types, or of the kernel's by name. */
export interface StructInfo {
  readonly name: string;
  /** Type in the object's BTF; absent for a structure of the kernel. */
  readonly typeId?: number;
}

/** `range` of a packet pointer that was found to be at, or behind, the packet's end. */
export const AT_PKT_END = -1;
export const BEYOND_PKT_END = -2;

/** Fields are declared only: what a compiler makes of them otherwise would run before every constructor. */
export class Reg {
  declare readonly type: number;
  /** Of a pointer: the variable part of its offset. */
  declare readonly scalar: Scalar;
  /** Fixed part of a pointer's offset; of a scalar with {@link ADD_CONST}, what is added. */
  declare readonly off: number;
  /** Registers with the same id hold the same (scalars, nullable pointers) or have the same variable part (packet pointers). */
  declare readonly id: number;
  /** Reference that must be given back, of this register and of what was derived from it. */
  declare readonly refObjId: number;
  /** Packet pointers: proven bytes from the variable part on. Memory: its size. Stack: frame. Function: subprogram. Dynptr: type. Iterator: state. */
  declare readonly extra: number;
  /** Map: id of the lookup that found an inner map. Dynptr: 1 in the first slot. Memory from a dynptr: its id. Iterator: depth. */
  declare readonly uid: number;
  declare readonly map: MapInfo | undefined;
  declare readonly struct: StructInfo | undefined;
  constructor(type: number, scalar: Scalar, off = 0, id = 0, refObjId = 0, extra = 0, uid = 0, map?: MapInfo, struct?: StructInfo) {
    this.type = type;
    this.scalar = scalar;
    this.off = off;
    this.id = id;
    this.refObjId = refObjId;
    this.extra = extra;
    this.uid = uid;
    this.map = map;
    this.struct = struct;
  }

  /** Packet pointers. */
  get range(): number {
    return this.extra;
  }

  /** PTR_TO_MEM. */
  get memSize(): number {
    return this.extra;
  }

  /** PTR_TO_STACK. */
  get frame(): number {
    return this.extra;
  }

  get isScalar(): boolean {
    return this.type === SCALAR_VALUE;
  }

  /** A number that is known to be 0. */
  get isNull(): boolean {
    return this.type === SCALAR_VALUE && this.scalar === ZERO;
  }

  withScalar(scalar: Scalar): Reg {
    return scalar === this.scalar ? this : new Reg(this.type, scalar, this.off, this.id, this.refObjId, this.extra, this.uid, this.map, this.struct);
  }

  withId(id: number, off = this.off): Reg {
    return id === this.id && off === this.off ? this : new Reg(this.type, this.scalar, off, id, this.refObjId, this.extra, this.uid, this.map, this.struct);
  }

  withType(type: number): Reg {
    return new Reg(type, this.scalar, this.off, this.id, this.refObjId, this.extra, this.uid, this.map, this.struct);
  }

  withRange(range: number): Reg {
    return range === this.extra ? this : new Reg(this.type, this.scalar, this.off, this.id, this.refObjId, range, this.uid, this.map, this.struct);
  }

  /** A scalar without id, a pointer without reference. */
  withoutId(): Reg {
    if (this.type === SCALAR_VALUE) return this.id === 0 && this.off === 0 ? this : scalarReg(this.scalar);
    return this.withId(0);
  }

  with(change: { readonly [K in "type" | "scalar" | "off" | "id" | "refObjId" | "extra" | "uid" | "map" | "struct"]?: Reg[K] }): Reg {
    return new Reg(
      change.type ?? this.type, change.scalar ?? this.scalar, change.off ?? this.off, change.id ?? this.id, change.refObjId ?? this.refObjId,
      change.extra ?? this.extra, change.uid ?? this.uid, change.map ?? this.map, change.struct ?? this.struct,
    );
  }
}

/** A number without id. */
export function scalarReg(scalar: Scalar): Reg {
  return (scalar.register ??= new Reg(SCALAR_VALUE, scalar)) as Reg;
}

export function constReg(value: bigint | number): Reg {
  if (typeof value === "number" && value >= 0 && value < SMALL) return (small[value] ??= scalarReg(constant(BigInt(value))));
  return scalarReg(constant(BigInt(value)));
}

/** Numbers that most immediates are. */
const SMALL = 1024;
const small: (Reg | undefined)[] = Array.from({ length: SMALL }, () => undefined);

export const UNINIT_REG = new Reg(NOT_INIT, UNKNOWN);
export const UNKNOWN_REG = scalarReg(UNKNOWN);
export const ZERO_REG = scalarReg(ZERO);
export const CTX_REG = new Reg(PTR_TO_CTX, ZERO);

/** r10 of a frame. */
export function framePointer(frame: number): Reg {
  return new Reg(PTR_TO_STACK, ZERO, 0, 0, 0, frame);
}

export function dynptrReg(type: number, first: boolean, id: number, refObjId = 0): Reg {
  return new Reg(CONST_PTR_TO_DYNPTR, ZERO, 0, id, refObjId, type, first ? 1 : 0);
}

/** Same in everything but ids. */
export function sameButIds(a: Reg, b: Reg): boolean {
  return a.type === b.type && a.off === b.off && a.extra === b.extra && a.uid === b.uid && a.map === b.map && (a.struct === b.struct || a.struct?.name === b.struct?.name) && sameScalar(a.scalar, b.scalar);
}

/** Same in everything. */
export function sameReg(a: Reg, b: Reg): boolean {
  return a === b || (a.id === b.id && a.refObjId === b.refObjId && sameButIds(a, b));
}
