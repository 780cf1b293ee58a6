/** What a helper call does to what is known, by the helper's signature. */
import { ARG_ANYTHING, ARG_CALLBACK, ARG_CTX, ARG_FIXED_READ, ARG_FIXED_SIZE, ARG_FIXED_WRITE, ARG_MAP, ARG_MAP_KEY, ARG_MAP_VALUE, ARG_MAP_VALUE_WRITE, ARG_MEM_OPTIONAL, ARG_MEM_READ, ARG_MEM_READ_OR_NULL, ARG_MEM_WRITE, ARG_MEM_WRITE_OR_NULL, ARG_RINGBUF_MEM, ARG_SIZE, ARG_SIZE_MAX, ARG_SIZE_OR_ZERO, ARG_SOCKET, ARG_STRING } from "../../abi.js";
import { STACK_SIZE } from "../../isa/register.js";
import { BPF_FUNC_map_lookup_elem, BPF_FUNC_tail_call, BPF_FUNC_xdp_adjust_head, HELPER_BY_ID } from "../../helpers/table.js";
import {
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_LPM_TRIE,
  BPF_MAP_TYPE_LRU_HASH,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_PERCPU_HASH,
  BPF_MAP_TYPE_RINGBUF,
} from "../../maps/uapi.js";
import { classifyAccess } from "./access.js";
import { BPF_FUNC_timer_set_callback, callbackTargets, withoutPacket } from "./callbacks.js";
import type { InnerFacts, MapFacts } from "./map-facts.js";
import { overwrite, readAnywhere, readFrame, readWhole } from "./memory-facts.js";
import type { FunctionContext } from "./memory-facts.js";
import { forgetPacket, forgetRecords, register, retireValueId } from "./state.js";
import type { State } from "./state.js";
import { U32, UNKNOWN, constant, constantOf, fitsIn, scalar, unknown } from "./value.js";
import type { Value } from "./value.js";

/** Types whose lookups give pointers to values of MAP_VALUE_SIZE. */
const VALUE_TYPES: ReadonlySet<number> = new Set([
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_LRU_HASH,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_LPM_TRIE,
]);

/** Whether the type's entries all exist, MAP_STRIDE apart. */
export function isArray(map: MapFacts): boolean {
  return map.type === BPF_MAP_TYPE_ARRAY || map.type === BPF_MAP_TYPE_PERCPU_ARRAY;
}

/** Map that an argument surely is. */
export function knownMap(value: Value, context: FunctionContext): MapFacts | undefined {
  return value.kind === "map" ? context.maps[value.index] : undefined;
}

/** What the map is like that an argument surely is, where it was looked up in a map of maps. */
export function innerMap(value: Value, context: FunctionContext): InnerFacts | undefined {
  if (value.kind !== "value" || value.inner === undefined || value.nullable || value.min !== 0 || value.max !== 0) return undefined;
  return context.maps[value.inner]?.inner;
}

/** The number at a key argument, where it is a u32 on the stack that is known. */
export function constantKey(state: State, key: Value, context: FunctionContext): number | undefined {
  const access = classifyAccess(state, key, 0, 4, false, context.depth);
  if (access.check !== "frame") return undefined;
  const spill = state.spills.get(access.off);
  const value = spill && spill.bytes >= 4 ? constantOf(spill.value) : undefined;
  return value !== undefined && value >= 0 && value < 2 ** 32 ? value : undefined;
}

/** The largest number that a key argument may be, where it is a u32 on the stack that is known; infinite where it is not. */
export function largestKey(state: State, key: Value, context: FunctionContext): number {
  const access = classifyAccess(state, key, 0, 4, false, context.depth);
  const spill = access.check === "frame" ? state.spills.get(access.off) : undefined;
  return spill && spill.bytes >= 4 && fitsIn(spill.value, 4) && spill.value.kind === "scalar" ? spill.value.max : Number.POSITIVE_INFINITY;
}

/** Bytes of memory that an argument stands for; undefined where they are not known. */
function memoryBytes(state: State, code: number, argument: number, context: FunctionContext): number | undefined {
  const map = knownMap(register(state, 1), context) ?? innerMap(register(state, 1), context);
  if (code >= ARG_FIXED_READ) return (code & ARG_FIXED_SIZE) * 4;
  if (code === ARG_STRING) return undefined;
  if (code === ARG_MAP_KEY) return map?.keySize;
  if (code === ARG_MAP_VALUE || code === ARG_MAP_VALUE_WRITE) return map?.valueSize;
  const size = register(state, argument + 1);
  return size.kind === "scalar" && size.min >= 0 && size.max <= ARG_SIZE_MAX ? size.max : undefined;
}

/** Whether an argument surely fits its code (`ARG_*`), `argument` being 1 to 5. */
export function isArgumentProven(state: State, codes: readonly number[], argument: number, context: FunctionContext): boolean {
  const code = codes[argument - 1] as number;
  const value = register(state, argument);
  switch (code) {
    case ARG_ANYTHING:
    // Looked at where the function is called.
    case ARG_CALLBACK:
      return true;
    case ARG_MAP:
      return value.kind === "map" || innerMap(value, context) !== undefined;
    case ARG_CTX:
      return value.kind === "ctx" && value.off === 0;
    case ARG_RINGBUF_MEM:
      return value.kind === "value" && value.record === true && !value.nullable && value.min === 0 && value.max === 0;
    case ARG_SIZE:
      return value.kind === "scalar" && value.min > 0 && value.max <= ARG_SIZE_MAX;
    case ARG_SIZE_OR_ZERO:
      return value.kind === "scalar" && value.min >= 0 && value.max <= ARG_SIZE_MAX;
    case ARG_MAP_KEY:
    case ARG_MAP_VALUE:
    case ARG_MAP_VALUE_WRITE:
    case ARG_MEM_READ:
    case ARG_MEM_WRITE:
    case ARG_MEM_READ_OR_NULL:
    case ARG_MEM_WRITE_OR_NULL:
    case ARG_MEM_OPTIONAL:
      return isMemoryProven(state, code, argument, value, context);
    default:
      return code >= ARG_FIXED_READ && isMemoryProven(state, code, argument, value, context);
  }
}

/** Bytes by which a call of helper `id` tries to move the packet's start; undefined where they are not known, or the helper is another. */
export function headShift(id: number, state: State): number | undefined {
  if (id !== BPF_FUNC_xdp_adjust_head) return undefined;
  const delta = constantOf(register(state, 2));
  // An int.
  return delta === undefined ? undefined : delta | 0;
}

/** Whether the verifier has found that the call at `slot` gets what it takes. A socket may be closed by then, for all it knows. */
export function isCallVerified(slot: number, codes: readonly number[], { proof }: FunctionContext): boolean {
  return proof?.reached[slot] === 1 && !codes.includes(ARG_SOCKET);
}

function isMemoryProven(state: State, code: number, argument: number, value: Value, context: FunctionContext): boolean {
  if (constantOf(value) === 0) {
    if (code === ARG_MEM_OPTIONAL) return true;
    if (code === ARG_MEM_READ_OR_NULL || code === ARG_MEM_WRITE_OR_NULL) return constantOf(register(state, argument + 1)) === 0;
  }
  const bytes = memoryBytes(state, code, argument, context);
  if (bytes === undefined) return false;
  const access = classifyAccess(state, value, 0, bytes, isWrite(code), context.depth);
  return access.check === "frame" || access.check === "context" || access.check === "proven";
}

/** Whether a helper writes to the memory of such an argument. */
export function isWrite(code: number): boolean {
  return code === ARG_MEM_WRITE || code === ARG_MAP_VALUE_WRITE || code === ARG_MEM_WRITE_OR_NULL || code === ARG_MEM_OPTIONAL || code >= ARG_FIXED_WRITE;
}

/**
 * Helpers that look at memory whose address is a number to their signature, or in memory itself; and those that write there. Such
 * an address may be the stack's, as may the memory behind a dynptr of a program that was not verified.
 */
const READ_ELSEWHERE = /^bpf_(trace_printk|trace_vprintk|snprintf|probe_read.*|str(cmp|casecmp|len|nlen|chr|nchr|chrnul|rchr|spn|cspn|str|nstr)|iter_bits_new|dynptr_(read|copy))$/;
const WRITE_ELSEWHERE = /^bpf_(xdp_metadata_rx_vlan_tag|dynptr_(write|copy|memset))$/;

/** Whether the memory that an argument stands for is surely not the stack. */
function isElsewhere(state: State, code: number, argument: number, value: Value, context: FunctionContext): boolean {
  if (constantOf(value) === 0) return true;
  const bytes = memoryBytes(state, code, argument, context);
  return bytes !== undefined && classifyAccess(state, value, 0, bytes, isWrite(code), context.depth).check === "proven";
}

/** Memory that the call reads or writes. */
function touch(state: State, codes: readonly number[], context: FunctionContext): void {
  for (const [i, code] of codes.entries()) {
    const value = register(state, i + 1);
    if (code === ARG_CALLBACK || code === ARG_SOCKET) continue;
    if (code === ARG_MAP || code === ARG_CTX || code === ARG_SIZE || code === ARG_SIZE_OR_ZERO) continue;
    if (value.kind === "stack") {
      const bytes = code === ARG_ANYTHING ? undefined : memoryBytes(state, code, i + 1, context);
      if (bytes === undefined) readFrame(state, -STACK_SIZE, Math.max(0, value.max + 1), context);
      else readFrame(state, value.min, value.max + bytes, context);
    } else if (code !== ARG_ANYTHING && !isElsewhere(state, code, i + 1, value, context)) readAnywhere(state, value, context);
    if (!isWrite(code)) continue;
    overwrite(state, value, 0, memoryBytes(state, code, i + 1, context) ?? ARG_SIZE_MAX, context);
  }
}

export function helperCall(state: State, slot: number, id: number, context: FunctionContext): void {
  const helper = HELPER_BY_ID.get(id);
  const result = helper ? resultOf(state, slot, id, context) : UNKNOWN;
  if (helper) touch(state, helper.args, context);
  if (helper && READ_ELSEWHERE.test(helper.name)) readWhole(state, context);
  if (helper && WRITE_ELSEWHERE.test(helper.name)) {
    state.spills.clear();
    context.summary.writesAbove = true;
  }
  if (helper?.changesPacket) {
    context.summary.changesPacket = true;
    forgetPacket(state);
  }
  if (id === BPF_FUNC_timer_set_callback) for (const { slot, entry } of callbackTargets(state, id, context)) context.callee(slot, entry);
  if (helper?.callsBack) callBack(state, id, context);
  // Whoever is called may submit what it finds.
  if (helper?.callsBack || id === RINGBUF_SUBMIT || id === RINGBUF_DISCARD) forgetRecords(state);
  if (id === BPF_FUNC_tail_call) {
    // The function's callers see what the target did, whatever it is.
    context.summary.changesPacket = true;
    context.summary.readsAbove = true;
    context.summary.writesAbove = true;
    context.summary.result = UNKNOWN;
  }
  state.registers[0] = result;
}

/** What the functions that the helper calls may do; they are called again and again, each time with what the last one left. */
function callBack(state: State, id: number, context: FunctionContext): void {
  for (const { slot, entry } of callbackTargets(state, id, context)) {
    let callee = context.callee(slot, entry);
    if (callee.changesPacket) callee = context.callee(slot, withoutPacket(entry));
    if (callee.readsAbove) readWhole(state, context);
    if (callee.writesAbove) {
      state.spills.clear();
      context.summary.writesAbove = true;
    }
    if (callee.changesPacket) {
      context.summary.changesPacket = true;
      forgetPacket(state);
    }
  }
}

const EINVAL = 22;
const SMP_PROCESSOR_ID = 8;
const PRANDOM_U32 = 7;
const BUFF_LEN = 188;
const RINGBUF_RESERVE = 131;
const RINGBUF_SUBMIT = 132;
const RINGBUF_DISCARD = 133;
const MAX_RECORD = 0x3fff_ffff;

function resultOf(state: State, slot: number, id: number, context: FunctionContext): Value {
  switch (id) {
    case BPF_FUNC_map_lookup_elem: {
      const argument = register(state, 1);
      const map = knownMap(argument, context);
      const inner = innerMap(argument, context);
      if (map?.inner && argument.kind === "map") {
        retireValueId(state, slot + 1);
        return { kind: "value", size: 0, access: "read", min: 0, max: 0, nullable: true, id: slot + 1, inner: argument.index };
      }
      if (inner && VALUE_TYPES.has(inner.type)) {
        retireValueId(state, slot + 1);
        return { kind: "value", size: inner.valueSize, access: inner.access, min: 0, max: 0, nullable: true, id: slot + 1 };
      }
      if (!map) return unknown("value");
      if (!VALUE_TYPES.has(map.type)) return UNKNOWN;
      const nullable = !isArray(map) || largestKey(state, register(state, 2), context) >= map.maxEntries;
      if (nullable) retireValueId(state, slot + 1);
      return { kind: "value", size: map.valueSize, access: map.access, min: 0, max: 0, nullable, id: nullable ? slot + 1 : 0 };
    }
    case RINGBUF_RESERVE: {
      const size = constantOf(register(state, 2));
      if (knownMap(register(state, 1), context)?.type !== BPF_MAP_TYPE_RINGBUF || size === undefined || size < 0 || size > MAX_RECORD) return unknown("value");
      retireValueId(state, slot + 1);
      return { kind: "value", size, access: "both", min: 0, max: 0, nullable: true, id: slot + 1, record: true };
    }
    case BPF_FUNC_tail_call:
      return constant(-EINVAL);
    case SMP_PROCESSOR_ID:
      return scalar(0, 255);
    case PRANDOM_U32:
    case BUFF_LEN:
      return U32;
    default:
      return UNKNOWN;
  }
}
