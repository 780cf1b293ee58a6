/** Emits one eBPF function's code, structured, into a wasm function or into run_batch's loop. */
import { FAULT_FUEL, MAY_GOTO_LOOPS, STACK_FRAME_BYTES } from "../../abi.js";
import { OPCODES } from "../../isa/opcode.js";
import { BPF_PSEUDO_CALL } from "../../isa/pseudo.js";
import { STACK_SIZE } from "../../isa/register.js";
import type { Insn } from "../../object/spec.js";
import type { FunctionFacts } from "./analysis.js";
import { ByteLoads } from "./byte-loads.js";
import { ByteStores } from "./byte-stores.js";
import { jumpTarget, lastSlot, widthOf } from "./cfg.js";
import { emitAlu, emitByteOrder, emitCondition, emitNegate } from "./emit-alu.js";
import { emitHelperCall, emitLocalCall } from "./emit-call.js";
import { emitAtomic, emitLoad, emitStore } from "./emit-memory.js";
import { addCost, getCounter, raise, setCounter } from "./emitter.js";
import type { Emitter } from "./emitter.js";
import type { Local } from "./function-builder.js";
import { FrameValues } from "./frame-values.js";
import { lowHalvesOnly } from "./high-halves.js";
import { Rotates } from "./rotates.js";
import { copyState, newState } from "./state.js";
import { structure } from "./structure.js";
import type { BlockEmitter } from "./structure.js";
import { transfer } from "./transfer.js";

/** Emits all of a function's code; it leaves by {@link Emitter.leave} or to {@link Emitter.faulted}. */
export function emitFunction(emitter: Emitter, facts: FunctionFacts): void {
  structure(facts.code.graph, emitter.to, new FunctionCompiler(emitter, facts));
}

/** Zeroes the words of the frame that have some of these bits (as State.written): what is read there before it is written must not be an earlier packet's. */
export function emitClearFrame({ to, frame, frameTop }: Pick<Emitter, "to" | "frame" | "frameTop">, bits: bigint): void {
  for (let word = 0; word < STACK_FRAME_BYTES / 8; word++) {
    if (((bits >> BigInt(word * 8)) & 0xffn) === 0n) continue;
    to.get(frame).i64(0).memory("i64.store", frameTop - STACK_SIZE + word * 8);
  }
}

class FunctionCompiler implements BlockEmitter {
  private readonly emitter: Emitter;
  private readonly facts: FunctionFacts;
  private readonly loads: ByteLoads;
  private readonly stores: ByteStores;
  private readonly rotates: Rotates;
  /** Times that the function may still pass a may_goto; undefined where it has none. */
  private readonly mayGoto: Local<"i32"> | undefined;

  constructor(emitter: Emitter, facts: FunctionFacts) {
    this.emitter = emitter;
    this.facts = facts;
    this.loads = new ByteLoads(emitter, facts.code);
    this.stores = new ByteStores(emitter);
    // What the entry returns is a verdict, unless somebody calls it as a function.
    const { module, callees } = emitter.program;
    this.rotates = new Rotates(emitter, lowHalvesOnly(facts, facts.code.start !== 0 || callees.has(0) || module.tailCalls));
    const hasMayGoto = facts.code.blocks.some((_, block) => OPCODES[(facts.context.insns[this.last(block)] as Insn).op]?.form === "may_goto");
    this.mayGoto = hasMayGoto ? emitter.to.local("i32") : undefined;
    if (this.mayGoto) emitter.to.i32(MAY_GOTO_LOOPS).set(this.mayGoto);
    emitter.frames = new FrameValues(emitter.to, facts, emitter.program.module.shared);
  }

  private last(block: number): number {
    const { start, end } = this.facts.code.blocks[block] as { start: number; end: number };
    return lastSlot(this.facts.context.insns, start, end);
  }

  body(block: number): void {
    const { emitter } = this;
    const { insns } = this.facts.context;
    const { start, end } = this.facts.code.blocks[block] as { start: number; end: number };
    // Where the analysis found that control never comes, nothing is known and everything is checked.
    emitter.state = copyState(this.facts.states[block] ?? newState());
    let segment = start;
    let ahead = 0n;
    this.stores.begin();
    this.rotates.begin();
    for (let slot = start; slot < end; slot += widthOf(insns[slot] as Insn)) {
      if (slot === segment) {
        segment = this.startSegment(slot, end);
        ahead = this.costOf(slot, segment);
      }
      ahead -= this.costOf(slot, slot + widthOf(insns[slot] as Insn));
      emitter.costAhead = ahead;
      if (this.isPutOff(insns[slot] as Insn, slot, block)) this.rotates.skip(insns[slot] as Insn);
      else if (!this.rotates.take(insns[slot] as Insn, slot)) this.instruction(slot);
      transfer(emitter.state, slot, this.facts.context);
    }
    this.loads.flush(end, block);
    this.stores.flush();
  }

  /** Whether the instruction is a load or store of bytes, or puts them together, and is emitted later with others. */
  private isPutOff(insn: Insn, slot: number, block: number): boolean {
    if (this.loads.isLoad(insn, slot)) {
      this.stores.take(insn, slot);
      return this.loads.take(insn, slot, block);
    }
    const loaded = this.loads.take(insn, slot, block);
    return this.stores.take(insn, slot) || loaded;
  }

  /** Adds the cost up to the next call of a function, whose own costs come between, and gives the slot behind it. */
  private startSegment(slot: number, end: number): number {
    const { insns } = this.facts.context;
    if (!this.emitter.program.costs) return end;
    let next = slot;
    for (; next < end; next += widthOf(insns[next] as Insn)) {
      if (OPCODES[(insns[next] as Insn).op]?.form !== "call") continue;
      next += 1;
      break;
    }
    addCost(this.emitter, this.costOf(slot, next));
    return next;
  }

  private costOf(from: number, to: number): bigint {
    let sum = 0n;
    for (let slot = from; slot < to; slot++) sum += this.emitter.program.costs?.[slot] ?? 0n;
    return sum;
  }

  private instruction(slot: number): void {
    const { emitter } = this;
    const insn = this.facts.context.insns[slot] as Insn;
    switch (OPCODES[insn.op]?.form) {
      case "alu":
        return emitAlu(emitter, insn);
      case "neg":
        return emitNegate(emitter, insn);
      case "end":
        return emitByteOrder(emitter, insn);
      case "load_imm64":
        emitter.to.i64(emitter.program.wide.get(slot) ?? 0n).set(emitter.registers[insn.dst] as Emitter["address"]);
        return undefined;
      case "load":
      case "load_signed":
        return emitLoad(emitter, insn, slot);
      case "store":
      case "store_imm":
        return emitStore(emitter, insn, slot);
      case "atomic":
        return emitAtomic(emitter, insn, slot);
      case "call":
        return insn.src === BPF_PSEUDO_CALL ? emitLocalCall(emitter, slot, insn) : emitHelperCall(emitter, slot, insn.imm);
      case "exit":
        return emitter.leave();
      default:
        return undefined;
    }
  }

  condition(block: number, negated: boolean): void {
    const insn = this.facts.context.insns[this.last(block)] as Insn;
    const { mayGoto } = this;
    if (OPCODES[insn.op]?.form !== "may_goto" || !mayGoto) {
      emitCondition(this.emitter, insn, negated);
      return;
    }
    const { to } = this.emitter;
    to.get(mayGoto);
    if (!negated) to.op("i32.eqz");
    else to.i32(0).op("i32.ne");
    // Behind what was compared: it stays 0 where it is.
    to.get(mayGoto).get(mayGoto).i32(0).op("i32.ne").op("i32.sub").set(mayGoto);
  }

  /** The edge is one of a jump that goes back, which costs fuel where nobody has proven how often it is taken. */
  edgeHasCode(from: number, target: number): boolean {
    if (this.facts.context.proof?.bounded) return false;
    const last = this.last(from);
    const insn = this.facts.context.insns[last] as Insn;
    const form = OPCODES[insn.op]?.form;
    if (form !== "jump" && form !== "goto" && form !== "may_goto") return false;
    return jumpTarget(insn, last) === this.facts.code.blocks[target]?.start && jumpTarget(insn, last) <= last;
  }

  edge(from: number, target: number): void {
    if (!this.edgeHasCode(from, target)) return;
    const { emitter } = this;
    const { to, fuel } = emitter;
    emitter.costAhead = 0n;
    getCounter(to, fuel);
    to.i32(1).op("i32.sub");
    setCounter(to, fuel);
    getCounter(to, fuel);
    to.i32(0).op("i32.lt_s").if();
    raise(emitter, FAULT_FUEL, this.last(from));
    to.end();
  }
}
