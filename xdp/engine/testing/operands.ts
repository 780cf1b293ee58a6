/** Operands at the edges of what 8, 16, 32 and 64 bits hold. */

/** 64-bit operands, unsigned. */
export const OPERANDS: readonly bigint[] = [
  0n,
  1n,
  2n,
  7n,
  31n,
  32n,
  33n,
  63n,
  64n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fffn,
  0x8000n,
  0xffffn,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x1_0000_0000n,
  0x1234_5678_9abc_def0n,
  0x7fff_ffff_ffff_ffffn,
  0x8000_0000_0000_0000n,
  0xffff_ffff_8000_0000n,
  0xffff_ffff_ffff_fff9n,
  0xffff_ffff_ffff_ffffn,
];

/** 32-bit immediates, signed. */
export const IMMEDIATES: readonly bigint[] = [0n, 1n, 2n, 7n, 31n, 32n, 63n, 255n, 0x7fffn, 0x1234_5678n, 0x7fff_ffffn, -0x8000_0000n, -0x8000n, -7n, -2n, -1n];

/** Every pair of {@link OPERANDS}. */
export function pairs(): (readonly [bigint, bigint])[] {
  return OPERANDS.flatMap((a) => OPERANDS.map((b) => [a, b] as const));
}

export const u32 = (value: bigint): bigint => BigInt.asUintN(32, value);
export const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);
export const s32 = (value: bigint): bigint => BigInt.asIntN(32, value);
export const s64 = (value: bigint): bigint => BigInt.asIntN(64, value);
