/** BTF to adapt programs to: found by name and read a type at a time, since a kernel's has some 150,000 types. */
import { btfParts, readType, recordBytes } from "./btf.js";
import type { BtfParts } from "./btf.js";
import { essentialName } from "./core_name.js";
import type { BtfSpec, BtfType } from "./spec.js";

/** The types that CO-RE relocations are resolved against. */
export interface BtfTarget {
  /** What it is, for messages: a file's name, `the running kernel's BTF`, `the built-in BTF`. */
  readonly name: string;
  /** Type by id; void where the id is not there. */
  type(id: number): BtfType;
  /** Ids of the types of a kind that have a name, whatever stands behind `___` in either, ascending. */
  candidates(name: string, kind: BtfType["kind"]): readonly number[];
}

/** Kinds by number (linux/btf.h); those of enumerations of 32 and of 64 bits are one. */
const KIND_NUMBERS: Readonly<Partial<Record<BtfType["kind"], readonly number[]>>> = {
  int: [1],
  struct: [4],
  union: [5],
  enum: [6, 19],
  fwd: [7],
  typedef: [8],
  func: [12],
  var: [14],
  datasec: [15],
  float: [16],
};
const UNDERSCORE = 0x5f;

/**
 * A target that reads the bytes of BTF as it is asked.
 * @throws ObjectError where they are no sound BTF.
 */
export function bytesTarget(bytes: Uint8Array, name: string): BtfTarget {
  return new BytesTarget(bytes, name);
}

/** A target of types that are all there. */
export function specTarget(spec: BtfSpec, name: string): BtfTarget {
  return {
    name,
    type: (id) => spec.types[id] ?? { kind: "void" },
    candidates(wanted, kind) {
      const essential = essentialName(wanted);
      return spec.types.flatMap((type, id) => (type.kind === kind && "name" in type && type.name !== "" && essentialName(type.name) === essential ? [id] : []));
    },
  };
}

class BytesTarget implements BtfTarget {
  readonly name: string;
  readonly #parts: BtfParts;
  /** Place of each type's record; type 0, void, has none. */
  readonly #places: Uint32Array;
  readonly #view: DataView;
  readonly #types = new Map<number, BtfType>();
  readonly #candidates = new Map<string, readonly number[]>();
  /** Ids by number of the kind; most types of a kernel are of kinds that nobody looks for by name. */
  readonly #byKind: readonly (readonly number[])[];

  constructor(bytes: Uint8Array, name: string) {
    this.name = name;
    this.#parts = btfParts(bytes, name);
    const { records } = this.#parts;
    const { length } = records.bytes;
    this.#view = new DataView(records.bytes.buffer, records.bytes.byteOffset, length);
    const places = new Uint32Array(1 + Math.floor(length / 12));
    const byKind: number[][] = Array.from({ length: 32 }, () => []);
    let count = 1;
    for (let at = 0; at < length; count++) {
      if (at + 12 > length) throw records.invalid(`it ends in the middle of type ${count}`);
      const size = recordBytes(this.#view.getUint32(at + 4, true));
      if (size === undefined) throw records.unsupported(`type ${count} is of unknown kind ${this.#view.getUint8(at + 7) & 0x1f}`);
      byKind[this.#view.getUint8(at + 7) & 0x1f]?.push(count);
      places[count] = at;
      at += size;
    }
    this.#byKind = byKind;
    this.#places = places.subarray(0, count);
  }

  type(id: number): BtfType {
    const known = this.#types.get(id);
    if (known) return known;
    if (id <= 0 || id >= this.#places.length) return { kind: "void" };
    const type = readType(this.#parts, this.#places[id] as number);
    this.#types.set(id, type);
    return type;
  }

  candidates(name: string, kind: BtfType["kind"]): readonly number[] {
    const essential = essentialName(name);
    const key = `${kind} ${essential}`;
    const known = this.#candidates.get(key);
    if (known) return known;
    const found = this.#search(new TextEncoder().encode(essential), KIND_NUMBERS[kind] ?? []).filter((id) => {
      const type = this.type(id);
      return "name" in type && essentialName(type.name) === essential;
    });
    this.#candidates.set(key, found);
    return found;
  }

  /** Types whose name starts so, and goes on with nothing or a flavour. */
  #search(start: Uint8Array, kinds: readonly number[]): number[] {
    const found: number[] = [];
    for (const kind of kinds) this.#searchKind(start, this.#byKind[kind] ?? [], found);
    return kinds.length > 1 ? found.toSorted((a, b) => a - b) : found;
  }

  #searchKind(start: Uint8Array, ids: readonly number[], found: number[]): void {
    const strings = this.#parts.strings.bytes;
    for (const id of ids) {
      const at = this.#places[id] as number;
      const text = this.#view.getUint32(at, true);
      let i = 0;
      while (i < start.length && strings[text + i] === start[i]) i++;
      if (i < start.length) continue;
      const next = strings[text + i];
      if (next === 0 || next === UNDERSCORE) found.push(id);
    }
  }
}
