/** States as the kernel's log writes them. */
import { BPF_PSEUDO_KFUNC_CALL, formatInsn } from "../isa/index.js";
import { HELPER_NAMES, helperName } from "../helpers/index.js";
import type { Insn, LineInfo } from "../object/index.js";
import { isCall } from "./calls.js";
import type { Env } from "./env.js";
import type { Reg } from "./reg.js";
import { ADD_CONST } from "./reg.js";
import type { Scalar } from "./scalar.js";
import { S32_MAX, S32_MIN, S64_MAX, S64_MIN, U32_MAX } from "./scalar.js";
import type { Frame, Slot, State } from "./state.js";
import { STACK_DYNPTR, STACK_ITER, STACK_SPILL } from "./state.js";
import { U64_MAX, s64, u64 } from "./tnum.js";
import type { Tnum } from "./tnum.js";
import { CONST_PTR_TO_DYNPTR, CONST_PTR_TO_MAP, DYNPTR_NAMES, NON_OWN_REF, NOT_INIT, PTR_TO_ARENA, PTR_TO_BTF_ID, PTR_TO_MAP_KEY, PTR_TO_MAP_VALUE, PTR_TO_MEM, PTR_TO_STACK, SCALAR_VALUE, baseOf, isPacketPointer, typeName } from "./types.js";

const SLOT_CHARS = "?rm0dif";

function hex(value: bigint): string {
  return value === 0n ? "0" : `0x${value.toString(16)}`;
}

/** Small numbers in decimal, others in hexadecimal. */
export function unsigned(value: bigint): string {
  return value <= 0xffffn ? value.toString() : hex(value);
}

export function signed(value: bigint): string {
  return value >= -0x8000n && value <= 0x7fffn ? value.toString() : hex(u64(value));
}

export function formatTnum({ value, mask }: Tnum): string {
  return mask === 0n ? unsigned(value) : `(${hex0x(value)}; ${hex0x(mask)})`;
}

function hex0x(value: bigint): string {
  return `0x${value.toString(16)}`.replace(/^0x0$/, "0x0");
}

/** A 32-bit bound as the log's numbers are compared and written. */
function low(value: number): bigint {
  return value >= -0x8000 && value <= 0x7fff ? BigInt(value) : BigInt(value >>> 0);
}

/** Bounds that say something, those with equal values together. */
function ranges(scalar: Scalar): string[] {
  const bounds: { readonly name: string; readonly value: bigint; omit: boolean }[] = [
    { name: "smin", value: scalar.smin, omit: scalar.smin === S64_MIN },
    { name: "smax", value: scalar.smax, omit: scalar.smax === S64_MAX },
    { name: "umin", value: scalar.umin, omit: scalar.umin === 0n },
    { name: "umax", value: scalar.umax, omit: scalar.umax === U64_MAX },
    { name: "smin32", value: low(scalar.s32min), omit: scalar.s32min === S32_MIN },
    { name: "smax32", value: low(scalar.s32max), omit: scalar.s32max === S32_MAX },
    { name: "umin32", value: BigInt(scalar.u32min), omit: scalar.u32min === 0 },
    { name: "umax32", value: BigInt(scalar.u32max), omit: scalar.u32max === U32_MAX },
  ];
  const out: string[] = [];
  for (const [i, bound] of bounds.entries()) {
    if (bound.omit) continue;
    const names = [bound.name];
    const negative = bound.name.startsWith("s") && s64(u64(bound.value)) < 0n;
    for (let k = i + 2; k < bounds.length; k += 2) {
      const other = bounds[k] as (typeof bounds)[number];
      if (other.omit || u64(other.value) !== u64(bound.value) || (other.name.startsWith("s") && s64(u64(other.value)) < 0n) !== negative) continue;
      other.omit = true;
      names.push(other.name);
    }
    out.push(`${names.join("=")}=${bound.name.startsWith("s") ? signed(bound.value) : unsigned(bound.value)}`);
  }
  return out;
}

export function formatReg(reg: Reg, frame: number, precise = false): string {
  const { type, scalar } = reg;
  const mark = type === SCALAR_VALUE && precise ? "P" : "";
  if (type === SCALAR_VALUE && scalar.isConst) return mark + signed(s64(scalar.value));
  let text = mark + typeName(type);
  if (type === PTR_TO_ARENA) return text;
  if (type === PTR_TO_STACK) {
    if (reg.frame !== frame) text += `[${reg.frame}]`;
    if (scalar.isConst) return text + signed(s64(scalar.value) + BigInt(reg.off));
  }
  const base = baseOf(type);
  if (base === PTR_TO_BTF_ID) text += reg.struct?.name ?? "";
  const parts: string[] = [];
  if (reg.id !== 0) {
    const id = `id=${(reg.id & ~ADD_CONST) >>> 0}`;
    parts.push((reg.id & ADD_CONST) !== 0 ? `${id}${reg.off >= 0 ? "+" : ""}${reg.off}` : id);
  }
  if (reg.refObjId !== 0) parts.push(`ref_obj_id=${reg.refObjId}`);
  if ((type & NON_OWN_REF) !== 0) parts.push("non_own_ref");
  if (base === CONST_PTR_TO_MAP || base === PTR_TO_MAP_KEY || base === PTR_TO_MAP_VALUE) {
    if (reg.map !== undefined && reg.map.name !== "") parts.push(`map=${reg.map.name}`);
    parts.push(`ks=${reg.map?.keySize ?? 0}`, `vs=${reg.map?.valueSize ?? 0}`);
  }
  if (type !== SCALAR_VALUE && reg.off !== 0) parts.push(`off=${signed(BigInt(reg.off))}`);
  if (isPacketPointer(type)) parts.push(`r=${unsigned(u64(BigInt(reg.range)))}`);
  if (base === PTR_TO_MEM) parts.push(`sz=${unsigned(BigInt(reg.memSize))}`);
  if (type === CONST_PTR_TO_DYNPTR) parts.push(`type=${DYNPTR_NAMES[reg.extra] ?? "<unknown>"}`);
  if (scalar.isConst) {
    if (scalar.value !== 0n) parts.push(`imm=${signed(s64(scalar.value))}`);
  } else {
    parts.push(...ranges(scalar));
    if (scalar.bits.mask !== U64_MAX) parts.push(`var_off=${formatTnum(scalar.bits)}`);
  }
  return `${text}(${parts.join(",")})`;
}

/** Iterator states, as {@link Reg.extra} of its first slot. */
export const ITER_ACTIVE = 1;
export const ITER_DRAINED = 2;
const ITER_STATES = ["<invalid>", "active", "drained"];

/** Registers and slots of a frame: all, or only those that changed since the last time. Ends with a newline. */
export function formatState(env: Env, state: State, frame: Frame, all: boolean, precise?: (reg: number, slot: number) => boolean): string {
  let text = frame.number === 0 ? "" : ` frame${frame.number}:`;
  for (let i = 0; i < 11; i++) {
    const reg = frame.regs[i] as Reg;
    if (reg.type === NOT_INIT || (!all && (env.scratchedRegs & (1 << i)) === 0)) continue;
    text += ` R${i}=${formatReg(reg, frame.number, precise?.(i, -1))}`;
  }
  for (let i = 0; i < frame.stack.length; i++) {
    const slot = frame.stack[i] as Slot;
    if (slot.types === 0 || (!all && ((env.scratchedSlots[i >> 5] ?? 0) & (1 << (i & 31))) === 0)) continue;
    const chars = Array.from({ length: 8 }, (_, byte) => SLOT_CHARS[slot.typeOf(byte)]).join("");
    const place = ` fp${-(i + 1) * 8}=`;
    switch (slot.typeOf(7)) {
      case STACK_SPILL:
        text += place + chars.slice(0, chars.indexOf("r")) + formatReg(slot.reg, frame.number, precise?.(-1, i));
        break;
      case STACK_DYNPTR: {
        i++;
        const { reg } = frame.stack[i] as Slot;
        const parts = [reg.id === 0 ? [] : [`id=${reg.id}`], reg.refObjId === 0 ? [] : [`ref_id=${reg.refObjId}`], reg.uid === 0 ? [] : [`dynptr_id=${reg.uid}`]].flat();
        text += ` fp${-(i + 1) * 8}=dynptr_${DYNPTR_NAMES[reg.extra] ?? ""}(${parts.join(",")})`;
        break;
      }
      case STACK_ITER:
        if (slot.reg.refObjId !== 0) text += `${place}iter_${slot.reg.struct?.name ?? ""}(ref_id=${slot.reg.refObjId},state=${ITER_STATES[slot.reg.extra] ?? ""},depth=${slot.reg.uid})`;
        break;
      default:
        text += place + chars;
    }
  }
  const refs = state.refs.filter(({ id }) => id !== 0);
  if (refs.length > 0) text += ` refs=${refs.map(({ id }) => id).join(",")}`;
  if (frame.inCallback) text += " cb";
  if (frame.inAsyncCallback) text += " async_cb";
  if (!all) {
    env.scratchedRegs = 0;
    env.scratchedSlots = [0, 0];
  }
  return `${text}\n`;
}

/** The state behind the instruction that was just written, as a comment on the same line where that is possible. */
export function logInsnState(env: Env, frame: Frame): void {
  const { log } = env;
  if (env.prevLogPosition !== 0 && env.prevLogPosition === log.position) {
    log.cut(env.prevLogPosition - 1);
    log.write(`${" ".repeat(alignment(env.prevInsnPrint) - 1)};`.replace(/^/, " "));
  } else log.write(`${env.insn}:`);
  log.write(formatState(env, env.state, frame, false));
}

/** Columns up to the comment: 40, or the next multiple of 8 behind longer text. */
function alignment(position: number): number {
  return Math.ceil(Math.max(position + 4, 40) / 8) * 8 - position - 1;
}

/** The source line of an instruction, where it is not the one before. */
export function logLine(env: Env, insn: number, prefix: string): void {
  if (!env.log.on) return;
  const line = env.lines[insn];
  const { prevLine } = env;
  if (line === undefined || line === prevLine) return;
  if (prevLine !== undefined && prevLine.file === line.file && prevLine.line === line.line) return;
  env.log.write(`${prefix}${lineText(line)}\n`);
  env.prevLine = line;
}

export function lineText(line: LineInfo): string {
  return `${line.text.trimStart()} @ ${line.file.slice(line.file.lastIndexOf("/") + 1)}:${line.line}`;
}

export function insnText(env: Env, at: number): string {
  const insn = env.insns[at] as Insn;
  const kfunc = isCall(insn) && insn.src === BPF_PSEUDO_KFUNC_CALL ? env.externs.get(at)?.name : undefined;
  const text = kfunc === undefined ? formatInsn(insn, env.insns[at + 1], { helper: (id) => (id > 0 && id < HELPER_NAMES.length ? helperName(id) : "unknown") }) : `call ${kfunc}#${insn.imm}`;
  return `(${insn.op.toString(16).padStart(2, "0")}) ${text}`;
}
