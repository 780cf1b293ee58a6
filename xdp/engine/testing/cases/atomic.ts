/** Atomic operations of both widths, with and without fetch; ordered loads and stores. */
import { EPILOGUE, counting, prologue, withU64 } from "../case.js";
import type { CasePacket, EngineCase } from "../case.js";
import { u32, u64 } from "../operands.js";

type Width = 32 | 64;
const WIDTHS: readonly Width[] = [64, 32];
const VALUES: readonly bigint[] = [0n, 1n, 0x7fff_ffffn, 0xffff_ffffn, 0x1234_5678_9abc_def0n, 0x8000_0000_0000_0000n, 0xffff_ffff_ffff_ffffn];
const PAIRS = VALUES.flatMap((a) => VALUES.map((b) => [a, b] as const));

const OPERATIONS: readonly { readonly name: string; readonly symbol: string; readonly of: (a: bigint, b: bigint) => bigint }[] = [
  { name: "add", symbol: "+=", of: (a, b) => a + b },
  { name: "or", symbol: "|=", of: (a, b) => a | b },
  { name: "and", symbol: "&=", of: (a, b) => a & b },
  { name: "xor", symbol: "^=", of: (a, b) => a ^ b },
];

/** Memory after an operation of `width` bits: the other half stays. */
function stored(before: bigint, value: bigint, width: Width): bigint {
  return width === 64 ? u64(value) : (before & ~0xffff_ffffn) | u32(value);
}

const low = (value: bigint, width: Width): bigint => BigInt.asUintN(width, value);

/** Memory (on the stack) from 16, operand from 24; memory afterwards to 32, the operand's register to 40, r0 to 48. */
function atomicCase(description: string, statement: string, of: (a: bigint, b: bigint) => { memory: bigint; operand: bigint; r0: bigint }): EngineCase {
  return {
    description,
    asm: `${prologue(56)}
      r3 = *(u64 *)(r6 +16)
      *(u64 *)(r10 -8) = r3
      r8 = *(u64 *)(r6 +24)
      r0 = 0x1234567800000001 ll
      ${statement}
      r3 = *(u64 *)(r10 -8)
      *(u64 *)(r6 +32) = r3
      *(u64 *)(r6 +40) = r8
      *(u64 *)(r6 +48) = r0
      ${EPILOGUE}`,
    packets: PAIRS.map(([a, b]): CasePacket => {
      const { memory, operand, r0 } = of(a, b);
      const frame = withU64(counting(56), [16, a], [24, b]);
      return { in: frame, ret: 2, data: withU64(frame, [32, memory], [40, operand], [48, r0]) };
    }),
  };
}

const R0 = 0x1234_5678_0000_0001n;

export const ATOMIC_CASES: readonly EngineCase[] = [
  ...WIDTHS.flatMap((width) => {
    const at = `(u${width} *)(r10 -8)`;
    const prefix = width === 64 ? "atomic64" : "atomic";
    const r = width === 64 ? "r" : "w";
    return [
      ...OPERATIONS.map(({ name, symbol, of }) =>
        atomicCase(`${name}, ${width} bits`, `lock *${at} ${symbol} ${r}8`, (a, b) => ({ memory: stored(a, of(a, b), width), operand: b, r0: R0 })),
      ),
      ...OPERATIONS.map(({ name, of }) =>
        atomicCase(`fetch_${name}, ${width} bits`, `${r}8 = ${prefix}_fetch_${name}(${at}, ${r}8)`, (a, b) => ({ memory: stored(a, of(a, b), width), operand: low(a, width), r0: R0 })),
      ),
      atomicCase(`xchg, ${width} bits`, `${r}8 = ${prefix}_xchg(${at}, ${r}8)`, (a, b) => ({ memory: stored(a, b, width), operand: low(a, width), r0: R0 })),
      atomicCase(`cmpxchg, ${width} bits`, `r0 = 1\n ${r}0 = ${prefix}_cmpxchg(${at}, ${r}0, ${r}8)`, (a, b) => ({
        memory: low(a, width) === 1n ? stored(a, b, width) : a,
        operand: b,
        r0: low(a, width),
      })),
    ];
  }),
  ...[8, 16, 32, 64].flatMap((bits) => [
    atomicCase(`load_acquire of ${bits} bits`, `r8 = load_acquire((u${bits} *)(r10 -8))`, (a) => ({ memory: a, operand: BigInt.asUintN(bits, a), r0: R0 })),
    atomicCase(`store_release of ${bits} bits`, `store_release((u${bits} *)(r10 -8), r8)`, (a, b) => ({
      memory: (a & ~((1n << BigInt(bits)) - 1n)) | BigInt.asUintN(bits, b),
      operand: b,
      r0: R0,
    })),
  ]),
  ...OPERATIONS.map(({ name, of }) =>
    atomicCase(`fetch_${name}, 32 bits in the upper half of a word`, `w8 = atomic_fetch_${name}((u32 *)(r10 -4), w8)`, (a, b) => ({ memory: (a & 0xffff_ffffn) | (u32(of(a >> 32n, b)) << 32n), operand: a >> 32n, r0: R0 })),
  ),
  atomicCase("cmpxchg of r0 with itself, 64 bits", "r0 = r8\n r0 = atomic64_cmpxchg((u64 *)(r10 -8), r0, r0)", (a, b) => ({ memory: a, operand: b, r0: a })),
  atomicCase("fetch_add into r0, 64 bits", "r0 = r8\n r0 = atomic64_fetch_add((u64 *)(r10 -8), r0)", (a, b) => ({ memory: u64(a + b), operand: b, r0: a })),
  {
    description: "cmpxchg of 32 bits compares the low half of r0 only",
    asm: `
      *(u64 *)(r10 -8) = 5
      r0 = 0x7700000005 ll
      r1 = 9
      w0 = atomic_cmpxchg((u32 *)(r10 -8), w0, w1)
      r2 = *(u64 *)(r10 -8)
      r0 <<= 8
      r0 |= r2
      exit`,
    ret: 0x509,
  },
  {
    description: "a counter in a map value, over several packets",
    asm: `
      *(u32 *)(r10 -4) = 1
      r1 = map[counters] ll
      r2 = r10
      r2 += -4
      call bpf_map_lookup_elem
      if r0 == 0 goto none
      r1 = 3
      lock *(u64 *)(r0 +8) += r1
      r2 = 1
      r2 = atomic64_fetch_add((u64 *)(r0 +0), r2)
      r0 = r2
      exit
    none:
      r0 = 99
      exit`,
    maps: [{ name: "counters", type: "BPF_MAP_TYPE_ARRAY", value: 16, entries: 2, after: [["01000000", "0400000000000000 0c00000000000000"]] }],
    packets: [{ ret: 0 }, { ret: 1 }, { ret: 2 }, { ret: 3 }],
  },
];
