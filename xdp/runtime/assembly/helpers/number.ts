/** bpf_strtol and bpf_strtoul: kernel/bpf/helpers.c. */
import { EINVAL, ERANGE } from "./errno";

const BASE_MASK: u64 = 31;
/** Digits and sign that are looked at, behind blanks. */
const MAX_TEXT: u32 = 63;

/* Result of {@link parse}, besides what it returns. */
let parsed: u64 = 0;
let negative: bool = false;

function is_space(c: u32): bool {
  // As the kernel's _ctype has it: the no-break space counts.
  return c == 32 || (c >= 9 && c <= 13) || c == 0xa0;
}

function digit_of(c: u32): u32 {
  const lower = c | 32;
  if (c >= 48 && c <= 57) return c - 48;
  return lower >= 97 && lower <= 102 ? lower - 87 : 255;
}

/** Bytes taken, or -errno; the number is in {@link parsed}. */
function parse(text: u32, size: u32, flags: u64): i32 {
  let base = u32(flags & BASE_MASK);
  if (base != 0 && base != 8 && base != 10 && base != 16) return -EINVAL;
  if (flags & ~BASE_MASK) return -EINVAL;
  let at: u32 = 0;
  while (at < size && is_space(load<u8>(text + at))) at++;
  negative = at < size && load<u8>(text + at) == 45;
  if (negative) at++;
  if (at == size) return -EINVAL;
  const end = min(size, at + MAX_TEXT);
  const first: u32 = load<u8>(text + at);
  const second: u32 = at + 1 < end ? load<u8>(text + at + 1) | 32 : 0;
  if (base == 0) {
    base = 10;
    if (first == 48) base = second == 120 && at + 2 < end && digit_of(load<u8>(text + at + 2)) < 16 ? 16 : 8;
  }
  if (base == 16 && first == 48 && second == 120) at += 2;
  const start = at;
  let value: u64 = 0;
  let overflow = false;
  for (; at < end; at++) {
    const digit = digit_of(load<u8>(text + at));
    if (digit >= base) break;
    if (value > (u64.MAX_VALUE - u64(digit)) / u64(base)) overflow = true;
    value = value * u64(base) + u64(digit);
  }
  if (overflow) return -ERANGE;
  if (at == start) return -EINVAL;
  parsed = value;
  return i32(at);
}

export function bpf_strtol(env: u32, text: u64, size: u64, flags: u64, result: u64): u64 {
  store<u64>(u32(result), 0);
  const taken = parse(u32(text), u32(size), flags);
  if (taken < 0) return u64(i64(taken));
  if (negative ? i64(0 - parsed) > 0 : i64(parsed) < 0) return u64(i64(-ERANGE));
  store<u64>(u32(result), negative ? 0 - parsed : parsed);
  return u64(taken);
}

export function bpf_strtoul(env: u32, text: u64, size: u64, flags: u64, result: u64): u64 {
  store<u64>(u32(result), 0);
  const taken = parse(u32(text), u32(size), flags);
  if (taken < 0) return u64(i64(taken));
  if (negative) return u64(i64(-EINVAL));
  store<u64>(u32(result), parsed);
  return u64(taken);
}
