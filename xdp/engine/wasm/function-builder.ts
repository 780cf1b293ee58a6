/** Builds one function's body: instructions with typed locals and labels that know how deep they lie. */
import { Bytes } from "./bytes.js";
import { EMPTY_BLOCK, OPS, VALUE_TYPES } from "./opcodes.js";
import type { MemoryOp, OpName, PlainOp, ValueType } from "./opcodes.js";

/** A parameter or local variable. */
export interface Local<T extends ValueType = ValueType> {
  readonly index: number;
  readonly type: T;
}

/** A place to branch to: the end of a block, the start of a loop. */
export interface Label {
  /** Blocks open around it, itself included. */
  readonly depth: number;
}

/** A function's type. */
export interface Signature {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** A function of a module, its own or imported. */
export interface FunctionRef {
  readonly index: number;
  readonly signature: Signature;
}

/** A function's body while it is written. */
export class FunctionBuilder {
  readonly signature: Signature;
  private readonly code = new Bytes();
  private readonly locals: ValueType[] = [];
  private depth = 0;

  constructor(signature: Signature) {
    this.signature = signature;
  }

  param<T extends ValueType>(index: number, type: T): Local<T> {
    if (this.signature.params[index] !== type) throw new Error(`parameter ${index} is not ${type}`);
    return { index, type };
  }

  local<T extends ValueType>(type: T): Local<T> {
    this.locals.push(type);
    return { index: this.signature.params.length + this.locals.length - 1, type };
  }

  private opcode(name: OpName): void {
    const code = OPS[name][0];
    if (code > 0xff) {
      this.code.byte(code >> 8);
      this.code.u32(code & 0xff);
    } else this.code.byte(code);
  }

  /** An instruction without immediates; `else` and `end` have methods of their own. */
  op(name: Exclude<PlainOp, "end" | "else">): this {
    this.opcode(name);
    return this;
  }

  get(local: Local): this {
    return this.indexed("local.get", local.index);
  }

  set(local: Local): this {
    return this.indexed("local.set", local.index);
  }

  tee(local: Local): this {
    return this.indexed("local.tee", local.index);
  }

  getGlobal(index: number): this {
    return this.indexed("global.get", index);
  }

  setGlobal(index: number): this {
    return this.indexed("global.set", index);
  }

  call(target: FunctionRef): this {
    return this.indexed("call", target.index);
  }

  private indexed(name: OpName, index: number): this {
    this.opcode(name);
    this.code.u32(index);
    return this;
  }

  /** Calls the function at the index on the stack in table 0. */
  callIndirect(typeIndex: number): this {
    this.opcode("call_indirect");
    this.code.u32(typeIndex);
    this.code.u32(0);
    return this;
  }

  /** Calls in place of this function's own frame. */
  returnCall(target: FunctionRef): this {
    return this.indexed("return_call", target.index);
  }

  /** The same in place of this function's own frame. */
  returnCallIndirect(typeIndex: number): this {
    this.opcode("return_call_indirect");
    this.code.u32(typeIndex);
    this.code.u32(0);
    return this;
  }

  /** A 32-bit constant, signed or unsigned. */
  i32(value: number): this {
    this.opcode("i32.const");
    this.code.s32(value);
    return this;
  }

  /** A 64-bit constant. */
  i64(value: number | bigint): this {
    this.opcode("i64.const");
    if (typeof value === "number" && value === (value | 0)) this.code.s32(value);
    else this.code.s64(BigInt(value));
    return this;
  }

  /** A load, store or atomic; `offset` is 0 to 2^32-1. Atomics state their natural alignment, which they need; others none. */
  memory(name: MemoryOp, offset: number): this {
    this.opcode(name);
    this.code.u32(atomicAlignment(name));
    this.code.u32(offset);
    return this;
  }

  private open(name: "block" | "loop" | "if", result?: ValueType): Label {
    this.opcode(name);
    this.code.byte(result ? VALUE_TYPES[result] : EMPTY_BLOCK);
    this.depth += 1;
    return { depth: this.depth };
  }

  block(result?: ValueType): Label {
    return this.open("block", result);
  }

  loop(): Label {
    return this.open("loop");
  }

  if(result?: ValueType): Label {
    return this.open("if", result);
  }

  else(): this {
    this.opcode("else");
    return this;
  }

  /** Closes the innermost block. */
  end(): this {
    if (this.depth === 0) throw new Error("no block is open");
    this.depth -= 1;
    this.opcode("end");
    return this;
  }

  br(label: Label): this {
    return this.indexed("br", this.relative(label));
  }

  brIf(label: Label): this {
    return this.indexed("br_if", this.relative(label));
  }

  /** Branches by the number on the stack; to `otherwise` where there are not that many. */
  brTable(labels: readonly Label[], otherwise: Label): this {
    this.opcode("br_table");
    this.code.u32(labels.length);
    for (const label of labels) this.code.u32(this.relative(label));
    this.code.u32(this.relative(otherwise));
    return this;
  }

  private relative(label: Label): number {
    if (label.depth > this.depth) throw new Error("the label's block is closed");
    return this.depth - label.depth;
  }

  /** The code entry: size, locals in runs of one type, instructions. */
  finish(): Uint8Array {
    if (this.depth !== 0) throw new Error(`${this.depth} blocks are still open`);
    const body = new Bytes();
    const runs: { type: ValueType; count: number }[] = [];
    for (const type of this.locals) {
      const last = runs.at(-1);
      if (last?.type === type) last.count += 1;
      else runs.push({ type, count: 1 });
    }
    body.u32(runs.length);
    for (const { type, count } of runs) {
      body.u32(count);
      body.byte(VALUE_TYPES[type]);
    }
    body.append(this.code.view());
    body.byte(OPS.end[0]);
    const entry = new Bytes();
    entry.u32(body.length);
    entry.append(body.view());
    return entry.view().slice();
  }
}

/** Power of 2 that the access of an atomic instruction is aligned to; 0 of others, which need none. */
function atomicAlignment(name: MemoryOp): number {
  if (!name.includes("atomic")) return 0;
  if (name.includes("8_u") || name.endsWith("store8")) return 0;
  if (name.includes("16_u") || name.endsWith("store16")) return 1;
  return name.includes("32") ? 2 : 3;
}
