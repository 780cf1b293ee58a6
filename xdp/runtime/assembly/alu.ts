/** Arithmetic, comparisons and byte order as RFC 9669 defines them, on values. `operation` is the high half of an opcode. */

/** Class ALU64. `b` is the source register, or the sign-extended immediate. */
export function alu64(operation: u32, a: u64, b: u64, off: i32): u64 {
  switch (operation) {
    case 0x0:
      return a + b;
    case 0x1:
      return a - b;
    case 0x2:
      return a * b;
    case 0x3:
      if (b == 0) return 0;
      // The one quotient that does not fit would trap: it wraps to itself.
      if (off == 1) return i64(b) == -1 ? 0 - a : u64(i64(a) / i64(b));
      return a / b;
    case 0x4:
      return a | b;
    case 0x5:
      return a & b;
    case 0x6:
      return a << (b & 63);
    case 0x7:
      return a >> (b & 63);
    case 0x8:
      return 0 - a;
    case 0x9:
      if (b == 0) return a;
      if (off == 1) return i64(b) == -1 ? 0 : u64(i64(a) % i64(b));
      return a % b;
    case 0xa:
      return a ^ b;
    case 0xb:
      if (off == 8) return u64(i64(i8(b)));
      if (off == 16) return u64(i64(i16(b)));
      if (off == 32) return u64(i64(i32(b)));
      return b;
    default:
      return u64(i64(a) >> (b & 63));
  }
}

/** Class ALU: 32 bits of both operands, the result zero-extended. */
export function alu32(operation: u32, a64: u64, b64: u64, off: i32): u64 {
  const a = u32(a64);
  const b = u32(b64);
  switch (operation) {
    case 0x0:
      return u64(a + b);
    case 0x1:
      return u64(a - b);
    case 0x2:
      return u64(a * b);
    case 0x3:
      if (b == 0) return 0;
      if (off == 1) return u64(i32(b) == -1 ? negative32(a) : u32(i32(a) / i32(b)));
      return u64(a / b);
    case 0x4:
      return u64(a | b);
    case 0x5:
      return u64(a & b);
    case 0x6:
      return u64(a << (b & 31));
    case 0x7:
      return u64(a >> (b & 31));
    case 0x8:
      return u64(negative32(a));
    case 0x9:
      if (b == 0) return u64(a);
      if (off == 1) return u64(i32(b) == -1 ? 0 : u32(i32(a) % i32(b)));
      return u64(a % b);
    case 0xa:
      return u64(a ^ b);
    case 0xb:
      if (off == 8) return u64(u32(i32(i8(b))));
      if (off == 16) return u64(u32(i32(i16(b))));
      return u64(b);
    default:
      return u64(u32(i32(a) >> (b & 31)));
  }
}

/** -a. Its own function, since where a u64 is wanted AssemblyScript subtracts from a 64-bit 0. */
function negative32(a: u32): u32 {
  return u32(0) - a;
}

/** BPF_END: the low `bits` bits, swapped or not, zero-extended. */
export function byte_order(a: u64, bits: i32, swap: bool): u64 {
  if (bits == 16) return u64(swap ? bswap<u16>(u16(a)) : u16(a));
  if (bits == 32) return u64(swap ? bswap<u32>(u32(a)) : u32(a));
  return swap ? bswap<u64>(a) : a;
}

/** Conditions of class JMP; for JMP32 both operands are extended first: sign-extended for the signed conditions, else zero-extended. */
export function condition(operation: u32, a: u64, b: u64): bool {
  switch (operation) {
    case 0x1:
      return a == b;
    case 0x2:
      return a > b;
    case 0x3:
      return a >= b;
    case 0x4:
      return (a & b) != 0;
    case 0x5:
      return a != b;
    case 0x6:
      return i64(a) > i64(b);
    case 0x7:
      return i64(a) >= i64(b);
    case 0xa:
      return a < b;
    case 0xb:
      return a <= b;
    case 0xc:
      return i64(a) < i64(b);
    default:
      return i64(a) <= i64(b);
  }
}

/** Conditions of class JMP32. */
export function condition32(operation: u32, a: u64, b: u64): bool {
  const signed = operation == 0x6 || operation == 0x7 || operation == 0xc || operation == 0xd;
  return signed ? condition(operation, u64(i64(i32(a))), u64(i64(i32(b)))) : condition(operation, a & 0xffffffff, b & 0xffffffff);
}
