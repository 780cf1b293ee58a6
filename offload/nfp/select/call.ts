/** Calls of firmware helpers and of functions, and exits. */
import { UNRESTRICTED } from "../code.js";
import type { Code } from "../code.js";
import type { FunctionInfo, NfpProgram } from "../meta.js";
import { frameBytes } from "./context.js";
import type { Select } from "./context.js";

export const MAP_LOOKUP = 1;
export const MAP_UPDATE = 2;
export const MAP_DELETE = 3;
export const PRANDOM = 7;
export const PERF_EVENT_OUTPUT = 25;
export const ADJUST_HEAD = 44;
export const ADJUST_TAIL = 65;

/** Frames of functions begin at multiples of this, bytes. */
export const FRAME_ALIGN = 64;
const WAIT_FOR_ADDRESS = 3;

export const selectHelper: Select = (selection) => HELPERS[selection.meta.insn.src === 0 ? selection.meta.insn.imm : -1]?.(selection) ?? false;

const mapCall: Select = ({ code, meta, program, fn }) => {
  const key = program.facts.pointer(meta.slot, 2);
  // The firmware finds the key where local memory's address register 0 points: at the base of the stack.
  const moves = key === undefined || key.distance !== "constant" || key.offset + frameBytes(fn) !== 0;
  if (moves) code.plain("local_csr");
  if (meta.insn.imm === MAP_UPDATE) code.plain("local_csr");
  code.branch("always", "firmware", 2);
  code.alu();
  code.plain("immed");
  if (moves) {
    code.plain("local_csr");
    code.plain("nop", WAIT_FOR_ADDRESS);
  }
  return true;
};

const random: Select = ({ code }) => {
  code.plain("local_csr");
  code.plain("immed", 2);
  return true;
};

const event: Select = ({ code }) => {
  code.branch("always", "firmware", 2);
  code.alu();
  code.plain("immed");
  return true;
};

const adjustHead: Select = ({ code, meta, program }) => {
  if (program.adjustHead === meta.slot) {
    code.alu(3);
    code.plain("immed", 2);
    return true;
  }
  code.alu(2);
  code.branch("condition", 12);
  code.alu();
  code.branch("condition", 10);
  code.alu(2);
  code.branch("condition", 7);
  code.plain("immed", 2);
  code.plain("ld_field");
  code.branch("always", 5, 2);
  code.alu(2);
  code.plain("immed", 2);
  return true;
};

const adjustTail: Select = ({ code }) => {
  code.alu();
  code.branch("condition", 8);
  code.alu();
  code.branch("condition", 6);
  code.alu(2);
  code.branch("always", 5, 2);
  code.plain("immed", 4);
  return true;
};

const HELPERS: Readonly<Record<number, Select>> = {
  [MAP_LOOKUP]: mapCall,
  [MAP_UPDATE]: mapCall,
  [MAP_DELETE]: mapCall,
  [PRANDOM]: random,
  [PERF_EVENT_OUTPUT]: event,
  [ADJUST_HEAD]: adjustHead,
  [ADJUST_TAIL]: adjustTail,
};

export function calleeOf(program: NfpProgram, slot: number): FunctionInfo | undefined {
  return program.functions.find(({ start }) => start === slot + 1 + program.insns[slot].imm);
}

/** The stack pointer moves up by the caller's frame and back. */
export const selectFunctionCall: Select = ({ code, meta, program, fn }) => {
  const callee = calleeOf(program, meta.slot);
  if (callee === undefined) return false;
  const frame = Math.ceil(frameBytes(fn) / FRAME_ALIGN) * FRAME_ALIGN;
  moveStack(code, frame);
  code.branch("always", "function", callee.saves ? 2 : 1);
  code.plain("immed", callee.saves ? 2 : 1);
  moveStack(code, frame);
  if (frame > 0) code.plain("nop", WAIT_FOR_ADDRESS);
  return true;
};

function moveStack(code: Code, frame: number): void {
  if (frame === 0) return;
  code.operand(frame, UNRESTRICTED);
  code.alu();
  code.plain("local_csr");
}

export const selectExit: Select = ({ code, fn, main }) => {
  if (main) code.branch("always", "out");
  else if (fn.saves) {
    code.branch("always", "caller", 1);
    code.alu();
  } else {
    code.alu();
    code.branch("always", "caller");
  }
  return true;
};
