/** What a program finds when it starts. */
import { counting } from "../case.js";
import type { EngineCase } from "../case.js";

export const CONTEXT_CASES: readonly EngineCase[] = [
  { description: "the length from data and data_end", asm: "r2 = *(u32 *)(r1 +0)\n r0 = *(u32 *)(r1 +4)\n r0 -= r2\n exit", packets: [14, 15, 60, 64, 1514, 3519, 3520].map((length) => ({ in: counting(length), ret: length, data: "same" as const })) },
  { description: "no metadata at the start", asm: "r2 = *(u32 *)(r1 +8)\n r0 = *(u32 *)(r1 +0)\n r0 -= r2\n exit", ret: 0 },
  { description: "ingress_ifindex", asm: "r0 = *(u32 *)(r1 +12)\n exit", kernel: false, packets: [{ ifindex: 1, ret: 1 }, { ifindex: 7, ret: 7 }] },
  { description: "rx_queue_index", asm: "r0 = *(u32 *)(r1 +16)\n exit", kernel: false, packets: [{ queue: 0, ret: 0 }, { queue: 3, ret: 3 }] },
  { description: "CPU and NUMA node", asm: "call bpf_get_smp_processor_id\n r6 = r0\n call bpf_get_numa_node_id\n r0 <<= 8\n r0 |= r6\n exit", kernel: false, cpus: 4, packets: [{ cpu: 0, ret: 0 }, { cpu: 3, ret: 3 }] },
  { description: "the low 32 bits of r0 are returned", asm: "r0 = 0x1200000003 ll\n exit", ret: 3 },
  { description: "a return value above XDP_REDIRECT is given as it is", asm: "r0 = -1\n exit", ret: 0xffff_ffff },
  {
    description: "one packet leaves nothing to the next",
    asm: `
      r6 = *(u32 *)(r1 +0)
      r7 = *(u32 *)(r1 +4)
      r2 = r6
      r2 += 14
      r0 = 0
      if r2 > r7 goto out
      r0 = *(u8 *)(r6 +13)
      *(u8 *)(r6 +13) = 200
    out:
      exit`,
    packets: Array.from({ length: 5 }, () => ({ in: counting(20), ret: 13 })),
  },
  {
    description: "a stack that is read before it is written holds zeros",
    kernel: false,
    asm: "r0 = *(u64 *)(r10 -8)\n r1 = *(u64 *)(r10 -512)\n r0 |= r1\n *(u64 *)(r10 -8) = 7\n *(u64 *)(r10 -512) = 7\n exit",
    packets: [{ ret: 0 }, { ret: 0 }],
  },
];
