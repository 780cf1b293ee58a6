/** What every verb that executes a program does first: load it, with its globals, and seed its maps. */
import { CHAIN_ENTRY, chainPrograms, loadObject, seedMaps, selectProgram, setGlobals } from "../../../xdp/index.js";
import type { MachineProgram, MapHandle, ObjectSpec, ProgramSpec } from "../../../xdp/index.js";
import { readInput } from "../input.js";
import type { RunRequest } from "./request.js";

/** The object and its entry program; of several programs, the chain of them. */
export function loadProgram(request: RunRequest): { object: ObjectSpec; program: ProgramSpec } {
  const { programs, globals } = request;
  const objects = programs.map(({ file }) => loadObject(readInput(file, "the program's object file"), file));
  const chained = objects.length > 1;
  const object = chained
    ? chainPrograms(objects.map((one, i) => ({ object: one, program: programs[i].entry, priority: programs[i].priority, chainCallActions: programs[i].actions })))
    : objects[0];
  return { object: setGlobals(object, globals), program: selectProgram(object, chained ? CHAIN_ENTRY : programs[0].entry) };
}

/** What of a machine seeds are put into. */
export interface Seeded {
  readonly object: ObjectSpec;
  readonly maps: readonly MapHandle[];
  readonly programs: readonly MachineProgram[];
}

/** Puts the seeds that were asked for into a machine's maps. */
export function seedMachine(request: RunRequest, { object, maps, programs }: Seeded): void {
  if (request.maps === undefined) return;
  const resolveProgram = (name: string): number | undefined => programs.find((program) => program.spec.name === name)?.index;
  if (typeof request.maps === "string") seedMaps(maps, readInput(request.maps, "the map seeds").toString("utf8"), object.btf, resolveProgram, request.maps);
  else seedMaps(maps, request.maps, object.btf, resolveProgram, request.title);
}
