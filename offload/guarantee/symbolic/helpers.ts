/** Helpers on a path: what those say and do that branches depend on. Of all others, everything that they may touch is forgotten. */
import type { MapSpec } from "../../../xdp/index.js";
import type { Expr } from "./expr.js";
import type { Machine } from "./machine.js";
import { number } from "./memory.js";
import { lengthOf, ORIGIN, UNKNOWN } from "./state.js";
import type { PathState, Value } from "./state.js";

const LOOKUP = 1;
const ADJUST_HEAD = 44;
const ADJUST_META = 54;
const ADJUST_TAIL = 65;
const LOAD_BYTES = 189;
const STORE_BYTES = 190;
/** Helpers that give a number and write nowhere: update, delete, time, random, processor, tail call, redirect, perf event, csum_diff, redirect_map, ring buffer output and its kin, boot time and coarse time, jiffies, push. */
const PLAIN: ReadonlySet<number> = new Set([2, 3, 5, 6, 7, 8, 12, 23, 25, 28, 51, 87, 118, 125, 130, 132, 133, 160]);
/** The same, but what they give is a pointer: reserve in a ring buffer. */
const POINTER: ReadonlySet<number> = new Set([131]);
const LEAST_FRAME = 14;
/** More bytes of metadata than any kernel takes. */
const MOST_META = 252;

/** Runs a helper; the states that it can end in. */
export function callHelper(machine: Machine, state: PathState, id: number): PathState[] {
  const { exprs } = machine;
  const { regs } = state.top;
  const args = regs.slice(0, 6);
  const constant = (value: Value): number | undefined => {
    const only = value.kind === "number" ? state.facts.only(value.e) : undefined;
    return only === undefined ? undefined : Number(BigInt.asIntN(32, only));
  };
  /** The helper refuses: it gives something else than 0, and nothing is done. */
  const refused = (): PathState => {
    const other = state.copy();
    const error = exprs.free(32);
    other.facts.assert("ne", error, exprs.zero);
    return give(other, number(exprs.sext(error, 32)));
  };
  switch (id) {
    case LOOKUP:
      return [give(state, lookup(machine, state, args[1], args[2]))];
    case ADJUST_HEAD:
    case ADJUST_TAIL: {
      const delta = constant(args[2]);
      const failed = refused();
      if (delta === undefined || state.lost) {
        machine.memory.forgetAll(state);
        state.lost = true;
        return [give(state, number(exprs.zero)), failed];
      }
      if (id === ADJUST_HEAD) state.head += delta;
      else state.tail += delta;
      state.version++;
      if (machine.frags && id === ADJUST_TAIL) {
        // It may be what lies behind that grew or shrank.
        state.lost = true;
        return [give(state, number(exprs.zero)), failed];
      }
      const holds = state.assume("le", exprs.number(Math.max(0, LEAST_FRAME + state.head - state.tail)), lengthOf(exprs));
      return holds ? [give(state, number(exprs.zero)), failed] : [failed];
    }
    case ADJUST_META: {
      const delta = constant(args[2]);
      if (delta === undefined || state.meta === undefined) {
        state.meta = undefined;
        return [give(state, number(exprs.free()))];
      }
      const failed = refused();
      state.meta -= delta;
      // It is whole words, not too many, and does not reach into the packet.
      if (state.meta < 0 || state.meta % 4 !== 0 || state.meta > MOST_META) return [failed];
      return [give(state, number(exprs.zero)), failed];
    }
    case LOAD_BYTES:
    case STORE_BYTES: {
      const off = constant(args[2]);
      const size = constant(args[4]);
      const failed = refused();
      // What could not be loaded is zeroed, or left.
      if (id === LOAD_BYTES) machine.memory.forget(failed, args[3]);
      if (off === undefined || size === undefined || state.lost) {
        if (id === LOAD_BYTES) machine.memory.forget(state, args[3]);
        else machine.memory.forgetAll(state);
        return [give(state, number(exprs.zero)), failed];
      }
      const packet: Value = { kind: "packet", at: exprs.number(ORIGIN + state.head + off) };
      const from = id === LOAD_BYTES ? packet : args[3];
      const bytes = machine.memory.bytes(state, from, 0, size) ?? Array.from({ length: size }, () => exprs.free(8));
      machine.memory.put(state, id === LOAD_BYTES ? args[3] : packet, bytes);
      const holds = machine.frags || state.assume("le", exprs.number(Math.max(0, state.head + off + size - state.tail)), lengthOf(exprs));
      return holds ? [give(state, number(exprs.zero)), failed] : [failed];
    }
    default:
      if (PLAIN.has(id)) return [give(state, number(exprs.free()))];
      if (POINTER.has(id)) return [give(state, UNKNOWN)];
      for (const value of args.slice(1)) machine.memory.forget(state, value);
      return [give(state, UNKNOWN)];
  }
}

/** The helper is done, and gives a value. */
function give(to: PathState, value: Value): PathState {
  to.top.regs[0] = value;
  for (let i = 1; i <= 5; i++) to.top.regs[i] = UNKNOWN;
  return to;
}

function lookup(machine: Machine, state: PathState, map: Value, pointer: Value): Value {
  const { exprs } = machine;
  if (map.kind !== "map") return UNKNOWN;
  const spec = machine.maps[map.map];
  if (spec.inner !== undefined || /SOCK|PROG_ARRAY|STORAGE/.test(spec.type)) return UNKNOWN;
  const key = machine.memory.bytes(state, pointer, 0, spec.keySize) ?? Array.from({ length: spec.keySize }, () => exprs.free(8));
  const id = state.lookupCount++;
  const always = isArray(spec) ? state.facts.only(exprs.cat(key)) : undefined;
  const name = `${id}/${map.map}/${key.map((byte) => byte.id).join(" ")}`;
  let hit: Expr | undefined;
  if (always === undefined) {
    hit = exprs.variable(`hit ${name}`, { kind: "hit", lookup: id }, 1);
    // An array has what is below its size, and nothing else.
    if (isArray(spec)) {
      const [low, high] = state.facts.range(exprs.cat(key));
      if (high < BigInt(spec.maxEntries)) hit = undefined;
      else if (low >= BigInt(spec.maxEntries)) state.facts.assert("eq", hit, exprs.zero);
    }
  } else if (always >= BigInt(spec.maxEntries)) return number(exprs.zero);
  state.lookups = { before: state.lookups, id, map: map.map, key, hit };
  return { kind: "value", lookup: id, at: exprs.zero, hit };
}

function isArray({ type }: MapSpec): boolean {
  return type === "BPF_MAP_TYPE_ARRAY" || type === "BPF_MAP_TYPE_PERCPU_ARRAY";
}
