/** An eBPF instruction on its way through the passes, and a program of them. */
import { BPF_ATOMIC, BPF_CALL, BPF_EXIT, BPF_JA, BPF_JMP, BPF_JMP32, BPF_LDX, BPF_MEM, BPF_PSEUDO_CALL, BPF_ST, BPF_STX, classOf, modeOf, operationOf } from "../../xdp/index.js";
import type { Insn, ProgramSpec } from "../../xdp/index.js";
import { targetOf } from "../cost/flow.js";
import type { NfpFacts, Pointer } from "./facts.js";

/** What the card can do that changes the code. */
export interface NfpTarget {
  /** Bytes that bpf_xdp_adjust_head may take off and put on at the front of every packet, without a check. */
  readonly guaranteedSub: number;
  readonly guaranteedAdd: number;
}

export interface Meta {
  readonly slot: number;
  /** Passes change it. */
  insn: Insn;
  /** True where no code is made of it: dead, or taken care of by a pass. */
  skip: boolean;
  /** Some jump goes here, dead or not. */
  readonly jumpTarget: boolean;
  readonly zext: boolean;
  /** Of a load, store or atomic: what it goes through. */
  readonly pointer: Pointer | undefined;
  /** A jump whose negative immediate was turned: it adds instead of subtracting. */
  negated: boolean;
  /** Of the first load of a memory copy: bytes in all, and the first store. Negative bytes: from high to low. */
  copy?: { bytes: number; readonly store: Meta };
  /** Of a packet load: window of the packet cache in which it lies, offsets from its base register, and whether it fills it. */
  window?: { start: number; end: number };
  fills: boolean;
}

export interface FunctionInfo {
  readonly start: number;
  readonly end: number;
  /** Bytes of its stack frame, with what calls save in it. */
  readonly frame: number;
  /** It uses r6 to r9, which must be saved where it is called. */
  readonly saves: boolean;
}

/** What the passes and selection work on. */
export interface NfpProgram {
  readonly insns: readonly Insn[];
  readonly metas: readonly Meta[];
  readonly functions: readonly FunctionInfo[];
  readonly facts: NfpFacts;
  /** Slot of the one bpf_xdp_adjust_head whose checks can be left out, or -1. */
  adjustHead: number;
}

export function functionAt(program: NfpProgram, slot: number): number {
  return program.functions.findIndex(({ start, end }) => slot >= start && slot < end);
}

/** Prepares a program for the passes. Facts must be of the same program. */
export function metasOf(program: ProgramSpec, facts: NfpFacts, target: NfpTarget): NfpProgram {
  const { insns } = program;
  const targets = new Uint8Array(insns.length + 1);
  insns.forEach((insn, slot) => {
    const to = isFunctionCall(insn) ? slot + 1 + insn.imm : targetOf(insn, slot);
    if (to >= 0 && to < insns.length) targets[to] = 1;
  });
  const functions = program.functions.map(({ start, end }, i): FunctionInfo => {
    const saves = insns.slice(start, end).some(({ dst }) => dst >= 6 && dst <= 9);
    return { start, end, saves, frame: facts.stackBytes(i) + (i === 0 ? 0 : 4 + (saves ? 32 : 0)) };
  });
  const metas = insns.map((insn, slot): Meta => ({
    slot,
    insn,
    skip: !facts.reached(slot) || isNothing(insn, slot, insns, facts),
    jumpTarget: targets[slot] === 1,
    zext: facts.zeroExtends(slot),
    pointer: pointerOf(insn, slot, facts),
    negated: false,
    fills: false,
  }));
  return { insns, metas, functions, facts, adjustHead: fixedAdjustHead(insns, facts, target) };
}

/** A jump that goes to the next instruction, or of which only falling through is alive: the verifier takes it out. */
function isNothing(insn: Insn, slot: number, insns: readonly Insn[], facts: NfpFacts): boolean {
  const to = targetOf(insn, slot);
  if (to < 0) return false;
  if (!isConditional(insn)) return nextAlive(slot, insns, facts) === to || to === slot + 1;
  if (!facts.jumps(slot)) return true;
  return !facts.falls(slot) && nextAlive(slot, insns, facts) === to;
}

function nextAlive(slot: number, insns: readonly Insn[], facts: NfpFacts): number {
  let next = slot + 1;
  while (next < insns.length && !facts.reached(next)) next++;
  return next;
}

function pointerOf(insn: Insn, slot: number, facts: NfpFacts): Pointer | undefined {
  if (!isMemory(insn) || !facts.reached(slot)) return undefined;
  return facts.pointer(slot, classOf(insn.op) === BPF_LDX ? insn.src : insn.dst);
}

const ADJUST_HEAD = 44;
/** Shortest frame without its checksum, and its header: what must be left when nothing is checked. */
const ETH_ZLEN = 60;
const ETH_HLEN = 14;

/** The slot of the only call of bpf_xdp_adjust_head, where its distance is one constant that never needs a check. */
function fixedAdjustHead(insns: readonly Insn[], facts: NfpFacts, target: NfpTarget): number {
  const calls = insns.flatMap((insn, slot) => (isHelperCall(insn) && insn.imm === ADJUST_HEAD && facts.reached(slot) ? [slot] : []));
  if (calls.length !== 1) return -1;
  const { min, max } = facts.range(calls[0], 2);
  if (min !== max) return -1;
  const distance = Number(BigInt.asIntN(32, min));
  return distance <= ETH_ZLEN - ETH_HLEN && distance <= target.guaranteedAdd && distance >= -target.guaranteedSub ? calls[0] : -1;
}

export function isMemory(insn: Insn): boolean {
  const kind = classOf(insn.op);
  return kind === BPF_LDX || kind === BPF_ST || kind === BPF_STX;
}
export function isLoad(insn: Insn): boolean {
  return classOf(insn.op) === BPF_LDX && modeOf(insn.op) === BPF_MEM;
}
/** A store of a register. */
export function isStore(insn: Insn): boolean {
  return classOf(insn.op) === BPF_STX && modeOf(insn.op) === BPF_MEM;
}
export function isImmediateStore(insn: Insn): boolean {
  return classOf(insn.op) === BPF_ST && modeOf(insn.op) === BPF_MEM;
}
export function isAtomic(insn: Insn): boolean {
  return classOf(insn.op) === BPF_STX && modeOf(insn.op) === BPF_ATOMIC;
}
export function isJump(insn: Insn): boolean {
  const kind = classOf(insn.op);
  return kind === BPF_JMP || kind === BPF_JMP32;
}
export function isConditional(insn: Insn): boolean {
  const operation = operationOf(insn.op);
  return isJump(insn) && operation !== BPF_JA && operation !== BPF_CALL && operation !== BPF_EXIT;
}
export function isCall(insn: Insn): boolean {
  return classOf(insn.op) === BPF_JMP && operationOf(insn.op) === BPF_CALL;
}
export function isFunctionCall(insn: Insn): boolean {
  return isCall(insn) && insn.src === BPF_PSEUDO_CALL;
}
export function isHelperCall(insn: Insn): boolean {
  return isCall(insn) && insn.src !== BPF_PSEUDO_CALL;
}
export function isExit(insn: Insn): boolean {
  return classOf(insn.op) === BPF_JMP && operationOf(insn.op) === BPF_EXIT;
}
