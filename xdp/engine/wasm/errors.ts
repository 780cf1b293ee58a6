/** A program whose control flow cannot be compiled: it runs out of its instructions. The kernel's verifier rejects such programs. */
export class CompileError extends Error {
  readonly program: string;
  /** Slot. */
  readonly insn: number;
  constructor(program: string, insn: number, problem: string) {
    super(`program ${program}, instruction ${insn}: ${problem}`);
    this.name = "CompileError";
    this.program = program;
    this.insn = insn;
  }
}
