/**
 * Which stack slots may still be read. Reads and writes are noted as paths are walked, by instruction and by the chain of calls
 * that led to it; a data-flow analysis over each function then says what is live before each instruction. Slots that nothing
 * will read need not be alike in two states for one to stand for the other.
 */
import { successors } from "./cfg.js";
import type { Env, Subprogram } from "./env.js";
import type { State } from "./state.js";

/** Slots of one frame, as seen from the instructions of one function: two words of 32 slots an instruction. */
class FrameMasks {
  readonly mayRead: Int32Array;
  readonly mustWrite: Int32Array;
  readonly live: Int32Array;
  constructor(length: number) {
    this.mayRead = new Int32Array(length * 2);
    this.mustWrite = new Int32Array(length * 2);
    this.live = new Int32Array(length * 2);
  }
}

/** One function, called over one chain of calls. */
class Instance {
  readonly start: number;
  readonly end: number;
  /** By frame number. */
  readonly frames: (FrameMasks | undefined)[] = [];
  readonly visited: Uint8Array;
  /** The function that called it, and where; undefined at the root. */
  readonly caller: Instance | undefined;
  readonly callsite: number;
  dirty = false;
  constructor(info: Subprogram, caller: Instance | undefined, callsite: number) {
    this.start = info.start;
    this.end = info.end;
    this.caller = caller;
    this.callsite = callsite;
    this.visited = new Uint8Array(info.end - info.start);
  }

  masks(frame: number): FrameMasks {
    return (this.frames[frame] ??= new FrameMasks(this.end - this.start));
  }

  read(frame: number, insn: number, word: number, bits: number): void {
    const { mayRead } = this.masks(frame);
    const at = (insn - this.start) * 2 + word;
    const before = mayRead[at] as number;
    if ((before | bits) === before) return;
    mayRead[at] = before | bits;
    this.dirty = true;
  }
}

export class StackLiveness {
  private readonly env: Env;
  private readonly instances = new Map<number, Instance>();
  private readonly edges: (readonly number[] | undefined)[] = [];
  /** Slots that this instruction wrote whole, by frame. */
  private readonly written = new Int32Array(16);
  private wrote = false;
  constructor(env: Env) {
    this.env = env;
  }

  private instanceOf(state: State, frameNumber: number): Instance {
    const frame = state.frames[frameNumber];
    if (frame === undefined) throw new RangeError(`no frame ${frameNumber}`);
    let instance = this.instances.get(frame.chain);
    if (instance === undefined) {
      const caller = frameNumber === 0 ? undefined : this.instanceOf(state, frameNumber - 1);
      instance = new Instance(this.env.subprograms[frame.subprog] as Subprogram, caller, frame.callsite);
      this.instances.set(frame.chain, instance);
    }
    return instance;
  }

  /** The instruction that runs now reads a slot. */
  read(state: State, frame: number, slot: number): void {
    this.instanceOf(state, state.frames.length - 1).read(frame, this.env.insn, slot >> 5, 1 << (slot & 31));
  }

  /** The instruction that runs now writes all of a slot. */
  write(frame: number, slot: number): void {
    const at = frame * 2 + (slot >> 5);
    this.written[at] = (this.written[at] as number) | (1 << (slot & 31));
    this.wrote = true;
  }

  /** An instruction that may write has run: what it did not write on this path, it does not always write. */
  commit(state: State, insn: number, top: number): void {
    const instance = this.instanceOf(state, top);
    const at = insn - instance.start;
    const first = instance.visited[at] === 0;
    if (first) instance.visited[at] = 1;
    if (!this.wrote && (first || instance.frames.length === 0)) return;
    for (let frame = 0; frame <= top; frame++) {
      for (let word = 0; word < 2; word++) {
        const bits = this.written[frame * 2 + word] as number;
        if (bits === 0 && instance.frames[frame] === undefined) continue;
        const { mustWrite } = instance.masks(frame);
        const before = mustWrite[at * 2 + word] as number;
        const now = first ? bits : before & bits;
        if (now === before) continue;
        mustWrite[at * 2 + word] = now;
        instance.dirty = true;
      }
    }
    if (this.wrote) this.written.fill(0);
    this.wrote = false;
  }

  /** A path ended: brings what was noted on it into effect. */
  update(state: State): void {
    for (let n = state.frames.length - 1; n >= 0; n--) this.solve(this.instances.get((state.frames[n] as State["frames"][number]).chain));
  }

  private solve(instance: Instance | undefined): void {
    if (instance === undefined || !instance.dirty) return;
    instance.dirty = false;
    const { start, end } = instance;
    for (const [frame, masks] of instance.frames.entries()) {
      if (masks === undefined) continue;
      const { mayRead, mustWrite, live } = masks;
      for (let changed = true; changed; ) {
        changed = false;
        for (let insn = end - 1; insn >= start; insn--) {
          let low = 0;
          let high = 0;
          for (const target of (this.edges[insn] ??= successors(this.env, insn))) {
            if (target < start || target >= end) continue;
            low |= live[(target - start) * 2] as number;
            high |= live[(target - start) * 2 + 1] as number;
          }
          const at = (insn - start) * 2;
          low = (low & ~(mustWrite[at] as number)) | (mayRead[at] as number);
          high = (high & ~(mustWrite[at + 1] as number)) | (mayRead[at + 1] as number);
          if (low === live[at] && high === live[at + 1]) continue;
          live[at] = low;
          live[at + 1] = high;
          changed = true;
        }
      }
      // What the function reads of its callers' frames, the call reads.
      const { caller, callsite } = instance;
      if (caller === undefined || frame >= instance.frames.length || (live[0] === 0 && live[1] === 0) || masks === instance.frames[this.depthOf(instance)]) continue;
      caller.read(frame, callsite, 0, live[0] as number);
      caller.read(frame, callsite, 1, live[1] as number);
    }
    if (instance.caller?.dirty) this.solve(instance.caller);
  }

  private depthOf(instance: Instance): number {
    let depth = 0;
    for (let at = instance.caller; at !== undefined; at = at.caller) depth++;
    return depth;
  }

  /** May a slot of a frame be read after this state, which is at `insn`? */
  isAlive(state: State, insn: number, frame: number, slot: number): boolean {
    const word = slot >> 5;
    const bit = 1 << (slot & 31);
    const top = state.frames.length - 1;
    if (this.liveBefore(state, top, insn, frame, word, bit)) return true;
    for (let n = frame; n < top; n++) {
      const callee = state.frames[n + 1] as State["frames"][number];
      if (callee.inCallback && this.liveBefore(state, n, callee.callsite, frame, word, bit)) return true;
      if (!callee.inCallback && this.liveBefore(state, n, callee.callsite + 1, frame, word, bit)) return true;
    }
    return false;
  }

  private liveBefore(state: State, n: number, insn: number, frame: number, word: number, bit: number): boolean {
    const instance = this.instances.get((state.frames[n] as State["frames"][number]).chain);
    if (instance === undefined) return false;
    const masks = instance.frames[frame];
    return masks !== undefined && ((masks.live[(insn - instance.start) * 2 + word] as number) & bit) !== 0;
  }
}
