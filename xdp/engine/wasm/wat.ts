/** The text form of a module that this folder made: its own instructions and sections, indented, one a line. */
import { EMPTY_BLOCK, OP_NAMES, OPS, VALUE_TYPES } from "./opcodes.js";

const TYPE_NAMES: ReadonlyMap<number, string> = new Map(Object.entries(VALUE_TYPES).map(([name, code]) => [code, name]));

class Reader {
  readonly bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  byte(): number {
    const value = this.bytes[this.at++];
    if (value === undefined) throw new RangeError(`the module ends at byte ${this.at - 1}, inside of something`);
    return value;
  }

  u32(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  signed(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return (byte & 0x40) === 0 ? value : value - (1n << (shift + 7n));
    }
  }

  name(): string {
    const length = this.u32();
    const text = new TextDecoder().decode(this.bytes.subarray(this.at, this.at + length));
    this.at += length;
    return text;
  }

  list<T>(read: () => T): T[] {
    return Array.from({ length: this.u32() }, read);
  }

  type(): string {
    const code = this.byte();
    return TYPE_NAMES.get(code) ?? `0x${code.toString(16)}`;
  }
}

/** A module as WebAssembly text. Throws where it holds what our encoder does not write. */
export function printWat(bytes: Uint8Array): string {
  const sections = new Map<number, number>();
  let names: readonly string[] = [];
  for (const reader = new Reader(bytes, 8); reader.at < bytes.length; ) {
    const id = reader.byte();
    const end = reader.u32() + reader.at;
    if (id === 0) names = readNames(reader);
    else sections.set(id, reader.at);
    reader.at = end;
  }
  const section = (id: number): Reader | undefined => {
    const at = sections.get(id);
    return at === undefined ? undefined : new Reader(bytes, at);
  };
  const lines: string[] = [];
  const types = readTypes(section(1));
  const name = (index: number): string => `$${(names[index] ?? String(index)).replaceAll(/[^\w.+$-]/g, "_")}`;
  for (const type of types) lines.push(`(type (func${type}))`);
  let functions = 0;
  const imports = section(2);
  imports?.list(() => {
    const [module, field] = [imports.name(), imports.name()];
    if (imports.byte() === 0x02) {
      imports.byte();
      lines.push(`(import "${module}" "${field}" (memory ${imports.u32()} ${imports.u32()} shared))`);
    } else lines.push(`(import "${module}" "${field}" (func ${name(functions++)}${types[imports.u32()] ?? ""}))`);
  });
  const declared = section(3);
  const signatures = declared?.list(() => types[declared.u32()] ?? "") ?? [];
  const tables = section(4);
  tables?.list(() => {
    tables.byte();
    tables.byte();
    lines.push(`(table ${tables.u32()} ${tables.u32()} funcref)`);
  });
  const globals = section(6);
  globals?.list(() => {
    const type = globals.type();
    globals.at += 4;
    lines.push(`(global (mut ${type}) (${type}.const 0))`);
  });
  const exports = section(7);
  exports?.list(() => {
    const field = exports.name();
    exports.byte();
    lines.push(`(export "${field}" (func ${name(exports.u32())}))`);
  });
  const elements = section(9);
  elements?.list(() => {
    elements.at += 4;
    lines.push(`(elem (i32.const 0) func ${elements.list(() => name(elements.u32())).join(" ")})`);
  });
  const code = section(10);
  code?.list(() => {
    const end = code.u32() + code.at;
    lines.push(`(func ${name(functions)}${signatures[functions - (names.length - signatures.length)] ?? ""}`, ...functionBody(code, end, name, types), ")");
    functions += 1;
  });
  return `(module\n${lines.map((line) => `  ${line}`).join("\n")}\n)\n`;
}

function readNames(reader: Reader): string[] {
  if (reader.name() !== "name" || reader.byte() !== 1) return [];
  reader.u32();
  const names: string[] = [];
  reader.list(() => {
    const index = reader.u32();
    names[index] = reader.name();
  });
  // Two functions of one name would be one in the text.
  return names.map((name, i) => (names.indexOf(name) === i ? name : `${name}.${i}`));
}

function readTypes(reader: Reader | undefined): string[] {
  return (
    reader?.list(() => {
      reader.byte();
      const params = reader.list(() => reader.type());
      const results = reader.list(() => reader.type());
      return (params.length > 0 ? ` (param ${params.join(" ")})` : "") + (results.length > 0 ? ` (result ${results.join(" ")})` : "");
    }) ?? []
  );
}

function functionBody(reader: Reader, end: number, name: (index: number) => string, types: readonly string[]): string[] {
  const lines: string[] = [];
  const locals = reader.list(() => localRun(reader));
  if (locals.length > 0) lines.push(`  (local${locals.join("")})`);
  let depth = 1;
  while (reader.at < end) {
    const [text, change] = instruction(reader, name, types);
    if (reader.at === end && text === "end") break;
    if (text === "end" || text === "else") depth -= 1;
    lines.push("  ".repeat(depth) + text);
    depth += text === "else" ? 1 : change;
  }
  return lines;
}

function localRun(reader: Reader): string {
  const count = reader.u32();
  return ` ${reader.type()}`.repeat(count);
}

/** One instruction as text, and how much deeper what follows it lies. */
function instruction(reader: Reader, name: (index: number) => string, types: readonly string[]): [text: string, deeper: number] {
  const first = reader.byte();
  const code = first >= 0xfc ? (first << 8) | reader.u32() : first;
  const op = OP_NAMES.get(code);
  if (op === undefined) throw new RangeError(`instruction 0x${code.toString(16)} at byte ${reader.at - 1} is none of ours`);
  switch (OPS[op][1]) {
    case "block": {
      const type = reader.byte();
      return [type === EMPTY_BLOCK ? op : `${op} (result ${TYPE_NAMES.get(type) ?? type})`, 1];
    }
    case "label":
      return [`${op} ${reader.u32()}`, 0];
    case "table":
      return [`${op} ${[...reader.list(() => reader.u32()), reader.u32()].join(" ")}`, 0];
    case "index": {
      const index = reader.u32();
      return [`${op} ${op === "call" ? name(index) : index}`, 0];
    }
    case "indirect": {
      const type = reader.u32();
      reader.u32();
      return [`${op}${types[type] ?? ""}`, 0];
    }
    case "memory": {
      const align = 2 ** reader.u32();
      const offset = reader.u32();
      return [`${op}${offset === 0 ? "" : ` offset=${offset}`} align=${align}`, 0];
    }
    case "i32":
    case "i64":
      return [`${op} ${reader.signed()}`, 0];
    default:
      return [op, 0];
  }
}
