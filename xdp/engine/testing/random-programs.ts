/**
 * Random programs: each made of snippets that a list of seeds stands for, so that a failing one shrinks by leaving snippets
 * out. Valid ones are such as the kernel's verifier takes; faulty ones also do what it refuses, for comparing faults.
 */
import type { FunctionSpec, MapSpec, ProgramSpec } from "../../object/index.js";
import { BPF_F_NO_PREALLOC, BPF_F_RDONLY_PROG, BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_LPM_TRIE, BPF_MAP_TYPE_LRU_HASH, BPF_MAP_TYPE_PERCPU_ARRAY } from "../../maps/uapi.js";
import { BPF_ADD, BPF_JGT, BPF_MUL, BPF_PSEUDO_MAP_IDX_VALUE, BPF_RSH, BPF_XOR } from "../../isa/index.js";
import { Choices, Code } from "./random-programs-code.js";
import { writeCallback } from "./random-programs-callbacks.js";
import { mapSpec } from "./random-programs-maps.js";
import { ARRAY_ENTRIES, VALUE_BYTES } from "./random-programs-parts.js";
import type { Callable, Callback, Surroundings } from "./random-programs-parts.js";
import { writeSnippet } from "./random-programs-snippets.js";

export { Choices } from "./random-programs-code.js";

/** What a random program is made from. */
export interface RandomShape {
  /** A seed a snippet. */
  readonly main: readonly number[];
  /** The same for functions that it may call: taking numbers, the context, a pointer to the caller's stack. */
  readonly functions: readonly (readonly number[])[];
}

export interface RandomOptions {
  readonly name: string;
  /** Once in so many chances the program does something that a verifier refuses. Default 0: never. */
  readonly faultyOnceIn?: number;
  /** Whether the program may ask for the time, random numbers and its CPU, in which engines and kernels differ. Default true. */
  readonly clocks?: boolean;
  /** Maps of the machine, of which the first are {@link RANDOM_MAPS}. Default: these alone. */
  readonly maps?: readonly MapSpec[];
}

const REGISTERS_BYTES = 80;

/** The maps of random programs, by the indices of MAP. `out` holds r0 to r9 of the last packet; of r6, 0. */
export const RANDOM_MAPS: readonly MapSpec[] = [
  mapSpec("out", BPF_MAP_TYPE_ARRAY, 4, REGISTERS_BYTES, 1),
  mapSpec("values", BPF_MAP_TYPE_ARRAY, 4, VALUE_BYTES, ARRAY_ENTRIES),
  mapSpec("percpu", BPF_MAP_TYPE_PERCPU_ARRAY, 4, VALUE_BYTES, ARRAY_ENTRIES),
  mapSpec("hash", BPF_MAP_TYPE_HASH, 4, VALUE_BYTES, 4),
  mapSpec("lru", BPF_MAP_TYPE_LRU_HASH, 4, VALUE_BYTES, 64),
  mapSpec("lpm", BPF_MAP_TYPE_LPM_TRIE, 8, VALUE_BYTES, 16, BPF_F_NO_PREALLOC),
  mapSpec("constants", BPF_MAP_TYPE_ARRAY, 4, VALUE_BYTES, ARRAY_ENTRIES, BPF_F_RDONLY_PROG),
  mapSpec("globals", BPF_MAP_TYPE_ARRAY, 4, VALUE_BYTES, 1),
];

/** Bytes of the frames that snippets use; with the counters of loops, main and two functions stay below the kernel's 512 in all. */
const MAIN_FRAME = 192;
const FUNCTION_FRAME = 64;
const COUNTERS = 16;
/** 8-byte words of a packet that programs start from. */
const WORDS = 8;
const KINDS: readonly Callable["takes"][] = ["number", "context", "stack"];

/** Everything that a snippet may rely on. */
function initialise(choices: Choices, { code, hasContext, frame }: Surroundings): void {
  if (hasContext) code.move(6, 1);
  for (let off = -frame - COUNTERS; off < 0; off += 8) code.storeImmediate(8, 10, off, choices.immediate());
  for (let register = 0; register < 10; register++) if (register !== 6 || !hasContext) code.set(register, choices.immediate());
}

/** Registers and some of the stack from the packet's words, where it has as many: what they hold is known only as the program runs. */
function takeWords(choices: Choices, { code }: Surroundings): void {
  const short = code.mark();
  code.load(4, 1, 6, 0);
  code.load(4, 2, 6, 4);
  code.move(3, 1);
  code.alu(BPF_ADD, 3, WORDS * 8);
  code.jumpRegister(BPF_JGT, 3, 2, short);
  const word = (): number => choices.below(WORDS) * 8;
  for (const off of [-8, -16, -24, -32]) {
    code.load(8, 5, 1, word());
    code.store(8, 10, off, 5);
  }
  for (const register of [0, 4, 5, 7, 8, 9]) code.load(8, register, 1, word());
  code.place(short);
  for (const register of [1, 2, 3]) code.load(8, register, 10, register * -8);
}

function writeFunction(seeds: readonly number[], takes: Callable["takes"], to: Surroundings): void {
  const { code } = to;
  const choices = new Choices(seeds[0] ?? 1);
  if (takes === "stack") {
    // What the caller's stack holds goes into r9, and something comes back.
    code.load(8, 8, 1, 8);
    code.load(2, 9, 1, 6);
    code.storeImmediate(4, 1, 16, choices.immediate());
    code.store(8, 1, 24, 8);
    initialise(choices, to);
    code.set(9, choices.immediate());
  } else initialise(choices, to);
  for (const seed of seeds) writeSnippet(new Choices(seed), to);
  for (const register of [1, 7, 8, 9]) code.aluRegister(BPF_XOR, 0, register);
  code.exit();
}

/** A random program over {@link RANDOM_MAPS}. The same shape, the same program. */
export function randomProgram(shape: RandomShape, { name, faultyOnceIn = 0, clocks = true, maps = RANDOM_MAPS }: RandomOptions): ProgramSpec {
  const code = new Code();
  const callables = shape.functions.map((_, i): Callable => ({ mark: code.mark(), takes: KINDS[i % KINDS.length] as Callable["takes"] }));
  const callbacks: Callback[] = [];
  const onlyValues = faultyOnceIn === 0 && (shape.main[0] ?? 1) % 4 === 0;
  const main: Surroundings = { code, hasContext: true, callables, frame: MAIN_FRAME, nesting: 0, clocks, faultyOnceIn, maps, callbacks, onlyValues };
  const choices = new Choices(shape.main[0] ?? 1);
  initialise(choices, main);
  if (choices.once(2)) takeWords(choices, main);
  for (const seed of shape.main) writeSnippet(new Choices(seed), main);
  writeEnd(code);

  const starts = [0];
  for (const [i, seeds] of shape.functions.entries()) {
    const { mark, takes } = callables[i] as Callable;
    // A function that nobody calls is what a verifier refuses.
    if (!code.called.has(mark)) continue;
    starts.push(code.insns.length);
    code.place(mark);
    // Each calls later ones only: chains end. Two frames below main's is what the kernel's limit leaves room for.
    const below = i === 0 ? callables.slice(-1).filter((callable) => callable.mark !== mark) : [];
    writeFunction(seeds, takes, { code, hasContext: takes === "context", callables: below, frame: FUNCTION_FRAME, nesting: 1, clocks, faultyOnceIn, maps, callbacks });
  }
  for (const callback of callbacks) {
    starts.push(code.insns.length);
    code.place(callback.mark);
    const to: Surroundings = { code, hasContext: false, callables: [], frame: FUNCTION_FRAME, nesting: 2, clocks, faultyOnceIn, maps };
    writeCallback(callback, to, (choices) => initialise(choices, to));
  }
  const insns = code.finish();
  const functions = starts.map((start, i): FunctionSpec => ({ name: i === 0 ? name : `${name}_f${i}`, start, end: starts[i + 1] ?? insns.length, linkage: "static" }));
  return { name, section: "xdp", type: "xdp", frags: false, attach: "device", autoload: true, insns, functions, lines: [] };
}

/** Stores the registers, and returns 32 bits that depend on all of them. */
function writeEnd(code: Code): void {
  code.wide(6, BPF_PSEUDO_MAP_IDX_VALUE, 0, 0);
  for (let register = 0; register < 10; register++) if (register !== 6) code.store(8, 6, register * 8, register);
  for (const register of [1, 2, 3, 4, 5, 7, 8, 9]) {
    code.alu(BPF_MUL, 0, 0x01000193);
    code.aluRegister(BPF_XOR, 0, register);
  }
  code.move(1, 0);
  code.alu(BPF_RSH, 1, 32);
  code.aluRegister(BPF_ADD, 0, 1);
  code.exit();
}
