/** Follows a path instruction by instruction, and says under which conditions it is taken. */
import {
  BPF_ALU, BPF_ALU64, BPF_ATOMIC, BPF_CALL, BPF_CMPXCHG, BPF_EXIT, BPF_FETCH, BPF_HELPER_CALL, BPF_JMP, BPF_JMP32, BPF_LDX, BPF_LOAD_ACQ, BPF_MEMSX, BPF_PSEUDO_CALL, BPF_PSEUDO_MAP_IDX, BPF_PSEUDO_MAP_IDX_VALUE,
  BPF_ST, BPF_STX, bytesOf, classOf, LD_IMM64, modeOf, operationOf,
} from "../../../xdp/index.js";
import type { Insn, MapSpec, ObjectSpec, ProgramSpec } from "../../../xdp/index.js";
import { targetOf } from "../../cost/flow.js";
import { comesBack } from "../costs.js";
import { isConditional } from "../../nfp/meta.js";
import { branch, compute } from "./arithmetic.js";
import { Exprs } from "./expr.js";
import { callHelper } from "./helpers.js";
import { Memory, number } from "./memory.js";
import { PathState, UNKNOWN } from "./state.js";
import type { SymbolicFrame } from "./state.js";

const BPF_F_RDONLY_PROG = 0x80;

export class Machine {
  readonly exprs = new Exprs();
  readonly memory: Memory;
  readonly maps: readonly MapSpec[];
  /** Packets may go on behind what programs see of them directly. */
  readonly frags: boolean;
  private readonly data = new Map<number, Uint8Array | undefined>();

  constructor({ maps, programs }: Pick<ObjectSpec, "maps" | "programs">) {
    this.maps = maps;
    this.frags = programs.some(({ frags }) => frags);
    this.memory = new Memory(this.exprs, (map) => this.constantsOf(map));
  }

  start(): PathState {
    return PathState.atStart(this.exprs);
  }

  /**
   * What the state is once an instruction has run and `next` is what follows (-1: nothing in this program). Changes `state`.
   * Helpers can end in several ways; none is left where the path cannot be taken.
   */
  step(state: PathState, program: ProgramSpec, slot: number, next: number): PathState[] {
    const insn = program.insns[slot];
    switch (classOf(insn.op)) {
      case BPF_ALU:
      case BPF_ALU64:
        compute(this.exprs, state, insn);
        return [state];
      case BPF_LDX:
        this.load(state, insn);
        return [state];
      case BPF_ST:
      case BPF_STX:
        this.store(state, insn);
        return [state];
      case BPF_JMP:
      case BPF_JMP32:
        return this.jump(state, insn, slot, next);
      default:
        if (insn.op === LD_IMM64) this.loadImmediate(state, insn, program.insns[slot + 1]);
        return [state];
    }
  }

  private load(state: PathState, insn: Insn): void {
    const { exprs } = this;
    const bytes = bytesOf(insn.op);
    const value = this.memory.load(state, state.top.regs[insn.src], insn.off, bytes);
    state.top.regs[insn.dst] = modeOf(insn.op) === BPF_MEMSX && value.kind === "number" ? number(exprs.sext(value.e, bytes * 8)) : value;
  }

  private store(state: PathState, insn: Insn): void {
    const { exprs } = this;
    const { regs } = state.top;
    const pointer = regs[insn.dst];
    const bytes = bytesOf(insn.op);
    if (classOf(insn.op) === BPF_STX && modeOf(insn.op) === BPF_ATOMIC) {
      if (insn.imm === BPF_LOAD_ACQ) {
        regs[insn.dst] = this.memory.load(state, regs[insn.src], insn.off, bytes);
        return;
      }
      this.memory.store(state, pointer, insn.off, bytes, number(exprs.free(bytes * 8)));
      if (insn.imm === BPF_CMPXCHG) regs[0] = bytes === 8 ? UNKNOWN : number(exprs.free(32));
      else if ((insn.imm & BPF_FETCH) !== 0) regs[insn.src] = bytes === 8 ? UNKNOWN : number(exprs.free(32));
      return;
    }
    this.memory.store(state, pointer, insn.off, bytes, classOf(insn.op) === BPF_STX ? regs[insn.src] : number(exprs.number(insn.imm)));
  }

  private loadImmediate(state: PathState, insn: Insn, second: Insn): void {
    const { exprs } = this;
    const { regs } = state.top;
    if (insn.src === 0) regs[insn.dst] = number(exprs.constant((BigInt(second.imm >>> 0) << 32n) | BigInt(insn.imm >>> 0)));
    else if (insn.src === BPF_PSEUDO_MAP_IDX) regs[insn.dst] = { kind: "map", map: insn.imm };
    else if (insn.src === BPF_PSEUDO_MAP_IDX_VALUE) regs[insn.dst] = { kind: "global", map: insn.imm, at: exprs.number(second.imm >>> 0) };
    else regs[insn.dst] = UNKNOWN;
  }

  private jump(state: PathState, insn: Insn, slot: number, next: number): PathState[] {
    const operation = operationOf(insn.op);
    if (isConditional(insn)) {
      const target = targetOf(insn, slot);
      return target === slot + 1 || branch(this.exprs, state, insn, next === target) ? [state] : [];
    }
    if (operation === BPF_EXIT) {
      if (state.frames.length > 1) this.leave(state);
      return [state];
    }
    if (operation !== BPF_CALL) return [state];
    if (insn.src === BPF_PSEUDO_CALL && next === slot + 1 + insn.imm) {
      this.enter(state, slot);
      return [state];
    }
    if (comesBack(insn, slot, next)) {
      this.afterUnknown(state);
      state.lost = true;
      this.leave(state);
      return [state];
    }
    if (insn.src === BPF_HELPER_CALL) return callHelper(this, state, insn.imm);
    // A function whose own paths are not followed, or one of the kernel's: it may do anything with what it gets.
    this.afterUnknown(state);
    return [state];
  }

  /** Something ran with the arguments that may have changed whatever they point to. */
  afterUnknown(state: PathState): void {
    this.memory.forgetAll(state);
    const { regs } = state.top;
    for (let i = 0; i <= 5; i++) regs[i] = UNKNOWN;
  }

  private enter(state: PathState, slot: number): void {
    const { regs } = state.top;
    const frame: SymbolicFrame = { regs: Array.from({ length: 11 }, () => UNKNOWN), stack: new Map(), spills: new Map(), back: slot + 1 };
    for (let i = 1; i <= 5; i++) frame.regs[i] = regs[i];
    frame.regs[10] = { kind: "stack", frame: state.frames.length, at: this.exprs.zero };
    state.frames.push(frame);
  }

  private leave(state: PathState): void {
    const [result] = state.top.regs;
    state.frames.pop();
    const { regs } = state.top;
    regs[0] = result;
    for (let i = 1; i <= 5; i++) regs[i] = UNKNOWN;
  }

  private constantsOf(map: number): Uint8Array | undefined {
    if (!this.data.has(map)) {
      const { flags, initial } = this.maps[map];
      this.data.set(map, (flags & BPF_F_RDONLY_PROG) !== 0 && initial !== undefined ? Uint8Array.from(Buffer.from(initial, "base64")) : undefined);
    }
    return this.data.get(map);
  }
}
