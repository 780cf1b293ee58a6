/**
 * Cycles of an NFP core by eBPF slot, and what each slot asks of the shared memory engine: what the translation costs.
 *
 * The model is that of Krude et al. (CoNEXT 2021): an instruction takes a cycle, a taken branch 4 where the instruction before
 * it sets its condition, else 3, less what its defer slots do meanwhile; a blocking memory command at least 3 and at least
 * the memory's spacing (16 cycles packet memory, 25 map memory) from the command before it.
 */
import type { MapSpec, ProgramSpec } from "../../xdp/index.js";
import type { NfpInsn } from "../nfp/code.js";
import { isConditional, isExit, isFunctionCall, isHelperCall, isLoad, isMemory } from "../nfp/meta.js";
import { calleeOf, MAP_DELETE, MAP_LOOKUP, MAP_UPDATE } from "../nfp/select/call.js";
import { NFP_PROLOGUE, NFP_SAVE_REGISTERS, translate } from "../nfp/translate.js";
import type { Translation } from "../nfp/translate.js";
import type { OffloadProfile } from "../profiles/schema.js";
import { nfpTarget } from "../profiles/target.js";
import { shareTaken } from "./branches.js";
import { mapSpreads, spreadOf } from "./locality.js";
import { fallsThrough, SlotQueue, targetOf } from "./flow.js";

/** Costs of one program on a card, by slot. */
export interface NfpCosts {
  /** What a packet's slots add up to: each conditional jump's two ways are told apart by what follows on them. */
  readonly cycles: Uint32Array;
  /** Cycles of the slot itself where it goes on to the next one, and where it jumps. */
  readonly fallen: Uint32Array;
  readonly taken: Uint32Array;
  /** The same with each branch within the slot going the slower way: what no packet exceeds. */
  readonly slowestFallen: Uint32Array;
  readonly slowestTaken: Uint32Array;
  /** Commands to the memory engine: reads, and atomic adds. */
  readonly reads: Float64Array;
  readonly atomics: Float64Array;
  /** How many times faster than for one word the engine serves them; see locality. */
  readonly spread: Float64Array;
  /** Instructions by slot. */
  readonly lengths: Uint16Array;
  /** Static length after translation with all that is around it, instructions. */
  readonly instructions: number;
}

const TAKEN = 3;
/** More where the condition is set by the instruction right before. */
const TAKEN_ON_CONDITION = 4;
/** Least cycles of a blocking memory command. */
const BLOCKING = 3;

/** What running through a slot's instructions one way takes. */
interface Run {
  cycles: number;
  /** Cycles since the last memory command, behind it. */
  since: number;
  reads: number;
  atomics: number;
}

/** Costs of `program` on `device`. */
export function nfpCosts(program: ProgramSpec, device: OffloadProfile, maps: readonly MapSpec[] = [], translation: Translation = translate(program, maps, { target: nfpTarget(device) })): NfpCosts {
  const { insns } = program;
  const count = insns.length;
  const fallen = new Uint32Array(count);
  const taken = new Uint32Array(count);
  const slowestFallen = new Uint32Array(count);
  const slowestTaken = new Uint32Array(count);
  const reads = new Float64Array(count);
  const atomics = new Float64Array(count);
  const spread = spreads(program, translation, device, maps);
  const firmware = firmwareOf(translation, maps, device);
  const since = sinceMemory(translation, device, firmware);
  for (let slot = 0; slot < count; slot++) {
    const fall = runSlot(translation, slot, false, since[slot], device, firmware);
    fallen[slot] = Math.round(fall.cycles);
    taken[slot] = isConditional(insns[slot]) ? Math.round(runSlot(translation, slot, true, since[slot], device, firmware).cycles) : fallen[slot];
    if (isConditional(insns[slot]) && !translation.program.facts.falls(slot)) fallen[slot] = taken[slot];
    const { insns: code } = translation.slots[slot];
    slowestFallen[slot] = fallen[slot] + slower(code, false, since[slot], device);
    slowestTaken[slot] = taken[slot] + (isConditional(insns[slot]) ? slower(code, true, since[slot], device) : slowestFallen[slot] - fallen[slot]);
    reads[slot] = fall.reads;
    atomics[slot] = fall.atomics;
  }
  const cycles = shareTaken(insns, fallen, taken);
  if (count > 0) cycles[0] += NFP_PROLOGUE;
  return { cycles, fallen, taken, slowestFallen, slowestTaken, reads, atomics, spread, lengths: Uint16Array.from(translation.slots, (slot) => slot.insns.length), instructions: translation.instructions };
}

/** By slot: fewest cycles since the last memory command, over all paths. */
function sinceMemory(translation: Translation, device: OffloadProfile, firmware: readonly Firmware[]): Float64Array {
  const { insns, facts } = translation.program;
  const cap = Math.max(device.packetReadCycles, device.mapReadCycles);
  const since = new Float64Array(insns.length).fill(Infinity);
  const work = new SlotQueue(Math.max(1, insns.length));
  const flow = (to: number, value: number): void => {
    if (to < 0 || to >= insns.length || value >= since[to]) return;
    since[to] = value;
    work.add(to);
  };
  flow(0, cap);
  for (let slot = work.take(); slot >= 0; slot = work.take()) {
    const insn = insns[slot];
    const after = (jumps: boolean): number => Math.min(cap, runSlot(translation, slot, jumps, since[slot], device, firmware).since);
    const target = targetOf(insn, slot);
    if (target >= 0 && (!isConditional(insn) || facts.jumps(slot))) flow(target, after(true));
    if (isFunctionCall(insn)) flow(slot + 1 + insn.imm, after(false));
    if (fallsThrough(insn)) flow(slot + 1, after(false));
  }
  // Functions that are called by address only: as after a long while.
  return since.map((value) => (value === Infinity ? cap : value));
}

function runSlot(translation: Translation, slot: number, jumps: boolean, since: number, device: OffloadProfile, firmware: readonly Firmware[]): Run {
  const { program, slots } = translation;
  const insn = program.insns[slot];
  const run: Run = { cycles: 0, since, reads: 0, atomics: 0 };
  execute(slots[slot].insns, jumps, run, device);
  const called = firmware[slot];
  if (called !== undefined) {
    run.cycles += called.cycles;
    run.reads += called.reads;
    run.since = called.reads > 0 ? 0 : run.since + called.cycles;
  }
  // Saving and restoring r6 to r9 are subroutines of their own.
  const saves = isFunctionCall(insn) ? calleeOf(program, slot)?.saves : isExit(insn) && program.functions.findIndex(({ start, end }) => slot >= start && slot < end) > 0 && program.functions.some(({ start, end, saves: own }) => own && slot >= start && slot < end);
  if (saves === true) {
    run.cycles += NFP_SAVE_REGISTERS;
    run.since += NFP_SAVE_REGISTERS;
  }
  return run;
}

/** What a helper does in the firmware, beside the stub in the program. */
interface Firmware {
  readonly cycles: number;
  readonly reads: number;
}

/** By slot: the firmware's part of calls on maps. */
function firmwareOf({ program }: Translation, maps: readonly MapSpec[], device: OffloadProfile): Firmware[] {
  const out: Firmware[] = [];
  program.insns.forEach((insn, slot) => {
    if (!isHelperCall(insn) || insn.src !== 0 || (insn.imm !== MAP_LOOKUP && insn.imm !== MAP_UPDATE && insn.imm !== MAP_DELETE)) return;
    const map = maps[program.facts.pointer(slot, 1)?.map ?? -1] as MapSpec | undefined;
    out[slot] = mapCall(insn.imm, map, device);
  });
  return out;
}

/** A map that is not known counts as a hash table with keys of 4 bytes. */
function mapCall(helper: number, map: MapSpec | undefined, device: OffloadProfile): Firmware {
  const isArray = map !== undefined && map.type.endsWith("ARRAY");
  if (isArray && helper === MAP_LOOKUP) return { cycles: device.arrayLookupCycles, reads: device.arrayLookupReads };
  const keyCycles = isArray ? 0 : Math.ceil((map?.keySize ?? 4) / 4) * device.mapKeyCycles;
  // Entries that are looked at before the one that is wanted.
  const before = isArray ? 0 : device.mapFill / 2;
  const own = helper === MAP_LOOKUP ? { cycles: device.mapLookupCycles, reads: device.mapLookupReads } : { cycles: device.mapUpdateCycles, reads: device.mapUpdateReads };
  return { cycles: own.cycles + keyCycles + before * (device.mapReadCycles + keyCycles), reads: own.reads + before };
}

/** By slot: how far its accesses to map memory spread. */
function spreads(program: ProgramSpec, { program: { facts } }: Translation, device: OffloadProfile, maps: readonly MapSpec[]): Float64Array {
  const byMap = mapSpreads(program, maps, facts, device);
  return Float64Array.from(program.insns, (insn, slot) => {
    if (!facts.reached(slot)) return 1;
    const pointer = isHelperCall(insn) ? facts.pointer(slot, 1) : isMemory(insn) ? facts.pointer(slot, isLoad(insn) ? insn.src : insn.dst) : undefined;
    if (pointer === undefined || pointer.map < 0) return 1;
    // Global data: the place follows from the program, or from an index.
    const direct = pointer.kind === "value" && maps[pointer.map].dataSection !== undefined;
    return direct && pointer.distance === "variable" ? spreadOf(device, Math.min(device.entriesInUse, maps[pointer.map].valueSize / WORD)) : byMap[pointer.map];
  });
}

/** Bytes that the memory engine takes at a time. */
const WORD = 16;

/**
 * Goes through a slot's instructions. Branches within a slot that check something are not taken: heads and tails are moved
 * within bounds, distances are below 32, counters grow by 16 bits. A conditional jump that is taken is taken by its first branch.
 */
function execute(insns: readonly NfpInsn[], jumps: boolean, run: Run, device: OffloadProfile): void {
  for (let at = 0, end = insns.length; at < end; at++) {
    const insn = insns[at];
    if (insn.kind === "cmd") {
      const spacing = insn.memory === "packet" ? device.packetReadCycles : device.mapReadCycles;
      run.cycles += insn.blocking ? Math.max(BLOCKING, spacing - run.since) : 1;
      run.since = 0;
      if (insn.memory === "map" && insn.access === "read") run.reads++;
      if (insn.memory === "map" && insn.access === "add") run.atomics++;
      continue;
    }
    let cycles = 1;
    if (insn.kind === "br") {
      const goes = insn.when === "always" || (jumps && insn.to === "target");
      if (goes) cycles = Math.max(1, (insn.when === "condition" ? TAKEN_ON_CONDITION : TAKEN) - insn.defer);
      if (goes && insn.to === "target") end = at + 1;
      // Over what is for the other case; what is deferred still runs.
      if (goes && typeof insn.to === "number") {
        skip(insns, at, insn.defer, insn.to, run, cycles, device);
        return;
      }
    }
    run.cycles += cycles;
    run.since += cycles;
  }
}

function skip(insns: readonly NfpInsn[], at: number, defer: number, to: number, run: Run, cycles: number, device: OffloadProfile): void {
  run.cycles += cycles;
  run.since += cycles;
  execute(insns.slice(at + 1, at + 1 + defer), false, run, device);
  execute(insns.slice(at + to), false, run, device);
}

/** Cycles by which the slowest way through a slot's instructions exceeds the usual one. */
function slower(insns: readonly NfpInsn[], jumps: boolean, since: number, device: OffloadProfile): number {
  const usual: Run = { cycles: 0, since, reads: 0, atomics: 0 };
  execute(insns, jumps, usual, device);
  const branches = insns.flatMap((insn, at) => (insn.kind === "br" && insn.when !== "always" && (typeof insn.to === "number" || (jumps && insn.to === "target")) ? [at] : []));
  let most = usual.cycles;
  for (const at of branches) {
    const branch = insns[at];
    if (branch.kind !== "br") continue;
    const run: Run = { cycles: 0, since, reads: 0, atomics: 0 };
    // Up to here nothing was taken; then this one is.
    execute(insns.slice(0, at), false, run, device);
    const taken = Math.max(1, (branch.when === "condition" ? TAKEN_ON_CONDITION : TAKEN) - branch.defer);
    if (typeof branch.to === "number") skip(insns, at, branch.defer, branch.to, run, taken, device);
    else run.cycles += taken;
    most = Math.max(most, run.cycles);
  }
  return Math.round(most - usual.cycles);
}
