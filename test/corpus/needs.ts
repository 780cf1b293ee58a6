/** What a program asks of whoever runs it, by name: all of it, where the checks of a machine stop at the first thing missing. */
import { HELPER_BY_ID, helperName } from "../../xdp/helpers/index.js";
import { BPF_PSEUDO_BTF_ID, BPF_PSEUDO_KFUNC_CALL, BPF_PSEUDO_MAP_IDX, BPF_PSEUDO_MAP_IDX_VALUE, LD_IMM64, OPCODES } from "../../xdp/isa/index.js";
import { isMapTypeSupported } from "../../xdp/maps/index.js";
import type { MapSpec, ObjectSpec, ProgramSpec } from "../../xdp/object/index.js";

/** Maps that a program names. */
export function mapsOf(object: ObjectSpec, program: ProgramSpec): readonly MapSpec[] {
  const indices = new Set(program.insns.filter(({ op, src }) => op === LD_IMM64 && (src === BPF_PSEUDO_MAP_IDX || src === BPF_PSEUDO_MAP_IDX_VALUE)).map(({ imm }) => imm));
  return object.maps.filter((_, i) => indices.has(i));
}

/** Kernel names of the helpers that a program calls. */
export function helpersOf(program: ProgramSpec): readonly string[] {
  const ids = program.insns.filter(({ op, src }) => OPCODES[op]?.form === "call" && src === 0).map(({ imm }) => imm);
  return [...new Set(ids)].map(helperName);
}

/** Helpers and map types that are not there, and everything that is resolved against a kernel: `helper bpf_loop`, `core field_exists`. */
export function unmetNeeds(object: ObjectSpec, program: ProgramSpec): readonly string[] {
  const calls = program.insns.filter(({ op }) => OPCODES[op]?.form === "call");
  const helpers = calls.filter(({ src, imm }) => src === 0 && !HELPER_BY_ID.has(imm)).map(({ imm }) => `helper ${helperName(imm)}`);
  const externs = (program.externs ?? []).map(({ kind, name, weak }) => `${kind} ${name}${weak ? " (weak)" : ""}`);
  const named = new Set((program.externs ?? []).map(({ insn }) => insn));
  const unnamed = program.insns.flatMap(({ op, src, imm }, i) => (named.has(i) ? [] : OPCODES[op]?.form === "call" && src === BPF_PSEUDO_KFUNC_CALL ? [`kfunc #${imm}`] : op === LD_IMM64 && src === BPF_PSEUDO_BTF_ID ? [`ksym #${imm}`] : []));
  const maps = mapsOf(object, program).filter(({ typeId }) => !isMapTypeSupported(typeId)).map(({ type }) => `map ${type}`);
  const core = (program.coreRelocations ?? []).map(({ kind }) => `core ${kind}`);
  return [...new Set([...helpers, ...externs, ...unnamed, ...maps, ...core])];
}
