/**
 * eBPF to NFP instructions, slot by slot, as the nfp driver of Linux translates (drivers/net/ethernet/netronome/nfp/bpf).
 * Facts go in, the instructions of each slot come out; what they cost is not known here.
 */
import { BPF_PSEUDO_CALL, LD_IMM64 } from "../../xdp/index.js";
import type { Insn, MapSpec, ProgramSpec } from "../../xdp/index.js";
import { analyse } from "./analysis/analyse.js";
import { Code } from "./code.js";
import type { NfpInsn } from "./code.js";
import type { NfpFacts } from "./facts.js";
import { nearestKin } from "./kin.js";
import { functionAt, isCall, metasOf } from "./meta.js";
import type { NfpProgram, NfpTarget } from "./meta.js";
import { PASSES } from "./passes/index.js";
import { FRAME_ALIGN } from "./select/call.js";
import { frameBytes } from "./select/context.js";
import { selectorOf } from "./select/table.js";

/** Instructions in front of a program, behind it, and no-operations that the instruction fetch wants at its end. */
export const NFP_PROLOGUE = 2;
export const NFP_EPILOGUE = 13;
export const NFP_PADDING = 8;
/** The two subroutines that save and restore r6 to r9, where a function needs them. */
export const NFP_SAVE_REGISTERS = 9;

export interface TranslateOptions {
  /** What the verifier knows. Default: the data flow analysis of this room. */
  readonly facts?: NfpFacts;
  readonly target?: NfpTarget;
  /** Names of the passes that run. Default: all. */
  readonly passes?: readonly string[];
}

/** Instructions of one slot. */
export interface SlotCode {
  readonly insns: readonly NfpInsn[];
  /** True where the driver's translator has no code for it: what stands there is that of its nearest kin. */
  readonly refused: boolean;
}

export interface Translation {
  /** By slot; empty where a slot needs no instruction. */
  readonly slots: readonly SlotCode[];
  /** Length of the program with everything around it, instructions. */
  readonly instructions: number;
  /** Most bytes of stack in use at a time, whole frames of 64. */
  readonly stackBytes: number;
  readonly program: NfpProgram;
}

/** What the open firmware guarantees (reference: nic-firmware@4220fb95). */
export const DEFAULT_TARGET: NfpTarget = { guaranteedSub: 84, guaranteedAdd: 112 };

const NOTHING: SlotCode = { insns: [], refused: false };

/** The last translation of a program with nothing but a target given: costs and admission both ask for it. */
const known = new WeakMap<ProgramSpec, { readonly maps: readonly MapSpec[]; readonly target: string; readonly translation: Translation }>();

/** Translates one program. Never throws: what cannot be translated is marked as refused. */
export function translate(program: ProgramSpec, maps: readonly MapSpec[], options: TranslateOptions = {}): Translation {
  if (options.facts !== undefined || options.passes !== undefined) return make(program, maps, options);
  const { guaranteedSub, guaranteedAdd } = options.target ?? DEFAULT_TARGET;
  const target = `${guaranteedSub} ${guaranteedAdd}`;
  const last = known.get(program);
  if (last?.maps === maps && last.target === target) return last.translation;
  const translation = make(program, maps, options);
  known.set(program, { maps, target, translation });
  return translation;
}

function make(program: ProgramSpec, maps: readonly MapSpec[], options: TranslateOptions): Translation {
  const facts = options.facts ?? analyse(program, maps);
  const prepared = metasOf(program, facts, options.target ?? DEFAULT_TARGET);
  for (const name of options.passes ?? Object.keys(PASSES)) PASSES[name]?.(prepared);
  const slots = prepared.metas.map((_, slot) => select(prepared, slot));
  const around = NFP_PROLOGUE + NFP_EPILOGUE + NFP_PADDING + (prepared.functions.some(({ saves }, i) => i > 0 && saves) ? 2 * NFP_SAVE_REGISTERS : 0);
  return { slots, instructions: slots.reduce((sum, { insns }) => sum + insns.length, around), stackBytes: stackOf(prepared), program: prepared };
}

function select(program: NfpProgram, slot: number): SlotCode {
  const meta = program.metas[slot];
  const index = functionAt(program, slot);
  const fn = program.functions[index] ?? program.functions[0];
  const starts = index > 0 && fn.start === slot;
  if (isSecondHalf(program.insns, slot) || (meta.skip && !starts)) return NOTHING;
  const code = new Code();
  // A function keeps its return address in the first word of its frame.
  if (starts) code.alu();
  if (meta.skip) return { insns: code.insns, refused: false };
  const selection = { program, meta, code, fn, main: index <= 0 };
  const written = code.insns.length;
  if (selectorOf(meta.insn.op)?.(selection) === true) return { insns: code.insns, refused: false };
  code.insns.length = written;
  nearestKin(selection);
  return { insns: code.insns, refused: true };
}

function isSecondHalf(insns: readonly Insn[], slot: number): boolean {
  return slot > 0 && insns[slot].op === 0 && insns[slot - 1].op === LD_IMM64;
}

/** Frames of the deepest chain of calls. */
function stackOf(program: NfpProgram): number {
  const { functions, insns } = program;
  const frames = functions.map((fn) => Math.ceil(frameBytes(fn) / FRAME_ALIGN) * FRAME_ALIGN);
  const known = new Map<number, number>();
  const deepest = (index: number, depth: number): number => {
    const before = known.get(index);
    if (before !== undefined) return before;
    const { start, end } = functions[index];
    let below = 0;
    for (let slot = start; slot < end; slot++) {
      if (!isCall(insns[slot]) || insns[slot].src !== BPF_PSEUDO_CALL) continue;
      const callee = functions.findIndex((fn) => fn.start === slot + 1 + insns[slot].imm);
      // Calls nest at most eight deep; a cycle would be refused at load.
      if (callee > 0 && depth < 8) below = Math.max(below, deepest(callee, depth + 1));
    }
    known.set(index, frames[index] + below);
    return frames[index] + below;
  };
  return functions.length === 0 ? 0 : deepest(0, 0);
}
