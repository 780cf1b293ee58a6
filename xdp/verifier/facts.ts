/**
 * What holds of each instruction on every path that was walked, for engines that leave checks out. An access that is never
 * reached has no facts.
 */
import type { Insn } from "../object/index.js";

/** Kinds of memory that accesses of one instruction went to, as bits. */
export const REGION_STACK = 1;
export const REGION_PACKET = 2;
export const REGION_METADATA = 4;
export const REGION_MAP_VALUE = 8;
export const REGION_CTX = 16;
/** Memory that a helper or a caller gave: a record, a slice of the packet, part of a caller's stack. */
export const REGION_MEMORY = 32;
export const REGION_OTHER = 64;

/** Ways on which paths left a conditional jump, as bits. */
export const WAY_ON = 1;
export const WAY_TAKEN = 2;

export class Facts {
  /** The instructions that the facts are about. */
  readonly insns: readonly Insn[];
  /** 1 for instructions that some path reaches. */
  readonly reached: Uint8Array;
  /** REGION_* of all accesses of an instruction; each of them was proven to be in bounds. */
  readonly regions: Uint8Array;
  /** WAY_* of each conditional jump. */
  readonly ways: Uint8Array;
  /** Every way through the program ends within the instructions that were walked: no loop goes on because states repeat. */
  bounded = false;
  /** Contents of read-only maps that they rely on, by the maps' indices. */
  readonly constants: readonly (Uint8Array | undefined)[];
  constructor(insns: readonly Insn[], constants: readonly (Uint8Array | undefined)[]) {
    this.insns = insns;
    this.constants = constants;
    this.reached = new Uint8Array(insns.length);
    this.regions = new Uint8Array(insns.length);
    this.ways = new Uint8Array(insns.length);
  }

  record(insn: number, region: number): void {
    this.regions[insn] = (this.regions[insn] as number) | region;
  }

  /** A conditional jump goes these ways (WAY_*). */
  went(insn: number, ways: number): void {
    this.ways[insn] = (this.ways[insn] as number) | ways;
  }

  /** May the access of this instruction go unchecked, being in bounds of memory of one known kind on all paths? */
  inBounds(insn: number): boolean {
    const regions = this.regions[insn] as number;
    return this.reached[insn] === 1 && regions !== 0 && (regions & REGION_OTHER) === 0;
  }
}
