/**
 * Control flow: every instruction is reachable, none is jumped to in its middle; where states are kept and compared, where a
 * walk back needs a record, which instructions are loops, which registers are still read after each.
 */
import { CHANGES_PACKET, HELPER_PROTOTYPE_BY_ID } from "../helpers/prototypes.js";
import { BPF_ATOMIC, BPF_CALL, BPF_CMPXCHG, BPF_END, BPF_EXIT, BPF_FETCH, BPF_IMM, BPF_JA, BPF_JCOND, BPF_JMP, BPF_JMP32, BPF_LD, BPF_LDX, BPF_LOAD_ACQ, BPF_MOV, BPF_NEG, BPF_ST, BPF_STORE_REL, BPF_STX, BPF_X, BPF_XCHG, LD_IMM64, classOf, modeOf, operationOf } from "../isa/index.js";
import type { Insn } from "../object/index.js";
import { FUNC_tail_call, callsBack, callsBackLater, isFunctionLoad, isHelperCall, isKfuncCall, isSubprogramCall, kfuncAt } from "./calls.js";
import type { Env, Subprogram } from "./env.js";

const NEW = 0;
const DISCOVERED = 1;
const EXPLORED = 2;

/** Walks the control flow of all functions from the entry; refuses what is unreachable. */
export function checkCfg(env: Env): void {
  const seen = new Uint8Array(env.insns.length);
  walk(env, seen, 0);
  if (env.exceptionCallback > 0) walk(env, seen, (env.subprograms[env.exceptionCallback] as Subprogram).start);
  for (let at = 0; at < env.insns.length; at++) {
    if (seen[at] !== EXPLORED) env.reject(`unreachable insn ${at}`);
    if ((env.insns[at] as Insn).op === LD_IMM64) {
      if (seen[at + 1] !== NEW) env.reject(`jump into the middle of ldimm64 insn ${at}`);
      at++;
    }
  }
}

function walk(env: Env, seen: Uint8Array, from: number): void {
  // By depth: the instruction, and how many of its edges were followed.
  const stack = [from];
  const edge = new Uint8Array(env.insns.length);
  seen[from] = DISCOVERED;
  while (stack.length > 0) {
    const at = stack[stack.length - 1] as number;
    const targets = edge[at] === 0 ? visit(env, at) : edgesOf(env, at);
    let went = false;
    while ((edge[at] as number) < targets.length) {
      const target = targets[edge[at] as number] as number;
      (edge[at] as number)++;
      if (target < 0 || target >= env.insns.length) env.reject(`jump out of range from insn ${at} to ${target}`);
      if (seen[target] === NEW) {
        seen[target] = DISCOVERED;
        stack.push(target);
        went = true;
        break;
      }
      if (seen[target] === EXPLORED && isSubprogramCall(env.insns[at] as Insn)) mergeEffects(env, at, target);
    }
    if (went) continue;
    seen[at] = EXPLORED;
    stack.pop();
    const insn = env.insns[at] as Insn;
    if (isSubprogramCall(insn) || isFunctionLoad(insn)) mergeEffects(env, at, at + insn.imm + 1);
  }
}

function mergeEffects(env: Env, caller: number, callee: number): void {
  const from = env.subprograms[env.subprogramAt[callee] as number] as Subprogram;
  const to = env.subprograms[env.subprogramAt[caller] as number] as Subprogram;
  to.changesPacket ||= from.changesPacket;
  to.mightSleep ||= from.mightSleep;
}

/** Where an instruction may go: what follows it first; the start of what it calls last. */
function edgesOf(env: Env, at: number): readonly number[] {
  const insn = env.insns[at] as Insn;
  if (isFunctionLoad(insn)) return [at + 2, at + insn.imm + 1];
  const cls = classOf(insn.op);
  if (cls !== BPF_JMP && cls !== BPF_JMP32) return [at + (insn.op === LD_IMM64 ? 2 : 1)];
  switch (operationOf(insn.op)) {
    case BPF_EXIT:
      return [];
    case BPF_CALL:
      return isSubprogramCall(insn) ? [at + 1, at + insn.imm + 1] : [at + 1];
    case BPF_JA:
      return [at + 1 + (cls === BPF_JMP ? insn.off : insn.imm)];
    default:
      return [at + 1, at + 1 + insn.off];
  }
}

/** Notes what an instruction means for pruning, and gives its edges. */
function visit(env: Env, at: number): readonly number[] {
  const { aux } = env;
  const insn = env.insns[at] as Insn;
  const edges = edgesOf(env, at);
  const cls = classOf(insn.op);
  const point = (target: number): void => {
    aux.prunePoint[target] = 1;
    aux.jumpPoint[target] = 1;
  };
  const branch = (target: number): void => {
    point(target);
    aux.jumpTarget[target] = 1;
  };
  if (isFunctionLoad(insn)) {
    point(at + 2);
    aux.prunePoint[at] = 1;
    branch(at + insn.imm + 1);
    return edges;
  }
  if (cls !== BPF_JMP && cls !== BPF_JMP32) return edges;
  switch (operationOf(insn.op)) {
    case BPF_EXIT:
      return edges;
    case BPF_CALL:
      if (callsBackLater(env, at)) aux.prunePoint[at] = 1;
      if (callsBack(env, at)) {
        aux.callsCallback[at] = aux.forceCheckpoint[at] = 1;
        point(at);
      }
      if (isHelperCall(insn)) {
        const info = env.subprograms[env.subprogramAt[at] as number] as Subprogram;
        if (CHANGES_PACKET.has(insn.imm)) info.changesPacket = true;
        if (HELPER_PROTOTYPE_BY_ID.get(insn.imm)?.mightSleep) info.mightSleep = true;
      }
      if (isKfuncCall(insn) && kfuncAt(env, at)?.iter === "next") {
        aux.prunePoint[at] = aux.forceCheckpoint[at] = aux.iterNext[at] = 1;
      }
      point(at + 1);
      if (isSubprogramCall(insn)) {
        aux.prunePoint[at] = 1;
        branch(at + insn.imm + 1);
      }
      return edges;
    case BPF_JA:
      if ((insn.op & BPF_X) !== 0) env.reject("BPF_JA uses reserved fields");
      branch(edges[0] as number);
      return edges;
    default:
      aux.prunePoint[at] = 1;
      if (operationOf(insn.op) === BPF_JCOND) aux.forceCheckpoint[at] = 1;
      branch(edges[1] as number);
      return edges;
  }
}

/** Edges within a function: calls return. */
export function successors(env: Env, at: number): readonly number[] {
  const insn = env.insns[at] as Insn;
  const edges = edgesOf(env, at);
  // A tail call that succeeds ends the function.
  if (isHelperCall(insn) && insn.imm === FUNC_tail_call) return [edges[0] as number, (env.subprograms[env.subprogramAt[at] as number] as Subprogram).exit];
  return isSubprogramCall(insn) || isFunctionLoad(insn) ? [edges[0] as number] : edges;
}

/** Numbers the loops (strongly connected components with an edge inside), by Tarjan's algorithm without recursion. */
export function findLoops(env: Env): void {
  const { length } = env.insns;
  const order = new Int32Array(length);
  const low = new Int32Array(length);
  const onStack = new Uint8Array(length);
  const component: number[] = [];
  let count = 0;
  let next = 1;
  for (const { start } of env.subprograms) {
    if (order[start] !== 0) continue;
    const path: { readonly at: number; readonly to: readonly number[]; i: number }[] = [];
    const enter = (at: number): void => {
      order[at] = low[at] = next++;
      onStack[at] = 1;
      component.push(at);
      path.push({ at, to: successors(env, at), i: 0 });
    };
    enter(start);
    while (path.length > 0) {
      const top = path[path.length - 1] as (typeof path)[number];
      if (top.i < top.to.length) {
        const target = top.to[top.i++] as number;
        if (order[target] === 0) enter(target);
        else if (onStack[target] === 1) low[top.at] = Math.min(low[top.at] as number, order[target] as number);
        continue;
      }
      path.pop();
      const parent = path[path.length - 1];
      if (parent !== undefined) low[parent.at] = Math.min(low[parent.at] as number, low[top.at] as number);
      if (low[top.at] !== order[top.at]) continue;
      const members = component.splice(component.lastIndexOf(top.at));
      for (const member of members) onStack[member] = 0;
      if (members.length === 1 && !top.to.includes(top.at)) continue;
      count++;
      for (const member of members) env.aux.scc[member] = count;
      env.hasLoops = true;
    }
  }
}

/** Registers that an instruction reads and writes, as bits. */
export function registersOf(env: Env, at: number): { readonly use: number; readonly def: number } {
  const insn = env.insns[at] as Insn;
  const cls = classOf(insn.op);
  const dst = 1 << insn.dst;
  const src = 1 << insn.src;
  const operation = operationOf(insn.op);
  switch (cls) {
    case BPF_LD:
      if (modeOf(insn.op) === BPF_IMM) return { use: 0, def: dst };
      return { use: (1 << 6) | src, def: 1 | 0x3f };
    case BPF_LDX:
      return { use: src, def: dst };
    case BPF_ST:
      return { use: dst, def: 0 };
    case BPF_STX:
      if (modeOf(insn.op) === BPF_ATOMIC) {
        if (insn.imm === BPF_CMPXCHG) return { use: 1 | dst | src, def: 1 };
        if (insn.imm === BPF_LOAD_ACQ) return { use: src, def: dst };
        if (insn.imm === BPF_STORE_REL) return { use: dst | src, def: 0 };
        return { use: dst | src, def: insn.imm === BPF_XCHG || (insn.imm & BPF_FETCH) !== 0 ? src : 0 };
      }
      return { use: dst | src, def: 0 };
    case BPF_JMP:
    case BPF_JMP32:
      if (operation === BPF_JA || operation === BPF_JCOND) return { use: 0, def: 0 };
      if (operation === BPF_EXIT) return { use: 1, def: 0 };
      if (operation === BPF_CALL) return { use: argumentsOf(env, at, insn), def: 0x3f };
      return { use: dst | (insn.op & BPF_X ? src : 0), def: 0 };
    default:
      if (operation === BPF_END || operation === BPF_NEG) return { use: dst, def: dst };
      if (operation === BPF_MOV) return { use: insn.op & BPF_X ? src : 0, def: dst };
      return { use: dst | (insn.op & BPF_X ? src : 0), def: dst };
  }
}

function argumentsOf(env: Env, at: number, insn: Insn): number {
  let count = 5;
  if (isHelperCall(insn)) count = HELPER_PROTOTYPE_BY_ID.get(insn.imm)?.args.length ?? 5;
  else if (isKfuncCall(insn)) count = kfuncAt(env, at)?.args.length ?? 5;
  return ((1 << count) - 1) << 1;
}

/** Registers whose value may still be read, before each instruction. */
export function findLiveRegisters(env: Env): void {
  const { liveRegs } = env.aux;
  liveRegs.fill(0);
  const facts = env.insns.map((_, at) => registersOf(env, at));
  const edges = env.insns.map((_, at) => (at > 0 && (env.insns[at - 1] as Insn).op === LD_IMM64 && (env.insns[at] as Insn).op === 0 ? [] : successors(env, at)));
  for (let changed = true; changed; ) {
    changed = false;
    for (let at = env.insns.length - 1; at >= 0; at--) {
      let out = 0;
      for (const target of edges[at] as readonly number[]) out |= liveRegs[target] as number;
      const { use, def } = facts[at] as { use: number; def: number };
      const live = (out & ~def) | use;
      if (live !== liveRegs[at]) {
        liveRegs[at] = live;
        changed = true;
      }
    }
  }
}
