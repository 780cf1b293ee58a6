import { describe, expect, it } from "vitest";
import { InsnError, OPCODES, decode, encode, nameOf, validate } from "./index.js";
import type { Insn } from "./index.js";

const i = (op: number, dst = 0, src = 0, off = 0, imm = 0): Insn => ({ op, dst, src, off, imm });

describe("validate", () => {
  it.each<[string, Insn[], string]>([
    ["opcode that is none", [i(0x95), i(0x8d)], "instruction 1: unknown opcode 0x8d (class jmp)"],
    ["classic store", [i(0x02)], "unknown opcode 0x02"],
    ["register r12", [i(0xbf, 12)], "register r12 does not exist"],
    ["source r11", [i(0x61, 1, 11)], "register r11 does not exist"],
    ["exit with imm", [i(0x95, 0, 0, 0, 3)], "exit (0x95) has the reserved field imm = 3"],
    ["add with off", [i(0x07, 1, 0, 1, 3)], "add64 (0x07) has the reserved field off = 1"],
    ["add register with imm", [i(0x0f, 1, 2, 0, 3)], "reserved field imm = 3"],
    ["division with off 2", [i(0x37, 1, 0, 2, 3)], "div64 with offset 2"],
    ["movsx of 24 bits", [i(0xbf, 1, 2, 24)], "mov64 with offset 24"],
    ["32-bit movsx of 32 bits", [i(0xbc, 1, 2, 32)], "mov32 with offset 32"],
    ["move with imm", [i(0xbf, 1, 2, 0, 1)], "reserved field imm = 1"],
    ["byte swap of 8 bits", [i(0xdc, 1, 0, 0, 8)], "be of 8 bits"],
    ["1-byte atomic add", [i(0xd3, 1, 2)], "atomic add of 1 byte"],
    ["unknown atomic", [i(0xdb, 1, 2, 0, 0x10)], "unknown atomic operation 0x10"],
    ["call of kind 3", [i(0x85, 0, 3)], "call of unknown kind (src 3)"],
    ["helper call with off", [i(0x85, 0, 0, 1, 1)], "reserved field off = 1"],
    ["half a wide load", [i(0x18, 1)], "ld_imm64 without its second slot"],
    ["wide load with a broken second slot", [i(0x18, 1), i(0xb7)], "second slot is not empty"],
    ["map by index with a second immediate", [i(0x18, 1, 5), i(0, 0, 0, 0, 9)], "second slot has imm = 9"],
    ["wide load of kind 7", [i(0x18, 1, 7), i(0)], "ld_imm64 of unknown kind (src 7)"],
    ["second slot alone", [i(0)], "unknown opcode 0x00"],
  ])("refuses %s", (_, insns, message) => {
    expect(() => validate(insns)).toThrow(InsnError);
    expect(() => validate(insns)).toThrow(message);
  });

  it("knows as many opcodes as the kernel: RFC 9669 plus may_goto and narrow ordered atomics", () => {
    const known = OPCODES.filter((info) => info !== undefined);
    // 2 x (12 x 2 + neg) + le, be, bswap; 2 x 11 x 2 jumps + 5; 4 x (ldx, st, stx, atomic) + 3 x (ldxs, ldabs, ldind) + ld_imm64.
    expect(known.length).toBe(2 * 25 + 3 + 44 + 5 + 16 + 9 + 1);
    expect(new Set(known.map((info) => info.op)).size).toBe(known.length);
  });
});

describe("nameOf", () => {
  it.each<[Insn, string]>([
    [i(0x37, 1, 0, 1, 3), "sdiv64"],
    [i(0xbc, 1, 2, 8), "movs8_32"],
    [i(0xbf, 1, 2, 1, 1), "addr_space_cast"],
    [i(0x30, 0, 0, 0, 4), "ldabsb"],
    [i(0xe5, 0, 0, 1), "may_goto"],
    [i(0xc3, 1, 2, 0, 0xf1), "atomic_cmpxchg32"],
    [i(0x85, 0, 2, 0, 7), "call_kfunc"],
    [i(0x8d), "0x8d"],
  ])("%o is %s", (insn, name) => expect(nameOf(insn)).toBe(name));
});

describe("codec", () => {
  it("refuses half an instruction and fields that do not fit", () => {
    expect(() => decode(new Uint8Array(12))).toThrow("12 bytes are not a whole number");
    expect(() => encode([i(0x05, 0, 0, 40000)])).toThrow("offset 40000 does not fit 16 bits");
    expect(() => encode([i(0xb7, 0, 0, 0, 2 ** 31)])).toThrow("does not fit 32 bits");
    expect(() => encode([i(0xb7, 16)])).toThrow("r16 does not fit 4 bits");
  });
});
