/**
 * CO-RE: a program's instructions, adapted from the types that it was compiled with to those of a kernel, as libbpf does it.
 * What the kernel has no counterpart for becomes a call of a helper that does not exist: programs guard such code with
 * checks that are false there, and a program that reaches it is refused or stopped.
 */
import type { Insn } from "../isa/index.js";
import { typeOf } from "./btf_types.js";
import { areTypesCompatible, doTypesMatch } from "./core_compat.js";
import { patchInsn } from "./core_patch.js";
import { CoreProblem, localPath, matchEnumValue, matchField, pathText, subjectOf } from "./core_path.js";
import type { CorePath } from "./core_path.js";
import type { BtfTarget } from "./core_target.js";
import { coreResult } from "./core_value.js";
import type { CoreResult } from "./core_value.js";
import { ObjectError } from "./error.js";
import type { BtfSpec, CoreRelocation, ObjectSpec, PoisonedInsn, ProgramSpec } from "./spec.js";

/**
 * A program for the types of `target`; the program itself where it has no relocations.
 * @throws ObjectError where a relocation is not sound, or the target has several types that differ in what is asked.
 */
export function relocateCore(object: Pick<ObjectSpec, "file" | "btf">, program: ProgramSpec, target: BtfTarget): ProgramSpec {
  const { coreRelocations = [], ...rest } = program;
  if (coreRelocations.length === 0) return program;
  const { btf, file } = object;
  if (!btf) throw new ObjectError(file, "invalid", `program ${program.name} has CO-RE relocations, but the object has no BTF`, program.section);
  const relocator = new Relocator(btf, target);
  const insns = [...program.insns];
  const poisoned: PoisonedInsn[] = [...(program.poisoned ?? [])];
  for (const relocation of coreRelocations) {
    try {
      const reason = relocator.apply(insns, relocation);
      if (reason !== undefined) poisoned.push({ insn: relocation.insn, reason });
    } catch (error) {
      if (!(error instanceof CoreProblem)) throw error;
      throw new ObjectError(file, "invalid", `program ${program.name}, instruction ${relocation.insn}: CO-RE relocation ${relocation.kind} of ${describe(btf, relocation)}: ${error.message}`, program.section);
    }
  }
  return { ...rest, insns, ...(poisoned.length > 0 ? { poisoned } : {}) };
}

class Relocator {
  readonly #btf: BtfSpec;
  readonly #target: BtfTarget;
  /** By type of the object. Types of the target that fitted once are those that later relocations look at. */
  readonly #candidates = new Map<number, readonly number[]>();

  constructor(btf: BtfSpec, target: BtfTarget) {
    this.#btf = btf;
    this.#target = target;
  }

  /** Patches one instruction; returns why it is poisoned, where it is. */
  apply(insns: Insn[], relocation: CoreRelocation): string | undefined {
    const local = localPath(this.#btf, relocation);
    const reason = patchInsn(insns, relocation.insn, this.#result(relocation, local));
    return reason === undefined ? undefined : `${pathText(local)} ${reason || "does not exist"} in ${this.#target.name}`;
  }

  #result({ kind, typeId }: CoreRelocation, local: CorePath): CoreResult {
    if (subjectOf(kind) === undefined) throw new CoreProblem("a kind of relocation that is not known");
    if (kind === "type_id_local") return { after: BigInt(typeId), poison: false, sizeBefore: 0, sizeAfter: 0, unsafeSize: false };
    let chosen: { readonly path: CorePath; readonly result: CoreResult } | undefined;
    const fitting: number[] = [];
    for (const id of this.#candidatesOf(typeId)) {
      const path = this.#match(kind, local, id);
      if (!path) continue;
      const result = coreResult(kind, local, path);
      fitting.push(id);
      if (!chosen) chosen = { path, result };
      else if (chosen.path.bitOffset !== path.bitOffset || chosen.result.after !== result.after || chosen.result.poison !== result.poison) {
        throw new CoreProblem(`${this.#target.name} has several types of that name which differ in it`);
      }
    }
    if (!chosen) return coreResult(kind, local, undefined);
    this.#candidates.set(typeId, fitting);
    return chosen.result;
  }

  #candidatesOf(typeId: number): readonly number[] {
    const known = this.#candidates.get(typeId);
    if (known) return known;
    const type = typeOf(this.#btf, typeId);
    if (!("name" in type) || type.name === "") throw new CoreProblem("types without a name cannot be looked for");
    const found = this.#target.candidates(type.name, type.kind);
    this.#candidates.set(typeId, found);
    return found;
  }

  #match(kind: string, local: CorePath, id: number): CorePath | undefined {
    switch (subjectOf(kind)) {
      case "field":
        return matchField(local, this.#target, id);
      case "enumval":
        return matchEnumValue(local, this.#target, id);
      default: {
        const fits = kind === "type_matches" ? doTypesMatch : areTypesCompatible;
        return fits(this.#btf, local.rootId, this.#target, id) ? { types: this.#target, rootId: id, steps: [], bitOffset: 0 } : undefined;
      }
    }
  }
}

/** The access, or as much of it as can be understood. */
function describe(btf: BtfSpec, relocation: CoreRelocation): string {
  try {
    return pathText(localPath(btf, relocation));
  } catch (error) {
    if (!(error instanceof CoreProblem)) throw error;
    return `type ${relocation.typeId} (${relocation.access})`;
  }
}
