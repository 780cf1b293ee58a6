/** Whether a program looks at packets' bytes, which on a processor costs the first touch of each packet. */
import { BPF_LDX, BPF_ST, BPF_STX, classOf } from "../../xdp/index.js";
import type { ProgramSpec } from "../../xdp/index.js";
import { analyseKinds, KIND_PACKET, KIND_UNKNOWN } from "../cost/kinds.js";

/** Whether any instruction of the program looks at the packet: one that does not leaves its bytes out of the processor's caches. */
export function readsPacket(program: ProgramSpec): boolean {
  const kinds = analyseKinds(program);
  return program.insns.some(({ op, src, dst }, slot) => {
    const kind = classOf(op);
    if (kind === BPF_LDX) return kinds.of(slot, src) === KIND_PACKET || kinds.of(slot, src) === KIND_UNKNOWN;
    return (kind === BPF_ST || kind === BPF_STX) && (kinds.of(slot, dst) === KIND_PACKET || kinds.of(slot, dst) === KIND_UNKNOWN);
  });
}
