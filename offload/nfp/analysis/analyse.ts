/**
 * Facts by data flow: every instruction is looked at with what holds on all paths to it together. The kernel's verifier walks
 * paths one by one and knows more; where it could take a program that this analysis cannot follow, it is given the benefit of the doubt.
 */
import { BPF_CALL, BPF_JA, BPF_JMP, BPF_JMP32, BPF_LDX, BPF_ST, BPF_STX, classOf, LD_IMM64, operationOf } from "../../../xdp/index.js";
import type { Insn, MapSpec, ProgramSpec } from "../../../xdp/index.js";
import { fallsThrough, SlotQueue, targetOf } from "../../cost/flow.js";
import { ANY } from "../facts.js";
import type { NfpFacts, Pointer, Range } from "../facts.js";
import { isConditional, isExit, isFunctionCall, isHelperCall } from "../meta.js";
import { assume } from "./branch.js";
import { UNKNOWN } from "./scalar.js";
import { State } from "./state.js";
import { placeId, step } from "./step.js";
import { upperHalvesRead } from "./upper.js";
import { isPointer, isScalar, join, pointer, same } from "./value.js";
import type { PointerValue, Value } from "./value.js";

/** Paths that come together at one place this often make its bounds coarse. */
const OFTEN = 24;
const FP = 10;
const LOOKUPS = new Set([1, 195]);

/** Analyses one program. Jumps that leave it are ignored: loading refuses them. */
export function analyse(program: ProgramSpec, maps: readonly MapSpec[]): NfpFacts {
  const analysis = new Analysis(program, maps);
  analysis.run();
  return analysis;
}

class Analysis implements NfpFacts {
  private readonly insns: readonly Insn[];
  private readonly program: ProgramSpec;
  private readonly maps: readonly MapSpec[];
  private readonly states: (State | undefined)[];
  private readonly visits: Uint16Array;
  /** Function (index) by slot. */
  private readonly fn: Uint16Array;
  private readonly taken: Uint8Array;
  private readonly fallen: Uint8Array;
  private readonly results = new Map<number, Value>();
  private readonly callers = new Map<number, Set<number>>();
  private readonly depth: Int32Array;
  private upper: Uint8Array = new Uint8Array(0);
  private readonly work: SlotQueue;

  constructor(program: ProgramSpec, maps: readonly MapSpec[]) {
    this.program = program;
    this.maps = maps;
    this.insns = program.insns;
    const count = program.insns.length;
    this.states = Array.from({ length: count });
    this.visits = new Uint16Array(count);
    this.fn = new Uint16Array(count);
    program.functions.forEach(({ start, end }, i) => this.fn.fill(i, start, end));
    this.taken = new Uint8Array(count);
    this.fallen = new Uint8Array(count);
    this.depth = new Int32Array(program.functions.length);
    this.work = new SlotQueue(Math.max(1, count));
  }

  run(): void {
    const entry = State.empty();
    entry.registers[1] = pointer("ctx");
    entry.registers[FP] = pointer("stack", { frame: 0 });
    this.flow(0, entry);
    this.drain();
    // Functions that are only called by address: nothing is known of their arguments.
    this.program.functions.forEach(({ start }, i) => {
      if (this.states[start] !== undefined || !this.isPassed(start)) return;
      const unknown = State.empty();
      for (let register = 1; register <= 5; register++) unknown.registers[register] = UNKNOWN;
      unknown.registers[FP] = pointer("stack", { frame: i });
      this.flow(start, unknown);
      this.drain();
    });
    const reached = Uint8Array.from(this.states, (state) => (state === undefined ? 0 : 1));
    this.upper = upperHalvesRead({
      insns: this.insns,
      reached,
      successors: (slot) => this.successors(slot),
      startOf: (slot) => this.program.functions[this.fn[slot]]?.start ?? 0,
      pointers: (slot) => this.states[slot]?.registers.reduce((mask, value, i) => (value !== undefined && !isScalar(value) ? mask | (1 << i) : mask), 0) ?? 0,
    });
    for (let slot = 0; slot < this.insns.length; slot++) this.measureStack(slot);
  }

  private isPassed(start: number): boolean {
    return this.insns.some((insn, slot) => insn.op === LD_IMM64 && insn.src === 4 && (slot + 1 + insn.imm === start || insn.imm === start));
  }

  private drain(): void {
    for (let slot = this.work.take(); slot >= 0; slot = this.work.take()) {
      const state = this.states[slot];
      if (state !== undefined) this.visit(slot, state);
    }
  }

  private flow(to: number, state: State): void {
    if (to < 0 || to >= this.insns.length) return;
    const old = this.states[to];
    if (old === undefined) this.states[to] = state.copy();
    else if (!old.merge(state, -placeId(to), ++this.visits[to] > OFTEN)) return;
    this.work.add(to);
  }

  private visit(slot: number, before: State): void {
    const insn = this.insns[slot];
    const kind = classOf(insn.op);
    if (isConditional(insn)) {
      const yes = assume(before, insn, true);
      const no = assume(before, insn, false);
      if (yes !== undefined) {
        this.taken[slot] = 1;
        this.flow(targetOf(insn, slot), yes);
      }
      if (no !== undefined) {
        this.fallen[slot] = 1;
        this.flow(slot + 1, no);
      }
      return;
    }
    if (isExit(insn)) {
      this.leave(slot, before);
      return;
    }
    if ((kind === BPF_JMP || kind === BPF_JMP32) && operationOf(insn.op) === BPF_JA) {
      this.taken[slot] = 1;
      this.flow(targetOf(insn, slot), before);
      return;
    }
    const state = before.copy();
    if (kind === BPF_JMP && operationOf(insn.op) === BPF_CALL) {
      if (isFunctionCall(insn) && !this.enter(slot, state)) return;
      if (isHelperCall(insn)) this.help(slot, state);
    } else step(this.insns, slot, state, this.fn[slot]);
    this.fallen[slot] = 1;
    this.flow(slot + (insn.op === LD_IMM64 ? 2 : 1), state);
  }

  /** A function's result goes to all who call it. */
  private leave(slot: number, state: State): void {
    const fn = this.fn[slot];
    const result = state.get(0);
    if (fn === 0 || result === undefined) return;
    const old = this.results.get(fn);
    const both = old === undefined ? result : join(old, result, -1 - fn, ++this.visits[slot] > OFTEN);
    if (old !== undefined && same(old, both)) return;
    this.results.set(fn, both);
    for (const call of this.callers.get(fn) ?? []) this.work.add(call);
  }

  /** Into a function and, where it is known to return, on behind the call. */
  private enter(slot: number, state: State): boolean {
    const start = slot + 1 + this.insns[slot].imm;
    const fn = this.fn[start];
    if (fn === undefined || start < 0) return false;
    const inner = State.empty();
    for (let register = 1; register <= 5; register++) inner.registers[register] = state.registers[register];
    inner.registers[FP] = pointer("stack", { frame: fn });
    if (!this.callers.has(fn)) this.callers.set(fn, new Set());
    this.callers.get(fn)?.add(slot);
    this.flow(start, inner);
    const result = this.results.get(fn);
    if (this.givesStack(state, slot)) state.scribble();
    this.forget(state, result);
    return result !== undefined;
  }

  private help(slot: number, state: State): void {
    const insn = this.insns[slot];
    const map = state.get(1);
    const writes = insn.src !== 0 || !NO_WRITES.has(insn.imm);
    if (writes && this.givesStack(state, slot)) state.scribble();
    const found = insn.src === 0 && LOOKUPS.has(insn.imm);
    this.forget(state, found ? pointer("value", { id: placeId(slot), nullable: true, map: map !== undefined && isPointer(map) ? map.map : -1 }) : UNKNOWN);
    if (insn.src !== 0 || !MOVES_PACKET.has(insn.imm)) return;
    // The verifier takes no packet pointer from before.
    for (const values of [state.registers, state.stack]) values.forEach((value, i) => {
      if (value !== undefined && isPointer(value) && value.kind === "packet") values[i] = UNKNOWN;
    });
  }

  private givesStack(state: State, slot: number): boolean {
    for (let register = 1; register <= 5; register++) {
      const value = state.get(register);
      if (value !== undefined && isPointer(value) && value.kind === "stack" && value.frame === this.fn[slot]) return true;
    }
    return false;
  }

  private forget(state: State, result: Value | undefined): void {
    state.set(0, result);
    for (let register = 1; register <= 5; register++) state.set(register, undefined);
  }

  private successors(slot: number): readonly number[] {
    const insn = this.insns[slot];
    const next: number[] = [];
    if (this.taken[slot] === 1) next.push(targetOf(insn, slot));
    if (this.fallen[slot] === 1 && fallsThrough(insn)) next.push(slot + (insn.op === LD_IMM64 ? 2 : 1));
    return next.filter((to) => to >= 0 && to < this.insns.length);
  }

  /** Stack that the slot's access, or a helper's, reaches. */
  private measureStack(slot: number): void {
    const insn = this.insns[slot];
    if (this.states[slot] === undefined) return;
    const kind = classOf(insn.op);
    if (kind === BPF_LDX) this.reachStack(slot, insn.src, insn.off);
    else if (kind === BPF_ST || kind === BPF_STX) this.reachStack(slot, insn.dst, insn.off);
    else if (isHelperCall(insn)) for (let register = 1; register <= 5; register++) this.reachStack(slot, register, 0);
  }

  private reachStack(slot: number, register: number, off: number): void {
    const value = this.states[slot]?.get(register);
    if (value === undefined || !isPointer(value) || value.kind !== "stack" || value.frame < 0) return;
    this.depth[value.frame] = Math.max(this.depth[value.frame], -(value.offset + off));
  }

  // --- facts ---

  reached(slot: number): boolean {
    // The second half of a wide load lives with the first.
    return this.states[slot] !== undefined || (slot > 0 && this.insns[slot - 1].op === LD_IMM64 && this.states[slot - 1] !== undefined);
  }
  jumps(slot: number): boolean {
    return this.taken[slot] === 1;
  }
  falls(slot: number): boolean {
    return this.fallen[slot] === 1;
  }

  pointer(slot: number, register: number): Pointer | undefined {
    const value = this.states[slot]?.get(register);
    if (value === undefined || isScalar(value)) return undefined;
    if (value.kind === "mixed") return { ...this.describe(pointer("unsupported"), slot), kind: "none", varies: value.kinds };
    return this.describe(value, slot);
  }

  private describe({ kind, id, offset, distance, aligned, room, map, frame }: PointerValue, slot: number): Pointer {
    return { kind, id, offset, distance, aligned, room, map: map < this.maps.length ? map : -1, caller: kind === "stack" && frame !== this.fn[slot] };
  }

  range(slot: number, register: number): Range {
    const value = this.states[slot]?.get(register);
    return value !== undefined && isScalar(value) ? value : ANY;
  }

  zeroExtends(slot: number): boolean {
    return this.upper[slot] === 1;
  }

  stackBytes(fn: number): number {
    return Math.min(512, Math.max(0, this.depth[fn] ?? 0));
  }

  zeroWords(slot: number, register: number, words: number): boolean[] {
    const state = this.states[slot];
    const value = state?.get(register);
    const known = state !== undefined && value !== undefined && isPointer(value) && value.kind === "stack" && value.distance === "constant" && value.frame === this.fn[slot];
    return Array.from({ length: words }, (_, i) => known && state.isZero(value.offset + i * 4, 4));
  }
}

/** Helpers that the card has and that write no memory of the program. */
const NO_WRITES = new Set([1, 2, 3, 5, 7, 8, 25, 44, 65]);
const MOVES_PACKET = new Set([44, 54, 65, 189, 190]);
