/**
 * Assembly text to instructions, one a line. It reads what the disassembler, the verifier's log and
 * `bpftool prog dump xlated` print, and what a person or LLVM would write: `label:` before a statement or on its own line,
 * comments after `;`, `//` or a `#` that follows a blank.
 */
import type { Insn } from "../object/spec.js";
import { AssembleError } from "./error.js";
import { LD_IMM64 } from "./opcode.js";
import { StatementProblem, parseStatement } from "./statement.js";
import type { AssembleOptions, Statement } from "./statement.js";

/** A line of text taken apart. */
interface Line {
  readonly number: number;
  readonly source: string;
  readonly labels: readonly string[];
  /** Slot number that a listing has in front. */
  readonly slot?: number;
  readonly opcode?: number;
  /** Empty where the line has no statement. */
  readonly statement: string;
}

const LABEL = /^([A-Za-z_.$][\w.$]*):(?:\s+|$)/;
/** Head of a function as bpftool prints it: `int name(struct xdp_md * ctx):`. */
const PROTOTYPE = /^[\w\s*]*?([A-Za-z_][\w.]*)\(.*\):$/;

/**
 * Instructions of a text.
 * @throws AssembleError with the line and what is wrong with it.
 */
export function assemble(text: string, options: AssembleOptions = {}): Insn[] {
  const lines = text.split("\n").map(takeApart);
  const names = new Set(lines.flatMap((line) => line.labels));
  const places = new Map<string, number>();
  const insns: Insn[] = [];
  const fixups: { line: Line; slot: number; label: NonNullable<Statement["label"]> }[] = [];

  for (const line of lines) {
    for (const label of line.labels) {
      if (places.has(label)) throw new AssembleError(line.number, line.source, `label ${label} is already defined`);
      places.set(label, insns.length);
    }
    if (line.statement === "") continue;
    if (line.slot !== undefined && line.slot !== insns.length) throw new AssembleError(line.number, line.source, `slot ${line.slot} where slot ${insns.length} comes next`);
    const { insn, high, label } = statementOf(line, names, options);
    if (line.opcode !== undefined && line.opcode !== insn.op) throw new AssembleError(line.number, line.source, `the text is opcode 0x${insn.op.toString(16)}, not 0x${line.opcode.toString(16)}`);
    if (label) fixups.push({ line, slot: insns.length, label });
    insns.push(insn);
    if (insn.op === LD_IMM64) insns.push({ op: 0, dst: 0, src: 0, off: 0, imm: high ?? 0 });
  }

  for (const { line, slot, label } of fixups) {
    const place = places.get(label.name);
    if (place === undefined) throw new AssembleError(line.number, line.source, `no label ${label.name}`);
    const distance = place - slot - 1;
    if (label.field === "off" && (distance < -0x8000 || distance > 0x7fff)) throw new AssembleError(line.number, line.source, `label ${label.name} is ${distance} slots away, which does not fit 16 bits`);
    insns[slot] = { ...(insns[slot] as Insn), [label.field]: distance };
  }
  return insns;
}

function takeApart(source: string, index: number): Line {
  let rest = source.replace(/(?:;|\/\/|(?:^|\s)#).*$/, "").trim().replaceAll(/\s+/g, " ");
  const number = index + 1;
  const prototype = PROTOTYPE.exec(rest);
  if (prototype) return { number, source, labels: [prototype[1] as string], statement: "" };
  const labels: string[] = [];
  for (let match = LABEL.exec(rest); match; match = LABEL.exec(rest)) {
    labels.push(match[1] as string);
    rest = rest.slice(match[0].length);
  }
  const listing = /^(?:(\d+): ?)?(?:\(([0-9a-f]{2})\) )?/.exec(rest);
  const slot = listing?.[1];
  const opcode = listing?.[2];
  return {
    number,
    source,
    labels,
    ...(slot === undefined ? {} : { slot: Number(slot) }),
    ...(opcode === undefined ? {} : { opcode: Number.parseInt(opcode, 16) }),
    statement: rest.slice(listing?.[0].length ?? 0),
  };
}

function statementOf(line: Line, names: ReadonlySet<string>, options: AssembleOptions): Statement {
  try {
    return parseStatement(line.statement, { ...options, ...(line.opcode === undefined ? {} : { opcode: line.opcode }), isLabel: (name) => names.has(name) });
  } catch (cause) {
    if (cause instanceof StatementProblem) throw new AssembleError(line.number, line.source, cause.message);
    throw cause;
  }
}
