/** Packets of several buffers: 3520 bytes in the linear part, then pages of 4096. */
import { counting } from "../case.js";
import type { EngineCase } from "../case.js";

const EINVAL = -22 >>> 0;
const LINEAR = 3520;

function grown(length: number, by: number): Uint8Array {
  const bytes = new Uint8Array(length + by);
  bytes.set(counting(length));
  return bytes;
}

function tail(delta: number, length: number, ret: number): EngineCase {
  return {
    description: `adjust_tail by ${delta} of ${length} bytes gives ${ret | 0}`,
    frags: true,
    asm: `r2 = ${delta}\n call bpf_xdp_adjust_tail\n exit`,
    packets: [{
      in: counting(length),
      ret,
      data: ret !== 0 ? "same" : delta < 0 ? counting(length).slice(0, length + delta) : grown(length, delta),
      linear: ret === 0 ? Math.min(LINEAR, length + delta) : Math.min(LINEAR, length),
    }],
  };
}

export const FRAGMENT_CASES: readonly EngineCase[] = [
  {
    description: "data_end is the end of the linear part",
    frags: true,
    asm: "r2 = *(u32 *)(r1 +0)\n r0 = *(u32 *)(r1 +4)\n r0 -= r2\n exit",
    packets: [3520, 3521, 9000].map((length) => ({ in: counting(length), ret: LINEAR, data: "same" as const, linear: LINEAR })),
  },
  {
    description: "a program that takes no fragments sees the linear part, too",
    asm: "r2 = *(u32 *)(r1 +0)\n r0 = *(u32 *)(r1 +4)\n r0 -= r2\n exit",
    packets: [{ in: counting(5000), ret: LINEAR, data: "same", linear: LINEAR }],
  },
  { description: "buffer length counts all parts", frags: true, asm: "call bpf_xdp_get_buff_len\n exit", packets: [3521, 9000, 20000].map((length) => ({ in: counting(length), ret: length })) },
  tail(-1, 9000, 0),
  tail(-5480, 9000, 0),
  tail(-5481, 9000, 0),
  tail(-8986, 9000, 0),
  tail(-8987, 9000, EINVAL),
  tail(-1384, 9000, 0),
  tail(-1385, 9000, 0),
  // 9000 bytes: 3520, 4096 and 1384, so the last fragment has 2712 left.
  tail(1, 9000, 0),
  tail(2712, 9000, 0),
  tail(2713, 9000, EINVAL),
  tail(1, LINEAR + 4096, EINVAL),
  tail(4095, 3521, 0),
  tail(4096, 3521, EINVAL),
  {
    description: "once the fragments are gone, the tail is the linear part's",
    frags: true,
    asm: "r6 = r1\n r2 = -100\n call bpf_xdp_adjust_tail\n r1 = r6\n r2 = 20\n call bpf_xdp_adjust_tail\n exit",
    packets: [{ in: counting(3600), ret: 0, data: grown(3500, 20), linear: 3520 }],
  },
  {
    description: "load_bytes across the parts",
    frags: true,
    asm: "r2 = 3518\n r3 = r10\n r3 += -8\n r4 = 4\n *(u64 *)(r10 -8) = 0\n call bpf_xdp_load_bytes\n r1 = *(u64 *)(r10 -8)\n r0 |= r1\n exit",
    packets: [{ in: counting(3600), ret: 0xc1c0bfbe }],
  },
  {
    description: "load_bytes across two fragments",
    frags: true,
    asm: `r2 = ${LINEAR + 4094}\n r3 = r10\n r3 += -8\n r4 = 4\n *(u64 *)(r10 -8) = 0\n call bpf_xdp_load_bytes\n r1 = *(u64 *)(r10 -8)\n r0 |= r1\n exit`,
    packets: [{ in: counting(9000), ret: 0xc1c0bfbe }],
  },
  {
    description: "store_bytes across the parts",
    frags: true,
    asm: "r6 = -1\n *(u64 *)(r10 -8) = r6\n r2 = 3517\n r3 = r10\n r3 += -8\n r4 = 8\n call bpf_xdp_store_bytes\n exit",
    packets: [{ in: counting(3600), ret: 0, data: counting(3600).fill(0xff, 3517, 3525) }],
  },
  {
    description: "store_bytes beyond the last part",
    frags: true,
    asm: "r6 = -1\n *(u64 *)(r10 -8) = r6\n r2 = 3593\n r3 = r10\n r3 += -8\n r4 = 8\n call bpf_xdp_store_bytes\n exit",
    packets: [{ in: counting(3600), ret: EINVAL, data: "same" }],
  },
  {
    description: "adjust_head leaves the fragments alone",
    frags: true,
    asm: "r2 = 100\n call bpf_xdp_adjust_head\n exit",
    packets: [{ in: counting(5000), ret: 0, data: counting(5000).slice(100), linear: 3420 }],
  },
];
