/** ELF64, as clang writes it for BPF: sections, symbols, relocations. Knows nothing of programs and maps. */
import { ObjectError } from "./error.js";
import { Reader } from "./reader.js";

export const SHT_PROGBITS = 1;
export const SHT_NOBITS = 8;
export const SHF_EXECINSTR = 4;
export const SHN_UNDEF = 0;
/** Section indices from here on are special (absolute, common). */
export const SHN_LORESERVE = 0xff00;
export const STT_NOTYPE = 0;
export const STT_OBJECT = 1;
export const STT_FUNC = 2;
export const STT_SECTION = 3;
export const STB_LOCAL = 0;
export const STB_WEAK = 2;

const SHT_SYMTAB = 2;
const SHT_RELA = 4;
const SHT_REL = 9;
const EM_NONE = 0;
const EM_BPF = 247;
const ET_REL = 1;
const SECTION_HEADER_BYTES = 64;
const SYMBOL_BYTES = 24;
const REL_BYTES = 16;
/** Larger than any map value or program that a kernel takes; keeps a forged size from taking the memory. */
const MAX_NOBITS = 64 << 20;

/** Relocations of BPF objects (LLVM's "BPF Relocation Types"); 0 is none. */
const KNOWN_RELOCATIONS: ReadonlySet<number> = new Set([1, 2, 3, 4, 10]);

export interface ElfSection {
  readonly index: number;
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly size: number;
  /** Empty for SHT_NOBITS. */
  readonly data: Uint8Array;
}

export interface ElfSymbol {
  readonly name: string;
  readonly value: number;
  readonly size: number;
  /** Index of its section, or SHN_UNDEF, or a special one. */
  readonly section: number;
  readonly type: number;
  readonly bind: number;
  /** STV_HIDDEN or STV_INTERNAL: not seen outside the object. */
  readonly hidden: boolean;
}

export interface ElfRelocation {
  /** Byte offset in the section that it changes. */
  readonly offset: number;
  readonly type: number;
  readonly symbol: ElfSymbol;
}

export interface ElfFile {
  readonly file: string;
  readonly sections: readonly ElfSection[];
  readonly symbols: readonly ElfSymbol[];
  /** By index of the section that they change. */
  readonly relocations: ReadonlyMap<number, readonly ElfRelocation[]>;
}

interface Header {
  readonly nameOffset: number;
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
}

/**
 * Reads an ELF file.
 * @throws ObjectError where it is none, is for another machine or byte order, or is cut off or corrupt.
 */
export function readElf(bytes: Uint8Array, file: string): ElfFile {
  checkIdentity(bytes, file);
  const reader = new Reader(file, bytes);
  const headers = readHeaders(reader);
  checkSizes(reader, headers);
  const names = sectionReader(reader, headers[sectionNamesIndex(reader, headers)], "section names");
  const sections = headers.map((header, index): ElfSection => {
    const name = names.bytes.length === 0 ? "" : names.text(header.nameOffset);
    const { type, flags, size, offset } = header;
    if (type !== SHT_NOBITS && type !== 0 && offset + size > bytes.length) {
      throw new ObjectError(file, "invalid", `it ends at byte ${offset + size} of a file of ${bytes.length} bytes (the file is cut off or corrupt)`, name);
    }
    return { index, name, type, flags, size, data: type === SHT_NOBITS || type === 0 ? new Uint8Array(0) : reader.slice(offset, size) };
  });
  const symbols = readSymbols(reader, headers);
  return { file, sections, symbols, relocations: readRelocations(file, headers, sections, symbols) };
}

/**
 * The bytes of one section of an ELF file for whatever machine (a vmlinux, say); undefined where it has none of that name.
 * @throws ObjectError where it is no ELF file of 64 bits, little-endian, or is cut off or corrupt.
 */
export function readElfSection(bytes: Uint8Array, file: string, name: string): Uint8Array | undefined {
  checkForm(bytes, file);
  const reader = new Reader(file, bytes);
  const headers = readHeaders(reader);
  const names = sectionReader(reader, headers[sectionNamesIndex(reader, headers)], "section names");
  const header = headers.find((h) => h.type !== 0 && h.type !== SHT_NOBITS && names.text(h.nameOffset) === name);
  return header && reader.slice(header.offset, header.size);
}

/** ELF, 64 bits, little-endian. */
function checkForm(bytes: Uint8Array, file: string): void {
  const invalid = (problem: string): ObjectError => new ObjectError(file, "invalid", problem);
  if (bytes.length === 0) throw invalid("the file is empty");
  if (bytes[0] !== 0x7f || bytes[1] !== 0x45 || bytes[2] !== 0x4c || bytes[3] !== 0x46) throw invalid("not an ELF object (compile the program with clang -target bpf -c)");
  if (bytes.length < 64) throw invalid(`the ELF header is cut off after ${bytes.length} of 64 bytes`);
  if (bytes[4] !== 2) throw new ObjectError(file, "unsupported", "a 32-bit ELF object; BPF objects are 64-bit");
  if (bytes[5] === 2) throw new ObjectError(file, "unsupported", "a big-endian object (bpfeb); compile with -target bpf or bpfel");
  if (bytes[5] !== 1) throw invalid(`byte order ${bytes[5]} in the ELF header means nothing`);
}

function checkIdentity(bytes: Uint8Array, file: string): void {
  checkForm(bytes, file);
  const reader = new Reader(file, bytes);
  const machine = reader.u16(18);
  // LLVM before 3.9 wrote no machine.
  if (machine !== EM_BPF && machine !== EM_NONE) throw new ObjectError(file, "unsupported", `an ELF object for machine ${machine}, not for BPF (${EM_BPF}); compile with clang -target bpf`);
  if (reader.u16(16) !== ET_REL) throw new ObjectError(file, "unsupported", `an ELF file of type ${reader.u16(16)}, not a relocatable object`);
}

function readHeaders(reader: Reader): readonly Header[] {
  const start = reader.u64(40);
  if (start === 0) throw reader.invalid("the object has no sections");
  if (reader.u16(58) !== SECTION_HEADER_BYTES) throw reader.invalid(`section headers of ${reader.u16(58)} bytes instead of ${SECTION_HEADER_BYTES}`);
  // Where there are too many sections for 16 bits, the first header's size counts them.
  const count = reader.u16(60) || reader.u64(start + 32);
  if (start + count * SECTION_HEADER_BYTES > reader.bytes.length) {
    throw reader.invalid(`the section table ends at byte ${start + count * SECTION_HEADER_BYTES} of a file of ${reader.bytes.length} bytes (the file is cut off or corrupt)`);
  }
  return Array.from({ length: count }, (_, i) => {
    const at = start + i * SECTION_HEADER_BYTES;
    return {
      nameOffset: reader.u32(at),
      type: reader.u32(at + 4),
      // No flag above 32 bits matters here.
      flags: reader.u32(at + 8),
      offset: reader.u64(at + 24),
      size: reader.u64(at + 32),
      link: reader.u32(at + 40),
      info: reader.u32(at + 44),
    };
  });
}

/** Sections lie side by side: together they are no larger than the file, so that reading each once is all it costs. */
function checkSizes(reader: Reader, headers: readonly Header[]): void {
  const total = (zeroed: boolean): number => headers.reduce((sum, h) => (h.type !== 0 && (h.type === SHT_NOBITS) === zeroed ? sum + h.size : sum), 0);
  if (total(false) > reader.bytes.length) throw reader.invalid(`its sections take ${total(false)} bytes, the file has ${reader.bytes.length} (the file is cut off or corrupt)`);
  if (total(true) > MAX_NOBITS) throw reader.unsupported(`${total(true)} bytes of zeroed data are more than the ${MAX_NOBITS} that Beeline takes`);
}

function sectionNamesIndex(reader: Reader, headers: readonly Header[]): number {
  const index = reader.u16(62);
  return index === 0xffff ? (headers[0]?.link ?? 0) : index;
}

function sectionReader(reader: Reader, header: Header | undefined, what: string): Reader {
  if (!header || header.type === SHT_NOBITS) throw reader.invalid(`the section of ${what} does not exist`);
  return new Reader(reader.file, reader.slice(header.offset, header.size), what);
}

function readSymbols(reader: Reader, headers: readonly Header[]): readonly ElfSymbol[] {
  const header = headers.find((h) => h.type === SHT_SYMTAB);
  if (!header) return [];
  const table = sectionReader(reader, header, "symbols");
  const names = sectionReader(reader, headers[header.link], "symbol names");
  return Array.from({ length: Math.floor(header.size / SYMBOL_BYTES) }, (_, i) => {
    const at = i * SYMBOL_BYTES;
    const info = table.u8(at + 4);
    const nameOffset = table.u32(at);
    const visibility = table.u8(at + 5) & 3;
    return {
      name: nameOffset === 0 ? "" : names.text(nameOffset),
      value: table.u64(at + 8),
      size: table.u64(at + 16),
      section: table.u16(at + 6),
      type: info & 0x0f,
      bind: info >> 4,
      hidden: visibility === 1 || visibility === 2,
    };
  });
}

function readRelocations(file: string, headers: readonly Header[], sections: readonly ElfSection[], symbols: readonly ElfSymbol[]): ReadonlyMap<number, readonly ElfRelocation[]> {
  const relocations = new Map<number, ElfRelocation[]>();
  for (const [i, { type, info }] of headers.entries()) {
    if (type !== SHT_REL && type !== SHT_RELA) continue;
    const section = sections[i] as ElfSection;
    const target = sections[info];
    if (!target) throw new ObjectError(file, "invalid", `relocations of section ${info}, which does not exist`, section.name);
    if (isDebug(target.name)) continue;
    if (type === SHT_RELA) throw new ObjectError(file, "unsupported", "relocations with addends (RELA); BPF compilers write REL", section.name);
    const reader = new Reader(file, section.data, section.name);
    const list = relocations.get(info) ?? [];
    relocations.set(info, list);
    for (let at = 0; at + REL_BYTES <= section.size; at += REL_BYTES) {
      const kind = reader.u32(at + 8);
      if (kind === 0) continue;
      if (!KNOWN_RELOCATIONS.has(kind)) throw new ObjectError(file, "unsupported", `relocation type ${kind} at offset ${at}`, section.name);
      const symbol = symbols[reader.u32(at + 12)];
      if (!symbol) throw new ObjectError(file, "invalid", `relocation at offset ${at} against symbol ${reader.u32(at + 12)} of ${symbols.length}`, section.name);
      list.push({ offset: reader.u64(at), type: kind, symbol });
    }
  }
  return relocations;
}

/** Sections for debuggers: nothing in them matters to a program. */
function isDebug(name: string): boolean {
  return name.startsWith(".debug_") || name === ".eh_frame" || name === ".BTF" || name === ".BTF.ext";
}
