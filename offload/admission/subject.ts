/** What rules look at, and what a rule is. */
import { BPF_PSEUDO_MAP_IDX, BPF_PSEUDO_MAP_IDX_VALUE, LD_IMM64 } from "../../xdp/index.js";
import type { Insn, MapSpec, ObjectSpec, ProgramSpec } from "../../xdp/index.js";
import type { NfpFacts, PointerKind } from "../nfp/facts.js";
import { translate } from "../nfp/translate.js";
import type { Translation } from "../nfp/translate.js";
import type { OffloadProfile } from "../profiles/schema.js";
import { nfpTarget } from "../profiles/target.js";
import type { Refusal } from "./error.js";

export interface Subject {
  readonly program: ProgramSpec;
  /** All maps of the object, as instructions name them by index. */
  readonly allMaps: readonly MapSpec[];
  /** Maps that the program names. */
  readonly maps: readonly MapSpec[];
  readonly device: OffloadProfile;
  readonly translation: Translation;
  readonly facts: NfpFacts;
}

export interface Rule {
  readonly id: string;
  /** What it is about, for lists. */
  readonly title: string;
  /** True where it is the nfp driver's own, and says nothing of other devices. */
  readonly nfp: boolean;
  /** One entry for each thing that the device refuses. */
  check(subject: Subject): Refusal[];
}

export function subjectOf(object: ObjectSpec, program: ProgramSpec, device: OffloadProfile): Subject {
  const named = new Set(program.insns.filter((insn) => insn.op === LD_IMM64 && (insn.src === BPF_PSEUDO_MAP_IDX || insn.src === BPF_PSEUDO_MAP_IDX_VALUE)).map((insn) => insn.imm));
  const translation = translate(program, object.maps, { target: nfpTarget(device) });
  return { program, device, allMaps: object.maps, maps: object.maps.filter((_, i) => named.has(i)), translation, facts: translation.program.facts };
}

/** What `find` gives of each live instruction. */
export function ofInsns(subject: Subject, find: (insn: Insn, slot: number) => Omit<Refusal, "slot"> | undefined): Refusal[] {
  const { insns } = subject.program;
  return insns.flatMap((insn, slot) => {
    if (!subject.facts.reached(slot) || (insn.op === 0 && slot > 0 && insns[slot - 1].op === LD_IMM64)) return [];
    const found = find(insn, slot);
    return found === undefined ? [] : [{ ...found, slot }];
  });
}

/** The kernel's numbers for kinds of pointers (`enum bpf_reg_type`), which the driver prints. */
export const POINTER_NUMBERS: Readonly<Record<PointerKind, number>> = { none: 1, ctx: 2, map: 3, value: 4, stack: 6, packet: 8, unsupported: 9 };
