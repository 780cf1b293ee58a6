/** Small negative constants: adding one becomes subtracting its negative, and comparing with one adds it. */
import { BPF_ADD, BPF_ALU, BPF_ALU64, BPF_JGE, BPF_JLT, BPF_JSGE, BPF_JSLT, BPF_SUB, BPF_X, classOf, operationOf } from "../../../xdp/index.js";
import { isJump } from "../meta.js";
import type { NfpProgram } from "../meta.js";

const COMPARES = new Set([BPF_JGE, BPF_JSGE, BPF_JLT, BPF_JSLT]);

export function negativeConstants({ metas }: NfpProgram): void {
  for (const meta of metas) {
    const { op, imm } = meta.insn;
    if (meta.skip || imm >= 0 || (op & BPF_X) !== 0) continue;
    const kind = classOf(op);
    const operation = operationOf(op);
    if (isJump(meta.insn) && COMPARES.has(operation)) meta.negated = true;
    else if ((kind === BPF_ALU || kind === BPF_ALU64) && (operation === BPF_ADD || operation === BPF_SUB)) {
      meta.insn = { ...meta.insn, op: kind | (operation === BPF_ADD ? BPF_SUB : BPF_ADD) };
    } else continue;
    meta.insn = { ...meta.insn, imm: -imm | 0 };
  }
}
