/** What a program may not do: the packet is aborted, and the result says where. */
import { ARG_SIZE_MAX, FAULT_ALIGNMENT, FAULT_ARGUMENT, FAULT_FUEL, FAULT_READ, FAULT_WRITE, FUEL } from "../../../abi.js";
import { counting, prologue } from "../case.js";
import type { EngineCase, Expected } from "../case.js";

function fault(description: string, asm: string, expected: Expected["fault"], more: Partial<EngineCase> = {}): EngineCase {
  return { description, kernel: false, asm, packets: [{ ...(expected ? { fault: expected } : {}), data: "same" }], ...more };
}

const HASH = [{ name: "m", type: "BPF_MAP_TYPE_HASH" }] as const;
const STACK = "r2 = r10\n r2 += -8\n *(u64 *)(r10 -8) = 0";

export const FAULT_CASES: readonly EngineCase[] = [
  fault("read through NULL", "r1 = 0\n r0 = *(u64 *)(r1 +0)\n exit", { code: FAULT_READ, insn: 1, address: 0n }),
  fault("read near NULL", "r1 = 0\n r0 = *(u8 *)(r1 +100)\n exit", { code: FAULT_READ, insn: 1, address: 100n }),
  fault("read below NULL", "r1 = 0\n r0 = *(u8 *)(r1 -1)\n exit", { code: FAULT_READ, insn: 1, address: 0xffff_ffff_ffff_ffffn }),
  fault("write through NULL", "r1 = 0\n *(u32 *)(r1 +4) = 1\n exit", { code: FAULT_WRITE, insn: 1, address: 4n }),
  fault("an address of more than 32 bits", "r2 = *(u32 *)(r1 +0)\n r3 = 0x100000000 ll\n r2 += r3\n r0 = *(u8 *)(r2 +0)\n exit", { code: FAULT_READ, insn: 4 }),
  fault("the highest addresses", "r1 = 0xfffffffc ll\n r0 = *(u64 *)(r1 +0)\n exit", { code: FAULT_READ, insn: 2, address: 0xffff_fffcn }),
  fault("the highest 64-bit addresses", "r1 = -4\n r0 = *(u64 *)(r1 +0)\n exit", { code: FAULT_READ, insn: 1, address: 0xffff_ffff_ffff_fffcn }),
  fault("one byte behind the packet", "r2 = *(u32 *)(r1 +4)\n r0 = *(u8 *)(r2 +0)\n exit", { code: FAULT_READ, insn: 1 }),
  fault("a read across the packet's end", "r2 = *(u32 *)(r1 +4)\n r0 = *(u64 *)(r2 -7)\n exit", { code: FAULT_READ, insn: 1 }),
  fault("a write across the packet's end", "r2 = *(u32 *)(r1 +4)\n *(u16 *)(r2 -1) = 0\n exit", { code: FAULT_WRITE, insn: 1 }),
  { description: "the last bytes of the packet", kernel: false, asm: "r2 = *(u32 *)(r1 +4)\n r0 = *(u16 *)(r2 -2)\n *(u64 *)(r2 -8) = 0\n exit", packets: [{ ret: 0x3f3e }] },
  fault("one byte above the stack", "r0 = *(u8 *)(r10 +0)\n exit", { code: FAULT_READ, insn: 0 }),
  fault("one byte below the stack", "*(u8 *)(r10 -513) = 1\n exit", { code: FAULT_WRITE, insn: 0 }),
  fault("a write across the stack's end", "*(u64 *)(r10 -4) = 1\n exit", { code: FAULT_WRITE, insn: 0 }),
  fault("a write to the context", "*(u32 *)(r1 +0) = 1\n exit", { code: FAULT_WRITE, insn: 0 }),
  fault("a read behind the context", "r0 = *(u32 *)(r1 +24)\n exit", { code: FAULT_READ, insn: 0 }),
  fault("a read across the context's end", "r0 = *(u64 *)(r1 +20)\n exit", { code: FAULT_READ, insn: 0 }),
  fault("a store of a register", "r3 = 5\n r2 = 0\n *(u64 *)(r2 +8) = r3\n exit", { code: FAULT_WRITE, insn: 2, address: 8n }),
  fault("a map's own header", "r1 = map[m] ll\n r0 = *(u32 *)(r1 +0)\n exit", { code: FAULT_READ, insn: 2 }, { maps: HASH }),
  fault("a lookup that found nothing, not looked at", `${STACK}\n r1 = map[m] ll\n call bpf_map_lookup_elem\n r0 = *(u64 *)(r0 +0)\n exit`, { code: FAULT_READ, insn: 6, address: 0n }, { maps: HASH }),
  fault("a fault in the second half of a loop", "r2 = *(u32 *)(r1 +0)\n r3 = 0\n more: r4 = *(u8 *)(r2 +0)\n r2 += 1\n r3 += 1\n if r3 < 100 goto more\n r0 = 2\n exit", { code: FAULT_READ, insn: 2 }),
  fault("an atomic operation through NULL", "r1 = 0\n r2 = 1\n lock *(u64 *)(r1 +0) += r2\n exit", { code: FAULT_WRITE, insn: 2, address: 0n }),
  fault("an atomic operation out of line, 8 bytes", "r1 = 1\n *(u64 *)(r10 -16) = r1\n *(u64 *)(r10 -8) = r1\n lock *(u64 *)(r10 -12) += r1\n exit", { code: FAULT_ALIGNMENT, insn: 3 }),
  fault("an atomic operation out of line, 4 bytes", "r1 = 1\n *(u64 *)(r10 -8) = r1\n w1 = atomic_fetch_add((u32 *)(r10 -6), w1)\n exit", { code: FAULT_ALIGNMENT, insn: 2 }),
  fault("an ordered load out of bounds", "r1 = 0\n r0 = load_acquire((u32 *)(r1 +8))\n exit", { code: FAULT_READ, insn: 1, address: 8n }),
  fault("an ordered store to the context", "store_release((u32 *)(r1 +0), r1)\n exit", { code: FAULT_WRITE, insn: 0 }),
  { description: "what was written before a fault stays", kernel: false, asm: `${prologue(20)}\n *(u8 *)(r6 +0) = 99\n r1 = 0\n r0 = *(u8 *)(r1 +0)\n out: exit`, packets: [{ in: counting(20), ret: 0, data: counting(20).fill(99, 0, 1), fault: { code: FAULT_READ, insn: 9, address: 0n } }] },
  { description: "the packet after a fault runs as if nothing had been", kernel: false, asm: "r0 = *(u32 *)(r1 +16)\n if r0 == 0 goto fine\n r1 = 0\n r0 = *(u8 *)(r1 +0)\n fine: r0 = 2\n exit", packets: [{ queue: 0, ret: 2 }, { queue: 1, fault: { code: FAULT_READ, insn: 3 } }, { queue: 0, ret: 2 }] },
  fault("an endless loop", "r0 = 0\n goto -1\n exit", { code: FAULT_FUEL, insn: 1 }),
  fault("an endless loop over two conditions", "r0 = 1\n more: r0 += 2\n if r0 & 1 goto more\n goto more\n exit", { code: FAULT_FUEL, insn: 2 }),
  { description: "as many jumps back as there is fuel", kernel: false, asm: `r1 = ${FUEL}\n r0 = 2\n more: r1 -= 1\n if r1 s>= 0 goto more\n exit`, packets: [{ ret: 2 }] },
  fault("one jump back more than there is fuel", `r1 = ${FUEL + 1}\n r0 = 2\n more: r1 -= 1\n if r1 s>= 0 goto more\n exit`, { code: FAULT_FUEL, insn: 3 }),
  fault("a map that is none", `${STACK}\n r1 = r10\n call bpf_map_lookup_elem\n exit`, { code: FAULT_ARGUMENT, insn: 4 }, { maps: HASH }),
  fault("a map that is NULL", `${STACK}\n r1 = 0\n call bpf_map_lookup_elem\n exit`, { code: FAULT_ARGUMENT, insn: 4, address: 0n }),
  fault("a map's address, moved", `${STACK}\n r1 = map[m] ll\n r1 += 4\n call bpf_map_lookup_elem\n exit`, { code: FAULT_ARGUMENT, insn: 6 }, { maps: HASH }),
  fault("a key that is NULL", "r1 = map[m] ll\n r2 = 0\n call bpf_map_lookup_elem\n exit", { code: FAULT_ARGUMENT, insn: 3, address: 0n }, { maps: HASH }),
  fault("a key across the end of the stack", "r1 = map[m] ll\n r2 = r10\n r2 += -2\n call bpf_map_lookup_elem\n exit", { code: FAULT_ARGUMENT, insn: 4 }, { maps: HASH }),
  fault("a value that is out of reach", `${STACK}\n r1 = map[m] ll\n r3 = r10\n r3 += -4\n r4 = 0\n call bpf_map_update_elem\n exit`, { code: FAULT_ARGUMENT, insn: 8 }, { maps: HASH }),
  fault("a context that is none", "r1 = r10\n r2 = 0\n call bpf_xdp_adjust_head\n exit", { code: FAULT_ARGUMENT, insn: 2 }),
  fault("a buffer that is too small", "r2 = 0\n r3 = r10\n r3 += -8\n r4 = 9\n call bpf_xdp_load_bytes\n exit", { code: FAULT_ARGUMENT, insn: 4 }),
  fault("a size of 0 where there must be one", "r2 = 0\n r3 = r10\n r3 += -8\n r4 = 0\n call bpf_xdp_load_bytes\n exit", { code: FAULT_ARGUMENT, insn: 4 }),
  fault("a size beyond all", `r2 = 0\n r3 = r10\n r3 += -8\n r4 = ${ARG_SIZE_MAX + 1}\n call bpf_xdp_load_bytes\n exit`, { code: FAULT_ARGUMENT, insn: 4 }),
  fault("NULL with a size", "r1 = 0\n r2 = 4\n r3 = 0\n r4 = 0\n r5 = 0\n call bpf_csum_diff\n exit", { code: FAULT_ARGUMENT, insn: 5, address: 0n }),
  fault("read-only memory for a helper to write", "r2 = 0\n r3 = map[.rodata][0]+0 ll\n r4 = 8\n call bpf_xdp_load_bytes\n exit", { code: FAULT_ARGUMENT, insn: 4 }, { maps: [{ name: ".rodata", type: "BPF_MAP_TYPE_ARRAY", entries: 1, flags: 128, initial: "00".repeat(8) }] }),
  {
    description: "costs: every executed slot, both counters, loops and branches",
    kernel: false,
    asm: "r0 = 3\n more: r0 -= 1\n if r0 != 0 goto more\n r1 = 5 ll\n if r0 == 0 goto end\n r0 = 9\n end: exit",
    costs: (slot) => [1 << slot, slot === 3 ? 7 : 1],
    // 0; three times 1 and 2; 3 (a 64-bit load: its second slot costs nothing); 5; 7.
    packets: [{ ret: 0, cost: [1 + 3 * (2 + 4) + 8 + 32 + 128, 1 + 3 * 2 + 7 + 1 + 1] }, { ret: 0, cost: [1 + 3 * (2 + 4) + 8 + 32 + 128, 1 + 3 * 2 + 7 + 1 + 1] }],
  },
  {
    description: "costs of called functions and of tail calls",
    kernel: false,
    asm: "r6 = r1\n call f\n r1 = r6\n r2 = map[jump] ll\n r3 = 0\n call bpf_tail_call\n exit\n f: r0 = 1\n exit",
    programs: { other: "r0 = 1\n exit" },
    maps: [{ name: "jump", type: "BPF_MAP_TYPE_PROG_ARRAY", value: 4, programs: { 0: "other" } }],
    costs: () => [10, 1],
    // Six of main, two of f, two of the other.
    packets: [{ ret: 1, cost: [100, 10] }],
  },
];
