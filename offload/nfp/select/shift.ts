/** Shifts. By a register the code depends on what is known of the distance: below 32, from 32 on, or either. */
import { BPF_ALU64, BPF_ARSH, BPF_LSH, BPF_X, classOf, operationOf } from "../../../xdp/index.js";
import type { Code } from "../code.js";
import { zeroExtend } from "./context.js";
import type { Select } from "./context.js";

export const selectShift: Select = (selection) => {
  const { code, meta, program } = selection;
  const { op, src, imm } = meta.insn;
  const operation = operationOf(op);
  const wide = classOf(op) === BPF_ALU64;
  let distance: number | undefined = imm;
  let [below, above] = [false, false];
  if ((op & BPF_X) !== 0) {
    const { min, max } = program.facts.range(meta.slot, src);
    distance = min === max ? Number(BigInt.asUintN(8, min)) : undefined;
    below = max < 32n;
    above = min >= 32n;
  }
  if (wide) {
    if (distance !== undefined) constant(code, operation, distance);
    else if (below) near(code, operation);
    else if (above) far(code, operation);
    else either(code, operation);
    return true;
  }
  if (distance === undefined) {
    code.alu();
    code.plain("shf");
  } else if (distance !== 0) {
    if (operation === BPF_ARSH) code.alu();
    code.plain("shf");
  }
  zeroExtend(selection);
  return true;
};

function constant(code: Code, operation: number, distance: number): void {
  if (distance === 0) return;
  if (operation === BPF_ARSH) {
    // The sign is taken from an instruction before; moving a whole word gives it at once.
    code.alu();
    code.plain("shf", distance === 32 ? 1 : 2);
  } else if (distance === 32) {
    code.alu(1);
    code.immed(0);
  } else if (distance > 32) {
    code.plain("shf");
    code.immed(0);
  } else code.plain("shf", 2);
}

/** The half into which bits come from the other: to the left it needs the distance from 32. */
function crossing(code: Code, operation: number): void {
  code.alu(operation === BPF_LSH ? 2 : 1);
  code.plain("shf");
}

function other(code: Code): void {
  code.alu();
  code.plain("shf");
}

function near(code: Code, operation: number): void {
  crossing(code, operation);
  other(code);
}

function far(code: Code, operation: number): void {
  code.alu();
  code.plain("shf");
  if (operation === BPF_ARSH) code.plain("shf");
  else code.immed(0);
}

function either(code: Code, operation: number): void {
  code.branch("bit", operation === BPF_LSH ? 7 : 6);
  crossing(code, operation);
  code.branch("always", 6, 2);
  other(code);
  far(code, operation);
}
