/**
 * Stores of a number's bytes one by one, as compilers write what may lie at odd addresses, become stores of words. A store of a
 * byte is only noted at first; it is emitted, with its neighbours, before anything that may see the memory, or leave. Within
 * one basic block, and for accesses that are proven alone.
 */
import { BPF_MOV, BPF_RSH, operationOf } from "../../isa/alu.js";
import { BPF_ALU64, BPF_X, classOf } from "../../isa/class.js";
import { bytesOf } from "../../isa/load_store.js";
import { OPCODES } from "../../isa/opcode.js";
import { REGISTER_COUNT } from "../../isa/register.js";
import type { Insn } from "../../object/spec.js";
import { classifyAccess, isOffStack } from "./access.js";
import type { Emitter } from "./emitter.js";
import type { Local } from "./function-builder.js";
import { regionsAt } from "./memory-facts.js";
import { registersUsed } from "./registers-used.js";
import { register } from "./state.js";
import { isU32 } from "./value.js";

/** What a register holds: number `id` shifted right by `shift` bits, a multiple of 8. */
interface Slice {
  readonly id: number;
  readonly shift: number;
}

/** A byte that is not written yet: byte `byte` of `number`. */
interface PendingByte {
  readonly number: Local<"i64">;
  readonly byte: number;
}

const PARTS = [[8, "i64.store"], [4, "i64.store32"], [2, "i64.store16"], [1, "i64.store8"]] as const;

export class ByteStores {
  private readonly emitter: Emitter;
  private readonly slices: Slice[];
  private nextId = 0;
  /** By offset from the base register. */
  private readonly pending = new Map<number, PendingByte>();
  private base = -1;
  /** Copies of numbers whose bytes are pending, by id. */
  private readonly copies = new Map<number, Local<"i64">>();
  private readonly spare: Local<"i64">[] = [];

  constructor(emitter: Emitter) {
    this.emitter = emitter;
    this.slices = Array.from({ length: REGISTER_COUNT }, () => this.fresh());
  }

  private fresh(): Slice {
    return { id: this.nextId++, shift: 0 };
  }

  /** A new block begins: nothing is known of registers. */
  begin(): void {
    for (let i = 0; i < REGISTER_COUNT; i++) this.slices[i] = this.fresh();
  }

  /** Takes an instruction, or emits what must be there before it and returns false. */
  take(insn: Insn, slot: number): boolean {
    const taken = this.store(insn, slot);
    if (!taken && this.pending.size > 0 && this.ends(insn, slot)) this.flush();
    this.follow(insn);
    return taken;
  }

  private store(insn: Insn, slot: number): boolean {
    if (OPCODES[insn.op]?.form !== "store" || bytesOf(insn.op) !== 1) return false;
    const { state, context } = this.emitter;
    const base = register(state, insn.dst);
    const access = classifyAccess(state, base, insn.off, 1, true, context.depth, regionsAt(context, slot));
    if (base.kind === "stack" || !(access.check === "proven" || isOffStack(access))) return false;
    if (this.pending.size > 0 && (this.base !== insn.dst || this.pending.has(insn.off))) this.flush();
    const slice = this.slices[insn.src] as Slice;
    const number = this.copyOf(slice.id);
    if (!number) return false;
    this.base = insn.dst;
    this.pending.set(insn.off, { number, byte: slice.shift / 8 });
    return true;
  }

  /** The number, kept in a local of its own; undefined where no register holds all of it. */
  private copyOf(id: number): Local<"i64"> | undefined {
    const known = this.copies.get(id);
    if (known) return known;
    const holder = this.slices.findIndex((slice) => slice.id === id && slice.shift === 0);
    if (holder < 0) return undefined;
    const { to, registers } = this.emitter;
    const copy = this.spare.pop() ?? to.local("i64");
    to.get(registers[holder] as Local).set(copy);
    this.copies.set(id, copy);
    return copy;
  }

  /** Whether pending bytes must be written before `insn`. */
  private ends(insn: Insn, slot: number): boolean {
    const { state, context } = this.emitter;
    if (registersUsed(insn).writes & (1 << this.base)) return true;
    switch (OPCODES[insn.op]?.form) {
      case "alu":
      case "neg":
      case "end":
      case "load_imm64":
        return false;
      case "load": {
        // The stack and the context are neither packet nor map.
        const { check } = classifyAccess(state, register(state, insn.src), insn.off, bytesOf(insn.op), false, context.depth);
        return check !== "frame" && check !== "context";
      }
      case "store":
      case "store_imm": {
        const bytes = bytesOf(insn.op);
        const access = classifyAccess(state, register(state, insn.dst), insn.off, bytes, true, context.depth, regionsAt(context, slot));
        if (access.check === "frame") return false;
        if (!(access.check === "proven" || isOffStack(access)) || insn.dst !== this.base) return true;
        for (let i = 0; i < bytes; i++) if (this.pending.has(insn.off + i)) return true;
        return false;
      }
      default:
        return true;
    }
  }

  /** What the instruction makes of the registers. */
  private follow(insn: Insn): void {
    const { writes } = registersUsed(insn);
    const next = OPCODES[insn.op]?.form === "alu" ? this.sliceOf(insn) : undefined;
    for (let i = 0; i < REGISTER_COUNT; i++) if (writes & (1 << i)) this.slices[i] = next ?? this.fresh();
  }

  private sliceOf(insn: Insn): Slice | undefined {
    const { state } = this.emitter;
    const operation = operationOf(insn.op);
    const isRegister = (insn.op & BPF_X) !== 0;
    const from = operation === BPF_MOV ? insn.src : insn.dst;
    // 32-bit operations are the same as 64-bit ones where the upper half is 0.
    if (classOf(insn.op) !== BPF_ALU64 && !isU32(register(state, from))) return undefined;
    const slice = this.slices[from] as Slice;
    if (operation === BPF_MOV) return isRegister && insn.off === 0 ? slice : undefined;
    const width = classOf(insn.op) === BPF_ALU64 ? 64 : 32;
    if (operation !== BPF_RSH || isRegister || insn.imm < 0 || insn.imm >= width || insn.imm % 8 !== 0) return undefined;
    const shift = slice.shift + insn.imm;
    return shift < 64 ? { id: slice.id, shift } : undefined;
  }

  /** Writes what is pending. */
  flush(): void {
    const { to, registers } = this.emitter;
    const offsets = [...this.pending.keys()].toSorted((a, b) => a - b);
    for (let i = 0; i < offsets.length; ) {
      const off = offsets[i] as number;
      const { number, byte } = this.pending.get(off) as PendingByte;
      let run = 1;
      while (this.continues(off, run)) run++;
      const [bytes, store] = PARTS.find(([size]) => size <= run) ?? PARTS[3];
      to.get(registers[this.base] as Local).op("i32.wrap_i64");
      if (off < 0) to.i32(off).op("i32.add");
      to.get(number);
      if (byte > 0) to.i64(byte * 8).op("i64.shr_u");
      to.memory(store, Math.max(0, off));
      i += bytes;
    }
    this.pending.clear();
    this.spare.push(...this.copies.values());
    this.copies.clear();
    this.base = -1;
  }

  /** Whether the byte `run` behind the one at `off` is the same number's, so many bytes up. */
  private continues(off: number, run: number): boolean {
    const first = this.pending.get(off) as PendingByte;
    const next = this.pending.get(off + run);
    return next !== undefined && next.number === first.number && next.byte === first.byte + run;
  }
}
