/** What is known at one point of a function: registers, the function's own stack, how far the packet was seen to reach. */
import { MIN_PACKET } from "../../abi.js";
import { REGISTER_COUNT, STACK_SIZE } from "../../isa/register.js";
import { UNKNOWN, constant, constantOf, fitsIn, hintOf, packet, sameValue, scalar, stack, unknown } from "./value.js";
import type { Value } from "./value.js";

/** What was stored at a constant offset of the stack, or is left of that. */
interface Spill {
  readonly bytes: number;
  readonly value: Value;
  /** The last store on every way here was of all these bytes, by an instruction that also keeps them elsewhere (frame-values.ts). */
  readonly held: boolean;
}

export interface State {
  readonly registers: Value[];
  /** By offset from r10, -512 to -1. Entries do not overlap. */
  readonly spills: Map<number, Spill>;
  /** By id: data + V(id) + n <= data_end is known. Id 0 has no entry below MIN_PACKET. */
  readonly reach: Map<number, number>;
  /** Bit i is set where the byte at r10 - 512 + i was written by this function for certain. */
  written: bigint;
}

export function newState(): State {
  return { registers: Array.from({ length: REGISTER_COUNT }, () => UNKNOWN), spills: new Map(), reach: new Map(), written: 0n };
}

export function copyState(state: State): State {
  return { registers: [...state.registers], spills: new Map(state.spills), reach: new Map(state.reach), written: state.written };
}

export function register(state: State, number: number): Value {
  return state.registers[number] as Value;
}

/** Bytes behind the packet's first byte + V(id) that are there for certain; negative where nothing is known. */
export function reachOf(state: State, id: number): number {
  return state.reach.get(id) ?? (id === 0 ? MIN_PACKET : Number.NEGATIVE_INFINITY);
}

/** Notes that data + V(id) + bytes <= data_end. As V is not negative, what holds for an id holds for 0. */
export function raiseReach(state: State, id: number, bytes: number): void {
  if (bytes > reachOf(state, id)) state.reach.set(id, bytes);
  if (id !== 0 && bytes > reachOf(state, 0)) state.reach.set(0, bytes);
}

/** Replaces every value that `change` returns another one for. */
export function mapValues(state: State, change: (value: Value) => Value): void {
  for (const [i, value] of state.registers.entries()) state.registers[i] = change(value);
  for (const [off, spill] of state.spills) {
    const value = change(spill.value);
    if (value !== spill.value) state.spills.set(off, { ...spill, value });
  }
}

/** Packet pointers of this id are from an earlier pass of a loop: they keep nothing in common with new ones. */
export function retirePacketId(state: State, id: number): void {
  mapValues(state, (value) => (value.kind === "packet" && value.id === id ? unknown("packet") : value));
  state.reach.delete(id);
}

/** The same for map values that may be null. */
export function retireValueId(state: State, id: number): void {
  mapValues(state, (value) => (value.kind === "value" && value.id === id ? { ...value, id: 0 } : value));
}

/** Records of ring buffers may have been submitted: pointers to them are numbers. */
export function forgetRecords(state: State): void {
  mapValues(state, (value) => (value.kind === "value" && value.record ? unknown("value") : value));
}

/** The packet may have moved: pointers into it are numbers. */
export function forgetPacket(state: State): void {
  mapValues(state, (value) => (value.kind === "packet" || value.kind === "packetEnd" ? unknown("packet") : value));
  state.reach.clear();
}

/** Forgets what was stored in bytes [from, to) of the frame. Of constants, the rest is still known; the low part of a small number stays the number. */
export function forgetSpills(state: State, from: number, to: number): void {
  for (const [off, spill] of state.spills) {
    const end = off + spill.bytes;
    if (off >= to || end <= from) continue;
    state.spills.delete(off);
    const number = constantOf(spill.value);
    if (number === undefined) {
      if (from > off && fitsIn(spill.value, from - off)) state.spills.set(off, { bytes: from - off, value: spill.value, held: false });
      continue;
    }
    for (const [start, stop] of [[off, from], [to, end]] as const) {
      if (start >= stop) continue;
      const value = constant(Number(BigInt.asUintN((stop - start) * 8, BigInt(number) >> BigInt((start - off) * 8))));
      if (value.kind === "scalar") state.spills.set(start, { bytes: stop - start, value, held: false });
    }
  }
}

/** Bits of `written` for `bytes` bytes at offset `off` from r10; those outside of the frame are left out. */
export function frameBits(off: number, bytes: number): bigint {
  const from = Math.max(0, off + STACK_SIZE);
  const to = Math.min(STACK_SIZE, off + bytes + STACK_SIZE);
  return to <= from ? 0n : ((1n << BigInt(to - from)) - 1n) << BigInt(from);
}

export const WHOLE_FRAME = frameBits(-STACK_SIZE, STACK_SIZE);

/** Joins at one block are told apart by the block; ids that a join makes, by block and place. */
export interface JoinPoint {
  /** Id of the packet pointer that a join makes for a place. */
  id(place: number): number;
  /** Whether an id was made here, by an earlier join. */
  owns(id: number): boolean;
  /** Joins so far: bounds that still move after several are given up, so that the iteration ends. */
  readonly rounds: number;
}

const PATIENCE = 6;
const STEPS = [0xff, 0xffff, 0x7fff_ffff, 0xffff_ffff];

function widerMax(max: number, patient: boolean): number {
  return patient ? max : (STEPS.find((step) => step >= max) ?? Number.POSITIVE_INFINITY);
}

/** What holds whichever of two ways control came. `into` is what held so far at the join; true where it now says less. */
export function joinState(into: State, from: State, at: JoinPoint): boolean {
  const before = copyState(into);
  const reach = new Map<number, number>();
  for (const [id, bytes] of before.reach) {
    const both = Math.min(bytes, reachOf(from, id));
    if (!at.owns(id) && both > reachOf(newlyKnown, id)) reach.set(id, both);
  }
  const join = (a: Value, b: Value, place: number): Value => joinValue(a, b, place, before, from, reach, at);
  for (let i = 0; i < REGISTER_COUNT; i++) into.registers[i] = join(register(before, i), register(from, i), i);
  for (const [off, { bytes, value, held }] of before.spills) {
    const other = from.spills.get(off);
    if (other?.bytes === bytes) into.spills.set(off, { bytes, value: join(value, other.value, REGISTER_COUNT - off), held: held && other.held });
    else into.spills.delete(off);
  }
  into.reach.clear();
  for (const [id, bytes] of reach) into.reach.set(id, bytes);
  into.written = before.written & from.written;
  return !sameState(before, into);
}

const newlyKnown = newState();

function sameState(a: State, b: State): boolean {
  if (a.written !== b.written || a.spills.size !== b.spills.size || a.reach.size !== b.reach.size) return false;
  for (const [i, value] of a.registers.entries()) if (!sameValue(value, register(b, i))) return false;
  for (const [off, { value, held }] of a.spills) {
    const other = b.spills.get(off);
    if (other?.held !== held || !sameValue(value, other.value)) return false;
  }
  for (const [id, bytes] of a.reach) if (b.reach.get(id) !== bytes) return false;
  return true;
}

function joinValue(a: Value, b: Value, place: number, left: State, right: State, reach: Map<number, number>, at: JoinPoint): Value {
  const patient = at.rounds <= PATIENCE;
  if (a.kind === "packet" && b.kind === "packet") return joinPackets(a, b, place, left, right, reach, at);
  if (sameValue(a, b)) return a;
  if (a.kind === "scalar" && b.kind === "scalar") {
    const min = Math.min(a.min, b.min);
    const max = Math.max(a.max, b.max);
    return scalar(min === a.min || patient ? min : min >= 0 ? 0 : Number.NEGATIVE_INFINITY, max === a.max ? max : widerMax(max, patient));
  }
  if (a.kind === "stack" && b.kind === "stack") {
    if (b.min >= a.min && b.max <= a.max) return a;
    return patient ? stack(Math.min(a.min, b.min), Math.max(a.max, b.max)) : unknown("stack");
  }
  if (a.kind === "value" && constantOf(b) === 0) return nullOr(a);
  if (b.kind === "value" && constantOf(a) === 0) return nullOr(b);
  if (a.kind === "value" && b.kind === "value" && a.size === b.size && a.access === b.access && a.record === b.record && a.inner === b.inner) {
    const min = Math.min(a.min, b.min);
    const max = Math.max(a.max, b.max);
    const nullable = a.nullable || b.nullable;
    if (nullable && (min !== 0 || max !== 0)) return unknown("value");
    if (!patient && (min !== a.min || max !== a.max)) return unknown("value");
    return { kind: "value", size: a.size, access: a.access, min, max, nullable, id: nullable && a.nullable && b.nullable && a.id === b.id ? a.id : 0, ...(a.record ? { record: a.record } : {}), ...(a.inner === undefined ? {} : { inner: a.inner }) };
  }
  const hints = [hintOf(a), hintOf(b)].filter((hint) => hint !== "none");
  const [first] = hints;
  return first !== undefined && hints.every((hint) => hint === first) ? unknown(first) : UNKNOWN;
}

function nullOr(value: Extract<Value, { kind: "value" }>): Value {
  return value.min === 0 && value.max === 0 ? { ...value, nullable: true, id: 0 } : unknown("value");
}

type Packet = Extract<Value, { kind: "packet" }>;

/** Two packet pointers become one of a new id, unless they are the same; what each is known to reach, relative to itself, carries over. */
function joinPackets(a: Packet, b: Packet, place: number, left: State, right: State, reach: Map<number, number>, at: JoinPoint): Value {
  if (a.id === b.id && a.off === b.off && !at.owns(a.id)) return a;
  const off = Math.min(a.off, b.off);
  if (at.rounds > PATIENCE && off !== a.off) return unknown("packet");
  const id = at.id(place);
  const ahead = Math.min(reachOf(left, a.id) - a.off, reachOf(right, b.id) - b.off);
  if (at.rounds <= PATIENCE || ahead === reachOf(left, a.id) - a.off) {
    if (ahead !== Number.NEGATIVE_INFINITY) reach.set(id, ahead + off);
  }
  return packet(id, off);
}
