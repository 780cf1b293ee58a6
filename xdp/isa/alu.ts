/** Arithmetic operations: the high four bits of an opcode of class ALU or ALU64 (RFC 9669, section 4.1 and 4.2). */
export const BPF_ADD = 0x00;
export const BPF_SUB = 0x10;
export const BPF_MUL = 0x20;
/** Unsigned with `off` 0, signed with `off` 1. Division by zero gives 0. */
export const BPF_DIV = 0x30;
export const BPF_OR = 0x40;
export const BPF_AND = 0x50;
export const BPF_LSH = 0x60;
export const BPF_RSH = 0x70;
export const BPF_NEG = 0x80;
/** Unsigned with `off` 0, signed with `off` 1. Modulo zero leaves dst as it is. */
export const BPF_MOD = 0x90;
export const BPF_XOR = 0xa0;
/** With `off` 8, 16 or 32: sign-extend that many bits of the source. */
export const BPF_MOV = 0xb0;
export const BPF_ARSH = 0xc0;
/** Byte order: class ALU is le (source bit 0) or be (source bit 1), class ALU64 swaps always. `imm` is 16, 32 or 64. */
export const BPF_END = 0xd0;

/** Source bit of BPF_END in class ALU. */
export const BPF_TO_LE = 0x00;
export const BPF_TO_BE = 0x08;

/** `off` of a 64-bit register move that casts between address spaces (arena pointers). */
export const BPF_ADDR_SPACE_CAST = 1;

/** `off` of BPF_DIV and BPF_MOD that makes them signed. */
export const SIGNED_OFF = 1;

/** A two-operand operation and how the kernel writes it. */
export interface AluOp {
  readonly code: number;
  readonly name: string;
  readonly symbol: string;
  /** Symbol and name of the signed form (`off` 1), where there is one. */
  readonly signed?: { readonly name: string; readonly symbol: string };
}

/** Every operation with two operands; BPF_NEG and BPF_END have forms of their own. */
export const ALU_OPS: readonly AluOp[] = [
  { code: BPF_ADD, name: "add", symbol: "+=" },
  { code: BPF_SUB, name: "sub", symbol: "-=" },
  { code: BPF_MUL, name: "mul", symbol: "*=" },
  { code: BPF_DIV, name: "div", symbol: "/=", signed: { name: "sdiv", symbol: "s/=" } },
  { code: BPF_OR, name: "or", symbol: "|=" },
  { code: BPF_AND, name: "and", symbol: "&=" },
  { code: BPF_LSH, name: "lsh", symbol: "<<=" },
  { code: BPF_RSH, name: "rsh", symbol: ">>=" },
  { code: BPF_MOD, name: "mod", symbol: "%=", signed: { name: "smod", symbol: "s%=" } },
  { code: BPF_XOR, name: "xor", symbol: "^=" },
  { code: BPF_MOV, name: "mov", symbol: "=" },
  { code: BPF_ARSH, name: "arsh", symbol: "s>>=" },
];

/** {@link ALU_OPS} by `code >> 4`. */
export const ALU_BY_CODE: readonly (AluOp | undefined)[] = Array.from({ length: 16 }, (_, i) => ALU_OPS.find((op) => op.code >> 4 === i));

/** Operation bits of an ALU or jump opcode. */
export function operationOf(op: number): number {
  return op & 0xf0;
}
