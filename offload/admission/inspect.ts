/** eBPF, C line and what the card makes of it, side by side. */
import { formatInsn, helperName, LD_IMM64 } from "../../xdp/index.js";
import type { ObjectSpec, ProgramSpec } from "../../xdp/index.js";
import { nfpCosts } from "../cost/nfp.js";
import type { NfpInsn } from "../nfp/code.js";
import { translate } from "../nfp/translate.js";
import type { OffloadProfile } from "../profiles/schema.js";
import { nfpTarget } from "../profiles/target.js";
import type { OffloadError, SourceLine } from "./error.js";
import { checkAdmission, sourceOf } from "./rules.js";

export interface InspectRow {
  /** First slot of the instruction. */
  readonly slot: number;
  /** As the kernel's verifier prints it. */
  readonly text: string;
  readonly source: SourceLine | undefined;
  /** NFP instructions; 0 where none is needed. */
  readonly instructions: number;
  /** What they are, in order. */
  readonly code: readonly NfpInsn[];
  /** Cycles of a core, waiting for memory included: where execution goes on behind it, and where it jumps. */
  readonly cycles: number;
  readonly cyclesTaken: number;
  /** Commands to packet memory and to map memory. */
  readonly packetCommands: number;
  readonly mapCommands: number;
  /** False for dead code. */
  readonly reached: boolean;
  /** Rules that it breaks. */
  readonly errors: readonly OffloadError[];
}

export interface Inspection {
  readonly device: string;
  readonly rows: readonly InspectRow[];
  /** NFP instructions of the rows, around them, in all; and how many the card takes. */
  readonly instructions: { readonly program: number; readonly around: number; readonly total: number; readonly limit: number };
  readonly ebpf: number;
  readonly stackBytes: number;
  readonly admitted: boolean;
  readonly errors: readonly OffloadError[];
}

/** Translates `program` of `object` for a card of the NFP family. */
export function inspectFor(object: ObjectSpec, program: ProgramSpec, device: OffloadProfile): Inspection {
  const translation = translate(program, object.maps, { target: nfpTarget(device) });
  const costs = nfpCosts(program, device, object.maps, translation);
  const { admitted, errors } = checkAdmission(object, program, device);
  const { insns } = program;
  const names = { helper: helperName, map: (index: number) => object.maps[index]?.name };
  const rows = insns.flatMap((insn, slot): InspectRow[] => {
    if (insn.op === 0 && slot > 0 && insns[slot - 1].op === LD_IMM64) return [];
    const code = translation.slots[slot].insns;
    const commands = code.filter((one) => one.kind === "cmd");
    return [{
      slot, code,
      text: formatInsn(insn, insns[slot + 1], names),
      source: sourceOf(program, slot),
      instructions: code.length,
      cycles: costs.fallen[slot],
      cyclesTaken: costs.taken[slot],
      packetCommands: commands.filter(({ memory }) => memory === "packet").length,
      mapCommands: commands.filter(({ memory }) => memory === "map").length,
      reached: translation.program.facts.reached(slot),
      errors: errors.filter((error) => error.slot === slot),
    }];
  });
  const inside = rows.reduce((sum, row) => sum + row.instructions, 0);
  return {
    device: device.name, rows, ebpf: insns.length, admitted, errors,
    instructions: { program: inside, around: translation.instructions - inside, total: translation.instructions, limit: device.maxInstructions },
    stackBytes: translation.stackBytes,
  };
}
