/**
 * bpf_trace_printk and bpf_trace_vprintk: checks and formats as the kernel's bpf_bprintf and vsnprintf do, into the
 * machine's printk buffer. A record there is a u32 (bytes of text + 1), the text, and padding to 4 bytes.
 */
import { ENV_SCRATCH, MACHINE, MACHINE_PRINTK, MACHINE_PRINTK_SIZE, MACHINE_PRINTK_USED, SCRATCH_HELPERS } from "../../../abi";
import { check_access } from "../check";
import { EINVAL, ENOSPC } from "./errno";

/** Longest text, with its terminating 0 (MAX_BPRINTF_BUF). */
const MAX_TEXT: u32 = 1024;
/** Bytes that the arguments of one call may take, strings included (MAX_BPRINTF_BIN_ARGS). */
const MAX_ARGUMENT_BYTES: u32 = 512;
const MAX_VARARGS: u32 = 12;
const LEFT: u32 = 1;
const PLUS: u32 = 2;
const SPACE: u32 = 4;
const ZERO: u32 = 8;

/* Where the text is written, and its length so far: the length counts on where the text no longer fits. */
const TEXT: u32 = ENV_SCRATCH + SCRATCH_HELPERS;
const LENGTH: u32 = TEXT + MAX_TEXT;
/** Where the text goes (address), and how many bytes it may take with its terminating 0. */
const OUT: u32 = LENGTH + 8;
const LIMIT: u32 = LENGTH + 12;
/** Digits of one number, or a string, before they are padded. */
const FIELD: u32 = LENGTH + 16;
/** Arguments of bpf_trace_printk in memory. */
const ARGUMENTS: u32 = FIELD + MAX_ARGUMENT_BYTES + 16;

function put(env: u32, c: u32): void {
  const length = load<u32>(env + LENGTH);
  if (length + 1 < load<u32>(env + LIMIT)) store<u8>(load<u32>(env + OUT) + length, u8(c));
  store<u32>(env + LENGTH, length + 1);
}

function is_space(c: u32): bool {
  return c == 32 || (c >= 9 && c <= 13);
}

function is_print(c: u32): bool {
  return c >= 32 && c < 127;
}

function is_digit(c: u32): bool {
  return c >= 48 && c <= 57;
}

function is_punct(c: u32): bool {
  return is_print(c) && c != 32 && !is_digit(c) && !((c | 32) >= 97 && (c | 32) <= 122);
}

/** Writes `length` bytes of FIELD, padded with blanks to `width`. */
function put_field(env: u32, length: u32, width: u32, flags: u32): void {
  if (!(flags & LEFT)) for (let i = length; i < width; i++) put(env, 32);
  for (let i: u32 = 0; i < length; i++) put(env, load<u8>(env + FIELD + i));
  if (flags & LEFT) for (let i = length; i < width; i++) put(env, 32);
}

/** Writes a number; `sign` is a character or 0. */
function put_number(env: u32, magnitude: u64, base: u64, upper: bool, sign: u32, width: u32, flags: u32): void {
  let digits: u32 = 0;
  let rest = magnitude;
  // Backwards behind the middle of the field, forwards from there.
  do {
    const digit = u32(rest % base);
    store<u8>(env + FIELD + 63 - digits, u8(digit < 10 ? 48 + digit : (upper ? 55 : 87) + digit));
    rest /= base;
    digits++;
  } while (rest != 0);
  const total = digits + u32(sign != 0);
  if (!(flags & (LEFT | ZERO))) for (let i = total; i < width; i++) put(env, 32);
  if (sign) put(env, sign);
  if ((flags & (LEFT | ZERO)) == ZERO) for (let i = total; i < width; i++) put(env, 48);
  for (let i: u32 = 0; i < digits; i++) put(env, load<u8>(env + FIELD + 64 - digits + i));
  if (flags & LEFT) for (let i = total; i < width; i++) put(env, 32);
}

function put_signed(env: u32, value: i64, width: u32, flags: u32): void {
  const sign: u32 = value < 0 ? 45 : flags & PLUS ? 43 : flags & SPACE ? 32 : 0;
  put_number(env, value < 0 ? 0 - u64(value) : u64(value), 10, false, sign, width, flags);
}

/** An address at `address` as text: `i4`, `I4`, `i6` or `I6`. Where it cannot be read, all zeros. */
function put_ip(env: u32, address: u64, six: bool, colons: bool, width: u32, flags: u32): void {
  const readable = check_access(env, address, six ? 16 : 4, 0) != 0;
  let length: u32 = 0;
  for (let i: u32 = 0; i < u32(six ? 16 : 4); i++) {
    const byte: u32 = readable ? load<u8>(u32(address) + i) : 0;
    const at = env + FIELD;
    if (six) {
      if (colons && i != 0 && !(i & 1)) store<u8>(at + length++, 58);
      store<u8>(at + length++, u8(hex_digit(byte >> 4)));
      store<u8>(at + length++, u8(hex_digit(byte & 15)));
      continue;
    }
    if (i != 0) store<u8>(at + length++, 46);
    // %pi4 has leading zeros, %pI4 has none.
    if (!colons || byte >= 100) store<u8>(at + length++, u8(48 + byte / 100));
    if (!colons || byte >= 10) store<u8>(at + length++, u8(48 + ((byte / 10) % 10)));
    store<u8>(at + length++, u8(48 + (byte % 10)));
  }
  put_field(env, length, width, flags);
}

function hex_digit(value: u32): u32 {
  return value < 10 ? 48 + value : 87 + value;
}

/** Copies a string to FIELD; its length, 0 where it cannot be read. At most `room` bytes with the terminating 0. */
function copy_string(env: u32, address: u64, room: u32): u32 {
  let length: u32 = 0;
  for (; length < room - 1; length++) {
    if (!check_access(env, address + u64(length), 1, 0)) return 0;
    const c = load<u8>(u32(address) + length);
    if (c == 0) break;
    store<u8>(env + FIELD + length, c);
  }
  return length;
}

/** Formats `count` arguments (u64 at `args`) into TEXT; 0 or -errno. */
function format(env: u32, fmt: u32, size: u32, args: u32, count: u32): i32 {
  store<u32>(env + LENGTH, 0);
  let end: u32 = 0;
  while (end < size && load<u8>(fmt + end) != 0) end++;
  if (end == size) return -EINVAL;
  let used: u32 = 0;
  let n: u32 = 0;
  for (let i: u32 = 0; i < end; i++) {
    const plain: u32 = load<u8>(fmt + i);
    if (plain < 128 && !is_print(plain) && !is_space(plain)) return -EINVAL;
    if (plain != 37) {
      put(env, plain);
      continue;
    }
    if (load<u8>(fmt + i + 1) == 37) {
      i++;
      put(env, 37);
      continue;
    }
    if (n >= count) return -EINVAL;
    const value = load<u64>(args + n * 8);
    n++;
    i++;
    let flags: u32 = 0;
    let width: u32 = 0;
    for (; ; i++) {
      const flag: u32 = load<u8>(fmt + i);
      if (flag == 45) flags |= LEFT;
      else if (flag == 43) flags |= PLUS;
      else if (flag == 32) flags |= SPACE;
      else if (flag == 48) flags |= ZERO;
      else break;
    }
    for (; is_digit(load<u8>(fmt + i)); i++) width = min<u32>(width * 10 + load<u8>(fmt + i) - 48, 65535);
    const c: u32 = load<u8>(fmt + i);
    if (c == 112) {
      // %p…
      const kind: u32 = load<u8>(fmt + i + 1);
      if (kind == 0 || is_space(kind) || is_punct(kind) || kind == 75 || kind == 120 || kind == 115 || kind == 83 || kind == 66) {
        const follows = !(kind == 0 || is_space(kind) || is_punct(kind));
        used = ((used + 3) & ~3) + 8;
        if (used > MAX_ARGUMENT_BYTES) return -ENOSPC;
        if (follows) i++;
        if (kind == 115 || kind == 83 || kind == 66) {
          // No symbol has this address: the kernel then shows the number.
          put(env, 48);
          put(env, 120);
          put_number(env, value, 16, false, 0, 0, 0);
        } else put_number(env, value, 16, false, 0, max<u32>(width, 16), flags & LEFT ? flags : flags | ZERO);
        continue;
      }
      const next: u32 = load<u8>(fmt + i + 2);
      if ((kind == 107 || kind == 117) && next == 115) {
        i += 2;
        const after: u32 = load<u8>(fmt + i + 1);
        if (after != 0 && !is_space(after) && !is_punct(after)) return -EINVAL;
        if (used >= MAX_ARGUMENT_BYTES) return -ENOSPC;
        const length = copy_string(env, value, MAX_ARGUMENT_BYTES - used);
        used += length + 1;
        put_field(env, length, width, flags);
        continue;
      }
      if ((kind != 105 && kind != 73) || (next != 52 && next != 54)) return -EINVAL;
      i += 2;
      used += next == 52 ? 16 : 40;
      if (used > MAX_ARGUMENT_BYTES) return -ENOSPC;
      put_ip(env, value, next == 54, kind == 73, width, flags);
      continue;
    }
    if (c == 115) {
      const after: u32 = load<u8>(fmt + i + 1);
      if (after != 0 && !is_space(after) && !is_punct(after)) return -EINVAL;
      if (used >= MAX_ARGUMENT_BYTES) return -ENOSPC;
      const length = copy_string(env, value, MAX_ARGUMENT_BYTES - used);
      used += length + 1;
      put_field(env, length, width, flags);
      continue;
    }
    if (c == 99) {
      if (++used > MAX_ARGUMENT_BYTES) return -ENOSPC;
      store<u8>(env + FIELD, u8(value));
      put_field(env, 1, width, flags);
      continue;
    }
    let longs: u32 = 0;
    while (longs < 2 && load<u8>(fmt + i) == 108) {
      longs++;
      i++;
    }
    const type: u32 = load<u8>(fmt + i);
    used = ((used + 3) & ~3) + (longs ? 8 : 4);
    if (used > MAX_ARGUMENT_BYTES) return -ENOSPC;
    if (type == 105 || type == 100) put_signed(env, longs ? i64(value) : i64(i32(value)), width, flags);
    else {
      const magnitude = longs ? value : value & 0xffffffff;
      if (type == 117) put_number(env, magnitude, 10, false, 0, width, flags);
      else if (type == 120) put_number(env, magnitude, 16, false, 0, width, flags);
      else if (type == 88) put_number(env, magnitude, 16, true, 0, width, flags);
      else return -EINVAL;
    }
  }
  return 0;
}

/** Appends TEXT to the machine's buffer. What no longer fits is lost, and MACHINE_PRINTK_USED tells how much. */
function emit(env: u32): void {
  const length = min(load<u32>(env + LENGTH), MAX_TEXT - 1);
  const size = load<u32>(MACHINE, MACHINE_PRINTK_SIZE);
  if (size == 0 || atomic.load<u32>(MACHINE, MACHINE_PRINTK_USED) > 0x7fffffff) return;
  const bytes: u32 = (length + 7) & ~3;
  const at = atomic.add<u32>(MACHINE, bytes, MACHINE_PRINTK_USED);
  if (at + bytes > size) return;
  const to = load<u32>(MACHINE, MACHINE_PRINTK) + at;
  memory.copy(to + 4, env + TEXT, length);
  store<u32>(to, length + 1);
}

function print(env: u32, fmt: u32, size: u32, args: u32, count: u32): u64 {
  store<u32>(env + OUT, env + TEXT);
  store<u32>(env + LIMIT, MAX_TEXT);
  const error = format(env, fmt, size, args, count);
  if (error) return u64(i64(error));
  emit(env);
  return u64(load<u32>(env + LENGTH));
}

/** The number of bytes of the whole text, or -EINVAL, -ENOSPC. */
export function bpf_trace_printk(env: u32, fmt: u64, size: u64, a: u64, b: u64, c: u64): u64 {
  const args = env + ARGUMENTS;
  store<u64>(args, a);
  store<u64>(args, b, 8);
  store<u64>(args, c, 16);
  return print(env, u32(fmt), u32(size), args, 3);
}

export function bpf_trace_vprintk(env: u32, fmt: u64, size: u64, data: u64, length: u64): u64 {
  if (length & 7 || length > u64(MAX_VARARGS * 8) || (length && !data)) return u64(i64(-EINVAL));
  return print(env, u32(fmt), u32(size), u32(data), u32(length) / 8);
}

/** The number of bytes of the whole text with its terminating 0, whatever of it fits. */
export function bpf_snprintf(env: u32, to: u64, size: u64, fmt: u64, data: u64, length: u64): u64 {
  if (length & 7 || length > u64(MAX_VARARGS * 8) || (length && !data)) return u64(i64(-EINVAL));
  store<u32>(env + OUT, u32(to));
  store<u32>(env + LIMIT, u32(size));
  const error = format(env, u32(fmt), u32.MAX_VALUE, u32(data), u32(length) / 8);
  if (error) return u64(i64(error));
  const written = load<u32>(env + LENGTH);
  if (size) store<u8>(u32(to) + min(written, u32(size) - 1), 0);
  return u64(written + 1);
}
