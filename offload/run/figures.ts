/** What a profile says of a program before any packet: admission, length, and what the figures rest on. */
import { BPF_CALL, BPF_JMP, classOf, operationOf } from "../../xdp/index.js";
import type { ObjectSpec, ProgramSpec } from "../../xdp/index.js";
import { checkAdmission } from "../admission/rules.js";
import type { CostPlan } from "../cost/plan.js";
import type { DeviceProfile } from "../profiles/schema.js";
import type { ProgramFigures } from "./model.js";

const LATENCY = "latency is waiting and service alone: wire, PCIe and interrupts are not in it";
const CARD_LATENCY = "latency ends with the program: reorder, transmission, bus and host rings are apart (behind)";

/** `redirected`: packets that the run redirected, which some cards cannot. `estimated`: those whose cycles the model estimated. */
export function programFigures(object: ObjectSpec, program: ProgramSpec, profile: DeviceProfile, plan: CostPlan, redirected: number, estimated: number): ProgramFigures {
  if (profile.kind === "kernel") {
    return {
      admitted: null,
      reasons: [],
      checked: [],
      instructions: program.insns.length,
      notes: [
        "program time: instruction costs measured on another x86 machine (K2 table), helpers and maps from published anchors",
        "XDP_PASS costs at least this: the path of the passed packet up to iptables raw PREROUTING",
        LATENCY,
      ],
    };
  }
  const { reasons, checked } = checkAdmission(object, program, profile);
  const all = redirected > 0 && !profile.redirect ? [...reasons, `${redirected} packets were redirected, and the card cannot: there XDP_REDIRECT acts as XDP_ABORTED`] : reasons;
  const notes: string[] = [];
  if (all.length > 0) notes.push("the card refuses the program: its figures say what it would do if it took it");
  if (profile.lanes === 0 && looksUp(program)) {
    notes.push(`map lookups on the card: assumed cost, the firmware's is not published: hash tables ${profile.mapLookupCycles} cycles and ${profile.mapKeyCycles} for each 4 bytes of key (range 60 to 500), arrays ${profile.arrayLookupCycles}`);
  }
  notes.push(CARD_LATENCY);
  if (estimated > 0) notes.push(`${estimated} packets ran too long for the cost counters: their cycles are estimated from their x86 time`);
  return { admitted: all.length === 0, reasons: all, checked, instructions: plan.instructions(program), notes };
}

/** Whether the program calls a helper on a map: lookup, update, delete. */
function looksUp(program: ProgramSpec): boolean {
  return program.insns.some((insn) => classOf(insn.op) === BPF_JMP && operationOf(insn.op) === BPF_CALL && insn.src === 0 && insn.imm >= 1 && insn.imm <= 3);
}
