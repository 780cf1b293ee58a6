/** A figure over time at constant memory; see nic/timeline/series.ts. */
import { SERIES_COUNTS, SERIES_END, SERIES_MAX, SERIES_MOST, SERIES_START, SERIES_STEP, SERIES_STRETCHES, SERIES_SUMS } from "../abi";

export function series_record(series: u32, time: f64, value: f64): void {
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
  if (value > load<f64>(series, SERIES_MAX)) store<f64>(series, value, SERIES_MAX);
  // A time before the first stretch has no place in any.
  if (at < 0) return;
  const stretch = u32(at);
  const slot = series + (stretch << 3);
  store<f64>(slot, load<f64>(slot, SERIES_SUMS) + value, SERIES_SUMS);
  store<f64>(slot, load<f64>(slot, SERIES_COUNTS) + 1, SERIES_COUNTS);
  if (value > load<f64>(slot, SERIES_MOST)) store<f64>(slot, value, SERIES_MOST);
  if (stretch >= load<u32>(series, SERIES_END)) store<u32>(series, stretch + 1, SERIES_END);
}

/** Two stretches become one. */
function double(series: u32): void {
  const half: u32 = SERIES_STRETCHES / 2;
  for (let i: u32 = 0; i < half; i++) {
    const to = series + (i << 3);
    const from = series + (i << 4);
    store<f64>(to, load<f64>(from, SERIES_SUMS) + load<f64>(from, SERIES_SUMS + 8), SERIES_SUMS);
    store<f64>(to, load<f64>(from, SERIES_COUNTS) + load<f64>(from, SERIES_COUNTS + 8), SERIES_COUNTS);
    store<f64>(to, Math.max(load<f64>(from, SERIES_MOST), load<f64>(from, SERIES_MOST + 8)), SERIES_MOST);
  }
  memory.fill(series + SERIES_SUMS + half * 8, 0, half * 8);
  memory.fill(series + SERIES_COUNTS + half * 8, 0, half * 8);
  memory.fill(series + SERIES_MOST + half * 8, 0, half * 8);
  store<f64>(series, load<f64>(series, SERIES_STEP) * 2, SERIES_STEP);
  store<u32>(series, (load<u32>(series, SERIES_END) + 1) >> 1, SERIES_END);
}
