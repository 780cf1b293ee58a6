/**
 * One instruction as text, in the words of the kernel's verifier log and of `bpftool prog dump xlated`.
 * The text names everything that the instruction says but the width of a 64-bit immediate load, which the opcode in front of it tells.
 */
import type { Insn } from "../object/spec.js";
import { ALU_BY_CODE, BPF_ADDR_SPACE_CAST, BPF_MOV, SIGNED_OFF, operationOf } from "./alu.js";
import { BPF_CMPXCHG, BPF_LOAD_ACQ, BPF_STORE_REL, BPF_XCHG, atomicOf } from "./atomic.js";
import { BPF_ALU, BPF_JMP32, BPF_X, classOf } from "./class.js";
import { JUMP_BY_CODE } from "./jump.js";
import { BPF_ABS, bytesOf, modeOf } from "./load_store.js";
import { OPCODES } from "./opcode.js";
import {
  BPF_PSEUDO_BTF_ID,
  BPF_PSEUDO_CALL,
  BPF_PSEUDO_FUNC,
  BPF_PSEUDO_KFUNC_CALL,
  BPF_PSEUDO_MAP_FD,
  BPF_PSEUDO_MAP_IDX,
  BPF_PSEUDO_MAP_IDX_VALUE,
  BPF_PSEUDO_MAP_VALUE,
} from "./pseudo.js";

/** Names that the instructions themselves do not hold. */
export interface FormatNames {
  /** Name of a helper by number, `bpf_…`; undefined where unknown. */
  readonly helper?: (id: number) => string | undefined;
  /** Name of a map by its index in the object. */
  readonly map?: (index: number) => string | undefined;
  /** Name of a kernel function by the number in the call. */
  readonly kfunc?: (id: number) => string | undefined;
}

/**
 * Text of the instruction at a slot, for example `r1 = *(u32 *)(r2 +4)`; one that does not exist reads `BUG_8d`.
 * @param next the slot after it, which holds the high half of a 64-bit immediate load.
 */
export function formatInsn(insn: Insn, next?: Insn, names: FormatNames = {}): string {
  const { op, dst, src, off, imm } = insn;
  const info = OPCODES[op];
  switch (info?.form) {
    case "alu":
      return alu(insn);
    case "neg":
      return classOf(op) === BPF_ALU ? `w${dst} = -w${dst}` : `r${dst} = -r${dst}`;
    case "end":
      return `r${dst} = ${info.name}${imm} r${dst}`;
    case "goto":
      return classOf(op) === BPF_JMP32 ? `gotol pc${signed(imm)}` : `goto pc${signed(off)}`;
    case "may_goto":
      return `may_goto pc${signed(off)}`;
    case "jump": {
      const letter = classOf(op) === BPF_JMP32 ? "w" : "r";
      const right = op & BPF_X ? `${letter}${src}` : `0x${(imm >>> 0).toString(16)}`;
      return `if ${letter}${dst} ${JUMP_BY_CODE[op >> 4]?.symbol} ${right} goto pc${signed(off)}`;
    }
    case "call":
      return call(insn, names);
    case "exit":
      return "exit";
    case "load":
      return `r${dst} = ${memory("u", op, src, off)}`;
    case "load_signed":
      return `r${dst} = ${memory("s", op, src, off)}`;
    case "store":
      return `${memory("u", op, dst, off)} = r${src}`;
    case "store_imm":
      return `${memory("u", op, dst, off)} = ${imm}`;
    case "load_packet":
      return `r0 = *(u${bytesOf(op) * 8} *)skb[${modeOf(op) === BPF_ABS ? "" : `r${src} + `}${imm}]`;
    case "atomic":
      return atomic(insn);
    case "load_imm64":
      return `r${dst} = ${wide(insn, next?.imm ?? 0, names)}`;
    case undefined:
      return `BUG_${op.toString(16).padStart(2, "0")}`;
  }
}

function signed(value: number): string {
  return value < 0 ? `${value}` : `+${value}`;
}

function memory(sign: "u" | "s", op: number, base: number, off: number): string {
  return `*(${sign}${bytesOf(op) * 8} *)(r${base} ${signed(off)})`;
}

function alu({ op, dst, src, off, imm }: Insn): string {
  const letter = classOf(op) === BPF_ALU ? "w" : "r";
  const operation = ALU_BY_CODE[op >> 4];
  const symbol = off === SIGNED_OFF && operation?.signed ? operation.signed.symbol : operation?.symbol;
  if ((op & BPF_X) === 0) return `${letter}${dst} ${symbol} ${imm}`;
  if (operationOf(op) === BPF_MOV && off === BPF_ADDR_SPACE_CAST) return `r${dst} = addr_space_cast(r${src}, ${imm >>> 16}, ${imm & 0xffff})`;
  const extend = operationOf(op) === BPF_MOV && off !== 0 ? `(s${off})` : "";
  return `${letter}${dst} ${symbol} ${extend}${letter}${src}`;
}

function atomic({ op, dst, src, off, imm }: Insn): string {
  const bits = bytesOf(op) * 8;
  const address = `(u${bits} *)(r${dst} ${signed(off)})`;
  const suffix = bits === 64 ? "64" : "";
  // An ordered load reads through src, everything else through dst.
  if (imm === BPF_LOAD_ACQ) return `r${dst} = load_acquire((u${bits} *)(r${src} ${signed(off)}))`;
  if (imm === BPF_STORE_REL) return `store_release(${address}, r${src})`;
  const known = atomicOf(imm);
  if (!known) return `BUG_${op.toString(16)}`;
  if (imm === BPF_CMPXCHG) return `r0 = atomic${suffix}_cmpxchg(${address}, r0, r${src})`;
  if (imm === BPF_XCHG) return `r${src} = atomic${suffix}_xchg(${address}, r${src})`;
  return known.fetch ? `r${src} = atomic${suffix}_${known.name}(${address}, r${src})` : `lock *${address} ${known.symbol} r${src}`;
}

function call({ src, off, imm }: Insn, names: FormatNames): string {
  if (src === BPF_PSEUDO_CALL) return `call pc${signed(imm)}`;
  if (src === BPF_PSEUDO_KFUNC_CALL) return `call ${names.kfunc?.(imm) ?? "kernel-function"}#${imm}${off === 0 ? "" : `@${off}`}`;
  return `call ${names.helper?.(imm) ?? "unknown"}#${imm}`;
}

function wide({ src, imm }: Insn, high: number, names: FormatNames): string {
  const map = (index: number): string => names.map?.(index) ?? `${index}`;
  switch (src) {
    case 0:
      return `0x${((BigInt(high >>> 0) << 32n) | BigInt(imm >>> 0)).toString(16)}`;
    case BPF_PSEUDO_MAP_FD:
      return `map[fd:${imm}]`;
    case BPF_PSEUDO_MAP_VALUE:
      return `map[fd:${imm}][0]${signed(high)}`;
    case BPF_PSEUDO_MAP_IDX:
      return `map[${map(imm)}]`;
    case BPF_PSEUDO_MAP_IDX_VALUE:
      return `map[${map(imm)}][0]${signed(high)}`;
    case BPF_PSEUDO_BTF_ID:
      return high === 0 ? `btf[${imm}]` : `btf[${imm}:${high}]`;
    case BPF_PSEUDO_FUNC:
      return `subprog[${signed(imm)}]`;
    default:
      return `BUG_src_${src}`;
  }
}
