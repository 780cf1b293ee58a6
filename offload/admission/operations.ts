/** Rules on operations: which there are, and how large their operands may be. */
import {
  BPF_ABS, BPF_ADD, BPF_ALU, BPF_ALU64, BPF_ATOMIC, BPF_DIV, BPF_END, BPF_IND, BPF_JA, BPF_JCOND, BPF_JMP32, BPF_LD, BPF_LDX, BPF_MEMSX, BPF_MOD, BPF_MOV, BPF_MUL, BPF_STX, BPF_X, classOf, modeOf, operationOf,
} from "../../xdp/index.js";
import type { Insn } from "../../xdp/index.js";
import type { Range } from "../nfp/facts.js";
import { isAtomic, isJump } from "../nfp/meta.js";
import { selectorOf } from "../nfp/select/table.js";
import { ofInsns, POINTER_NUMBERS } from "./subject.js";
import type { Rule } from "./subject.js";

const U32 = 0xffff_ffffn;

const isAlu = ({ op }: Insn): boolean => classOf(op) === BPF_ALU || classOf(op) === BPF_ALU64;
const isRegister = ({ op }: Insn): boolean => (op & BPF_X) !== 0;
const is = (insn: Insn, operation: number): boolean => isAlu(insn) && operationOf(insn.op) === operation;
/** Beyond 32 bits for certain or for all that is known; a constant of each path is given the benefit of the doubt. */
const isWide = ({ max, constant, known }: Range): boolean => max > U32 && (!constant || known !== undefined);

/** Why there is no code for an operation, and what to write instead. */
function helpFor(insn: Insn): string {
  const operation = operationOf(insn.op);
  if (isAlu(insn)) {
    if (operation === BPF_MOD) return "the card cannot divide for a remainder (modulo): use a power of 2 and mask, or multiply and shift";
    if (operation === BPF_DIV) return "the card divides without signs only";
    if (operation === BPF_MOV) return "the card cannot extend signs: shift left and right, or compile with -mcpu=v3";
    if (operation === BPF_END) return "the card swaps to big endian only, which changes the same bytes: use bpf_htons and its like, and compile with -mcpu=v3";
  }
  if (classOf(insn.op) === BPF_LDX && modeOf(insn.op) === BPF_MEMSX) return "the card cannot extend signs while it loads: compile with -mcpu=v3";
  if (classOf(insn.op) === BPF_STX && modeOf(insn.op) === BPF_ATOMIC) return "the card's atomics are of 4 and 8 bytes";
  if (isJump(insn) && operation === BPF_JCOND) return "the card has no bounded goto: bound the loop by a counter";
  if (classOf(insn.op) === BPF_JMP32 && operation === BPF_JA) return "the card has no long goto: compile with -mcpu=v3";
  return "the card's translator does not know it: compile with -mcpu=v3 or below";
}

const hex = (op: number): string => `0x${op.toString(16).padStart(2, "0")}`;

/** Same opcode as an operation that the card has, but another meaning by its offset. */
const isSigned = (insn: Insn): boolean => isAlu(insn) && insn.off !== 0 && [BPF_DIV, BPF_MOV].includes(operationOf(insn.op));

export const OPERATION_RULES: readonly Rule[] = [
  {
    id: "opcode",
    title: "operations that the translator knows",
    nfp: true,
    check: (subject) =>
      ofInsns(subject, (insn) => {
        if (classOf(insn.op) === BPF_LD && (modeOf(insn.op) === BPF_ABS || modeOf(insn.op) === BPF_IND)) {
          return { driver: "BPF_LD_[ABS|IND] instructions not allowed for this program type", help: "read the packet through ctx->data" };
        }
        if (selectorOf(insn.op) !== undefined && !isSigned(insn)) return undefined;
        return { driver: `instruction ${hex(insn.op)} not supported`, help: helpFor(insn), actual: hex(insn.op) };
      }),
  },
  {
    id: "register",
    title: "registers r0 to r10",
    nfp: true,
    check: (subject) => ofInsns(subject, ({ src, dst }) => (src <= 10 && dst <= 10 ? undefined : { driver: "program uses extended registers - jit hardening?", help: "turn net.core.bpf_jit_harden off", limit: 10, actual: Math.max(src, dst) })),
  },
  {
    id: "multiply",
    title: "factors of 32 bits",
    nfp: true,
    check: (subject) =>
      ofInsns(subject, (insn, slot) => {
        if (!is(insn, BPF_MUL)) return undefined;
        const help = "the card multiplies 32 bits by 32: cast both factors to __u32 before";
        if (isWide(subject.facts.range(slot, insn.dst))) return { driver: "multiplier is not within u32 value range", help, limit: Number(U32) };
        if (isRegister(insn) && isWide(subject.facts.range(slot, insn.src))) return { driver: "multiplicand is not within u32 value range", help, limit: Number(U32) };
        if (!isRegister(insn) && classOf(insn.op) === BPF_ALU64 && insn.imm < 0) return { driver: "sign extended multiplicand won't be within u32 value range", help, limit: Number(U32), actual: insn.imm };
        return undefined;
      }),
  },
  {
    id: "divide",
    title: "division by constants of 32 bits",
    nfp: true,
    check: (subject) =>
      ofInsns(subject, (insn, slot) => {
        if (!is(insn, BPF_DIV) || insn.off !== 0) return undefined;
        const help = "the card divides by multiplying with the reciprocal of a constant: cast the dividend to __u32, divide by a constant";
        if (isWide(subject.facts.range(slot, insn.dst))) return { driver: "dividend is not within u32 value range", help, limit: Number(U32) };
        if (isRegister(insn)) {
          const divisor = subject.facts.range(slot, insn.src);
          if (divisor.min !== divisor.max) return { driver: "divisor is not constant", help };
          if (isWide(divisor)) return { driver: "divisor is not within u32 value range", help, limit: Number(U32) };
        } else if (insn.imm < 0) return { driver: "divide by negative constant is not supported", help, actual: insn.imm };
        return undefined;
      }),
  },
  {
    id: "atomic",
    title: "atomics: adds of numbers to map values, without fetch",
    nfp: true,
    check: (subject) =>
      ofInsns(subject, (insn, slot) => {
        if (!isAtomic(insn)) return undefined;
        if (insn.imm !== BPF_ADD) return { driver: `atomic op not implemented: ${insn.imm}`, help: "of atomics the card has only add without fetch: use __sync_fetch_and_add and leave its result", actual: insn.imm };
        const to = subject.facts.pointer(slot, insn.dst);
        if (to !== undefined && to.kind !== "value" && to.kind !== "none") return { driver: `atomic add not to a map value pointer: ${POINTER_NUMBERS[to.kind]}`, help: "the card adds in map values only", actual: to.kind };
        const from = subject.facts.pointer(slot, insn.src);
        if (from !== undefined && from.kind !== "none") return { driver: `atomic add not of a scalar: ${POINTER_NUMBERS[from.kind]}`, help: "add a number", actual: from.kind };
        return undefined;
      }),
  },
];
