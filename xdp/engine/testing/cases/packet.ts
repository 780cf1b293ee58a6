/** Helpers that move the packet's ends or copy from and to it. */
import { FAULT_READ } from "../../../abi.js";
import { EPILOGUE, counting, hex, prologue } from "../case.js";
import type { EngineCase } from "../case.js";

const EINVAL = -22 >>> 0;
const EACCES = -13 >>> 0;
const EFAULT = -14 >>> 0;

function adjust(helper: "head" | "tail" | "meta", delta: number): string {
  return `r2 = ${delta}\n call bpf_xdp_adjust_${helper}`;
}

/** One call, whose result is returned. */
function one(helper: "head" | "tail" | "meta", delta: number, packet: { readonly in?: Uint8Array; readonly ret: number; readonly data: Uint8Array | "same"; readonly meta?: Uint8Array }): EngineCase {
  return { description: `adjust_${helper} by ${delta} of ${packet.in?.length ?? 64} bytes gives ${packet.ret | 0}`, asm: `${adjust(helper, delta)}\n exit`, packets: [packet] };
}

const zeros = (length: number): Uint8Array => new Uint8Array(length);
const joined = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));
const P = counting(64);
const copy = (helper: string, offset: number, length: number, buffer = 16): string => `r2 = ${offset}\n r3 = r10\n r3 += -${buffer}\n r4 = ${length}\n call bpf_xdp_${helper}_bytes`;

export const PACKET_CASES: readonly EngineCase[] = [
  one("head", 0, { ret: 0, data: "same" }),
  one("head", 20, { ret: 0, data: P.slice(20) }),
  one("head", 50, { ret: 0, data: P.slice(50) }),
  one("head", 51, { ret: EINVAL, data: "same" }),
  one("head", -20, { ret: 0, data: joined(zeros(20), P) }),
  one("head", -216, { ret: 0, data: joined(zeros(216), P) }),
  one("head", -217, { ret: EINVAL, data: "same" }),
  one("head", -0x8000_0000, { ret: EINVAL, data: "same" }),
  one("head", 0x7fff_ffff, { ret: EINVAL, data: "same" }),
  one("head", 1, { in: counting(14), ret: EINVAL, data: "same" }),
  one("tail", 0, { ret: 0, data: "same" }),
  one("tail", -50, { ret: 0, data: P.slice(0, 14) }),
  one("tail", -51, { ret: EINVAL, data: "same" }),
  one("tail", 100, { ret: 0, data: joined(P, zeros(100)) }),
  one("tail", 3520 - 64, { ret: 0, data: joined(P, zeros(3456)) }),
  one("tail", 3520 - 63, { ret: EINVAL, data: "same" }),
  one("tail", 0x7fff_ffff, { ret: EINVAL, data: "same" }),
  one("tail", -0x8000_0000, { ret: EINVAL, data: "same" }),
  one("tail", 1, { in: counting(3520), ret: EINVAL, data: "same" }),
  one("meta", 0, { ret: 0, data: "same", meta: zeros(0) }),
  one("meta", -4, { ret: 0, data: "same", meta: zeros(4) }),
  one("meta", -32, { ret: 0, data: "same", meta: zeros(32) }),
  one("meta", -200, { ret: 0, data: "same", meta: zeros(200) }),
  one("meta", -216, { ret: 0, data: "same", meta: zeros(216) }),
  one("meta", -220, { ret: EINVAL, data: "same", meta: zeros(0) }),
  one("meta", -3, { ret: EACCES, data: "same", meta: zeros(0) }),
  one("meta", 4, { ret: EINVAL, data: "same", meta: zeros(0) }),
  ...([[-252, 0], [-256, EACCES]] as const).map(([delta, ret]): EngineCase => ({
    description: `metadata is at most 252 bytes long: adjust_meta by ${delta} where there is room gives ${ret | 0}`,
    asm: `r6 = r1\n ${adjust("head", 50)}\n r1 = r6\n ${adjust("meta", delta)}\n exit`,
    packets: [{ ret, data: P.slice(50), meta: ret === 0 ? joined(zeros(202), P.slice(0, 50)) : zeros(0) }],
  })),
  {
    description: "the offset counts with its low 32 bits",
    asm: "r2 = 0x1fffffffc ll\n call bpf_xdp_adjust_head\n exit",
    packets: [{ ret: 0, data: joined(zeros(4), P) }],
  },
  {
    description: "head down and up again: the bytes are still there",
    asm: `r6 = r1\n ${adjust("head", 30)}\n r1 = r6\n ${adjust("head", -30)}\n exit`,
    packets: [{ ret: 0, data: "same" }],
  },
  {
    description: "tail cut and grown again: the bytes are gone",
    asm: `r6 = r1\n ${adjust("tail", -30)}\n r1 = r6\n ${adjust("tail", 30)}\n exit`,
    packets: [{ ret: 0, data: joined(P.slice(0, 34), zeros(30)) }],
  },
  {
    description: "encapsulation: a header written into new headroom",
    asm: `r9 = r1\n ${adjust("head", -8)}
      r6 = *(u32 *)(r9 +0)
      r7 = *(u32 *)(r9 +4)
      r2 = r6
      r2 += 8
      r0 = 0
      if r2 > r7 goto out
      r3 = 0x1122334455667788 ll
      *(u64 *)(r6 +0) = r3
      ${EPILOGUE}`,
    packets: [{ ret: 2, data: joined(hex("8877665544332211"), P) }],
  },
  {
    description: "metadata is written, read, and moves with the head",
    asm: `r9 = r1\n ${adjust("meta", -8)}
      r6 = *(u32 *)(r9 +8)
      r7 = *(u32 *)(r9 +0)
      r2 = r6
      r2 += 8
      r0 = 0
      if r2 > r7 goto out
      r3 = 0x1122334455667788 ll
      *(u64 *)(r6 +0) = r3
      r1 = r9
      ${adjust("head", -16)}
      r6 = *(u32 *)(r9 +8)
      r7 = *(u32 *)(r9 +0)
      r2 = r6
      r2 += 8
      if r2 > r7 goto out
      r0 = *(u8 *)(r6 +1)
    out:
      exit`,
    packets: [{ ret: 0x77, data: joined(hex("0000000000000000"), hex("8877665544332211"), P), meta: hex("8877665544332211") }],
  },
  {
    description: "metadata leaves less headroom",
    asm: `r6 = r1\n ${adjust("meta", -16)}\n r1 = r6\n ${adjust("head", -201)}\n r7 = r0\n r1 = r6\n ${adjust("head", -200)}\n r0 |= r7\n exit`,
    packets: [{ ret: EINVAL, meta: zeros(16) }],
  },
  {
    description: "metadata grows and shrinks",
    asm: `r6 = r1\n ${adjust("meta", -16)}\n r1 = r6\n ${adjust("meta", 12)}\n exit`,
    packets: [{ ret: 0, data: "same", meta: zeros(4) }],
  },
  {
    description: "what an adjust takes away is out of reach",
    asm: `r6 = r1\n ${adjust("tail", -1)}\n r1 = *(u32 *)(r6 +0)\n r0 = *(u8 *)(r1 +63)\n exit`,
    kernel: false,
    packets: [{ fault: { code: FAULT_READ, insn: 4 } }],
  },
  {
    description: "the headroom is out of reach",
    asm: "r2 = *(u32 *)(r1 +0)\n r0 = *(u8 *)(r2 -1)\n exit",
    kernel: false,
    packets: [{ fault: { code: FAULT_READ, insn: 1 } }],
  },
  { description: "buffer length", asm: "call bpf_xdp_get_buff_len\n exit", packets: [14, 64, 1514, 3520].map((length) => ({ in: counting(length), ret: length })) },
  {
    description: "load_bytes",
    asm: `*(u64 *)(r10 -8) = 0\n *(u64 *)(r10 -16) = 0\n ${copy("load", 5, 3)}\n r1 = *(u64 *)(r10 -16)\n r0 |= r1\n exit`,
    ret: 0x070605,
  },
  { description: "load_bytes up to the end", asm: `${copy("load", 48, 16)}\n r0 = *(u8 *)(r10 -1)\n exit`, ret: 63 },
  { description: "load_bytes across the end", asm: `*(u64 *)(r10 -8) = 0\n *(u64 *)(r10 -16) = 0\n ${copy("load", 49, 16)}\n exit`, ret: EINVAL },
  { description: "load_bytes from above 65535", asm: `*(u64 *)(r10 -8) = 0\n *(u64 *)(r10 -16) = 0\n ${copy("load", 65536, 16)}\n exit`, ret: EFAULT },
  { description: "load_bytes from a negative offset", asm: `*(u64 *)(r10 -8) = 0\n *(u64 *)(r10 -16) = 0\n ${copy("load", -1, 16)}\n exit`, ret: EFAULT },
  {
    description: "store_bytes",
    asm: `r6 = -1\n *(u64 *)(r10 -16) = r6\n *(u64 *)(r10 -8) = r6\n ${copy("store", 61, 3)}\n exit`,
    packets: [{ ret: 0, data: joined(P.slice(0, 61), hex("ffffff")) }],
  },
  {
    description: "store_bytes across the end changes nothing",
    asm: `r6 = -1\n *(u64 *)(r10 -16) = r6\n *(u64 *)(r10 -8) = r6\n ${copy("store", 62, 3)}\n exit`,
    packets: [{ ret: EINVAL, data: "same" }],
  },
  {
    description: "swap of MAC addresses",
    asm: `${prologue(14)}
      r2 = *(u32 *)(r6 +0)
      r3 = *(u16 *)(r6 +4)
      r4 = *(u32 *)(r6 +6)
      r5 = *(u16 *)(r6 +10)
      *(u32 *)(r6 +0) = r4
      *(u16 *)(r6 +4) = r5
      *(u32 *)(r6 +6) = r2
      *(u16 *)(r6 +10) = r3
      r0 = 3
    out:
      exit`,
    packets: [{ in: counting(14), ret: 3, data: hex("060708090a0b 000102030405 0c0d") }],
  },
];
