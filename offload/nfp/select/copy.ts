/** A memory copy that was gathered from loads and stores: one read into transfer registers, and one or two writes of them. */
import { BPF_DW, sizeOf } from "../../../xdp/index.js";
import { RESTRICTED } from "../code.js";
import { mapAddress } from "./context.js";
import type { Select } from "./context.js";

/** Bytes that a command moves whose length is part of it; longer ones take their length from an instruction before. */
const DIRECT = 32;

export const selectCopy: Select = ({ code, meta }) => {
  if (meta.copy === undefined) return false;
  const { store } = meta.copy;
  const bytes = Math.abs(meta.copy.bytes);
  const words = Math.ceil(bytes / 4);
  const fromMap = meta.pointer?.kind === "value";
  const { off } = meta.insn;
  const to = store.insn.off;

  code.operand(off, RESTRICTED);
  if (fromMap) mapAddress(code, off);
  if (bytes > DIRECT) code.immed(0xff00);
  code.command(fromMap ? "map" : "packet", "read");
  code.alu(words);

  code.operand(to, RESTRICTED);
  const whole = bytes % 4 === 0;
  if (bytes <= 8 || (bytes <= DIRECT && whole)) code.command("packet", "write");
  else if (bytes <= DIRECT || whole) {
    code.immed(0xff00);
    code.command("packet", "write");
  } else if (bytes <= DIRECT + 8) {
    code.command("packet", "write");
    code.operand(to + DIRECT, RESTRICTED);
    code.command("packet", "write");
  } else {
    code.immed(0xff00);
    code.command("packet", "write");
    // The driver keeps this offset in 8 bits.
    code.operand((to + (words - 1) * 4) & 0xff, RESTRICTED);
    code.command("packet", "write");
  }
  // The register of the last load may still be read.
  if (sizeOf(meta.insn.op) === BPF_DW) code.alu(2);
  else {
    code.alu();
    code.immed(0);
  }
  return true;
};
