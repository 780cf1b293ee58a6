/**
 * BTF as the kernel wants it: encoded types and strings, and the records that tie instructions to functions and lines.
 * Type ids stay as the object has them.
 */
import type { BtfSpec, BtfType, ProgramSpec } from "../../object/spec.js";
import { FUNC_INFO_BYTES, LINE_INFO_BYTES } from "./prog-calls.js";

/** linux/btf.h */
const BTF_MAGIC = 0xeb9f;
const HEADER_BYTES = 24;
const KIND: Readonly<Record<Exclude<BtfType["kind"], "void">, number>> = {
  int: 1, ptr: 2, array: 3, struct: 4, union: 5, enum: 6, fwd: 7, typedef: 8, volatile: 9, const: 10, restrict: 11,
  func: 12, func_proto: 13, var: 14, datasec: 15, float: 16, decl_tag: 17, type_tag: 18,
};
const KIND_ENUM64 = 19;
const KIND_FLAG = 2 ** 31;
const LINKAGE = { static: 0, global: 1, extern: 2 } as const;

/** Words of type records, and the strings that they name. */
class BtfWriter {
  private readonly words: number[] = [];
  private readonly strings: Buffer[] = [Buffer.of(0)];
  private readonly offsets = new Map<string, number>([["", 0]]);
  private stringBytes = 1;

  string(text: string): number {
    const known = this.offsets.get(text);
    if (known !== undefined) return known;
    const bytes = Buffer.from(`${text}\0`, "utf8");
    const at = this.stringBytes;
    this.strings.push(bytes);
    this.stringBytes += bytes.length;
    this.offsets.set(text, at);
    return at;
  }

  word(...values: number[]): void {
    for (const value of values) this.words.push(value >>> 0);
  }

  /** struct btf_type: `kind` with `count` records behind it; the last word is a size or a type. */
  type(name: string, kind: number, sizeOrType: number, count = 0, flag = false): void {
    this.word(this.string(name), (flag ? KIND_FLAG : 0) + kind * 2 ** 24 + count, sizeOrType);
  }

  finish(): Uint8Array {
    const typeBytes = this.words.length * 4;
    const out = new Uint8Array(HEADER_BYTES + typeBytes + this.stringBytes);
    const view = new DataView(out.buffer);
    view.setUint16(0, BTF_MAGIC, true);
    view.setUint8(2, 1);
    for (const [i, value] of [HEADER_BYTES, 0, typeBytes, typeBytes, this.stringBytes].entries()) view.setUint32(4 + i * 4, value, true);
    for (const [i, value] of this.words.entries()) view.setUint32(HEADER_BYTES + i * 4, value, true);
    out.set(Buffer.concat(this.strings), HEADER_BYTES + typeBytes);
    return out;
  }
}

/** BTF of one program's object, ready for BPF_BTF_LOAD, and the records for BPF_PROG_LOAD. */
export interface ProgramBtf {
  readonly blob: Uint8Array;
  /** Empty unless every function of the program has a type. */
  readonly funcInfo: Uint8Array;
  /** Empty unless every function has a line at its first instruction. */
  readonly lineInfo: Uint8Array;
}

export interface BtfEncoding {
  /** Whether sections and variables are kept; the kernel refuses them where their sizes and offsets are not filled in. */
  readonly sections: boolean;
}

/** Encodes the object's BTF with what `program` needs of it; without a program, for maps alone. */
export function encodeBtf(btf: BtfSpec, encoding: BtfEncoding, program?: ProgramSpec): ProgramBtf {
  const writer = new BtfWriter();
  // The loader decides what is global: functions of hidden visibility are not.
  const linkages = new Map(program?.functions.map(({ typeId, linkage }) => [typeId, linkage]));
  for (const [id, type] of btf.types.entries()) writeType(writer, type, encoding, linkages.get(id));
  const funcInfo = program === undefined ? [] : functionRecords(program);
  const lineInfo = program === undefined ? [] : lineRecords(writer, program);
  return { blob: writer.finish(), funcInfo: records(funcInfo, FUNC_INFO_BYTES), lineInfo: records(lineInfo, LINE_INFO_BYTES) };
}

/**
 * The least BTF that gives every function of a program a type, for programs whose object has none: the kernel takes functions as callbacks
 * only where it knows them as static ones. The linkage of all is static: nothing is known of their arguments.
 */
export function inventBtf({ functions }: ProgramSpec): ProgramBtf {
  const writer = new BtfWriter();
  writeType(writer, { kind: "int", name: "int", size: 4, bits: 32, bitOffset: 0, signed: true, char: false, bool: false }, { sections: true });
  writeType(writer, { kind: "func_proto", type: 1, params: [] }, { sections: true });
  for (const { name } of functions) writeType(writer, { kind: "func", name: name.replaceAll(/\W/g, "_"), type: 2, linkage: "static" }, { sections: true });
  const funcInfo = functions.flatMap(({ start }, i) => [start, 3 + i]);
  return { blob: writer.finish(), funcInfo: records(funcInfo, FUNC_INFO_BYTES), lineInfo: new Uint8Array(0) };
}

function records(words: readonly number[], size: number): Uint8Array {
  const bytes = new Uint8Array(Math.floor((words.length * 4) / size) * size);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of words.entries()) view.setUint32(i * 4, value, true);
  return bytes;
}

function functionRecords(program: ProgramSpec): number[] {
  const words: number[] = [];
  for (const { typeId, start } of program.functions) {
    if (typeId === undefined) return [];
    words.push(start, typeId);
  }
  return words;
}

function lineRecords(writer: BtfWriter, program: ProgramSpec): number[] {
  const covered = new Set(program.lines.map(({ insn }) => insn));
  if (!program.functions.every(({ start }) => covered.has(start))) return [];
  const words: number[] = [];
  let last = -1;
  for (const { insn, file, line, column, text } of program.lines) {
    if (insn <= last) continue;
    last = insn;
    words.push(insn, writer.string(file), writer.string(text), Math.min(line, 0x3fffff) * 1024 + Math.min(column, 1023));
  }
  return words;
}

function writeType(writer: BtfWriter, type: BtfType, { sections }: BtfEncoding, linkage?: "static" | "global"): void {
  switch (type.kind) {
    case "void":
      return;
    case "int":
      writer.type(type.name, KIND.int, type.size);
      writer.word(((type.signed ? 1 : 0) | (type.char ? 2 : 0) | (type.bool ? 4 : 0)) * 2 ** 24 + type.bitOffset * 2 ** 16 + type.bits);
      return;
    case "float":
      writer.type(type.name, KIND.float, type.size);
      return;
    case "ptr":
    case "typedef":
    case "volatile":
    case "const":
    case "restrict":
    case "type_tag":
      writer.type(type.name, KIND[type.kind], type.type);
      return;
    case "array":
      writer.type("", KIND.array, 0);
      writer.word(type.type, type.indexType, type.count);
      return;
    case "struct":
    case "union": {
      const fields = type.members.some(({ bitSize }) => bitSize !== 0);
      writer.type(type.name, KIND[type.kind], type.size, type.members.length, fields);
      for (const member of type.members) writer.word(writer.string(member.name), member.type, member.bitOffset + (fields ? member.bitSize * 2 ** 24 : 0));
      return;
    }
    case "enum": {
      const wide = type.size === 8;
      writer.type(type.name, wide ? KIND_ENUM64 : KIND.enum, type.size, type.values.length, type.signed);
      for (const { name, value } of type.values) {
        const bits = BigInt.asUintN(64, BigInt(value));
        writer.word(writer.string(name), Number(bits & 0xffffffffn));
        if (wide) writer.word(Number(bits >> 32n));
      }
      return;
    }
    case "fwd":
      writer.type(type.name, KIND.fwd, 0, 0, type.union);
      return;
    case "func":
      // Kernel functions that the program calls: the kernel knows its own, and takes no others of this linkage.
      if (type.linkage === "extern") return writePlaceholder(writer);
      writer.type(type.name, KIND.func, type.type, LINKAGE[linkage ?? type.linkage]);
      return;
    case "func_proto":
      writer.type("", KIND.func_proto, type.type, type.params.length);
      for (const param of type.params) writer.word(writer.string(param.name), param.type);
      return;
    case "var":
      if (!sections) return writePlaceholder(writer);
      writer.type(type.name, KIND.var, type.type);
      writer.word(type.linkage);
      return;
    case "datasec":
      if (!sections) return writePlaceholder(writer);
      writer.type(type.name, KIND.datasec, type.size, type.vars.length);
      for (const { type: variable, offset, size } of type.vars) writer.word(variable, offset, size);
      return;
    case "decl_tag":
      // A tag on a variable needs the variable; the kernel acts on tags of functions' arguments only.
      if (!sections && type.component < 0) return writePlaceholder(writer);
      writer.type(type.name, KIND.decl_tag, type.type);
      writer.word(type.component);
  }
}

/** Keeps a type id in use: a pointer to void. */
function writePlaceholder(writer: BtfWriter): void {
  writer.type("", KIND.ptr, 0);
}
