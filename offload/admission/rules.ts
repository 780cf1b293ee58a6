/**
 * Would this card take the program? The rules that can be told from maps, helpers and verdicts alone, as data; the driver
 * has more (operand ranges, stores to map values, stack layout, length after translation), which are not checked here.
 * Source of the rules: Linux 6.1 nfp driver, bpf/verifier.c and bpf/offload.c.
 */
import {
  BPF_ADD, BPF_ALU, BPF_ALU64, BPF_ATOMIC, BPF_CALL, BPF_JMP, BPF_LDX, BPF_MOD, BPF_PSEUDO_MAP_IDX, BPF_PSEUDO_MAP_IDX_VALUE, BPF_STX, classOf,
  HELPER_NAMES, LD_IMM64, modeOf, operationOf,
} from "../../xdp/index.js";
import type { MapSpec, ObjectSpec, ProgramSpec } from "../../xdp/index.js";
import { analyseKinds, KIND_CTX } from "../cost/kinds.js";
import type { OffloadProfile } from "../profiles/schema.js";

/** What a rule looks at. */
interface Case {
  readonly program: ProgramSpec;
  /** Maps that the program names. */
  readonly maps: readonly MapSpec[];
  readonly device: OffloadProfile;
}

interface Rule {
  readonly id: string;
  /** One line for each thing that the card refuses. */
  check(subject: Case): string[];
}

/** What the checks found. They are a part of what the driver checks: an empty list is not a promise. */
export interface PartialAdmission {
  readonly reasons: readonly string[];
  readonly checked: readonly string[];
}

const RULES: readonly Rule[] = [
  {
    id: "map-type",
    check: ({ maps, device }) =>
      maps.filter((map) => !device.mapTypes.includes(map.type)).map((map) => `map ${map.name}: the card has no ${map.type}: it takes ${device.mapTypes.join(" and ")}`),
  },
  {
    id: "map-flags",
    check: ({ maps, device }) =>
      maps.filter((map) => map.flags !== 0 && map.dataSection === undefined && device.mapTypes.includes(map.type)).map((map) => `map ${map.name}: the card takes no map_flags (0x${map.flags.toString(16)})`),
  },
  {
    id: "global-data",
    check: ({ maps }) =>
      maps.filter((map) => map.dataSection !== undefined).map((map) => `map ${map.name}: the card has no global data (direct access to map values): use a map with lookups, or constants`),
  },
  {
    id: "map-count",
    check: ({ maps, device }) => (maps.length > device.maxMaps ? [`${maps.length} maps: the card takes ${device.maxMaps}`] : []),
  },
  {
    id: "map-entries",
    check: ({ maps, device }) => {
      const total = maps.reduce((sum, map) => sum + map.maxEntries, 0);
      return total > device.maxMapEntries ? [`${total} map entries in all: the card takes ${device.maxMapEntries}`] : [];
    },
  },
  {
    id: "map-sizes",
    check: ({ maps, device }) =>
      maps.filter((map) => device.mapTypes.includes(map.type)).flatMap((map) => {
        const entry = Math.ceil(map.keySize / 8) * 8 + Math.ceil(map.valueSize / 8) * 8;
        if (map.keySize > device.maxKeyBytes) return [`map ${map.name}: keys of ${map.keySize} bytes: the card takes ${device.maxKeyBytes}`];
        if (map.valueSize > device.maxValueBytes) return [`map ${map.name}: values of ${map.valueSize} bytes: the card takes ${device.maxValueBytes}`];
        return entry > device.maxEntryBytes ? [`map ${map.name}: key and value of ${entry} bytes together: the card takes ${device.maxEntryBytes}`] : [];
      }),
  },
  {
    id: "helper",
    check: ({ program, device }) => {
      const refused = new Map<string, number>();
      program.insns.forEach((insn, slot) => {
        if (classOf(insn.op) !== BPF_JMP || operationOf(insn.op) !== BPF_CALL || insn.src === 1) return;
        const name = insn.src === 0 ? (HELPER_NAMES[insn.imm] ?? `helper ${insn.imm}`) : "a kernel function";
        const known = insn.src === 0 && device.helpers.includes(name.startsWith("bpf_") ? name : `bpf_${name}`);
        if (!known && !refused.has(name)) refused.set(name, slot);
      });
      return [...refused].map(([name, slot]) => `${place(program, slot)}: the card has no ${name}`);
    },
  },
  {
    id: "opcode",
    check: ({ program }) => first(program, (insn) => (classOf(insn.op) === BPF_ALU || classOf(insn.op) === BPF_ALU64) && operationOf(insn.op) === BPF_MOD, "the card cannot divide for a remainder (modulo)"),
  },
  {
    id: "atomic",
    check: ({ program }) => first(program, (insn) => classOf(insn.op) === BPF_STX && modeOf(insn.op) === BPF_ATOMIC && insn.imm !== BPF_ADD, "of atomics the card has only add without fetch"),
  },
  {
    id: "context",
    check: ({ program }) => {
      const kinds = analyseKinds(program);
      return first(program, (insn, slot) => classOf(insn.op) === BPF_LDX && kinds.of(slot, insn.src) === KIND_CTX && insn.off > 4, "of the context the card gives only data and data_end");
    },
  },
];

/** Checks what can be told for certain from the profile. */
export function checkAdmission(object: ObjectSpec, program: ProgramSpec, device: OffloadProfile): PartialAdmission {
  const indices = new Set(program.insns.filter((insn) => insn.op === LD_IMM64 && (insn.src === BPF_PSEUDO_MAP_IDX || insn.src === BPF_PSEUDO_MAP_IDX_VALUE)).map((insn) => insn.imm));
  const maps = object.maps.filter((_, i) => indices.has(i));
  return { reasons: RULES.flatMap((rule) => rule.check({ program, maps, device })), checked: RULES.map((rule) => rule.id) };
}

function first(program: ProgramSpec, matches: (insn: ProgramSpec["insns"][number], slot: number) => boolean, reason: string): string[] {
  const slot = program.insns.findIndex(matches);
  return slot < 0 ? [] : [`${place(program, slot)}: ${reason}`];
}

/** `file.c:12` where the object says it, else the instruction. */
function place(program: ProgramSpec, slot: number): string {
  const line = program.lines.findLast((one) => one.insn <= slot);
  return line === undefined ? `instruction ${slot}` : `${line.file}:${line.line}`;
}
