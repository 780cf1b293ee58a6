/** Lookups in maps of the hash family, emitted inline: key size, seed and place of the table are constants. The layout is maps/fields.ts's. */
import { ENV_CPU, MAP_SEQUENCE } from "../../abi.js";
import { ELEMENT_REFERENCED, HASH_F_HIGH, HASH_F_LOW, HASH_M_HIGH, HASH_M_LOW } from "../../maps/fields.js";
import { BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_LRU_HASH, BPF_MAP_TYPE_LRU_PERCPU_HASH, BPF_MAP_TYPE_PERCPU_HASH } from "../../maps/uapi.js";
import type { Emitter } from "./emitter.js";
import type { FunctionBuilder, FunctionRef, Local } from "./function-builder.js";
import type { MapFacts } from "./map-facts.js";

const M = (BigInt(HASH_M_HIGH) << 32n) | BigInt(HASH_M_LOW);
const F = (BigInt(HASH_F_HIGH) << 32n) | BigInt(HASH_F_LOW);
/** Longer keys are left to the runtime: hashing and comparing them costs more than the call. */
const LONGEST_KEY = 48;

const TYPES: ReadonlySet<number> = new Set([BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_LRU_HASH, BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_LRU_PERCPU_HASH]);

export function isInlineHash(map: MapFacts): boolean {
  return TYPES.has(map.type) && map.keySize <= LONGEST_KEY;
}

/** Adds this CPU's distance to the address on the stack. */
export function pushCpuOffset(emitter: Emitter, map: MapFacts): void {
  if (map.cpuStride === 0) return;
  emitter.pushField(ENV_CPU);
  emitter.to.i32(map.cpuStride).op("i32.mul").op("i32.add");
}

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
 * same: where another worker moves entries meanwhile, it does the waiting.
 */
export function emitHashLookup(emitter: Emitter, map: MapFacts, lookup: FunctionRef, keyOffset: number): void {
  const { to, program } = emitter;
  const words = Math.ceil(map.keySize / 8);
  const locals = localsOf(to, words);
  const { shared } = program.module;
  const pushSequence = (): void => void to.i32(0).memory("i32.atomic.load", map.header + MAP_SEQUENCE);
  to.set(locals.key);
  if (!shared) {
    emitSearch(to, map, locals, keyOffset);
    emitValue(emitter, map, locals);
    return;
  }
  const done = to.block("i32");
  const moved = to.block();
  pushSequence();
  to.tee(locals.sequence).i32(1).op("i32.and").brIf(moved);
  emitSearch(to, map, locals, keyOffset);
  pushSequence();
  to.get(locals.sequence).op("i32.ne").brIf(moved);
  emitValue(emitter, map, locals);
  to.br(done);
  to.end();
  to.i32(map.header).get(locals.key).i32(keyOffset).op("i32.add");
  emitter.pushField(ENV_CPU);
  to.call(lookup);
  to.end();
}

/** Sets `element` to the key's element, or 0. */
function emitSearch(to: FunctionBuilder, map: MapFacts, { key, hash, at, element, mixed, entry, words }: HashLocals, keyOffset: number): void {
  const { index, mask, seed, keyOffset: elementKey } = map.hash;
  const count = Math.ceil(map.keySize / 8);
  for (let i = 0; i < count; i++) {
    const word = words[i] as Local;
    pushWord(to, key, keyOffset + i * 8, map.keySize - i * 8);
    to.tee(word);
    if (i === 0) to.i64(seed);
    else to.get(mixed);
    to.op("i64.xor").i64(M).op("i64.mul").tee(mixed).get(mixed).i64(32).op("i64.shr_u").op("i64.xor").set(mixed);
  }
  to.get(mixed).i64(F).op("i64.mul").i64(32).op("i64.shr_u").op("i32.wrap_i64").tee(hash).set(at);
  const found = to.block();
  const next = to.loop();
  to.get(at).i32(mask).op("i32.and").i32(3).op("i32.shl").memory("i64.load", index).tee(entry);
  to.i64(32).op("i64.shr_u").op("i32.wrap_i64").tee(element).op("i32.eqz").brIf(found);
  to.get(entry).op("i32.wrap_i64").get(hash).op("i32.eq").if();
  for (let i = 0; i < count; i++) {
    to.get(element).memory("i64.load", elementKey + i * 8).get(words[i] as Local).op("i64.eq");
    if (i > 0) to.op("i32.and");
  }
  to.brIf(found).end();
  to.get(at).i32(1).op("i32.add").set(at).br(next);
  to.end();
  to.end();
}

/** Pushes the address of the element's value, or 0. */
function emitValue(emitter: Emitter, map: MapFacts, { element }: HashLocals): void {
  const { to } = emitter;
  to.get(element).if("i32");
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
  to.else().i32(0).end();
}
