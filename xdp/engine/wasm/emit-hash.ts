/** Lookups in maps of the hash family, emitted inline: key size, seed and place of the table are constants. The layout is maps/fields.ts's. */
import { ENV_CPU, MAP_SEQUENCE } from "../../abi.js";
import { ELEMENT_REFERENCED, HASH_M_HIGH, HASH_M_LOW } from "../../maps/fields.js";
import { BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_LRU_HASH, BPF_MAP_TYPE_LRU_PERCPU_HASH, BPF_MAP_TYPE_PERCPU_HASH } from "../../maps/uapi.js";
import type { Emitter } from "./emitter.js";
import type { FunctionBuilder, FunctionRef, Label, Local } from "./function-builder.js";
import type { MapFacts } from "./map-facts.js";

const M = (BigInt(HASH_M_HIGH) << 32n) | BigInt(HASH_M_LOW);
/** Longer keys are left to the runtime: hashing and comparing them costs more than the call. */
const LONGEST_KEY = 48;

const TYPES: ReadonlySet<number> = new Set([BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_LRU_HASH, BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_LRU_PERCPU_HASH]);

export function isInlineHash(map: MapFacts): boolean {
  return TYPES.has(map.type) && map.keySize <= LONGEST_KEY;
}

/** Adds this CPU's distance to the address on the stack. */
export function pushCpuOffset(emitter: Emitter, map: MapFacts): void {
  if (map.cpuStride === 0) return;
  const known = emitter.cpuOffsets.get(map.cpuStride);
  if (known) emitter.to.get(known);
  else {
    emitter.pushField(ENV_CPU);
    emitter.to.i32(map.cpuStride).op("i32.mul");
  }
  emitter.to.op("i32.add");
}

/** What pushes so many bytes of the key, at most 8, from one on, as i64 with zeros above. */
export type KeyReader = (at: number, bytes: number) => (() => void) | undefined;

interface HashLocals {
  readonly key: Local<"i32">;
  readonly hash: Local<"i32">;
  readonly at: Local<"i32">;
  readonly element: Local<"i32">;
  readonly sequence: Local<"i32">;
  readonly mixed: Local<"i64">;
  readonly entry: Local<"i64">;
  readonly words: Local<"i64">[];
}

/** One set a function, whatever number of lookups it has. */
const LOCALS = new WeakMap<FunctionBuilder, HashLocals>();

function localsOf(to: FunctionBuilder, words: number): HashLocals {
  let locals = LOCALS.get(to);
  if (!locals) {
    const [key, hash, at, element, sequence] = [to.local("i32"), to.local("i32"), to.local("i32"), to.local("i32"), to.local("i32")];
    locals = { key, hash, at, element, sequence, mixed: to.local("i64"), entry: to.local("i64"), words: [] };
    LOCALS.set(to, locals);
  }
  while (locals.words.length < words) locals.words.push(to.local("i64"));
  return locals;
}

/** The key's bytes from `offset`, at most 8, as a word padded with zeros. */
function pushWord(to: FunctionBuilder, key: Local, offset: number, bytes: number): void {
  if (bytes >= 8) {
    to.get(key).memory("i64.load", offset);
    return;
  }
  let done = 0;
  for (const [part, load] of [[4, "i64.load32_u"], [2, "i64.load16_u"], [1, "i64.load8_u"]] as const) {
    if ((bytes & part) === 0) continue;
    to.get(key).memory(load, offset + done);
    if (done > 0) to.i64(done * 8).op("i64.shl").op("i64.or");
    done += part;
  }
}

/**
 * Pops the key's address less `keyOffset`, pushes the value's address or 0. `lookup` is the runtime's function for the
 * same: where another worker moves entries meanwhile, it does the waiting. `stored`: where the key's bytes are besides.
 */
export function emitHashLookup(emitter: Emitter, map: MapFacts, lookup: FunctionRef, keyOffset: number, stored?: KeyReader): void {
  const { to, program } = emitter;
  const words = Math.ceil(map.keySize / 8);
  const locals = localsOf(to, words);
  const { shared } = program.module;
  to.set(locals.key);
  const done = to.block("i32");
  if (!shared) {
    emitSearch(emitter, map, locals, keyOffset, done, stored);
    to.i32(0);
    to.end();
    return;
  }
  const pushSequence = (): void => void to.i32(0).memory("i32.atomic.load", map.header + MAP_SEQUENCE);
  const moved = to.block();
  pushSequence();
  to.tee(locals.sequence).i32(1).op("i32.and").brIf(moved);
  const found = to.block("i32");
  emitSearch(emitter, map, locals, keyOffset, found, stored);
  to.i32(0);
  to.end();
  to.set(locals.hash);
  pushSequence();
  to.get(locals.sequence).op("i32.ne").brIf(moved);
  to.get(locals.hash).br(done);
  to.end();
  to.i32(map.header).get(locals.key).i32(keyOffset).op("i32.add");
  emitter.pushField(ENV_CPU);
  to.call(lookup);
  to.end();
}

/** Branches to `found` with the value's address, or falls through where the key is not there. The first slot is looked at outside of the loop: most keys are there. */
function emitSearch(emitter: Emitter, map: MapFacts, locals: HashLocals, keyOffset: number, found: Label, stored?: KeyReader): void {
  const { to } = emitter;
  const { index, mask, seed } = map.hash;
  const { key, hash, at, entry, mixed, words } = locals;
  const count = Math.ceil(map.keySize / 8);
  for (let i = 0; i < count; i++) {
    const word = words[i] as Local;
    const known = stored?.(i * 8, Math.min(8, map.keySize - i * 8));
    if (known) known();
    else pushWord(to, key, keyOffset + i * 8, map.keySize - i * 8);
    to.tee(word);
    if (i === 0) to.i64(seed);
    else to.get(mixed);
    to.op("i64.xor").i64(M).op("i64.mul");
    if (i < count - 1) to.tee(mixed).get(mixed).i64(32).op("i64.shr_u").op("i64.xor");
    to.set(mixed);
  }
  to.get(mixed).i64(32).op("i64.shr_u").get(mixed).op("i64.xor").op("i32.wrap_i64").i32(1).op("i32.or").tee(hash);
  // Three bits of the shift are those that make an index an offset; there are eight slots at least.
  to.i32(Math.clz32(mask) - 3).op("i32.shr_u").i32(mask << 3).op("i32.and").tee(at).memory("i64.load", index).set(entry);
  emitProbe(emitter, map, locals, found);
  const missing = to.block();
  const next = to.loop();
  to.get(entry).op("i64.eqz").brIf(missing);
  to.get(at).i32(8).op("i32.add").i32(mask << 3).op("i32.and").tee(at).memory("i64.load", index).set(entry);
  emitProbe(emitter, map, locals, found);
  to.br(next);
  to.end();
  to.end();
}

/** Branches to `found` with the value's address where the slot in `entry` is the key's. */
function emitProbe(emitter: Emitter, map: MapFacts, { hash, element, entry, words }: HashLocals, found: Label): void {
  const { to } = emitter;
  const count = Math.ceil(map.keySize / 8);
  to.get(entry).op("i32.wrap_i64").get(hash).op("i32.eq").if();
  to.get(entry).i64(32).op("i64.shr_u").op("i32.wrap_i64").set(element);
  for (let i = 0; i < count; i++) {
    to.get(element).memory("i64.load", map.hash.keyOffset + i * 8).get(words[i] as Local).op("i64.eq");
    if (i > 0) to.op("i32.and");
  }
  to.if();
  emitValue(emitter, map, element);
  to.br(found);
  to.end();
  to.end();
}

/** Pushes the address of the element's value; the element is referenced. */
function emitValue(emitter: Emitter, map: MapFacts, element: Local<"i32">): void {
  const { to } = emitter;
  if (map.type === BPF_MAP_TYPE_LRU_HASH || map.type === BPF_MAP_TYPE_LRU_PERCPU_HASH) {
    // Written only where it changes, as in the runtime.
    to.get(element).memory("i64.load8_u", ELEMENT_REFERENCED).op("i64.eqz").if();
    to.get(element).i64(1).memory("i64.store8", ELEMENT_REFERENCED);
    to.end();
  }
  to.get(element);
  if (map.cpuStride === 0) to.i32(map.hash.valueOffset).op("i32.add");
  else {
    to.memory("i32.load", map.hash.valueOffset);
    pushCpuOffset(emitter, map);
  }
}
