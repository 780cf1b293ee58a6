/** Writes the value of a CO-RE relocation into its instruction. */
import { ACCESS_SIZES, BPF_ALU, BPF_ALU64, BPF_CALL, BPF_JMP, BPF_LDX, BPF_ST, BPF_STX, BPF_X, LD_IMM64 } from "../isa/index.js";
import type { Insn } from "../isa/index.js";
import { CoreProblem } from "./core_path.js";
import type { CoreResult } from "./core_value.js";

/** Helper that does not exist, called where an instruction could not be adapted; the number is libbpf's ("bad relo" in hexadecimal). */
export const POISONED_CORE = 0xbad2310;

const POISON: Insn = { op: BPF_JMP | BPF_CALL, dst: 0, src: 0, off: 0, imm: POISONED_CORE };
const MAX_OFFSET = 32767;

/**
 * Patches the instruction at `slot` in place.
 * @returns why it was poisoned, or undefined where it holds its value now. Nothing in the target matches: an empty string.
 * @throws CoreProblem where the instruction is none that can hold the value, or does not hold what it should.
 */
export function patchInsn(insns: Insn[], slot: number, result: CoreResult): string | undefined {
  const insn = insns[slot];
  if (!insn) throw new CoreProblem("there is no such instruction");
  const kind = insn.op & 7;
  if (kind === BPF_ALU || kind === BPF_ALU64) {
    if ((insn.op & BPF_X) !== 0) throw new CoreProblem("the instruction works on registers only");
    if (result.poison) return poison(insns, slot, "");
    expect(result, BigInt(insn.imm));
    insns[slot] = { ...insn, imm: low(result.after) };
    return undefined;
  }
  if (kind === BPF_LDX || kind === BPF_ST || kind === BPF_STX) return patchAccess(insns, slot, insn, result);
  const second = insns[slot + 1];
  if (insn.op !== LD_IMM64 || insn.src !== 0 || insn.off !== 0 || !second || second.op !== 0 || second.dst !== 0 || second.src !== 0 || second.off !== 0) {
    throw new CoreProblem(`the instruction (opcode 0x${insn.op.toString(16)}) holds no value that could be adapted`);
  }
  if (result.poison) return poison(insns, slot, "");
  expect(result, (BigInt(second.imm) << 32n) | BigInt(insn.imm >>> 0));
  insns[slot] = { ...insn, imm: low(result.after) };
  insns[slot + 1] = { ...second, imm: low(result.after >> 32n) };
  return undefined;
}

function patchAccess(insns: Insn[], slot: number, insn: Insn, result: CoreResult): string | undefined {
  if (result.poison) return poison(insns, slot, "");
  expect(result, BigInt(insn.off));
  if (result.after > MAX_OFFSET) throw new CoreProblem(`offset ${result.after} is more than a load or store can have`);
  if (result.unsafeSize) return poison(insns, slot, "has another size or sign there than this load or store can take");
  let { op } = insn;
  if (result.sizeBefore !== result.sizeAfter) {
    const size = ACCESS_SIZES.find((s) => s.code === (op & 0x18));
    const other = ACCESS_SIZES.find((s) => s.bytes === result.sizeAfter);
    if (size?.bytes !== result.sizeBefore) throw new CoreProblem(`the instruction moves ${size?.bytes} bytes, the field has ${result.sizeBefore}`);
    if (!other) throw new CoreProblem(`no load or store moves ${result.sizeAfter} bytes`);
    op = (op & ~0x18) | other.code;
  }
  insns[slot] = { ...insn, op, off: Number(result.after) };
  return undefined;
}

function expect({ before, after }: CoreResult, held: bigint): void {
  if (before !== undefined && before !== BigInt.asUintN(64, held)) throw new CoreProblem(`the instruction holds ${held}, and ${BigInt.asIntN(64, before)} is what should become ${BigInt.asIntN(64, after)}`);
}

function poison(insns: Insn[], slot: number, reason: string): string {
  const wide = insns[slot]?.op === LD_IMM64;
  insns[slot] = POISON;
  if (wide) insns[slot + 1] = POISON;
  return reason;
}

function low(value: bigint): number {
  return Number(BigInt.asIntN(32, value));
}
