/**
 * Cycles of an NFP core by eBPF slot, and what each slot asks of the shared memory engine.
 *
 * The model is that of Krude et al. (CoNEXT 2021): an instruction takes a cycle, a taken branch 3 to 4, a blocking memory
 * command at least 3 and at least the memory's spacing (16 cycles packet memory, 25 map memory) from the command before it.
 * A branch's slot does not know whether it was taken, so what taking costs is put on the slot that it goes to.
 */
import {
  BPF_ADD, BPF_ATOMIC, BPF_CALL, BPF_JMP, BPF_JMP32, BPF_LD, BPF_LDX, BPF_PSEUDO_CALL, BPF_PSEUDO_MAP_IDX, BPF_PSEUDO_MAP_IDX_VALUE, BPF_ST, BPF_STX,
  classOf, LD_IMM64, modeOf, operationOf,
} from "../../xdp/index.js";
import type { Insn, ProgramSpec } from "../../xdp/index.js";
import type { OffloadProfile } from "../profiles/schema.js";
import { fallsThrough, jumpTargets, SlotQueue, targetOf } from "./flow.js";
import { analyseKinds, KIND_CTX, KIND_PACKET, KIND_STACK } from "./kinds.js";
import type { Kinds } from "./kinds.js";
import {
  aluCycles, aluSize, atomicSize, callSize, isAlu, jumpSize, NFP_EPILOGUE, NFP_PADDING, NFP_PROLOGUE, packetHitSize, packetSize, stackSize, valueSize, wideSize,
} from "./nfp_size.js";
import { packetCacheHits } from "./packet_cache.js";

/** Costs of one program on a card, by slot. */
export interface NfpCosts {
  readonly cycles: Uint32Array;
  /** Commands to the memory engine: reads, and atomic adds. */
  readonly reads: Uint16Array;
  readonly atomics: Uint16Array;
  /** Static length after translation, instructions; an estimate. */
  readonly instructions: number;
}

/** A taken branch whose condition the instruction before it set. */
const TAKEN = 4;
const NOT_TAKEN = 1;
/** Least cycles of a blocking memory command. */
const BLOCKING = 3;

const LOOKUPS = new Set([1, 195]);
const UPDATES = new Set([2, 3]);

interface SlotCost {
  size: number;
  cycles: number;
  reads: number;
  atomics: number;
  /** It issued a memory command. */
  memory: boolean;
}

/** Costs of `program` on `device`. */
export function nfpCosts(program: ProgramSpec, device: OffloadProfile): NfpCosts {
  const { insns } = program;
  const kinds = analyseKinds(program);
  const hits = packetCacheHits(program, kinds);
  const depth = stackDepth(insns);
  const cycles = new Uint32Array(insns.length);
  const reads = new Uint16Array(insns.length);
  const atomics = new Uint16Array(insns.length);
  let instructions = NFP_PROLOGUE + NFP_EPILOGUE + NFP_PADDING;
  const at = (slot: number, since: number): SlotCost => slotCost(insns, slot, kinds, hits[slot] !== 0, depth, since, device);
  const since = sinceMemory(insns, at, Math.max(device.packetReadCycles, device.mapReadCycles));
  for (let slot = 0; slot < insns.length; slot++) {
    if (!kinds.reached(slot)) continue;
    const cost = at(slot, since[slot]);
    cycles[slot] = Math.round(cost.cycles);
    reads[slot] = cost.reads;
    atomics[slot] = cost.atomics;
    instructions += cost.size;
  }
  addTaken(insns, cycles);
  if (insns.length > 0) cycles[0] += NFP_PROLOGUE;
  return { cycles, reads, atomics, instructions };
}

/** What taking jumps costs, on the slots that they go to; shared out where a slot is also reached from above. */
function addTaken(insns: readonly Insn[], cycles: Uint32Array): void {
  const targets = jumpTargets(insns);
  for (let slot = 0; slot < insns.length; slot++) {
    if (targets[slot] === 0) continue;
    const above = slot > 0 && fallsThrough(insns[slot - 1]) ? 1 : 0;
    cycles[slot] += Math.round(((TAKEN - NOT_TAKEN) * targets[slot]) / (targets[slot] + above));
  }
}

/** By slot: fewest cycles since the last memory command, over all paths, at most `cap`. */
function sinceMemory(insns: readonly Insn[], at: (slot: number, since: number) => SlotCost, cap: number): Float64Array {
  const since = new Float64Array(insns.length).fill(Infinity);
  const work = new SlotQueue(insns.length);
  const flow = (to: number, value: number): void => {
    if (to < 0 || to >= insns.length || value >= since[to]) return;
    since[to] = value;
    work.add(to);
  };
  flow(0, cap);
  for (let slot = work.take(); slot >= 0; slot = work.take()) {
    const insn = insns[slot];
    const cost = at(slot, since[slot]);
    const after = cost.memory ? 0 : Math.min(cap, since[slot] + cost.cycles);
    const target = targetOf(insn, slot);
    if (target >= 0) flow(target, after);
    if (insn.op === LD_IMM64) flow(slot + 2, after);
    else if (fallsThrough(insn)) flow(slot + 1, after);
    if (classOf(insn.op) === BPF_JMP && operationOf(insn.op) === BPF_CALL && insn.src === BPF_PSEUDO_CALL) flow(slot + 1 + insn.imm, after);
  }
  // Functions that are called by address only: as after a long while.
  return since.map((value) => (value === Infinity ? cap : value));
}

function slotCost(insns: readonly Insn[], slot: number, kinds: Kinds, hit: boolean, depth: number, since: number, device: OffloadProfile): SlotCost {
  const insn = insns[slot];
  const kind = classOf(insn.op);
  if (isAlu(insn)) return plain(aluSize(insn), aluCycles(insn));
  if (kind === BPF_LD) {
    if (insn.op !== LD_IMM64) return plain(2, 2);
    const map = insn.src === BPF_PSEUDO_MAP_IDX || insn.src === BPF_PSEUDO_MAP_IDX_VALUE;
    const size = map ? 2 : wideSize(insn.imm, insns[slot + 1]?.imm ?? 0);
    return plain(size, size);
  }
  if (kind === BPF_JMP || kind === BPF_JMP32) {
    if (operationOf(insn.op) === BPF_CALL && insn.src === 0) return helperCost(insn.imm, device);
    const size = jumpSize(insn);
    return plain(size, size);
  }
  const store = kind === BPF_ST || kind === BPF_STX;
  const base = store ? insn.dst : insn.src;
  const memory = kinds.of(slot, base);
  if (kind === BPF_STX && modeOf(insn.op) === BPF_ATOMIC) return atomicCost(insn, since, device);
  if (memory === KIND_STACK) {
    const near = base !== 10 || depth + insn.off < 64;
    const size = stackSize(insn, near, store);
    return plain(size, size);
  }
  if (memory === KIND_CTX) return plain(2, 2);
  if (memory === KIND_PACKET) {
    if (hit) return plain(packetHitSize(insn), packetHitSize(insn));
    const size = packetSize(insn);
    return blocking(size, since, device.packetReadCycles, 0);
  }
  return blocking(valueSize(insn), since, device.mapReadCycles, kind === BPF_LDX ? 1 : 0);
}

function plain(size: number, cycles: number): SlotCost {
  return { size, cycles, reads: 0, atomics: 0, memory: false };
}

/** The instructions around the command, then the command, which ends no sooner than `spacing` cycles behind the one before. */
function blocking(size: number, since: number, spacing: number, reads: number): SlotCost {
  const around = size - 1;
  return { size, cycles: around + Math.max(BLOCKING, spacing - since - around), reads, atomics: 0, memory: true };
}

/** Adds are posted: the core does not wait. Those that give a value back do. */
function atomicCost(insn: Insn, since: number, device: OffloadProfile): SlotCost {
  const size = atomicSize(insn);
  if (insn.imm !== BPF_ADD) return { ...blocking(size, since, device.mapReadCycles, 0), atomics: 1 };
  return { size, cycles: size, reads: 0, atomics: 1, memory: true };
}

function helperCost(helper: number, device: OffloadProfile): SlotCost {
  const size = callSize(helper);
  if (LOOKUPS.has(helper)) return { size, cycles: size + device.mapLookupCycles, reads: device.mapLookupReads, atomics: 0, memory: true };
  if (UPDATES.has(helper)) return { size, cycles: size + device.mapUpdateCycles, reads: device.mapUpdateReads, atomics: 0, memory: true };
  return plain(size, size);
}

/** Bytes of stack that the program names, below the frame pointer. */
function stackDepth(insns: readonly Insn[]): number {
  let depth = 0;
  for (const insn of insns) {
    const kind = classOf(insn.op);
    const base = kind === BPF_LDX ? insn.src : kind === BPF_ST || kind === BPF_STX ? insn.dst : -1;
    if (base === 10) depth = Math.max(depth, -insn.off);
  }
  return depth;
}
