/** A figure over time at constant memory; see nic/timeline/series.ts. */
import { SERIES_END, SERIES_FROM, SERIES_LAST, SERIES_MAX, SERIES_MOST, SERIES_START, SERIES_STEP, SERIES_STRETCHES, SERIES_SUMS, SERIES_UNTIL } from "../abi";
import { add_pair } from "./numbers";

// @ts-ignore: decorator
@inline
export function record_at(series: u32, time: f64, value: f64): void {
  const stretch = time >= load<f64>(series, SERIES_FROM) && time < load<f64>(series, SERIES_UNTIL) ? load<u32>(series, SERIES_LAST) : find_stretch(series, time);
  if (value > load<f64>(series, SERIES_MAX)) store<f64>(series, value, SERIES_MAX);
  // A time before the first stretch has no place in any.
  if (stretch == NONE) return;
  add_pair(series + (stretch << 4), SERIES_SUMS, value, 1);
  const most = series + (stretch << 3);
  if (value > load<f64>(most, SERIES_MOST)) store<f64>(most, value, SERIES_MOST);
}

const NONE: u32 = 0xffffffff;
/** Less by more than what rounding can add to a quotient. */
const SURELY_BELOW: f64 = 1 - 1 / 1099511627776.0;

/** The stretch that a time belongs to, or {@link NONE}. */
function find_stretch(series: u32, time: f64): u32 {
  let start = load<f64>(series, SERIES_START);
  if (isNaN(start)) {
    start = time;
    store<f64>(series, start, SERIES_START);
  }
  let at = Math.floor((time - start) / load<f64>(series, SERIES_STEP));
  while (at >= f64(SERIES_STRETCHES)) {
    double(series);
    at = Math.floor((time - start) / load<f64>(series, SERIES_STEP));
  }
  if (at < 0) return NONE;
  const stretch = u32(at);
  if (stretch >= load<u32>(series, SERIES_END)) store<u32>(series, stretch + 1, SERIES_END);
  store<u32>(series, stretch, SERIES_LAST);
  store<f64>(series, time, SERIES_FROM);
  store<f64>(series, start + (at + 1) * load<f64>(series, SERIES_STEP) * SURELY_BELOW, SERIES_UNTIL);
  return stretch;
}

export function series_record(series: u32, time: f64, value: f64): void {
  record_at(series, time, value);
}

/** Two stretches become one. */
function double(series: u32): void {
  const half: u32 = SERIES_STRETCHES / 2;
  for (let i: u32 = 0; i < half; i++) {
    const from = series + (i << 5);
    v128.store(series + (i << 4), f64x2.add(v128.load(from, SERIES_SUMS), v128.load(from, SERIES_SUMS + 16)), SERIES_SUMS);
    const most = series + (i << 4);
    store<f64>(series + (i << 3), Math.max(load<f64>(most, SERIES_MOST), load<f64>(most, SERIES_MOST + 8)), SERIES_MOST);
  }
  memory.fill(series + SERIES_SUMS + half * 16, 0, half * 16);
  memory.fill(series + SERIES_MOST + half * 8, 0, half * 8);
  store<f64>(series, load<f64>(series, SERIES_STEP) * 2, SERIES_STEP);
  store<u32>(series, (load<u32>(series, SERIES_END) + 1) >> 1, SERIES_END);
}
