/** Functions of random programs that helpers call: for bpf_loop and bpf_for_each_map_elem. What they do does not depend on the order of elements. */
import { BPF_ADD, BPF_AND, BPF_JEQ, BPF_MUL, BPF_XOR } from "../../isa/index.js";
import type { MapSpec } from "../../object/index.js";
import { Choices } from "./random-programs-code.js";
import type { Code } from "./random-programs-code.js";
import { isArray } from "./random-programs-maps.js";
import { writePlain } from "./random-programs-snippets.js";
import type { Callback, Surroundings } from "./random-programs-parts.js";

/** The largest access, at most of 8 bytes, that a value of `size` bytes has room for. */
function accessOf(size: number): 1 | 2 | 4 | 8 {
  return size >= 8 ? 8 : size >= 4 ? 4 : size >= 2 ? 2 : 1;
}

/** `*(u64 *)(base + 8 * word) OP= register`, by way of r5. */
function mix(code: Code, operation: number, base: number, word: number, register: number): void {
  code.load(8, 5, base, word * 8);
  code.aluRegister(operation, 5, register);
  code.store(8, base, word * 8, 5);
}

/** Writes the function. `initialise` makes registers and stack ready for snippets. */
export function writeCallback({ seed, map }: Callback, to: Surroundings, initialise: (choices: Choices) => void): void {
  const choices = new Choices(seed);
  if (map) writeForEach(choices, to.code, map);
  else writeLoop(choices, to, initialise);
}

/** Adds something of the element to what the caller's stack holds, and changes the value by itself alone. */
function writeForEach(choices: Choices, code: Code, map: MapSpec): void {
  const operation = choices.pick([BPF_ADD, BPF_XOR]);
  const bytes = accessOf(map.valueSize);
  const off = choices.below(map.valueSize - bytes + 1);
  code.load(bytes, 0, 3, off, bytes < 8 && choices.once(2));
  code.load(1, 1, 2, choices.below(map.keySize));
  code.alu(BPF_MUL, 1, choices.immediate());
  code.aluRegister(BPF_ADD, 1, 0);
  mix(code, operation, 4, choices.below(4), 1);
  if (choices.once(2)) {
    code.alu(BPF_MUL, 0, 3);
    code.alu(BPF_ADD, 0, choices.immediate());
    code.store(bytes, 3, off, 0);
  }
  code.set(0, 0);
  // Arrays have an order, and may stop: with the word at 1.
  if (isArray(map) && choices.once(2)) {
    const on = code.mark();
    code.load(4, 1, 2, 0);
    code.jump(BPF_JEQ, 1, choices.below(map.maxEntries), on);
    code.set(0, 1);
    code.place(on);
    if (choices.once(2)) code.alu(BPF_XOR, 0, 1);
  }
  code.exit();
}

/** Index into the words of the caller's stack, some snippets of its own, and at times an end before the last turn. */
function writeLoop(choices: Choices, to: Surroundings, initialise: (choices: Choices) => void): void {
  const { code } = to;
  const word = choices.below(4);
  mix(code, choices.pick([BPF_ADD, BPF_XOR, BPF_MUL]), 2, word, 1);
  code.load(8, 2, 2, choices.below(4) * 8);
  code.store(8, 10, -8, 1);
  code.store(8, 10, -16, 2);
  code.load(8, 8, 10, -8);
  code.load(8, 9, 10, -16);
  for (let off = -to.frame - 16; off < -16; off += 8) code.storeImmediate(8, 10, off, choices.immediate());
  for (const register of [0, 1, 2, 3, 4, 5, 6, 7]) code.set(register, choices.immediate());
  if (choices.once(3)) initialise(choices);
  for (let i = choices.below(3); i > 0; i--) writePlain(choices, to);
  if (choices.once(2)) code.set(0, 0);
  else code.alu(BPF_AND, 0, 1);
  code.exit();
}
