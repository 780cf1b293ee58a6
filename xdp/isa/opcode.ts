/**
 * Every opcode in one table, made from the tables of operations: which form it has, what it is called and
 * which fields it uses. A field that is not used must be zero.
 */
import { ALU_OPS, BPF_END, BPF_NEG } from "./alu.js";
import { BPF_ALU, BPF_ALU64, BPF_JMP, BPF_JMP32, BPF_K, BPF_LD, BPF_LDX, BPF_ST, BPF_STX, BPF_X } from "./class.js";
import { BPF_CALL, BPF_EXIT, BPF_JA, BPF_JCOND, JUMP_OPS } from "./jump.js";
import { ACCESS_SIZES, BPF_ABS, BPF_ATOMIC, BPF_DW, BPF_IMM, BPF_IND, BPF_MEM, BPF_MEMSX } from "./load_store.js";

/** How an instruction is built and written. */
export type OpcodeForm =
  | "alu"
  | "neg"
  | "end"
  | "goto"
  | "jump"
  | "may_goto"
  | "call"
  | "exit"
  | "load"
  | "load_signed"
  | "load_imm64"
  | "load_packet"
  | "store"
  | "store_imm"
  | "atomic";

/** Fields of an instruction that an opcode gives a meaning, as bits. */
export const USES_DST = 1;
export const USES_SRC = 2;
export const USES_OFF = 4;
export const USES_IMM = 8;

/** One opcode. */
export interface OpcodeInfo {
  readonly op: number;
  readonly form: OpcodeForm;
  /** For example `add64`, `jsgt32`, `ldxh`, `ldxsw`, `ldabsb`. */
  readonly name: string;
  /** Sum of `USES_…`. */
  readonly uses: number;
}

/** An instruction that only a 64-bit immediate load has: its second slot. */
export const WIDE_SECOND = 0x00;
/** 64-bit immediate load, the only instruction of two slots. */
export const LD_IMM64 = BPF_LD | BPF_IMM | BPF_DW;

function* opcodes(): Generator<OpcodeInfo> {
  for (const [cls, width] of [[BPF_ALU, "32"], [BPF_ALU64, "64"]] as const) {
    for (const { code, name, signed } of ALU_OPS) {
      // Signed division and sign-extending moves are told by `off`.
      const register = signed || name === "mov" ? USES_OFF : 0;
      yield { op: cls | code | BPF_K, form: "alu", name: name + width, uses: USES_DST | USES_IMM | (signed ? USES_OFF : 0) };
      // A 64-bit move uses `imm` too: the address spaces of addr_space_cast.
      yield { op: cls | code | BPF_X, form: "alu", name: name + width, uses: USES_DST | USES_SRC | register | (name === "mov" && cls === BPF_ALU64 ? USES_IMM : 0) };
    }
    yield { op: cls | BPF_NEG, form: "neg", name: `neg${width}`, uses: USES_DST };
  }
  yield { op: BPF_ALU | BPF_END | BPF_K, form: "end", name: "le", uses: USES_DST | USES_IMM };
  yield { op: BPF_ALU | BPF_END | BPF_X, form: "end", name: "be", uses: USES_DST | USES_IMM };
  yield { op: BPF_ALU64 | BPF_END, form: "end", name: "bswap", uses: USES_DST | USES_IMM };

  for (const [cls, width] of [[BPF_JMP, ""], [BPF_JMP32, "32"]] as const) {
    for (const { code, name } of JUMP_OPS) {
      yield { op: cls | code | BPF_K, form: "jump", name: name + width, uses: USES_DST | USES_OFF | USES_IMM };
      yield { op: cls | code | BPF_X, form: "jump", name: name + width, uses: USES_DST | USES_SRC | USES_OFF };
    }
  }
  yield { op: BPF_JMP | BPF_JA, form: "goto", name: "goto", uses: USES_OFF };
  yield { op: BPF_JMP32 | BPF_JA, form: "goto", name: "gotol", uses: USES_IMM };
  yield { op: BPF_JMP | BPF_JCOND, form: "may_goto", name: "may_goto", uses: USES_OFF };
  yield { op: BPF_JMP | BPF_CALL, form: "call", name: "call", uses: USES_SRC | USES_OFF | USES_IMM };
  yield { op: BPF_JMP | BPF_EXIT, form: "exit", name: "exit", uses: 0 };

  for (const { code, letter } of ACCESS_SIZES) {
    yield { op: BPF_LDX | BPF_MEM | code, form: "load", name: `ldx${letter}`, uses: USES_DST | USES_SRC | USES_OFF };
    yield { op: BPF_ST | BPF_MEM | code, form: "store_imm", name: `st${letter}`, uses: USES_DST | USES_OFF | USES_IMM };
    yield { op: BPF_STX | BPF_MEM | code, form: "store", name: `stx${letter}`, uses: USES_DST | USES_SRC | USES_OFF };
    yield { op: BPF_STX | BPF_ATOMIC | code, form: "atomic", name: `atomic${letter}`, uses: USES_DST | USES_SRC | USES_OFF | USES_IMM };
    if (code === BPF_DW) continue;
    yield { op: BPF_LDX | BPF_MEMSX | code, form: "load_signed", name: `ldxs${letter}`, uses: USES_DST | USES_SRC | USES_OFF };
    yield { op: BPF_LD | BPF_ABS | code, form: "load_packet", name: `ldabs${letter}`, uses: USES_IMM };
    yield { op: BPF_LD | BPF_IND | code, form: "load_packet", name: `ldind${letter}`, uses: USES_SRC | USES_IMM };
  }
  yield { op: LD_IMM64, form: "load_imm64", name: "ld_imm64", uses: USES_DST | USES_SRC | USES_IMM };
}

/** Opcodes by number, 0 to 255; undefined where the number means nothing. */
export const OPCODES: readonly (OpcodeInfo | undefined)[] = (() => {
  const table: (OpcodeInfo | undefined)[] = Array.from({ length: 256 }, () => undefined);
  for (const info of opcodes()) table[info.op] = info;
  return table;
})();
