import { describe, expect, it } from "vitest";
import { assemble, HELPER_NAMES } from "../../xdp/index.js";
import { programSpec } from "../testing/object.js";
import { analyse } from "./analysis/analyse.js";
import type { NfpFacts } from "./facts.js";
import { EXPANSION } from "./testing/expansion.js";
import { ROW_MAPS, rowProgram } from "./testing/rows.js";
import type { RowProgram } from "./testing/rows.js";
import { NFP_EPILOGUE, NFP_PADDING, NFP_PROLOGUE, translate } from "./translate.js";

const AROUND: Readonly<Record<string, number>> = {
  "prologue nfp_intro (XDP)": NFP_PROLOGUE,
  "outro_xdp total": NFP_EPILOGUE,
  "USTORE prefetch nops appended": NFP_PADDING,
};

/** The facts, with everything alive. */
function alive(facts: NfpFacts): NfpFacts {
  return {
    reached: () => true,
    jumps: () => true,
    falls: () => true,
    pointer: (slot, register) => facts.pointer(slot, register),
    range: (slot, register) => facts.range(slot, register),
    zeroExtends: (slot) => facts.zeroExtends(slot),
    stackBytes: (fn) => facts.stackBytes(fn),
    zeroWords: (slot, register, words) => facts.zeroWords(slot, register, words),
  };
}

function slots(text: string): number {
  // Labels that are not there yet do not matter to the length.
  return text.trim() === "" ? 0 : assemble(text.replaceAll(/goto \w+/g, "goto +0"), { helper: (name) => HELPER_NAMES.indexOf(name), map: () => 0 }).length;
}

/** Instructions of the row's operation, or null where it is refused. */
function instructionsOf(row: RowProgram): number | null {
  const program = programSpec(`${row.before}${row.operation}${row.after}`, ROW_MAPS);
  const facts = analyse(program, ROW_MAPS);
  const { slots: codes } = translate(program, ROW_MAPS, { passes: row.passes, facts: row.alive === true ? alive(facts) : facts });
  const start = slots(row.before);
  const own = codes.slice(start, start + slots(row.operation));
  return own.some(({ refused }) => refused) ? null : own.reduce((sum, { insns }) => sum + insns.length, 0);
}

describe("NFP instruction counts: every row of the published expansion table", () => {
  it("has all 319", () => {
    expect(EXPANSION.length).toBe(319);
  });

  it.each(EXPANSION)("%s", (operation, instructions) => {
    const row = rowProgram(operation);
    expect(row === undefined ? AROUND[operation] : instructionsOf(row)).toBe(instructions);
  });
});
