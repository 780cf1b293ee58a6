/**
 * What the wasm histogram is tested against. A histogram of durations with buckets that grow with the value: each is at most 1/64 wide of what it holds, so that a
 * percentile is within 1.6 % of the exact one at constant memory, and the order of the values does not matter.
 */

const SUB_BITS = 6;
const SUB = 1 << SUB_BITS;
/** Values from 2^-4 ns to 2^60 ns. */
const LOWEST_EXPONENT = -4;
const EXPONENTS = 64;

/** The bits of a number, to find its bucket without a logarithm (which differs between machines in its last bit). */
const float = new Float64Array(1);
const bits = new Uint32Array(float.buffer);

export class Histogram {
  private readonly buckets = new Float64Array(EXPONENTS * SUB + 1);
  /** Values recorded. */
  count = 0;
  /** Their sum, and the largest. */
  sum = 0;
  max = 0;

  /** Records a duration of 0 or more. */
  record(value: number): void {
    this.count++;
    this.sum += value;
    if (value > this.max) this.max = value;
    this.buckets[bucketOf(value)]++;
  }

  /** The value below or at which a `share` (0 to 1) of the values lies: upper edge of its bucket, at most the maximum. 0 without values. */
  percentile(share: number): number {
    if (this.count === 0) return 0;
    const rank = Math.max(1, Math.ceil(share * this.count));
    let seen = 0;
    for (let i = 0; i < EXPONENTS * SUB; i++) {
      seen += this.buckets[i];
      if (seen >= rank) return Math.min(upperEdge(i), this.max);
    }
    return this.max;
  }

  get mean(): number {
    return this.count === 0 ? 0 : this.sum / this.count;
  }
}

/** The first bucket holds what is below the lowest exponent, the last what is above the highest. */
function bucketOf(value: number): number {
  float[0] = value;
  const high = bits[1];
  const exponent = ((high >>> 20) & 0x7ff) - 1023 - LOWEST_EXPONENT;
  if (exponent < 0) return 0;
  if (exponent >= EXPONENTS) return EXPONENTS * SUB;
  return 1 + Math.min(EXPONENTS * SUB - 2, exponent * SUB + ((high >>> (20 - SUB_BITS)) & (SUB - 1)));
}

function upperEdge(bucket: number): number {
  if (bucket === 0) return 2 ** LOWEST_EXPONENT;
  const index = bucket - 1;
  return 2 ** (Math.floor(index / SUB) + LOWEST_EXPONENT) * (1 + ((index % SUB) + 1) / SUB);
}
