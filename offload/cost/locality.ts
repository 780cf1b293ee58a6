/**
 * How far accesses to map memory spread. The memory engine's published rates are of one and the same word; it is faster where
 * packets reach different entries of a map. Which accesses do is told by the keys: a constant key, or a map of one entry, is
 * the same word for every packet; a key of the packet's is spread over as many entries as packets reach.
 */
import type { MapSpec, ProgramSpec } from "../../xdp/index.js";
import { isHelperCall } from "../nfp/meta.js";
import type { NfpFacts } from "../nfp/facts.js";
import { MAP_DELETE, MAP_LOOKUP, MAP_UPDATE } from "../nfp/select/call.js";
import type { OffloadProfile } from "../profiles/schema.js";

/** By map: whether its keys, where the program looks something up in it, come from packets. */
export function variableKeys(program: ProgramSpec, maps: readonly MapSpec[], facts: NfpFacts): boolean[] {
  const variable = maps.map(() => false);
  program.insns.forEach((insn, slot) => {
    if (!isHelperCall(insn) || insn.src !== 0 || ![MAP_LOOKUP, MAP_UPDATE, MAP_DELETE].includes(insn.imm) || !facts.reached(slot)) return;
    const map = facts.pointer(slot, 1)?.map ?? -1;
    if (map < 0 || maps[map].maxEntries <= 1) return;
    const words = Math.ceil(maps[map].keySize / 4);
    if (!facts.zeroWords(slot, 2, words).every(Boolean)) variable[map] = true;
  });
  return variable;
}

/** How many times faster than on one word the engine is on `entries` different ones. */
export function spreadOf(device: OffloadProfile, entries: number): number {
  const { memorySpreadMost: most, memorySpreadFrom: from, memorySpreadTo: to } = device;
  if (entries <= from) return 1;
  if (entries >= to) return most;
  return 1 + ((most - 1) * Math.log(entries / from)) / Math.log(to / from);
}

/** By map: the spread of accesses to it. */
export function mapSpreads(program: ProgramSpec, maps: readonly MapSpec[], facts: NfpFacts, device: OffloadProfile): number[] {
  const variable = variableKeys(program, maps, facts);
  return maps.map(({ maxEntries }, i) => (variable[i] ? spreadOf(device, Math.min(device.entriesInUse, maxEntries)) : 1));
}
