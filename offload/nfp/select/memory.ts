/** Loads, stores and adds by what they go to: packet and map memory are commands, the context is registers. */
import { BPF_ADD, BPF_ABS, BPF_ATOMIC, BPF_DW, BPF_W, bytesOf, modeOf, sizeOf } from "../../../xdp/index.js";
import { RESTRICTED, UNRESTRICTED } from "../code.js";
import { mapAddress, zeroExtend } from "./context.js";
import type { Select, Selection } from "./context.js";
import { selectCopy } from "./copy.js";
import { loadStack, storeStack } from "./stack.js";

/** Offsets in `struct xdp_md`. */
const DATA = 0;
const DATA_END = 4;
const RX_QUEUE_INDEX = 16;

const ADD_IMMEDIATE_MAX = 0xffffn;

export const selectLoad: Select = (selection) => {
  const { code, meta } = selection;
  const { insn, pointer } = meta;
  if (meta.copy !== undefined) return selectCopy(selection);
  switch (pointer?.kind) {
    case "ctx":
      if (sizeOf(insn.op) !== BPF_W || (insn.off !== DATA && insn.off !== DATA_END)) return false;
      code.alu();
      code.immed(0);
      return true;
    case "packet":
      if (meta.window !== undefined && meta.window.end !== 0) return fromCache(selection);
      code.operand(insn.off, RESTRICTED);
      code.command("packet", "read");
      fromTransfer(selection);
      return true;
    case "value":
      code.operand(insn.off, RESTRICTED);
      mapAddress(code, insn.off);
      code.command("map", "read");
      fromTransfer(selection);
      return true;
    case "stack":
      return loadStack(selection);
    default:
      return false;
  }
};

function fromTransfer(selection: Selection): void {
  const { code, meta } = selection;
  const size = bytesOf(meta.insn.op);
  if (size < 4) code.plain("ld_field");
  else code.alu(size / 4);
  if (size < 8) zeroExtend(selection);
}

function fromCache(selection: Selection): boolean {
  const { code, meta } = selection;
  const { window, insn } = meta;
  if (window === undefined) return false;
  if (meta.fills) {
    code.operand(window.start, RESTRICTED);
    if (window.end - window.start > 32) code.immed(0xff00);
    code.command("packet", "read");
  }
  const size = bytesOf(insn.op);
  const skew = (insn.off - window.start) % 4;
  if (skew === 0) fromTransfer(selection);
  else if (size === 8) code.plain("ld_field", 4);
  else {
    code.plain("ld_field", size > 4 - skew ? 2 : 1);
    zeroExtend(selection);
  }
  return true;
}

export const selectStore: Select = (selection) => {
  const { code, meta } = selection;
  const { insn, pointer } = meta;
  switch (pointer?.kind) {
    case "ctx":
      if (sizeOf(insn.op) !== BPF_W || insn.off !== RX_QUEUE_INDEX) return false;
      code.alu();
      code.branch("condition", 4, 2);
      code.plain("shf");
      code.plain("ld_field", 2);
      return true;
    case "packet":
      code.operand(insn.off, RESTRICTED);
      code.alu(Math.ceil(bytesOf(insn.op) / 4));
      code.command("packet", "write");
      return true;
    case "stack":
      return storeStack(selection);
    default:
      return false;
  }
};

export const selectImmediateStore: Select = ({ code, meta }) => {
  const { insn, pointer } = meta;
  if (pointer?.kind !== "packet") return false;
  code.operand(insn.off, RESTRICTED);
  code.immed(insn.imm);
  if (bytesOf(insn.op) === 8) code.immed(insn.imm < 0 ? -1 : 0);
  code.command("packet", "write");
  return true;
};

/** Up to 16 bits are part of a posted command; more make the context wait. Where either can be, there is code for both. */
export const selectAdd: Select = ({ code, meta, program }) => {
  const { op, src, off, imm } = meta.insn;
  if (modeOf(op) !== BPF_ATOMIC || imm !== BPF_ADD) return false;
  const { min, max } = program.facts.range(meta.slot, src);
  const over = max > ADD_IMMEDIATE_MAX;
  const small = knownBits(min, max) <= ADD_IMMEDIATE_MAX;
  const wide = sizeOf(op) === BPF_DW;
  code.operand(off, UNRESTRICTED);
  if (over && small) {
    code.immed(0xffff);
    code.alu(2);
    code.branch("condition", (off === 0 ? 0 : 2) + 5, off === 0 ? 0 : 2);
  }
  mapAddress(code, off);
  if (small) {
    code.immed(0xff00);
    code.plain("ld_field");
    code.command("map", "add", false);
    if (over) code.branch("always", wide ? 4 : 3);
  }
  if (over) {
    code.command("map", "add");
    code.alu(wide ? 2 : 1);
  }
  return true;
};

/** Bits that all numbers from `min` to `max` have in common, from the top. */
function knownBits(min: bigint, max: bigint): bigint {
  const differ = (min ^ max).toString(2).length;
  return min === max ? min : (min >> BigInt(differ)) << BigInt(differ);
}

/** `*skb[…]`, which XDP programs cannot have; the translator knows it from other programs. */
export const selectClassicLoad: Select = (selection) => {
  const { code, meta } = selection;
  const { op, imm } = meta.insn;
  const size = bytesOf(op);
  if (size === 8) return false;
  const absolute = modeOf(op) === BPF_ABS;
  code.operand(absolute ? (imm & 0xffff) + size : imm & 0xffff, UNRESTRICTED);
  code.alu(absolute ? 1 : 3);
  code.branch("condition", "abort");
  if (absolute) code.operand(imm & 0xffff, RESTRICTED);
  code.command("packet", "read");
  if (size < 4) code.plain("shf");
  else code.alu();
  zeroExtend(selection);
  return true;
};
