/**
 * Loads of bytes that are put together by shifts and ors, as compilers read what may lie at odd addresses, become one load of
 * the whole. Such a load is only noted at first; it is emitted where its register is used in another way, or memory may
 * change, and by then it may be a wider one. Within one basic block, and for accesses that are proven alone.
 */
import { BPF_LSH, BPF_OR, operationOf } from "../../isa/alu.js";
import { BPF_ALU64, BPF_X, classOf } from "../../isa/class.js";
import { bytesOf } from "../../isa/load_store.js";
import { OPCODES } from "../../isa/opcode.js";
import { REGISTER_COUNT } from "../../isa/register.js";
import type { Insn } from "../../object/spec.js";
import { classifyAccess, isSafe } from "./access.js";
import type { FunctionGraph } from "./cfg.js";
import type { Emitter } from "./emitter.js";
import type { Local } from "./function-builder.js";
import { regionsAt } from "./memory-facts.js";
import { isWanted, registersUsed, wantedRegisters } from "./registers-used.js";
import { register } from "./state.js";

/** What a register holds: `bytes` bytes of memory at `base` + `off`, little-endian, shifted left by `shift` bits, a multiple of 8. */
interface Chunk {
  readonly base: number;
  readonly off: number;
  readonly bytes: number;
  readonly shift: number;
}

const PARTS = [[8, "i64.load"], [4, "i64.load32_u"], [2, "i64.load16_u"], [1, "i64.load8_u"]] as const;

export class ByteLoads {
  private readonly emitter: Emitter;
  private readonly code: FunctionGraph;
  /** By block. */
  private readonly wanted: Uint16Array;
  private readonly chunks: (Chunk | undefined)[] = [];

  constructor(emitter: Emitter, code: FunctionGraph) {
    this.emitter = emitter;
    this.code = code;
    this.wanted = wantedRegisters(code, emitter.context.insns);
  }

  /** Whether `insn` is a load that could be noted. */
  isLoad(insn: Insn, slot: number): boolean {
    if (OPCODES[insn.op]?.form !== "load" || insn.dst === insn.src) return false;
    const bytes = bytesOf(insn.op);
    const { state, context } = this.emitter;
    const access = classifyAccess(state, register(state, insn.src), insn.off, bytes, false, context.depth, regionsAt(context, slot));
    return bytes < 8 && access.check !== "frame" && access.check !== "context" && isSafe(access);
  }

  /** Takes an instruction, or emits what must be there before it and returns false. `slot` in `block`. */
  take(insn: Insn, slot: number, block: number): boolean {
    if (this.isLoad(insn, slot)) {
      this.require(1 << insn.src);
      this.release(insn.dst, slot, block);
      this.chunks[insn.dst] = { base: insn.src, off: insn.off, bytes: bytesOf(insn.op), shift: 0 };
      return true;
    }
    if (OPCODES[insn.op]?.form === "alu" && this.combine(insn, slot, block)) return true;
    this.prepare(insn, slot, block);
    return false;
  }

  private combine(insn: Insn, slot: number, block: number): boolean {
    const chunk = this.chunks[insn.dst];
    if (!chunk) return false;
    const width = classOf(insn.op) === BPF_ALU64 ? 64 : 32;
    const operation = operationOf(insn.op);
    let result: Chunk | undefined;
    if (operation === BPF_LSH && (insn.op & BPF_X) === 0 && insn.imm >= 0 && insn.imm % 8 === 0) {
      if (chunk.shift + chunk.bytes * 8 + insn.imm <= width) result = { ...chunk, shift: chunk.shift + insn.imm };
    } else if (operation === BPF_OR && (insn.op & BPF_X) !== 0) {
      const other = this.chunks[insn.src];
      if (other && insn.src !== insn.dst) result = joined(chunk, other, width);
    }
    if (!result) return false;
    this.requireBased(insn.dst, slot, block);
    this.chunks[insn.dst] = result;
    return true;
  }

  /** Emits what `insn` reads, what reads a register that it writes, and all where it may change memory or leaves the block. */
  private prepare(insn: Insn, slot: number, block: number): void {
    const { reads, writes } = registersUsed(insn);
    this.require(reads);
    switch (OPCODES[insn.op]?.form) {
      case "alu":
      case "neg":
      case "end":
      case "load_imm64":
      case "load":
      case "load_signed":
        for (let number = 0; number < REGISTER_COUNT; number++) if (writes & (1 << number)) this.release(number, slot, block);
        return;
      default:
        this.flush(slot, block);
    }
  }

  /** The register is about to be written. */
  private release(number: number, slot: number, block: number): void {
    this.requireBased(number, slot, block);
    this.chunks[number] = undefined;
  }

  private requireBased(base: number, slot: number, block: number): void {
    for (const [number, chunk] of this.chunks.entries()) if (chunk?.base === base && number !== base) this.emitWanted(number, slot, block);
  }

  private require(registers: number): void {
    for (const number of this.chunks.keys()) if (registers & (1 << number)) this.emit(number);
  }

  /** Emits all that is wanted from `slot` on. */
  flush(slot: number, block: number): void {
    for (const number of this.chunks.keys()) this.emitWanted(number, slot, block);
  }

  private emitWanted(number: number, slot: number, block: number): void {
    if (this.chunks[number] && isWanted(number, slot, block, this.code, this.emitter.context.insns, this.wanted)) this.emit(number);
    this.chunks[number] = undefined;
  }

  private emit(number: number): void {
    const chunk = this.chunks[number];
    if (!chunk) return;
    this.chunks[number] = undefined;
    const { to, registers } = this.emitter;
    let done = 0;
    for (const [bytes, load] of PARTS) {
      if (chunk.bytes - done < bytes) continue;
      const off = chunk.off + done;
      to.get(registers[chunk.base] as Local).op("i32.wrap_i64");
      if (off < 0) to.i32(off).op("i32.add");
      to.memory(load, Math.max(0, off));
      if (done > 0) to.i64(done * 8).op("i64.shl").op("i64.or");
      done += bytes;
    }
    if (chunk.shift > 0) to.i64(chunk.shift).op("i64.shl");
    to.set(registers[number] as Local);
  }
}

/** Both, or'ed, where they are neighbours in memory and in the number. */
function joined(a: Chunk, b: Chunk, width: number): Chunk | undefined {
  const [low, high] = a.shift < b.shift ? [a, b] : [b, a];
  const end = low.shift + low.bytes * 8;
  if (low.base !== high.base || end !== high.shift || low.off + low.bytes !== high.off || high.shift + high.bytes * 8 > width) return undefined;
  return { base: low.base, off: low.off, bytes: low.bytes + high.bytes, shift: low.shift };
}
