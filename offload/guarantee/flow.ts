/**
 * The slowest path over the control flow alone, less branches that the translation has no code for: for programs that the
 * verifier did not walk. Paths that no packet can take count as well, and a loop has no bound.
 */
import { LD_IMM64, BPF_PSEUDO_FUNC } from "../../xdp/index.js";
import type { ProgramSpec } from "../../xdp/index.js";
import { fallsThrough, targetOf } from "../cost/flow.js";
import { isConditional } from "../nfp/meta.js";
import { calledFunction, stepCost } from "./costs.js";
import type { Account, PathCosts } from "./costs.js";
import { GuaranteeError } from "./errors.js";
import { placeOf } from "./place.js";
import type { Beyond, LongestPath, PathStep } from "./steps.js";

const END = -1;
const TAIL = -2;

/** Longest paths from each slot to the end of its function, found once. */
export class FlowPaths {
  private readonly program: ProgramSpec;
  private readonly costs: PathCosts;
  private readonly account: Account;
  private readonly beyond: Beyond;
  private readonly why: string;
  private readonly best: Float64Array;
  private readonly next: Int32Array;
  /** 0: not seen, 1: on the way, 2: done. */
  private readonly state: Uint8Array;

  /** `why`: what keeps the verifier's walk from being used. */
  constructor(costs: PathCosts, account: Account, beyond: Beyond, why: string) {
    const count = costs.program.insns.length;
    this.program = costs.program;
    this.costs = costs;
    this.account = account;
    this.beyond = beyond;
    this.why = why;
    this.best = new Float64Array(count);
    this.next = new Int32Array(count).fill(END);
    this.state = new Uint8Array(count);
  }

  longest(): LongestPath {
    const calls = this.program.insns.findIndex(({ op, src }) => op === LD_IMM64 && src === BPF_PSEUDO_FUNC);
    if (calls >= 0) throw new GuaranteeError(`${placeOf(this.program, calls)}: a function is called back, and how often is not known, for ${this.why}: no guarantee can be given`, calls);
    return { cycles: this.cost(0) + this.account.before, steps: () => this.stepsFrom(0) };
  }

  /** Depth first with a stack of its own: programs are long. */
  private cost(start: number): number {
    const stack = [start];
    while (stack.length > 0) {
      const slot = stack[stack.length - 1];
      if (this.state[slot] === 2) {
        stack.pop();
        continue;
      }
      const waiting = this.needs(slot).filter((to) => this.state[to] !== 2);
      if (waiting.length === 0) {
        this.settle(slot);
        stack.pop();
        continue;
      }
      // Back at a slot whose own paths are not known: it goes round.
      if (waiting.some((to) => this.state[to] === 1)) throw new GuaranteeError(`${placeOf(this.program, slot)}: the program loops here, and how often is not known, for ${this.why}: no guarantee can be given`, slot);
      this.state[slot] = 1;
      // One at a time, so that what is on the stack is the path itself.
      stack.push(waiting[0]);
    }
    return this.best[start];
  }

  /** Slots whose costs the one of `slot` is made of: those that follow, and a function that it calls. */
  private needs(slot: number): number[] {
    const callee = calledFunction(this.program.insns[slot], slot);
    return callee < 0 ? this.ways(slot) : [...this.ways(slot), callee];
  }

  private ways(slot: number): number[] {
    const { insns } = this.program;
    const insn = insns[slot];
    const out: number[] = [];
    const target = targetOf(insn, slot);
    const conditional = isConditional(insn);
    if (target >= 0 && (!conditional || this.costs.jumps(slot))) out.push(target);
    if (fallsThrough(insn) && (!conditional || this.costs.falls(slot))) out.push(slot + (insn.op === LD_IMM64 ? 2 : 1));
    for (const to of out) if (to < 0 || to >= insns.length) throw new GuaranteeError(`${placeOf(this.program, slot)}: execution leaves the program here`, slot);
    return out;
  }

  private settle(slot: number): void {
    const { insns } = this.program;
    const callee = calledFunction(insns[slot], slot);
    let most = -1;
    for (const to of this.ways(slot)) {
      const cycles = stepCost(this.account, insns, slot, to) + this.best[to];
      if (cycles <= most) continue;
      most = cycles;
      this.next[slot] = to;
    }
    if (most < 0) most = stepCost(this.account, insns, slot, END);
    // A tail call ends its function: in the entry the path, in another function what is left of that.
    const tail = this.beyond.tail(slot);
    if (tail !== undefined && stepCost(this.account, insns, slot, END) + tail.cycles > most) {
      most = stepCost(this.account, insns, slot, END) + tail.cycles;
      this.next[slot] = TAIL;
    }
    this.best[slot] = most + (callee < 0 ? 0 : this.best[callee]);
    this.state[slot] = 2;
  }

  private *stepsFrom(start: number): Generator<PathStep> {
    const { insns } = this.program;
    for (let slot = start; slot >= 0; slot = this.next[slot]) {
      const next = this.next[slot];
      yield { program: this.program, slot, cycles: stepCost(this.account, insns, slot, Math.max(END, next)), times: 1 };
      const callee = calledFunction(insns[slot], slot);
      if (callee >= 0) yield* this.stepsFrom(callee);
      if (next === TAIL) yield* (this.beyond.tail(slot) as LongestPath).steps();
    }
  }
}
