/** Random valid instructions, for property tests. */
import * as fc from "fast-check";
import type { Insn } from "../../object/spec.js";
import { OPCODES, USES_DST, USES_IMM, USES_OFF, USES_SRC, LD_IMM64 } from "../opcode.js";
import type { OpcodeInfo } from "../opcode.js";
import { ATOMIC_OPS, BPF_LOAD_ACQ, BPF_STORE_REL } from "../atomic.js";
import { bytesOf } from "../load_store.js";

const register = fc.integer({ min: 0, max: 10 });
const off16 = fc.integer({ min: -0x8000, max: 0x7fff });
const imm32 = fc.oneof(fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }), fc.integer({ min: -3, max: 3 }));

function offOf(info: OpcodeInfo): fc.Arbitrary<number> {
  if (!(info.uses & USES_OFF)) return fc.constant(0);
  if (info.form !== "alu") return off16;
  if (info.name === "mov64") return fc.constantFrom(0, 1, 8, 16, 32);
  return info.name === "mov32" ? fc.constantFrom(0, 8, 16) : fc.constantFrom(0, 1);
}

function immOf(info: OpcodeInfo): fc.Arbitrary<number> {
  if (!(info.uses & USES_IMM)) return fc.constant(0);
  if (info.form === "end") return fc.constantFrom(16, 32, 64);
  if (info.form !== "atomic") return imm32;
  return fc.constantFrom(...(bytesOf(info.op) < 4 ? [] : ATOMIC_OPS.map((op) => op.imm)), BPF_LOAD_ACQ, BPF_STORE_REL);
}

/** One valid instruction: one slot, or two of a 64-bit immediate load. */
export function validInsn(): fc.Arbitrary<readonly Insn[]> {
  const infos = OPCODES.filter((info) => info !== undefined);
  return fc.constantFrom(...infos).chain((info) =>
    fc
      .record({
        op: fc.constant(info.op),
        dst: info.uses & USES_DST ? register : fc.constant(0),
        src: info.form === "call" ? fc.constantFrom(0, 1, 2) : info.form === "load_imm64" ? fc.integer({ min: 0, max: 6 }) : info.uses & USES_SRC ? register : fc.constant(0),
        off: offOf(info),
        imm: immOf(info),
        high: imm32,
      })
      .map(({ high, ...insn }) => {
        if (info.form === "call" && insn.src !== 2) return [{ ...insn, off: 0 }];
        if (info.name === "mov64" && (insn.off !== 1)) return [{ ...insn, imm: info.uses & USES_SRC ? 0 : insn.imm }];
        if (info.op !== LD_IMM64) return [insn];
        const second = insn.src === 0 || insn.src === 2 || insn.src === 3 || insn.src === 6 ? high : 0;
        const imm = insn.src === 0 || insn.src === 4 ? insn.imm : insn.imm & 0x7fff_ffff;
        return [{ ...insn, imm }, { op: 0, dst: 0, src: 0, off: 0, imm: second }];
      }),
  );
}

/** A straight list of valid instructions. */
export function validInsns(maxLength = 30): fc.Arbitrary<readonly Insn[]> {
  return fc.array(validInsn(), { maxLength }).map((list) => list.flat());
}
