/** What follows a classic packet load (`*skb[…]`) and changes nothing: masking to its width, and clearing the upper half. */
import { BPF_ABS, BPF_ALU64, BPF_AND, BPF_B, BPF_H, BPF_IND, BPF_LD, BPF_LSH, BPF_RSH, BPF_W, classOf, modeOf, sizeOf } from "../../../xdp/index.js";
import type { Insn } from "../../../xdp/index.js";
import type { NfpProgram } from "../meta.js";

const MASKS: Readonly<Record<number, number>> = { [BPF_B]: 0xff, [BPF_H]: 0xffff, [BPF_W]: -1 };

export function isClassicLoad({ op }: Insn): boolean {
  return classOf(op) === BPF_LD && (modeOf(op) === BPF_ABS || modeOf(op) === BPF_IND);
}

function onR0({ op, dst, src, imm }: Insn, operation: number, value: number): boolean {
  return op === (BPF_ALU64 | operation) && dst === 0 && src === 0 && imm === value;
}

export function loadMask({ metas }: NfpProgram): void {
  for (let i = 0; i + 1 < metas.length; i++) {
    const next = metas[i + 1];
    const mask = MASKS[sizeOf(metas[i].insn.op)];
    if (isClassicLoad(metas[i].insn) && mask !== undefined && !next.jumpTarget && onR0(next.insn, BPF_AND, mask)) next.skip = true;
  }
}

export function loadShift({ metas }: NfpProgram): void {
  for (let i = 0; i + 2 < metas.length; i++) {
    const [load, first, second] = [metas[i], metas[i + 1], metas[i + 2]];
    if (!isClassicLoad(load.insn) || sizeOf(load.insn.op) !== BPF_W || first.jumpTarget || second.jumpTarget) continue;
    const up = onR0(first.insn, BPF_LSH, 32) && onR0(second.insn, BPF_RSH, 32);
    const down = onR0(first.insn, BPF_RSH, 32) && onR0(second.insn, BPF_LSH, 32);
    if (up || down) first.skip = second.skip = true;
  }
}
