/** Lookups of whole IPv4 addresses in LPM tries, emitted inline: place of the root and of the table by the first bits are constants. The trie is the runtime's (lpm_lookup.ts). */
import { LPM_ROOT, LPM_START_BITS, LPM_START_BYTES, NODE_BRANCH, NODE_CHILD, NODE_DATA, NODE_PREFIX } from "../../maps/fields.js";
import { BPF_MAP_TYPE_LPM_TRIE } from "../../maps/uapi.js";
import type { Emitter } from "./emitter.js";
import type { FunctionBuilder, Local } from "./function-builder.js";
import type { MapFacts } from "./map-facts.js";

const KEY_BYTES = 8;
const KEY_DATA = 4;
const ADDRESS_BITS = 32;

/** Where workers share the trie, the runtime looks again when a writer was there meanwhile. */
export function isInlineTrie(map: MapFacts, shared: boolean): boolean {
  return map.type === BPF_MAP_TYPE_LPM_TRIE && map.keySize === KEY_BYTES && !shared;
}

interface TrieLocals {
  /** The key's address, first byte highest. */
  readonly address: Local<"i32">;
  readonly word: Local<"i32">;
  readonly node: Local<"i32">;
  readonly found: Local<"i32">;
  readonly prefix: Local<"i32">;
  readonly limit: Local<"i32">;
}

/** One set a function. */
const LOCALS = new WeakMap<FunctionBuilder, TrieLocals>();

function localsOf(to: FunctionBuilder): TrieLocals {
  const known = LOCALS.get(to);
  if (known) return known;
  const locals = { address: to.local("i32"), word: to.local("i32"), node: to.local("i32"), found: to.local("i32"), prefix: to.local("i32"), limit: to.local("i32") };
  LOCALS.set(to, locals);
  return locals;
}

function pushSwapped(to: FunctionBuilder, word: Local<"i32">): void {
  to.get(word).i32(8).op("i32.rotl").i32(0x00ff_00ff).op("i32.and");
  to.get(word).i32(24).op("i32.rotl").i32(0xff00_ff00 | 0).op("i32.and").op("i32.or");
}

/** Pops the key's address less `offset`, pushes the value's address or 0. `bits`: the key's length, where it is known. */
export function emitTrieLookup({ to }: Emitter, map: MapFacts, offset: number, bits: number | undefined): void {
  const { address, word, node, found, prefix, limit } = localsOf(to);
  const { starts } = map.trie;
  to.set(node);
  if (bits !== undefined && bits > ADDRESS_BITS) {
    to.i32(0);
    return;
  }
  to.get(node).memory("i32.load", offset + KEY_DATA).set(word);
  pushSwapped(to, word);
  to.set(address);
  if (bits === undefined) to.get(node).memory("i32.load", offset).set(limit);
  const pushLimit = (): void => {
    if (bits === undefined) to.get(limit);
    else to.i32(bits);
  };
  const fromTable = (): void => {
    to.get(address).i32(ADDRESS_BITS - LPM_START_BITS).op("i32.shr_u").i32(LPM_START_BYTES).op("i32.mul").tee(prefix).memory("i32.load", starts).set(found);
    to.get(prefix).memory("i32.load", starts + 4).set(node);
  };
  const fromRoot = (): void => void to.i32(0).tee(found).memory("i32.load", map.header + LPM_ROOT).set(node);
  if (starts === 0 || (bits !== undefined && bits < LPM_START_BITS)) fromRoot();
  else if (bits !== undefined) fromTable();
  else {
    to.get(limit).i32(LPM_START_BITS).op("i32.ge_u").if();
    fromTable();
    to.else();
    fromRoot();
    to.end();
  }
  const done = to.block();
  if (bits === undefined) {
    // Longer than an address: in nothing.
    to.get(limit).i32(ADDRESS_BITS).op("i32.gt_u").if();
    to.i32(0).set(found).br(done).end();
  }
  const next = to.loop();
  to.get(node).op("i32.eqz").brIf(done);
  to.get(node).memory("i32.load", NODE_PREFIX).set(prefix);
  if (bits !== ADDRESS_BITS) {
    to.get(prefix);
    pushLimit();
    to.op("i32.gt_u").brIf(done);
  }
  // The bits that differ begin behind the prefix; shifted by 64 - prefix, so that a prefix of 0 leaves none.
  to.get(node).memory("i32.load", NODE_DATA).set(word);
  pushSwapped(to, word);
  to.get(address).op("i32.xor").op("i64.extend_i32_u").i32(ADDRESS_BITS).get(prefix).op("i32.sub").op("i64.extend_i32_u").op("i64.shr_u").i64(0).op("i64.ne").brIf(done);
  to.get(node).get(found).get(node).memory("i32.load", NODE_BRANCH).op("i32.eqz").op("select").set(found);
  to.get(prefix).i32(ADDRESS_BITS).op("i32.eq").brIf(done);
  to.get(node).get(address).get(prefix).op("i32.shl").i32(31).op("i32.shr_u").i32(2).op("i32.shl").op("i32.add").memory("i32.load", NODE_CHILD).set(node);
  to.br(next);
  to.end();
  to.end();
  to.get(found).i32(map.valueOffset).op("i32.add").i32(0).get(found).op("select");
}
