/** Instruction classes: the low three bits of an opcode (RFC 9669, section 3). */
export const BPF_LD = 0x00;
export const BPF_LDX = 0x01;
export const BPF_ST = 0x02;
export const BPF_STX = 0x03;
/** 32-bit arithmetic: the result is zero-extended. */
export const BPF_ALU = 0x04;
/** Jumps that compare 64 bits, calls, exit. */
export const BPF_JMP = 0x05;
/** Jumps that compare 32 bits. */
export const BPF_JMP32 = 0x06;
export const BPF_ALU64 = 0x07;

/** Names of the classes, by number. */
export const CLASS_NAMES = ["ld", "ldx", "st", "stx", "alu", "jmp", "jmp32", "alu64"] as const;

/** Class of an opcode. */
export function classOf(op: number): number {
  return op & 0x07;
}

/** Operand source bit of ALU and jump opcodes: the immediate (`BPF_K`) or the source register (`BPF_X`). */
export const BPF_K = 0x00;
export const BPF_X = 0x08;
