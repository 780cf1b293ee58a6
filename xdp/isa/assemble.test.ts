import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AssembleError, assemble, decode, disassemble, encode, validate } from "./index.js";
import type { Insn } from "./index.js";
import { validInsns } from "./testing/arbitrary.js";

const i = (op: number, dst = 0, src = 0, off = 0, imm = 0): Insn => ({ op, dst, src, off, imm });

const helper = (name: string): number | undefined => (name === "bpf_map_lookup_elem" ? 1 : undefined);
const map = (name: string): number | undefined => ({ hits: 2, ".rodata": 3 })[name];

describe("assemble", () => {
  const cases: [string, Insn[]][] = [
    ["r0 = 1", [i(0xb7, 0, 0, 0, 1)]],
    ["w1 += w2", [i(0x0c, 1, 2)]],
    ["r1 s/= 3", [i(0x37, 1, 0, 1, 3)]],
    ["w1 s%= w9", [i(0x9c, 1, 9, 1)]],
    ["r1 s>>= 32", [i(0xc7, 1, 0, 0, 32)]],
    ["r1 |= 0xffffffff", [i(0x47, 1, 0, 0, -1)]],
    ["w3 = (s8)w4", [i(0xbc, 3, 4, 8)]],
    ["r3 = (s32) r4", [i(0xbf, 3, 4, 32)]],
    ["r1 = -r1", [i(0x87, 1)]],
    ["w1 = -w1", [i(0x84, 1)]],
    ["r1 = be16 r1", [i(0xdc, 1, 0, 0, 16)]],
    ["r1 = le64 r1", [i(0xd4, 1, 0, 0, 64)]],
    ["r1 = bswap32 r1", [i(0xd7, 1, 0, 0, 32)]],
    ["r1 = *(u32 *)(r2 + 4)", [i(0x61, 1, 2, 4)]],
    ["r1 = *(u8 *)(r2 -4)", [i(0x71, 1, 2, -4)]],
    ["r1 = *(s16 *)(r2 +0)", [i(0x89, 1, 2)]],
    ["*(u64 *)(r10 - 8) = r1", [i(0x7b, 10, 1, -8)]],
    ["*(u16 *)(r10 -2) = -7", [i(0x6a, 10, 0, -2, -7)]],
    ["if r1 > 5 goto +3", [i(0x25, 1, 0, 3, 5)]],
    ["if w1 s<= w2 goto pc-3", [i(0xde, 1, 2, -3)]],
    ["if r1 & 0x80000000 goto +0", [i(0x45, 1, 0, 0, -0x8000_0000)]],
    ["goto pc+7", [i(0x05, 0, 0, 7)]],
    ["gotol +70000", [i(0x06, 0, 0, 0, 70000)]],
    ["may_goto pc+2", [i(0xe5, 0, 0, 2)]],
    ["lock *(u64 *)(r1 + 0) += r2", [i(0xdb, 1, 2)]],
    ["lock *(u32 *)(r1 +8) ^= w2", [i(0xc3, 1, 2, 8, 0xa0)]],
    ["r2 = atomic_fetch_add((u64 *)(r1 + 0), r2)", [i(0xdb, 1, 2, 0, 0x01)]],
    ["r0 = atomic64_cmpxchg((u64 *)(r1 +0), r0, r2)", [i(0xdb, 1, 2, 0, 0xf1)]],
    ["w0 = cmpxchg32_32(r1 + 4, w0, w2)", [i(0xc3, 1, 2, 4, 0xf1)]],
    ["r2 = xchg_64(r1 + 0, r2)", [i(0xdb, 1, 2, 0, 0xe1)]],
    ["r0 = load_acquire((u8 *)(r1 +2))", [i(0xd3, 0, 1, 2, 0x100)]],
    ["call 1", [i(0x85, 0, 0, 0, 1)]],
    ["call bpf_map_lookup_elem#1", [i(0x85, 0, 0, 0, 1)]],
    ["call bpf_map_lookup_elem", [i(0x85, 0, 0, 0, 1)]],
    ["call pc+3", [i(0x85, 0, 1, 0, 3)]],
    ["r1 = map[hits]", [i(0x18, 1, 5, 0, 2), i(0)]],
    ["r1 = map[.rodata][0]+16", [i(0x18, 1, 6, 0, 3), i(0, 0, 0, 0, 16)]],
    ["r1 = map[1]", [i(0x18, 1, 5, 0, 1), i(0)]],
    ["r1 = 0x1122334455667788 ll", [i(0x18, 1, 0, 0, 0x55667788), i(0, 0, 0, 0, 0x11223344)]],
    ["r1 = -1 ll", [i(0x18, 1, 0, 0, -1), i(0, 0, 0, 0, -1)]],
    ["(18) r1 = 0x5", [i(0x18, 1, 0, 0, 5), i(0)]],
    ["r0 = *(u16 *)skb[12]", [i(0x28, 0, 0, 0, 12)]],
    ["r0 = *(u8 *)skb[r6 + 3]", [i(0x50, 0, 6, 0, 3)]],
    ["r1 = addr_space_cast(r2, 0, 1)", [i(0xbf, 1, 2, 1, 1)]],
    ["exit", [i(0x95)]],
  ];

  it.each(cases)("%s", (text, expected) => {
    const insns = assemble(text, { helper, map });
    expect(insns).toEqual(expected);
    validate(insns);
  });

  it("resolves labels, also across 64-bit loads, and calls by label", () => {
    const insns = assemble(`
      main:
        r1 = 7 ll            ; two slots
        if r1 == 7 goto done // over the next
        r1 = subprog[inner]
        call inner
      done: exit
      inner:
        r0 = 2   # in a function
        goto back
      back: exit`);
    expect(insns[2]).toEqual(i(0x15, 1, 0, 3, 7));
    expect(insns[3]).toEqual(i(0x18, 1, 4, 0, 3));
    expect(insns[5]).toEqual(i(0x85, 0, 1, 0, 1));
    expect(insns[8]).toEqual(i(0x05));
  });

  it("reads what bpftool prints, heads of functions and source lines included", () => {
    const text = ["int xdp_prog(struct xdp_md * ctx):", "; return inner(ctx->data); @ a.c:3", "   0: (61) r1 = *(u32 *)(r1 +0)", "   1: (85) call pc+1#bpf_prog_1234_inner", "   2: (95) exit", "unsigned int inner(unsigned int x):", "   3: (bc) w0 = w1\t; R0_w=1", "   4: (95) exit"];
    expect(assemble(text.join("\n")).map((insn) => insn.op)).toEqual([0x61, 0x85, 0x95, 0xbc, 0x95]);
  });

  it.each([
    ["r11 = 1", "register r11 does not exist"],
    ["r1 = w2", "r (64-bit) and w (32-bit)"],
    ["r1 += 0x1ffffffff", "does not fit 32 bits"],
    ["goto nowhere", "no label nowhere"],
    ["call bpf_nope", "no label"],
    ["a: a: exit", "already defined"],
    ["r1 = map[x]", "no maps were given"],
    ["*(u32 *)(r1 + 40000) = 1", "does not fit 16 bits"],
    ["*(s32 *)(r1 + 4) = 1", "for loads only"],
    ["r1 = *(s64 *)(r1 + 4)", "s64"],
    ["hello world", "not an instruction"],
    ["3: exit", "slot 3 where slot 0"],
    ["(b7) exit", "not 0xb7"],
  ])("refuses %s", (text, problem) => {
    expect(() => assemble(`\n${text}`)).toThrow(problem);
    try {
      assemble(`\n${text}`);
    } catch (error) {
      expect(error).toBeInstanceOf(AssembleError);
      expect((error as AssembleError).line).toBe(2);
    }
  });

  it("reads back what the disassembler prints, for every valid instruction", () => {
    fc.assert(
      fc.property(validInsns(), (insns) => {
        validate(insns);
        expect(assemble(disassemble(insns))).toEqual(insns);
        expect(decode(encode(insns))).toEqual(insns);
      }),
      { numRuns: 2000 },
    );
  });
});
