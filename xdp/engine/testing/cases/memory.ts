/** Loads and stores of every size, on packet and stack; sign extension. */
import { EPILOGUE, counting, hex, prologue, withU64 } from "../case.js";
import type { EngineCase } from "../case.js";

const BYTES = hex("80 7f ff 00 01 fe 81 c3 12 34 56 78 9a bc de f0");
const PACKET = Uint8Array.from([...counting(16), ...BYTES, ...new Uint8Array(32)]);
const SIZES = [8, 16, 32, 64] as const;

/** The number of `bits` bits at `offset` of {@link PACKET}, little-endian. */
function at(offset: number, bits: number): bigint {
  return BigInt.asUintN(bits, new DataView(PACKET.buffer).getBigUint64(offset, true));
}

function loadCase(type: string, offset: number, value: bigint): EngineCase {
  return {
    description: `load of ${type} at ${offset}`,
    asm: `${prologue(64)}
      r8 = *(${type} *)(r6 +${offset})
      *(u64 *)(r6 +40) = r8
      ${EPILOGUE}`,
    packets: [{ in: PACKET, ret: 2, data: withU64(PACKET, [40, value]) }],
  };
}

function withBytes(offset: number, bits: number, value: bigint): Uint8Array {
  const copy = PACKET.slice();
  for (let i = 0; i < bits / 8; i++) copy[offset + i] = Number((value >> BigInt(8 * i)) & 0xffn);
  return copy;
}

export const MEMORY_CASES: readonly EngineCase[] = [
  ...SIZES.flatMap((bits) => [16, 17, 19, 22].map((offset) => loadCase(`u${bits}`, offset, at(offset, bits)))),
  ...[8, 16, 32].flatMap((bits) => [16, 17, 18, 22, 28].map((offset) => loadCase(`s${bits}`, offset, BigInt.asIntN(bits, at(offset, bits))))),
  ...SIZES.map((bits): EngineCase => ({
    description: `store of u${bits} from a register`,
    asm: `${prologue(64)}
      r3 = 0x8899aabbccddeeff ll
      *(u${bits} *)(r6 +41) = r3
      ${EPILOGUE}`,
    packets: [{ in: PACKET, ret: 2, data: withBytes(41, bits, 0x8899aabbccddeeffn) }],
  })),
  ...SIZES.flatMap((bits) => [-2n, 0x12345678n, 0x7fff_ffffn, -0x8000_0000n].map((imm): EngineCase => ({
    description: `store of u${bits} from immediate ${imm}`,
    asm: `${prologue(64)}
      *(u${bits} *)(r6 +40) = ${imm}
      ${EPILOGUE}`,
    packets: [{ in: PACKET, ret: 2, data: withBytes(40, bits, BigInt.asUintN(64, imm)) }],
  }))),
  {
    description: "a register spilled to the stack and filled",
    asm: `${prologue(64)}
      r8 = 0x1122334455667788 ll
      *(u64 *)(r10 -8) = r8
      *(u64 *)(r10 -512) = r6
      r3 = *(u64 *)(r10 -8)
      r4 = *(u64 *)(r10 -512)
      *(u64 *)(r4 +40) = r3
      ${EPILOGUE}`,
    packets: [{ in: PACKET, ret: 2, data: withU64(PACKET, [40, 0x1122334455667788n]) }],
  },
  {
    description: "bytes of the stack written in one size and read in others",
    asm: `${prologue(64)}
      r8 = 0x1122334455667788 ll
      *(u64 *)(r10 -16) = r8
      *(u8 *)(r10 -13) = 0
      *(u16 *)(r10 -10) = -1
      r3 = *(u64 *)(r10 -16)
      *(u64 *)(r6 +40) = r3
      r3 = *(u16 *)(r10 -14)
      *(u64 *)(r6 +48) = r3
      r3 = *(s16 *)(r10 -10)
      *(u64 *)(r6 +56) = r3
      ${EPILOGUE}`,
    packets: [{ in: PACKET, ret: 2, data: withU64(PACKET, [40, 0xffff_3344_0066_7788n], [48, 0x0066n], [56, -1n]) }],
  },
  {
    description: "negative and large offsets",
    asm: `${prologue(64)}
      r3 = r6
      r3 += 63
      r4 = *(u8 *)(r3 -47)
      *(u8 *)(r3 +0) = r4
      ${EPILOGUE}`,
    packets: [{ in: PACKET, ret: 2, data: withBytes(63, 8, 0x80n) }],
  },
  {
    description: "offsets of 16 bits: 32767 and -32768",
    asm: `
      r7 = map[big][0]+32768 ll
      r8 = 0x1122334455667788 ll
      *(u64 *)(r7 -32768) = r8
      *(u8 *)(r7 +32767) = 90
      r6 = map[big][0]+0 ll
      r0 = *(u32 *)(r6 +0)
      r6 = map[big][0]+65535 ll
      r1 = *(u8 *)(r6 +0)
      r2 = *(u8 *)(r7 +32767)
      r3 = *(s16 *)(r7 -32768)
      r0 += r1
      r0 += r2
      r0 += r3
      exit`,
    maps: [{ name: "big", type: "BPF_MAP_TYPE_ARRAY", value: 65544, entries: 1 }],
    ret: 0x5566_7788 + 90 + 90 + 0x7788,
  },
  {
    description: "a load into the register that it loads through",
    asm: `
      r7 = *(u32 *)(r1 +4)
      r1 = *(u32 *)(r1 +0)
      r2 = r1
      r2 += 20
      r0 = 0
      if r2 > r7 goto out
      r2 = r1
      r1 = *(u64 *)(r1 +0)
      r2 = *(s8 *)(r2 +19)
      r0 = r1
      r0 += r2
    out:
      exit`,
    packets: [{ in: counting(20), ret: 0x0302_0100 + 19 }],
  },
  {
    description: "the last byte of the packet, found by its end",
    asm: `${prologue(64)}
      r8 = *(u8 *)(r6 +63)
      r0 = r8
    out:
      exit`,
    packets: [{ in: counting(64), ret: 63 }, { in: counting(100), ret: 63 }, { in: counting(63), ret: 0 }],
  },
];
