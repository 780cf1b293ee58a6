/** Errors of this room. */

/** An instruction whose encoding is not valid. */
export class InsnError extends Error {
  override readonly name = "InsnError";
  /** Slot of the instruction, from 0. */
  readonly insn: number;
  /** Opcode byte. */
  readonly op: number;

  constructor(insn: number, op: number, problem: string) {
    super(`instruction ${insn}: ${problem}`);
    this.insn = insn;
    this.op = op;
  }
}

/** Assembly text that cannot be assembled. */
export class AssembleError extends Error {
  override readonly name = "AssembleError";
  /** Line of the text, from 1. */
  readonly line: number;
  /** The line itself. */
  readonly source: string;

  constructor(line: number, source: string, problem: string) {
    super(`line ${line}: ${problem}: ${source.trim()}`);
    this.line = line;
    this.source = source;
  }
}
