/**
 * What holds of each instruction on every path that was walked, for engines that leave checks out. An access that is never
 * reached has no facts.
 */

/** Kinds of memory that accesses of one instruction went to, as bits. */
export const REGION_STACK = 1;
export const REGION_PACKET = 2;
export const REGION_METADATA = 4;
export const REGION_MAP_VALUE = 8;
export const REGION_CTX = 16;
export const REGION_MEMORY = 32;
export const REGION_OTHER = 64;

export class Facts {
  /** 1 for instructions that some path reaches. */
  readonly reached: Uint8Array;
  /** REGION_* of all accesses of an instruction; each of them was proven to be in bounds. */
  readonly regions: Uint8Array;
  constructor(length: number) {
    this.reached = new Uint8Array(length);
    this.regions = new Uint8Array(length);
  }

  record(insn: number, region: number): void {
    this.regions[insn] = (this.regions[insn] as number) | region;
  }

  /** May the access of this instruction go unchecked, being in bounds of memory of one known kind on all paths? */
  inBounds(insn: number): boolean {
    const regions = this.regions[insn] as number;
    return this.reached[insn] === 1 && regions !== 0 && (regions & REGION_OTHER) === 0;
  }
}
