/**
 * Further snippets of random programs, only of what verifiers take: helpers on packets and maps, pointers that are spilled,
 * keys and values that lie in packets, functions that helpers call.
 */
import { BPF_ADD, BPF_AND, BPF_CMPXCHG, BPF_JEQ, BPF_JGT, BPF_JNE, BPF_LSH, BPF_MUL, BPF_PSEUDO_MAP_IDX, BPF_RSH, BPF_SUB } from "../../isa/index.js";
import { BPF_MAP_TYPE_DEVMAP, BPF_MAP_TYPE_LPM_TRIE } from "../../maps/uapi.js";
import type { MapSpec } from "../../object/index.js";
import { isArray, isDevices, isPerCpu, isQueue, mapsWhere, writableMaps, writeKey } from "./random-programs-maps.js";
import { ATOMICS, CONDITIONS, SIZES, atomic, checkEnd, frameOffset, mapAndKey, numbers, scrub, valueAccess } from "./random-programs-parts.js";
import type { Snippet, Surroundings } from "./random-programs-parts.js";
import type { Choices, Mark } from "./random-programs-code.js";

const LOOKUP = 1;
const UPDATE = 2;
const DELETE = 3;
const ARGUMENTS = [1, 2, 3, 4, 5];

/** r1 = data with `bytes` bytes behind it that are there; else it goes to `outside`. Uses r2 and r3. */
function packet(choices: Choices, { code }: Surroundings, bytes: number, outside: Mark, skip = 0): void {
  code.load(4, 1, 6, 0);
  code.load(4, 2, 6, 4);
  if (skip > 0) code.alu(BPF_ADD, 1, skip);
  code.move(3, 1);
  code.alu(BPF_ADD, 3, bytes);
  checkEnd(choices, code, 3, 2, outside);
}

/** A value of another CPU. */
const percpuLookup: Snippet = (choices, to) => {
  const { code } = to;
  const map = choices.pick(mapsWhere(to.maps, isPerCpu));
  const missing = code.mark();
  mapAndKey(choices, to, map);
  code.set(3, choices.pick([0, 0, 1, 0x7fffffff]));
  code.helper(195);
  scrub(choices, code, ARGUMENTS);
  code.jump(BPF_JEQ, 0, 0, missing);
  valueAccess(choices, to, (to.maps[map] as MapSpec).valueSize, true);
  code.place(missing);
  scrub(choices, code, [0]);
};

/** Compare and exchange in a value: its pointer cannot be in r0. */
const valueExchange: Snippet = (choices, to) => {
  const { code } = to;
  const map = choices.pick(mapsWhere(to.maps, (spec) => writableMaps([spec]).length > 0 && spec.valueSize >= 8 && spec.typeId !== BPF_MAP_TYPE_LPM_TRIE));
  const missing = code.mark();
  mapAndKey(choices, to, map);
  code.helper(LOOKUP);
  code.move(7, 0);
  scrub(choices, code, [0, ...ARGUMENTS]);
  code.jump(BPF_JEQ, 7, 0, missing);
  for (let i = choices.below(3); i >= 0; i--) {
    const bytes = choices.pick([4, 8] as const);
    const off = choices.below(Math.floor((to.maps[map] as MapSpec).valueSize / bytes)) * bytes;
    // Half of the time it is what is there.
    if (choices.once(2)) code.load(bytes, 0, 7, off);
    atomic(code, bytes, 7, off, choices.pick([0, 3, 8, 9]), choices.once(2) ? BPF_CMPXCHG : choices.pick(ATOMICS));
  }
  code.place(missing);
  scrub(choices, code, [7]);
};

const csumDiff: Snippet = (choices, to) => {
  const { code, frame } = to;
  if (!to.hasContext) return;
  const outside = code.mark();
  const [from, added] = [choices.below(17) * (choices.once(4) ? 1 : 4), choices.below(17) * (choices.once(4) ? 1 : 4)];
  const room = Math.max(from, added, 14);
  packet(choices, to, room, outside, choices.below(4));
  // Stack and packet, in either place.
  const stack = frame >= 192 || added <= 64;
  code.move(3, 1);
  if (stack && choices.once(2)) {
    code.move(3, 10);
    code.alu(BPF_ADD, 3, -frame);
  }
  if (from === 0 || choices.once(6)) {
    code.set(1, 0);
    code.set(2, 0);
  } else code.set(2, from);
  code.set(4, added);
  if (choices.once(2)) code.set(5, choices.immediate());
  else code.move(5, choices.pick([7, 8, 9]));
  code.helper(28);
  if (choices.once(2)) code.move(9, 0);
  code.place(outside);
  scrub(choices, code, ARGUMENTS);
};

/** Moves an end of the packet, and looks at what is there then. */
const adjust: Snippet = (choices, to) => {
  const { code } = to;
  if (!to.hasContext) return;
  const outside = code.mark();
  const helper = choices.pick([44, 54, 65]);
  const far = helper === 54 && choices.once(3);
  if (far) {
    // Room for more metadata than a packet may have.
    code.move(1, 6);
    code.set(2, choices.pick([40, 46, 60]));
    code.helper(44);
  }
  code.move(1, 6);
  if (far) code.set(2, choices.pick([-248, -252, -256, -260]));
  else if (choices.once(3)) {
    // An amount that only the packet's bytes decide.
    code.move(2, choices.pick([7, 8, 9]));
    code.alu(BPF_AND, 2, 31);
    code.alu(BPF_ADD, 2, choices.pick([-16, -31, 0]));
    if (choices.once(2)) code.alu(BPF_LSH, 2, 2);
  } else code.set(2, choices.pick(helper === 54 ? [-4, -8, -32, -36, 4, 8, 2, 0, -200, -1000] : [-4, 4, -14, 14, -20, 20, -40, 0, 100, -100, 3000, -3000]));
  code.helper(helper);
  if (choices.once(2)) code.move(9, 0);
  scrub(choices, code, ARGUMENTS);
  if (helper === 54 || choices.once(3)) {
    // Metadata: from data_meta to data.
    code.load(4, 1, 6, 8);
    code.load(4, 2, 6, 0);
    code.move(3, 1);
    const bytes = choices.pick([4, 8]);
    code.alu(BPF_ADD, 3, bytes);
    checkEnd(choices, code, 3, 2, outside);
    for (let i = choices.below(3); i >= 0; i--) {
      const size = choices.pick([1, 2, 4]);
      if (choices.once(2)) code.store(size, 1, choices.below(bytes - size + 1), choices.pick([5, 7, 8, 9]));
      else code.load(size, choices.pick([5, 7, 8, 9]), 1, choices.below(bytes - size + 1), choices.once(2));
    }
  } else {
    const bytes = 1 + choices.below(60);
    packet(choices, to, bytes, outside);
    for (let i = choices.below(3); i >= 0; i--) {
      const size = choices.pick(SIZES.filter((n) => n <= bytes));
      if (choices.once(2)) code.store(size, 1, choices.below(bytes - size + 1), choices.pick([5, 7, 8, 9]));
      else code.load(size, choices.pick([5, 7, 8, 9]), 1, choices.below(bytes - size + 1));
    }
  }
  code.place(outside);
  scrub(choices, code, ARGUMENTS);
};

/** bpf_xdp_load_bytes and bpf_xdp_store_bytes, also past the end. */
const copyBytes: Snippet = (choices, to) => {
  const { code, frame } = to;
  if (!to.hasContext) return;
  code.move(1, 6);
  if (choices.once(2)) code.set(2, choices.once(6) ? choices.immediate() : choices.below(80));
  else {
    code.move(2, choices.pick([7, 8, 9]));
    if (choices.once(4) === false) code.alu(BPF_AND, 2, choices.pick([15, 63, 127]));
  }
  code.move(3, 10);
  code.alu(BPF_ADD, 3, -frame);
  code.set(4, 1 + choices.below(choices.once(3) ? 64 : 16));
  code.helper(choices.pick([189, 190]));
  if (choices.once(2)) code.move(8, 0);
  scrub(choices, code, ARGUMENTS);
};

const simple: Snippet = (choices, to) => {
  const { code } = to;
  switch (choices.below(5)) {
    case 0:
      code.helper(8);
      break;
    case 3:
      // ingress_ifindex, rx_queue_index.
      if (to.hasContext) code.load(4, choices.pick([0, 8, 9]), 6, choices.pick([12, 16]));
      return;
    case 4:
      // How long the packet is.
      if (!to.hasContext) return;
      code.load(4, 9, 6, 4);
      code.load(4, 1, 6, 0);
      code.aluRegister(BPF_SUB, 9, 1);
      scrub(choices, code, [1]);
      return;
    case 1:
      if (!to.hasContext) return;
      code.move(1, 6);
      code.helper(188);
      break;
    default:
      code.set(1, choices.pick([1, 2, 0, 77]));
      if (choices.once(4)) code.move(2, choices.pick([7, 8, 9]));
      else code.set(2, 0);
      code.helper(23);
  }
  if (choices.once(2)) code.move(7, 0);
  scrub(choices, code, ARGUMENTS);
};

const redirectMap: Snippet = (choices, to) => {
  const { code } = to;
  const maps = mapsWhere(to.maps, isDevices);
  if (maps.length === 0) return;
  const map = choices.pick(maps);
  code.wide(1, BPF_PSEUDO_MAP_IDX, map, 0);
  if (choices.once(2)) code.set(2, choices.pick([0, 1, 2, 3, 4, -1]));
  else {
    code.move(2, choices.pick([7, 8, 9]));
    code.alu(BPF_AND, 2, 7);
  }
  // The low bits are what it returns without an entry; 8 and 16 send to many.
  code.set(3, choices.pick((to.maps[map] as MapSpec).typeId === BPF_MAP_TYPE_DEVMAP ? [0, 1, 2, 3, 4, 0x20, 2] : [0, 1, 2, 3, 7]));
  code.helper(51);
  if (choices.once(2)) code.move(9, 0);
  scrub(choices, code, ARGUMENTS);
};

/** Queues and stacks. */
const queue: Snippet = (choices, to) => {
  const { code, frame } = to;
  const maps = mapsWhere(to.maps, isQueue);
  if (maps.length === 0) return;
  code.wide(1, BPF_PSEUDO_MAP_IDX, choices.pick(maps), 0);
  code.move(2, 10);
  code.alu(BPF_ADD, 2, -frame);
  const helper = choices.pick([87, 87, 88, 89]);
  if (helper === 87) code.set(3, choices.pick([0, 0, 2, 2, 1, -1]));
  code.helper(helper);
  if (choices.once(2)) code.move(9, 0);
  scrub(choices, code, ARGUMENTS);
};

/** A pointer into the packet that lies on the stack for a while. */
const spilledPacket: Snippet = (choices, to) => {
  const { code, frame } = to;
  if (!to.hasContext) return;
  const outside = code.mark();
  const bytes = 14 + choices.below(40);
  const slot = -frame + 8 * choices.below(frame / 8);
  packet(choices, to, bytes, outside, choices.below(3));
  code.store(8, 10, slot, 1);
  scrub(choices, code, [1, 2, 3]);
  // In between: numbers, branches, a helper that leaves packets alone.
  if (choices.once(2)) code.helper(8);
  scrub(choices, code, [1, 2, 3, 4, 5]);
  const other = code.mark();
  code.jump(choices.pick(CONDITIONS), choices.pick(numbers(to)), choices.immediate(), other, choices.once(2));
  code.alu(BPF_MUL, choices.pick([7, 8, 9]), choices.immediate());
  code.place(other);
  const register = choices.pick([2, 4, 5, 7]);
  code.load(8, register, 10, slot);
  for (let i = choices.below(4); i >= 0; i--) {
    const size = choices.pick(SIZES);
    const off = choices.below(bytes - size + 1);
    if (choices.once(2)) code.load(size, choices.pick([0, 3, 8, 9]), register, off, size < 8 && choices.once(3));
    else code.store(size, register, off, choices.pick([0, 3, 8, 9]));
  }
  code.place(outside);
  code.storeImmediate(8, 10, slot, choices.immediate());
  scrub(choices, code, [1, 2, 3, 4, 5, register]);
};

/** A value that may be missing is spilled, and looked at only when it is back. */
const spilledValue: Snippet = (choices, to) => {
  const { code, frame } = to;
  const maps = writableMaps(to.maps);
  const map = choices.pick(maps);
  const { keySize, valueSize } = to.maps[map] as MapSpec;
  // The lowest words hold the key.
  const slot = -8 * (1 + choices.below((frame - Math.ceil(keySize / 8) * 8) / 8));
  const missing = code.mark();
  mapAndKey(choices, to, map);
  code.helper(LOOKUP);
  code.store(8, 10, slot, 0);
  scrub(choices, code, [0, ...ARGUMENTS]);
  if (choices.once(2)) code.helper(8);
  scrub(choices, code, ARGUMENTS);
  const bytes = choices.pick(SIZES.filter((n) => n <= valueSize));
  code.load(8, 7, 10, slot);
  code.jump(BPF_JEQ, 7, 0, missing);
  code.load(8, 2, 10, slot);
  code.load(bytes, 3, 7, choices.below(valueSize - bytes + 1));
  code.aluRegister(BPF_ADD, 3, 8);
  code.store(bytes, choices.pick([2, 7]), choices.below(valueSize - bytes + 1), 3);
  code.load(bytes, 9, choices.pick([2, 7]), choices.below(valueSize - bytes + 1));
  code.place(missing);
  code.storeImmediate(8, 10, slot, choices.immediate());
  scrub(choices, code, [2, 3, 7]);
};

/** As headers of variable length are read: a number of the packet's, small by a mask or by a comparison, says where to go on. */
const variableHeader: Snippet = (choices, to) => {
  const { code } = to;
  if (!to.hasContext) return;
  const outside = code.mark();
  const size = choices.pick([1, 2, 4] as const);
  const at = choices.below(15 - size);
  packet(choices, to, 14, outside);
  code.load(size, 4, 1, at);
  switch (choices.below(4)) {
    case 0:
      code.alu(BPF_AND, 4, 15, choices.once(2));
      code.alu(BPF_LSH, 4, 2, choices.once(2));
      break;
    case 1:
      code.jump(BPF_JGT, 4, choices.pick([20, 63, 255]), outside, choices.once(2));
      break;
    case 2:
      code.alu(BPF_RSH, 4, size * 8 - choices.pick([3, 5, 6]), choices.once(2));
      break;
    default:
      code.emit(0xdc, 4, 0, 0, 16);
      code.alu(BPF_AND, 4, choices.pick([7, 31, 63]));
  }
  code.aluRegister(BPF_ADD, 1, 4);
  if (choices.once(2)) code.alu(BPF_ADD, 1, choices.below(14));
  code.move(3, 1);
  const bytes = 1 + choices.below(24);
  code.alu(BPF_ADD, 3, bytes);
  checkEnd(choices, code, 3, 2, outside);
  for (let i = choices.below(4); i >= 0; i--) {
    const width = choices.pick(SIZES.filter((n) => n <= bytes));
    const off = choices.below(bytes - width + 1);
    if (choices.once(2)) code.load(width, choices.pick([0, 5, 7, 8, 9]), 1, off, width < 8 && choices.once(3));
    else code.store(width, 1, off, choices.pick([0, 5, 7, 8, 9]));
  }
  code.place(outside);
  scrub(choices, code, [1, 2, 3, 4]);
};

/** Keys and values that lie in the packet, or in another map's value. */
const packetKey: Snippet = (choices, to) => {
  const { code } = to;
  if (!to.hasContext) return;
  const outside = code.mark();
  const map = choices.pick(writableMaps(to.maps).filter((i) => (to.maps[i] as MapSpec).valueSize <= 64));
  const spec = to.maps[map] as MapSpec;
  const { keySize, valueSize } = spec;
  packet(choices, to, keySize + valueSize, outside, choices.below(8));
  if (isArray(spec)) {
    code.load(4, 4, 1, 0);
    code.alu(BPF_AND, 4, 7);
    code.store(4, 1, 0, 4);
  } else if (spec.typeId === BPF_MAP_TYPE_LPM_TRIE) code.storeImmediate(4, 1, 0, choices.below((keySize - 4) * 8 + 1));
  else {
    // So few keys that LRU maps evict nothing.
    code.load(1, 4, 1, 0);
    code.alu(BPF_AND, 4, 15);
    code.store(1, 1, 0, 4);
    for (let i = 1; i < keySize; i++) code.storeImmediate(1, 1, i, 0);
  }
  code.move(2, 1);
  code.move(3, 1);
  code.alu(BPF_ADD, 3, keySize);
  code.wide(1, BPF_PSEUDO_MAP_IDX, map, 0);
  code.set(4, choices.below(3));
  const helper = choices.pick([LOOKUP, LOOKUP, UPDATE, UPDATE, DELETE]);
  code.helper(helper);
  if (helper === LOOKUP) {
    scrub(choices, code, ARGUMENTS);
    code.jump(BPF_JEQ, 0, 0, outside);
    valueAccess(choices, to, valueSize, true);
  }
  code.place(outside);
  scrub(choices, code, [0, ...ARGUMENTS]);
};

/** From one map's value to another's. */
const valueToValue: Snippet = (choices, to) => {
  const { code } = to;
  const maps = writableMaps(to.maps);
  const [from, into] = [choices.pick(maps), choices.pick(maps)];
  const [source, target] = [to.maps[from] as MapSpec, to.maps[into] as MapSpec];
  if (source.valueSize < target.valueSize) return;
  const missing = code.mark();
  mapAndKey(choices, to, from);
  code.helper(LOOKUP);
  scrub(choices, code, ARGUMENTS);
  code.jump(BPF_JEQ, 0, 0, missing);
  writeKey(choices, code, target, -to.frame);
  code.move(3, 0);
  code.alu(BPF_ADD, 3, choices.below(source.valueSize - target.valueSize + 1));
  code.wide(1, BPF_PSEUDO_MAP_IDX, into, 0);
  code.move(2, 10);
  code.alu(BPF_ADD, 2, -to.frame);
  code.set(4, choices.below(3));
  code.helper(UPDATE);
  code.place(missing);
  scrub(choices, code, [0, ...ARGUMENTS]);
};

const loopCall: Snippet = (choices, to) => {
  const { code, frame, callbacks } = to;
  if (!callbacks || callbacks.length >= 3 || to.nesting > 1) return;
  const mark = code.mark();
  callbacks.push({ mark, seed: choices.u32() });
  // Never 0 for sure: Linux 6.18 takes the function for dead code then, and stumbles over its address.
  if (choices.once(2)) code.set(1, 1 + choices.below(12));
  else {
    code.move(1, choices.pick([7, 8, 9]));
    code.alu(BPF_AND, 1, choices.pick([3, 7, 15]), choices.once(2));
  }
  code.address(2, mark);
  code.move(3, 10);
  code.alu(BPF_ADD, 3, -frame);
  code.set(4, choices.once(12) ? 1 : 0);
  code.helper(181);
  if (choices.once(2)) code.move(9, 0);
  scrub(choices, code, ARGUMENTS);
};

const forEach: Snippet = (choices, to) => {
  const { code, frame, callbacks } = to;
  if (!callbacks || callbacks.length >= 3 || to.nesting > 1) return;
  const map = choices.pick(mapsWhere(to.maps, (spec) => writableMaps([spec]).length > 0 && spec.typeId !== BPF_MAP_TYPE_LPM_TRIE));
  const mark = code.mark();
  callbacks.push({ mark, seed: choices.u32(), map: to.maps[map] as MapSpec });
  code.wide(1, BPF_PSEUDO_MAP_IDX, map, 0);
  code.address(2, mark);
  code.move(3, 10);
  code.alu(BPF_ADD, 3, -frame);
  code.set(4, choices.once(12) ? 1 : 0);
  code.helper(164);
  if (choices.once(2)) code.move(8, 0);
  scrub(choices, code, ARGUMENTS);
};

/** Text to numbers: what was written, and how much of it was used. */
const numbersOfText: Snippet = (choices, to) => {
  const { code, frame } = to;
  const text = Array.from({ length: 8 }, () => choices.pick([..." \t-+0x1279afZ\0\0"]));
  for (const [i, letter] of text.entries()) code.storeImmediate(1, 10, -frame + i, letter.charCodeAt(0));
  code.move(1, 10);
  code.alu(BPF_ADD, 1, -frame);
  code.set(2, 1 + choices.below(8));
  code.set(3, choices.pick([0, 8, 10, 16, 7]));
  code.move(4, 10);
  code.alu(BPF_ADD, 4, -frame + 8);
  code.helper(choices.pick([105, 106]));
  code.load(8, 9, 10, -frame + 8);
  scrub(choices, code, ARGUMENTS);
};

/** A word of the stack in one size, back in others. */
const stackMix: Snippet = (choices, to) => {
  const { code } = to;
  for (let i = 2 + choices.below(4); i > 0; i--) {
    const bytes = choices.pick(SIZES);
    const off = frameOffset(choices, to, 8) + choices.below(8 / bytes) * bytes;
    if (choices.once(2)) code.store(bytes, 10, off, choices.pick([7, 8, 9]));
    else code.load(bytes, choices.pick([7, 8, 9]), 10, off, bytes < 8 && choices.once(2));
  }
  const skip = code.mark();
  code.jump(BPF_JNE, choices.pick([7, 8, 9]), choices.immediate(), skip, choices.once(2));
  code.set(choices.pick([7, 8, 9]), choices.immediate());
  code.place(skip);
};

export const FURTHER: readonly Snippet[] = [
  percpuLookup, valueExchange, csumDiff, csumDiff, adjust, adjust, copyBytes, copyBytes, simple, redirectMap, queue, queue,
  spilledPacket, spilledPacket, spilledValue, variableHeader, variableHeader, packetKey, packetKey, valueToValue, loopCall, loopCall, forEach, forEach, numbersOfText, stackMix,
];
