/**
 * A program as a listing in bpftool's manner: slot, opcode in brackets, text; in between, functions as labels and
 * source lines as comments. The assembler reads the listing back.
 */
import type { FunctionSpec, Insn, LineInfo } from "../object/spec.js";
import { formatInsn } from "./format.js";
import type { FormatNames } from "./format.js";
import { LD_IMM64 } from "./opcode.js";

/** What to show beside the instructions. */
export interface DisassembleOptions extends FormatNames {
  /** Functions, ascending by `start`: each starts with a line `name:`. */
  readonly functions?: readonly FunctionSpec[];
  /** Source lines, ascending by `insn`: each is shown as `; text @ file:line`, the file without its folder. */
  readonly lines?: readonly LineInfo[];
}

/** Listing of a program, one line an instruction, each line ended by a newline. */
export function disassemble(insns: readonly Insn[], options: DisassembleOptions = {}): string {
  const starts = new Map((options.functions ?? []).map((f) => [f.start, f.name]));
  const sources = new Map((options.lines ?? []).map((line) => [line.insn, line]));
  const out: string[] = [];
  let shown: LineInfo | undefined;
  for (let i = 0; i < insns.length; ) {
    const insn = insns[i] as Insn;
    const name = starts.get(i);
    if (name !== undefined) out.push(`${name}:`);
    const line = sources.get(i);
    // The compiler marks each place on a line: one mention is enough.
    if (line && (name !== undefined || line.line !== shown?.line || line.file !== shown.file)) out.push(`; ${line.text.trim()} @ ${baseName(line.file)}:${line.line}`);
    shown = line ?? shown;
    out.push(`${String(i).padStart(4)}: (${insn.op.toString(16).padStart(2, "0")}) ${formatInsn(insn, insns[i + 1], options)}`);
    i += insn.op === LD_IMM64 ? 2 : 1;
  }
  return out.length === 0 ? "" : `${out.join("\n")}\n`;
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
