/** What the analysis must prove: the ways in which compilers write checks leave no check of ours. Where nothing is proven, ours must be there. */
import { describe, expect, test } from "vitest";
import { createMachine } from "../machine.js";
import { objectOf } from "../testing/object.js";
import type { EngineCase } from "../testing/case.js";
import { machineBytes } from "./compile.js";
import { printWat } from "./wat.js";

/** Calls of one function of the module, in the code of the programs. */
function calls(wat: string, name: string): number {
  return wat.split("\n").filter((line) => line.trim() === `call ${name}`).length;
}

function compiled(asm: string, maps: EngineCase["maps"] = []): string {
  return printWat(machineBytes(createMachine({ object: objectOf({ description: "", asm, maps }), entry: "main" })));
}

/** Accesses and helper calls that are checked as the program runs. */
function checks(asm: string, maps: EngineCase["maps"] = []): number {
  const wat = compiled(asm, maps);
  return calls(wat, "$guard") + calls(wat, "$check_arguments");
}

const START = "r6 = r1\n r2 = *(u32 *)(r1 +0)\n r3 = *(u32 *)(r1 +4)\n";
const END = "\n r0 = 2\n exit\n out: r0 = 1\n exit";
const MAPS: EngineCase["maps"] = [
  { name: "values", type: "BPF_MAP_TYPE_ARRAY", value: 16, entries: 4 },
  { name: "flows", type: "BPF_MAP_TYPE_HASH", key: 4, value: 16, entries: 4 },
  { name: "ring", type: "BPF_MAP_TYPE_RINGBUF", key: 0, value: 0, entries: 4096 },
];

describe("needs no check", () => {
  test.each<[what: string, asm: string]>([
    ["a header behind a comparison with data_end", `${START} r4 = r2\n r4 += 34\n if r4 > r3 goto out\n r5 = *(u32 *)(r2 +30)\n *(u16 *)(r2 +12) = r5 ${END}`],
    ["the Ethernet header, which every packet has", `${START} r5 = *(u16 *)(r2 +12) ${END}`],
    ["data_end < pointer", `${START} r4 = r2\n r4 += 34\n if r3 < r4 goto out\n r5 = *(u32 *)(r4 -4) ${END}`],
    ["pointer <= data_end taken", `${START} r4 = r2\n r4 += 34\n if r4 <= r3 goto in\n goto out\n in: r5 = *(u32 *)(r2 +30) ${END}`],
    ["pointer >= data_end: one byte more", `${START} r4 = r2\n r4 += 33\n if r4 >= r3 goto out\n r5 = *(u8 *)(r2 +33) ${END}`],
    ["IPv4 options: header length from the packet", `${START} r4 = r2\n r4 += 34\n if r4 > r3 goto out\n r5 = *(u8 *)(r2 +14)\n r5 &= 15\n r5 <<= 2\n r2 += r5\n r4 = r2\n r4 += 22\n if r4 > r3 goto out\n r5 = *(u16 *)(r2 +16) ${END}`],
    ["a VLAN tag or none", `${START} r4 = r2\n r4 += 18\n if r4 > r3 goto out\n r5 = *(u16 *)(r2 +12)\n r2 += 14\n if r5 != 129 goto ip\n r2 += 4\n ip: r4 = r2\n r4 += 20\n if r4 > r3 goto out\n r5 = *(u8 *)(r2 +9)\n *(u8 *)(r2 +8) = r5 ${END}`],
    ["a loop over extension headers", `${START} r7 = r2\n r7 += 14\n r8 = 0\n next: r4 = r7\n r4 += 8\n if r4 > r3 goto out\n r5 = *(u8 *)(r7 +0)\n r9 = *(u8 *)(r7 +1)\n r9 <<= 3\n r9 += 8\n r7 += r9\n r8 += 1\n if r8 != 6 goto next ${END}`],
    ["pointers kept on the stack", `${START} *(u64 *)(r10 -8) = r2\n *(u64 *)(r10 -16) = r3\n r4 = r2\n r4 += 34\n if r4 > r3 goto out\n r1 = 0\n r2 = *(u64 *)(r10 -8)\n r5 = *(u32 *)(r2 +30) ${END}`],
    ["new pointers after the packet moved", `${START} r1 = r6\n r2 = -20\n call bpf_xdp_adjust_head\n if r0 != 0 goto out\n r2 = *(u32 *)(r6 +0)\n r3 = *(u32 *)(r6 +4)\n r4 = r2\n r4 += 34\n if r4 > r3 goto out\n *(u32 *)(r2 +20) = 5 ${END}`],
    ["the stack, also at an offset in bounds", `r1 = *(u32 *)(r1 +16)\n r1 &= 7\n r2 = r10\n r2 += r1\n *(u8 *)(r2 -8) = 1\n r0 = *(u64 *)(r10 -8)\n exit`],
    ["an array's value after a comparison with null", `*(u32 *)(r10 -4) = 9\n r1 = map[values]\n r2 = r10\n r2 += -4\n call bpf_map_lookup_elem\n if r0 == 0 goto out\n r1 = *(u64 *)(r0 +8)\n r1 += 1\n *(u64 *)(r0 +8) = r1 ${END}`],
    ["an entry that surely is there", `*(u32 *)(r10 -4) = 3\n r1 = map[values]\n r2 = r10\n r2 += -4\n call bpf_map_lookup_elem\n r1 = *(u64 *)(r0 +8)\n r0 = 2\n exit\n out: exit`],
    ["a copy of the pointer that was compared with null", `*(u32 *)(r10 -4) = r1\n r1 = map[flows]\n r2 = r10\n r2 += -4\n call bpf_map_lookup_elem\n r7 = r0\n *(u64 *)(r10 -16) = r0\n if r0 == 0 goto out\n r1 = *(u64 *)(r7 +8)\n r2 = *(u64 *)(r10 -16)\n r1 = *(u8 *)(r2 +15) ${END}`],
    ["a value at an index in bounds", `r7 = *(u32 *)(r1 +16)\n *(u32 *)(r10 -4) = 0\n r1 = map[values]\n r2 = r10\n r2 += -4\n call bpf_map_lookup_elem\n if r0 == 0 goto out\n if r7 > 3 goto out\n r7 <<= 2\n r0 += r7\n r1 = *(u32 *)(r0 +0) ${END}`],
    ["a key and a value on the stack", `*(u32 *)(r10 -4) = 1\n *(u64 *)(r10 -24) = 1\n *(u64 *)(r10 -16) = 1\n r1 = map[flows]\n r2 = r10\n r2 += -4\n r3 = r10\n r3 += -24\n r4 = 0\n call bpf_map_update_elem\n exit\n out: exit`],
    ["a key in the packet", `${START} r4 = r2\n r4 += 34\n if r4 > r3 goto out\n r2 += 26\n r1 = map[flows]\n call bpf_map_lookup_elem\n if r0 == 0 goto out ${END}`],
    ["a function that gets the packet's start and the context", `r6 = r1\n call f\n exit\n f: r2 = *(u32 *)(r1 +0)\n r3 = *(u32 *)(r1 +4)\n r4 = r2\n r4 += 40\n r0 = 1\n if r4 > r3 goto fout\n r0 = *(u64 *)(r2 +32)\n fout: exit\n out: exit`],
    ["a function that gets a pointer to its caller's stack", `*(u64 *)(r10 -8) = 7\n r1 = r10\n r1 += -8\n call f\n exit\n f: r0 = *(u64 *)(r1 +0)\n *(u32 *)(r1 +4) = r0\n exit\n out: exit`],
    ["a ring buffer's record until it is submitted", `r1 = map[ring]\n r2 = 16\n r3 = 0\n call bpf_ringbuf_reserve\n if r0 == 0 goto out\n r6 = r0\n *(u64 *)(r6 +8) = 1\n r1 = r6\n r2 = 0\n call bpf_ringbuf_submit ${END}`],
    ["context fields", `r0 = *(u32 *)(r1 +12)\n r2 = *(u32 *)(r1 +16)\n r0 += r2\n exit\n out: exit`],
  ])("%s", (_, asm) => {
    expect(checks(asm, MAPS)).toBe(0);
  });
});

describe("is checked", () => {
  test.each<[what: string, asm: string]>([
    ["a byte more than was compared", `${START} r4 = r2\n r4 += 34\n if r4 > r3 goto out\n r5 = *(u8 *)(r2 +34) ${END}`],
    ["the other side of the comparison", `${START} r4 = r2\n r4 += 34\n if r4 > r3 goto in\n goto out\n in: r5 = *(u32 *)(r2 +30) ${END}`],
    ["one way of two that was not compared", `${START} r4 = r2\n r4 += 34\n r5 = *(u16 *)(r2 +12)\n if r5 == 8 goto in\n if r4 > r3 goto out\n in: r5 = *(u32 *)(r2 +30) ${END}`],
    ["a pointer from before the packet moved", `${START} r7 = r2\n r1 = r6\n r2 = 4\n call bpf_xdp_adjust_head\n r5 = *(u8 *)(r7 +0) ${END}`],
    ["a value that may be null", `*(u32 *)(r10 -4) = 9\n r1 = map[values]\n r2 = r10\n r2 += -4\n call bpf_map_lookup_elem\n r1 = *(u64 *)(r0 +8) ${END} `],
    ["another value than the one that was compared, after ways have met", `r6 = *(u32 *)(r1 +16)\n *(u32 *)(r10 -4) = r6\n r7 = 0\n r8 = 0\n if r6 == 1 goto met\n r1 = map[values]\n r2 = r10\n r2 += -4\n call bpf_map_lookup_elem\n r7 = r0\n r1 = map[flows]\n r2 = r10\n r2 += -4\n call bpf_map_lookup_elem\n r8 = r0\n met: if r7 == 0 goto out\n r1 = *(u64 *)(r8 +0) ${END}`],
    ["an index that is only bounded in its low half", `${START} r7 = *(u64 *)(r2 +0)\n if w7 > 3 goto out\n r8 = r10\n r8 += r7\n *(u8 *)(r8 -8) = 1 ${END}`],
    ["a record that was submitted", `r1 = map[ring]\n r2 = 16\n r3 = 0\n call bpf_ringbuf_reserve\n if r0 == 0 goto out\n r6 = r0\n r1 = r0\n r2 = 0\n call bpf_ringbuf_submit\n *(u64 *)(r6 +8) = 1 ${END}`],
    ["a record submitted twice", `r1 = map[ring]\n r2 = 16\n r3 = 0\n call bpf_ringbuf_reserve\n if r0 == 0 goto out\n r6 = r0\n r1 = r0\n r2 = 0\n call bpf_ringbuf_submit\n r1 = r6\n r2 = 0\n call bpf_ringbuf_discard ${END}`],
    ["a record that a function may have submitted", `r1 = map[ring]\n r2 = 16\n r3 = 0\n call bpf_ringbuf_reserve\n if r0 == 0 goto out\n r6 = r0\n r1 = r6\n call f\n *(u64 *)(r6 +8) = 1 ${END}\n f: r2 = 0\n call bpf_ringbuf_submit\n r0 = 0\n exit`],
    ["behind a record", `r1 = map[ring]\n r2 = 16\n r3 = 0\n call bpf_ringbuf_reserve\n if r0 == 0 goto out\n r6 = r0\n *(u32 *)(r6 +16) = 1\n r1 = r6\n r2 = 0\n call bpf_ringbuf_submit ${END}`],
    ["not the start of a record", `r1 = map[ring]\n r2 = 16\n r3 = 0\n call bpf_ringbuf_reserve\n if r0 == 0 goto out\n r6 = r0\n r1 = r0\n r1 += 8\n r2 = 0\n call bpf_ringbuf_submit ${END}`],
    ["below the frame", `*(u64 *)(r10 -520) = 1\n r0 = 0\n exit\n out: exit`],
    ["a write to the context", `*(u32 *)(r1 +0) = 1\n r0 = 0\n exit\n out: exit`],
    ["a spill that was written over", `${START} *(u64 *)(r10 -8) = r2\n *(u8 *)(r10 -8) = 1\n r2 = *(u64 *)(r10 -8)\n r5 = *(u8 *)(r2 +0) ${END}`],
  ])("%s", (_, asm) => {
    expect(checks(asm, MAPS)).toBeGreaterThan(0);
  });
});

test("a program that reads only runs on the frames where they lie", () => {
  const reads = compiled(`${START} r0 = *(u16 *)(r2 +12)\n exit`);
  const writes = compiled(`${START} *(u16 *)(r2 +12) = 1\n r0 = 2\n exit`);
  expect(reads).not.toContain("v128.store");
  expect(writes).toContain("v128.store");
});
