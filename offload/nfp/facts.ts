/**
 * What translation and admission must know of a program beyond its instructions: what the kernel's verifier tells the driver.
 * The analysis beside this file gives it; a verifier can give it too, more exactly.
 */

/** What a register points to. `unsupported`: a pointer that the card has no use for; `none`: no pointer, or not one known kind. */
export type PointerKind = "ctx" | "packet" | "stack" | "value" | "map" | "unsupported" | "none";

/** A register as an operand of a load, store, atomic or call, over all paths that reach the instruction. */
export interface Pointer {
  readonly kind: PointerKind;
  /** Kinds differ between paths: the driver takes no such instruction. The first two of them. */
  readonly varies?: readonly [PointerKind, PointerKind];
  /** Packet: same for pointers with the same variable part. Value: same for pointers from the same lookup. */
  readonly id: number;
  /** Constant part of the distance from where the area starts (packet, value) or ends (stack: negative), bytes. */
  readonly offset: number;
  /** `constant`: the same on all paths. `paths`: constant on each path, but not the same. `variable`: not constant. */
  readonly distance: "constant" | "paths" | "variable";
  /** Stack: offsets of all paths agree modulo 4. */
  readonly aligned: boolean;
  /** Packet: most that the variable part can be, bytes. */
  readonly room: number;
  /** Index of the map that it points into, or is; -1 where that is none or not one. */
  readonly map: number;
  /** Stack of a caller. */
  readonly caller: boolean;
}

/** Bounds of a register's 64 bits as an unsigned number, over all paths; `known` has the value on every path where it is one of few. */
export interface Range {
  readonly min: bigint;
  readonly max: bigint;
  /** Constant on each path, even where the paths differ. */
  readonly constant: boolean;
  readonly known?: readonly bigint[];
}

export interface NfpFacts {
  /** False for dead code, which is not translated. */
  reached(slot: number): boolean;
  /** Whether execution can go from a conditional jump to its target, and to the next slot. */
  jumps(slot: number): boolean;
  falls(slot: number): boolean;
  /** What register holds before the slot executes; undefined where it is no pointer there. */
  pointer(slot: number, register: number): Pointer | undefined;
  /** Bounds of a register before the slot executes; of a pointer, those of any 64-bit number. */
  range(slot: number, register: number): Range;
  /** True where the upper half of what the slot writes 32 bits of is read before it is written again. */
  zeroExtends(slot: number): boolean;
  /** Bytes of stack below the frame pointer that the function (by index in the program) uses. */
  stackBytes(fn: number): number;
  /** Words of 4 bytes, counted from a stack pointer in `register`, that are zero on all paths before the slot executes. */
  zeroWords(slot: number, register: number, words: number): boolean[];
}

export const ANY: Range = { min: 0n, max: 0xffff_ffff_ffff_ffffn, constant: false };
