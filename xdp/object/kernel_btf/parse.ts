/**
 * Types from text, in a notation close to C in which sizes and places are written out, since they are what matters:
 *
 *     typedef unsigned int __u32;
 *     struct vlan_hdr :4 { __be16 h_vlan_TCI @0; __be16 h_vlan_encapsulated_proto @2; };
 *     struct flags :2 { __u8 low @0 :4; __u8 high @0.4 :4; struct net *net @8; };
 *     enum xdp_action :4 { XDP_ABORTED, XDP_DROP, XDP_PASS = 2 };
 *
 * `:N` behind a name is a size in bytes, behind a place a width in bits; `@B.b` is byte and bit. Structs that are only
 * pointed at need not be described. Not every member has to be there.
 */
import type { BtfMember, BtfSpec, BtfType } from "../spec.js";

const TOKEN = /[A-Za-z_]\w*|-?\d+(?:\.\d+)?|[{}[\]*;:,@=]/g;
/** C's integers by the words they are written with, sorted. */
const INTEGERS: Readonly<Record<string, readonly [size: number, signed: boolean, bool?: boolean]>> = {
  _Bool: [1, false, true],
  char: [1, true],
  "char signed": [1, true],
  "char unsigned": [1, false],
  "int short": [2, true],
  "int short unsigned": [2, false],
  int: [4, true],
  "int unsigned": [4, false],
  "int long": [8, true],
  "int long unsigned": [8, false],
  "int long long": [8, true],
  "int long long unsigned": [8, false],
  "long unsigned": [8, false],
};
const WORDS: ReadonlySet<string> = new Set(Object.keys(INTEGERS).flatMap((k) => k.split(" ")));

/** Types of a text, in the order that they are named. */
export function parseTypes(text: string): BtfSpec {
  return new TypeParser(text).parse();
}

class TypeParser {
  readonly #tokens: readonly string[];
  #at = 0;
  readonly #types: (BtfType | undefined)[] = [{ kind: "void" }];
  /** By what they are called: `struct net`, `__u32`, `*7`, `7[4]`. */
  readonly #ids = new Map<string, number>();

  constructor(text: string) {
    this.#tokens = text.match(TOKEN) ?? [];
  }

  parse(): BtfSpec {
    while (this.#at < this.#tokens.length) {
      if (this.#take("typedef")) {
        const type = this.#type();
        const { name, id } = this.#declarator(type);
        this.#define(name, { kind: "typedef", name, type: id });
      } else this.#type();
      this.#need(";");
    }
    // What is only pointed at is declared, no more.
    for (const [key, id] of this.#ids) {
      const [kind, name = ""] = key.split(" ");
      if (this.#types[id] === undefined && (kind === "struct" || kind === "union")) this.#types[id] = { kind: "fwd", name, union: kind === "union" };
    }
    const missing = [...this.#ids].find(([, id]) => this.#types[id] === undefined);
    if (missing) throw new Error(`type ${missing[0]} is used and not described`);
    return { types: this.#types as readonly BtfType[] };
  }

  /** A type without pointers and arrays; defines it where its body follows. */
  #type(): number {
    const word = this.#tokens[this.#at];
    if (word === "struct" || word === "union" || word === "enum") return this.#tagged(word);
    if (word === "void") {
      this.#at++;
      return 0;
    }
    if (!WORDS.has(word ?? "")) return this.#reference(this.#name());
    const words: string[] = [];
    while (WORDS.has(this.#tokens[this.#at] ?? "")) words.push(this.#name());
    const integer = INTEGERS[words.toSorted().join(" ")];
    if (!integer) throw new Error(`no integer is called ${words.join(" ")}`);
    const [size, signed, bool = false] = integer;
    const name = words.join(" ");
    return this.#define(name, { kind: "int", name, size, bits: size * 8, bitOffset: 0, signed, char: false, bool });
  }

  #tagged(kind: "struct" | "union" | "enum"): number {
    this.#at++;
    const next = this.#tokens[this.#at] ?? "";
    const name = next === ":" ? "" : this.#name();
    if (!this.#take(":")) return this.#reference(`${kind} ${name}`);
    const size = this.#number();
    const id = name === "" ? this.#add(undefined) : this.#reference(`${kind} ${name}`);
    if (this.#types[id] !== undefined) throw new Error(`${kind} ${name} is described twice`);
    this.#need("{");
    this.#types[id] = kind === "enum" ? this.#enum(name, size) : { kind, name, size, members: this.#members() };
    return id;
  }

  #members(): readonly BtfMember[] {
    const members: BtfMember[] = [];
    while (!this.#take("}")) {
      const { name, id } = this.#declarator(this.#type());
      this.#need("@");
      const [byte = 0, bit = 0] = (this.#tokens[this.#at++] ?? "").split(".").map(Number);
      members.push({ name, type: id, bitOffset: byte * 8 + bit, bitSize: this.#take(":") ? this.#number() : 0 });
      this.#need(";");
    }
    return members;
  }

  #enum(name: string, size: number): BtfType {
    const values: { readonly name: string; readonly value: string }[] = [];
    let value = 0;
    while (!this.#take("}")) {
      const label = this.#name();
      if (this.#take("=")) value = this.#number();
      values.push({ name: label, value: `${value++}` });
      this.#take(",");
    }
    return { kind: "enum", name, size, signed: values.some((v) => v.value.startsWith("-")), values };
  }

  /** Stars, a name that may be left out, dimensions. */
  #declarator(base: number): { readonly name: string; readonly id: number } {
    let id = base;
    while (this.#take("*")) id = this.#define(`*${id}`, { kind: "ptr", name: "", type: id });
    const name = /^\w/.test(this.#tokens[this.#at] ?? "") ? this.#name() : "";
    const counts: number[] = [];
    while (this.#take("[")) {
      counts.push(this.#number());
      this.#need("]");
    }
    for (const count of counts.toReversed()) id = this.#define(`${id}[${count}]`, { kind: "array", type: id, indexType: this.#index(), count });
    return { name, id };
  }

  #index(): number {
    return this.#define("unsigned int", { kind: "int", name: "unsigned int", size: 4, bits: 32, bitOffset: 0, signed: false, char: false, bool: false });
  }

  /** Id of what is called so, whether or not it has been described. */
  #reference(key: string): number {
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#add(undefined);
    this.#ids.set(key, id);
    return id;
  }

  #define(key: string, type: BtfType): number {
    const id = this.#reference(key);
    this.#types[id] ??= type;
    return id;
  }

  #add(type: BtfType | undefined): number {
    this.#types.push(type);
    return this.#types.length - 1;
  }

  #name(): string {
    const token = this.#tokens[this.#at++] ?? "the end";
    if (!/^[A-Za-z_]/.test(token)) throw new Error(`expected a name, got ${token}`);
    return token;
  }

  #number(): number {
    const token = this.#tokens[this.#at++] ?? "the end";
    if (!/^-?\d+$/.test(token)) throw new Error(`expected a number, got ${token}`);
    return Number(token);
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at++;
    return true;
  }

  #need(token: string): void {
    if (!this.#take(token)) throw new Error(`expected ${token}, got ${this.#tokens[this.#at] ?? "the end"} (token ${this.#at})`);
  }
}
