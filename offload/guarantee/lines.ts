/** A path as a person reads it: by C line, and by what its cycles go into. */
import { BPF_ATOMIC, BPF_CALL, BPF_JMP, BPF_JMP32, BPF_LDX, BPF_ST, BPF_STX, classOf, HELPER_NAMES, modeOf } from "../../xdp/index.js";
import type { Insn } from "../../xdp/index.js";
import { lineOf } from "./place.js";
import type { PathStep } from "./steps.js";

export interface GuaranteeLine {
  readonly file: string;
  readonly line: number;
  readonly text: string;
  /** Cycles of the slowest path on this line, all times together. */
  readonly cycles: number;
  /** How often the path comes to it. */
  readonly times: number;
}

/** Cycles of one kind of work. */
export interface Share {
  readonly what: string;
  readonly cycles: number;
}

/** What is told of a path. */
export interface PathSummary {
  /** Instructions executed. */
  readonly instructions: number;
  /** Its C lines, in order of first appearance. */
  readonly lines: readonly GuaranteeLine[];
  /** What its cycles go into, most first. */
  readonly shares: readonly Share[];
}

export function summarize(steps: Iterable<PathStep>): PathSummary {
  const lines = new Map<string, { file: string; line: number; text: string; cycles: number; times: number }>();
  const shares = new Map<string, number>();
  let instructions = 0;
  let last: string | undefined;
  for (const { program, slot, cycles, times } of steps) {
    instructions += times;
    const what = workOf(program.insns[slot], program.externs?.find((extern) => extern.insn === slot)?.name);
    shares.set(what, (shares.get(what) ?? 0) + cycles * times);
    const line = lineOf(program, slot);
    if (line === undefined) continue;
    const key = `${line.file}:${line.line}`;
    let entry = lines.get(key);
    if (entry === undefined) lines.set(key, (entry = { file: line.file, line: line.line, text: line.text.trim(), cycles: 0, times: 0 }));
    entry.cycles += cycles * times;
    if (key !== last) entry.times += times;
    last = key;
  }
  return {
    instructions, lines: [...lines.values()].filter(({ cycles }) => cycles > 0),
    shares: [...shares].map(([what, cycles]) => ({ what, cycles })).filter(({ cycles }) => cycles > 0).toSorted((a, b) => b.cycles - a.cycles),
  };
}

function workOf(insn: Insn, kfunc: string | undefined): string {
  const kind = classOf(insn.op);
  if (insn.op === (BPF_JMP | BPF_CALL)) return insn.src === 0 ? (HELPER_NAMES[insn.imm] ?? `helper ${insn.imm}`) : (kfunc ?? "calls of functions");
  if (kind === BPF_JMP || kind === BPF_JMP32) return "branches";
  if (kind === BPF_STX && modeOf(insn.op) === BPF_ATOMIC) return "atomics";
  if (kind === BPF_LDX) return "loads";
  return kind === BPF_ST || kind === BPF_STX ? "stores" : "arithmetic";
}
