/** What the random program generator writes with: a seeded source of choices, and instructions with labels. */
import {
  BPF_ALU,
  BPF_ALU64,
  BPF_ATOMIC,
  BPF_CALL,
  BPF_EXIT,
  BPF_JA,
  BPF_JMP,
  BPF_JMP32,
  BPF_LDX,
  BPF_MEM,
  BPF_MEMSX,
  BPF_MOV,
  BPF_PSEUDO_FUNC,
  BPF_ST,
  BPF_STX,
  BPF_X,
  LD_IMM64,
} from "../../isa/index.js";
import type { Insn } from "../../isa/index.js";

/** Choices by a seed: the same seed, the same choices (mulberry32). */
export class Choices {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 32 random bits. */
  u32(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }

  /** 0 to n - 1. */
  below(n: number): number {
    return this.u32() % n;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  /** True once in `n`. */
  once(n: number): boolean {
    return this.below(n) === 0;
  }

  /** A signed 32-bit immediate: often small, often at an edge. */
  immediate(): number {
    if (this.once(2)) return this.below(256) - 64;
    return this.once(2) ? this.pick([0, 1, -1, 0x7fffffff, -0x80000000, 0xffff, 0x8000, -0x8000, 0xff, 0x80, 31, 32, 63]) : this.u32() | 0;
  }
}

/** A place in the code to jump to; also before it is known where. */
export interface Mark {
  slot: number;
}

const SIZES: { readonly [bytes: number]: number } = { 4: 0x00, 2: 0x08, 1: 0x10, 8: 0x18 };

/** Instructions while they are written. */
export class Code {
  readonly insns: Insn[] = [];
  /** Functions that are called so far. */
  readonly called = new Set<Mark>();
  readonly #jumps: { slot: number; mark: Mark; field: "off" | "imm" }[] = [];

  emit(op: number, dst = 0, src = 0, off = 0, imm = 0): void {
    this.insns.push({ op, dst, src, off, imm });
  }

  /** `dst = imm`, 64 bits, sign-extended. */
  set(dst: number, imm: number): void {
    this.emit(BPF_ALU64 | BPF_MOV, dst, 0, 0, imm);
  }

  move(dst: number, src: number): void {
    this.emit(BPF_ALU64 | BPF_MOV | BPF_X, dst, src);
  }

  /** `dst OP= imm`; `operation` as in alu.ts. */
  alu(operation: number, dst: number, imm: number, wide = true, off = 0): void {
    this.emit((wide ? BPF_ALU64 : BPF_ALU) | operation, dst, 0, off, imm);
  }

  aluRegister(operation: number, dst: number, src: number, wide = true, off = 0): void {
    this.emit((wide ? BPF_ALU64 : BPF_ALU) | operation | BPF_X, dst, src, off);
  }

  load(bytes: number, dst: number, base: number, off: number, signed = false): void {
    this.emit(BPF_LDX | (signed ? BPF_MEMSX : BPF_MEM) | (SIZES[bytes] as number), dst, base, off);
  }

  store(bytes: number, base: number, off: number, src: number): void {
    this.emit(BPF_STX | BPF_MEM | (SIZES[bytes] as number), base, src, off);
  }

  storeImmediate(bytes: number, base: number, off: number, imm: number): void {
    this.emit(BPF_ST | BPF_MEM | (SIZES[bytes] as number), base, 0, off, imm);
  }

  atomic(bytes: number, base: number, off: number, src: number, imm: number): void {
    this.emit(BPF_STX | BPF_ATOMIC | (SIZES[bytes] as number), base, src, off, imm);
  }

  /** 64-bit load; `src` says of what (BPF_PSEUDO_*). */
  wide(dst: number, src: number, low: number, high: number): void {
    this.emit(LD_IMM64, dst, src, 0, low | 0);
    this.emit(0, 0, 0, 0, high | 0);
  }

  helper(id: number): void {
    this.emit(BPF_JMP | BPF_CALL, 0, 0, 0, id);
  }

  call(mark: Mark): void {
    this.called.add(mark);
    this.#jumps.push({ slot: this.insns.length, mark, field: "imm" });
    this.emit(BPF_JMP | BPF_CALL, 0, 1);
  }

  /** `dst` = address of a function, for helpers that call it. */
  address(dst: number, mark: Mark): void {
    this.called.add(mark);
    this.#jumps.push({ slot: this.insns.length, mark, field: "imm" });
    this.wide(dst, BPF_PSEUDO_FUNC, 0, 0);
  }

  exit(): void {
    this.emit(BPF_JMP | BPF_EXIT);
  }

  goto(mark: Mark, long = false): void {
    this.#jumps.push({ slot: this.insns.length, mark, field: long ? "imm" : "off" });
    this.emit((long ? BPF_JMP32 : BPF_JMP) | BPF_JA);
  }

  jump(operation: number, dst: number, imm: number, mark: Mark, wide = true): void {
    this.#jumps.push({ slot: this.insns.length, mark, field: "off" });
    this.emit((wide ? BPF_JMP : BPF_JMP32) | operation, dst, 0, 0, imm);
  }

  jumpRegister(operation: number, dst: number, src: number, mark: Mark, wide = true): void {
    this.#jumps.push({ slot: this.insns.length, mark, field: "off" });
    this.emit((wide ? BPF_JMP : BPF_JMP32) | operation | BPF_X, dst, src);
  }

  mark(): Mark {
    return { slot: -1 };
  }

  /** The mark is here. */
  place(mark: Mark): void {
    mark.slot = this.insns.length;
  }

  finish(): Insn[] {
    const insns = [...this.insns];
    for (const { slot, mark, field } of this.#jumps) insns[slot] = { ...(insns[slot] as Insn), [field]: mark.slot - slot - 1 };
    return insns;
  }
}
