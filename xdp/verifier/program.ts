/** The program as a whole, before any path is walked: subprograms, jumps that stay in them, immediate loads, unknown opcodes. */
import { BPF_ABS, BPF_ATOMIC, BPF_CALL, BPF_EXIT, BPF_IND, BPF_JA, BPF_JMP, BPF_JMP32, BPF_LD, BPF_LDX, BPF_MEM, BPF_MEMSX, BPF_PSEUDO_BTF_ID, BPF_PSEUDO_FUNC, BPF_PSEUDO_MAP_FD, BPF_PSEUDO_MAP_IDX, BPF_PSEUDO_MAP_IDX_VALUE, BPF_PSEUDO_MAP_VALUE, LD_IMM64, OPCODES, classOf, modeOf, operationOf } from "../isa/index.js";
import type { Insn } from "../object/index.js";
import { isFunctionLoad, isHelperCall, isKfuncCall, isSubprogramCall } from "./calls.js";
import type { Env, Subprogram } from "./env.js";
import { MAX_VAR_OFF } from "./env.js";

const MAX_SUBPROGRAMS = 256;
const MAX_USED_MAPS = 64;

/** Finds where subprograms start, from calls and addresses of functions. */
export function findSubprograms(env: Env): void {
  const starts = new Set([0]);
  for (const [at, insn] of env.insns.entries()) {
    if (!isFunctionLoad(insn) && !isSubprogramCall(insn)) continue;
    const start = at + insn.imm + 1;
    if (start < 0 || start >= env.insns.length) env.reject("call to invalid destination");
    starts.add(start);
    if (starts.size > MAX_SUBPROGRAMS) env.reject("too many subprograms", "E2BIG");
  }
  for (const { kind, name } of env.externs.values()) {
    if (kind === "kfunc" && name.startsWith("bpf_xdp_metadata_rx_")) env.reject("metadata kfuncs require device-bound program");
  }
  const exception = exceptionCallback(env);
  if (exception !== undefined) starts.add(exception);
  const sorted = [...starts].toSorted((a, b) => a - b);
  env.subprograms = sorted.map((start, i) => subprogram(env, start, sorted[i + 1] ?? env.insns.length));
  if (exception !== undefined) {
    env.exceptionCallback = env.subprogramStartingAt(exception);
    const callback = env.subprograms[env.exceptionCallback] as Subprogram;
    callback.isCallback = callback.isAsyncCallback = callback.isExceptionCallback = true;
  }
  env.subprograms.forEach(({ start, end }, i) => env.subprogramAt.fill(i, start, end));
  if (env.log.level >= 2) env.subprograms.forEach(({ start }, i) => env.log.write(`func#${i} @${start}\n`));
}

/** Start of the function that the entry's tag `exception_callback:NAME` names. */
function exceptionCallback(env: Env): number | undefined {
  if (!env.hasFuncInfo) return undefined;
  const entry = env.program.functions[0]?.typeId;
  const tag = env.btf?.types.find((type) => type.kind === "decl_tag" && type.type === entry && type.component === -1 && type.name.startsWith("exception_callback:"));
  if (tag?.kind !== "decl_tag") return undefined;
  const name = tag.name.slice("exception_callback:".length);
  const callback = env.program.functions.find((f) => f.name === name);
  // A loader that does not bring the function along does not bring the tag either.
  if (callback === undefined) return undefined;
  if (callback.linkage !== "global") env.reject(`exception callback '${name}' must have global linkage`);
  return callback.start;
}

function subprogram(env: Env, start: number, end: number): Subprogram {
  const spec = env.program.functions.find((f) => f.start === start);
  return {
    start, end, exit: start, name: spec?.name ?? "", global: env.hasFuncInfo && spec?.linkage === "global", typeId: spec?.typeId, stackDepth: 0, hasTailCall: false,
    tailCallReachable: false, hasLdAbs: false, isCallback: false, isAsyncCallback: false, isExceptionCallback: false, changesPacket: false, mightSleep: false,
    fastcallStackOff: 0, keepFastcallStack: false, called: false, verified: false, unreliable: false, args: undefined,
  };
}

/** Jumps stay in their subprogram, and no subprogram falls off its end. */
export function checkSubprograms(env: Env): void {
  let current = 0;
  let info = env.subprograms[0] as Subprogram;
  for (const [at, insn] of env.insns.entries()) {
    if (isHelperCall(insn) && insn.imm === 12) info.hasTailCall = info.tailCallReachable = true;
    const cls = classOf(insn.op);
    if (insn.op === (BPF_JMP | BPF_EXIT)) info.exit = at;
    if (cls === BPF_LD && (modeOf(insn.op) === BPF_ABS || modeOf(insn.op) === BPF_IND)) info.hasLdAbs = true;
    const operation = operationOf(insn.op);
    if ((cls === BPF_JMP || cls === BPF_JMP32) && operation !== BPF_EXIT && operation !== BPF_CALL) {
      const target = at + 1 + (insn.op === (BPF_JMP32 | BPF_JA) ? insn.imm : insn.off);
      if (target < info.start || target >= info.end) env.reject(`jump out of range from insn ${at} to ${target}`);
    }
    if (at !== info.end - 1) continue;
    if (insn.op !== (BPF_JMP | BPF_EXIT) && insn.op !== (BPF_JMP32 | BPF_JA) && insn.op !== (BPF_JMP | BPF_JA)) env.reject("last insn is not an exit or jmp");
    current++;
    info = env.subprograms[current] ?? info;
  }
}

/** Immediate loads and what they name; opcodes that do not exist. */
export function checkLoads(env: Env): void {
  const used = new Set<number>();
  for (let at = 0; at < env.insns.length; at++) {
    const insn = env.insns[at] as Insn;
    if (classOf(insn.op) === BPF_LDX && ((modeOf(insn.op) !== BPF_MEM && modeOf(insn.op) !== BPF_MEMSX) || insn.imm !== 0)) env.reject("BPF_LDX uses reserved fields");
    if (insn.op === LD_IMM64) {
      const second = env.insns[at + 1];
      if (second === undefined || second.op !== 0 || second.dst !== 0 || second.src !== 0 || second.off !== 0) env.reject("invalid bpf_ld_imm64 insn");
      else checkLoad(env, insn, second, used);
      at++;
    } else if (OPCODES[insn.op] === undefined && classOf(insn.op) !== BPF_LDX && modeOf(insn.op) !== BPF_ATOMIC) env.reject(`unknown opcode ${insn.op.toString(16).padStart(2, "0")}`);
  }
}

function checkLoad(env: Env, insn: Insn, second: Insn, used: Set<number>): void {
  switch (insn.src) {
    case 0:
    case BPF_PSEUDO_FUNC:
    case BPF_PSEUDO_BTF_ID:
      return;
    case BPF_PSEUDO_MAP_FD:
    case BPF_PSEUDO_MAP_VALUE:
      // Specs name maps by index: a descriptor in the object itself is no map of this program.
      return env.reject(`fd ${insn.imm} is not pointing to valid bpf_map`, "EBADF");
    case BPF_PSEUDO_MAP_IDX:
      if (second.imm !== 0) env.reject("unrecognized bpf_ld_imm64 insn");
      break;
    case BPF_PSEUDO_MAP_IDX_VALUE:
      break;
    default:
      env.reject("unrecognized bpf_ld_imm64 insn");
  }
  const map = env.maps[insn.imm];
  if (map === undefined) return env.reject(`fd ${insn.imm} is not pointing to valid bpf_map`, "EBADF");
  if (!used.has(insn.imm)) {
    used.add(insn.imm);
    if (used.size > MAX_USED_MAPS) env.reject(`The total number of maps per program has reached the limit of ${MAX_USED_MAPS}`, "E2BIG");
    if (map.type === "BPF_MAP_TYPE_ARENA") env.usesArena = true;
    if (map.type === "BPF_MAP_TYPE_STRUCT_OPS") env.reject("bpf_struct_ops map cannot be used in prog");
  }
  if (insn.src === BPF_PSEUDO_MAP_IDX) return;
  const off = second.imm >>> 0;
  if (off >= MAX_VAR_OFF) env.reject(`direct value offset of ${off} is not allowed`);
  if (!map.direct) env.reject(map.type === "BPF_MAP_TYPE_ARRAY" ? `invalid access to map value pointer, value_size=${map.valueSize} off=${off}` : "no direct value access support for this map type", map.type === "BPF_MAP_TYPE_ARRAY" ? "ENOTSUPP" : "EINVAL");
  if (map.type === "BPF_MAP_TYPE_ARRAY" && off >= map.valueSize) env.reject(`invalid access to map value pointer, value_size=${map.valueSize} off=${off}`);
}

/** Functions that use what needs types, in a program that has none. */
export function checkUntyped(env: Env): void {
  if (env.hasFuncInfo) return;
  for (const info of env.subprograms.slice(1)) {
    if (info.hasLdAbs) env.reject("LD_ABS is not allowed in subprogs without BTF");
    if (info.hasTailCall) env.reject("tail_call is not allowed in subprogs without BTF");
  }
}

/** Is anything called that only a kernel can name? */
export function unresolvedExterns(env: Env): readonly string[] {
  return env.insns.flatMap((insn, at) => (isKfuncCall(insn) && env.externs.get(at) === undefined ? [`kernel function #${insn.imm}`] : []));
}
