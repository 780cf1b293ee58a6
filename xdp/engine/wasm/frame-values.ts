/**
 * The function's own stack as locals: what was stored at a constant offset is kept in a local, too, and read from there; where
 * nothing reads the memory, it is not stored there at all. A word that was stored in parts is put together from them, which
 * the memory could not do before all parts have arrived.
 */
import { BPF_FUNC_map_lookup_elem } from "../../helpers/table.js";
import { BPF_HELPER_CALL } from "../../isa/pseudo.js";
import { bytesOf } from "../../isa/load_store.js";
import { OPCODES } from "../../isa/opcode.js";
import type { Insn } from "../../object/spec.js";
import { classifyAccess } from "./access.js";
import type { FunctionFacts } from "./analysis.js";
import { widthOf } from "./cfg.js";
import { isInlineHash } from "./emit-hash.js";
import { isInlineTrie } from "./emit-lpm.js";
import type { FunctionBuilder, Local } from "./function-builder.js";
import { isArray, knownMap } from "./helper-effects.js";
import type { FunctionContext } from "./memory-facts.js";
import { copyState, frameBits, register } from "./state.js";
import type { State } from "./state.js";
import { transfer } from "./transfer.js";
import { constantOf } from "./value.js";

/** Part of a read: `bytes` bytes of what was stored at `off`, from its byte `skip` on. */
interface Piece {
  readonly off: number;
  readonly stored: number;
  readonly skip: number;
  readonly bytes: number;
  /** All of what was stored, where it is known. */
  readonly constant: number | undefined;
}

/** What a read of the frame is put together from; undefined where not all of it is known to be what was stored. */
function piecesOf(state: State, off: number, bytes: number): Piece[] | undefined {
  const pieces: Piece[] = [];
  for (let at = off; at < off + bytes; ) {
    const piece = pieceAt(state, at, off + bytes);
    if (!piece) return undefined;
    pieces.push(piece);
    at += piece.bytes;
  }
  return pieces;
}

const WIDEST = 8;

function pieceAt(state: State, at: number, end: number): Piece | undefined {
  for (let off = at; off > at - WIDEST; off--) {
    const spill = state.spills.get(off);
    if (!spill || off + spill.bytes <= at) continue;
    const constant = constantOf(spill.value);
    if (constant === undefined && !spill.held) return undefined;
    return { off, stored: spill.bytes, skip: at - off, bytes: Math.min(off + spill.bytes, end) - at, constant };
  }
  return undefined;
}

/** A read of the frame by an instruction. */
interface Read {
  readonly off: number;
  readonly bytes: number;
  /** The memory is read all the same, sometimes. */
  readonly memoryToo: boolean;
}

/** Where an instruction reads bytes of the frame whose place is known, and could take them from elsewhere. */
function readOf(insn: Insn, state: State, context: FunctionContext, shared: boolean): Read | undefined {
  const form = OPCODES[insn.op]?.form;
  if (form === "load" || form === "load_signed") {
    const bytes = bytesOf(insn.op);
    const access = classifyAccess(state, register(state, insn.src), insn.off, bytes, false, context.depth);
    return access.check === "frame" ? { off: access.off, bytes, memoryToo: false } : undefined;
  }
  if (form !== "call" || insn.src !== BPF_HELPER_CALL || insn.imm !== BPF_FUNC_map_lookup_elem) return undefined;
  const map = knownMap(register(state, 1), context);
  if (!map) return undefined;
  const key = classifyAccess(state, register(state, 2), 0, map.keySize, false, context.depth);
  if (key.check !== "frame") return undefined;
  if (isArray(map)) return { off: key.off, bytes: 4, memoryToo: false };
  // Where other workers may move entries, the runtime looks again.
  if (isInlineHash(map)) return { off: key.off, bytes: map.keySize, memoryToo: shared };
  return isInlineTrie(map) ? { off: key.off, bytes: map.keySize, memoryToo: true } : undefined;
}

export class FrameValues {
  private readonly to: FunctionBuilder;
  private readonly locals = new Map<string, Local<"i64">>();
  /** Bits (as State.written) of the frame whose memory may be read. */
  private readonly memory: bigint;

  /** Looks at all of a function's code, for what is read from where. `shared`: several workers share the memory. */
  constructor(to: FunctionBuilder, { code, context, states }: FunctionFacts, shared: boolean) {
    this.to = to;
    const probe: FunctionContext = { ...context, summary: { ...context.summary }, frameReads: 0n };
    for (const [block, { start, end }] of code.blocks.entries()) {
      const known = states[block];
      if (!known) continue;
      const state = copyState(known);
      for (let slot = start; slot < end; slot += widthOf(context.insns[slot] as Insn)) {
        const before = probe.frameReads;
        const read = readOf(context.insns[slot] as Insn, state, context, shared);
        const pieces = read && piecesOf(state, read.off, read.bytes);
        for (const piece of pieces ?? []) this.want(piece);
        transfer(state, slot, probe);
        if (pieces && !read?.memoryToo) probe.frameReads = before;
      }
    }
    // What a tail call leaves on the stack is there for its target.
    this.memory = code.tailCalls ? -1n : probe.frameReads;
  }

  private want({ off, stored, constant }: Piece): void {
    const name = `${off}:${stored}`;
    if (constant === undefined && !this.locals.has(name)) this.locals.set(name, this.to.local("i64"));
  }

  /** Local that keeps what is stored at `off`; undefined where nothing reads it from there. */
  kept(off: number, bytes: number): Local<"i64"> | undefined {
    return this.locals.get(`${off}:${bytes}`);
  }

  /** Whether what is stored there has to be in memory. */
  inMemory(off: number, bytes: number): boolean {
    return (this.memory & frameBits(off, bytes)) !== 0n;
  }

  /** What pushes `bytes` bytes of the frame, at most 8, as i64 with zeros above; undefined where memory has to be read. */
  reader(state: State, off: number, bytes: number): (() => void) | undefined {
    const pieces = piecesOf(state, off, bytes);
    if (!pieces?.every((piece) => piece.constant !== undefined || this.kept(piece.off, piece.stored))) return undefined;
    return () => {
      let at = 0;
      for (const [i, piece] of pieces.entries()) {
        this.push(piece, at * 8);
        if (i > 0) this.to.op("i64.or");
        at += piece.bytes;
      }
    };
  }

  /** Pushes a piece, shifted left. */
  private push({ off, stored, skip, bytes, constant }: Piece, shift: number): void {
    const { to } = this;
    if (constant !== undefined) {
      to.i64(BigInt.asIntN(64, BigInt.asUintN(bytes * 8, BigInt(constant) >> BigInt(skip * 8)) << BigInt(shift)));
      return;
    }
    to.get(this.kept(off, stored) as Local);
    if (skip > 0) to.i64(skip * 8).op("i64.shr_u");
    if (skip + bytes < stored) to.i64((1n << BigInt(bytes * 8)) - 1n).op("i64.and");
    if (shift > 0) to.i64(shift).op("i64.shl");
  }
}
