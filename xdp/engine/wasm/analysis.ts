/** What is known at the start of each block of each function of a program, found by iterating until nothing changes. */
import { MAX_CALL_FRAMES, STACK_FRAME_BYTES } from "../../abi.js";
import type { Insn, ProgramSpec } from "../../object/spec.js";
import { WAY_TAKEN } from "../../verifier/facts.js";
import type { Facts } from "../../verifier/facts.js";
import { low32 } from "./alu-values.js";
import { refineByBranch } from "./branch-facts.js";
import { functionGraph, lastSlot, widthOf } from "./cfg.js";
import type { FunctionGraph } from "./cfg.js";
import { analyseGraph } from "./graph.js";
import type { GraphFacts } from "./graph.js";
import type { MapFacts } from "./map-facts.js";
import { copyState, joinState, newState, reachOf, register, raiseReach } from "./state.js";
import type { JoinPoint, State } from "./state.js";
import { transfer } from "./transfer.js";
import type { FunctionContext, Summary } from "./memory-facts.js";
import { UNKNOWN, packet, sameValue, stack, unknown } from "./value.js";
import type { Value } from "./value.js";

/** One function, analysed. */
export interface FunctionFacts {
  readonly code: FunctionGraph;
  readonly context: FunctionContext;
  /** By block; undefined where control never comes. */
  readonly states: readonly (State | undefined)[];
}

/** A program, analysed: its functions by first slot, the entry at 0. */
export interface ProgramFacts {
  readonly functions: ReadonlyMap<number, FunctionFacts>;
  /** Whether functions can call themselves, or more frames deep than there are. */
  readonly deep: boolean;
}

const NOT_CALLED: Summary = { readsAbove: false, writesAbove: false, changesPacket: false, result: undefined };

/** Ids that joins make: block's first slot and place, above all ids that instructions make. */
const JOIN_IDS = 2 ** 24;
const PLACES = 1024;

class FunctionAnalysis {
  readonly code: FunctionGraph;
  readonly context: FunctionContext & { depth: number };
  readonly states: (State | undefined)[] = [];
  readonly summary: Summary = { readsAbove: false, writesAbove: false, changesPacket: false, result: undefined };
  private readonly facts: GraphFacts;
  private readonly rounds: number[] = [];
  private entry: State | undefined;
  /** Joins of what callers pass. */
  private calls = 0;

  constructor(code: FunctionGraph, insns: readonly Insn[], maps: readonly MapFacts[], proof: Facts | undefined, callee: FunctionContext["callee"]) {
    this.code = code;
    this.facts = analyseGraph(code.graph);
    this.context = { insns, maps, proof, depth: 0, summary: this.summary, readBeforeWrite: 0n, frameReads: 0n, callee };
  }

  private joinPoint(slot: number, rounds: number): JoinPoint {
    const first = JOIN_IDS + slot * PLACES;
    return { rounds, id: (place) => first + place, owns: (id) => id >= first && id < first + PLACES };
  }

  /** Another way in; true where that says something new. */
  enter(state: State): boolean {
    if (!this.entry) {
      this.entry = state;
      return true;
    }
    this.calls += 1;
    return joinState(this.entry, state, this.joinPoint(this.code.start, this.calls));
  }

  /** Iterates over the blocks until nothing changes. */
  run(): void {
    if (!this.entry) return;
    const { blocks, order } = this.facts;
    const waiting = new Uint8Array(blocks.length);
    this.meet(0, copyState(this.entry), false);
    // All that was reached before, too: what callees do may have changed.
    for (const [position, block] of blocks.entries()) if (this.states[block]) waiting[position] = 1;
    for (let position = 0; position < blocks.length; ) {
      if (!waiting[position]) {
        position += 1;
        continue;
      }
      waiting[position] = 0;
      const block = blocks[position] as number;
      let next = position + 1;
      for (const [target, state] of this.flow(block)) {
        const at = order[target] as number;
        if (!this.meet(target, state, at <= position)) continue;
        waiting[at] = 1;
        next = Math.min(next, at);
      }
      position = next;
    }
  }

  private meet(block: number, state: State, back: boolean): boolean {
    const known = this.states[block];
    if (!known) {
      this.states[block] = state;
      return true;
    }
    if (back) this.rounds[block] = (this.rounds[block] ?? 0) + 1;
    // Functions are entered again and again while summaries settle, which wears the entry's patience as a loop does.
    if (block === 0) this.rounds[0] = (this.rounds[0] ?? 0) + 1;
    return joinState(known, state, this.joinPoint((this.code.blocks[block] as { start: number }).start, this.rounds[block] ?? 0));
  }

  /** What holds on each edge out of a block. */
  private flow(block: number): [target: number, state: State][] {
    const { start, end } = this.code.blocks[block] as { start: number; end: number };
    const { insns } = this.context;
    const state = copyState(this.states[block] as State);
    for (let slot = start; slot < end; slot += widthOf(insns[slot] as Insn)) transfer(state, slot, this.context);
    const exit = this.code.graph[block];
    switch (exit?.kind) {
      case "jump": {
        const last = lastSlot(insns, start, end);
        // One way of two, of which the other was proven never to be taken.
        const ways = this.context.proof?.ways[last];
        if (ways === WAY_TAKEN) refineByBranch(state, insns[last] as Insn, true);
        return [[exit.to, state]];
      }
      case "branch": {
        const insn = insns[lastSlot(insns, start, end)] as Insn;
        const taken = copyState(state);
        refineByBranch(taken, insn, true);
        refineByBranch(state, insn, false);
        return [
          [exit.taken, taken],
          [exit.otherwise, state],
        ];
      }
      default:
        this.leave(register(state, 0));
        return [];
    }
  }

  private leave(value: Value): void {
    const result: Value = value.kind === "scalar" ? value : UNKNOWN;
    const { summary } = this;
    if (summary.result === undefined) summary.result = result;
    else if (!sameValue(summary.result, result)) summary.result = UNKNOWN;
  }
}

/** What a program's first function starts with. */
function programEntry(): State {
  const state = newState();
  state.registers[1] = { kind: "ctx", off: 0 };
  state.registers[10] = stack(0, 0);
  return state;
}

/** What a callee starts with: the arguments, and what is known of them; its frame is below the caller's. */
function calleeEntry(caller: State): State {
  const state = newState();
  for (let i = 1; i <= 5; i++) state.registers[i] = passed(register(caller, i));
  state.registers[10] = stack(0, 0);
  raiseReach(state, 0, reachOf(caller, 0));
  return state;
}

function passed(value: Value): Value {
  switch (value.kind) {
    case "stack":
      return stack(value.min + STACK_FRAME_BYTES, value.max + STACK_FRAME_BYTES);
    case "packet":
      return value.id === 0 ? packet(0, value.off) : unknown("packet");
    case "value":
      return value.record ? unknown("value") : { ...value, id: 0 };
    default:
      return value;
  }
}

/** Analyses all functions that a program's entry reaches. `proof`: what was proven of it before. Throws CompileError, UnsupportedError. */
export function analyseProgram(program: ProgramSpec, maps: readonly MapFacts[], proof?: Facts): ProgramFacts {
  const functions = new Map<number, FunctionAnalysis>();
  const again = new Set<number>();
  const callersOf = new Map<number, Set<number>>();

  const add = (start: number): FunctionAnalysis => {
    const code = functionGraph(program, start, proof);
    const analysis: FunctionAnalysis = new FunctionAnalysis(code, program.insns, maps, proof, (target, state) => {
      const callee = functions.get(target);
      // The address of a function is taken in code that control never comes to.
      if (!callee) return NOT_CALLED;
      if (callee.enter(calleeEntry(state))) again.add(target);
      return callee.summary;
    });
    functions.set(start, analysis);
    return analysis;
  };
  const open = [0];
  for (let start = open.pop(); start !== undefined; start = open.pop()) {
    if (functions.has(start)) continue;
    for (const callee of add(start).code.callees) {
      callersOf.set(callee, (callersOf.get(callee) ?? new Set()).add(start));
      open.push(callee);
    }
  }
  const deep = settleDepths(functions);

  (functions.get(0) as FunctionAnalysis).enter(programEntry());
  again.add(0);
  for (const start of again) {
    // A Set's iteration also visits what is added on the way.
    again.delete(start);
    const analysis = functions.get(start) as FunctionAnalysis;
    const before = { ...analysis.summary };
    analysis.run();
    const { summary } = analysis;
    const worse = before.readsAbove !== summary.readsAbove || before.writesAbove !== summary.writesAbove || before.changesPacket !== summary.changesPacket || before.result !== summary.result;
    if (worse) for (const caller of callersOf.get(start) ?? []) again.add(caller);
  }
  return { functions: new Map([...functions].map(([start, { code, context, states }]) => [start, { code, states, context: { ...context, callee: (target) => functions.get(target)?.summary ?? NOT_CALLED } }])), deep };
}

/** Whether the low half of what a function returns may be this number. */
export function mayReturn({ code, context, states }: FunctionFacts, number: number): boolean {
  return code.graph.some((exit, block) => {
    const known = states[block];
    if (exit.kind !== "leave" || known === undefined) return false;
    const state = copyState(known);
    const { start, end } = code.blocks[block] as { start: number; end: number };
    for (let slot = start; slot < end; slot += widthOf(context.insns[slot] as Insn)) transfer(state, slot, context);
    const value = low32(register(state, 0));
    return value.kind !== "scalar" || (value.min <= number && number <= value.max);
  });
}

/** Sets each function's least depth; true where calls may nest deeper than there are frames. */
function settleDepths(functions: ReadonlyMap<number, FunctionAnalysis>): boolean {
  const seen = new Set([0]);
  let level = [0];
  for (let depth = 0; level.length > 0; depth++) {
    const next: number[] = [];
    for (const start of level) {
      const analysis = functions.get(start) as FunctionAnalysis;
      analysis.context.depth = depth;
      for (const callee of analysis.code.callees) {
        if (seen.has(callee)) continue;
        seen.add(callee);
        next.push(callee);
      }
    }
    level = next;
  }
  return longestChain(functions) > MAX_CALL_FRAMES;
}

/** Frames of the longest chain of calls; infinite where functions call themselves. */
function longestChain(functions: ReadonlyMap<number, FunctionAnalysis>): number {
  const lengths = new Map<number, number>();
  const measure = (start: number): number => {
    const known = lengths.get(start);
    if (known !== undefined) return known;
    lengths.set(start, Number.POSITIVE_INFINITY);
    let longest = 0;
    for (const callee of functions.get(start)?.code.callees ?? []) longest = Math.max(longest, measure(callee));
    lengths.set(start, longest + 1);
    return longest + 1;
  };
  return measure(0);
}

