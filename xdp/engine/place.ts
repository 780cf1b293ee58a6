/** Where an instruction stands in the source. */
import type { ProgramPlace } from "../helpers/index.js";
import type { LineInfo, ProgramSpec } from "../object/index.js";

/** The source line that instruction `insn` comes from: the last that starts at or before it in the same function. */
export function lineOf(program: ProgramSpec, insn: number): LineInfo | undefined {
  const start = program.functions.findLast((f) => f.start <= insn)?.start ?? 0;
  const line = program.lines.findLast((l) => l.insn <= insn);
  return line && line.insn >= start ? line : undefined;
}

/** An instruction's place, for errors. */
export function placeOf(program: ProgramSpec, insn: number): ProgramPlace {
  const line = lineOf(program, insn);
  return { program: program.name, insn, ...(line ? { line: `${line.file}:${line.line}` } : {}) };
}
