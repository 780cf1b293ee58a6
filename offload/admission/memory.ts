/** Rules on memory: which pointers, how far, and what words of map values are used for. */
import { BPF_LDX, BPF_W, bytesOf, classOf, sizeOf } from "../../xdp/index.js";
import type { Insn } from "../../xdp/index.js";
import type { Pointer } from "../nfp/facts.js";
import { isAtomic, isHelperCall, isImmediateStore, isLoad, isMemory, isStore } from "../nfp/meta.js";
import { MAP_UPDATE } from "../nfp/select/call.js";
import type { Refusal } from "./error.js";
import { ofInsns, POINTER_NUMBERS } from "./subject.js";
import type { Rule, Subject } from "./subject.js";

/** `-EOPNOTSUPP`, which the driver's translator ends with where an access has no code. */
const NO_CODE = "Translation failed with error -95";
const RX_QUEUE_INDEX = 16;

/** What loads, stores and atomics go through; undefined where that is not known. */
function pointerOf({ facts }: Subject, insn: Insn, slot: number): Pointer | undefined {
  return isMemory(insn) ? facts.pointer(slot, classOf(insn.op) === BPF_LDX ? insn.src : insn.dst) : undefined;
}

function ofAccesses(subject: Subject, find: (insn: Insn, slot: number, pointer: Pointer) => Omit<Refusal, "slot"> | undefined): Refusal[] {
  return ofInsns(subject, (insn, slot) => {
    const pointer = pointerOf(subject, insn, slot);
    return pointer === undefined ? undefined : find(insn, slot, pointer);
  });
}

const mapName = ({ allMaps }: Subject, { map }: Pointer): string => allMaps[map]?.name ?? "?";

export const MEMORY_RULES: readonly Rule[] = [
  {
    id: "pointer-type",
    title: "pointers to context, stack, packet and map values",
    nfp: true,
    check: (subject) =>
      ofAccesses(subject, (_, __, { kind }) =>
        kind === "map" || kind === "unsupported" ? { driver: `unsupported ptr type: ${POINTER_NUMBERS[kind]}`, help: "the card reaches the context, the stack, the packet from ctx->data on, and map values", actual: kind } : undefined),
  },
  {
    id: "pointer-varies",
    title: "one kind of pointer for each instruction",
    nfp: true,
    check: (subject) =>
      ofAccesses(subject, (insn, _, { varies }) => {
        if (isImmediateStore(insn) || varies === undefined || varies.includes("none")) return undefined;
        return { driver: `ptr type changed for instruction ${POINTER_NUMBERS[varies[0]]} -> ${POINTER_NUMBERS[varies[1]]}`, help: `the same instruction reaches ${varies[0]} or ${varies[1]} by path: write the access out for each`, actual: varies.join(" or ") };
      }),
  },
  {
    id: "immediate-store",
    title: "stores of registers",
    nfp: true,
    check: (subject) => ofInsns(subject, (insn) => (isImmediateStore(insn) ? { driver: NO_CODE, help: "the driver does not follow stores of constants: compile with -mcpu=v3 or below, which stores them from registers" } : undefined)),
  },
  {
    id: "map-store",
    title: "no plain stores to map values",
    nfp: true,
    check: (subject) => ofAccesses(subject, (insn, _, pointer) => (isStore(insn) && pointer.kind === "value" ? { driver: "map writes not supported", help: `map ${mapName(subject, pointer)}: count with __sync_fetch_and_add, or write the entry with bpf_map_update_elem` } : undefined)),
  },
  {
    id: "map-offset",
    title: "constant offsets in map values",
    nfp: true,
    check: (subject) =>
      ofAccesses(subject, (insn, _, pointer) => {
        if (pointer.kind !== "value" || isStore(insn) || isImmediateStore(insn)) return undefined;
        if (pointer.distance === "variable") return { driver: "map value offset is variable", help: `map ${mapName(subject, pointer)}: make each element an entry of its own, and look it up` };
        const size = subject.allMaps[pointer.map]?.valueSize ?? Infinity;
        const end = pointer.offset + insn.off + bytesOf(insn.op);
        if (pointer.distance === "constant" && end > size) return { driver: "map value access out-of-bounds", help: `map ${mapName(subject, pointer)}: its values have ${size} bytes`, limit: size, actual: end };
        return undefined;
      }),
  },
  { id: "map-words", title: "words of map values: read or counted, not both, and counters begin at zero", nfp: true, check: wordUses },
  {
    id: "stack-offset",
    title: "constant offsets in the stack",
    nfp: true,
    check: (subject) =>
      ofAccesses(subject, (insn, _, pointer) => {
        if (pointer.kind !== "stack" || isImmediateStore(insn) || isAtomic(insn)) return undefined;
        if (pointer.distance === "variable") return { driver: "variable ptr stack access", help: "the card reaches the stack at constant offsets: unroll the loop, or index with constants" };
        if (!pointer.aligned) return { driver: "stack access changed location", help: "offsets of all paths must agree modulo 4: align what the pointer goes over to 4 bytes" };
        return undefined;
      }),
  },
  {
    id: "context-load",
    title: "of the context data and data_end",
    nfp: true,
    check: (subject) =>
      ofAccesses(subject, (insn, _, { kind }) =>
        kind === "ctx" && isLoad(insn) && (sizeOf(insn.op) !== BPF_W || (insn.off !== 0 && insn.off !== 4)) ? { driver: NO_CODE, help: `of the context the card gives only data and data_end, not ${FIELDS[insn.off] ?? `offset ${insn.off}`}`, actual: FIELDS[insn.off] ?? insn.off } : undefined),
  },
  {
    id: "context-store",
    title: "of the context rx_queue_index can be set",
    nfp: true,
    check: (subject) =>
      ofAccesses(subject, (insn, _, { kind }) => {
        if (kind !== "ctx" || !isStore(insn)) return undefined;
        if (insn.off !== RX_QUEUE_INDEX) return { driver: "unsupported store to context field", help: `the card takes stores to ${subject.device.queueSelect ? "rx_queue_index alone" : "none of its fields"}`, actual: FIELDS[insn.off] ?? insn.off };
        return subject.device.queueSelect ? undefined : { driver: "queue selection not supported by FW", help: "this firmware cannot choose receive queues: leave rx_queue_index alone, RSS steers", actual: "rx_queue_index" };
      }),
  },
];

const FIELDS: Readonly<Record<number, string>> = { 0: "data", 4: "data_end", 8: "data_meta", 12: "ingress_ifindex", 16: "rx_queue_index", 20: "egress_ifindex" };

/** The card's memory engine counts in big endian, so that a word is either counted or read, and counters must begin at zero. */
function wordUses(subject: Subject): Refusal[] {
  const uses = new Map<string, "read" | "atomic">();
  const counted = new Map<string, number>();
  const found = ofAccesses(subject, (insn, slot, pointer) => {
    const use = isAtomic(insn) ? "atomic" : isLoad(insn) ? "read" : undefined;
    if (use === undefined || pointer.kind !== "value" || pointer.map < 0 || pointer.distance !== "constant") return undefined;
    const start = pointer.offset + insn.off;
    for (let word = Math.floor(start / 4); word * 4 < start + bytesOf(insn.op); word++) {
      const before = uses.get(`${pointer.map}:${word}`);
      if (before !== undefined && before !== use) {
        return { driver: `map value use type conflict ${before} vs ${use} off: ${Math.max(start, word * 4)}`, help: `map ${mapName(subject, pointer)}: the card keeps counters in big endian: give counters words that the program never reads` };
      }
      uses.set(`${pointer.map}:${word}`, use);
      if (use === "atomic" && before === undefined) counted.set(`${pointer.map}:${word}`, slot);
    }
    return undefined;
  });
  return [...found, ...ofInsns(subject, (insn, slot) => updates(subject, counted, insn, slot))];
}

/** `counted`: by map and word, the slot of the first add. What the driver says hangs on which it sees first, the add or the update. */
function updates(subject: Subject, counted: ReadonlyMap<string, number>, insn: Insn, slot: number): Omit<Refusal, "slot"> | undefined {
  const map = isHelperCall(insn) && insn.src === 0 && insn.imm === MAP_UPDATE ? subject.facts.pointer(slot, 1)?.map : undefined;
  if (map === undefined || map < 0) return undefined;
  const words = Math.ceil(subject.allMaps[map].valueSize / 4);
  const zero = subject.facts.zeroWords(slot, 3, words);
  const word = zero.findIndex((isZero, i) => !isZero && counted.has(`${map}:${i}`));
  if (word < 0) return undefined;
  const help = `map ${subject.allMaps[map].name}: write new entries with zero in their counters, and add to them behind`;
  if (slot < (counted.get(`${map}:${word}`) ?? 0)) return { driver: `atomic counter in map value may already be initialized to non-zero value off: ${word * 4}`, help };
  const value = subject.facts.pointer(slot, 3);
  const place = value?.kind === "stack" ? -(value.offset + word * 4) - 1 : 0;
  return { driver: `value at offset ${word * 4}/${place} may be non-zero, bpf_map_update_elem() is required to initialize atomic counters to zero to avoid offload endian issues`, help };
}
