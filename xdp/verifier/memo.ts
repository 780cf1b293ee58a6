/**
 * Results by two operands, remembered for a while: a table of fixed size in which the latest entry of a place stays. Operands and
 * operation are small numbers; nothing is allocated to look one up.
 */
export class Memo<T> {
  private readonly mask: number;
  /** Operation and both operands of each place. */
  private readonly keys: Int32Array;
  private readonly results: (T | undefined)[];
  /** `size`: a power of two. */
  constructor(size: number) {
    this.mask = size - 1;
    this.keys = new Int32Array(size * 3);
    this.results = Array.from({ length: size }, () => undefined);
  }

  private placeOf(op: number, a: number, b: number): number {
    const mixed = Math.imul(Math.imul(a, 0x9e37_79b1) ^ b, 0x85eb_ca6b) ^ Math.imul(op, 0x27d4_eb2f);
    return (mixed ^ (mixed >>> 15)) & this.mask;
  }

  get(op: number, a: number, b: number): T | undefined {
    const place = this.placeOf(op, a, b);
    const { keys } = this;
    return keys[place * 3] === op && keys[place * 3 + 1] === a && keys[place * 3 + 2] === b ? this.results[place] : undefined;
  }

  set(op: number, a: number, b: number, result: T): T {
    const place = this.placeOf(op, a, b);
    this.keys[place * 3] = op;
    this.keys[place * 3 + 1] = a;
    this.keys[place * 3 + 2] = b;
    this.results[place] = result;
    return result;
  }
}
