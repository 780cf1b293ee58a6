/**
 * Seeded random numbers, the same on every machine: xoshiro128** (Blackman and Vigna, 2018), 32-bit integers only,
 * seeded by splitmix32. Not for secrets.
 */

/** A stream of random numbers. Two with the same seed give the same numbers for ever. */
export class Random {
  #a = 0;
  #b = 0;
  #c = 0;
  #d = 0;

  /** @param seed an integer from 0 to 2^53 - 1; all of its bits count */
  constructor(seed: number) {
    this.reseed(seed >>> 0, Math.floor(seed / 0x1_0000_0000));
  }

  /** Starts again from two 32-bit words, without a new object. */
  reseed(low: number, high = 0): void {
    const state = [low | 0, 0];
    this.#a = splitmix32(state);
    this.#b = splitmix32(state);
    state[0] ^= Math.imul(high, 0x9e3779b1);
    this.#c = splitmix32(state);
    this.#d = splitmix32(state) | 1; // never all zero
  }

  /** An integer from 0 to 2^32 - 1. */
  u32(): number {
    const b = this.#b;
    const times5 = Math.imul(b, 5);
    const result = Math.imul((times5 << 7) | (times5 >>> 25), 9);
    this.#c ^= this.#a;
    this.#d ^= b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= b << 9;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result >>> 0;
  }

  /** An integer from 0 to `n - 1`, each as likely; `n` from 1 to 2^32. */
  below(n: number): number {
    // What lies beyond the last multiple of n is drawn again, so that no value is favoured.
    const limit = 0x1_0000_0000 - (0x1_0000_0000 % n);
    let value = this.u32();
    while (value >= limit) value = this.u32();
    return value % n;
  }

  /** An integer from `min` to `max`, both included. */
  between(min: number, max: number): number {
    return min + this.below(max - min + 1);
  }

  /** True once in `n` draws on average. */
  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }

  /** One of `items`. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }

  /** Fills `target` with random bytes and returns it. */
  randomise(target: Uint8Array): Uint8Array {
    for (let i = 0; i < target.length; i += 4) {
      const word = this.u32();
      target[i] = word;
      if (i + 1 < target.length) target[i + 1] = word >>> 8;
      if (i + 2 < target.length) target[i + 2] = word >>> 16;
      if (i + 3 < target.length) target[i + 3] = word >>> 24;
    }
    return target;
  }

  /** `length` random bytes. */
  bytes(length: number): Uint8Array {
    return this.randomise(new Uint8Array(length));
  }

  /**
   * An exponentially distributed number with mean 1, by von Neumann's method of 1951: comparisons of integers
   * only, so that no machine's logarithm can make a difference.
   */
  exponential(): number {
    for (let whole = 0; ; whole++) {
      const first = this.u32();
      let last = first;
      let run = 1;
      for (let next = this.u32(); next < last; next = this.u32()) {
        last = next;
        run++;
      }
      if (run % 2 === 1) return whole + first / 0x1_0000_0000;
    }
  }

  /** A stream of its own for `name`: what one part of a scenario draws does not shift what another draws. */
  fork(name: string): Random {
    let hash = 0x811c9dc5;
    for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
    const child = new Random(0);
    child.reseed(this.u32() ^ hash, this.u32());
    return child;
  }
}

function splitmix32(state: number[]): number {
  state[0] = (state[0] + 0x9e3779b9) | 0;
  let z = state[0];
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return z ^ (z >>> 16);
}
