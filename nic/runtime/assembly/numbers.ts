/** Numbers in memory, and choices between them that are no branches: what a packet waits for is hard to predict. */

// @ts-ignore: decorator
@inline
export function add(address: u32, offset: u32, value: f64): void {
  store<f64>(address + offset, load<f64>(address + offset) + value);
}

/** Adds to two numbers that lie behind each other. */
// @ts-ignore: decorator
@inline
export function add_pair(address: u32, offset: u32, first: f64, second: f64): void {
  const both = f64x2.replace_lane(f64x2.splat(first), 1, second);
  v128.store(address + offset, f64x2.add(v128.load(address + offset), both));
}

/** The larger of two numbers, neither of them NaN. */
// @ts-ignore: decorator
@inline
export function larger(a: f64, b: f64): f64 {
  return f64x2.extract_lane(f64x2.pmax(f64x2.splat(a), f64x2.splat(b)), 0);
}

/** `value` where `a` > `b`, else 0. */
// @ts-ignore: decorator
@inline
export function where_above(a: f64, b: f64, value: f64): f64 {
  return f64x2.extract_lane(v128.and(f64x2.gt(f64x2.splat(a), f64x2.splat(b)), f64x2.splat(value)), 0);
}

/** The place behind one in a ring. */
// @ts-ignore: decorator
@inline
export function after(place: u32, size: u32): u32 {
  return place + 1 == size ? 0 : place + 1;
}
