/** Which slots can execute more than once for a packet: those on a cycle of the control flow, and all that they call. */
import { BPF_CALL, BPF_JCOND, BPF_JMP, BPF_JMP32, BPF_PSEUDO_CALL, BPF_PSEUDO_FUNC, classOf, LD_IMM64, operationOf } from "../../xdp/index.js";
import type { Insn, ProgramSpec } from "../../xdp/index.js";
import { fallsThrough, targetOf } from "./flow.js";

/** 1 by slot that may repeat. Where functions are passed by address (callbacks of loops), every slot may. */
export function repeatingSlots(program: ProgramSpec): Uint8Array {
  const { insns } = program;
  const repeating = new Uint8Array(insns.length);
  if (insns.some((insn) => passesFunction(insn) || mayGoto(insn))) return repeating.fill(1);
  markCycles(insns, repeating);
  spreadToCallees(program, repeating);
  return repeating;
}

function passesFunction(insn: Insn): boolean {
  return insn.op === LD_IMM64 && insn.src === BPF_PSEUDO_FUNC;
}

function mayGoto(insn: Insn): boolean {
  const kind = classOf(insn.op);
  return (kind === BPF_JMP || kind === BPF_JMP32) && operationOf(insn.op) === BPF_JCOND;
}

/** Next slots within the function: where the instruction goes on, and where it jumps. */
function successor(insns: readonly Insn[], slot: number, which: number): number {
  const insn = insns[slot];
  const next = which === 0 ? (fallsThrough(insn) ? slot + (insn.op === LD_IMM64 ? 2 : 1) : -1) : targetOf(insn, slot);
  return next < insns.length ? next : -1;
}

/** Tarjan's strongly connected components, with a stack of its own: programs are long. */
function markCycles(insns: readonly Insn[], repeating: Uint8Array): void {
  const count = insns.length;
  const order = new Int32Array(count).fill(-1);
  const low = new Int32Array(count);
  const open = new Uint8Array(count);
  const branch = new Uint8Array(count);
  const component: number[] = [];
  const path: number[] = [];
  let clock = 0;
  for (let root = 0; root < count; root++) {
    if (order[root] >= 0) continue;
    path.push(root);
    while (path.length > 0) {
      const slot = path[path.length - 1];
      if (order[slot] < 0) {
        order[slot] = low[slot] = clock++;
        open[slot] = 1;
        component.push(slot);
      }
      if (branch[slot] < 2) {
        const next = successor(insns, slot, branch[slot]++);
        if (next < 0) continue;
        if (next === slot) repeating[slot] = 1;
        if (order[next] < 0) path.push(next);
        else if (open[next] === 1) low[slot] = Math.min(low[slot], order[next]);
        continue;
      }
      path.pop();
      const parent = path[path.length - 1];
      if (parent !== undefined) low[parent] = Math.min(low[parent], low[slot]);
      if (low[slot] !== order[slot]) continue;
      let member: number;
      let size = 0;
      const top = component.length;
      do {
        member = component[top - 1 - size++];
        open[member] = 0;
      } while (member !== slot);
      for (const one of component.splice(top - size)) if (size > 1) repeating[one] = 1;
    }
  }
}

function spreadToCallees(program: ProgramSpec, repeating: Uint8Array): void {
  const { insns, functions } = program;
  for (let changed = true; changed; ) {
    changed = false;
    for (let slot = 0; slot < insns.length; slot++) {
      const insn = insns[slot];
      if (repeating[slot] === 0 || classOf(insn.op) !== BPF_JMP || operationOf(insn.op) !== BPF_CALL || insn.src !== BPF_PSEUDO_CALL) continue;
      const callee = functions.find(({ start }) => start === slot + 1 + insn.imm);
      if (callee === undefined || repeating.subarray(callee.start, callee.end).every((one) => one === 1)) continue;
      repeating.fill(1, callee.start, callee.end);
      changed = true;
    }
  }
}
