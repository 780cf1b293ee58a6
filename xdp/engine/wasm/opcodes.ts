/**
 * The WebAssembly instructions that the code generator uses: number, text name and shape of the immediates
 * (core specification 2.0, section 5.4, and the threads and tail-call proposals). Prefixed instructions are `prefix << 8 | number`.
 */

/** What follows an opcode in the byte stream. */
export type Immediates = "none" | "block" | "label" | "table" | "index" | "indirect" | "memory" | "i32" | "i64";

const DEFINITIONS = {
  unreachable: [0x00, "none"],
  block: [0x02, "block"],
  loop: [0x03, "block"],
  if: [0x04, "block"],
  else: [0x05, "none"],
  end: [0x0b, "none"],
  br: [0x0c, "label"],
  br_if: [0x0d, "label"],
  br_table: [0x0e, "table"],
  return: [0x0f, "none"],
  call: [0x10, "index"],
  call_indirect: [0x11, "indirect"],
  return_call: [0x12, "index"],
  return_call_indirect: [0x13, "indirect"],
  drop: [0x1a, "none"],
  select: [0x1b, "none"],
  "local.get": [0x20, "index"],
  "local.set": [0x21, "index"],
  "local.tee": [0x22, "index"],
  "global.get": [0x23, "index"],
  "global.set": [0x24, "index"],
  "i32.load": [0x28, "memory"],
  "i64.load": [0x29, "memory"],
  "i64.load8_s": [0x30, "memory"],
  "i64.load8_u": [0x31, "memory"],
  "i64.load16_s": [0x32, "memory"],
  "i64.load16_u": [0x33, "memory"],
  "i64.load32_s": [0x34, "memory"],
  "i64.load32_u": [0x35, "memory"],
  "i32.store": [0x36, "memory"],
  "i64.store": [0x37, "memory"],
  "i64.store8": [0x3c, "memory"],
  "i64.store16": [0x3d, "memory"],
  "i64.store32": [0x3e, "memory"],
  "i32.const": [0x41, "i32"],
  "i64.const": [0x42, "i64"],
  "i32.eqz": [0x45, "none"],
  "i32.eq": [0x46, "none"],
  "i32.ne": [0x47, "none"],
  "i32.lt_s": [0x48, "none"],
  "i32.lt_u": [0x49, "none"],
  "i32.gt_s": [0x4a, "none"],
  "i32.gt_u": [0x4b, "none"],
  "i32.le_s": [0x4c, "none"],
  "i32.le_u": [0x4d, "none"],
  "i32.ge_s": [0x4e, "none"],
  "i32.ge_u": [0x4f, "none"],
  "i64.eqz": [0x50, "none"],
  "i64.eq": [0x51, "none"],
  "i64.ne": [0x52, "none"],
  "i64.lt_s": [0x53, "none"],
  "i64.lt_u": [0x54, "none"],
  "i64.gt_s": [0x55, "none"],
  "i64.gt_u": [0x56, "none"],
  "i64.le_s": [0x57, "none"],
  "i64.le_u": [0x58, "none"],
  "i64.ge_s": [0x59, "none"],
  "i64.ge_u": [0x5a, "none"],
  "i32.add": [0x6a, "none"],
  "i32.sub": [0x6b, "none"],
  "i32.mul": [0x6c, "none"],
  "i32.div_s": [0x6d, "none"],
  "i32.div_u": [0x6e, "none"],
  "i32.rem_s": [0x6f, "none"],
  "i32.rem_u": [0x70, "none"],
  "i32.and": [0x71, "none"],
  "i32.or": [0x72, "none"],
  "i32.xor": [0x73, "none"],
  "i32.shl": [0x74, "none"],
  "i32.shr_s": [0x75, "none"],
  "i32.shr_u": [0x76, "none"],
  "i32.rotl": [0x77, "none"],
  "i64.add": [0x7c, "none"],
  "i64.sub": [0x7d, "none"],
  "i64.mul": [0x7e, "none"],
  "i64.div_s": [0x7f, "none"],
  "i64.div_u": [0x80, "none"],
  "i64.rem_s": [0x81, "none"],
  "i64.rem_u": [0x82, "none"],
  "i64.and": [0x83, "none"],
  "i64.or": [0x84, "none"],
  "i64.xor": [0x85, "none"],
  "i64.shl": [0x86, "none"],
  "i64.shr_s": [0x87, "none"],
  "i64.shr_u": [0x88, "none"],
  "i64.rotl": [0x89, "none"],
  "i32.wrap_i64": [0xa7, "none"],
  "i64.extend_i32_s": [0xac, "none"],
  "i64.extend_i32_u": [0xad, "none"],
  "i32.extend8_s": [0xc0, "none"],
  "i32.extend16_s": [0xc1, "none"],
  "i64.extend8_s": [0xc2, "none"],
  "i64.extend16_s": [0xc3, "none"],
  "i64.extend32_s": [0xc4, "none"],
  "v128.load": [0xfd00, "memory"],
  "v128.store": [0xfd0b, "memory"],
  "i32.atomic.load": [0xfe10, "memory"],
  "i64.atomic.load": [0xfe11, "memory"],
  "i64.atomic.load8_u": [0xfe14, "memory"],
  "i64.atomic.load16_u": [0xfe15, "memory"],
  "i64.atomic.load32_u": [0xfe16, "memory"],
  "i64.atomic.store": [0xfe18, "memory"],
  "i64.atomic.store8": [0xfe1b, "memory"],
  "i64.atomic.store16": [0xfe1c, "memory"],
  "i64.atomic.store32": [0xfe1d, "memory"],
  "i64.atomic.rmw.add": [0xfe1f, "memory"],
  "i64.atomic.rmw32.add_u": [0xfe24, "memory"],
  "i64.atomic.rmw.and": [0xfe2d, "memory"],
  "i64.atomic.rmw32.and_u": [0xfe32, "memory"],
  "i64.atomic.rmw.or": [0xfe34, "memory"],
  "i64.atomic.rmw32.or_u": [0xfe39, "memory"],
  "i64.atomic.rmw.xor": [0xfe3b, "memory"],
  "i64.atomic.rmw32.xor_u": [0xfe40, "memory"],
  "i64.atomic.rmw.xchg": [0xfe42, "memory"],
  "i64.atomic.rmw32.xchg_u": [0xfe47, "memory"],
  "i64.atomic.rmw.cmpxchg": [0xfe49, "memory"],
  "i64.atomic.rmw32.cmpxchg_u": [0xfe4e, "memory"],
} as const satisfies Record<string, readonly [number, Immediates]>;

/** Text name of an instruction. */
export type OpName = keyof typeof DEFINITIONS;

/** An instruction's number and immediates, by name. */
export const OPS: { readonly [name in OpName]: readonly [code: number, immediates: Immediates] } = DEFINITIONS;

/** Names by number. */
export const OP_NAMES: ReadonlyMap<number, OpName> = new Map((Object.keys(DEFINITIONS) as OpName[]).map((name) => [DEFINITIONS[name][0], name]));

/** Names of the instructions that take no immediates. */
export type PlainOp = { [name in OpName]: (typeof DEFINITIONS)[name][1] extends "none" ? name : never }[OpName];
/** Names of the instructions that access memory. */
export type MemoryOp = { [name in OpName]: (typeof DEFINITIONS)[name][1] extends "memory" ? name : never }[OpName];

/** Value types as the binary format numbers them. */
export type ValueType = "i32" | "i64";
export const VALUE_TYPES: { readonly [type in ValueType]: number } = { i32: 0x7f, i64: 0x7e };
/** Block type without result. */
export const EMPTY_BLOCK = 0x40;
export const FUNCREF = 0x70;
export const FUNC_TYPE = 0x60;
