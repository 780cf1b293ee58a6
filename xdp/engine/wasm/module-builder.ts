/** Puts functions, imports, globals and one table into a module's sections, in the order that the binary format wants. */
import { Bytes } from "./bytes.js";
import { FunctionBuilder } from "./function-builder.js";
import type { FunctionRef, Signature } from "./function-builder.js";
import { FUNCREF, FUNC_TYPE, OPS, VALUE_TYPES } from "./opcodes.js";
import type { ValueType } from "./opcodes.js";

const MAGIC = new Uint8Array([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]);
const SECTION = { type: 1, import: 2, function: 3, table: 4, global: 6, export: 7, element: 9, code: 10, custom: 0 } as const;

/** A module while it is built: all imports first, then functions declared, then their bodies given. */
export class ModuleBuilder {
  private readonly types: Signature[] = [];
  private readonly typeIndex = new Map<string, number>();
  private readonly imports: { module: string; name: string; type: number }[] = [];
  private readonly imported = new Map<string, FunctionRef>();
  private readonly declared: { name: string; type: number; body?: Uint8Array }[] = [];
  private readonly globals: ValueType[] = [];
  private readonly exports: { name: string; index: number }[] = [];
  private readonly names: string[] = [];
  private table: readonly FunctionRef[] | undefined;
  private memory: { module: string; name: string; initial: number; maximum: number } | undefined;

  /** Index of a function type. */
  type(signature: Signature): number {
    const key = `${signature.params.join()}:${signature.results.join()}`;
    let index = this.typeIndex.get(key);
    if (index === undefined) {
      index = this.types.push(signature) - 1;
      this.typeIndex.set(key, index);
    }
    return index;
  }

  /** Imports a function, once however often it is asked for. */
  importFunction(module: string, name: string, signature: Signature): FunctionRef {
    const key = `${module} ${name}`;
    let ref = this.imported.get(key);
    if (!ref) {
      if (this.declared.length > 0) throw new Error("imports come before functions");
      this.imports.push({ module, name, type: this.type(signature) });
      ref = { index: this.imports.length - 1, signature };
      this.imported.set(key, ref);
      this.names.push(name);
    }
    return ref;
  }

  /** Imports the shared memory; sizes in pages. */
  importMemory(module: string, name: string, initial: number, maximum: number): void {
    this.memory = { module, name, initial, maximum };
  }

  /** Declares a function, so that it can be called before its body is there. */
  declare(name: string, signature: Signature): FunctionRef {
    this.declared.push({ name, type: this.type(signature) });
    this.names.push(name);
    return { index: this.imports.length + this.declared.length - 1, signature };
  }

  define(ref: FunctionRef, body: FunctionBuilder): void {
    const entry = this.declared[ref.index - this.imports.length];
    if (!entry) throw new Error(`function ${ref.index} is not declared`);
    entry.body = body.finish();
  }

  /** A mutable global that starts at 0. */
  global(type: ValueType): number {
    return this.globals.push(type) - 1;
  }

  /** Table 0, filled with functions; undefined entries stay null. */
  functionTable(functions: readonly FunctionRef[]): void {
    this.table = functions;
  }

  exportFunction(name: string, ref: FunctionRef): void {
    this.exports.push({ name, index: ref.index });
  }

  /** The module's bytes. */
  finish(): Uint8Array<ArrayBuffer> {
    const out = new Bytes();
    out.append(MAGIC);
    section(out, SECTION.type, this.types.length, (to) => {
      for (const { params, results } of this.types) {
        to.byte(FUNC_TYPE);
        for (const list of [params, results]) {
          to.u32(list.length);
          for (const type of list) to.byte(VALUE_TYPES[type]);
        }
      }
    });
    section(out, SECTION.import, this.imports.length + (this.memory ? 1 : 0), (to) => {
      for (const { module, name, type } of this.imports) {
        to.name(module);
        to.name(name);
        to.byte(0x00);
        to.u32(type);
      }
      if (!this.memory) return;
      to.name(this.memory.module);
      to.name(this.memory.name);
      to.byte(0x02);
      to.byte(0x03);
      to.u32(this.memory.initial);
      to.u32(this.memory.maximum);
    });
    section(out, SECTION.function, this.declared.length, (to) => {
      for (const { type } of this.declared) to.u32(type);
    });
    const { table } = this;
    section(out, SECTION.table, table ? 1 : 0, (to) => {
      to.byte(FUNCREF);
      to.byte(0x01);
      to.u32(table?.length ?? 0);
      to.u32(table?.length ?? 0);
    });
    section(out, SECTION.global, this.globals.length, (to) => {
      for (const type of this.globals) {
        to.byte(VALUE_TYPES[type]);
        to.byte(0x01);
        to.byte(OPS[`${type}.const`][0]);
        to.byte(0);
        to.byte(OPS.end[0]);
      }
    });
    section(out, SECTION.export, this.exports.length, (to) => {
      for (const { name, index } of this.exports) {
        to.name(name);
        to.byte(0x00);
        to.u32(index);
      }
    });
    section(out, SECTION.element, table ? 1 : 0, (to) => {
      to.u32(0);
      to.byte(OPS["i32.const"][0]);
      to.s32(0);
      to.byte(OPS.end[0]);
      to.u32(table?.length ?? 0);
      for (const { index } of table ?? []) to.u32(index);
    });
    section(out, SECTION.code, this.declared.length, (to) => {
      for (const { name, body } of this.declared) {
        if (!body) throw new Error(`function ${name} has no body`);
        to.append(body);
      }
    });
    this.nameSection(out);
    return out.view().slice() as Uint8Array<ArrayBuffer>;
  }

  /** Function names, for profiles and the text form. */
  private nameSection(out: Bytes): void {
    const functions = new Bytes();
    functions.u32(this.names.length);
    for (const [index, name] of this.names.entries()) {
      functions.u32(index);
      functions.name(name);
    }
    const body = new Bytes();
    body.name("name");
    body.byte(0x01);
    body.u32(functions.length);
    body.append(functions.view());
    out.byte(SECTION.custom);
    out.u32(body.length);
    out.append(body.view());
  }
}

function section(out: Bytes, id: number, count: number, write: (to: Bytes) => void): void {
  if (count === 0) return;
  const body = new Bytes();
  body.u32(count);
  write(body);
  out.byte(id);
  out.u32(body.length);
  out.append(body.view());
}
