/** Jumps: the high four bits of an opcode of class JMP or JMP32 (RFC 9669, section 4.3). */
/** Class JMP: by `off`; class JMP32 (`gotol`): by `imm`. */
export const BPF_JA = 0x00;
export const BPF_JEQ = 0x10;
export const BPF_JGT = 0x20;
export const BPF_JGE = 0x30;
/** Taken when any bit of the mask is set. */
export const BPF_JSET = 0x40;
export const BPF_JNE = 0x50;
export const BPF_JSGT = 0x60;
export const BPF_JSGE = 0x70;
/** `src` says what is called: see pseudo.ts. */
export const BPF_CALL = 0x80;
export const BPF_EXIT = 0x90;
export const BPF_JLT = 0xa0;
export const BPF_JLE = 0xb0;
export const BPF_JSLT = 0xc0;
export const BPF_JSLE = 0xd0;
/** `may_goto`: a loop that the kernel bounds by a budget. Not part of RFC 9669. */
export const BPF_JCOND = 0xe0;

/** `src` of BPF_JCOND. */
export const BPF_MAY_GOTO = 0;

/** A conditional jump and how the kernel writes its comparison. */
export interface JumpOp {
  readonly code: number;
  readonly name: string;
  readonly symbol: string;
}

/** Every conditional jump. */
export const JUMP_OPS: readonly JumpOp[] = [
  { code: BPF_JEQ, name: "jeq", symbol: "==" },
  { code: BPF_JGT, name: "jgt", symbol: ">" },
  { code: BPF_JGE, name: "jge", symbol: ">=" },
  { code: BPF_JSET, name: "jset", symbol: "&" },
  { code: BPF_JNE, name: "jne", symbol: "!=" },
  { code: BPF_JSGT, name: "jsgt", symbol: "s>" },
  { code: BPF_JSGE, name: "jsge", symbol: "s>=" },
  { code: BPF_JLT, name: "jlt", symbol: "<" },
  { code: BPF_JLE, name: "jle", symbol: "<=" },
  { code: BPF_JSLT, name: "jslt", symbol: "s<" },
  { code: BPF_JSLE, name: "jsle", symbol: "s<=" },
];

/** {@link JUMP_OPS} by `code >> 4`. */
export const JUMP_BY_CODE: readonly (JumpOp | undefined)[] = Array.from({ length: 16 }, (_, i) => JUMP_OPS.find((op) => op.code >> 4 === i));
