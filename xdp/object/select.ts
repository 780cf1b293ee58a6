/** Which program of an object is meant. */
import { ObjectError } from "./error.js";
import type { ObjectSpec, ProgramSpec } from "./spec.js";

/** How {@link selectProgram} chooses. */
export interface SelectOptions {
  /** Takes programs of other types too, to be judged or run as XDP. */
  readonly anyType?: boolean;
}

/**
 * The program to run: the only XDP program of the object that runs on a device, or the one that `entry` names.
 * @param entry name of a function, or of a section that holds one program.
 * @throws ObjectError where there is no XDP program, where there are several and no entry, where nothing has that name,
 *   or where the program needs what the object does not define.
 */
export function selectProgram(spec: ObjectSpec, entry?: string, { anyType = false }: SelectOptions = {}): ProgramSpec {
  const program = entry === undefined ? onlyProgram(spec, anyType) : namedProgram(spec, entry, anyType);
  requireResolved(spec, program);
  return program;
}

function onlyProgram(spec: ObjectSpec, anyType: boolean): ProgramSpec {
  const candidates = spec.programs.filter((p) => anyType || p.type === "xdp");
  if (candidates.length === 0) throw new ObjectError(spec.file, "invalid", noXdp(spec));
  // Programs of devmaps and cpumaps, and those not loaded by default, are only run when asked for.
  const ready = candidates.filter((p) => p.attach === "device" && p.autoload);
  const [first, ...others] = ready.length > 0 ? ready : candidates;
  if (others.length > 0) {
    throw new ObjectError(spec.file, "invalid", `it has ${candidates.length} ${anyType ? "" : "XDP "}programs, choose one with --entry: ${list(candidates)}`);
  }
  return first as ProgramSpec;
}

function namedProgram(spec: ObjectSpec, entry: string, anyType: boolean): ProgramSpec {
  const byName = spec.programs.filter((p) => p.name === entry);
  const found = byName.length > 0 ? byName : spec.programs.filter((p) => p.section === entry);
  const [program, another] = found;
  if (!program) {
    if (spec.programs.length === 0) throw new ObjectError(spec.file, "invalid", noXdp(spec));
    throw new ObjectError(spec.file, "invalid", `it has no program ${entry}; it has ${list(spec.programs)}`);
  }
  if (another) throw new ObjectError(spec.file, "invalid", `${found.length} programs are called ${entry}, choose one by its name: ${list(found)}`);
  if (program.type !== "xdp" && !anyType) {
    const xdp = spec.programs.filter((p) => p.type === "xdp");
    throw new ObjectError(spec.file, "invalid", `program ${entry} is of type ${program.type}, not xdp; ${xdp.length === 0 ? "the object has no XDP program" : `its XDP programs are ${list(xdp)}`}`);
  }
  return program;
}

/**
 * Refuses a program that names what the object should define and does not. What a kernel has to give (functions, variables,
 * settings) is judged where the program is to run.
 * @throws ObjectError `invalid` with the names.
 */
export function requireResolved(spec: ObjectSpec, program: ProgramSpec): void {
  const missing = (program.externs ?? []).filter((e) => e.kind === "undefined" && !e.weak);
  if (missing.length === 0) return;
  const names = [...new Set(missing.map((e) => e.name))].join(", ");
  throw new ObjectError(spec.file, "invalid", `program ${program.name} needs functions or variables that the object does not define: ${names}`, program.section);
}

function noXdp(spec: ObjectSpec): string {
  if (spec.programs.length === 0) return "it has no programs at all";
  return `it has no XDP program; it has ${spec.programs.map((p) => `${p.name} (${p.type}, section ${p.section})`).join(", ")}`;
}

function list(programs: readonly ProgramSpec[]): string {
  return programs.map((p) => (p.name === p.section ? p.name : `${p.name} (section ${p.section})`)).join(", ");
}
