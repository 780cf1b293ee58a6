/** Clearing registers and saving the context in r6 at the start: the card needs neither, and the latter is left out. */
import { BPF_ALU64, BPF_MOV, BPF_X, BPF_XOR } from "../../../xdp/index.js";
import type { NfpProgram } from "../meta.js";

export function registerInit({ metas }: NfpProgram): void {
  for (const meta of metas) {
    const { op, dst, src } = meta.insn;
    if (op === (BPF_ALU64 | BPF_XOR | BPF_X) && dst === src) continue;
    if (op === (BPF_ALU64 | BPF_MOV | BPF_X) && src === 1 && dst === 6) meta.skip = true;
    if (!meta.skip) return;
  }
}
