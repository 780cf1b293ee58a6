/** What a conditional jump tells about registers on each of its two ways. */
import { BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JLE, BPF_JLT, BPF_JNE, BPF_JSGE, BPF_JSGT, BPF_JSLE, BPF_JSLT } from "../../isa/jump.js";
import { BPF_JMP32, BPF_X, classOf } from "../../isa/class.js";
import { operationOf } from "../../isa/alu.js";
import type { Insn } from "../../object/spec.js";
import { mapValues, raiseReach, register } from "./state.js";
import type { State } from "./state.js";
import { constant, constantOf, isU32, scalar } from "./value.js";
import type { Value } from "./value.js";

type Relation = "eq" | "ne" | "ltu" | "leu" | "gtu" | "geu" | "lts" | "les" | "gts" | "ges";

const RELATIONS: ReadonlyMap<number, Relation> = new Map([
  [BPF_JEQ, "eq"],
  [BPF_JNE, "ne"],
  [BPF_JLT, "ltu"],
  [BPF_JLE, "leu"],
  [BPF_JGT, "gtu"],
  [BPF_JGE, "geu"],
  [BPF_JSLT, "lts"],
  [BPF_JSLE, "les"],
  [BPF_JSGT, "gts"],
  [BPF_JSGE, "ges"],
]);
const OPPOSITE: { readonly [relation in Relation]: Relation } = { eq: "ne", ne: "eq", ltu: "geu", leu: "gtu", gtu: "leu", geu: "ltu", lts: "ges", les: "gts", gts: "les", ges: "lts" };
const SWAPPED: { readonly [relation in Relation]: Relation } = { eq: "eq", ne: "ne", ltu: "gtu", leu: "geu", gtu: "ltu", geu: "leu", lts: "gts", les: "ges", gts: "lts", ges: "les" };

/** Adds to `state` what holds where the jump was taken, or was not. */
export function refineByBranch(state: State, insn: Insn, taken: boolean): void {
  const relation = RELATIONS.get(operationOf(insn.op));
  if (!relation) return;
  const holds = taken ? relation : OPPOSITE[relation];
  const is32 = classOf(insn.op) === BPF_JMP32;
  const isRegister = (insn.op & BPF_X) !== 0;
  const a = register(state, insn.dst);
  const signed = holds.endsWith("s") && holds !== "ne";
  const b = isRegister ? register(state, insn.src) : constant(is32 && !signed ? insn.imm >>> 0 : insn.imm);
  if (is32) {
    // Halves are compared: that says something of the whole only where the other halves are 0 (and the sign bits, for signed ones).
    const limit = signed ? 2 ** 31 - 1 : 2 ** 32 - 1;
    if (![a, b].every((value) => isU32(value) && value.kind === "scalar" && value.max <= limit)) return;
  }
  if (pointers(state, insn, a, b, holds)) return;
  const left = narrowed(a, b, holds);
  const right = narrowed(b, a, SWAPPED[holds]);
  if (left) state.registers[insn.dst] = left;
  if (right && isRegister) state.registers[insn.src] = right;
}

/** The packet's end and null; true where it was about those. */
function pointers(state: State, insn: Insn, a: Value, b: Value, holds: Relation): boolean {
  if (a.kind === "packet" && b.kind === "packetEnd") {
    packetBelowEnd(state, a.id, a.off - b.off, holds);
    return true;
  }
  if (a.kind === "packetEnd" && b.kind === "packet") {
    packetBelowEnd(state, b.id, b.off - a.off, SWAPPED[holds]);
    return true;
  }
  if (a.kind === "value" && a.nullable && constantOf(b) === 0) {
    const isNull = holds === "eq" || holds === "leu";
    if (!isNull && holds !== "ne" && holds !== "gtu") return true;
    const known = (value: Extract<Value, { kind: "value" }>): Value => (isNull ? constant(0) : { ...value, nullable: false, id: 0 });
    state.registers[insn.dst] = known(a);
    if (a.id !== 0) mapValues(state, (value) => (value.kind === "value" && value.nullable && value.id === a.id ? known(value) : value));
    return true;
  }
  return false;
}

function packetBelowEnd(state: State, id: number, bytes: number, holds: Relation): void {
  if (holds === "leu" || holds === "eq") raiseReach(state, id, bytes);
  else if (holds === "ltu") raiseReach(state, id, bytes + 1);
}

/** `a`, knowing that it has this relation to `b`; undefined where that says nothing new, or cannot be. */
function narrowed(a: Value, b: Value, holds: Relation): Value | undefined {
  if (b.kind !== "scalar" || (a.kind !== "scalar" && !(a.kind === "unknown" && a.hint === "none"))) return undefined;
  const range = a.kind === "scalar" ? a : undefined;
  let min = range?.min ?? Number.NEGATIVE_INFINITY;
  let max = range?.max ?? Number.POSITIVE_INFINITY;
  switch (holds) {
    case "eq":
      min = Math.max(min, b.min);
      max = Math.min(max, b.max);
      break;
    case "ne": {
      const not = constantOf(b);
      if (not === min) min += 1;
      if (not === max) max -= 1;
      break;
    }
    case "ltu":
    case "leu":
      // Below a number that is not negative, so not negative itself.
      if (b.min < 0) return undefined;
      min = Math.max(min, 0);
      max = Math.min(max, holds === "ltu" ? b.max - 1 : b.max);
      break;
    case "gtu":
    case "geu":
      if (!range || range.min < 0 || b.min < 0) return undefined;
      min = Math.max(min, holds === "gtu" ? b.min + 1 : b.min);
      break;
    case "lts":
      max = Math.min(max, b.max - 1);
      break;
    case "les":
      max = Math.min(max, b.max);
      break;
    case "gts":
      min = Math.max(min, b.min + 1);
      break;
    case "ges":
      min = Math.max(min, b.min);
      break;
  }
  if (min > max || min === Number.NEGATIVE_INFINITY || max === Number.POSITIVE_INFINITY) return undefined;
  return scalar(min, max);
}

/** Whether the jump is taken, where that is known: of numbers whose ranges do not meet, and of values that are there. */
export function outcomeOf(state: State, insn: Insn): boolean | undefined {
  const relation = RELATIONS.get(operationOf(insn.op));
  if (!relation) return undefined;
  const a = register(state, insn.dst);
  const b = (insn.op & BPF_X) !== 0 ? register(state, insn.src) : constant(insn.imm);
  const is32 = classOf(insn.op) === BPF_JMP32;
  if (a.kind === "value" && !a.nullable && a.min >= 0 && !is32 && constantOf(b) === 0) return relation === "eq" ? false : relation === "ne" ? true : undefined;
  if (a.kind !== "scalar" || b.kind !== "scalar" || a.min < 0 || b.min < 0) return undefined;
  // Numbers below 2^31 are the same in 32 and 64 bits, with and without sign.
  if (is32 && Math.max(a.max, b.max) >= 2 ** 31) return undefined;
  const below = a.max < b.min;
  const notAbove = a.max <= b.min;
  const above = a.min > b.max;
  const notBelow = a.min >= b.max;
  switch (relation) {
    case "eq":
    case "ne":
      if (below || above) return relation === "ne";
      return notAbove && notBelow ? relation === "eq" : undefined;
    case "ltu":
    case "lts":
      return below ? true : notBelow ? false : undefined;
    case "leu":
    case "les":
      return notAbove ? true : above ? false : undefined;
    case "gtu":
    case "gts":
      return above ? true : notAbove ? false : undefined;
    case "geu":
    case "ges":
      return notBelow ? true : below ? false : undefined;
  }
}
