/** Jumps. A comparison of 64 bits is one of each half. */
import {
  BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JLE, BPF_JLT, BPF_JMP, BPF_JNE, BPF_JSET, BPF_JSGE, BPF_JSGT, BPF_JSLE, BPF_JSLT, BPF_X, classOf, operationOf,
} from "../../../xdp/index.js";
import { UNRESTRICTED } from "../code.js";
import type { Select } from "./context.js";

export const selectGoto: Select = ({ code }) => {
  code.branch("always", "target");
  return true;
};

export const selectCompare: Select = ({ code, meta }) => {
  const { op, imm } = meta.insn;
  const wide = classOf(op) === BPF_JMP;
  if ((op & BPF_X) !== 0) {
    code.alu(wide ? 2 : 1);
  } else {
    code.operand(imm, UNRESTRICTED);
    code.alu();
    if (wide) {
      code.operand(imm < 0 ? -1 : 0, UNRESTRICTED);
      code.alu();
    }
  }
  code.branch("condition", "target");
  return true;
};

export const selectEqual: Select = ({ code, meta }) => {
  const { op, imm } = meta.insn;
  const wide = classOf(op) === BPF_JMP;
  if ((op & BPF_X) !== 0) code.alu(wide ? 3 : 1);
  else {
    // A half that is compared with 0 joins the test as it is.
    for (const half of wide ? [imm, imm < 0 ? -1 : 0] : []) {
      if (half === 0) continue;
      code.operand(half, UNRESTRICTED);
      code.alu();
    }
    if (!wide) code.operand(imm, UNRESTRICTED);
    code.alu();
  }
  code.branch("condition", "target");
  return true;
};

export const selectNotEqual: Select = ({ code, meta }) => {
  const { op, imm } = meta.insn;
  const wide = classOf(op) === BPF_JMP;
  const register = (op & BPF_X) !== 0;
  if (!register && imm === 0) {
    code.alu();
    code.branch("condition", "target");
    return true;
  }
  for (const half of wide ? [imm, imm < 0 ? -1 : 0] : [imm]) {
    if (!register) code.operand(half, UNRESTRICTED);
    code.alu();
    code.branch("condition", "target");
  }
  return true;
};

export const selectTest: Select = ({ code, meta }) => {
  const { op, imm } = meta.insn;
  const wide = classOf(op) === BPF_JMP;
  if ((op & BPF_X) !== 0) {
    for (let half = 0; half < (wide ? 2 : 1); half++) {
      code.alu();
      code.branch("condition", "target");
    }
    return true;
  }
  code.operand(imm, UNRESTRICTED);
  code.alu(wide && imm < 0 ? 2 : 1);
  code.branch("condition", "target");
  return true;
};

const SELECT: Readonly<Record<number, Select>> = {
  [BPF_JEQ]: selectEqual,
  [BPF_JNE]: selectNotEqual,
  [BPF_JSET]: selectTest,
  [BPF_JGT]: selectCompare,
  [BPF_JGE]: selectCompare,
  [BPF_JLT]: selectCompare,
  [BPF_JLE]: selectCompare,
  [BPF_JSGT]: selectCompare,
  [BPF_JSGE]: selectCompare,
  [BPF_JSLT]: selectCompare,
  [BPF_JSLE]: selectCompare,
};

/** Of conditional jumps. */
export const selectConditional: Select = (selection) => SELECT[operationOf(selection.meta.insn.op)]?.(selection) ?? false;
