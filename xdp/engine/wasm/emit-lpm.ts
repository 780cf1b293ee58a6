/** Lookups of whole addresses in LPM tries, emitted inline: a few loads from tables whose place is a constant (maps/fields.ts). Everything else is the runtime's. */
import { MAP_SEQUENCE } from "../../abi.js";
import { LPM_RECORD, LPM_ROOT_TABLE, LPM_TABLE } from "../../maps/fields.js";
import { BPF_MAP_TYPE_LPM_TRIE } from "../../maps/uapi.js";
import type { Emitter } from "./emitter.js";
import type { FunctionBuilder, FunctionRef, Local } from "./function-builder.js";
import type { MapFacts } from "./map-facts.js";

/** From a key to its address bytes. */
const KEY_DATA = 4;
/** Bits of addresses whose tables are all emitted, and of longer ones, of which the first two are. */
const SHORT_BITS = 32;
const FIRST_BITS = 24;

/** Whether it has tables, and addresses of at least their first two steps. */
export function isInlineTrie(map: MapFacts): boolean {
  return map.type === BPF_MAP_TYPE_LPM_TRIE && map.trie.tables !== 0 && addressBits(map) >= FIRST_BITS;
}

function addressBits(map: MapFacts): number {
  return (map.keySize - KEY_DATA) * 8;
}

interface TrieLocals {
  readonly key: Local<"i32">;
  /** The address's first four bytes, as they lie. */
  readonly word: Local<"i32">;
  readonly entry: Local<"i32">;
  readonly sequence: Local<"i32">;
}

/** One set a function. */
const LOCALS = new WeakMap<FunctionBuilder, TrieLocals>();

function localsOf(to: FunctionBuilder): TrieLocals {
  let locals = LOCALS.get(to);
  if (!locals) LOCALS.set(to, (locals = { key: to.local("i32"), word: to.local("i32"), entry: to.local("i32"), sequence: to.local("i32") }));
  return locals;
}

/**
 * Pops the key's address less `offset`, pushes the value's address or 0. `bits`: the key's length, where it is known.
 * `lookup` is the runtime's function for the same; `pushCpu` pushes its last argument. `stored` pushes the address's first
 * four bytes as i64, where they are elsewhere, too.
 */
export function emitTrieLookup(emitter: Emitter, map: MapFacts, offset: number, bits: number | undefined, lookup: FunctionRef, pushCpu: () => void, stored?: () => void): void {
  const { to, program } = emitter;
  const locals = localsOf(to);
  const { key, entry, sequence } = locals;
  const { shared } = program.module;
  const length = addressBits(map);
  to.set(key);
  if (bits !== undefined && bits > length) {
    to.i32(0);
    return;
  }
  const pushSequence = (): void => void to.i32(0).memory("i32.atomic.load", map.header + MAP_SEQUENCE);
  const found = to.block();
  const slow = to.block();
  if (bits === undefined) to.get(key).memory("i32.load", offset).i32(length).op("i32.ne").brIf(slow);
  if (bits === undefined || bits === length) {
    if (shared) {
      pushSequence();
      to.tee(sequence).i32(1).op("i32.and").brIf(slow);
    }
    const answered = to.block();
    emitSteps(to, map, locals, offset + KEY_DATA, length, answered, slow, stored);
    to.end();
    if (shared) {
      pushSequence();
      to.get(sequence).op("i32.ne").brIf(slow);
    }
    to.br(found);
  }
  to.end();
  to.i32(map.header).get(key).i32(offset).op("i32.add");
  pushCpu();
  to.call(lookup).set(entry);
  to.end();
  to.get(entry);
}

/** Sets `entry` and goes to `answered` where it is a value; to `slow` where it is not, after the steps that are emitted. */
function emitSteps(to: FunctionBuilder, map: MapFacts, { key, word, entry }: TrieLocals, data: number, length: number, answered: ReturnType<FunctionBuilder["block"]>, slow: ReturnType<FunctionBuilder["block"]>, stored?: () => void): void {
  const { tables, complete } = map.trie;
  const isSettled = (): void => void to.get(entry).i32(complete ? LPM_TABLE : LPM_TABLE | LPM_RECORD).op("i32.and").op("i32.eqz").brIf(answered);
  const isTable = (): void => {
    if (!complete) to.get(entry).i32(LPM_RECORD).op("i32.and").brIf(slow);
  };
  /** The index into the table that `entry` names with its tag is on the stack. */
  const next = (last: boolean): void => {
    to.i32(2).op("i32.shl").get(entry).op("i32.add").i32(LPM_TABLE).op("i32.sub").memory("i32.load", 0).set(entry);
    if (last && complete) to.br(answered);
    else isSettled();
  };
  if (stored) {
    stored();
    to.op("i32.wrap_i64");
  } else to.get(key).memory("i32.load", data);
  to.tee(word).i32(0xffff).op("i32.and");
  to.i32(2).op("i32.shl").memory("i32.load", tables + LPM_ROOT_TABLE).set(entry);
  isSettled();
  isTable();
  to.get(word).i32(16).op("i32.shr_u").i32(0xff).op("i32.and");
  next(length === FIRST_BITS);
  if (length === SHORT_BITS) {
    isTable();
    to.get(word).i32(28).op("i32.shr_u");
    next(false);
    isTable();
    to.get(word).i32(24).op("i32.shr_u").i32(15).op("i32.and");
    next(true);
  }
  to.br(slow);
}
