/** A case's object: assembled, with functions where the text calls them. */
import { FIRST_KFUNC, HELPERS, HELPER_BY_ID, KFUNC_BY_NAME } from "../../helpers/index.js";
import { BPF_CALL, BPF_JMP, BPF_PSEUDO_CALL, BPF_PSEUDO_FUNC, BPF_PSEUDO_KFUNC_CALL, LD_IMM64, assemble } from "../../isa/index.js";
import type { Insn } from "../../isa/index.js";
import { mapTypeName } from "../../object/index.js";
import type { BtfType, ExternReference, FunctionSpec, MapSpec, ObjectSpec, ProgramSpec } from "../../object/index.js";
import { hex } from "./case.js";
import type { CaseMap, EngineCase } from "./case.js";

const HELPER_IDS = new Map(HELPERS.map(({ id, name }) => [name, id]));
const MAP_TYPES = new Map(Array.from({ length: 40 }, (_, id) => [mapTypeName(id), id]));

/** A program from assembly text. */
export function programOf(name: string, asm: string, maps: readonly string[] = [], frags = false): ProgramSpec {
  const text = assemble(asm, {
    helper: (helper) => HELPER_IDS.get(helper) ?? KFUNC_BY_NAME.get(helper)?.id,
    map: (map) => {
      const index = maps.indexOf(map);
      return index < 0 ? undefined : index;
    },
  });
  const { insns, externs } = withKfuncs(text);
  return { name, section: frags ? "xdp.frags" : "xdp", type: "xdp", frags, attach: "device", autoload: true, insns, functions: functionsOf(name, insns), lines: [], ...(externs.length > 0 ? { externs } : {}) };
}

/** Calls of kernel functions as objects have them: by name. */
function withKfuncs(text: readonly Insn[]): { insns: Insn[]; externs: ExternReference[] } {
  const externs: ExternReference[] = [];
  const insns = text.map((insn, at): Insn => {
    const kfunc = insn.op === (BPF_JMP | BPF_CALL) && insn.src === 0 && insn.imm >= FIRST_KFUNC ? HELPER_BY_ID.get(insn.imm) : undefined;
    if (!kfunc) return insn;
    externs.push({ insn: at, name: kfunc.name, kind: "kfunc", weak: false });
    return { ...insn, src: BPF_PSEUDO_KFUNC_CALL, imm: 0 };
  });
  return { insns, externs };
}

/** Functions start where they are called, or where their address is taken. */
function functionsOf(name: string, insns: readonly Insn[]): FunctionSpec[] {
  const starts = new Set([0]);
  insns.forEach(({ op, src, imm }, i) => {
    if ((op === (BPF_JMP | BPF_CALL) && src === BPF_PSEUDO_CALL) || (op === LD_IMM64 && src === BPF_PSEUDO_FUNC)) starts.add(i + 1 + imm);
  });
  const sorted = [...starts].toSorted((a, b) => a - b);
  return sorted.map((start, i) => ({ name: i === 0 ? name : `f${i}`, start, end: sorted[i + 1] ?? insns.length, linkage: "static" as const }));
}

/** The map's spec. */
export function mapOf(map: CaseMap): MapSpec {
  const typeId = MAP_TYPES.get(map.type);
  if (typeId === undefined) throw new Error(`no map type ${map.type}`);
  return {
    name: map.name,
    type: map.type,
    typeId,
    keySize: map.key ?? 4,
    valueSize: map.value ?? 8,
    maxEntries: map.entries ?? 8,
    flags: map.flags ?? 0,
    keyTypeId: 0,
    valueTypeId: 0,
    ...(map.initial === undefined ? {} : { initial: Buffer.from(hex(map.initial)).toString("base64"), dataSection: map.name }),
    ...(map.extra === undefined ? {} : { mapExtra: map.extra }),
    ...(map.inner === undefined ? {} : { inner: mapOf(map.inner) }),
    ...(map.put === undefined ? {} : { values: Object.entries(map.put).map(([key, inner]) => ({ key: Number(key), map: inner })) }),
    ...(map.programs === undefined ? {} : { values: Object.entries(map.programs).map(([key, program]) => ({ key: Number(key), program })) }),
  };
}

/** The case's object; the entry is `main`. */
export function objectOf(testCase: EngineCase): ObjectSpec {
  const maps = testCase.maps ?? [];
  const names = maps.map((map) => map.name);
  const frags = testCase.frags ?? false;
  const programs = [programOf("main", testCase.asm, names, frags), ...Object.entries(testCase.programs ?? {}).map(([name, asm]) => programOf(name, asm, names, frags))];
  return { file: "case.o", license: "GPL", maps: maps.map(mapOf), ...withFunctionTypes(programs) };
}

/** The kernel takes the address of a function only where BTF says that it is static. */
function withFunctionTypes(programs: readonly ProgramSpec[]): Pick<ObjectSpec, "programs" | "btf"> {
  if (!programs.some(({ insns }) => insns.some(({ op, src }) => op === LD_IMM64 && src === BPF_PSEUDO_FUNC))) return { programs };
  const types: BtfType[] = [
    { kind: "void" },
    { kind: "int", name: "int", size: 4, bits: 32, bitOffset: 0, signed: true, char: false, bool: false },
    { kind: "func_proto", type: 1, params: [] },
  ];
  const typed = programs.map((program) => ({
    ...program,
    functions: program.functions.map((fn, i) => ({ ...fn, typeId: types.push({ kind: "func", name: i === 0 ? program.name : `${program.name}_${fn.name}`, type: 2, linkage: i === 0 ? "global" : "static" }) - 1 })),
  }));
  return { programs: typed, btf: { types } };
}
