/** Durations in buckets that grow with the value; see nic/timeline/histogram.ts. */
import { HIST_BUCKETS, HIST_COUNT, HIST_EXPONENTS, HIST_LOWEST, HIST_MAX, HIST_SUB_BITS, HIST_SUM } from "../abi";

const SUB: i32 = 1 << HIST_SUB_BITS;
const BUCKETS: i32 = HIST_EXPONENTS * SUB;

/** The first bucket holds what is below the lowest exponent, the last what is above the highest. Found by the bits of the number. */
// @ts-ignore: decorator
@inline
function bucket_of(value: f64): u32 {
  const bits = reinterpret<u64>(value);
  const exponent = i32((bits >> 52) & 0x7ff) - 1023 - HIST_LOWEST;
  if (u32(exponent) >= u32(HIST_EXPONENTS)) return exponent < 0 ? 0 : BUCKETS;
  return 1 + min(BUCKETS - 2, exponent * SUB + (i32(bits >> (52 - HIST_SUB_BITS)) & (SUB - 1)));
}

/** Records a duration of 0 or more. */
// @ts-ignore: decorator
@inline
export function record(histogram: u32, value: f64): void {
  store<f64>(histogram, load<f64>(histogram, HIST_COUNT) + 1, HIST_COUNT);
  store<f64>(histogram, load<f64>(histogram, HIST_SUM) + value, HIST_SUM);
  if (value > load<f64>(histogram, HIST_MAX)) store<f64>(histogram, value, HIST_MAX);
  const bucket = histogram + (bucket_of(value) << 3);
  store<f64>(bucket, load<f64>(bucket, HIST_BUCKETS) + 1, HIST_BUCKETS);
}

export function histogram_record(histogram: u32, value: f64): void {
  record(histogram, value);
}
