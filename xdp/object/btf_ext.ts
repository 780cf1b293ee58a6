/** `.BTF.ext`: source lines, functions and CO-RE relocations by section and byte offset of the instruction. */
import { Reader } from "./reader.js";

const BTF_MAGIC = 0xeb9f;

/** A source line. */
export interface ExtLine {
  /** Slot in the section. */
  readonly insn: number;
  readonly file: string;
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

/** A function's type. */
export interface ExtFunction {
  readonly insn: number;
  readonly typeId: number;
}

/** A CO-RE relocation as the compiler recorded it. */
export interface ExtCoreRelocation {
  readonly insn: number;
  readonly typeId: number;
  /** For example `0:1:2`. */
  readonly access: string;
  /** Number of enum bpf_core_relo_kind. */
  readonly kind: number;
}

/** Records by name of the code section that they are about, ascending by instruction. */
export interface BtfExt {
  readonly functions: ReadonlyMap<string, readonly ExtFunction[]>;
  readonly lines: ReadonlyMap<string, readonly ExtLine[]>;
  readonly coreRelocations: ReadonlyMap<string, readonly ExtCoreRelocation[]>;
}

/** What an object without `.BTF.ext` has. */
export const NO_BTF_EXT: BtfExt = { functions: new Map(), lines: new Map(), coreRelocations: new Map() };

/**
 * Reads the bytes of a `.BTF.ext` section.
 * @param strings the string part of `.BTF`.
 * @throws ObjectError where they are not sound.
 */
export function readBtfExt(bytes: Uint8Array, strings: Reader): BtfExt {
  const reader = new Reader(strings.file, bytes, ".BTF.ext");
  if (reader.u16(0) !== BTF_MAGIC) throw reader.invalid(`magic 0x${reader.u16(0).toString(16)} is not BTF's 0x${BTF_MAGIC.toString(16)}`);
  const header = reader.u32(4);
  const text = (offset: number): string => (offset === 0 ? "" : strings.text(offset));
  const slot = (at: number): number => Math.floor(reader.u32(at) / 8);
  const part = (field: number): readonly [number, number] => [header + reader.u32(field), reader.u32(field + 4)];
  return {
    functions: records(reader, strings, ...part(8), 8, (at) => ({ insn: slot(at), typeId: reader.u32(at + 4) })),
    lines: records(reader, strings, ...part(16), 16, (at) => {
      const position = reader.u32(at + 12);
      return { insn: slot(at), file: text(reader.u32(at + 4)), text: text(reader.u32(at + 8)), line: position >>> 10, column: position & 0x3ff };
    }),
    // Older compilers end the header before this part.
    coreRelocations: header < 32 ? new Map() : records(reader, strings, ...part(24), 16, (at) => ({ insn: slot(at), typeId: reader.u32(at + 4), access: text(reader.u32(at + 8)), kind: reader.u32(at + 12) })),
  };
}

/** Records of the instructions `[start, end)` of a section, ascending. */
export function recordsBetween<T extends { readonly insn: number }>(records: readonly T[] | undefined, start: number, end: number): readonly T[] {
  if (!records) return [];
  return records.slice(lowerBound(records, start), lowerBound(records, end));
}

function lowerBound(records: readonly { readonly insn: number }[], insn: number): number {
  let low = 0;
  for (let high = records.length; low < high; ) {
    const middle = (low + high) >> 1;
    if ((records[middle]?.insn ?? 0) < insn) low = middle + 1;
    else high = middle;
  }
  return low;
}

function records<T extends { readonly insn: number }>(reader: Reader, strings: Reader, start: number, length: number, least: number, build: (at: number) => T): ReadonlyMap<string, readonly T[]> {
  const bySection = new Map<string, T[]>();
  if (length === 0) return bySection;
  const size = reader.u32(start);
  const end = start + length;
  if (size < least || size % 4 !== 0) throw reader.invalid(`records of ${size} bytes where at least ${least} are needed`);
  for (let at = start + 4; at < end; ) {
    const section = strings.text(reader.u32(at));
    const count = reader.u32(at + 4);
    at += 8;
    if (at + count * size > end) throw reader.invalid(`${count} records for section ${section} are more than its ${length} bytes hold`);
    const list = bySection.get(section) ?? [];
    bySection.set(section, list);
    for (let i = 0; i < count; i++, at += size) list.push(build(at));
  }
  for (const list of bySection.values()) list.sort((a, b) => a.insn - b.insn);
  return bySection;
}
