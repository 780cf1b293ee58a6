/** What snippets of random programs are made of: what surrounds them, and pieces that many of them share. */
import { BPF_ADD, BPF_AND, BPF_CMPXCHG, BPF_FETCH, BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JLE, BPF_JLT, BPF_JNE, BPF_JSET, BPF_JSGE, BPF_JSGT, BPF_JSLE, BPF_JSLT, BPF_MOV, BPF_OR, BPF_PSEUDO_MAP_IDX, BPF_XCHG, BPF_XOR } from "../../isa/index.js";
import type { MapSpec } from "../../object/index.js";
import type { Choices, Code, Mark } from "./random-programs-code.js";
import { writeKey } from "./random-programs-maps.js";

/** Indices of the maps that random programs use: see RANDOM_MAPS. */
export const MAP = { out: 0, array: 1, percpu: 2, hash: 3, lru: 4, lpm: 5, readOnly: 6, globals: 7 } as const;
export const VALUE_BYTES = 32;
export const ARRAY_ENTRIES = 5;

/** A function that snippets can call, and what it wants in r1. */
export interface Callable {
  readonly mark: Mark;
  readonly takes: "number" | "context" | "stack";
}

/** A function still to be written. r2 (of bpf_loop) or r4 (of bpf_for_each_map_elem) points to 32 bytes of the caller's stack. */
export interface Callback {
  readonly mark: Mark;
  readonly seed: number;
  /** The map whose elements it gets; undefined for bpf_loop. */
  readonly map?: MapSpec;
}

/** The function that a snippet is put into. */
export interface Surroundings {
  readonly code: Code;
  /** Whether r6 is the context. */
  readonly hasContext: boolean;
  readonly callables: readonly Callable[];
  /** Bytes of the frame that are written and free for snippets: at -`frame` and above. Below them each nesting of loops has a counter. */
  readonly frame: number;
  /** Loops and branches around. */
  readonly nesting: number;
  /** Whether clocks, random numbers and the CPU's number may be asked for, in which engines differ from a kernel. */
  readonly clocks: boolean;
  /** How often something is done that a verifier refuses: once in so many; 0 for never. */
  readonly faultyOnceIn: number;
  /** The machine's maps, RANDOM_MAPS first. */
  readonly maps: readonly MapSpec[];
  /** Functions that helpers call: snippets add what they need. Undefined where none may be added. */
  readonly callbacks?: Callback[];
  /** Only what computes: arithmetic, stack, branches, loops. */
  readonly onlyValues?: boolean;
}

export type Snippet = (choices: Choices, to: Surroundings) => void;

export const CONDITIONS = [BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET, BPF_JNE, BPF_JSGT, BPF_JSGE, BPF_JLT, BPF_JLE, BPF_JSLT, BPF_JSLE] as const;
export const SIZES = [1, 2, 4, 8] as const;

/** Registers that hold numbers between snippets. */
export function numbers({ hasContext }: Surroundings): readonly number[] {
  return hasContext ? [0, 1, 2, 3, 4, 5, 7, 8, 9] : [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
}

/** Makes these registers numbers again. */
export function scrub(choices: Choices, code: Code, registers: readonly number[]): void {
  for (const register of registers) code.set(register, choices.immediate());
}

export function faulty(choices: Choices, { faultyOnceIn }: Surroundings): boolean {
  return faultyOnceIn > 0 && choices.once(faultyOnceIn);
}

/** Offset from r10 of an aligned access in the frame. */
export function frameOffset(choices: Choices, { frame }: Surroundings, bytes: number): number {
  return -frame + choices.below(frame / bytes) * bytes;
}

/** Leaves to `outside` where `pointer` is behind `end`, in one of the ways to write it. Gives 1 where a byte at `pointer` is then there too. */
export function checkEnd(choices: Choices, code: Code, pointer: number, end: number, outside: Mark): number {
  const strict = choices.once(4);
  const inside = code.mark();
  switch (choices.below(4)) {
    case 0:
      code.jumpRegister(strict ? BPF_JGE : BPF_JGT, pointer, end, outside);
      break;
    case 1:
      code.jumpRegister(strict ? BPF_JLE : BPF_JLT, end, pointer, outside);
      break;
    case 2:
      code.jumpRegister(strict ? BPF_JLT : BPF_JLE, pointer, end, inside);
      code.goto(outside, choices.once(2));
      break;
    default:
      code.jumpRegister(strict ? BPF_JGT : BPF_JGE, end, pointer, inside);
      code.goto(outside);
  }
  code.place(inside);
  return strict ? 1 : 0;
}

/** Lengths of frames that random programs are run on: checks for just these many bytes find where one too many is taken for checked. */
export const FRAME_LENGTHS = [14, 15, 20, 34, 60, 64, 98] as const;

export const ATOMICS = [BPF_ADD, BPF_OR, BPF_AND, BPF_XOR, BPF_ADD | BPF_FETCH, BPF_OR | BPF_FETCH, BPF_AND | BPF_FETCH, BPF_XOR | BPF_FETCH, BPF_XCHG, BPF_CMPXCHG] as const;

/**
 * An atomic operation. Behind a 32-bit cmpxchg the upper half of r0 is cleared again: where two paths meet, Linux 6.18 on x86-64 may leave
 * it as it was, against RFC 9669.
 */
export function atomic(code: Code, bytes: 4 | 8, base: number, off: number, src: number, operation: number): void {
  code.atomic(bytes, base, off, src, operation);
  if (operation === BPF_CMPXCHG && bytes === 4) code.aluRegister(BPF_MOV, 0, 0, false);
}

/** r1 = map, r2 = address of the key, which is written to the lowest free bytes of the frame. */
export function mapAndKey(choices: Choices, { code, frame, maps }: Surroundings, map: number): void {
  const key = -frame;
  writeKey(choices, code, maps[map] as MapSpec, key);
  code.wide(1, BPF_PSEUDO_MAP_IDX, map, 0);
  code.move(2, 10);
  code.alu(BPF_ADD, 2, key);
}

/** Accesses in a map value that r0 points to, `room` bytes. */
export function valueAccess(choices: Choices, to: Surroundings, room: number, writable: boolean): void {
  const { code } = to;
  for (let i = choices.below(4); i >= 0; i--) {
    const bytes = choices.pick(SIZES);
    if (bytes > room) continue;
    const kind = choices.below(5);
    const aligned = choices.below(Math.floor(room / bytes)) * bytes;
    const off = (kind < 4 && choices.once(3) ? choices.below(room - bytes + 1) : aligned) + (faulty(choices, to) ? choices.pick([1, room, -1, -room]) : 0);
    const register = choices.pick([3, 4, 5, 7, 8, 9]);
    if (!writable || kind < 2) code.load(bytes, register, 0, off, bytes < 8 && kind === 0);
    else if (kind === 2) code.store(bytes, 0, off, register);
    else if (kind === 3) code.storeImmediate(bytes, 0, off, choices.immediate());
    else if (bytes >= 4) code.atomic(bytes, 0, off, register, choices.pick(ATOMICS.filter((imm) => imm !== BPF_CMPXCHG)));
  }
}
