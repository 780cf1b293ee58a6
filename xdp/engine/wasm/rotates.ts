/**
 * Two shifts of one number that an or puts together are a rotation, which takes one instruction. V8 does not see all of them:
 * not those that compilers for old kernels write, with masks and in 64-bit registers. Within one basic block.
 */
import { BPF_ADD, BPF_AND, BPF_LSH, BPF_MOV, BPF_OR, BPF_RSH, BPF_XOR, operationOf } from "../../isa/alu.js";
import { BPF_ALU64, BPF_X, classOf } from "../../isa/class.js";
import { OPCODES } from "../../isa/opcode.js";
import { REGISTER_COUNT } from "../../isa/register.js";
import type { Insn } from "../../object/spec.js";
import type { Emitter } from "./emitter.js";
import type { Local } from "./function-builder.js";
import { registersUsed } from "./registers-used.js";
import { register } from "./state.js";
import { constantOf, isU32 } from "./value.js";

/** A number shifted: what of it lies in the low half (`low`), in all 64 bits (`wide`), by the number's id; -1 where that is not so. */
interface Part {
  readonly side: "left" | "right";
  readonly bits: number;
  readonly low: number;
  readonly wide: number;
  /** The upper half is 0. */
  readonly small: boolean;
}

/** What is known of a register: ids of its low half and of all of it, and what it was made of. */
interface Known {
  readonly low: number;
  readonly wide: number;
  readonly part?: Part;
  /** Low half of another number, and with a mask below 2^32. */
  readonly masked?: { readonly low: number; readonly mask: number };
  /** Low half of another number, shifted left by 32. */
  readonly high?: number;
}

const U32_MASK = 0xffff_ffff;
/** Numbers that one block keeps. */
const MOST_COPIES = 16;

export class Rotates {
  private readonly emitter: Emitter;
  /** By slot: 1 where nobody looks at the upper half of the result. */
  private readonly lowOnly: Uint8Array;
  private known: Known[] = [];
  private nextId = 0;
  /** Numbers whose registers were shifted themselves, by id: low half, whole. */
  private readonly copies = new Map<number, Local<"i64">>();
  private readonly spare: Local<"i64">[] = [];
  private used = 0;

  constructor(emitter: Emitter, lowOnly: Uint8Array) {
    this.emitter = emitter;
    this.lowOnly = lowOnly;
    this.begin();
  }

  /** A new block begins: nothing is known. */
  begin(): void {
    this.known = Array.from({ length: REGISTER_COUNT }, () => this.fresh());
    this.copies.clear();
    this.used = 0;
  }

  private fresh(): Known {
    return { low: this.nextId++, wide: this.nextId++ };
  }

  /** An instruction that is emitted by others, maybe later. */
  skip(insn: Insn): void {
    const { writes } = registersUsed(insn);
    for (let i = 0; i < REGISTER_COUNT; i++) if (writes & (1 << i)) this.known[i] = this.fresh();
  }

  /** Emits the instruction at a slot where it makes a rotation; false where it does not. */
  take(insn: Insn, slot: number): boolean {
    if (OPCODES[insn.op]?.form !== "alu") {
      this.skip(insn);
      return false;
    }
    const rotated = this.rotate(insn, slot);
    this.known[insn.dst] = rotated ? this.fresh() : this.result(insn);
    return rotated;
  }

  private rotate(insn: Insn, slot: number): boolean {
    const operation = operationOf(insn.op);
    // The bits do not meet: it is all the same.
    if ((operation !== BPF_OR && operation !== BPF_XOR && operation !== BPF_ADD) || (insn.op & BPF_X) === 0 || insn.off !== 0) return false;
    const a = this.known[insn.dst]?.part;
    const b = this.known[insn.src]?.part;
    if (!a || !b || a.side === b.side || insn.dst === insn.src) return false;
    const [left, right] = a.side === "left" ? [a, b] : [b, a];
    const is64 = classOf(insn.op) === BPF_ALU64;
    const { to, registers } = this.emitter;
    const dst = registers[insn.dst] as Local<"i64">;
    if (is64 && left.wide >= 0 && left.wide === right.wide && left.bits + right.bits === 64) {
      const number = this.holder((known) => known.wide === left.wide) ?? this.copies.get(left.wide);
      if (!number) return false;
      to.get(number).i64(left.bits).op("i64.rotl").set(dst);
      return true;
    }
    if (left.low < 0 || left.low !== right.low || left.bits + right.bits !== 32) return false;
    if (is64 && !(left.small && right.small) && this.lowOnly[slot] !== 1) return false;
    const number = this.holder((known) => known.low === left.low) ?? this.copies.get(left.low);
    if (!number) return false;
    to.get(number).op("i32.wrap_i64").i32(left.bits).op("i32.rotl").op("i64.extend_i32_u").set(dst);
    return true;
  }

  private holder(matches: (known: Known) => boolean): Local<"i64"> | undefined {
    const index = this.known.findIndex(matches);
    return index < 0 ? undefined : this.emitter.registers[index];
  }

  /** What an operation makes of its dst; a number that is about to be shifted away is kept. */
  private result(insn: Insn): Known {
    const { op, dst, src, off, imm } = insn;
    const { state } = this.emitter;
    const is64 = classOf(op) === BPF_ALU64;
    const from = this.known[dst] as Known;
    const operand = (op & BPF_X) !== 0 ? constantOf(register(state, src)) : imm;
    switch (operationOf(op)) {
      case BPF_MOV: {
        if ((op & BPF_X) === 0 || off !== 0) return this.fresh();
        const source = this.known[src] as Known;
        return is64 || isU32(register(state, src)) ? source : { ...this.fresh(), low: source.low };
      }
      case BPF_AND: {
        const mask = operand === undefined ? undefined : is64 ? operand : operand >>> 0;
        return mask !== undefined && mask >= 0 && mask <= U32_MASK ? { ...this.fresh(), masked: { low: from.low, mask } } : this.fresh();
      }
      case BPF_LSH: {
        if (operand === undefined || operand <= 0 || operand >= (is64 ? 64 : 32) || (op & BPF_X) !== 0) return this.fresh();
        this.keep(dst);
        const part: Part = { side: "left", bits: operand, low: operand < 32 ? from.low : -1, wide: is64 ? from.wide : -1, small: !is64 };
        return { ...this.fresh(), part, ...(is64 && operand === 32 ? { high: from.low } : {}) };
      }
      case BPF_RSH: {
        if (operand === undefined || operand <= 0 || operand >= (is64 ? 64 : 32) || (op & BPF_X) !== 0) return this.fresh();
        this.keep(dst);
        return { ...this.fresh(), ...this.shiftedRight(from, operand, is64, isU32(register(state, dst))) };
      }
      default:
        return this.fresh();
    }
  }

  private shiftedRight(from: Known, bits: number, is64: boolean, small: boolean): { part?: Part; low?: number } {
    const { masked, high } = from;
    if (is64 && high !== undefined && bits >= 32) return bits === 32 ? { low: high } : { part: { side: "right", bits: bits - 32, low: high, wide: -1, small: true } };
    // All bits that stay are of the number.
    if (masked && bits < 32 && masked.mask >>> bits === U32_MASK >>> bits) return { part: { side: "right", bits, low: masked.low, wide: -1, small: true } };
    const low = bits < 32 && (!is64 || small) ? from.low : -1;
    return { part: { side: "right", bits, low, wide: is64 ? from.wide : -1, small: low >= 0 } };
  }

  /** Keeps the number of a register, where no other register has it. */
  private keep(number: number): void {
    const { low, wide } = this.known[number] as Known;
    if (this.used >= MOST_COPIES || this.known.some((other, i) => i !== number && (other.low === low || other.wide === wide))) return;
    const { to, registers } = this.emitter;
    const copy = (this.spare[this.used] ??= to.local("i64"));
    this.used += 1;
    to.get(registers[number] as Local).set(copy);
    this.copies.set(low, copy);
    this.copies.set(wide, copy);
  }
}
