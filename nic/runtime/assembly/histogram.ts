/** Durations in buckets that grow with the value; see nic/timeline/histogram.ts. */
import { HIST_BUCKETS, HIST_COUNT, HIST_EXPONENTS, HIST_LOWEST, HIST_MAX, HIST_SUB_BITS } from "../abi";
import { add, add_pair } from "./numbers";

const SUB: i32 = 1 << HIST_SUB_BITS;
const BUCKETS: i32 = HIST_EXPONENTS * SUB;

/** The first bucket holds what is below the lowest exponent, the last what is above the highest. Found by the bits of the number. */
// @ts-ignore: decorator
@inline
function bucket_of(value: f64): u32 {
  const bits = reinterpret<u64>(value);
  // Exponent and sub-bucket at once: buckets follow each other as numbers do.
  const bucket = i32((bits >> (52 - HIST_SUB_BITS)) & ((0x800 << HIST_SUB_BITS) - 1)) - (1023 + HIST_LOWEST) * SUB;
  if (u32(bucket) >= u32(BUCKETS - 1)) return bucket < 0 ? 0 : bucket >= BUCKETS ? BUCKETS : BUCKETS - 1;
  return 1 + bucket;
}

/** Records a duration of 0 or more. */
// @ts-ignore: decorator
@inline
export function record(histogram: u32, value: f64): void {
  add_pair(histogram, HIST_COUNT, 1, value);
  if (value > load<f64>(histogram, HIST_MAX)) store<f64>(histogram, value, HIST_MAX);
  add(histogram + (bucket_of(value) << 3), HIST_BUCKETS, 1);
}

export function histogram_record(histogram: u32, value: f64): void {
  record(histogram, value);
}
