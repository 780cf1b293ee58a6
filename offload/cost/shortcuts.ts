/**
 * What a compiler for hXDP leaves out of a program before it schedules it (OSDI 2020, section 3): checks of packet bounds, which
 * the hardware does; first writes of zero to the stack, which begins as zero; and then all whose result nobody reads.
 */
import {
  BPF_ALU, BPF_ALU64, BPF_CALL, BPF_EXIT, BPF_JA, BPF_JMP, BPF_JMP32, BPF_LDX, BPF_MEM, BPF_MOV, BPF_PSEUDO_CALL, BPF_ST, BPF_STX, BPF_X, bytesOf, classOf, LD_IMM64, modeOf, operationOf,
} from "../../xdp/index.js";
import type { Insn, MapSpec, ProgramSpec } from "../../xdp/index.js";
import { analyse } from "../nfp/analysis/analyse.js";
import { isConditional } from "../nfp/meta.js";
import { repeatingSlots } from "./cycles.js";
import { fallsThrough, targetOf } from "./flow.js";
import { analyseKinds, KIND_PACKET } from "./kinds.js";

const FP = 10;
const MAP_LOOKUP = 1;

/** 1 by slot that needs no instruction. */
export function leftOut(program: ProgramSpec, maps: readonly MapSpec[]): Uint8Array {
  const { insns } = program;
  const out = new Uint8Array(insns.length);
  const kinds = analyseKinds(program);
  insns.forEach((insn, slot) => {
    if (!kinds.reached(slot)) out[slot] = 1;
    else if (isConditional(insn) && (insn.op & BPF_X) !== 0 && kinds.of(slot, insn.dst) === KIND_PACKET && kinds.of(slot, insn.src) === KIND_PACKET) out[slot] = 1;
  });
  leaveOutZeros(program, maps, out);
  leaveOutUnread(program, out);
  return out;
}

/** Zeros that are the first thing written to their place of the stack. */
function leaveOutZeros(program: ProgramSpec, maps: readonly MapSpec[], out: Uint8Array): void {
  const { insns, functions } = program;
  const facts = analyse(program, maps);
  const repeats = repeatingSlots(program);
  const written = new Uint8Array(512);
  const end = functions[0]?.end ?? insns.length;
  for (let slot = 0; slot < end; slot++) {
    const insn = insns[slot];
    const kind = classOf(insn.op);
    if ((kind !== BPF_ST && kind !== BPF_STX) || modeOf(insn.op) !== BPF_MEM || out[slot] === 1) continue;
    const to = facts.pointer(slot, insn.dst);
    if (to?.kind !== "stack") continue;
    // Somewhere in the frame: from here on nothing is known to be untouched.
    if (to.distance !== "constant") {
      written.fill(1);
      continue;
    }
    const from = Math.max(0, 512 + to.offset + insn.off);
    const place = written.subarray(from, from + bytesOf(insn.op));
    const zero = kind === BPF_ST ? insn.imm === 0 : facts.range(slot, insn.src).max === 0n;
    if (zero && insn.dst === FP && repeats[slot] === 0 && place.every((one) => one === 0)) out[slot] = 1;
    else place.fill(1);
  }
}

/** Computations and loads whose register is not read before it is written again. */
function leaveOutUnread({ insns, functions }: ProgramSpec, out: Uint8Array): void {
  const live = new Uint16Array(insns.length);
  for (let changed = true; changed; ) {
    changed = false;
    for (let slot = insns.length - 1; slot >= 0; slot--) {
      const insn = insns[slot];
      const target = targetOf(insn, slot);
      let after = 0;
      if (target >= 0 && target < insns.length && (out[slot] === 0 || !isConditional(insn))) after |= live[target];
      if (fallsThrough(insn) && slot + 1 < insns.length) after |= live[slot + 1];
      let before = after;
      if (out[slot] === 0 && insn.op !== 0) {
        const to = writes(insn);
        if (isPure(insn) && to >= 0 && (after & (1 << to)) === 0) before = after;
        else {
          if (to >= 0) before &= ~(1 << to);
          if (isCall(insn)) before &= ~0b111111;
          for (const register of reads(insn)) before |= 1 << register;
        }
      }
      if (before === live[slot]) continue;
      live[slot] = before;
      changed = true;
    }
  }
  insns.forEach((insn, slot) => {
    if (!isPure(insn) || out[slot] === 1) return;
    const next = slot + (insn.op === LD_IMM64 ? 2 : 1);
    if (next < insns.length && (live[next] & (1 << writes(insn))) === 0 && !functions.some(({ start }) => start === next)) out[slot] = 1;
  });
}

function isCall(insn: Insn): boolean {
  return classOf(insn.op) === BPF_JMP && operationOf(insn.op) === BPF_CALL;
}

/** Nothing but its register changes. */
function isPure(insn: Insn): boolean {
  const kind = classOf(insn.op);
  return insn.op !== 0 && (kind === BPF_ALU || kind === BPF_ALU64 || kind === BPF_LDX || insn.op === LD_IMM64);
}

/** Register that an instruction writes alone; -1 where it writes none, or a call several. */
function writes(insn: Insn): number {
  return isPure(insn) ? insn.dst : -1;
}

/** Registers that an instruction reads. */
export function reads(insn: Insn): number[] {
  const kind = classOf(insn.op);
  const operation = operationOf(insn.op);
  switch (kind) {
    case BPF_LDX:
      return [insn.src];
    case BPF_ST:
      return [insn.dst];
    case BPF_STX:
      return [insn.dst, insn.src];
    case BPF_ALU:
    case BPF_ALU64: {
      const out = operation === BPF_MOV ? [] : [insn.dst];
      if ((insn.op & BPF_X) !== 0) out.push(insn.src);
      return out;
    }
    case BPF_JMP:
    case BPF_JMP32:
      if (operation === BPF_CALL) return insn.src !== BPF_PSEUDO_CALL && insn.imm === MAP_LOOKUP ? [1, 2] : [1, 2, 3, 4, 5];
      if (operation === BPF_EXIT) return [0];
      if (operation === BPF_JA) return [];
      return (insn.op & BPF_X) !== 0 ? [insn.dst, insn.src] : [insn.dst];
    default:
      return [];
  }
}
