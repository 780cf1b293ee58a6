/** Registers and the function's stack frame at one instruction. States are not changed once they flow on. */
import { join, same } from "./value.js";
import type { Value } from "./value.js";

export const REGISTERS = 11;
const WORDS = 64;
const FP = 10;

export class State {
  /** undefined: not written yet. */
  readonly registers: (Value | undefined)[];
  /** The frame in words of 8 bytes, lowest first. */
  readonly stack: (Value | undefined)[];
  /** By byte of the frame, lowest first: 1 where it is zero. */
  readonly zero: Uint8Array;

  constructor(registers: (Value | undefined)[], stack: (Value | undefined)[], zero: Uint8Array) {
    this.registers = registers;
    this.stack = stack;
    this.zero = zero;
  }

  static empty(): State {
    return new State(Array.from({ length: REGISTERS }), Array.from({ length: WORDS }), new Uint8Array(WORDS * 8));
  }

  copy(): State {
    return new State([...this.registers], [...this.stack], this.zero.slice());
  }

  get(register: number): Value | undefined {
    return this.registers[register];
  }

  set(register: number, value: Value | undefined): void {
    if (register < FP) this.registers[register] = value;
  }

  /** Word at an offset from the frame pointer; undefined where the access is not one whole word. */
  load(offset: number): Value | undefined {
    return offset % 8 === 0 ? this.stack[WORDS + offset / 8] : undefined;
  }

  /** Bytes written at an offset from the frame pointer. */
  store(offset: number, bytes: number, value: Value | undefined, zero: boolean): void {
    const start = WORDS * 8 + offset;
    const end = start + bytes;
    if (start < 0 || end > WORDS * 8) return;
    for (let word = Math.floor(start / 8); word * 8 < end; word++) this.stack[word] = bytes === 8 && start % 8 === 0 ? value : undefined;
    this.zero.fill(zero ? 1 : 0, start, end);
  }

  /** Some of the frame was written, and nobody knows where: numbers are forgotten, pointers are not (the verifier guards them). */
  scribble(): void {
    this.zero.fill(0);
    for (let word = 0; word < WORDS; word++) if (this.stack[word]?.kind === "scalar") this.stack[word] = undefined;
  }

  isZero(offset: number, bytes: number): boolean {
    const start = WORDS * 8 + offset;
    return start >= 0 && start + bytes <= WORDS * 8 && this.zero.subarray(start, start + bytes).every((one) => one === 1);
  }

  /** Takes in another path; true where that changed anything. `id`: of this place, for pointers whose variable parts differ. */
  merge(other: State, id: number, often: boolean): boolean {
    let changed = false;
    const take = (into: (Value | undefined)[], from: (Value | undefined)[], at: number): void => {
      for (let i = 0; i < into.length; i++) {
        const old = into[i];
        const next = from[i];
        if (old === undefined) continue;
        // Not written on one path: the verifier takes no reads of it.
        const both = next === undefined ? undefined : join(old, next, id - at - i, often);
        if (both !== undefined && same(old, both)) continue;
        into[i] = both;
        changed = true;
      }
    };
    take(this.registers, other.registers, 0);
    take(this.stack, other.stack, REGISTERS);
    for (let i = 0; i < this.zero.length; i++) {
      if (this.zero[i] === 0 || other.zero[i] === 1) continue;
      this.zero[i] = 0;
      changed = true;
    }
    return changed;
  }
}

/** Numbers that one place needs to tell its pointers apart. */
export const IDS = REGISTERS + WORDS;
