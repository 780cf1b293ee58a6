/**
 * The rate that a card keeps up whatever packets come: the slowest path through the program, over its control flow without the
 * branches that can never go one way. Paths that no packet can take for other reasons count as well: the figure is a bound
 * from below, and no packet is slower. Modelled.
 */
import { wireBytes } from "../../nic/index.js";
import { BPF_CALL, BPF_JMP, BPF_PSEUDO_CALL, classOf, LD_IMM64, operationOf } from "../../xdp/index.js";
import type { Insn, ObjectSpec, ProgramSpec } from "../../xdp/index.js";
import { fallsThrough, targetOf } from "../cost/flow.js";
import { nfpCosts } from "../cost/nfp.js";
import { isConditional } from "../nfp/meta.js";
import { NFP_PROLOGUE, translate } from "../nfp/translate.js";
import type { OffloadProfile } from "../profiles/schema.js";
import { vliwRows } from "../run/vliw.js";
import type { Bound } from "../types.js";

export interface GuaranteeLine {
  readonly file: string;
  readonly line: number;
  readonly text: string;
  /** Cycles of the slowest path on this line. */
  readonly cycles: number;
}

export interface Guarantee {
  readonly provenance: "modelled";
  /** Cycles of a core on the slowest path, firmware included; and most that any path asks of the shared memory engine. */
  readonly cycles: number;
  readonly memoryCycles: number;
  /** Packets a second, millions, of any kind and of 64 bytes. */
  readonly mpps: number;
  readonly bound: Bound;
  readonly limits: Readonly<Partial<Record<Bound, number>>>;
  /** Slots of the slowest path, in order (those of called functions where they are called). */
  readonly path: readonly number[];
  /** Its C lines, in order of first appearance. */
  readonly lines: readonly GuaranteeLine[];
}

/** Thrown where no bound can be given. */
export class GuaranteeError extends Error {
  readonly slot: number;
  constructor(message: string, slot: number) {
    super(message);
    this.name = "GuaranteeError";
    this.slot = slot;
  }
}

/** What going on from a slot to the next, or jumping from it, costs. */
interface Weights {
  readonly fallen: ArrayLike<number>;
  readonly taken: ArrayLike<number>;
  falls(slot: number): boolean;
  jumps(slot: number): boolean;
}

/** Finds the slowest path of `program` on `device`. Throws {@link GuaranteeError} where it loops or goes where it cannot be followed. */
export function guarantee(object: ObjectSpec, program: ProgramSpec, device: OffloadProfile): Guarantee {
  const { weights, memory, before } = weigh(object, program, device);
  const slowest = new Longest(program, weights);
  const cycles = device.firmwareCycles + before + slowest.cost(0);
  const memoryCycles = new Longest(program, memory).cost(0) / device.memorySpread;
  const limits: Partial<Record<Bound, number>> = {
    cores: (device.cores * device.clockHz) / cycles / 1e6,
    line: (device.ports * device.linkBps) / (wireBytes(60) * 8) / 1e6,
    ...(memoryCycles > 0 ? { memory: device.clockHz / memoryCycles / 1e6 } : {}),
    ...(device.macPps > 0 ? { mac: device.macPps / 1e6 } : {}),
  };
  const [bound, mpps] = (Object.entries(limits) as [Bound, number][]).reduce((a, b) => (b[1] < a[1] ? b : a));
  const path = slowest.path(0);
  return { provenance: "modelled", cycles, memoryCycles, mpps, bound, limits, path: path.map(({ slot }) => slot), lines: linesOf(program, path) };
}

function weigh(object: ObjectSpec, program: ProgramSpec, device: OffloadProfile): { weights: Weights; memory: Weights; before: number } {
  const anyWay = { falls: () => true, jumps: () => true };
  if (device.lanes > 0) {
    const rows = vliwRows(program, device.lanes);
    const nothing = new Uint32Array(program.insns.length);
    return { weights: { fallen: rows, taken: rows, ...anyWay }, memory: { fallen: nothing, taken: nothing, ...anyWay }, before: 0 };
  }
  const translation = translate(program, object.maps);
  const { slowestFallen: fallen, slowestTaken: taken, reads, atomics } = nfpCosts(program, device, object.maps, translation);
  const { facts } = translation.program;
  const ways = { falls: (slot: number) => facts.falls(slot), jumps: (slot: number) => facts.jumps(slot) };
  const engine = Float64Array.from(reads, (count, slot) => count * device.memoryReadCycles + atomics[slot] * device.memoryAtomicCycles);
  return { weights: { fallen, taken, ...ways }, memory: { fallen: engine, taken: engine, ...ways }, before: NFP_PROLOGUE };
}

interface Step {
  readonly slot: number;
  readonly cycles: number;
}

/** Longest paths from each slot to the end of its function, found once. */
class Longest {
  private readonly program: ProgramSpec;
  private readonly weights: Weights;
  private readonly best: Float64Array;
  /** Slot that the longest path goes to next, -1 at its end. */
  private readonly next: Int32Array;
  /** 0: not seen, 1: on the way, 2: done. */
  private readonly state: Uint8Array;

  constructor(program: ProgramSpec, weights: Weights) {
    this.program = program;
    this.weights = weights;
    this.best = new Float64Array(program.insns.length);
    this.next = new Int32Array(program.insns.length).fill(-1);
    this.state = new Uint8Array(program.insns.length);
  }

  /** Depth first with a stack of its own: programs are long. */
  cost(start: number): number {
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
      const loop = waiting.find((to) => this.state[to] === 1);
      if (loop !== undefined) throw new GuaranteeError(`${placeOf(this.program, slot)}: the program loops here, and how often is not known: no guarantee can be given (unroll the loop: #pragma unroll)`, slot);
      this.state[slot] = 1;
      // One at a time, so that what is on the stack is the path itself.
      stack.push(waiting[0]);
    }
    return this.best[start];
  }

  /** Slots whose costs the one of `slot` is made of: those that follow, and a function that it calls. */
  private needs(slot: number): number[] {
    const callee = calleeOf(this.program.insns[slot], slot);
    const ways = this.ways(slot).map(({ to }) => to);
    return callee < 0 ? ways : [...ways, callee];
  }

  private ways(slot: number): { to: number; cycles: number }[] {
    const { insns } = this.program;
    const insn = insns[slot];
    const out: { to: number; cycles: number }[] = [];
    const target = targetOf(insn, slot);
    const conditional = isConditional(insn);
    if (target >= 0 && (!conditional || this.weights.jumps(slot))) out.push({ to: target, cycles: this.weights.taken[slot] });
    if (fallsThrough(insn) && (!conditional || this.weights.falls(slot))) out.push({ to: slot + (insn.op === LD_IMM64 ? 2 : 1), cycles: this.weights.fallen[slot] });
    for (const { to } of out) if (to < 0 || to >= insns.length) throw new GuaranteeError(`${placeOf(this.program, slot)}: execution leaves the program here`, slot);
    return out;
  }

  private settle(slot: number): void {
    const callee = calleeOf(this.program.insns[slot], slot);
    const called = callee < 0 ? 0 : this.best[callee];
    let most = -1;
    for (const { to, cycles } of this.ways(slot)) {
      if (cycles + this.best[to] <= most) continue;
      most = cycles + this.best[to];
      this.next[slot] = to;
    }
    this.best[slot] = called + (most < 0 ? this.weights.fallen[slot] : most);
    this.state[slot] = 2;
  }

  /** The longest path from `start`, called functions in place. */
  path(start: number): Step[] {
    const steps: Step[] = [];
    for (let slot = start; slot >= 0; slot = this.next[slot]) {
      const to = this.next[slot];
      const callee = calleeOf(this.program.insns[slot], slot);
      const cycles = this.best[slot] - (to < 0 ? 0 : this.best[to]) - (callee < 0 ? 0 : this.best[callee]);
      steps.push({ slot, cycles });
      if (callee >= 0) steps.push(...this.path(callee));
    }
    return steps;
  }
}

/** First slot of the function that an instruction calls, or -1. */
function calleeOf(insn: Insn, slot: number): number {
  return classOf(insn.op) === BPF_JMP && operationOf(insn.op) === BPF_CALL && insn.src === BPF_PSEUDO_CALL ? slot + 1 + insn.imm : -1;
}

function linesOf(program: ProgramSpec, path: readonly Step[]): GuaranteeLine[] {
  const lines = new Map<string, GuaranteeLine>();
  for (const { slot, cycles } of path) {
    const line = program.lines.findLast((one) => one.insn <= slot);
    if (line === undefined) continue;
    const key = `${line.file}:${line.line}`;
    lines.set(key, { file: line.file, line: line.line, text: line.text.trim(), cycles: (lines.get(key)?.cycles ?? 0) + cycles });
  }
  return [...lines.values()];
}

function placeOf(program: ProgramSpec, slot: number): string {
  const line = program.lines.findLast((one) => one.insn <= slot);
  return line === undefined ? `instruction ${slot}` : `${line.file}:${line.line} (instruction ${slot})`;
}
