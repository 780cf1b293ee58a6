/** Loads and stores: size (bits 3 and 4) and mode (bits 5 to 7) of an opcode (RFC 9669, section 5). */
export const BPF_W = 0x00;
export const BPF_H = 0x08;
export const BPF_B = 0x10;
export const BPF_DW = 0x18;

/** 64-bit immediate, two slots. */
export const BPF_IMM = 0x00;
/** Classic packet load at a constant offset: socket programs only. */
export const BPF_ABS = 0x20;
/** Classic packet load at a register's offset: socket programs only. */
export const BPF_IND = 0x40;
export const BPF_MEM = 0x60;
/** Sign-extending load, v4. */
export const BPF_MEMSX = 0x80;
export const BPF_ATOMIC = 0xc0;

/** A width of memory access. */
export interface AccessSize {
  readonly code: number;
  readonly bytes: 1 | 2 | 4 | 8;
  /** Letter in opcode names such as `ldxw`. */
  readonly letter: string;
}

/** Every width. */
export const ACCESS_SIZES: readonly AccessSize[] = [
  { code: BPF_W, bytes: 4, letter: "w" },
  { code: BPF_H, bytes: 2, letter: "h" },
  { code: BPF_B, bytes: 1, letter: "b" },
  { code: BPF_DW, bytes: 8, letter: "dw" },
];

const SIZE_BYTES = new Uint8Array([4, 2, 1, 8]);

/** Size bits of an opcode. */
export function sizeOf(op: number): number {
  return op & 0x18;
}

/** Mode bits of an opcode. */
export function modeOf(op: number): number {
  return op & 0xe0;
}

/** Bytes that a load or store opcode moves. */
export function bytesOf(op: number): number {
  return SIZE_BYTES[(op & 0x18) >> 3] ?? 0;
}
