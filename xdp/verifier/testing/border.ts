/** Random programs that sit near the border of what is allowed: checks of bounds that are nearly right, spills of every size, variable offsets, short loops, functions that use their caller's stack. */
import { BPF_ADD, BPF_ALU, BPF_ALU64, BPF_AND, BPF_ARSH, BPF_B, BPF_CALL, BPF_DIV, BPF_DW, BPF_END, BPF_EXIT, BPF_H, BPF_JA, BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JLE, BPF_JLT, BPF_JMP, BPF_JMP32, BPF_JNE, BPF_JSET, BPF_JSGE, BPF_JSGT, BPF_JSLE, BPF_JSLT, BPF_LDX, BPF_LSH, BPF_MEM, BPF_MEMSX, BPF_MOD, BPF_MOV, BPF_MUL, BPF_NEG, BPF_OR, BPF_PSEUDO_CALL, BPF_PSEUDO_MAP_IDX_VALUE, BPF_RSH, BPF_ST, BPF_STX, BPF_SUB, BPF_W, BPF_X, BPF_XOR, LD_IMM64 } from "../../isa/index.js";
import type { Insn, MapSpec, ObjectSpec, ProgramSpec } from "../../object/index.js";

export const VALUE_BYTES = 64;
/** Bytes of the packet that programs check for first. */
const CHECKED = 32;
const MAP: MapSpec = { name: "values", type: "BPF_MAP_TYPE_ARRAY", typeId: 2, keySize: 4, valueSize: VALUE_BYTES, maxEntries: 1, flags: 0, keyTypeId: 0, valueTypeId: 0 };

/** Numbers from a seed (mulberry32). */
export class Random {
  private state: number;
  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }

  below(count: number): number {
    return this.next() % count;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }
}

const ALU_OPS = [BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_OR, BPF_AND, BPF_LSH, BPF_RSH, BPF_MOD, BPF_XOR, BPF_MOV, BPF_ARSH, BPF_NEG, BPF_END, BPF_ADD, BPF_AND, BPF_MOV];
const JUMPS = [BPF_JEQ, BPF_JNE, BPF_JGT, BPF_JGE, BPF_JLT, BPF_JLE, BPF_JSET, BPF_JSGT, BPF_JSGE, BPF_JSLT, BPF_JSLE];
const SIZES = [BPF_B, BPF_H, BPF_W, BPF_DW];
const BYTES: Readonly<Record<number, number>> = { [BPF_B]: 1, [BPF_H]: 2, [BPF_W]: 4, [BPF_DW]: 8 };
/** Registers that hold numbers. r6 is the packet, r7 its end, r8 the map's value, r9 a pointer in the making. */
const NUMBERS = [0, 1, 2, 3, 4, 5];
/** Bytes of the caller's stack that a function is given. */
const SHARED = 32;

function insn(op: number, dst = 0, src = 0, off = 0, imm = 0): Insn {
  return { op, dst, src, off, imm };
}

class Writer {
  readonly insns: Insn[] = [];
  readonly random: Random;
  /** Calls whose function is not written yet, and which it is. */
  readonly calls: { readonly at: number; readonly callee: number }[] = [];
  /** Functions that may be called; 0 inside of functions. */
  functions: number;
  constructor(random: Random, functions: number) {
    this.random = random;
    this.functions = functions;
  }

  put(...insns: Insn[]): void {
    this.insns.push(...insns);
  }

  immediate(): number {
    const { random } = this;
    return random.pick([0, 1, -1, 2, 7, 8, 15, 16, 31, 32, 63, 64, 255, 256, 4095, 65535, 65536, 0x7fffffff, -0x80000000, random.next() | 0, random.below(64), random.below(64)]);
  }

  alu(): void {
    const { random } = this;
    const operation = random.pick(ALU_OPS);
    const is64 = random.below(2) === 0;
    const cls = is64 ? BPF_ALU64 : BPF_ALU;
    const dst = random.pick(NUMBERS);
    if (operation === BPF_NEG) return this.put(insn(cls | BPF_NEG, dst));
    if (operation === BPF_END) return this.put(insn(cls | BPF_END | (is64 ? 0 : random.pick([0, BPF_X])), dst, 0, 0, random.pick([16, 32, 64])));
    const shift = operation === BPF_LSH || operation === BPF_RSH || operation === BPF_ARSH;
    const signed = (operation === BPF_DIV || operation === BPF_MOD) && random.below(2) === 0 ? 1 : 0;
    if (random.below(2) === 0) {
      const off = operation === BPF_MOV ? random.pick(is64 ? [0, 0, 8, 16, 32] : [0, 0, 8, 16]) : signed;
      return this.put(insn(cls | operation | BPF_X, dst, random.pick(NUMBERS), off));
    }
    const imm = shift ? random.below(is64 ? 64 : 32) : this.immediate();
    if ((operation === BPF_DIV || operation === BPF_MOD) && imm === 0) return;
    this.put(insn(cls | operation, dst, 0, signed, imm));
  }

  /** Copies of a number, changed by constants, of which one is compared. */
  linked(): void {
    const { random } = this;
    const [a, b, c] = [random.pick(NUMBERS), random.pick(NUMBERS), random.pick(NUMBERS)];
    const cls = (): number => random.pick([BPF_ALU64, BPF_ALU64, BPF_ALU]);
    if (random.below(2) === 0) this.put(insn(BPF_ALU | BPF_MOV | BPF_X, a, a));
    this.put(insn(cls() | BPF_MOV | BPF_X, b, a), insn(cls() | BPF_MOV | BPF_X, c, a));
    if (random.below(2) === 0) this.put(insn(BPF_STX | BPF_MEM | BPF_DW, 10, b, -8));
    this.put(insn(cls() | random.pick([BPF_ADD, BPF_SUB]), b, 0, 0, this.immediate()));
    if (random.below(2) === 0) this.put(insn(cls() | random.pick([BPF_ADD, BPF_SUB]), c, 0, 0, this.immediate()));
    this.branch(() => this.put(insn(BPF_LDX | BPF_MEM | BPF_DW, random.pick([a, b, c]), 10, -8), insn(BPF_ALU64 | BPF_ADD | BPF_X, a, c)));
  }

  /** A jump over what `body` writes. */
  branch(body: () => void): void {
    const { random } = this;
    const cls = random.below(3) === 0 ? BPF_JMP32 : BPF_JMP;
    const at = this.insns.length;
    const dst = random.pick(NUMBERS);
    this.put(random.below(3) === 0 ? insn(cls | random.pick(JUMPS) | BPF_X, dst, random.pick(NUMBERS)) : insn(cls | random.pick(JUMPS), dst, 0, 0, this.immediate()));
    body();
    this.insns[at] = { ...(this.insns[at] as Insn), off: this.insns.length - at - 1 };
  }

  stack(): void {
    const { random } = this;
    const size = random.pick(SIZES);
    const bytes = BYTES[size] as number;
    const off = -bytes * (1 + random.below(32 / bytes));
    switch (random.below(3)) {
      case 0:
        return this.put(insn(BPF_STX | BPF_MEM | size, 10, random.pick(NUMBERS), off));
      case 1:
        return this.put(insn(BPF_ST | BPF_MEM | size, 10, 0, off, this.immediate()));
      default:
        return this.put(insn(BPF_LDX | (size !== BPF_DW && random.below(4) === 0 ? BPF_MEMSX : BPF_MEM) | size, random.pick(NUMBERS), 10, off));
    }
  }

  /** A number brought near a bound, added to a pointer, and an access there. */
  access(): void {
    const { random } = this;
    const number = random.pick(NUMBERS);
    const limit = random.pick([7, 15, 31, 32, 63, 64]);
    const size = random.pick(SIZES);
    const where = random.below(3);
    if (random.below(2) === 0) this.put(insn(random.pick([BPF_ALU, BPF_ALU64]) | BPF_AND, number, 0, 0, limit));
    else {
      // Leave where it is not below the limit.
      const at = this.insns.length;
      this.put(insn(random.pick([BPF_JMP, BPF_JMP32]) | random.pick([BPF_JGT, BPF_JGE, BPF_JSGT, BPF_JLT, BPF_JLE]), number, 0, 0, limit));
      this.put(insn(BPF_JMP | BPF_JA, 0, 0, 2), insn(BPF_ALU64 | BPF_MOV, 0, 0, 0, 0), insn(BPF_JMP | BPF_EXIT));
      this.insns[at] = { ...(this.insns[at] as Insn), off: random.pick([0, 1]) };
    }
    if (where === 2) this.put(insn(BPF_ALU64 | BPF_MOV | BPF_X, 9, 10), insn(BPF_ALU64 | BPF_ADD, 9, 0, 0, -random.pick([8, 16, 32, 64])));
    else this.put(insn(BPF_ALU64 | BPF_MOV | BPF_X, 9, where === 0 ? 6 : 8));
    this.put(insn(BPF_ALU64 | (where !== 2 && random.below(6) === 0 ? BPF_SUB : BPF_ADD) | BPF_X, 9, number));
    if (where === 0 && random.below(3) !== 0) {
      const reach = random.pick([1, 2, 4, 8]);
      this.put(insn(BPF_ALU64 | BPF_MOV | BPF_X, 0, 9), insn(BPF_ALU64 | BPF_ADD, 0, 0, 0, reach));
      this.put(insn(BPF_JMP | random.pick([BPF_JGT, BPF_JGT, BPF_JGE]) | BPF_X, 0, 7, 1));
    }
    const off = random.pick([0, 0, 0, 1, -1, 4]);
    if (random.below(2) === 0 || where === 2) this.put(insn(BPF_LDX | BPF_MEM | size, random.pick(NUMBERS), 9, off));
    else this.put(insn(BPF_STX | BPF_MEM | size, 9, random.pick(NUMBERS), off));
    // What the end of the packet was compared with is a pointer: numbers again.
    this.put(insn(BPF_ALU64 | BPF_MOV, 0, 0, 0, this.immediate()));
  }

  loop(): void {
    const { random } = this;
    const counter = random.pick([3, 4, 5]);
    this.put(insn(BPF_ALU64 | BPF_MOV, counter, 0, 0, 0));
    const start = this.insns.length;
    for (let i = 0; i < 1 + random.below(3); i++) {
      if (random.below(3) === 0) this.stack();
      else this.alu();
    }
    this.put(insn(BPF_ALU64 | BPF_ADD, counter, 0, 0, 1));
    this.put(insn(BPF_JMP | BPF_JLT, counter, 0, start - this.insns.length - 1, 1 + random.below(6)));
  }

  /** A call with a piece of the stack and a number, of which both sides make use. */
  call(): void {
    const { random } = this;
    if (random.below(2) === 0) this.put(insn(BPF_STX | BPF_MEM | BPF_DW, 10, random.pick(NUMBERS), -8 * (1 + random.below(SHARED / 8))));
    this.put(insn(BPF_ALU64 | BPF_MOV | BPF_X, 2, random.pick([0, 2, 3, 4, 5])), insn(BPF_ALU64 | BPF_MOV | BPF_X, 1, 10), insn(BPF_ALU64 | BPF_ADD, 1, 0, 0, -SHARED));
    this.calls.push({ at: this.insns.length, callee: random.below(this.functions) });
    this.put(insn(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL));
    for (let reg = 1; reg <= 5; reg++) {
      switch (random.below(3)) {
        case 0:
          this.put(insn(BPF_ALU64 | BPF_MOV | BPF_X, reg, 0));
          break;
        case 1:
          this.put(insn(BPF_LDX | BPF_MEM | BPF_DW, reg, 10, -8 * (1 + random.below(SHARED / 8))));
          break;
        default:
          this.put(insn(BPF_LDX | BPF_MEM | random.pick([BPF_B, BPF_H, BPF_W]), reg, 6, random.below(CHECKED - 8)));
      }
    }
  }

  /** A function of a stack pointer, in r6, and a number. */
  body(): void {
    const { random } = this;
    this.functions = 0;
    this.put(insn(BPF_ALU64 | BPF_MOV | BPF_X, 6, 1));
    for (const reg of NUMBERS) if (reg !== 2) this.put(random.below(2) === 0 ? insn(BPF_ALU64 | BPF_MOV | BPF_X, reg, 2) : insn(BPF_LDX | BPF_MEM | BPF_DW, reg, 6, 8 * random.below(SHARED / 8)));
    for (let i = 0; i < 1 + random.below(4); i++) {
      switch (random.below(6)) {
        case 0:
          this.stack();
          break;
        case 1:
          this.linked();
          break;
        case 2:
          this.branch(() => this.shared());
          break;
        case 3:
          this.shared();
          break;
        default:
          this.alu();
      }
    }
    this.put(insn(BPF_JMP | BPF_EXIT));
  }

  /** The caller's stack, from the function. */
  shared(): void {
    const { random } = this;
    const size = random.pick(SIZES);
    const bytes = BYTES[size] as number;
    const off = bytes * random.below(SHARED / bytes);
    if (random.below(2) === 0) this.put(insn(BPF_STX | BPF_MEM | size, 6, random.pick(NUMBERS), off));
    else this.put(insn(BPF_LDX | BPF_MEM | size, random.pick(NUMBERS), 6, off));
  }

  snippet(depth: number): void {
    if (this.functions > 0 && this.random.below(4) === 0) return this.call();
    switch (this.random.below(depth > 1 ? 6 : 10)) {
      case 0:
      case 1:
      case 2:
        return this.alu();
      case 3:
        return this.stack();
      case 4:
      case 5:
        return this.access();
      case 6:
        return this.loop();
      case 7:
        return this.linked();
      default:
        return this.branch(() => {
          for (let i = 0; i < 1 + this.random.below(3); i++) this.snippet(depth + 1);
        });
    }
  }
}

/** The program of a seed, and the object that it is in; with functions where `calls` says so. */
export function borderProgram(seed: number, calls = false): { readonly object: ObjectSpec; readonly program: ProgramSpec } {
  const writer = new Writer(new Random(seed), calls ? 2 : 0);
  const { random } = writer;
  writer.put(insn(BPF_LDX | BPF_MEM | BPF_W, 6, 1, 0), insn(BPF_LDX | BPF_MEM | BPF_W, 7, 1, 4));
  writer.put(insn(BPF_ALU64 | BPF_MOV | BPF_X, 2, 6), insn(BPF_ALU64 | BPF_ADD, 2, 0, 0, CHECKED), insn(BPF_JMP | BPF_JLE | BPF_X, 2, 7, 2), insn(BPF_ALU64 | BPF_MOV, 0, 0, 0, 0), insn(BPF_JMP | BPF_EXIT));
  writer.put(insn(LD_IMM64, 8, BPF_PSEUDO_MAP_IDX_VALUE, 0, 0), insn(0));
  for (let off = -32; off < 0; off += 8) writer.put(insn(BPF_ST | BPF_MEM | BPF_DW, 10, 0, off, writer.immediate()));
  for (const reg of NUMBERS) {
    const size = random.pick(SIZES);
    writer.put(insn(BPF_LDX | (size !== BPF_DW && random.below(3) === 0 ? BPF_MEMSX : BPF_MEM) | size, reg, 6, random.below(CHECKED - 8)));
  }
  const count = 3 + random.below(10);
  for (let i = 0; i < count; i++) writer.snippet(0);
  writer.put(insn(BPF_JMP | BPF_EXIT));
  const { insns } = writer;
  const starts = [0];
  if (writer.calls.length > 0) {
    const used = [...new Set(writer.calls.map(({ callee }) => callee))];
    for (const callee of used) {
      for (const call of writer.calls) if (call.callee === callee) insns[call.at] = { ...(insns[call.at] as Insn), imm: insns.length - call.at - 1 };
      starts.push(insns.length);
      writer.body();
    }
  }
  const functions = starts.map((start, i) => ({ name: i === 0 ? "border" : `border_${i}`, start, end: starts[i + 1] ?? insns.length, linkage: "static" as const }));
  const program: ProgramSpec = { name: "border", section: "xdp", type: "xdp", frags: false, attach: "device", autoload: true, insns, functions, lines: [] };
  return { object: { file: "border.o", license: "GPL", programs: [program], maps: [MAP] }, program };
}
