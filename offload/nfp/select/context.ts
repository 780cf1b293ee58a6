/** What selecting the code of one instruction looks at. */
import type { Code } from "../code.js";
import type { FunctionInfo, Meta, NfpProgram } from "../meta.js";

export interface Selection {
  readonly program: NfpProgram;
  readonly meta: Meta;
  readonly code: Code;
  readonly fn: FunctionInfo;
  /** True in the entry function. */
  readonly main: boolean;
}

/** Writes the code of an instruction. False: the driver's translator has none for it, and refuses the program. */
export type Select = (selection: Selection) => boolean;

/** Bytes of the frame, as offsets in it count. */
export function frameBytes(fn: FunctionInfo): number {
  return Math.ceil(fn.frame / 4) * 4;
}

/** Clears the upper half of what the instruction wrote, where that is read. */
export function zeroExtend({ code, meta }: Selection): void {
  if (meta.zext) code.immed(0);
}

/** A distance other than 0 is added to both halves of a 40-bit address. */
export function mapAddress(code: Code, off: number): void {
  if (off !== 0) code.alu(2);
}
