/**
 * A machine for programs without calls of helpers, in the plainest way: registers are BigInts, memory is a few regions far apart, and
 * every access is looked up. What it does is what programs do; it knows nothing of the verifier.
 */
import { BPF_ADD, BPF_ALU, BPF_ALU64, BPF_AND, BPF_ARSH, BPF_CALL, BPF_DIV, BPF_END, BPF_EXIT, BPF_JA, BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JLE, BPF_JLT, BPF_JMP, BPF_JMP32, BPF_JNE, BPF_JSET, BPF_JSGE, BPF_JSGT, BPF_JSLE, BPF_JSLT, BPF_LDX, BPF_LSH, BPF_MEMSX, BPF_MOD, BPF_MOV, BPF_MUL, BPF_NEG, BPF_OR, BPF_PSEUDO_CALL, BPF_RSH, BPF_ST, BPF_STX, BPF_SUB, BPF_X, BPF_XOR, LD_IMM64, bytesOf, classOf, modeOf, operationOf } from "../../isa/index.js";
import type { Insn } from "../../object/index.js";

export const STACK_TOP = 0x1_0000n;
export const PACKET = 0x2_0000n;
export const MAP_VALUE = 0x3_0000n;
export const CONTEXT = 0x4_0000n;
const STACK_BYTES = 512;
/** From one frame's r10 to the next's. */
export const FRAME_STRIDE = 0x1000n;

const U64 = (x: bigint): bigint => BigInt.asUintN(64, x);

/** An access outside of every region. */
export class AccessViolation extends Error {
  readonly insn: number;
  readonly address: bigint;
  constructor(insn: number, address: bigint, size: number) {
    super(`instruction ${insn} accesses ${size} bytes at 0x${address.toString(16)}, which is nothing's`);
    this.name = "AccessViolation";
    this.insn = insn;
    this.address = address;
  }
}

export class ConcreteMachine {
  readonly regs: bigint[] = Array.from({ length: 11 }, () => 0n);
  /** By frame, and what the frames that called have saved. */
  readonly stacks: Uint8Array[] = [new Uint8Array(STACK_BYTES)];
  private readonly saved: { readonly regs: readonly bigint[]; readonly pc: number }[] = [];
  readonly packet: Uint8Array;
  readonly mapValue: Uint8Array;
  private readonly insns: readonly Insn[];
  pc = 0;

  constructor(insns: readonly Insn[], packet: Uint8Array, mapValue: Uint8Array) {
    this.insns = insns;
    this.packet = packet;
    this.mapValue = mapValue;
    this.regs[1] = CONTEXT;
    this.regs[10] = STACK_TOP;
  }

  /** Runs one instruction; false at the end. Throws {@link AccessViolation}. */
  step(): boolean {
    const insn = this.insns[this.pc] as Insn;
    const cls = classOf(insn.op);
    switch (cls) {
      case BPF_ALU:
      case BPF_ALU64:
        this.regs[insn.dst] = this.alu(insn, cls === BPF_ALU64);
        break;
      case BPF_LDX:
        this.regs[insn.dst] = this.load(insn);
        break;
      case BPF_ST:
        this.store(insn, BigInt(insn.imm));
        break;
      case BPF_STX:
        this.store(insn, this.regs[insn.src] as bigint);
        break;
      case BPF_JMP:
      case BPF_JMP32: {
        const operation = operationOf(insn.op);
        if (operation === BPF_EXIT) {
          if (this.saved.length === 0) return false;
          this.leave();
          break;
        }
        if (operation === BPF_CALL) {
          this.enter(insn);
          return true;
        }
        if (operation === BPF_JA || this.taken(insn, cls === BPF_JMP32)) this.pc += insn.off;
        break;
      }
      default:
        if (insn.op !== LD_IMM64) throw new Error(`opcode 0x${insn.op.toString(16)} is not for this machine`);
        this.regs[insn.dst] = insn.src === 0 ? U64((BigInt((this.insns[this.pc + 1] as Insn).imm) << 32n) | BigInt(insn.imm >>> 0)) : MAP_VALUE + BigInt((this.insns[this.pc + 1] as Insn).imm);
        this.pc++;
    }
    this.pc++;
    return true;
  }

  private enter(insn: Insn): void {
    if (insn.src !== BPF_PSEUDO_CALL) throw new Error("helpers are not for this machine");
    this.saved.push({ regs: this.regs.slice(6, 11), pc: this.pc });
    this.stacks.push(new Uint8Array(STACK_BYTES));
    this.regs[10] = (this.regs[10] as bigint) + FRAME_STRIDE;
    this.pc += insn.imm + 1;
  }

  private leave(): void {
    const frame = this.saved.pop();
    if (frame === undefined) return;
    this.stacks.pop();
    for (const [i, value] of frame.regs.entries()) this.regs[6 + i] = value;
    this.pc = frame.pc;
  }

  private alu(insn: Insn, is64: boolean): bigint {
    const bits = is64 ? 64 : 32;
    const operation = operationOf(insn.op);
    const dst = BigInt.asUintN(bits, this.regs[insn.dst] as bigint);
    const src = BigInt.asUintN(bits, (insn.op & BPF_X) !== 0 ? (this.regs[insn.src] as bigint) : BigInt(insn.imm));
    const shift = src & BigInt(bits - 1);
    const signed = (x: bigint): bigint => BigInt.asIntN(bits, x);
    let result: bigint;
    switch (operation) {
      case BPF_ADD:
        result = dst + src;
        break;
      case BPF_SUB:
        result = dst - src;
        break;
      case BPF_MUL:
        result = dst * src;
        break;
      case BPF_DIV:
        result = src === 0n ? 0n : insn.off === 1 ? signed(dst) / signed(src) : dst / src;
        break;
      case BPF_MOD:
        result = src === 0n ? dst : insn.off === 1 ? signed(dst) % signed(src) : dst % src;
        break;
      case BPF_OR:
        result = dst | src;
        break;
      case BPF_AND:
        result = dst & src;
        break;
      case BPF_XOR:
        result = dst ^ src;
        break;
      case BPF_LSH:
        result = dst << shift;
        break;
      case BPF_RSH:
        result = dst >> shift;
        break;
      case BPF_ARSH:
        result = signed(dst) >> shift;
        break;
      case BPF_NEG:
        result = -dst;
        break;
      case BPF_MOV:
        result = insn.off === 0 ? src : BigInt.asIntN(insn.off, src);
        break;
      case BPF_END:
        return this.swap(insn, is64);
      default:
        throw new Error(`operation 0x${operation.toString(16)} is not for this machine`);
    }
    return BigInt.asUintN(bits, result);
  }

  private swap(insn: Insn, always: boolean): bigint {
    const value = BigInt.asUintN(insn.imm, this.regs[insn.dst] as bigint);
    if (!always && (insn.op & BPF_X) === 0) return value;
    let out = 0n;
    for (let at = 0; at < insn.imm; at += 8) out = (out << 8n) | ((value >> BigInt(at)) & 0xffn);
    return out;
  }

  private taken(insn: Insn, is32: boolean): boolean {
    const bits = is32 ? 32 : 64;
    const a = BigInt.asUintN(bits, this.regs[insn.dst] as bigint);
    const b = BigInt.asUintN(bits, (insn.op & BPF_X) !== 0 ? (this.regs[insn.src] as bigint) : BigInt(insn.imm));
    const x = BigInt.asIntN(bits, a);
    const y = BigInt.asIntN(bits, b);
    switch (operationOf(insn.op)) {
      case BPF_JEQ:
        return a === b;
      case BPF_JNE:
        return a !== b;
      case BPF_JGT:
        return a > b;
      case BPF_JGE:
        return a >= b;
      case BPF_JLT:
        return a < b;
      case BPF_JLE:
        return a <= b;
      case BPF_JSET:
        return (a & b) !== 0n;
      case BPF_JSGT:
        return x > y;
      case BPF_JSGE:
        return x >= y;
      case BPF_JSLT:
        return x < y;
      case BPF_JSLE:
        return x <= y;
      default:
        throw new Error("no such jump");
    }
  }

  private load(insn: Insn): bigint {
    const size = bytesOf(insn.op);
    const address = U64((this.regs[insn.src] as bigint) + BigInt(insn.off));
    if (address >= CONTEXT && address < CONTEXT + 24n) return this.context(address, size);
    const [bytes, at] = this.find(address, size);
    let value = 0n;
    for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[at + i] as number);
    return modeOf(insn.op) === BPF_MEMSX ? U64(BigInt.asIntN(size * 8, value)) : value;
  }

  private context(address: bigint, size: number): bigint {
    const field = Number(address - CONTEXT);
    if (size !== 4 || field % 4 !== 0) throw new AccessViolation(this.pc, address, size);
    if (field === 0) return PACKET;
    return field === 4 ? PACKET + BigInt(this.packet.length) : field === 8 ? PACKET : 7n;
  }

  private store(insn: Insn, value: bigint): void {
    const size = bytesOf(insn.op);
    const [bytes, at] = this.find(U64((this.regs[insn.dst] as bigint) + BigInt(insn.off)), size);
    for (let i = 0; i < size; i++) bytes[at + i] = Number((U64(value) >> BigInt(i * 8)) & 0xffn);
  }

  private find(address: bigint, size: number): readonly [Uint8Array, number] {
    const regions: readonly (readonly [bigint, Uint8Array])[] = [
      ...this.stacks.map((bytes, frame) => [STACK_TOP + FRAME_STRIDE * BigInt(frame) - BigInt(STACK_BYTES), bytes] as const), [PACKET, this.packet], [MAP_VALUE, this.mapValue],
    ];
    for (const [base, bytes] of regions) {
      if (address >= base && address + BigInt(size) <= base + BigInt(bytes.length)) return [bytes, Number(address - base)];
    }
    throw new AccessViolation(this.pc, address, size);
  }
}
