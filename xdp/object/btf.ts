/** BTF, the type information of BPF objects, from its bytes (kernel documentation: "BPF Type Format"). */
import type { BtfMember, BtfSpec, BtfType } from "./spec.js";
import { Reader } from "./reader.js";

const BTF_MAGIC = 0xeb9f;
/** What every type's record starts with. */
const COMMON_BYTES = 12;
/** Longest chain of typedefs, modifiers and arrays, as libbpf has it. */
const MAX_CHAIN = 32;
const FUNC_LINKAGE = ["static", "global", "extern"] as const;

/** One type's place, as its record is read. */
interface TypeRecord {
  readonly reader: Reader;
  readonly name: string;
  /** Number of members, parameters, values. */
  readonly count: number;
  readonly flag: boolean;
  /** `size` or `type`, by kind. */
  readonly sizeOrType: number;
  /** Byte after the common part. */
  readonly at: number;
  string(offset: number): string;
}

/** What a kind is made of: bytes after the common part, and the type itself. */
interface Kind {
  readonly bytes: (count: number) => number;
  readonly build: (record: TypeRecord) => BtfType;
}

const none = (): number => 0;
const reference = (kind: "ptr" | "typedef" | "volatile" | "const" | "restrict" | "type_tag"): Kind => ({
  bytes: none,
  build: ({ name, sizeOrType }) => ({ kind, name, type: sizeOrType }),
});
const composite = (kind: "struct" | "union"): Kind => ({
  bytes: (count) => count * 12,
  build: (r) => ({ kind, name: r.name, size: r.sizeOrType, members: Array.from({ length: r.count }, (_, i) => member(r, r.at + i * 12)) }),
});

/** By number of the kind. */
const KINDS: readonly (Kind | undefined)[] = [
  undefined,
  {
    bytes: () => 4,
    build: ({ reader, name, sizeOrType, at }) => {
      const encoding = reader.u32(at);
      const flags = (encoding >>> 24) & 0x0f;
      return { kind: "int", name, size: sizeOrType, bits: encoding & 0xff, bitOffset: (encoding >>> 16) & 0xff, signed: (flags & 1) !== 0, char: (flags & 2) !== 0, bool: (flags & 4) !== 0 };
    },
  },
  reference("ptr"),
  { bytes: () => 12, build: ({ reader, at }) => ({ kind: "array", type: reader.u32(at), indexType: reader.u32(at + 4), count: reader.u32(at + 8) }) },
  composite("struct"),
  composite("union"),
  {
    bytes: (count) => count * 8,
    build: (r) => ({
      kind: "enum",
      name: r.name,
      size: r.sizeOrType,
      signed: r.flag,
      values: Array.from({ length: r.count }, (_, i) => ({ name: r.string(r.reader.u32(r.at + i * 8)), value: `${r.flag ? r.reader.i32(r.at + i * 8 + 4) : r.reader.u32(r.at + i * 8 + 4)}` })),
    }),
  },
  { bytes: none, build: ({ name, flag }) => ({ kind: "fwd", name, union: flag }) },
  reference("typedef"),
  reference("volatile"),
  reference("const"),
  reference("restrict"),
  { bytes: none, build: ({ name, sizeOrType, count }) => ({ kind: "func", name, type: sizeOrType, linkage: FUNC_LINKAGE[count] ?? "global" }) },
  {
    bytes: (count) => count * 8,
    build: (r) => ({ kind: "func_proto", type: r.sizeOrType, params: Array.from({ length: r.count }, (_, i) => ({ name: r.string(r.reader.u32(r.at + i * 8)), type: r.reader.u32(r.at + i * 8 + 4) })) }),
  },
  { bytes: () => 4, build: ({ reader, name, sizeOrType, at }) => ({ kind: "var", name, type: sizeOrType, linkage: reader.u32(at) }) },
  {
    bytes: (count) => count * 12,
    build: (r) => ({
      kind: "datasec",
      name: r.name,
      size: r.sizeOrType,
      vars: Array.from({ length: r.count }, (_, i) => ({ type: r.reader.u32(r.at + i * 12), offset: r.reader.u32(r.at + i * 12 + 4), size: r.reader.u32(r.at + i * 12 + 8) })),
    }),
  },
  { bytes: none, build: ({ name, sizeOrType }) => ({ kind: "float", name, size: sizeOrType }) },
  { bytes: () => 4, build: ({ reader, name, sizeOrType, at }) => ({ kind: "decl_tag", name, type: sizeOrType, component: reader.i32(at) }) },
  reference("type_tag"),
  {
    bytes: (count) => count * 12,
    build: (r) => ({
      kind: "enum",
      name: r.name,
      size: r.sizeOrType,
      signed: r.flag,
      values: Array.from({ length: r.count }, (_, i) => {
        const at = r.at + i * 12;
        const value = (BigInt(r.reader.u32(at + 8)) << 32n) | BigInt(r.reader.u32(at + 4));
        return { name: r.string(r.reader.u32(at)), value: `${r.flag ? BigInt.asIntN(64, value) : value}` };
      }),
    }),
  },
];

function member(r: TypeRecord, at: number): BtfMember {
  const offset = r.reader.u32(at + 8);
  // With the flag, the top byte is the width of a bit field.
  return { name: r.string(r.reader.u32(at)), type: r.reader.u32(at + 4), bitOffset: r.flag ? offset & 0xff_ffff : offset, bitSize: r.flag ? offset >>> 24 : 0 };
}

/** The parts of BTF that types and strings are read from, and where they are. */
export interface BtfParts {
  readonly records: Reader;
  readonly strings: Reader;
}

/**
 * Finds types and strings in the bytes of BTF.
 * @throws ObjectError where they are not in there.
 */
export function btfParts(bytes: Uint8Array, file: string): BtfParts {
  const reader = new Reader(file, bytes, ".BTF");
  if (reader.u16(0) !== BTF_MAGIC) throw reader.invalid(`magic 0x${reader.u16(0).toString(16)} is not BTF's 0x${BTF_MAGIC.toString(16)}`);
  const header = reader.u32(4);
  return {
    strings: new Reader(file, reader.slice(header + reader.u32(16), reader.u32(20)), ".BTF"),
    records: new Reader(file, reader.slice(header + reader.u32(8), reader.u32(12)), ".BTF"),
  };
}

/** Bytes that the record of a type takes; undefined where its kind is unknown. */
export function recordBytes(info: number): number | undefined {
  const kind = KINDS[(info >>> 24) & 0x1f];
  return kind && COMMON_BYTES + kind.bytes(info & 0xffff);
}

/** The type whose record starts at `at`. */
export function readType({ records, strings }: BtfParts, at: number): BtfType {
  const info = records.u32(at + 4);
  const kind = KINDS[(info >>> 24) & 0x1f];
  if (!kind) throw records.unsupported(`the type at byte ${at} is of unknown kind ${(info >>> 24) & 0x1f}`);
  const string = (offset: number): string => (offset === 0 ? "" : strings.text(offset));
  return kind.build({ reader: records, name: string(records.u32(at)), count: info & 0xffff, flag: info >>> 31 !== 0, sizeOrType: records.u32(at + 8), at: at + COMMON_BYTES, string });
}

/** Parsed BTF, and the strings that BTF.ext refers to. */
export interface ParsedBtf {
  readonly spec: BtfSpec;
  readonly strings: Reader;
}

/**
 * Reads the bytes of a `.BTF` section.
 * @throws ObjectError where they are no sound BTF.
 */
export function readBtf(bytes: Uint8Array, file: string): ParsedBtf {
  const parts = btfParts(bytes, file);
  const { records, strings } = parts;
  const types: BtfType[] = [{ kind: "void" }];
  for (let at = 0; at < records.bytes.length; ) {
    const info = records.u32(at + 4);
    const size = recordBytes(info);
    if (size === undefined) throw records.unsupported(`type ${types.length} is of unknown kind ${(info >>> 24) & 0x1f}`);
    types.push(readType(parts, at));
    at += size;
  }
  for (const [id, type] of types.entries()) {
    for (const to of referencesOf(type)) if (to >= types.length) throw records.invalid(`type ${id} (${type.kind}) refers to type ${to} of ${types.length}`);
  }
  for (const id of types.keys()) checkChain(types, id, records);
  return { spec: { types }, strings };
}

/** Chains of modifiers, pointers left out, end: what is built on them need not look for circles. */
function checkChain(types: readonly BtfType[], id: number, reader: Reader): void {
  let at = id;
  for (let steps = 0; steps <= MAX_CHAIN; steps++) {
    const type = types[at] as BtfType;
    if (type.kind !== "typedef" && type.kind !== "const" && type.kind !== "volatile" && type.kind !== "restrict" && type.kind !== "type_tag" && type.kind !== "array") return;
    at = type.type;
  }
  throw reader.invalid(`type ${id} goes through more than ${MAX_CHAIN} typedefs, modifiers and arrays, or in a circle`);
}

function referencesOf(type: BtfType): readonly number[] {
  switch (type.kind) {
    case "struct":
    case "union":
      return type.members.map((m) => m.type);
    case "func_proto":
      return [type.type, ...type.params.map((p) => p.type)];
    case "datasec":
      return type.vars.map((v) => v.type);
    case "array":
      return [type.type, type.indexType];
    case "void":
    case "int":
    case "float":
    case "enum":
    case "fwd":
      return [];
    default:
      return [type.type];
  }
}
