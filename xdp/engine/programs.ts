/** Which programs a machine holds, and how they are written into its memory. */
import {
  MACHINE,
  MACHINE_PROGRAMS,
  MACHINE_PROGRAM_COUNT,
  MAP_DATA,
  MAP_VALUE_OFFSET,
  PROGRAM_ATTACH,
  PROGRAM_BYTES,
  PROGRAM_CALLBACKS,
  PROGRAM_CALLBACK_COUNT,
  PROGRAM_COSTS,
  PROGRAM_FRAGS,
  PROGRAM_INSNS,
  PROGRAM_LENGTH,
} from "../abi.js";
import { ProgramError, UnsupportedError } from "../helpers/index.js";
import { BPF_PSEUDO_FUNC, BPF_PSEUDO_MAP_IDX, BPF_PSEUDO_MAP_IDX_VALUE, INSN_BYTES, LD_IMM64, encode } from "../isa/index.js";
import type { Insn } from "../isa/index.js";
import type { MapHandle } from "../maps/index.js";
import { ObjectError, selectProgram } from "../object/index.js";
import type { ObjectSpec, ProgramSpec } from "../object/index.js";
import { checkProgram, mapsOf, withKfuncNumbers } from "./check_program.js";
import type { MachineProgram, ProgramCosts } from "./contract.js";
import type { Layout } from "./layout.js";

const BPF_MAP_TYPE_PROG_ARRAY = 3;
/** Maps whose entries carry a second program, where their values have room for one: devmap, cpumap, devmap hash. */
const CARRIERS: ReadonlySet<number> = new Set([14, 16, 25]);
const CARRIER_VALUE = 8;
const ATTACH_NUMBERS = { device: 0, devmap: 1, cpumap: 2 } as const;

/** The programs that a machine is to hold, entry first. */
export interface ChosenPrograms {
  readonly programs: readonly ProgramSpec[];
  /** Programs that a prog array could have held, by name, with what they lack. */
  readonly refused: ReadonlyMap<string, Error>;
}

/**
 * The entry program; where it uses a prog array, also every other XDP program of the object, since it is not known
 * which of them the array will hold; where it uses a devmap or cpumap whose entries may carry programs, those that are
 * meant for such entries. Those that cannot run here are left out, unless the array starts with them.
 * @param adapt makes a program ready for this place.
 * @throws UnsupportedError, ProgramError for the entry and for what prog arrays start with; ObjectError where there is no such entry,
 *   or where `adapt` throws it.
 */
export function choosePrograms(object: ObjectSpec, entryName: string, adapt: (program: ProgramSpec) => ProgramSpec): ChosenPrograms {
  const found = object.programs.find((p) => p.name === entryName) ?? selectProgram(object, entryName, { anyType: true });
  const ready = (program: ProgramSpec): ProgramSpec => {
    const adapted = adapt(program);
    checkProgram(object, adapted);
    return withKfuncNumbers(adapted);
  };
  const entry = ready(found);
  const programs = [entry];
  const refused = new Map<string, Error>();
  const usesArray = (program: ProgramSpec): boolean => [...mapsOf(program)].some((map) => object.maps[map]?.typeId === BPF_MAP_TYPE_PROG_ARRAY);
  const carries = [...mapsOf(entry)].some((map) => CARRIERS.has(object.maps[map]?.typeId ?? 0) && object.maps[map]?.valueSize === CARRIER_VALUE);
  const others = object.programs.filter((program) => program !== found && program.type === "xdp");
  const seconds = carries ? others.filter(({ attach }) => attach !== "device") : [];
  for (const program of usesArray(entry) || seconds.some(usesArray) ? others : seconds) {
    try {
      programs.push(ready(program));
    } catch (error) {
      if (!(error instanceof UnsupportedError || error instanceof ProgramError || error instanceof ObjectError)) throw error;
      refused.set(program.name, error);
    }
  }
  const used = new Set(programs.flatMap((program) => [...mapsOf(program)]));
  for (const map of used) {
    for (const { program } of object.maps[map]?.values ?? []) {
      const error = program === undefined ? undefined : refused.get(program);
      if (error) throw error;
    }
  }
  return { programs, refused };
}

/** Writes the program table and every program, maps and functions resolved. */
export function placePrograms(layout: Layout, programs: readonly ProgramSpec[], maps: readonly MapHandle[], costs: ((program: ProgramSpec) => ProgramCosts) | undefined): MachineProgram[] {
  const table = layout.allocate(programs.length * PROGRAM_BYTES, 64, "the table of programs");
  const placed = programs.map((spec, index): MachineProgram => {
    const insns = layout.allocate(spec.insns.length * INSN_BYTES, 64, `program ${spec.name}`);
    const counted = costs && withoutSecondSlots(spec, costs(spec));
    const costTable = counted ? layout.allocate(spec.insns.length * 8, 64, `costs of program ${spec.name}`) : 0;
    const view = new DataView(layout.buffer);
    new Uint8Array(layout.buffer).set(encode(resolve(spec.insns, maps, view)), insns);
    const entry = table + index * PROGRAM_BYTES;
    view.setUint32(entry + PROGRAM_INSNS, insns, true);
    view.setUint32(entry + PROGRAM_LENGTH, spec.insns.length, true);
    view.setUint32(entry + PROGRAM_COSTS, costTable, true);
    view.setUint32(entry + PROGRAM_FRAGS, spec.frags ? 1 : 0, true);
    view.setUint32(entry + PROGRAM_ATTACH, ATTACH_NUMBERS[spec.attach], true);
    placeCallbacks(layout, entry, spec);
    if (!counted) return { index, spec };
    for (let slot = 0; slot < spec.insns.length; slot++) {
      view.setUint32(costTable + slot * 8, counted.low[slot] ?? 0, true);
      view.setUint32(costTable + slot * 8 + 4, counted.high[slot] ?? 0, true);
    }
    return { index, spec, costs: counted };
  });
  const view = new DataView(layout.buffer);
  view.setUint32(MACHINE + MACHINE_PROGRAMS, table, true);
  view.setUint32(MACHINE + MACHINE_PROGRAM_COUNT, programs.length, true);
  return placed;
}

/** The functions whose address a program takes: those that helpers may call. */
function placeCallbacks(layout: Layout, entry: number, spec: ProgramSpec): void {
  const slots = new Set(spec.insns.flatMap(({ op, src, imm }, slot) => (op === LD_IMM64 && src === BPF_PSEUDO_FUNC ? [slot + 1 + imm] : [])));
  const table = slots.size === 0 ? 0 : layout.allocate(slots.size * 4, 4, `callbacks of program ${spec.name}`);
  const view = new DataView(layout.buffer);
  for (const [i, slot] of [...slots].entries()) view.setUint32(table + i * 4, slot, true);
  view.setUint32(entry + PROGRAM_CALLBACKS, table, true);
  view.setUint32(entry + PROGRAM_CALLBACK_COUNT, slots.size, true);
}

/** The second slot of a 64-bit load is not executed by itself: it costs nothing, whatever was said. */
function withoutSecondSlots(spec: ProgramSpec, costs: ProgramCosts): ProgramCosts {
  const low = costs.low.slice(0, spec.insns.length);
  const high = costs.high.slice(0, spec.insns.length);
  for (let i = 0; i < spec.insns.length; i++) {
    if (spec.insns[i]?.op !== LD_IMM64) continue;
    i++;
    low[i] = 0;
    high[i] = 0;
  }
  return { low, high };
}

/** Map references become addresses, function references slots. */
function resolve(insns: readonly Insn[], maps: readonly MapHandle[], view: DataView): Insn[] {
  const resolved = [...insns];
  insns.forEach((insn, i) => {
    if (insn.op !== LD_IMM64) return;
    const header = maps[insn.imm]?.header ?? 0;
    const second = insns[i + 1] as Insn;
    if (insn.src === BPF_PSEUDO_MAP_IDX) resolved[i] = { ...insn, imm: header };
    else if (insn.src === BPF_PSEUDO_MAP_IDX_VALUE) {
      const value = view.getUint32(header + MAP_DATA, true) + view.getUint32(header + MAP_VALUE_OFFSET, true);
      resolved[i] = { ...insn, imm: (value + second.imm) | 0 };
    } else if (insn.src === BPF_PSEUDO_FUNC) resolved[i] = { ...insn, imm: i + 1 + insn.imm };
    else return;
    resolved[i + 1] = { ...second, imm: 0 };
  });
  return resolved;
}
