/** Dynptrs of memory and of packets, slices across fragments, and iterators over numbers. */
import { counting } from "../case.js";
import type { EngineCase } from "../case.js";
import { probeCase, stackPointer } from "../probe.js";
import type { Probe } from "../probe.js";

const EINVAL = -22;
const E2BIG = -7;
const ERANGE = -34;

/** Dynptr of the packet at r10 - 16. */
const FROM_XDP = `r1 = r6\nr2 = 0\n${stackPointer(3, -16)}\ncall bpf_dynptr_from_xdp`;
/** Dynptr at r10 - 16 of the map value `mem` (64 bytes that count up). */
const FROM_MEM = `r1 = map[mem][0]+0\nr2 = 64\nr3 = 0\n${stackPointer(4, -16)}\ncall bpf_dynptr_from_mem`;
const MEM = { name: "mem", type: "BPF_MAP_TYPE_ARRAY", value: 64, entries: 1, before: [["00000000", Buffer.from(counting(64)).toString("hex")]] } as const;

function read(offset: number, length: number, gives: number, flags = 0): Probe {
  return { asm: `*(u64 *)(r10 -64) = 0\n${stackPointer(1, -64)}\nr2 = ${length}\n${stackPointer(3, -16)}\nr4 = ${offset}\nr5 = ${flags}\ncall bpf_dynptr_read`, gives };
}

function write(offset: number, length: number, gives: number, flags = 0): Probe {
  return { asm: `r0 = 0x7766554433221100 ll\n*(u64 *)(r10 -64) = r0\n${stackPointer(1, -16)}\nr2 = ${offset}\n${stackPointer(3, -64)}\nr4 = ${length}\nr5 = ${flags}\ncall bpf_dynptr_write`, gives };
}

/** What {@link read} read. */
const seen = (gives: number): Probe => ({ asm: "r0 = *(u32 *)(r10 -64)", gives });
/** The first bytes of a slice as a number; -1 where there is none. */
function slice(offset: number, length: number, gives: number, options: { buffer?: boolean; rdwr?: boolean; add?: number } = {}): Probe {
  const { buffer = true, rdwr = false, add = 0 } = options;
  return {
    asm: `*(u64 *)(r10 -64) = 0\n${stackPointer(1, -16)}\nr2 = ${offset}\n${buffer ? stackPointer(3, -64) : "r3 = 0"}\nr4 = ${length}\ncall bpf_dynptr_slice${rdwr ? "_rdwr" : ""}\nif r0 == 0 goto @none\nr1 = *(u32 *)(r0 +0)\n${add ? `r1 += ${add}\n*(u32 *)(r0 +0) = r1\n` : ""}r0 = r1\ngoto @done\n@none: r0 = -1\n@done: r0 = r0`,
    gives: gives + add,
  };
}

function adjust(start: number | string, end: number | string, gives: number): Probe {
  return { asm: `${stackPointer(1, -16)}\nr2 = ${start}\nr3 = ${end}\ncall bpf_dynptr_adjust`, gives };
}

const size = (gives: number): Probe => ({ asm: `${stackPointer(1, -16)}\ncall bpf_dynptr_size`, gives });
const about = (what: "is_null" | "is_rdonly", gives: number): Probe => ({ asm: `${stackPointer(1, -16)}\ncall bpf_dynptr_${what}\nr0 &= 255`, gives });

/** The word of a counting packet at an offset. */
const word = (offset: number): number => new DataView(counting(offset + 4).buffer).getInt32(offset, true);

const LINEAR = 3520;
const FRAME = counting(9000);

/** A loop over an iterator of [start, end) that adds up what it gives, and stops after 20. */
function iterate(start: string, end: string): string {
  return `
      *(u64 *)(r10 -8) = 0
      r6 = 0
      r7 = 0
      r1 = r10
      r1 += -8
      r2 = ${start}
      r3 = ${end}
      call bpf_iter_num_new
      r8 = r0
    next:
      r1 = r10
      r1 += -8
      call bpf_iter_num_next
      if r0 == 0 goto done
      r1 = *(s32 *)(r0 +0)
      r6 += r1
      r7 += 1
      if r7 < 20 goto next
    done:
      r1 = r10
      r1 += -8
      call bpf_iter_num_destroy
      r0 = r6
      r0 *= 1000
      r0 += r7
      r8 <<= 32
      r8 s>>= 32
      if r8 == 0 goto out
      r0 = r8
    out:
      exit`;
}

/** An iterator over the bits of words at r10 - 64: what the first calls of next give, 0 where the end is reached. */
function bits(word0: string, words: number, gives: number, next: readonly number[], other = true): Probe[] {
  const place = `r0 = ${word0} ll\n*(u64 *)(r10 -64) = r0\n*(u64 *)(r10 -56) = ${other ? 2 : 0}`;
  const steps = next.map((_, i) => `${stackPointer(1, -32)}\ncall bpf_iter_bits_next\nif r0 == 0 goto @end${i}\nr0 = *(u32 *)(r0 +0)\n@end${i}: *(u64 *)(r10 ${-96 + i * 8}) = r0`).join("\n");
  return [
    { asm: `${place}\n${stackPointer(1, -32)}\n${stackPointer(2, -64)}\nr3 = ${words}\ncall bpf_iter_bits_new\nr7 = r0\n${steps}\n${stackPointer(1, -32)}\ncall bpf_iter_bits_destroy\nr0 = r7`, gives },
    ...next.map((value, i) => ({ asm: `r0 = *(u64 *)(r10 ${-96 + i * 8})`, gives: value })),
  ];
}

/** A record reserved, used and let go. */
function record(bytes: number, flags: number, discard: number, gives: number, uses: readonly Probe[]): Probe[] {
  return [
    { asm: `r1 = map[ring]\nr2 = ${bytes}\nr3 = ${flags}\n${stackPointer(4, -16)}\ncall bpf_ringbuf_reserve_dynptr`, gives },
    ...uses,
    { asm: `${stackPointer(1, -16)}\nr2 = 0\ncall bpf_ringbuf_${discard ? "discard" : "submit"}_dynptr\nr0 = 0`, gives: 0 },
  ];
}

export const DYNPTR_CASES: readonly EngineCase[] = [
  probeCase("a dynptr of memory", [
    { asm: FROM_MEM, gives: 0 },
    size(64),
    about("is_null", 0),
    about("is_rdonly", 0),
    read(0, 4, 0),
    seen(0x0302_0100),
    read(60, 4, 0),
    seen(0x3f3e_3d3c),
    read(61, 4, E2BIG),
    read(64, 0, 0),
    read(65, 0, E2BIG),
    read(-1, 4, E2BIG),
    read(0, 4, EINVAL, 1),
    write(8, 8, 0),
    read(8, 4, 0),
    seen(0x3322_1100),
    write(57, 8, E2BIG),
    write(0, 4, EINVAL, 1),
    { asm: `${stackPointer(1, -16)}\nr2 = 4\nr3 = 4\ncall bpf_dynptr_data\nif r0 == 0 goto @none\nr0 = *(u32 *)(r0 +0)\n@none: r0 = r0`, gives: 0x0706_0504 },
    { asm: `${stackPointer(1, -16)}\nr2 = 61\nr3 = 4\ncall bpf_dynptr_data\nif r0 == 0 goto @none\nr0 = *(u32 *)(r0 +0)\n@none: r0 = r0`, gives: 0 },
    slice(20, 4, word(20)),
    slice(61, 4, -1),
    slice(20, 4, word(20), { rdwr: true, add: 1 }),
    slice(20, 4, word(20) + 1),
  ], { maps: [MEM] }),
  probeCase("a dynptr that gets smaller", [
    { asm: FROM_MEM, gives: 0 },
    adjust(4, 3, EINVAL),
    adjust(0, 65, ERANGE),
    adjust(65, 65, ERANGE),
    adjust(4, 60, 0),
    size(56),
    read(0, 4, 0),
    seen(0x0706_0504),
    adjust(-1, -1, ERANGE),
    adjust(10, 10, 0),
    size(0),
    read(0, 0, 0),
    read(0, 1, E2BIG),
  ], { maps: [MEM] }),
  probeCase("dynptrs that could not be made are null", [
    { asm: FROM_MEM.replace("r3 = 0", "r3 = 1"), gives: EINVAL },
    about("is_null", 1),
    about("is_rdonly", 0),
    size(EINVAL),
    read(0, 1, EINVAL),
    write(0, 1, EINVAL),
    adjust(0, 0, EINVAL),
    slice(0, 4, -1),
    { asm: `${stackPointer(1, -16)}\nr2 = 0\nr3 = 0\ncall bpf_dynptr_data\nif r0 == 0 goto @none\nr0 = 7\n@none: r0 = r0`, gives: 0 },
    { asm: `${stackPointer(1, -16)}\n${stackPointer(2, -32)}\ncall bpf_dynptr_clone`, gives: EINVAL },
    { asm: FROM_XDP.replace("r2 = 0", "r2 = 1").replaceAll("-16", "-48"), gives: EINVAL },
  ], { maps: [MEM] }),
  probeCase("a clone goes its own way", [
    { asm: FROM_MEM, gives: 0 },
    { asm: `${stackPointer(1, -16)}\n${stackPointer(2, -32)}\ncall bpf_dynptr_clone`, gives: 0 },
    { asm: `${stackPointer(1, -32)}\nr2 = 10\nr3 = 20\ncall bpf_dynptr_adjust`, gives: 0 },
    { asm: `${stackPointer(1, -32)}\ncall bpf_dynptr_size`, gives: 10 },
    size(64),
    { asm: `${stackPointer(1, -16)}\nr2 = 0\n${stackPointer(3, -32)}\nr4 = 2\nr5 = 8\ncall bpf_dynptr_copy`, gives: 0 },
    read(0, 4, 0),
    seen(0x0f0e_0d0c),
    { asm: `${stackPointer(1, -16)}\nr2 = 0\n${stackPointer(3, -32)}\nr4 = 3\nr5 = 8\ncall bpf_dynptr_copy`, gives: E2BIG },
    { asm: `${stackPointer(1, -16)}\nr2 = 1\nr3 = 2\nr4 = 171\ncall bpf_dynptr_memset`, gives: 0 },
    read(0, 4, 0),
    seen(0x0fab_ab0c),
    { asm: `${stackPointer(1, -16)}\nr2 = 60\nr3 = 5\nr4 = 171\ncall bpf_dynptr_memset`, gives: E2BIG },
  ], { maps: [MEM] }),
  probeCase("a dynptr of a packet", [
    { asm: FROM_XDP, gives: 0 },
    size(64),
    about("is_rdonly", 0),
    read(10, 4, 0),
    seen(word(10)),
    read(60, 4, 0),
    read(61, 4, E2BIG),
    write(20, 4, 0),
    write(61, 4, E2BIG),
    write(20, 4, EINVAL, 1),
    slice(20, 4, 0x3322_1100),
    slice(60, 4, word(60)),
    slice(61, 4, -1),
    slice(24, 4, word(24), { buffer: false }),
    slice(24, 4, word(24), { rdwr: true, add: 1 }),
    slice(24, 4, word(24) + 1),
    { asm: `${stackPointer(1, -16)}\nr2 = 0\nr3 = 4\ncall bpf_dynptr_data\nif r0 == 0 goto @none\nr0 = 7\n@none: r0 = r0`, gives: 0 },
    adjust(14, 34, 0),
    size(20),
    slice(0, 4, word(14)),
    slice(18, 4, -1),
  ]),
  probeCase("slices of a packet of several parts", [
    { asm: FROM_XDP, gives: 0 },
    size(9000),
    slice(LINEAR - 4, 4, word(LINEAR - 4), { buffer: false }),
    slice(LINEAR - 2, 4, -1, { buffer: false }),
    slice(LINEAR - 2, 4, word(LINEAR - 2)),
    slice(LINEAR, 4, word(LINEAR), { buffer: false }),
    slice(LINEAR + 4092, 4, word(LINEAR + 4092), { buffer: false }),
    slice(LINEAR + 4093, 4, -1, { buffer: false }),
    slice(LINEAR + 4093, 4, word(LINEAR + 4093)),
    slice(LINEAR + 4096, 4, word(LINEAR + 4096), { buffer: false }),
    slice(8996, 4, word(8996), { buffer: false }),
    slice(8997, 4, -1),
    slice(LINEAR + 8, 4, word(LINEAR + 8), { rdwr: true, add: 1 }),
    slice(LINEAR + 8, 4, word(LINEAR + 8) + 1, { buffer: false }),
    // Written to the copy, which is not the packet.
    slice(LINEAR - 2, 4, word(LINEAR - 2), { rdwr: true, add: 1 }),
    slice(LINEAR - 2, 4, word(LINEAR - 2)),
    read(LINEAR - 2, 4, 0),
    seen(word(LINEAR - 2)),
    write(LINEAR - 2, 4, 0),
    slice(LINEAR - 2, 4, 0x3322_1100),
    read(5000, 8, 0),
    seen(word(5000)),
    read(8997, 4, E2BIG),
  ], { frags: true, packet: { in: FRAME } }),
  { description: "an iterator over numbers", asm: iterate("3", "8"), ret: 25_005 },
  { description: "an iterator over negative numbers", asm: iterate("-3", "2"), ret: (-5_000 + 5) >>> 0 },
  { description: "an empty iterator", asm: iterate("7", "7"), ret: 0 },
  { description: "an iterator that goes backwards", asm: iterate("8", "3"), ret: EINVAL >>> 0 },
  { description: "an iterator over 8388608 numbers", asm: iterate("0", "8388608"), ret: 190_020 },
  { description: "an iterator over 8388609 numbers", asm: iterate("0", "8388609"), ret: E2BIG >>> 0 },
  { description: "an iterator over all numbers", asm: iterate("-2147483648", "2147483647"), ret: E2BIG >>> 0 },
  { description: "an iterator at the end of numbers", asm: iterate("2147483645", "2147483647"), ret: Number((BigInt.asUintN(32, (2147483645n + 2147483646n) * 1000n + 2n))) },
  probeCase("an iterator over bits", [
    ...bits("1", 1, 0, [0, 0, 0]),
    ...bits("-9223372036854775807", 1, 0, [0, 63, 0]),
    ...bits("0", 1, 0, [0, 0, 0], false),
    ...bits("6", 2, 0, [1, 2, 65]),
    ...bits("6", 0, EINVAL, [0], false),
    ...bits("6", 512, E2BIG, [0], false),
    { asm: `${stackPointer(1, -32)}\nr2 = 0\nr3 = 1\ncall bpf_iter_bits_new\nr7 = r0\n${stackPointer(1, -32)}\ncall bpf_iter_bits_destroy\nr0 = r7`, gives: EINVAL },
  ]),
  ...[0, 1].map((discard) =>
    probeCase(`a record of a ring buffer as a dynptr, ${discard ? "thrown away" : "submitted"}`, [
      ...record(64, 0, discard, 0, [size(64), write(8, 8, 0), read(8, 4, 0), seen(0x3322_1100), write(57, 8, E2BIG), { asm: `${stackPointer(1, -16)}\nr2 = 8\nr3 = 4\ncall bpf_dynptr_data\nif r0 == 0 goto @none\nr0 = *(u32 *)(r0 +0)\n@none: r0 = r0`, gives: 0x3322_1100 }]),
      ...record(64, 1, discard, EINVAL, [size(EINVAL), about("is_null", 1)]),
      ...record(8192, 0, discard, EINVAL, [about("is_null", 1)]),
      ...record(0x100_0000, 0, discard, E2BIG, [about("is_null", 1)]),
    ], { maps: [{ name: "ring", type: "BPF_MAP_TYPE_RINGBUF", key: 0, value: 0, entries: 4096 }] }),
  ),
  { description: "locks that a device does not need", asm: "call bpf_rcu_read_lock\n call bpf_rcu_read_unlock\n call bpf_preempt_disable\n call bpf_preempt_enable\n r0 = 2\n exit", ret: 2 },
  { description: "interrupts are off and on again", asm: `${stackPointer(1, -8)}\n call bpf_local_irq_save\n ${stackPointer(1, -8)}\n call bpf_local_irq_restore\n r0 = 2\n exit`, ret: 2 },
  {
    description: "a spin lock is taken and let go, again and again",
    kernel: false,
    maps: [{ name: "locks", type: "BPF_MAP_TYPE_ARRAY", entries: 1, after: [["00000000", "0000000000000000"]] }],
    asm: "r6 = map[locks][0]+0\n r7 = 3\n more: r1 = r6\n call bpf_spin_lock\n r8 = *(u32 *)(r6 +0)\n r1 = r6\n call bpf_spin_unlock\n r7 -= 1\n if r7 != 0 goto more\n r0 = r8\n exit",
    ret: 1,
  },
  {
    // A kernel wants the lock's type in BTF.
    description: "a resilient lock is taken and let go",
    kernel: false,
    maps: [{ name: "locks", type: "BPF_MAP_TYPE_ARRAY", entries: 1, after: [["00000000", "0000000000000000"]] }],
    asm: `r6 = map[locks][0]+0\n r1 = r6\n call bpf_res_spin_lock\n r7 = r0\n r1 = r6\n call bpf_res_spin_unlock\n r1 = r6\n ${stackPointer(2, -8)}\n call bpf_res_spin_lock_irqsave\n r7 |= r0\n r1 = r6\n ${stackPointer(2, -8)}\n call bpf_res_spin_unlock_irqrestore\n r0 = r7\n r0 += 2\n exit`,
    ret: 2,
  },
  {
    description: "each function's may_goto ends loops of its own",
    asm: "r6 = 0\n more: may_goto pc+2\n r6 |= 1\n goto more\n call again\n r0 += r6\n exit\n again: r0 = 0\n less: may_goto pc+2\n r0 |= 2\n goto less\n exit",
    ret: 3,
  },
  {
    description: "may_goto ends a loop that nothing else ends",
    asm: "r0 = 0\n more: may_goto pc+2\n r0 |= 1\n goto more\n exit",
    ret: 1,
  },
];
