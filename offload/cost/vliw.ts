/**
 * Costs of a program on a VLIW core (hXDP, OSDI 2020): rows of up to `lanes` instructions, one row a cycle. Stretches of
 * code are scheduled as its compiler does it: an instruction goes to the first row behind what it depends on.
 * Of that compiler's shortcuts these are modelled: checks of packet bounds are the hardware's, a move and the operation on
 * it are one instruction, `exit` takes no row of its own.
 */
import {
  BPF_ADD, BPF_ALU, BPF_ALU64, BPF_CALL, BPF_EXIT, BPF_JMP, BPF_JMP32, BPF_LD, BPF_LDX, BPF_MOV, BPF_ST, BPF_STX, BPF_X, classOf, LD_IMM64, operationOf,
} from "../../xdp/index.js";
import type { Insn, MapSpec, ObjectSpec, ProgramSpec } from "../../xdp/index.js";
import { fallsThrough, jumpTargets } from "./flow.js";
import { analyseKinds, KIND_STACK, KIND_UNKNOWN } from "./kinds.js";
import type { Kinds } from "./kinds.js";
import type { CostPlan } from "./plan.js";
import { leftOut, reads } from "./shortcuts.js";
import { x86Costs } from "./x86.js";
import type { OffloadProfile } from "../profiles/schema.js";

const REGISTERS = 11;
const MAP_LOOKUP = 1;
/** Loads and stores that a row can do. */
const MEMORY_PORTS = 2;
/** Rows that a helper takes beside its call: map access 22.4 Mpps and redirect 15.0 (digitised); the rest assumed. */
const HELPER_ROWS: Readonly<Record<number, number>> = { 2: 1, 3: 1, 23: 2, 44: 2, 51: 2, 65: 2 };

/** Costs of all programs of `object` on a core with lanes. */
export function planVliw(object: ObjectSpec, device: OffloadProfile): CostPlan {
  const known = new Map<ProgramSpec, Uint32Array>();
  const rowsOf = (program: ProgramSpec): Uint32Array => {
    let rows = known.get(program);
    if (rows === undefined) known.set(program, (rows = vliwRows(program, device.lanes, object.maps)));
    return rows;
  };
  return {
    costsFor: (program) => ({ low: rowsOf(program), high: x86Costs(program, object.maps) }),
    instructions: (program) => rowsOf(program).reduce((a, b) => a + b, 0),
    cycles: (low) => low,
    memoryCycles: () => 0,
    estimated: () => 0,
    reading: { cycleBits: 32, longest: Infinity, meanCycles: 0, meanUnits: 0, unit: 0, wait: 0 },
  };
}

/**
 * Rows by slot: those of a stretch of code on its first slot. Code behind a branch that was not taken is scheduled together
 * with what is in front of it, up to the next place that other code jumps to: the compiler moves it up, and the hardware
 * takes several branches in a row. A packet pays the rows up to the branch that it leaves by.
 */
export function vliwRows(program: ProgramSpec, lanes: number, maps: readonly MapSpec[] = []): Uint32Array {
  const { insns } = program;
  const kinds = analyseKinds(program);
  const out = leftOut(program, maps);
  const targets = jumpTargets(insns, out);
  for (const { start } of program.functions) targets[start] = 1;
  const rows = new Uint32Array(insns.length);
  let schedule = new Schedule(insns, lanes, kinds);
  let first = 0;
  let paid = 0;
  const pay = (next: number): void => {
    rows[first] += Math.max(0, schedule.end - paid);
    paid = Math.max(paid, schedule.end);
    first = next;
  };
  for (let slot = 0; slot < insns.length; slot += insns[slot].op === LD_IMM64 ? 2 : 1) {
    const insn = insns[slot];
    if (targets[slot] !== 0 || !fallsThrough(insns[Math.max(0, slot - 1)])) {
      schedule.finish();
      pay(slot);
      schedule = new Schedule(insns, lanes, kinds);
      paid = 0;
    }
    if (out[slot] === 1) continue;
    schedule.add(slot);
    if ((classOf(insn.op) === BPF_JMP || classOf(insn.op) === BPF_JMP32) && operationOf(insn.op) !== BPF_CALL) pay(slot + 1);
  }
  schedule.finish();
  pay(first);
  return rows;
}

/** Rows of a stretch of code, filled instruction by instruction. */
class Schedule {
  /** Rows that are complete: up to the last branch, or to the last instruction where no branch has come. */
  end = 0;
  private readonly insns: readonly Insn[];
  private readonly lanes: number;
  private readonly ready = new Int32Array(REGISTERS);
  private readonly filled: number[] = [];
  private readonly ports: number[] = [];
  private readonly held = Array.from<string | undefined>({ length: REGISTERS });
  /** Row of the last store by kind of memory. */
  private readonly stored = new Map<number, number>();
  private readonly kinds: Kinds;
  private floor = 0;
  private branch = 0;
  private previous = -1;

  constructor(insns: readonly Insn[], lanes: number, kinds: Kinds) {
    this.insns = insns;
    this.kinds = kinds;
    this.lanes = lanes;
  }

  add(slot: number): void {
    const { insns, ready, filled, ports } = this;
    const insn = insns[slot];
    const kind = classOf(insn.op);
    const operation = operationOf(insn.op);
    const jump = kind === BPF_JMP || kind === BPF_JMP32;
    const call = jump && operation === BPF_CALL;
    const before = this.previous;
    this.previous = slot;
    if (jump && operation === BPF_EXIT) {
      this.end = Math.max(this.end, this.branch, filled.length);
      return;
    }
    if (isFusedMove(insns, slot) || holdsAlready(insns, slot, before, this.held)) return;
    const store = kind === BPF_ST || kind === BPF_STX;
    const access = store || kind === BPF_LDX;
    let row = this.floor;
    for (const register of reads(insn)) row = Math.max(row, ready[register]);
    const place = access ? this.kinds.of(slot, kind === BPF_LDX ? insn.src : insn.dst) : 0;
    if (access) row = Math.max(row, this.settled(place));
    // What cannot be undone, and branches, keep their order behind branches.
    if (store || jump) row = Math.max(row, this.branch);
    // A lookup reads its key on the stack; other helpers may look at anything: what came before is done.
    if (call) row = Math.max(row, insn.src === 0 && insn.imm === MAP_LOOKUP ? this.settled(KIND_STACK) + 1 : filled.length);
    while (!this.hasRoom(row, access)) row++;
    while (filled.length < row) filled.push(0);
    filled[row] = (filled[row] ?? 0) + 1;
    if (access) ports[row] = (ports[row] ?? 0) + 1;
    const done = row + 1 + (call ? (HELPER_ROWS[insn.imm] ?? 0) : 0);
    if (store) this.stored.set(place, row);
    if (call) {
      ready.fill(done, 0, 6);
      this.floor = done;
      this.end = Math.max(this.end, done);
    } else if (jump) {
      this.branch = row;
      this.end = Math.max(this.end, row + 1);
    } else if (!store) ready[insn.dst] = done;
  }

  /** Other code follows: all that was begun is done first. */
  finish(): void {
    this.end = Math.max(this.end, this.filled.length);
  }

  /** Row from which memory of a kind may be reached: stores to other kinds are elsewhere, what is not known may be anywhere. */
  private settled(place: number): number {
    let row = -1;
    for (const [kind, at] of this.stored) if (kind === place || kind === KIND_UNKNOWN || place === KIND_UNKNOWN) row = Math.max(row, at);
    return row;
  }

  private hasRoom(row: number, access: boolean): boolean {
    return (this.filled[row] ?? 0) < this.lanes && (!access || (this.ports[row] ?? 0) < MEMORY_PORTS);
  }
}

/**
 * Arguments that are in their register from the call before: the hardware's helpers leave registers alone, so that the
 * compiler sets a constant or a stack address once. Keeps `held`, what is known of each register.
 */
function holdsAlready(insns: readonly Insn[], slot: number, before: number, held: (string | undefined)[]): boolean {
  const { op, dst, src, off, imm } = insns[slot];
  const kind = classOf(op);
  if (kind !== BPF_ALU64 && kind !== BPF_ALU && kind !== BPF_LDX && kind !== BPF_LD) return false;
  const previous = before >= 0 ? insns[before] : undefined;
  let value: string | undefined;
  if (op === (BPF_ALU64 | BPF_MOV)) value = `${imm}`;
  else if (previous !== undefined && previous.dst === dst && previous.src === 10 && isFusedMove(insns, before) && op === (BPF_ALU64 | BPF_ADD)) value = `r10${imm}`;
  else if (op === LD_IMM64) value = `${src}:${imm}:${off}`;
  const same = value !== undefined && dst >= 1 && dst <= 5 && held[dst] === value;
  held[dst] = value;
  return same;
}

/** A move whose value the next instruction changes: both are one with three operands. */
function isFusedMove(insns: readonly Insn[], slot: number): boolean {
  const { op, off, dst } = insns[slot];
  const next = insns[slot + 1];
  if (next === undefined || op !== (BPF_ALU64 | BPF_MOV | BPF_X) || off !== 0) return false;
  const kind = classOf(next.op);
  return (kind === BPF_ALU64 || kind === BPF_ALU) && next.dst === dst && operationOf(next.op) !== BPF_MOV;
}
