/**
 * Snippets of random programs. Between two snippets the same always holds: r6 is the context (in functions that have it),
 * every other register but r10 is a number, and the bytes of the frame from -FRAME up are written. A snippet may use pointers inside, but
 * leaves numbers: what the registers hold at the end must not depend on where things lie.
 */
import { BPF_ADD, BPF_ALU, BPF_ALU64, BPF_AND, BPF_ARSH, BPF_ATOMIC, BPF_DIV, BPF_END, BPF_JEQ, BPF_JGT, BPF_JNE, BPF_LOAD_ACQ, BPF_LSH, BPF_MOD, BPF_MOV, BPF_MUL, BPF_NEG, BPF_OR, BPF_PSEUDO_MAP_IDX_VALUE, BPF_RSH, BPF_STORE_REL, BPF_STX, BPF_SUB, BPF_X, BPF_XOR } from "../../isa/index.js";
import type { MapSpec } from "../../object/index.js";
import type { Choices, Mark } from "./random-programs-code.js";
import { FURTHER } from "./random-programs-further.js";
import { writableMaps } from "./random-programs-maps.js";
import { ATOMICS, CONDITIONS, FRAME_LENGTHS, MAP, SIZES, VALUE_BYTES, atomic, checkEnd, faulty, frameOffset, mapAndKey, numbers, scrub, valueAccess } from "./random-programs-parts.js";
import type { Snippet, Surroundings } from "./random-programs-parts.js";

const BINARY = [BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_OR, BPF_AND, BPF_LSH, BPF_RSH, BPF_MOD, BPF_XOR, BPF_ARSH] as const;
const SHIFTS: readonly number[] = [BPF_LSH, BPF_RSH, BPF_ARSH];

const arithmetic: Snippet = (choices, to) => {
  const { code } = to;
  for (let i = choices.below(6); i >= 0; i--) {
    const dst = choices.pick(numbers(to));
    const src = choices.pick(numbers(to));
    const wide = choices.once(2);
    const kind = choices.below(10);
    if (kind === 0) code.emit((wide ? BPF_ALU64 : BPF_ALU) | BPF_NEG, dst);
    else if (kind === 1) code.emit((wide ? BPF_ALU64 : BPF_ALU | (choices.once(2) ? BPF_X : 0)) | BPF_END, dst, 0, 0, choices.pick([16, 32, 64]));
    else if (kind === 2) code.aluRegister(BPF_MOV, dst, src, wide, choices.pick(wide ? [0, 8, 16, 32] : [0, 8, 16]));
    else if (kind === 3) code.wide(dst, 0, choices.u32(), choices.u32());
    else {
      const operation = choices.pick(BINARY);
      const signed = (operation === BPF_DIV || operation === BPF_MOD) && choices.once(2) ? 1 : 0;
      if (choices.once(2)) code.aluRegister(operation, dst, src, wide, signed);
      else if (SHIFTS.includes(operation)) code.alu(operation, dst, choices.below(wide ? 64 : 32), wide);
      else code.alu(operation, dst, operation === BPF_DIV || operation === BPF_MOD ? choices.immediate() || 1 : choices.immediate(), wide, signed);
    }
  }
};

const stackAccess: Snippet = (choices, to) => {
  const { code } = to;
  for (let i = choices.below(4); i >= 0; i--) {
    const bytes = choices.pick(SIZES);
    const off = faulty(choices, to) ? choices.pick([0, 8, -512, -516, -520, -505, 32767, -32768, 8192]) : frameOffset(choices, to, bytes);
    const register = choices.pick(numbers(to));
    const kind = choices.below(4);
    if (kind === 0) code.store(bytes, 10, off, register);
    else if (kind === 1) code.storeImmediate(bytes, 10, off, choices.immediate());
    else code.load(bytes, register, 10, off, bytes < 8 && kind === 2);
  }
};

/** At an offset that is known only as the program runs. */
const variableStack: Snippet = (choices, to) => {
  const { code } = to;
  const [pointer, index] = [1, 2];
  code.move(index, choices.pick(numbers(to)));
  code.alu(BPF_AND, index, faulty(choices, to) ? 0x3ff : 0x18);
  code.move(pointer, 10);
  code.alu(BPF_ADD, pointer, -64);
  code.aluRegister(BPF_ADD, pointer, index);
  if (choices.once(2)) code.store(choices.pick(SIZES), pointer, 0, choices.pick([0, 3, 7, 8]));
  else code.load(choices.pick(SIZES), choices.pick([0, 3, 7, 8]), pointer, 0);
  scrub(choices, code, [pointer, index]);
};

const packetAccess: Snippet = (choices, to) => {
  const { code } = to;
  if (!to.hasContext) return;
  const [data, end, limit, index] = [1, 2, 3, 4];
  const outside = code.mark();
  code.load(4, data, 6, 0);
  code.load(4, end, 6, 4);
  if (choices.once(3)) {
    code.move(index, choices.pick([7, 8, 9, 0]));
    code.alu(BPF_AND, index, choices.pick([7, 31, 60, 255]), choices.once(2));
    if (choices.once(2)) code.alu(BPF_LSH, index, 1);
    code.aluRegister(BPF_ADD, data, index);
  } else code.set(index, choices.immediate());
  const checked = choices.once(2) ? choices.pick(FRAME_LENGTHS) - choices.below(2) : 1 + choices.below(choices.once(3) ? 200 : 40);
  code.move(limit, data);
  code.alu(BPF_ADD, limit, checked);
  const reach = checked + (faulty(choices, to) ? 0 : checkEnd(choices, code, limit, end, outside));
  // Also from the end of what was checked, backwards.
  const backwards = choices.once(4);
  if (backwards) code.move(data, limit);
  const based = backwards ? -checked : 0;
  for (let i = choices.below(4); i >= 0; i--) {
    const fitting = SIZES.filter((bytes) => bytes <= reach);
    const bytes = choices.pick(fitting);
    const within = faulty(choices, to) ? choices.pick([reach - bytes + 1, reach - bytes + 1, reach - 1, reach, -1, -300, 4000]) : choices.below(reach - bytes + 1);
    const off = based + within;
    const register = choices.pick([0, 5, 7, 8, 9]);
    const kind = choices.below(4);
    if (kind === 0) code.store(bytes, data, off, register);
    else if (kind === 1) code.storeImmediate(bytes, data, off, choices.immediate());
    else code.load(bytes, register, data, off, bytes < 8 && kind === 2);
  }
  code.place(outside);
  scrub(choices, code, [data, end, limit, index]);
};

/** Walks over the packet: a pointer that grows in a loop, checked each time. */
const packetWalk: Snippet = (choices, to) => {
  const { code, frame, nesting } = to;
  if (!to.hasContext || nesting > 0) return;
  const [pointer, end, limit, step] = [1, 2, 3, 4];
  const counter = -frame - 8;
  const [again, outside] = [code.mark(), code.mark()];
  code.load(4, pointer, 6, 0);
  code.load(4, end, 6, 4);
  code.storeImmediate(8, 10, counter, 2 + choices.below(6));
  code.place(again);
  code.move(limit, pointer);
  code.alu(BPF_ADD, limit, 4);
  checkEnd(choices, code, limit, end, outside);
  code.load(1, step, pointer, choices.below(4));
  if (choices.once(2)) code.store(1, pointer, choices.below(4), 9);
  code.aluRegister(BPF_ADD, 9, step);
  code.alu(BPF_AND, step, choices.pick([3, 7, 15]));
  code.aluRegister(BPF_ADD, pointer, step);
  if (choices.once(2)) code.alu(BPF_ADD, pointer, choices.below(9));
  code.load(8, 5, 10, counter);
  code.alu(BPF_SUB, 5, 1);
  code.store(8, 10, counter, 5);
  code.jump(BPF_JNE, 5, 0, again);
  code.place(outside);
  scrub(choices, code, [pointer, end, limit, step, 5]);
};

/** Two ways to different places of the packet that meet before the access. */
const packetMerge: Snippet = (choices, to) => {
  const { code } = to;
  if (!to.hasContext) return;
  const [data, end, pointer, limit] = [1, 2, 3, 4];
  const [other, outside] = [code.mark(), code.mark()];
  code.load(4, data, 6, 0);
  code.load(4, end, 6, 4);
  code.move(limit, data);
  code.alu(BPF_ADD, limit, 20 + choices.below(20));
  checkEnd(choices, code, limit, end, outside);
  code.move(pointer, data);
  code.alu(BPF_ADD, pointer, choices.below(8));
  code.jump(choices.pick(CONDITIONS), choices.pick([0, 7, 8, 9]), choices.immediate(), other, choices.once(2));
  code.alu(BPF_ADD, pointer, choices.below(10));
  code.place(other);
  if (choices.once(2)) {
    code.move(limit, pointer);
    code.alu(BPF_ADD, limit, 8 + choices.below(30));
    checkEnd(choices, code, limit, end, outside);
    code.load(8, 5, pointer, choices.once(2) || to.faultyOnceIn === 0 ? 0 : 12);
  } else code.load(choices.pick([1, 2]), 5, pointer, choices.below(2));
  code.place(outside);
  scrub(choices, code, [data, end, pointer, limit]);
};

const stackAtomic: Snippet = (choices, to) => {
  const { code } = to;
  const bytes = choices.pick([4, 8] as const);
  const off = frameOffset(choices, to, bytes) + (faulty(choices, to) ? 2 : 0);
  const src = choices.pick(numbers(to));
  const ordered = choices.below(8);
  if (ordered === 0 && to.faultyOnceIn === 0) code.atomic(bytes, 10, off, src, BPF_STORE_REL);
  else if (ordered === 1 && to.faultyOnceIn === 0) code.emit(BPF_STX | BPF_ATOMIC | (bytes === 4 ? 0 : 0x18), src, 10, off, BPF_LOAD_ACQ);
  else atomic(code, bytes, 10, off, src, choices.pick(ATOMICS));
};

const LOOKUP = 1;
const UPDATE = 2;
const DELETE = 3;

const mapLookup: Snippet = (choices, to) => {
  const { code } = to;
  const map = choices.once(3) ? choices.pick([MAP.array, MAP.percpu, MAP.hash, MAP.lru, MAP.lpm, MAP.readOnly]) : choices.pick([MAP.readOnly, ...writableMaps(to.maps)]);
  const { valueSize } = to.maps[map] as MapSpec;
  const missing = code.mark();
  mapAndKey(choices, to, map);
  code.helper(LOOKUP);
  scrub(choices, code, [1, 2, 3, 4, 5]);
  if (!faulty(choices, to)) {
    if (choices.once(2)) code.jump(BPF_JEQ, 0, 0, missing);
    else {
      const found = code.mark();
      code.jump(BPF_JNE, 0, 0, found);
      code.goto(missing);
      code.place(found);
    }
  }
  if (valueSize > 16 && choices.once(4)) {
    code.move(3, choices.pick([7, 8, 9]));
    code.alu(BPF_AND, 3, faulty(choices, to) ? 63 : 16);
    code.aluRegister(BPF_ADD, 0, 3);
    valueAccess(choices, to, valueSize - 16, map !== MAP.readOnly);
  } else valueAccess(choices, to, valueSize, map !== MAP.readOnly || faulty(choices, to));
  code.place(missing);
  scrub(choices, code, [0]);
};

/** Straight to the value, as global data is. */
const globalData: Snippet = (choices, to) => {
  const { code } = to;
  const at = choices.below(VALUE_BYTES / 8) * 8;
  code.wide(0, BPF_PSEUDO_MAP_IDX_VALUE, MAP.globals, at);
  valueAccess(choices, to, VALUE_BYTES - at, true);
  scrub(choices, code, [0]);
};

const mapUpdate: Snippet = (choices, to) => {
  const { code, frame } = to;
  const map = choices.pick(writableMaps(to.maps));
  const spec = to.maps[map] as MapSpec;
  mapAndKey(choices, to, map);
  const value = -frame + Math.ceil(spec.keySize / 8) * 8;
  if (choices.once(3) || value + spec.valueSize > 0) code.helper(DELETE);
  else {
    code.move(3, 10);
    code.alu(BPF_ADD, 3, faulty(choices, to) ? -16 : value);
    // BPF_ANY, BPF_NOEXIST, BPF_EXIST; what is none of them is an error.
    code.set(4, choices.once(12) ? choices.pick([3, 8, -1, 5]) : choices.below(3));
    code.helper(UPDATE);
  }
  if (choices.once(2)) code.move(9, 0);
  scrub(choices, code, [1, 2, 3, 4, 5]);
};

const helpers: Snippet = (choices, to) => {
  const { code, frame } = to;
  switch (choices.below(4)) {
    case 0:
      if (!to.clocks) return;
      code.helper(choices.pick([5, 8, 125]));
      break;
    case 1:
      code.set(1, 0);
      code.set(2, 0);
      code.move(3, 10);
      code.alu(BPF_ADD, 3, -frame);
      code.set(4, choices.below(8) * 4);
      code.set(5, choices.below(65536));
      code.helper(28);
      break;
    case 2:
      if (!to.hasContext) return;
      code.move(1, 6);
      code.set(2, choices.pick(faulty(choices, to) ? [-1000] : [-4, 4, -14, 20, -40, 0]));
      code.helper(choices.pick([44, 65]));
      break;
    default:
      if (!to.clocks) return;
      code.helper(7);
      break;
  }
  scrub(choices, code, [1, 2, 3, 4, 5]);
};

const branch: Snippet = (choices, to) => {
  const { code } = to;
  if (to.nesting >= 3) return arithmetic(choices, to);
  const inner = { ...to, nesting: to.nesting + 1 };
  const [other, end] = [code.mark(), code.mark()];
  const [dst, src] = [choices.pick(numbers(to)), choices.pick(numbers(to))];
  const wide = choices.once(2);
  if (choices.once(2)) code.jump(choices.pick(CONDITIONS), dst, choices.immediate(), other, wide);
  else code.jumpRegister(choices.pick(CONDITIONS), dst, src, other, wide);
  for (let i = choices.below(2); i >= 0; i--) writeSnippet(choices, inner);
  if (choices.once(3)) {
    code.place(other);
    return undefined;
  }
  code.goto(end, choices.once(4));
  code.place(other);
  for (let i = choices.below(2); i >= 0; i--) writeSnippet(choices, inner);
  code.place(end);
  return undefined;
};

/** The counter of a loop is on the stack; where snippets may write over it, in a map, so that loops end. */
const loop: Snippet = (choices, to) => {
  const { code, frame, faultyOnceIn } = to;
  if (to.nesting >= 2) return arithmetic(choices, to);
  const again = code.mark();
  const [register, pointer] = choices.once(2) ? [0, 3] : [9, 1];
  const counter = (): readonly [base: number, off: number] => {
    if (faultyOnceIn === 0) return [10, -frame - 8 * (to.nesting + 1)];
    code.wide(pointer, BPF_PSEUDO_MAP_IDX_VALUE, MAP.out, 8 * to.nesting);
    return [pointer, 0];
  };
  const [base, off] = counter();
  code.storeImmediate(8, base, off, 1 + choices.below(5));
  code.set(pointer, choices.immediate());
  code.place(again);
  for (let i = choices.below(2); i >= 0; i--) writeSnippet(choices, { ...to, nesting: to.nesting + 1 });
  counter();
  code.load(8, register, base, off);
  code.alu(BPF_ADD, register, -1);
  code.store(8, base, off, register);
  code.set(pointer, choices.immediate());
  code.jump(BPF_JNE, register, 0, again, choices.once(2));
  return undefined;
};

/** Forward jumps across each other, as no nested statements give them. */
const tangle: Snippet = (choices, to) => {
  const { code } = to;
  const places = Array.from({ length: 3 + choices.below(5) }, () => code.mark());
  const reached = new Set<Mark>();
  for (const [i, place] of places.entries()) {
    code.place(place);
    arithmetic(choices, to);
    for (let jumps = choices.below(3); jumps > 0; jumps--) {
      const target = places[i + 1 + choices.below(places.length - i)];
      if (!target) continue;
      reached.add(target);
      code.jump(choices.pick(CONDITIONS), choices.pick(numbers(to)), choices.immediate(), target, choices.once(2));
    }
    // Code that nothing leads to is what a verifier refuses.
    if (reached.has(places[i + 1] as Mark) && i + 2 < places.length) code.goto(places[i + 2 + choices.below(places.length - i - 2)] as Mark);
  }
};

const call: Snippet = (choices, to) => {
  const { code, callables, frame } = to;
  const callable = callables[choices.below(callables.length + 1)];
  if (!callable || (callable.takes === "context" && !to.hasContext)) return;
  if (callable.takes === "context") code.move(1, 6);
  else if (callable.takes === "stack") {
    code.move(1, 10);
    code.alu(BPF_ADD, 1, -frame);
  }
  code.call(callable.mark);
  scrub(choices, code, [1, 2, 3, 4, 5]);
};

/** Index in r2, of whatever a random chain of operations and comparisons leaves; those that are not taken for small go to `outside`. */
function anyIndex(choices: Choices, to: Surroundings, outside: Mark): void {
  const { code } = to;
  const small = (): number => choices.pick([0, 1, 2, 3, 7, 8, 15, 16, 24, 31, 32, 33, 63, 64, 255, -1, -8]);
  if (choices.once(2)) {
    const bytes = choices.pick(SIZES);
    code.load(bytes, 2, 10, frameOffset(choices, to, 8), bytes < 8 && choices.once(3));
  } else code.move(2, choices.pick([7, 8, 9]));
  for (let i = 1 + choices.below(4); i > 0; i--) {
    const wide = choices.once(2);
    switch (choices.below(12)) {
      case 0:
      case 1:
        code.alu(BPF_AND, 2, choices.pick([1, 3, 7, 15, 16, 24, 31, 63, 255, -8]), wide);
        break;
      case 2:
        code.alu(choices.pick([BPF_RSH, BPF_ARSH, BPF_ARSH, BPF_LSH]), 2, choices.once(2) ? choices.below(wide ? 64 : 32) : (wide ? 56 : 24) + choices.below(8), wide);
        break;
      case 3:
        code.alu(choices.pick([BPF_MOD, BPF_DIV]), 2, choices.pick([3, 8, 16, 24, 32, 33]), wide, choices.below(2));
        break;
      case 4:
        code.alu(choices.pick([BPF_ADD, BPF_SUB]), 2, small(), wide);
        break;
      case 5:
        code.alu(choices.pick([BPF_OR, BPF_XOR]), 2, small(), wide);
        break;
      case 6:
        code.alu(BPF_MUL, 2, choices.pick([1, 2, 3, 4, 8]), wide);
        break;
      case 7:
        code.aluRegister(BPF_MOV, 2, 2, wide, choices.pick(wide ? [8, 16, 32] : [0, 8, 16]));
        break;
      case 8:
        code.aluRegister(choices.pick(BINARY), 2, choices.pick([7, 8, 9]), wide);
        break;
      case 9:
        code.jumpRegister(choices.pick(CONDITIONS), 2, choices.pick([7, 8, 9]), outside, choices.once(2));
        break;
      default:
        code.jump(choices.pick(CONDITIONS), 2, small(), outside, choices.once(2));
    }
  }
}

/** An index of any kind onto a pointer of any kind: what is taken for a range must be one. */
const ranges: Snippet = (choices, to) => {
  const { code } = to;
  const outside = code.mark();
  anyIndex(choices, to, outside);
  const kind = choices.below(3);
  if (kind === 0) code.wide(0, BPF_PSEUDO_MAP_IDX_VALUE, MAP.globals, choices.pick([0, 0, 8, 31]));
  else if (kind === 1 || !to.hasContext) {
    code.move(0, 10);
    code.alu(BPF_ADD, 0, choices.pick([-32, -33, -8, -512, -500, 0]));
  } else {
    code.load(4, 0, 6, 0);
    code.load(4, 3, 6, 4);
    const before = choices.once(2);
    if (before) code.aluRegister(BPF_ADD, 0, 2);
    code.move(4, 0);
    code.alu(BPF_ADD, 4, choices.pick(FRAME_LENGTHS));
    checkEnd(choices, code, 4, 3, outside);
    if (before) code.set(2, 0);
  }
  code.aluRegister(choices.once(6) ? BPF_SUB : BPF_ADD, 0, 2);
  const bytes = choices.pick(SIZES);
  const off = choices.pick([0, 0, 0, 1, 8, -1, -8, 24, ...FRAME_LENGTHS.map((length) => length - bytes)]);
  if (choices.once(2)) code.load(bytes, 5, 0, off);
  else code.store(bytes, 0, off, 9);
  code.place(outside);
  scrub(choices, code, [0, 2, 3, 4]);
};

/** Pointers that stay from before something that makes what was known of them wrong. */
const stale: Snippet = (choices, to) => {
  const { code, frame } = to;
  if (!to.hasContext) return;
  const [data, end, limit] = [7, 2, 3];
  const outside = code.mark();
  const checked = choices.pick(FRAME_LENGTHS);
  code.load(4, data, 6, 0);
  code.load(4, end, 6, 4);
  code.move(limit, data);
  code.alu(BPF_ADD, limit, checked);
  checkEnd(choices, code, limit, end, outside);
  const spill = -frame + 8 * choices.below(4);
  switch (choices.below(5)) {
    case 0:
      code.move(1, 6);
      code.set(2, choices.pick([-4, 4, 8, -20]));
      code.helper(choices.pick([44, 65]));
      break;
    case 1: {
      // The spill is written over, in part or by a function.
      const other = to.callables.find(({ takes }) => takes === "stack");
      code.store(8, 10, spill, data);
      if (other && choices.once(2)) {
        code.move(1, 10);
        code.alu(BPF_ADD, 1, -frame);
        code.call(other.mark);
      } else if (choices.once(3)) code.storeImmediate(choices.pick(SIZES), 10, -frame + choices.below(40), choices.immediate());
      else if (choices.once(2)) {
        // Through a pointer of which nothing is known any more.
        code.move(1, 10);
        code.alu(BPF_XOR, 1, 0);
        code.storeImmediate(choices.pick(SIZES), 1, spill + choices.below(8), choices.immediate());
      } else {
        code.move(1, 10);
        code.move(2, 8);
        code.alu(BPF_AND, 2, 31);
        code.aluRegister(BPF_ADD, 1, 2);
        code.storeImmediate(choices.pick(SIZES), 1, -frame, choices.immediate());
      }
      code.load(8, data, 10, spill);
      break;
    }
    case 2: {
      const other = to.callables.find(({ takes }) => takes === "context");
      if (other) {
        code.move(1, 6);
        code.call(other.mark);
      }
      break;
    }
    case 3: {
      // Two ways that move it differently.
      const skip = code.mark();
      code.jump(choices.pick(CONDITIONS), choices.pick([8, 9]), choices.immediate(), skip);
      code.alu(BPF_ADD, data, choices.pick([-4, -1, 1, 4, 8]));
      code.place(skip);
      break;
    }
    default: {
      // A loop that moves it.
      const again = code.mark();
      code.storeImmediate(8, 10, -frame - 16, 1 + choices.below(4));
      code.place(again);
      if (choices.once(2)) code.load(1, 5, data, choices.pick([0, -1, checked - 1, checked - 2]));
      code.alu(BPF_ADD, data, choices.pick([-2, -1, 1, 2]));
      code.load(8, 4, 10, -frame - 16);
      code.alu(BPF_SUB, 4, 1);
      code.store(8, 10, -frame - 16, 4);
      code.jump(BPF_JNE, 4, 0, again);
    }
  }
  const bytes = choices.pick(SIZES);
  const off = choices.pick([0, -1, -4, checked - bytes, checked - bytes - 1, checked - bytes - 4, checked - bytes + 1]);
  if (choices.once(2)) code.load(bytes, 5, data, off);
  else code.store(bytes, data, off, 9);
  code.place(outside);
  scrub(choices, code, [1, 2, 3, 4, 5, data]);
};

/** Values of lookups of which only some were compared with null. */
const unchecked: Snippet = (choices, to) => {
  const { code, frame } = to;
  const outside = code.mark();
  const again = code.mark();
  const looped = choices.once(2);
  code.set(8, 0);
  if (looped) {
    code.storeImmediate(8, 10, -frame - 16, 2);
    code.place(again);
  }
  mapAndKey(choices, to, choices.pick([MAP.array, MAP.hash, MAP.percpu]));
  code.helper(LOOKUP);
  code.move(choices.pick([3, 7, 8]), 0);
  if (choices.once(2)) code.move(7, 0);
  code.jump(choices.pick([BPF_JEQ, BPF_JNE, BPF_JGT]), choices.pick([0, 7, 8]), 0, outside);
  if (looped) {
    code.load(8, 4, 10, -frame - 16);
    code.alu(BPF_SUB, 4, 1);
    code.store(8, 10, -frame - 16, 4);
    code.jump(BPF_JNE, 4, 0, again);
  }
  code.load(choices.pick(SIZES), 9, choices.pick([0, 7, 8]), choices.below(24));
  code.place(outside);
  scrub(choices, code, [0, 1, 2, 3, 4, 5, 7, 8, 9]);
};

/** Stack that only one of two ways has written. */
const halfWritten: Snippet = (choices, to) => {
  const { code } = to;
  const off = -512 + 8 * choices.below(16);
  const skip = code.mark();
  code.jump(choices.pick(CONDITIONS), choices.pick(numbers(to)), choices.immediate(), skip, choices.once(2));
  code.storeImmediate(choices.pick(SIZES), 10, off, choices.immediate());
  code.place(skip);
  code.load(8, choices.pick(numbers(to)), 10, off);
};

const TRICKS: readonly Snippet[] = [ranges, ranges, ranges, stale, stale, unchecked, halfWritten];

/** Numbers as pointers, the context as something else than it is. */
const nonsense: Snippet = (choices, to) => {
  const { code } = to;
  const register = choices.pick(numbers(to));
  switch (choices.below(5)) {
    case 0:
      return code.load(choices.pick(SIZES), register, choices.pick(numbers(to)), choices.immediate() & 0x7f);
    case 1:
      return code.store(choices.pick(SIZES), to.hasContext ? 6 : 10, choices.below(32), register);
    case 2:
      return to.hasContext ? code.load(choices.pick(SIZES), register, 6, 8 + choices.below(24)) : undefined;
    case 3:
      return code.helper(choices.pick([LOOKUP, 44, 28]));
    default:
      return code.load(8, register, 10, -512 + 8 * choices.below(16));
  }
};

const SNIPPETS: readonly Snippet[] = [arithmetic, arithmetic, stackAccess, variableStack, packetAccess, packetAccess, packetMerge, packetWalk, stackAtomic, mapLookup, mapLookup, globalData, mapUpdate, helpers, branch, branch, loop, tangle, call];

const VALUES: readonly Snippet[] = [arithmetic, arithmetic, arithmetic, stackAccess, stackAtomic, variableStack, branch, branch, loop, tangle, globalData];

/** Writes one snippet. */
export function writeSnippet(choices: Choices, to: Surroundings): void {
  if (to.onlyValues === true) choices.pick(VALUES)(choices, to);
  else if (to.faultyOnceIn > 0 && choices.once(to.faultyOnceIn * 2)) nonsense(choices, to);
  else if (to.faultyOnceIn > 0 && choices.once(2)) choices.pick(TRICKS)(choices, to);
  else if (to.faultyOnceIn === 0 && choices.once(3)) choices.pick(FURTHER)(choices, to);
  else choices.pick(SNIPPETS)(choices, to);
}


/** One of the snippets that call nothing: for functions that are called again and again. */
export function writePlain(choices: Choices, to: Surroundings): void {
  choices.pick([arithmetic, stackAccess, stackAtomic, mapLookup, globalData])(choices, to);
}
