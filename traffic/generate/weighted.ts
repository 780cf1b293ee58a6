/** Draws by weight in constant time (Walker's alias method as Vose wrote it, 1991), and the weights of Zipf's law. */
import type { Random } from "./random.js";

/** Draws indexes `0..weights.length-1`, each as often as its weight says. */
export class WeightedChoice {
  readonly #keep: Uint32Array;
  readonly #alias: Uint32Array;

  /** @param weights numbers of at least 0, one of them above 0 */
  constructor(weights: ArrayLike<number>) {
    const n = weights.length;
    let total = 0;
    for (let i = 0; i < n; i++) {
      if (!(weights[i] >= 0)) throw new RangeError(`weight ${i} is ${weights[i]}; give numbers of at least 0`);
      total += weights[i];
    }
    if (!(total > 0 && total < Infinity)) throw new RangeError("the weights add up to nothing; give at least one above 0");
    this.#keep = new Uint32Array(n);
    this.#alias = new Uint32Array(n);
    this.#build(Float64Array.from(weights, (weight) => (weight * n) / total));
  }

  /** An index. */
  draw(random: Random): number {
    const i = random.below(this.#keep.length);
    return random.u32() < this.#keep[i] ? i : this.#alias[i];
  }

  #build(scaled: Float64Array): void {
    const n = scaled.length;
    const small: number[] = [];
    const large: number[] = [];
    for (let i = n - 1; i >= 0; i--) (scaled[i] < 1 ? small : large).push(i);
    while (small.length > 0 && large.length > 0) {
      const low = small.pop() as number;
      const high = large[large.length - 1];
      this.#keep[low] = Math.floor(scaled[low] * 0xffffffff);
      this.#alias[low] = high;
      scaled[high] -= 1 - scaled[low];
      if (scaled[high] < 1) {
        large.pop();
        small.push(high);
      }
    }
    for (const i of [...small, ...large]) {
      this.#keep[i] = 0xffffffff;
      this.#alias[i] = i;
    }
  }
}

/** The weights 1 / rank^skew of `n` ranks, the first the heaviest. Skew 0 is uniform, internet traffic about 1. */
export function zipfWeights(n: number, skew: number): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => exponential(-skew * logarithm(i + 1)));
}

// Math.log, Math.exp and Math.pow may differ in their last bit from engine to engine; these use only
// operations that IEEE 754 defines exactly.

/** Natural logarithm of `x >= 1`. */
function logarithm(x: number): number {
  let mantissa = x;
  let twos = 0;
  while (mantissa > 1.5) {
    mantissa /= 2;
    twos++;
  }
  const t = (mantissa - 1) / (mantissa + 1);
  let power = t;
  let sum = 0;
  for (let k = 1; k < 40; k += 2) {
    sum += power / k;
    power *= t * t;
  }
  return 2 * sum + twos * Math.LN2;
}

/** e^x for `x <= 0`. */
function exponential(x: number): number {
  let halvings = 0;
  let small = x;
  while (small < -0.25) {
    small /= 2;
    halvings++;
  }
  let term = 1;
  let sum = 1;
  for (let k = 1; k < 16; k++) {
    term *= small / k;
    sum += term;
  }
  for (; halvings > 0; halvings--) sum *= sum;
  return sum;
}
