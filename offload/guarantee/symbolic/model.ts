/** What decides a path, chosen: the packet's bytes, its length, what maps hold, what comes with it. */
import { evaluate } from "./expr.js";
import type { Expr } from "./expr.js";
import { ORIGIN } from "./state.js";

/** Longest packet that is made. */
export const LONGEST = 3520;

/** Interface that packets come in on. */
const FIRST_PORT = 1n;

export class Model {
  length: bigint;
  readonly bytes: Map<number, bigint>;
  /** By lookup and offset: `lookup * 65536 + offset`. */
  readonly values: Map<number, bigint>;
  readonly globals: Map<number, bigint>;
  /** Variables that are no bytes. */
  readonly others: Map<Expr, bigint>;
  /** What expressions are, as long as nothing is set. */
  private readonly known = new Map<Expr, bigint>();
  private readonly standard: (index: number) => number;

  /** `standard`: bytes of a packet where nothing asks for others. */
  constructor(standard: (index: number) => number, from?: Model) {
    this.standard = standard;
    this.length = from?.length ?? 60n;
    this.bytes = new Map(from?.bytes);
    this.values = new Map(from?.values);
    this.globals = new Map(from?.globals);
    this.others = new Map(from?.others);
  }

  /** Expressions that were worked out since something was set. */
  get work(): number {
    return this.known.size;
  }

  copy(): Model {
    return new Model(this.standard, this);
  }

  byte(index: number): bigint {
    return this.bytes.get(index) ?? BigInt(this.standard(index));
  }

  /** What a variable is. */
  of(variable: Expr): bigint {
    const { source } = variable;
    switch (source?.kind) {
      case "byte": return this.byte(source.index);
      case "select": return this.byte(this.placeOf(source.at));
      case "length": return this.length;
      case "value": return this.values.get(source.lookup * 65536 + source.offset) ?? 0n;
      case "global": return this.globals.get(source.map * 65536 + source.offset) ?? 0n;
      case "ifindex": return FIRST_PORT;
      default: return this.others.get(variable) ?? 0n;
    }
  }

  value(e: Expr): bigint {
    return evaluate(e, (variable) => this.of(variable), this.known);
  }

  /** Makes a variable a number; false where it cannot be that. */
  set(variable: Expr, value: bigint): boolean {
    const { source } = variable;
    if ((value & ~variable.may) !== 0n) return false;
    this.known.clear();
    switch (source?.kind) {
      case "byte":
        this.bytes.set(source.index, value);
        return true;
      case "select": {
        const place = this.placeOf(source.at);
        if (place < 0 || place >= LONGEST) return false;
        this.bytes.set(place, value);
        return true;
      }
      case "length":
        if (value < 14n || value > BigInt(LONGEST)) return false;
        this.length = value;
        return true;
      case "value":
        this.values.set(source.lookup * 65536 + source.offset, value);
        return true;
      case "global":
        this.globals.set(source.map * 65536 + source.offset, value);
        return true;
      // Where it comes in, and how it is steered, is not the packet's.
      case "ifindex":
      case "queue":
        return false;
      default:
        this.others.set(variable, value);
        return true;
    }
  }

  private placeOf(at: Expr): number {
    return Number(BigInt.asIntN(64, this.value(at))) - ORIGIN;
  }
}
