/** Functions of the program that helpers call back: which they may be, and what they start with. */
import { BPF_PSEUDO_FUNC } from "../../isa/pseudo.js";
import { LD_IMM64 } from "../../isa/opcode.js";
import { HELPER_BY_ID } from "../../helpers/table.js";
import type { Insn } from "../../object/spec.js";
import type { FunctionContext } from "./memory-facts.js";
import { copyState, forgetPacket, register } from "./state.js";
import type { State } from "./state.js";
import { UNKNOWN, constantOf, scalar, unknown } from "./value.js";
import type { Value } from "./value.js";

/** Most calls of one bpf_loop (BPF_MAX_LOOPS). */
const MAX_LOOPS = 8388608;
const BPF_FUNC_for_each_map_elem = 164;
const BPF_FUNC_user_ringbuf_drain = 209;

/** Its function is called later, by nobody. */
export const BPF_FUNC_timer_set_callback = 170;

/** Whether helper `id` calls functions of the program. */
export function isCallbackHelper(id: number): boolean {
  return HELPER_BY_ID.get(id)?.callsBack === true;
}

const known = new WeakMap<readonly Insn[], readonly number[]>();

/** First slots of the functions whose address a program takes. */
export function addressTaken(insns: readonly Insn[]): readonly number[] {
  let slots = known.get(insns);
  if (!slots) {
    slots = [...new Set(insns.flatMap(({ op, src, imm }, slot) => (op === LD_IMM64 && src === BPF_PSEUDO_FUNC ? [slot + 1 + imm] : [])))];
    known.set(insns, slots);
  }
  return slots;
}

export interface CallbackTarget {
  /** First slot of the function. */
  readonly slot: number;
  /** It surely is this one. */
  readonly certain: boolean;
  /** What it is called with, seen from the caller. */
  readonly entry: State;
}

/** The functions that the helper called in this state may call: the one in r2, or where that is not known, any. */
export function callbackTargets(state: State, id: number, context: FunctionContext): CallbackTarget[] {
  const address = constantOf(register(state, 2));
  const all = addressTaken(context.insns);
  const slots = address !== undefined && all.includes(address) ? [address] : all;
  return slots.map((slot) => ({ slot, certain: address === slot, entry: entryOf(state, id, context) }));
}

/** What the function is called with by helper `id`. */
function entryOf(state: State, id: number, context: FunctionContext): State {
  const entry = copyState(state);
  if (id === BPF_FUNC_timer_set_callback) {
    forgetPacket(entry);
    for (let i = 1; i <= 5; i++) entry.registers[i] = UNKNOWN;
    return entry;
  }
  const map = register(state, 1);
  const passed = register(state, 3);
  if (id === BPF_FUNC_user_ringbuf_drain) {
    for (let i = 1; i <= 5; i++) entry.registers[i] = i === 2 ? passed : UNKNOWN;
    return entry;
  }
  const values = id === BPF_FUNC_for_each_map_elem ? [map, UNKNOWN, valueOf(map, context), passed, UNKNOWN] : [scalar(0, MAX_LOOPS), passed, UNKNOWN, UNKNOWN, UNKNOWN];
  for (const [i, value] of values.entries()) entry.registers[i + 1] = value;
  return entry;
}

function valueOf(map: Value, context: FunctionContext): Value {
  const facts = map.kind === "map" ? context.maps[map.index] : undefined;
  return facts ? { kind: "value", size: facts.valueSize, access: facts.access, min: 0, max: 0, nullable: false, id: 0 } : unknown("value");
}

/** The same where an earlier call may have moved the packet. */
export function withoutPacket(entry: State): State {
  const state = copyState(entry);
  forgetPacket(state);
  return state;
}
