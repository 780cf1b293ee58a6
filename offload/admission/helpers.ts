/** Rules on helpers: which the firmware has, and what their arguments may be. */
import { HELPER_NAMES } from "../../xdp/index.js";
import { isHelperCall } from "../nfp/meta.js";
import { ADJUST_HEAD, ADJUST_TAIL, MAP_DELETE, MAP_LOOKUP, MAP_UPDATE, PERF_EVENT_OUTPUT, PRANDOM } from "../nfp/select/call.js";
import type { Refusal } from "./error.js";
import { ofInsns, POINTER_NUMBERS } from "./subject.js";
import type { Rule, Subject } from "./subject.js";

/** What the driver says where firmware lacks a helper that the driver knows. */
const LACKING: Readonly<Record<number, string>> = {
  [MAP_LOOKUP]: "map_lookup: not supported by FW",
  [MAP_UPDATE]: "map_update: not supported by FW",
  [MAP_DELETE]: "map_delete: not supported by FW",
  [PRANDOM]: "bpf_get_prandom_u32(): FW doesn't support random number generation",
  [PERF_EVENT_OUTPUT]: "event_output: not supported by FW",
  [ADJUST_HEAD]: "adjust_head not supported by FW",
  [ADJUST_TAIL]: "adjust_tail not supported by FW",
};

/** What to do without helpers that programs often call. */
const INSTEAD: Readonly<Record<number, string>> = {
  5: "the card has no clock for programs",
  12: "chain programs by calls of functions",
  23: "XDP_TX is the only way out of the card",
  28: "sum in the program",
  51: "XDP_TX is the only way out of the card",
  54: "the card has no metadata",
  69: "look routes up in a map",
};

/** Pointer arguments on the stack, by helper: register, and how the driver calls it. */
const STACK_ARGUMENTS: Readonly<Record<number, readonly (readonly [register: number, name: string])[]>> = {
  [MAP_LOOKUP]: [[2, "map_lookup"]],
  [MAP_UPDATE]: [[2, "map_update"], [3, "map_update"]],
  [MAP_DELETE]: [[2, "map_delete"]],
};

const CURRENT_CPU = 0xffff_ffffn;

export const HELPER_RULES: readonly Rule[] = [
  {
    id: "helper",
    title: "helpers of driver and firmware",
    nfp: false,
    check: (subject) =>
      ofInsns(subject, (insn) => {
        if (!isHelperCall(insn)) return undefined;
        const name = insn.src === 0 ? nameOf(insn.imm) : "kernel functions";
        if (insn.src === 0 && subject.device.helpers.includes(name)) return undefined;
        const driver = (insn.src === 0 ? LACKING[insn.imm] : undefined) ?? `unsupported function id: ${insn.imm}`;
        const instead = insn.src === 0 ? INSTEAD[insn.imm] : undefined;
        return { driver, help: `the card has no ${name}${instead === undefined ? "" : `: ${instead}`}`, actual: name };
      }),
  },
  {
    id: "stack-argument",
    title: "keys and values of map helpers on the stack, at constant offsets, aligned to 4",
    nfp: true,
    check: (subject) => ofInsns(subject, (insn, slot) => (isHelperCall(insn) && insn.src === 0 ? (STACK_ARGUMENTS[insn.imm] ?? []).map(([register, name]) => stackArgument(subject, slot, register, name)).find((one) => one !== undefined) : undefined)),
  },
  {
    id: "event-output",
    title: "bpf_perf_event_output: the current CPU, and data that the card can send",
    nfp: true,
    check: (subject) =>
      ofInsns(subject, (insn, slot) => {
        if (!isHelperCall(insn) || insn.src !== 0 || insn.imm !== PERF_EVENT_OUTPUT) return undefined;
        const { min, max, known, constant } = subject.facts.range(slot, 3);
        const flags = known ?? (min === max ? [min] : undefined);
        if (flags === undefined ? !constant : flags.some((one) => (one & CURRENT_CPU) !== CURRENT_CPU)) return { driver: "event_output: must use BPF_F_CURRENT_CPU", help: "pass BPF_F_CURRENT_CPU as flags" };
        const data = subject.facts.pointer(slot, 4);
        if (data !== undefined && !["stack", "value", "packet", "none"].includes(data.kind)) return { driver: `event_output: unsupported ptr type: ${POINTER_NUMBERS[data.kind]}`, help: "send data of the stack, of a map value or of the packet", actual: data.kind };
        return data?.kind === "stack" ? stackArgument(subject, slot, 4, "event_output") : undefined;
      }),
  },
];

function nameOf(id: number): string {
  const name = HELPER_NAMES[id];
  if (name === undefined) return `helper ${id}`;
  return name.startsWith("bpf_") ? name : `bpf_${name}`;
}

function stackArgument({ facts }: Subject, slot: number, register: number, name: string): Omit<Refusal, "slot"> | undefined {
  const pointer = facts.pointer(slot, register);
  // Not followed: the verifier may know more.
  if (pointer === undefined || pointer.kind === "none") return undefined;
  if (pointer.kind !== "stack") return { driver: `${name}: unsupported ptr type ${POINTER_NUMBERS[pointer.kind]}`, help: "copy the key and the value to the stack first", actual: pointer.kind };
  if (pointer.distance === "variable") return { driver: `${name}: variable pointer`, help: "keep the key and the value at one place of the stack" };
  if (!pointer.aligned || pointer.offset % 4 !== 0) return { driver: `${name}: unaligned stack pointer ${-pointer.offset}`, help: "align the key and the value to 4 bytes: __attribute__((aligned(4)))", limit: 4, actual: -pointer.offset };
  return undefined;
}
