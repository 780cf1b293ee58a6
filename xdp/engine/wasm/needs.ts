/** What the code of all programs together looks at, so that run_batch prepares no more than that for each packet. */
import { ENV_CPU, ENV_DATA, ENV_DATA_END, ENV_DATA_META, ENV_PACKET, ENV_RANDOM_CALLS, ENV_REDIRECT_KIND, ENV_TAIL_CALLS, ENV_TIME } from "../../abi.js";
import { BPF_FUNC_map_lookup_elem, HELPER_BY_ID } from "../../helpers/table.js";
import { bytesOf } from "../../isa/load_store.js";
import { BPF_FUNC_timer_set_callback, isCallbackHelper } from "./callbacks.js";
import { OPCODES } from "../../isa/opcode.js";
import { BPF_PSEUDO_CALL } from "../../isa/pseudo.js";
import { BPF_LOAD_ACQ } from "../../isa/atomic.js";
import type { Insn } from "../../object/spec.js";
import { classifyAccess, isOffPacket, isSafe } from "./access.js";
import type { Access } from "./access.js";
import { REGION_CTX } from "../../verifier/facts.js";
import { lastSlot, widthOf, jumpTarget } from "./cfg.js";
import type { FunctionFacts, ProgramFacts } from "./analysis.js";
import { DIRECT_LOOKUPS, KTIME } from "./emit-call.js";
import { BPF_FUNC_map_update_elem, DIRECT_UPDATES } from "./emit-map-call.js";
import { headShift, isArgumentProven, isArray, isCallVerified, isWrite, knownMap } from "./helper-effects.js";
import { copyState, register } from "./state.js";
import type { State } from "./state.js";
import type { Value } from "./value.js";
import { transfer } from "./transfer.js";
import { regionsAt } from "./memory-facts.js";
import type { FunctionContext } from "./memory-facts.js";

/** Environment fields that each helper reads, where it is not all of them. */
const HELPER_FIELDS: ReadonlyMap<string, readonly number[]> = new Map([
  ["bpf_map_lookup_elem", [ENV_CPU]],
  ["bpf_map_update_elem", [ENV_CPU]],
  ["bpf_map_delete_elem", []],
  ["bpf_map_lookup_percpu_elem", []],
  ["bpf_ktime_get_coarse_ns", [ENV_TIME]],
  ["bpf_jiffies64", [ENV_TIME]],
  ["bpf_get_prandom_u32", [ENV_PACKET, ENV_RANDOM_CALLS]],
  ["bpf_get_smp_processor_id", [ENV_CPU]],
  ["bpf_get_numa_node_id", []],
  ["bpf_tail_call", [ENV_TAIL_CALLS]],
  // What they look at is there where packets move.
  ["bpf_xdp_adjust_head", []],
  ["bpf_xdp_adjust_tail", []],
  ["bpf_xdp_adjust_meta", []],
  ["bpf_redirect", [ENV_REDIRECT_KIND]],
  ["bpf_redirect_map", [ENV_REDIRECT_KIND]],
  ["bpf_csum_diff", []],
  ["bpf_spin_lock", []],
  ["bpf_spin_unlock", []],
  ["bpf_map_push_elem", []],
  ["bpf_map_pop_elem", []],
  ["bpf_map_peek_elem", []],
  ["bpf_ringbuf_reserve", []],
  ["bpf_ringbuf_submit", []],
  ["bpf_ringbuf_discard", []],
  ["bpf_ringbuf_output", []],
  ["bpf_ringbuf_query", []],
  ["bpf_strncmp", []],
]);

export interface Needs {
  /** ENV_* fields that something reads from memory. */
  readonly fields: Set<number>;
  /** Numbers of the helpers that are called. */
  readonly helpers: Set<number>;
  /** All fields have to be there: a helper that is not in the table above. */
  all: boolean;
  /** The runtime is asked about an access or argument, and looks at the packet's ends. */
  asks: boolean;
  /** Helpers of the runtime may move the packet's ends. */
  moves: boolean;
  /** The packet's start is moved by numbers that are known, which needs no helper. */
  shifts: boolean;
  /** Something may write to the packet. */
  writes: boolean;
  /** The packet's time is asked for, which run_batch takes from the descriptor. */
  times: boolean;
  /** Some jump goes back, and was not proven to do so only so often. */
  fuel: boolean;
  /** Distances of one CPU's values from the next CPU's, of the per-CPU maps that are looked up. */
  readonly cpuStrides: Set<number>;
  tailCalls: boolean;
  localCalls: boolean;
  /** Functions of the program are called when timers are due. */
  timers: boolean;
  /** Helpers call functions of the program. */
  callbacks: boolean;
}

export function noNeeds(): Needs {
  return { fields: new Set(), helpers: new Set(), cpuStrides: new Set(), all: false, asks: false, moves: false, shifts: false, writes: false, times: false, fuel: false, tailCalls: false, localCalls: false, callbacks: false, timers: false };
}

/** Adds what a program needs. */
export function collectNeeds(facts: ProgramFacts, needs: Needs): void {
  for (const fn of facts.functions.values()) collectFunction(fn, needs);
}

/** Whether a function looks at the packet's ends: the program does, or what checks its accesses. */
export function looksAtPacket(facts: FunctionFacts): boolean {
  const needs = noNeeds();
  collectFunction(facts, needs);
  return needs.asks || needs.all || [ENV_DATA, ENV_DATA_END, ENV_DATA_META].some((field) => needs.fields.has(field));
}

function collectFunction({ code, context, states }: FunctionFacts, needs: Needs): void {
  const { insns } = context;
  for (const [block, { start, end }] of code.blocks.entries()) {
    const last = lastSlot(insns, start, end);
    const exit = OPCODES[(insns[last] as Insn).op]?.form;
    if (exit === "may_goto" || (!context.proof?.bounded && (exit === "jump" || exit === "goto") && jumpTarget(insns[last] as Insn, last) <= last)) needs.fuel = true;
    const known = states[block];
    if (!known) continue;
    const state = copyState(known);
    for (let slot = start; slot < end; slot += widthOf(insns[slot] as Insn)) {
      collectInsn(insns[slot] as Insn, slot, state, context, needs);
      transfer(state, slot, context);
    }
  }
}

function collectInsn(insn: Insn, slot: number, state: State, context: FunctionContext, needs: Needs): void {
  const form = OPCODES[insn.op]?.form;
  if (form === "call") {
    if (insn.src === BPF_PSEUDO_CALL) needs.localCalls = true;
    else collectHelper(insn.imm, slot, state, context, needs);
    return;
  }
  const loads = form === "load" || form === "load_signed" || (form === "atomic" && insn.imm === BPF_LOAD_ACQ);
  if (!loads && form !== "store" && form !== "store_imm" && form !== "atomic") return;
  const bytes = bytesOf(insn.op);
  const access = classifyAccess(state, register(state, loads ? insn.src : insn.dst), insn.off, bytes, !loads, context.depth, regionsAt(context, slot));
  if (!loads && !isElsewhere(register(state, insn.dst), access)) needs.writes = true;
  if (access.check === "context") {
    // Odd reads come from memory.
    if (form === "load" && bytes === 4 && access.off % 4 === 0) needs.fields.add(access.off);
    else needs.all = true;
  } else if (!isSafe(access)) needs.asks = true;
  // It may be the context, whose fields are then read from memory.
  if (loads && (access.check === "ask" || (access.check === "verified" && (access.regions & REGION_CTX) !== 0))) needs.all = true;
}

/** Whether an access surely goes to something that is not the packet. */
function isElsewhere(base: Value, access: Access): boolean {
  return access.check === "frame" || isOffPacket(access) || (access.check === "proven" && (base.kind === "stack" || base.kind === "value"));
}

function collectHelper(id: number, slot: number, state: State, context: FunctionContext, needs: Needs): void {
  const helper = HELPER_BY_ID.get(id);
  if (!helper) {
    needs.asks = true;
    return;
  }
  needs.helpers.add(id);
  if (helper.name === "bpf_tail_call") needs.tailCalls = true;
  if (id === BPF_FUNC_timer_set_callback) {
    needs.timers = true;
    needs.localCalls = true;
    needs.fuel = true;
  }
  if (isCallbackHelper(id)) {
    needs.callbacks = true;
    needs.localCalls = true;
    needs.fuel = true;
  }
  if (helper.changesPacket) {
    if (headShift(id, state) === undefined) needs.moves = true;
    else needs.shifts = true;
  }
  if (helper.changesPacket || helper.name === "bpf_xdp_store_bytes") needs.writes = true;
  for (const [i, code] of helper.args.entries()) {
    const value = register(state, i + 1);
    const proven = isArgumentProven(state, helper.args, i + 1, context) && (value.kind === "stack" || value.kind === "value");
    if (isWrite(code) && !proven) needs.writes = true;
  }
  // Calls on maps that are known are handed the CPU, in run_batch from the descriptor.
  const direct = id === BPF_FUNC_map_lookup_elem ? DIRECT_LOOKUPS : id === BPF_FUNC_map_update_elem ? DIRECT_UPDATES : undefined;
  const map = direct && knownMap(register(state, 1), context);
  if (map && map.cpuStride !== 0) needs.cpuStrides.add(map.cpuStride);
  if (KTIME.has(id)) needs.times = true;
  const fields = KTIME.has(id) ? [] : map && ((isArray(map) && id === BPF_FUNC_map_lookup_elem) || direct?.has(map.type)) ? [] : HELPER_FIELDS.get(helper.name);
  if (!fields) needs.all = true;
  for (const field of fields ?? []) needs.fields.add(field);
  if (!isCallVerified(slot, helper.args, context) && !helper.args.every((_, i) => isArgumentProven(state, helper.args, i + 1, context))) needs.asks = true;
}
