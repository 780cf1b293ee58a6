/** What all parts of the code generator share while one function's code is emitted. */
import { ENV_FAULT, ENV_FAULT_ADDRESS, ENV_FAULT_INSN, ENV_FAULT_PROGRAM } from "../../abi.js";
import type { Insn } from "../../object/spec.js";
import type { FrameValues } from "./frame-values.js";
import type { FunctionBuilder, FunctionRef, Label, Local } from "./function-builder.js";
import type { State } from "./state.js";
import type { FunctionContext } from "./memory-facts.js";

/** A counter of the run: a local of run_batch, else a global of the module. */
export type Counter = { readonly local: Local } | { readonly global: number };

/** What is the same for all functions of a program. */
export interface ProgramScope {
  /** Index in the machine's table. */
  readonly index: number;
  readonly insns: readonly Insn[];
  /** Values of the 64-bit loads, resolved, by slot. */
  readonly wide: ReadonlyMap<number, bigint>;
  /** Cost of each slot, both halves; undefined where costs are not counted. */
  readonly costs?: readonly bigint[];
  /** Functions other than the entry by first slot. */
  readonly callees: ReadonlyMap<number, FunctionRef>;
  readonly module: ModuleScope;
}

/** What is the same for all functions of a module. */
export interface ModuleScope {
  /** Runtime function by name: i32 parameters but for those that `wide` names. */
  runtime(name: string): FunctionRef;
  /** `(env, address, size | write << 8, program, slot) -> 1 where it may not`; the fault is then noted. */
  readonly guard: FunctionRef;
  /** `(env, code, program, slot, address)` notes a fault. */
  readonly fault: FunctionRef;
  /** Programs in the machine's table. */
  readonly programs: number;
  /** Type of the functions in the table of programs. */
  readonly programType: number;
  /** Whether several workers share the memory. */
  readonly shared: boolean;
  readonly tailCalls: boolean;
  /** Whether frames have to be counted: calls may nest too deep. */
  readonly countFrames: boolean;
}

/** The packet's ends, as i64. `meta` is the lowest byte that may be touched. */
export interface PacketLocals {
  readonly data: Local<"i64">;
  readonly end: Local<"i64">;
  readonly meta: Local<"i64">;
}

/** One function's code while it is emitted. */
export interface Emitter {
  readonly to: FunctionBuilder;
  readonly program: ProgramScope;
  readonly context: FunctionContext;
  /** r0 to r10. */
  readonly registers: readonly Local<"i64">[];
  readonly env: Local<"i32">;
  /** r10 is at `frame` + `frameTop`. */
  readonly frame: Local<"i32">;
  readonly frameTop: number;
  readonly packet: PacketLocals;
  /** Address that is being checked. */
  readonly address: Local<"i64">;
  readonly scratch64: Local<"i64">;
  readonly scratch32: Local<"i32">;
  readonly fuel: Counter;
  readonly cost: Counter;
  /** Where a fault goes. */
  readonly faulted: Label;
  /** Pushes a u32 field of the environment, as i32, from wherever it is cheapest: ENV_CPU, ENV_INGRESS_IFINDEX, ENV_RX_QUEUE_INDEX, ENV_EGRESS_IFINDEX. */
  pushField(field: number): void;
  /** Locals that hold this CPU's distance in maps with such a stride. */
  readonly cpuOffsets: ReadonlyMap<number, Local<"i32">>;
  /** Pushes the packet's time, i64. */
  pushTime(): void;
  /** Leaves with what is in r0. */
  leave(): void;
  /** Leaves with what the program of number `scratch32` - 1 returns, run on this frame. */
  tailCall(): void;
  /** What emits the same for a program that is known, better; undefined where there is nothing better. The call has been counted, but for `taken`. */
  tailCallTo(program: number): (() => void) | undefined;
  /** Tail calls that led here where that is a constant, which ENV_TAIL_CALLS need not say then; else it says so. */
  readonly taken: number | undefined;
  /** Emitted before calls of functions that count, too, and behind them: where counters are. */
  shareCounters(): void;
  takeCounters(): void;
  /** Emits bpf_xdp_adjust_head by that many bytes, and true; false where the runtime must do it. */
  moveHead?(bytes: number): boolean;
  /** Emits what the packet locals need after the packet may have moved. */
  reloadPacket(): void;
  /** What of the frame is in locals. */
  frames: FrameValues | undefined;
  /** What is known before the instruction that is emitted now. */
  state: State;
  /** Cost of the slots behind this one that has been added already. */
  costAhead: bigint;
}

export function getCounter(to: FunctionBuilder, counter: Counter): void {
  if ("local" in counter) to.get(counter.local);
  else to.getGlobal(counter.global);
}

export function setCounter(to: FunctionBuilder, counter: Counter): void {
  if ("local" in counter) to.set(counter.local);
  else to.setGlobal(counter.global);
}

/** Adds to the cost, which may be negative. */
export function addCost({ to, cost }: Emitter, amount: bigint): void {
  if (amount === 0n) return;
  getCounter(to, cost);
  to.i64(amount).op("i64.add");
  setCounter(to, cost);
}

/** Branches to the fault exit, the fault being noted, where the i32 on the stack is not 0. */
export function faultIf(emitter: Emitter): void {
  const { to } = emitter;
  if (emitter.costAhead === 0n) {
    to.brIf(emitter.faulted);
    return;
  }
  // What the interpreter had not come to yet is not counted.
  to.if();
  addCost(emitter, -emitter.costAhead);
  to.br(emitter.faulted).end();
}

/** Notes a fault and goes to the fault exit; the address (i64) is pushed by `address`. */
export function raise(emitter: Emitter, code: number, slot: number, address?: () => void): void {
  const { to, program, env } = emitter;
  // Not by a call: one in the loop would cost packets that do not fault.
  to.get(env).i32(program.index).memory("i32.store", ENV_FAULT_PROGRAM);
  to.get(env).i32(slot).memory("i32.store", ENV_FAULT_INSN);
  to.get(env).i32(code).memory("i32.store", ENV_FAULT);
  to.get(env);
  if (address) address();
  else to.i64(0);
  to.memory("i64.store", ENV_FAULT_ADDRESS);
  addCost(emitter, -emitter.costAhead);
  to.br(emitter.faulted);
}
