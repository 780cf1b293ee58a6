/**
 * What holds at one instruction on one path: frames with registers and stack, references, locks. Frames are shared between
 * states and copied when a state that does not own one writes to it.
 */
import type { MapInfo } from "./map-info.js";
import type { Reg } from "./reg.js";
import { UNINIT_REG, framePointer } from "./reg.js";

export const STACK_INVALID = 0;
export const STACK_SPILL = 1;
export const STACK_MISC = 2;
export const STACK_ZERO = 3;
export const STACK_DYNPTR = 4;
export const STACK_ITER = 5;
export const STACK_IRQ_FLAG = 6;

/** All eight bytes of one kind. */
export const ALL_BYTES = 0x1111_1111;

/**
 * Eight bytes of stack. `types`: four bits a byte, of which the lowest four are the byte with the highest address, so that byte
 * `fp-1` of the first slot is number 0. `reg` is what was spilled, or describes the dynptr or iterator.
 */
export class Slot {
  declare readonly types: number;
  declare readonly reg: Reg;
  constructor(types: number, reg: Reg) {
    this.types = types;
    this.reg = reg;
  }

  typeOf(byte: number): number {
    return (this.types >>> (byte * 4)) & 0xf;
  }

  /** Holds a register, whole or partly: the byte with the lowest address tells. */
  get isSpill(): boolean {
    return this.types >>> 28 === STACK_SPILL;
  }

  /** Holds all of a register. */
  get isSpill64(): boolean {
    return this.types === ALL_BYTES * STACK_SPILL;
  }

  withTypes(types: number): Slot {
    return types === this.types ? this : new Slot(types, this.reg);
  }
}

export const EMPTY_SLOT = new Slot(0, UNINIT_REG);

/** `types` with another type for one byte. */
export function setType(types: number, byte: number, type: number): number {
  return (types & ~(0xf << (byte * 4))) | (type << (byte * 4));
}

export class Frame {
  declare regs: Reg[];
  /** By slot: slot i holds fp-8(i+1) to fp-8i-1. */
  declare stack: Slot[];
  declare readonly callsite: number;
  declare readonly number: number;
  declare readonly subprog: number;
  declare inCallback: boolean;
  declare inAsyncCallback: boolean;
  declare inExceptionCallback: boolean;
  declare callbackDepth: number;
  declare callbackMin: number;
  declare callbackMax: number;
  /** State that may write to it. */
  declare owner: State | undefined;
  /** Number that is the same for frames entered over the same call sites. */
  declare readonly chain: number;
  constructor(callsite: number, number: number, subprog: number, chain: number, regs?: Reg[], stack?: Slot[]) {
    this.callsite = callsite;
    this.number = number;
    this.subprog = subprog;
    this.chain = chain;
    this.regs = regs ?? [UNINIT_REG, UNINIT_REG, UNINIT_REG, UNINIT_REG, UNINIT_REG, UNINIT_REG, UNINIT_REG, UNINIT_REG, UNINIT_REG, UNINIT_REG, framePointer(number)];
    this.stack = stack ?? [];
    this.inCallback = false;
    this.inAsyncCallback = false;
    this.inExceptionCallback = false;
    this.callbackDepth = 0;
    this.callbackMin = 0;
    this.callbackMax = 0;
    this.owner = undefined;
  }

  copy(): Frame {
    const frame = new Frame(this.callsite, this.number, this.subprog, this.chain, this.regs.slice(), this.stack.slice());
    if (this.inCallback || this.inAsyncCallback || this.inExceptionCallback || this.callbackDepth !== 0) {
      frame.inCallback = this.inCallback;
      frame.inAsyncCallback = this.inAsyncCallback;
      frame.inExceptionCallback = this.inExceptionCallback;
      frame.callbackDepth = this.callbackDepth;
      frame.callbackMin = this.callbackMin;
      frame.callbackMax = this.callbackMax;
    }
    return frame;
  }
}

/** Which functions take and give back a lock: bpf_spin_lock, bpf_res_spin_lock, bpf_res_spin_lock_irqsave. */
export type LockKind = "spin" | "res" | "res_irq";

/** Something that must be given back, or a lock that is held. */
export interface Ref {
  readonly kind: "ref" | "lock" | "irq";
  readonly id: number;
  /** Where it was taken. */
  readonly insn: number;
  /** Of a lock: how it was taken. */
  readonly how?: LockKind;
  /** Of saved interrupt flags: with a lock, or on their own. */
  readonly by?: "lock" | "native";
  /** Of a lock: the map or object that it is in. */
  readonly in?: MapInfo | object;
}

/** One step that a walk back over the path needs: jumps, stack accesses, linked registers. */
export interface History {
  readonly prev: History | undefined;
  readonly insn: number;
  readonly prevInsn: number;
  /** Frame and slot of a stack access, as `frame << 8 | slot`; -1 for none. */
  stack: number;
  srcStack: boolean;
  dstStack: boolean;
  /** Registers (`frame << 8 | reg`) and slots (`frame << 8 | 128 | slot`) that held the same number. */
  linked: readonly number[] | undefined;
}

const NOTHING_HELD: readonly Ref[] = [];

export class State {
  declare frames: Frame[];
  declare refs: readonly Ref[];
  declare activeLock: number;
  declare activePreemptLocks: number;
  declare activeRcuLocks: number;
  /** Innermost open irq-save section. */
  declare activeIrqId: number;
  declare inSleepable: boolean;
  /** Checkpoint that this state came from. */
  declare parent: Checkpoint | undefined;
  declare history: History | undefined;
  declare historyLength: number;
  declare firstInsn: number;
  declare lastInsn: number;
  declare mayGotoDepth: number;
  declare callbackUnrollDepth: number;
  /** How many functions that run later were entered on the way here. */
  declare asyncEntry: number;
  declare depth: number;
  constructor(frames: Frame[]) {
    this.frames = frames;
    this.refs = NOTHING_HELD;
    this.activeLock = 0;
    this.activePreemptLocks = 0;
    this.activeRcuLocks = 0;
    this.activeIrqId = 0;
    this.inSleepable = false;
    this.parent = undefined;
    this.history = undefined;
    this.historyLength = 0;
    this.firstInsn = 0;
    this.lastInsn = -1;
    this.mayGotoDepth = 0;
    this.callbackUnrollDepth = 0;
    this.asyncEntry = 0;
    this.depth = 0;
  }

  /** The innermost frame, to read. */
  get top(): Frame {
    return this.frames[this.frames.length - 1] as Frame;
  }

  /** A frame, to write. */
  own(number: number): Frame {
    const frame = this.frames[number] as Frame;
    if (frame.owner === this) return frame;
    const copy = frame.copy();
    copy.owner = this;
    this.frames[number] = copy;
    return copy;
  }

  /** The innermost frame, to write. */
  ownTop(): Frame {
    return this.own(this.frames.length - 1);
  }

  /** A state that goes another way from here. Both will write to the innermost frame: one copy of it is enough for that. */
  branch(): State {
    const other = new State([]);
    const last = this.frames.length - 1;
    const { owner } = this.top;
    this.fork(other);
    if (owner !== this) return other;
    other.own(last);
    this.top.owner = this;
    return other;
  }

  /** A state that shares everything; neither owns the frames any more. */
  fork(into: State = new State([])): State {
    const { frames } = this;
    for (let i = 0; i < frames.length; i++) (frames[i] as Frame).owner = undefined;
    into.frames = frames.slice();
    into.refs = this.refs;
    into.activeLock = this.activeLock;
    into.activePreemptLocks = this.activePreemptLocks;
    into.activeRcuLocks = this.activeRcuLocks;
    into.activeIrqId = this.activeIrqId;
    into.inSleepable = this.inSleepable;
    into.parent = this.parent;
    into.history = this.history;
    into.historyLength = this.historyLength;
    into.firstInsn = this.firstInsn;
    into.lastInsn = this.lastInsn;
    into.mayGotoDepth = this.mayGotoDepth;
    into.callbackUnrollDepth = this.callbackUnrollDepth;
    into.asyncEntry = this.asyncEntry;
    into.depth = this.depth;
    return into;
  }

  /** Replaces every register and spilled register that `change` gives another for. */
  mapRegs(change: (reg: Reg) => Reg): void {
    for (let n = 0; n < this.frames.length; n++) {
      let frame = this.frames[n] as Frame;
      for (let i = 0; i < 11; i++) {
        const reg = frame.regs[i] as Reg;
        const changed = change(reg);
        if (changed !== reg) {
          frame = this.own(n);
          frame.regs[i] = changed;
        }
      }
      for (let i = 0; i < frame.stack.length; i++) {
        const slot = frame.stack[i] as Slot;
        if (!slot.isSpill) continue;
        const changed = change(slot.reg);
        if (changed !== slot.reg) {
          frame = this.own(n);
          frame.stack[i] = new Slot(slot.types, changed);
        }
      }
    }
  }
}

/** A state that was kept, to compare later ones with. */
export class Checkpoint extends State {
  declare readonly insn: number;
  /** Paths from here that are not explored to the end. */
  declare branches: number;
  declare hits: number;
  declare misses: number;
  declare cleaned: boolean;
  /** What differed from the last state that was compared, which is looked at first the next time: `frame << 8 | register`, or `frame << 8 | 128 | slot`; -1 for none. */
  declare differed: number;
  /** By frame: registers, and slots below 32 and from 32 on, whose exact numbers mattered. */
  declare readonly precise: number[];
  constructor(insn: number) {
    super([]);
    this.insn = insn;
    this.branches = 1;
    this.hits = 0;
    this.misses = 0;
    this.cleaned = false;
    this.differed = -1;
    this.precise = [];
  }

  isPreciseReg(frame: number, reg: number): boolean {
    return ((this.precise[frame * 3] ?? 0) & (1 << reg)) !== 0;
  }

  isPreciseSlot(frame: number, slot: number): boolean {
    return ((this.precise[frame * 3 + 1 + (slot >> 5)] ?? 0) & (1 << (slot & 31))) !== 0;
  }

  setPreciseReg(frame: number, reg: number): void {
    this.precise[frame * 3] = (this.precise[frame * 3] ?? 0) | (1 << reg);
  }

  setPreciseSlot(frame: number, slot: number): void {
    const at = frame * 3 + 1 + (slot >> 5);
    this.precise[at] = (this.precise[at] ?? 0) | (1 << (slot & 31));
  }
}

/** Were both entered over the same call sites? */
export function sameCallsites(a: State, b: State): boolean {
  return a.frames.length === b.frames.length && a.top.chain === b.top.chain;
}
